"""Examines one file: every plausible reading of its bytes, and every file inside it.

The result depends on the bytes, the rules and the limits alone. No name of the file comes in here.
"""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.examiners import EXAMINERS, NOT_READ
from modelward.checks.scan.headless import examine_headless, pickle_in_text
from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.model import FileScan
from modelward.core.artifact import Source
from modelward.core.finding import Finding, Unexamined
from modelward.core.limits import Limits
from modelward.formats.sniff import short_token, sniff
from modelward.formats.source import Budget, Slice

HARMLESS = frozenset({"text", "json", "image", "git-lfs-pointer"})
"""What no loader executes or parses as a model: docs/adr/0001. A pointer has a gap of its own."""

_MOST_GAPS = 1_000
_PEEK = 4096


def examine(source: Source, limits: Limits) -> FileScan:
    """Raises ReadError where the source does; nothing else, whatever the bytes."""
    here = Here((), limits, Budget(limits.expanded_bytes))
    formats, said = _readings(source, here)
    findings: list[Finding] = []
    gaps: list[Unexamined] = []
    for word in _flatten(said, here):
        if isinstance(word, Finding):
            findings.append(word)
        else:
            gaps.append(word)
        if len(findings) >= limits.findings or len(gaps) >= _MOST_GAPS:
            gaps.append(here.unexamined("more findings than the limit; the rest of the file was left alone"))
            break
    size = source.size
    return FileScan(formats, tuple(findings), tuple(dict.fromkeys(gaps)), size, _examined(gaps, size))


def _readings(source: Source, here: Here) -> tuple[tuple[str, ...], Iterator[Said]]:
    formats = sniff(source)
    if formats == ("empty",):
        return formats, iter([here.unexamined("an empty file")] if not here.inside else [])
    headless = examine_headless(source, here, formats) if "pickle" not in formats else None
    if headless is not None:
        formats = ("pickle", *(name for name in formats if name != "unknown"))
    return formats, _say(source, here, formats, headless or [])


def _say(source: Source, here: Here, formats: tuple[str, ...], headless: list[Said]) -> Iterator[Said]:
    yield from headless
    for name in formats:
        if name in EXAMINERS and not (name == "pickle" and headless):
            yield from EXAMINERS[name](source, here)
        elif name == "git-lfs-pointer":
            yield here.unexamined("a Git LFS pointer: the file that it stands for is not here", do="git lfs pull")
        elif name in NOT_READ:
            yield here.unexamined(f"{NOT_READ[name]}: recognised, but not read by this version")
        elif name == "unknown":
            yield here.unexamined("not a format that is known here")
    if "text" in formats and not headless:
        yield from pickle_in_text(source, here)
        if not here.inside and short_token(source.read(0, 128)):
            yield here.unexamined("too short to tell from the beginning of a file that was cut off")


def _flatten(said: Iterator[Said], here: Here) -> Iterator[Finding | Unexamined]:
    """Examines what is nested where it comes up: its container may be read forward only."""
    for word in said:
        if not isinstance(word, Nested):
            yield word
            continue
        inner = here.into(word.name)
        if len(inner.inside) > here.limits.depth:
            yield inner.unexamined(f"more than {here.limits.depth} containers inside each other")
            continue
        if word.raw and _is_numbers(word.source, inner):
            continue
        _, inside = _readings(word.source, inner)
        for found in _flatten(inside, inner):
            if isinstance(found, Finding) or not word.raw:
                yield found


def _is_numbers(source: Source, here: Here) -> bool:
    """What is said to be raw numbers begins like nothing else: the beginning is what a loader goes by."""
    head = Slice(source, 0, min(_PEEK, source.size))
    formats = sniff(head)
    return formats == ("unknown",) and examine_headless(head, here, formats) is None


def _examined(gaps: list[Unexamined], size: int) -> int:
    if not gaps:
        return size
    starts = [gap.at.span[0] if gap.at.span and not gap.at.inside else 0 for gap in gaps]
    return min(*starts, size) if len(starts) > 1 else min(starts[0], size)
