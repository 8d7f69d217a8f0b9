"""What a release adds to the one that was approved before: a release that was taken over differs from its predecessor
in few things, and those are where it acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from modelward.checks.deps.wheel.rules_wheel import commands, startup_files
from modelward.checks.deps.wheel.structure import Wheel
from modelward.core.dependency import canonical_name
from modelward.core.finding import Finding, Location, Rule, Severity

_SUPPLY = "AML.T0010.001"
_DO = "Read what was added, and approve the release only when you know what it is for."

NEW_STARTUP = Rule(
    "wheel-new-startup-code",
    Severity.CRITICAL,
    "a new release runs code whenever Python starts, the approved one does not",
    "Releases that were taken over have used it to run without being imported.",
    _DO,
    ("CWE-506", _SUPPLY, "https://docs.python.org/3/library/site.html"),
)
NEW_NATIVE = Rule(
    "wheel-new-native-code",
    Severity.HIGH,
    "a new release holds native code where the approved one has none",
    "A program or library is the part of a package that nobody reads.",
    _DO,
    ("CWE-506", _SUPPLY),
)
NEW_PLACE = Rule(
    "wheel-new-place",
    Severity.MEDIUM,
    "a new release puts files where the approved one has none",
    "A package rarely grows a second top-level module, a hidden folder, or files outside of the folder of packages; "
    "releases that were taken over do.",
    _DO,
    ("CWE-506", _SUPPLY),
)
NEW_COMMAND = Rule(
    "wheel-new-command",
    Severity.LOW,
    "a new release installs commands that the approved one does not",
    "What people type runs them.",
    _DO,
    ("CWE-427", _SUPPLY),
)
NEW_DEPENDENCY = Rule(
    "wheel-new-dependency",
    Severity.LOW,
    "a new release needs packages that the approved one does not",
    "Their code is installed with it, by whomever they are.",
    _DO,
    ("CWE-829", _SUPPLY),
)
OTHER_PACKAGE = Rule(
    "wheel-other-package",
    Severity.HIGH,
    "a wheel was compared with one of another package",
    "Nothing that is said of the difference holds.",
    "Name the approved wheel of the same package.",
    ("CWE-345", _SUPPLY),
)

RULES = (NEW_STARTUP, NEW_NATIVE, NEW_PLACE, NEW_COMMAND, NEW_DEPENDENCY, OTHER_PACKAGE)

_SHOWN = 5


def compare(approved: Wheel, wheel: Wheel) -> Iterator[Finding]:
    """What *wheel* has that *approved* has not. What both have, changed or not, is not looked at."""
    names = [_name(each) for each in (approved, wheel)]
    if names[0] != names[1]:
        yield _finding(OTHER_PACKAGE, f"{names[1]} was compared with {names[0]}", ())
        return
    yield from _new(NEW_STARTUP, "runs at every start of Python", startup_files(wheel) - startup_files(approved))
    yield from _new(NEW_NATIVE, "native", _folders(_native(wheel)) - _folders(_native(approved)))
    yield from _new(NEW_PLACE, "in new places", _places(wheel) - _places(approved))
    yield from _new(NEW_COMMAND, "commands", commands(wheel) - commands(approved))
    yield from _new(NEW_DEPENDENCY, "needed", _needed(wheel) - _needed(approved))


def _name(wheel: Wheel) -> str:
    said = wheel.metadata.get("name", ("",))
    return canonical_name(said[0])


def _native(wheel: Wheel) -> Iterator[str]:
    return (wheel.installed(path) for path, content in wheel.files.items() if content.is_native)


def _folders(paths: Iterable[str]) -> frozenset[str]:
    """File names of libraries change with every release, the folders that hold them do not."""
    return frozenset(path.rpartition("/")[0] or path for path in paths)


def _places(wheel: Wheel) -> frozenset[str]:
    """Top-level modules and folders, hidden folders, and files outside of the folder of packages."""
    found = set()
    for path in wheel.files:
        place = wheel.installed(path)
        parts = place.split("/")
        if parts[0].endswith(".dist-info"):
            continue
        if ":" in parts[0]:
            found.add(place)
            continue
        found.add(parts[0].partition(".")[0] if len(parts) == 1 else parts[0])
        for number, part in enumerate(parts[:-1]):
            if part.startswith(".") or (part.startswith("_") and not part.startswith("__")):
                found.add("/".join(parts[: number + 1]))
    return frozenset(found)


def _needed(wheel: Wheel) -> frozenset[str]:
    names = set()
    for line in wheel.metadata.get("requires-dist", ()):
        name = "".join(_until(line, " ;[<>=!~(@"))
        if "extra ==" not in line:
            names.add(canonical_name(name))
    return frozenset(names)


def _until(text: str, ends: str) -> Iterator[str]:
    for letter in text:
        if letter in ends:
            return
        yield letter


def _new(rule: Rule, what: str, found: frozenset[str]) -> Iterator[Finding]:
    if found:
        names = sorted(found)
        shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        yield _finding(rule, f"{what}, and not in the approved release: {shown}", names)


def _finding(rule: Rule, message: str, names: Iterable[str]) -> Finding:
    return Finding(rule, Location(None), message, (("new", ", ".join(names)),) if names else ())
