"""Version texts of NVIDIA's bulletins, which are prose: what each says, as spans that a version can be compared with.

A text that is not understood as a whole is unknown, with the reason: half a text never clears a version.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

_LONGEST = 300
_FINAL = (1,)
_FLOOR: tuple[int, ...] = ()


class Version(NamedTuple):
    """Ordered. CUDA's "12.9 Update 1" is 12.9.1, as NVIDIA itself numbers it."""

    numbers: tuple[int, ...]
    """Without zeros at the end: 1.17 is 1.17.0."""
    stage: tuple[int, ...] = _FINAL
    """Of a candidate (0, n), before the release; empty: before everything of that number."""


class Known(NamedTuple):
    """What is known of a version: it is one of [low, high]; a *high* that is a floor does not belong to it."""

    low: Version
    high: Version


class Span(NamedTuple):
    low: Version | None = None
    high: Version | None = None
    has_high: bool = False
    only_if: str = ""
    """What else must hold, in the words of the bulletin."""
    has_low: bool = True


class Condition(NamedTuple):
    spans: tuple[Span, ...]
    is_list: bool = False
    """Single versions are named: nothing is said of those below them."""


class Unknown(NamedTuple):
    why: str


class Answer(NamedTuple):
    said: Literal["affected", "conditional", "not affected", "unknown"]
    why: str = ""
    """The condition, or why it is not known."""


_WORDS = (
    "CUDA Toolkit", "nvJPEG2000", "nvJPEG", "nvTIFF", "NSIGHT Graphics", "IGX", "Curator", "SNAP", "SE", "mlnx_dpdk",
    "Cumulus Linux", "Bright Cluster Manager", "Base Command Manager", "B300", "GB200", "release", "LTS:",
)  # fmt: skip
"""Names that stand before a version and say nothing of it."""
_NAMES = re.compile(rf"\b(?:{'|'.join(_WORDS)})[ _-]?(?=[vr]?[0-9])", re.IGNORECASE)
_NUMBER = r"[vr]?[0-9]{1,12}(?:[._-][0-9]{1,12})*"
_VERSION = rf"{_NUMBER}(?:\.x|\s?(?:update\s|u)[0-9]{{1,3}}|[\s~.-]?rc[.\s]?[0-9]{{1,5}})?(?:\sLTS)?"
_PARTS = re.compile(
    r"[vr]?(?P<numbers>[0-9]{1,12}(?:[._-][0-9]{1,12})*)"
    r"(?:(?P<series>\.x)|\s?(?:update\s|u)(?P<update>[0-9]{1,3})|[\s~.-]?rc[.\s]?(?P<candidate>[0-9]{1,5}))?(?:\sLTS)?",
    re.IGNORECASE,
)
_SUBJECT = r"(?:all\s)?(?:(?:drivers?|bmc|sbios|firmware|main branch|shield experience)\s)*(?:versions?\s)?"
_COMMIT = r"(?=[0-9]*[a-f])[0-9a-f]{7,40}"
_NOTE = re.compile(r"\(([^()]*)\)")
_CONDITION = re.compile(
    r"(?P<main>.+?)\.?\s(?P<only_if>(?:for support of|only (?:GPUs|when|if|where)) .+)", re.IGNORECASE
)
_JETPACK = re.compile(r"\b(JP[0-9]\.x): ")
_RELEASE = re.compile(
    r"(?:all (?:driver )?versions )?(?:prior|up) to(?: and including)? (?:the )?(?:vgpu.*|.* release)", re.I
)
_OLDER = re.compile(r"[0-9.x, ]+ and older .*versions", re.IGNORECASE)
_ONLY = re.compile(rf"(?P<only_if>.*\bonly\b.*?)(?: for versions prior to (?P<below>{_VERSION}))?", re.IGNORECASE)
_LIST = re.compile(r",\s*|\s+and\s+")


def version(text: str) -> Version | None:
    """None for what is no version alone."""
    found = _PARTS.fullmatch(text.strip())
    if not found or len(text) > _LONGEST:
        return None
    numbers = tuple(int(part) for part in re.split("[._-]", found["numbers"]))
    if found["update"]:
        if len(numbers) != 2:
            return None
        numbers = (*numbers, int(found["update"]))
    stage = _FLOOR if found["series"] else (0, int(found["candidate"])) if found["candidate"] else _FINAL
    return Version(_stripped(numbers) if stage else numbers, stage)


def exact(*numbers: int) -> Version:
    return Version(_stripped(numbers))


def exactly(one: Version) -> Known:
    return Known(one, one)


def series(*numbers: int) -> Known:
    """Any version that begins with *numbers*."""
    return Known(floor(numbers), floor(_next(numbers)))


def floor(numbers: tuple[int, ...]) -> Version:
    return Version(_stripped(numbers), _FLOOR)


@lru_cache(1 << 12)
def read(text: str, fixed: tuple[str, ...] = ()) -> Condition | Unknown:
    """*fixed* are the texts of the versions that have no such flaw: "0 to 5.16" ends before 5.16 if that is fixed."""
    if len(text) > _LONGEST:
        return Unknown(f"the text has more than {_LONGEST} characters")
    plain = " ".join(text.split())
    notes = [note.strip() for note in _NOTE.findall(plain)]
    plain = _NOTE.sub("", plain).strip()
    only_if = ""
    if found := _CONDITION.fullmatch(plain):
        plain, only_if = found["main"], found["only_if"].rstrip(".")
    if found := _JETPACK.search(plain):
        plain, only_if = plain.replace(found[0], ""), f"it is {found[1]}"
    said = _spans(_NAMES.sub("", plain), bool(notes), frozenset(filter(None, map(version, map(bare, fixed)))))
    if said is None:
        return Unknown(f"the text {text!r} is not understood")
    spans = tuple(span._replace(only_if=span.only_if or only_if) for span in said.spans)
    for note in notes:
        noted = _noted(spans, note)
        if noted is None:
            return Unknown(f"the note {note!r} is not understood")
        spans = noted
    return said._replace(spans=spans)


def judge(condition: Condition, known: Known) -> Answer:
    """Whether the version is one of those that are meant."""
    unsure = False
    conditions = []
    for span in condition.spans:
        is_in = _is_in(span, known)
        if is_in and not span.only_if:
            return Answer("affected")
        if is_in:
            conditions.append(span.only_if)
        unsure = unsure or is_in is None
    if conditions:
        return Answer("conditional", "; ".join(dict.fromkeys(conditions)))
    if unsure:
        return Answer("unknown", "only the first numbers of the version are known, and the flaw ends among those")
    lowest = min((span.low for span in condition.spans if span.low), default=None)
    if condition.is_list and lowest is not None and known.low < lowest:
        return Answer("unknown", "the bulletin names single versions, and says nothing of those before them")
    return Answer("not affected")


def _is_in(span: Span, known: Known) -> bool | None:
    """None where that depends on what is not known of the version."""
    low, high = span.low, span.high
    if high is not None and (known.low > high or (known.low == high and not span.has_high)):
        return False
    if low is not None and (known.high < low or (known.high == low and (not span.has_low or not known.high.stage))):
        return False
    ends = high is None or known.high < high or (known.high == high and (span.has_high or not known.high.stage))
    begins = low is None or known.low > low or (known.low == low and span.has_low)
    return True if ends and begins else None


# -- the grammar


def _spans(text: str, has_note: bool, fixed: frozenset[Version]) -> Condition | None:
    for pattern, make in _GRAMMAR:
        if found := pattern.fullmatch(text):
            return make(found, has_note, fixed)
    return None


def _all(found: re.Match[str], has_note: bool, fixed: frozenset[Version]) -> Condition:
    return Condition((Span(),))


def _commit(found: re.Match[str], has_note: bool, fixed: frozenset[Version]) -> Condition:
    words = found["commit"]
    return Condition((Span(only_if=words if " " in words else f"it does not include commit {words}"),))


def _before(found: re.Match[str], has_note: bool, fixed: frozenset[Version]) -> Condition | None:
    high = version(found["high"])
    if high is None:
        return None
    word = found["word"].lower()
    has_high = bool(found["including"]) or (word == "up to" and high not in fixed)
    return Condition((_up_to(high, has_high),))


def _between(found: re.Match[str], has_note: bool, fixed: frozenset[Version]) -> Condition | None:
    low, high = version(found["low"]), version(found["high"])
    if low is None or high is None or low > high:
        return None
    return Condition((_up_to(high, high not in fixed)._replace(low=low),))


def _within(found: re.Match[str], has_note: bool, fixed: frozenset[Version]) -> Condition | None:
    """All versions of a series, or those of it before one."""
    low = version(found["series"])
    if low is None:
        return None
    start = series(*low.numbers)
    if not found["high"]:
        return Condition((Span(start.low, start.high),))
    high = version(found["high"])
    return None if high is None else Condition((Span(start.low, high),))


def _either(found: re.Match[str], has_note: bool, fixed: frozenset[Version]) -> Condition | None:
    """Fixed on two branches: below the lower, and on the way to the higher but for what follows the lower one."""
    low, high = sorted(filter(None, (version(found["one"]), version(found["other"]))))
    if len(low.numbers) < 2 or low.numbers[:-1] == high.numbers[:-1]:
        return None
    return Condition((Span(None, low), Span(floor(_next(low.numbers[:-1])), high)))


def _after(found: re.Match[str], has_note: bool, fixed: frozenset[Version]) -> Condition | None:
    low = version(found["low"])
    return None if low is None else Condition((Span(low, None, has_low=False),))


def _listed(found: re.Match[str], has_note: bool, fixed: frozenset[Version]) -> Condition | None:
    parts = [part for part in _LIST.split(found["list"]) if part]
    versions = [each for each in map(version, parts) if each is not None]
    if len(versions) != len(parts):
        return None
    if found["older"] or (has_note and len(versions) == 1):
        return Condition((_up_to(max(versions), True),))
    return Condition(tuple(_up_to(each, True)._replace(low=each) for each in versions), is_list=True)


def _up_to(high: Version, has_high: bool) -> Span:
    """Up to and with 0.9.x is everything before 0.10."""
    if has_high and not high.stage:
        return Span(None, floor(_next(high.numbers)))
    return Span(None, high, has_high)


_Make = Callable[[re.Match[str], bool, frozenset[Version]], Condition | None]
_GRAMMAR: tuple[tuple[re.Pattern[str], _Make], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), make)
    for pattern, make in (
        (r"all (?:drivers? )?versions?", _all),
        (rf"all (?:versions|code branches) that do not include (?:code )?commit (?P<commit>{_COMMIT})", _commit),
        (rf"0(?:\.0)? ?(?:to|<|-) ?(?P<commit>{_COMMIT})", _commit),
        (r"all commits on (?P<commit>main prior to [a-z]+ [0-9]{1,2}, [0-9]{4})", _commit),
        (
            rf"{_SUBJECT}(?P<word>prior(?: to)?|before|up to|<)(?P<including> and including)? "
            rf"(?P<high>{_VERSION})(?: to| release)?",
            _before,
        ),
        (
            rf"{_SUBJECT}prior to (?P<one>{_VERSION})(?: release)? and (?P<other>{_VERSION})(?: release)?",
            _either,
        ),
        (rf"{_SUBJECT}(?P<low>{_VERSION}) ?(?: to | through | - |\u2013) ?(?P<high>{_VERSION})", _between),
        (r"(?P<low>[0-9]+\.[0-9]+)-(?P<high>[0-9]+\.[0-9]+)", _between),
        (
            rf"(?:all )?(?P<series>{_NUMBER}(?:\.x)?)(?: LTS)?(?: versions)?"
            rf"(?: prior to (?P<high>{_VERSION})|(?<=versions))",
            _within,
        ),
        (rf"all versions after (?P<low>{_VERSION})", _after),
        (
            rf"(?:versions )?(?P<list>{_VERSION}(?:(?:,\s*|\sand\s){_VERSION})*)"
            r"(?P<older> and (?:earlier|older|prior)(?: versions| releases)?)?",
            _listed,
        ),
    )
)


# -- notes in parentheses


def _noted(spans: tuple[Span, ...], note: str) -> tuple[Span, ...] | None:
    """With what a note adds; None for one that is not understood."""
    if _RELEASE.fullmatch(note):
        # where the text ends before a version and the note with its release, nothing says that it is fixed
        return tuple(span._replace(has_high=span.has_high or " and including " in note.lower()) for span in spans)
    if _OLDER.fullmatch(note):
        return spans
    found = _ONLY.fullmatch(note)
    if not found:
        return None
    if not found["below"]:
        return tuple(span._replace(only_if=found["only_if"]) for span in spans)
    below = version(found["below"])
    if below is None or len(spans) != 1:
        return None
    return spans[0]._replace(high=below, has_high=False, only_if=found["only_if"]), spans[0]._replace(low=below)


def bare(text: str) -> str:
    """The version at the beginning of a text about a fixed one."""
    return _NAMES.sub("", _NOTE.sub("", text)).strip()


def _next(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (*numbers[:-1], numbers[-1] + 1)


def _stripped(numbers: tuple[int, ...]) -> tuple[int, ...]:
    end = len(numbers)
    while end and not numbers[end - 1]:
        end -= 1
    return numbers[:end]
