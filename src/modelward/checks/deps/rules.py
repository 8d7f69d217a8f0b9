"""The rules about packages. What they find in a lock, an environment or a wheel is in the modules called rules_*."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from modelward.core.finding import Rule, Severity

_SUPPLY = "AML.T0010.001"
_PYPI_NAMES = "https://packaging.python.org/en/latest/specifications/name-normalization/"
_CONFUSION = "https://pytorch.org/blog/compromised-nightly-dependency/"

VULNERABLE = Rule(
    "package-vulnerable",
    Severity.HIGH,
    "a package has a known vulnerability",
    "An advisory names this version. The severity is that of the advisory; without one it counts as high, since "
    "nobody has said that it is low, and known exploitation makes it critical.",
    "Take the version that the finding names, or accept the advisory in the policy, with a reason and a day.",
    ("CWE-1395", _SUPPLY, "https://ossf.github.io/osv-schema/"),
)
MALICIOUS = Rule(
    "package-malicious",
    Severity.CRITICAL,
    "a package is known to be hostile",
    "A record says that this release was made to do harm, or was taken over. Installing it runs code, and importing "
    "it does, too.",
    "Remove it, treat every machine that installed it as broken into, and look at what it was mistaken for.",
    ("CWE-506", _SUPPLY, "https://github.com/ossf/malicious-packages"),
)
TOO_NEW = Rule(
    "package-too-new",
    Severity.MEDIUM,
    "a release is younger than the policy allows",
    "Releases that were taken over are mostly found within days. Who waits is not among those who find them.",
    "Take the version before it, or wait until the day that the finding names.",
    (_SUPPLY, "https://docs.astral.sh/uv/reference/settings/#exclude-newer"),
)
YANKED = Rule(
    "package-yanked",
    Severity.MEDIUM,
    "a release was withdrawn by its makers",
    "A yanked release stays there for those who pin it, and for no other reason: its makers say that it should not be "
    "used.",
    "Take another version; the finding says why it was withdrawn, where that is known.",
    (_SUPPLY, "https://peps.python.org/pep-0592/"),
)
QUARANTINED = Rule(
    "package-quarantined",
    Severity.HIGH,
    "the index holds a project back as unsafe",
    "A project is quarantined while its index looks into a report that it is hostile; nobody can install it meanwhile.",
    "Do not use what you have of it, until the index has decided.",
    ("CWE-506", _SUPPLY, "https://peps.python.org/pep-0792/"),
)
ABANDONED = Rule(
    "package-abandoned",
    Severity.LOW,
    "its makers say that a project is not worked on any more",
    "What is found in an archived or deprecated project is not mended.",
    "Look for what its makers name instead.",
    ("CWE-1104", _SUPPLY, "https://peps.python.org/pep-0792/"),
)
WRONG_INDEX = Rule(
    "package-wrong-index",
    Severity.HIGH,
    "a package comes from another index than it should",
    "Whoever registers the name of a package on an index where it does not belong is installed instead of it: a "
    "higher version is enough.",
    "Say in the lock that the name comes from the index where it belongs, and from no other.",
    ("CWE-427", _SUPPLY, _CONFUSION),
)
ANY_INDEX = Rule(
    "package-any-index",
    Severity.MEDIUM,
    "more than one index can supply a package, and nothing fixes its content",
    "The installer takes the highest version that any of the indexes has. Whoever can publish on one of them decides "
    "what is installed.",
    "Pin the hash of the file, or use an installer that binds names to indexes.",
    ("CWE-427", _SUPPLY, _CONFUSION),
)

RULES: tuple[Rule, ...] = (VULNERABLE, MALICIOUS, TOO_NEW, YANKED, QUARANTINED, ABANDONED, WRONG_INDEX, ANY_INDEX)


@cache
def rated(severity: Severity) -> Rule:
    """VULNERABLE as an advisory rates it: the one rule whose findings differ in severity."""
    return replace(VULNERABLE, severity=severity)
