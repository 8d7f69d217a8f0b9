"""Models in several files: numbers that one file says are in another.

Such numbers have no format of their own, so alone they are unknown. Beside the file that says what
they are, and how a loader takes them, they are numbers: they were tried as every format that is known.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from modelward.checks.scan.here import NOT_KNOWN, Here
from modelward.checks.scan.model import FileScan, TreeFinding
from modelward.checks.scan.trees.tree import Tree, unexamined
from modelward.core.canonical import escape_bytes
from modelward.core.finding import Finding, Rule, Severity

EXTERNAL_DATA = Rule(
    "external-data",
    Severity.INFO,
    "part of the model lies in another file",
    "Whoever can change that file changes the model, and a digest of this one says nothing about it.",
    "Check the folder that holds them all.",
    ("CWE-353", "https://onnx.ai/onnx/repo-docs/ExternalData.html"),
)
_MOST = 1_000
# https://www.tensorflow.org/guide/checkpoint
_SHARD = re.compile(r"(.+)\.data-\d{5}-of-\d{5}", re.DOTALL)


def external_data(names: Iterable[bytes], here: Here) -> Finding:
    """*names* are relative to the folder of the file."""
    known = sorted({escape_bytes(name) for name in names})
    more = f" and {len(known) - 1:,} more" if known[1:] else ""
    message = f"numbers of the model are in {known[0][:200]}{more}"
    return here.finding(EXTERNAL_DATA, message, files="\n".join(known[:_MOST]))


def examine_external(tree: Tree) -> Iterator[TreeFinding]:
    """What is said to be in another file, and is not there."""
    for path, file in sorted(tree.files.items()):
        missing = [name for name in _named(path, file) if name not in tree.files]
        if missing:
            more = f" (and {len(missing) - 1:,} more)" if missing[1:] else ""
            yield unexamined(
                path, f"its numbers are in {missing[0]}{more}, which is not here", "download what is missing"
            )


def explained(files: Mapping[str, FileScan]) -> frozenset[str]:
    """The paths whose content is nothing known, and of which another file says that it is numbers."""
    named = {name for path, file in files.items() for name in _named(path, file)}
    for path in files:
        index = _SHARD.fullmatch(path)
        if index and _is_whole_index(files.get(f"{index[1]}.index")):
            named.add(path)
    return frozenset(path for path in named if path in files and is_unknown(files[path]))


def as_numbers(file: FileScan) -> FileScan:
    """What is known of a file that `explained` named."""
    return replace(file, formats=("raw-numbers",), unexamined=(), examined=file.size)


def is_unknown(file: FileScan) -> bool:
    return file.formats == ("unknown",) and {gap.why for gap in file.unexamined} == {NOT_KNOWN}


def _is_whole_index(file: FileScan | None) -> bool:
    return file is not None and "tensorflow-checkpoint" in file.formats and not file.unexamined


def _named(path: str, file: FileScan) -> list[str]:
    """The paths of other files that hold its numbers; those outside the tree are findings of their own."""
    folder = path.rpartition("/")[0]
    texts = [text for finding in file.findings if finding.rule is EXTERNAL_DATA for _, text in finding.evidence]
    names = [posixpath.normpath(posixpath.join(folder, name)) for text in texts for name in text.split("\n")]
    return [name for name in names if not name.startswith(("/", ".."))]


RULES: tuple[Rule, ...] = (EXTERNAL_DATA,)
