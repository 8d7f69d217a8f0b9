"""Names of packages that pass for well-known ones.

A name is compared, never looked up: that it is known does not say that the package is good, and that it is near a known
one does not say that it is bad. Not noticed are names that resemble none of the list, and those that differ in more
than one letter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from modelward.checks.deps.known import machine_learning, popular, ranked
from modelward.core.dependency import Package
from modelward.core.finding import Finding, Location, Rule, Severity
from modelward.core.look_alike import Edit, Index, Near, normal

LOOK_ALIKE = Rule(
    "package-lookalike",
    Severity.LOW,
    "the name of a package is almost a well-known one",
    "Packages one letter, a swap or a word away from well-known ones are registered to be installed by mistake. Many "
    "honest packages have such names, too: the name alone proves nothing.",
    "See on the page of the package whether it is the one that you mean.",
    ("CWE-1007", "AML.T0010.001", "https://arxiv.org/abs/2003.03471"),
)

RULES: tuple[Rule, ...] = (LOOK_ALIKE,)

_WELL_KNOWN = 5_000
"""Of the most downloaded: of more, honest names are taken for copies twice as often."""
_SHORTEST = {Edit.READING: 4, Edit.SWAPPED: 4, Edit.DOUBLED: 5, Edit.REPLACED: 6, Edit.ADDED: 6, Edit.LEFT_OUT: 6}
"""Letters of a known name that another may be taken for after such an edit; of the other edits any."""
_APART = 1 << 10
"""Letters that a known name never has: an added word is set apart."""
_FAMOUS = 1_000
_SHORTEST_FAMOUS = 5
"""Of the most famous, shorter ones are imitated, too."""
_ADDED = frozenset(
    "official original real true new latest stable release fix fixed patched updated update free full pro plus premium "
    "gpu cpu cuda cuda11 cuda12 python python3 py py3 pypi pip package lib library install installer setup module "
    "backport compat v1 v2 v3 1 2 3 4 os sys".split()
)
"""Words that are put around a known name to get one that is still free."""


def look_alikes(package: Package) -> Iterator[Finding]:
    found = _judge(package.name)
    if found is not None:
        target, how = found
        facts = (("package", package.name), ("target", target))
        yield Finding(LOOK_ALIKE, Location(None), f"{package.name!r} {how} {target!r}", facts)


@lru_cache(maxsize=4096)
def _judge(name: str) -> tuple[str, str] | None:
    """The known name that it may be taken for, and how it comes of it."""
    known = _known()
    if name in popular() or known.get(name) == name:
        return None
    near = next((one for one in known.near(name) if _counts(one)), None)
    if near is not None:
        return near.known, near.edit.value
    added = known.but_for(name, _ADDED, _APART)
    if added is not None and added != name:
        return added, "is, with a word more,"
    return next(_mixed(name), None)


def _counts(near: Near) -> bool:
    length = len(normal(near.known))
    shortest = _SHORTEST.get(near.edit, 1)
    return length >= (min(shortest, _SHORTEST_FAMOUS) if near.known in _famous() else shortest)


def _mixed(name: str) -> Iterator[tuple[str, str]]:
    """Two names of machine learning and nothing else, which few honest packages are called."""
    for part in _known().within(name):
        if part.known in machine_learning() and _known().get("".join(part.rest)) in machine_learning():
            yield part.known, f"puts {'-'.join(part.rest)!r} together with"


@cache
def _known() -> Index:
    return Index((*machine_learning(), *ranked()[:_WELL_KNOWN]))


@cache
def _famous() -> frozenset[str]:
    return frozenset((*machine_learning(), *ranked()[:_FAMOUS]))
