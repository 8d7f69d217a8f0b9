"""The rules about NVIDIA's software on a host."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from modelward.core.finding import Rule, Severity

_BULLETINS = "https://github.com/NVIDIA/product-security"

VULNERABLE = Rule(
    "nvidia-vulnerable",
    Severity.HIGH,
    "software of NVIDIA on the host has a known vulnerability",
    "A bulletin of NVIDIA names this version. Drivers and the container toolkit run with the rights of the system: a "
    "flaw there leads out of the container. The severity is that of the bulletin; without one it counts as high.",
    "Take the version that the finding names; drivers on the same branch.",
    ("CWE-1395", _BULLETINS),
)
CONDITIONAL = Rule(
    "nvidia-conditional",
    Severity.HIGH,
    "software of NVIDIA on the host is vulnerable under a condition",
    "A bulletin names this version for some products, parts or settings, and nothing that was given says whether the "
    "host is such a one. The severity is that of the bulletin.",
    "See whether the condition holds; if it may, take the version that the finding names.",
    ("CWE-1395", _BULLETINS),
)

RULES: tuple[Rule, ...] = (VULNERABLE, CONDITIONAL)


@cache
def rated(rule: Rule, severity: Severity) -> Rule:
    """*rule* as a bulletin rates it."""
    return replace(rule, severity=severity)
