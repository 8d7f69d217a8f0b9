"""The rules on what others have found. One for each severity, since a rule has one: which of them fires is
what the other tool says, and never less."""

from __future__ import annotations

from collections.abc import Mapping

from modelward.core.finding import Rule, Severity

_SPEC = "https://github.com/in-toto/attestation/blob/main/spec/predicates/README.md"
_WHY = "Somebody whom the policy trusts to say so has signed it. Whether modelward finds the same plays no part."
_DO = "Read the result of the other tool, and replace the artifact, or waive this rule for this content."


def _rated(severity: Severity, title: str, name: str) -> Rule:
    return Rule(f"foreign-{name}-result", severity, title, _WHY, _DO, ("CWE-1395", _SPEC))


CRITICAL = _rated(Severity.CRITICAL, "another tool found something that it calls critical", "critical")
HIGH = _rated(Severity.HIGH, "another tool found something of high severity", "high")
MEDIUM = _rated(Severity.MEDIUM, "another tool found something of medium severity", "medium")
LOW = _rated(Severity.LOW, "another tool found something of low severity", "low")
INFO = _rated(Severity.INFO, "another tool remarks on something", "minor")

UNRATED = Rule(
    "foreign-unrated-result",
    Severity.CRITICAL,
    "another tool found something and does not say how severe it is",
    "What is not rated, or in words that are not read here, may be the worst that there is, so it counts as that.",
    "Look up what was found; have the tool rate it, or waive this rule for this content.",
    ("CWE-1395", _SPEC),
)
FAILED_TEST = Rule(
    "foreign-failed-test",
    Severity.CRITICAL,
    "a test that somebody else ran has failed",
    "The statement is evidence against the artifact, so no policy that asks for the test may take it for a pass.",
    "Read the run of the test, and replace the artifact, or waive this rule for this content.",
    ("CWE-693", "https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md"),
)
TEST_WARNING = Rule(
    "foreign-test-warning",
    Severity.LOW,
    "a test that somebody else ran has passed with warnings",
    "The test did not fail, and whoever made it thought that somebody should look.",
    "Read the run of the test.",
    ("CWE-693", "https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md"),
)
FAILED_VERIFICATION = Rule(
    "foreign-failed-verification",
    Severity.CRITICAL,
    "somebody else has verified the artifact and refused it",
    "A verification summary that says FAILED is a denial by somebody whom the policy trusts, and a pass of nothing.",
    "Ask the verifier what its policy missed, and replace the artifact, or waive this rule for this content.",
    ("CWE-693", "https://slsa.dev/spec/v1.0/verification_summary"),
)

BY_SEVERITY: Mapping[Severity, Rule] = {rule.severity: rule for rule in (CRITICAL, HIGH, MEDIUM, LOW, INFO)}


def rule_for(severity: Severity | None) -> Rule:
    return UNRATED if severity is None else BY_SEVERITY[severity]


RULES = (CRITICAL, HIGH, MEDIUM, LOW, INFO, UNRATED, FAILED_TEST, TEST_WARNING, FAILED_VERIFICATION)
