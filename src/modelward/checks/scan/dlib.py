"""dlib's .dat files: numbers that no loader executes, which readers trust blindly."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.core.artifact import Source
from modelward.formats.dlib import read_dlib
from modelward.formats.source import Slice


def examine_dlib(source: Source, here: Here) -> Iterator[Said]:
    """Nothing is said of a file that is numbers, names of layers and arrays to its very end."""
    facts = read_dlib(source)
    for start, end in facts.arrays:
        yield Nested(f"<bytes {start}-{end}>", Slice(source, start, end - start), raw=True)
    if facts.broken_at is not None:
        do = "Download it again and compare its sha256."
        yield here.unexamined("a dlib file that is cut off, or has parts that are not known", facts.broken_at, do=do)
