"""Models that are numbers and words to their very end: nothing is said of one whose parts fill the file."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.formats.gap import Gap


def examine_crfsuite(source: Source, here: Here) -> Iterator[Said]:
    from modelward.formats.crfsuite import read_crfsuite

    yield from _said("a CRFsuite model", read_crfsuite(source), source, here)


def examine_fasttext(source: Source, here: Here) -> Iterator[Said]:
    from modelward.formats.fasttext import read_fasttext

    yield from _said("a fastText model", read_fasttext(source), source, here)


def _said(what: str, gap: Gap | None, source: Source, here: Here) -> Iterator[Said]:
    if gap is not None:
        do = "Download it again and compare its sha256." if gap.cut_short else ""
        yield here.unexamined(f"{what}: {gap.why}", min(gap.start, source.size), source.size, do)
