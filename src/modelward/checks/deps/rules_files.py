"""The rules about what fixes a package, and about the files that lie there in its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from modelward.checks.deps.inputs.addresses import is_at_commit
from modelward.checks.deps.inputs.file_names import is_same_version
from modelward.core.dependency import Package
from modelward.core.finding import Finding, Location, Rule, Severity, Unexamined
from modelward.core.source_audit import Spotted

if TYPE_CHECKING:
    from modelward.checks.deps.inputs.installed import FileFact

_SUPPLY = "AML.T0010.001"
_RECORD = "https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file"
_HASHES = "https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode"
_SHOWN = 5

UNPINNED = Rule(
    "package-unpinned",
    Severity.MEDIUM,
    "nothing fixes a package to one version",
    "The next installation takes what is newest that day: a release that was taken over reaches everybody who does not "
    "pin within the hour.",
    "Pin it to one version, best with a lock that names its hashes; a repository to a full commit.",
    ("CWE-829", "CWE-1357", _SUPPLY, "https://pip.pypa.io/en/stable/topics/repeatable-installs/"),
)
UNHASHED = Rule(
    "package-unhashed",
    Severity.LOW,
    "nothing fixes the content of a package",
    "A version is a name. Without a hash whatever an index, a mirror or a cache gives under that name is installed. "
    "MD5 and SHA-1 do not count.",
    "Write its sha256 into the lock: pip-compile --generate-hashes, uv lock and pip lock do so.",
    ("CWE-494", "CWE-353", _SUPPLY, _HASHES),
)
HASH_MISMATCH = Rule(
    "package-hash-mismatch",
    Severity.HIGH,
    "a file is not the one that the lock allows",
    "Its bytes have none of the hashes that the lock has for that name and version: the file was replaced, or the lock "
    "was.",
    "Do not install it. Fetch it anew from its index, and find out where this one came from.",
    ("CWE-354", "CWE-494", _SUPPLY, _HASHES),
)
NOT_LOCKED = Rule(
    "package-not-locked",
    Severity.MEDIUM,
    "a package lies there that the lock does not name",
    "Nobody decided on it when the lock was made, and nothing says which bytes it should have.",
    "Remove it, or make the lock anew with it.",
    ("CWE-829", _SUPPLY),
)
CHANGED = Rule(
    "package-file-changed",
    Severity.HIGH,
    "an installed file is not the one that was installed",
    "RECORD has another hash for it. Somebody edited it after the installation, or put another file in its place.",
    "Compare it with the file in the wheel, then install the package anew.",
    ("CWE-354", "CWE-494", _SUPPLY, _RECORD),
)
MISSING = Rule(
    "package-file-missing",
    Severity.LOW,
    "an installed file is gone",
    "RECORD names it. What imports it fails, or finds a file of the same name elsewhere.",
    "Install the package anew.",
    ("CWE-353", _RECORD),
)
UNRECORDED = Rule(
    "package-file-unrecorded",
    Severity.MEDIUM,
    "a file lies among the installed packages that none of them installed",
    "Python imports it like any other; a .pth file is read, and may run code, whenever Python starts.",
    "Find out who put it there; install the environment anew if nobody knows.",
    ("CWE-506", "CWE-829", _SUPPLY, _RECORD),
)

RULES: tuple[Rule, ...] = (UNPINNED, UNHASHED, HASH_MISMATCH, NOT_LOCKED, CHANGED, MISSING, UNRECORDED)

_OF_FACTS: Mapping[str, Rule] = {"changed": CHANGED, "missing": MISSING, "unrecorded": UNRECORDED}
_SEEDED = frozenset({"pip", "setuptools"})
"""What python -m venv puts into an environment, and locks leave out."""


def pinning(package: Package) -> Iterator[Finding]:
    """Whether one version, and one content, is asked for. A commit is both. Of a path neither is asked: what lies
    there is what there is, and is not known."""
    kind = package.origin.kind
    if package.is_installed or kind in ("path", "unread") or is_at_commit(package.origin):
        return
    if kind == "vcs":
        yield _finding(UNPINNED, package, f"{package.name} comes from a repository, at no full commit")
    elif not package.version and kind != "url":
        asked = f" ({package.specifier})" if package.specifier else ""
        yield _finding(UNPINNED, package, f"{package.name} may be any version{asked}")
    elif not package.is_hashed:
        yield _finding(UNHASHED, package, f"{package.name} {package.version}".rstrip() + " has no hash that counts")


def files(facts: Iterable[FileFact]) -> Iterator[Spotted]:
    """What is wrong with the files of an environment."""
    for fact in facts:
        rule = _OF_FACTS[fact.kind]
        evidence = (("package", fact.package), ("file", fact.path))
        yield Spotted(fact.at, Finding(rule, Location(None), f"{fact.path}: {fact.detail}", evidence))


def against(locked: Sequence[Package], there: Sequence[Package]) -> Iterator[Spotted]:
    """What lies in a wheelhouse or an environment, held against locks. Only files have hashes to compare: those of an
    environment are compared with their RECORD."""
    by_name: dict[str, list[Package]] = {}
    for package in locked:
        by_name.setdefault(package.name, []).append(package)
    for package in there:
        if package.origin.kind == "path" or (not package.files and package.name in _SEEDED):
            continue
        found = [one for one in by_name.get(package.name, ()) if _fits(one, package)]
        if found:
            yield from _compared(found, package)
            continue
        versions = sorted({one.version for one in by_name.get(package.name, ()) if one.version})
        named = f"; it names {', '.join(versions[:_SHOWN])}" if versions else ""
        message = f"{package.name} {package.version} is not in the lock{named}"
        yield Spotted(package.at, _finding(NOT_LOCKED, package, message))


def absent(locked: Iterable[Package], there: Iterable[Package]) -> Iterator[Spotted]:
    """What a lock names for every environment, and a wheelhouse has no file of: its bytes are not known."""
    names = {package.name for package in there}
    missing: dict[str, list[Package]] = {}
    for package in locked:
        if not package.marker and package.name not in names and package.origin.kind in ("index", "unstated"):
            missing.setdefault(package.at.file, []).append(package)
    for found in missing.values():
        listed = ", ".join(package.name for package in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        why = (
            f"the wheelhouse has no file of {len(found):,} packages of this lock ({listed}): their bytes are not known"
        )
        yield Spotted(found[0].at, Unexamined(Location(None), why, "fetch them, too"))


def _fits(locked: Package, package: Package) -> bool:
    return not locked.version or is_same_version(locked.version, package.version)


def _compared(locked: Sequence[Package], package: Package) -> Iterator[Spotted]:
    wanted = {one for by in locked for one in (*by.hashes, *(one for file in by.files for one in file.hashes))}
    algorithms = {one.algorithm for one in wanted}
    for file in package.files if wanted else ():
        if wanted & {*file.hashes}:
            continue
        if not algorithms & {one.algorithm for one in file.hashes}:
            why = f"{file.name}: the lock has only {', '.join(sorted(algorithms))} for it, which is not compared"
            yield Spotted(package.at, Unexamined(Location(None), why, "make the lock anew with sha256"))
        else:
            at = f"{locked[0].at.file}, line {locked[0].at.line:,}"
            message = f"{file.name} has none of the {len(wanted):,} hashes that {at} allows"
            yield Spotted(package.at, _finding(HASH_MISMATCH, package, message))


def _finding(rule: Rule, package: Package, message: str) -> Finding:
    return Finding(rule, Location(None), message, (("package", package.name), ("version", package.version)))
