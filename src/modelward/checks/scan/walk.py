"""Examines one file: every plausible reading of its bytes, and every file inside it.

The result depends on the bytes, the rules and the limits alone. No name of the file comes in here.
"""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.examiners import EXAMINERS, NOT_READ
from modelward.checks.scan.here import NOT_KNOWN, UNREAD, Here, Nested, Said, as_far_as_fetched
from modelward.checks.scan.model import FileScan
from modelward.checks.scan.pickle.headless import examine_headless, goes_on, pickle_in_text
from modelward.core.artifact import Source
from modelward.core.errors import NotFetched
from modelward.core.finding import Finding, Rule, Severity, Unexamined
from modelward.core.limits import Limits
from modelward.formats.sniff import short_token, sniff
from modelward.formats.source import Budget, Slice

HARMLESS = frozenset({"text", "json", "image", "git-lfs-pointer"})
"""What no loader executes or parses as a model: docs/adr/0001. A pointer has a gap of its own."""

_PEEK = 4096


def examine(source: Source, limits: Limits) -> FileScan:
    """Raises ReadError where the source does; nothing else, whatever the bytes."""
    return _examine(source, limits, None)


def examine_as(source: Source, formats: tuple[str, ...], limits: Limits) -> FileScan:
    """*source* is here in part, and what is here can be read as *formats*. Where reading it came to
    bytes that are not here is said; which bytes those are, the caller knows."""
    return _examine(source, limits, formats)


def _examine(source: Source, limits: Limits, formats: tuple[str, ...] | None) -> FileScan:
    here = Here((), limits, Budget(limits.expanded_bytes))
    formats, said = _readings(source, here, formats)
    kept = _Kept(limits.findings)
    for word in _flatten(said, here):
        if not kept.take(word):
            kept.gaps.append(here.unexamined("more findings than the limit; the rest of the file was left alone"))
            break
    size = source.size
    gaps = tuple(dict.fromkeys(kept.gaps))
    findings = tuple(dict.fromkeys(kept.grave + kept.minor))
    return FileScan(formats, findings, gaps, size, _examined(gaps, size))


class _Kept:
    """What is kept of all that is said. An info is said once a file; minor findings, of which a file
    can be made to give any number, never take the room of graver ones."""

    def __init__(self, most: int) -> None:
        self.grave: list[Finding] = []
        self.minor: list[Finding] = []
        self.gaps: list[Unexamined] = []
        self._told: set[Rule] = set()
        self._most = most
        self._dropped = 0

    def take(self, word: Finding | Unexamined) -> bool:
        """False when it is time to stop."""
        if isinstance(word, Unexamined):
            self.gaps.append(word)
        elif word.severity >= Severity.MEDIUM:
            self.grave.append(word)
        elif word.severity > Severity.INFO or word.rule not in self._told:
            self._told.add(word.rule)
            self._minor(word)
        return max(len(self.grave), len(self.gaps), self._dropped // 100) < self._most

    def _minor(self, word: Finding) -> None:
        if len(self.minor) < self._most:
            self.minor.append(word)
            return
        if not self._dropped:
            self.gaps.append(Unexamined(word.at, "more minor findings than the limit; only graver ones follow"))
        self._dropped += 1


def _readings(
    source: Source, here: Here, formats: tuple[str, ...] | None = None
) -> tuple[tuple[str, ...], Iterator[Said]]:
    """Raises NotFetched where nothing can be known of it."""
    formats = formats or sniff(source)
    if formats == ("empty",):
        return formats, iter([here.unexamined("an empty file")] if not here.inside else [])
    headless = _headless(source, here, formats) if "pickle" not in formats else None
    if headless is not None:
        formats = ("pickle", *(name for name in formats if name != "unknown"))
    return formats, _say(source, here, formats, headless or [])


def _headless(source: Source, here: Here, formats: tuple[str, ...]) -> list[Said] | None:
    try:
        return examine_headless(source, here, formats)
    except NotFetched as missing:
        return examine_headless(Slice(source, 0, missing.start), here, formats) if missing.start else None


def _say(source: Source, here: Here, formats: tuple[str, ...], headless: list[Said]) -> Iterator[Said]:
    yield from headless
    for name in formats:
        if name in EXAMINERS and not (name == "pickle" and headless):
            yield from as_far_as_fetched(EXAMINERS[name](source, here), here)
        elif name == "git-lfs-pointer":
            yield here.unexamined("a Git LFS pointer: the file that it stands for is not here", do="git lfs pull")
        elif name in NOT_READ:
            yield here.unexamined(f"{NOT_READ[name]}: recognised, but not read by this version")
        elif name == "unknown":
            yield here.unexamined(NOT_KNOWN)
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
        try:
            if word.raw and _is_numbers(word.source, inner):
                continue
            _, inside = _readings(word.source, inner)
        except NotFetched:
            if not word.raw:
                yield inner.unexamined(UNREAD)
            continue
        for found in _flatten(inside, inner):
            if isinstance(found, Finding) or not word.raw:
                yield found


def _is_numbers(source: Source, here: Here) -> bool:
    """What is said to be raw numbers begins like nothing else: the beginning is what a loader goes by."""
    head = Slice(source, 0, min(_PEEK, source.size))
    formats = sniff(head)
    if formats != ("unknown",) or examine_headless(head, here, formats) is not None:
        return False
    return head.size == source.size or not goes_on(head, here)


def _examined(gaps: tuple[Unexamined, ...], size: int) -> int:
    if not gaps:
        return size
    return min([size, *(gap.at.span[0] if gap.at.span and not gap.at.inside else 0 for gap in gaps)])
