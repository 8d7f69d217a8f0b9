"""Findings that were there before: a file of them, and what is new beside it.

A baseline is about contents: the sha256 of the file, the rule with its severity, and the bytes inside. What
is said of no bytes in particular, as of names in a tree, goes by its words: one rule can say several
such things of one file, and a later version more of them. A file that has changed has no findings
that were there before, whatever its name; one that was moved has them still, where it is not its
name that is at issue. What could not be examined is in no baseline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelward.core import canonical
from modelward.core.errors import Malformed, UsageError
from modelward.core.finding import Finding, Severity
from modelward.core.result import Place, ScanResult
from modelward.stores.files import reason

SCHEMA = "modelward/baseline/1"

_KEYS = frozenset({"rule", "severity", "digest", "inside", "span", "says"})

_LARGEST = 1 << 28

Baseline = frozenset[bytes]
"""Canonical JSON of each entry."""


def mark_known(scan: ScanResult, baseline: Baseline) -> ScanResult:
    """The same, with the findings marked that *baseline* lists."""
    known = tuple(place for place in scan.findings if (entry := _entry(place, scan)) and entry in baseline)
    return replace(scan, baselined=known)


def make_baseline(scans: Iterable[ScanResult], fail_on: Severity) -> bytes:
    """A baseline of all findings of *fail_on* and worse."""
    entries = {
        entry
        for scan in scans
        for place in scan.findings
        if isinstance(place.said, Finding) and place.said.severity >= fail_on and (entry := _entry(place, scan))
    }
    return canonical.encode({"schema": SCHEMA, "findings": [canonical.decode(entry) for entry in sorted(entries)]})


def read_baseline(path: str) -> Baseline:
    """Raises UsageError for a file that cannot be read, or is none that make_baseline made."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        why = f"--baseline {path!r}: {reason(error)}; --write-baseline makes one"
        raise UsageError(why) from error
    try:
        return parse_baseline(raw[:_LARGEST])
    except Malformed as error:
        why = f"--baseline {path!r} is no baseline ({error}): expected what --write-baseline wrote"
        raise UsageError(why) from error


def parse_baseline(raw: bytes) -> Baseline:
    """Raises Malformed."""
    return frozenset(_entries(canonical.decode(raw)))


def _entries(body: Any) -> Iterator[bytes]:
    if not isinstance(body, dict) or set(body) != {"schema", "findings"} or body["schema"] != SCHEMA:
        raise Malformed(f"its schema is not {SCHEMA}")
    if not isinstance(body["findings"], list):
        raise Malformed("findings is not a list")
    for entry in body["findings"]:
        if not isinstance(entry, dict) or entry.keys() != _KEYS:
            raise Malformed(f"a finding has exactly the keys {', '.join(sorted(_KEYS))}")
        yield canonical.encode(entry)


def _entry(place: Place, scan: ScanResult) -> bytes | None:
    """What is said of the tree itself goes by the digest of the tree. None for content of which not all was read."""
    said = place.said
    assert isinstance(said, Finding)
    digest = scan.digests.get(place.file, scan.digest)
    if digest is None:
        return None
    return canonical.encode(
        {
            "rule": said.rule.id,
            "severity": str(said.severity),
            "digest": str(digest),
            "inside": [_carried(name) for name in said.at.inside],
            "span": said.at.span and [canonical.integer(edge) for edge in said.at.span],
            "says": None if said.at.span else _words(said),
        }
    )


def _words(said: Finding) -> str:
    """The sha256 of what a finding says: the words themselves name files."""
    words = [said.message, *(word for pair in said.evidence for word in pair)]
    return hashlib.sha256(canonical.encode([_carried(word) for word in words])).hexdigest()


def _carried(text: str) -> str:
    """As JSON can carry it, one-to-one."""
    return canonical.escape_bytes(text.encode("utf-8", "surrogatepass"))
