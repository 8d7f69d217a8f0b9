"""The reports that scanners write, told by their shape: SARIF, Trivy, Grype, ModelScan, ModelAudit, and the list of
results of in-toto VULNS.

None of them is a predicate type of its own, so the same report is found under many types. Unknown keys are left
aside; what decides (results, their severity, errors, what was skipped) must have its type, or it is a gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from modelward.checks.foreign.rating import rate, worst
from modelward.checks.foreign.rules import rule_for
from modelward.checks.foreign.said import Gap, Object, Result, Said, each, listed, needed, text, within
from modelward.checks.foreign.sarif import sarif
from modelward.core.finding import Severity


def recognised(value: object) -> Said | None:
    """What *value* says; None if it is the report of no scanner that is known here."""
    if isinstance(value, dict):
        for tool, keys, read in _SHAPES:
            if keys <= value.keys():
                return by(tool, read(value))
    return None


def by(tool: str, said: Said) -> Said:
    """The same, with the name of who found it."""
    for word in said:
        yield replace(word, facts=(("by", tool), *word.facts)) if tool and isinstance(word, Result) else word


def read_result(value: object) -> Said:
    """A report, or a list of VULNS results. What is neither is a gap: something was scanned, with an end that
    nobody here can read."""
    said = each(value, "the result", _vuln) if isinstance(value, list) else recognised(value)
    if said is not None:
        yield from said
    elif value is None:
        yield Gap("it holds no result; a scan that found nothing has an empty list")
    else:
        yield Gap("its result has a form that is not read here")


def _vuln(entry: Object) -> Said:
    """https://github.com/in-toto/attestation/blob/main/spec/predicates/vulns_02.md; the prose of version 0.1 puts
    each into an object `vulnerability`, and its severity may be one object instead of a list."""
    inner = entry.get("vulnerability")
    vulnerability = inner if isinstance(inner, dict) else entry
    stated = vulnerability.get("severity")
    ratings = [stated] if isinstance(stated, dict) else listed(stated)
    severity = worst(rate(within(one, "score"), text(within(one, "method"))) for one in ratings)
    said = ", ".join(f"{text(within(one, 'method'), '?')} {_score(within(one, 'score'))}" for one in ratings[:8])
    yield _found(vulnerability.get("id"), severity, "", (("rated", said),))


def _trivy(report: Object) -> Said:
    """https://trivy.dev/docs/latest/guide/configuration/reporting/"""
    if not report.get("Results"):
        yield Gap("Trivy met nothing that it can scan")
        return
    yield from each(report["Results"], "Results", _trivy_target)


def _trivy_target(target: Object) -> Said:
    if not text(target.get("Target")):
        yield Gap("Trivy does not say what it looked at")
    yield from each(target.get("Vulnerabilities"), "Vulnerabilities", _trivy_vulnerability)
    for kind, key in (("Misconfigurations", "ID"), ("Secrets", "RuleID"), ("Licenses", "Name")):
        yield from each(target.get(kind), kind, lambda entry, key=key: _trivy_other(entry, key))  # type: ignore[misc]
    if target.get("ExperimentalModifiedFindings"):
        yield Gap("Trivy was told to leave out some of what it found")


def _trivy_vulnerability(entry: Object) -> Said:
    severity = rate(entry.get("Severity"))
    if severity is None:  # UNKNOWN: nobody rated it, but the scores may be there
        vendors = entry.get("CVSS")
        vendors = list(vendors.values()) if isinstance(vendors, dict) else []
        severity = worst(rate(within(one, score), "cvss") for one in vendors for score in _TRIVY_SCORES)
    package = " ".join(filter(None, (text(entry.get("PkgName")), text(entry.get("InstalledVersion")))))
    yield _found(entry.get("VulnerabilityID"), severity, package)


def _trivy_other(entry: Object, key: str) -> Said:
    if entry.get("Status") != "PASS":
        yield _found(entry.get(key), rate(entry.get("Severity")), text(entry.get("Title")))


def _grype(report: Object) -> Said:
    """Its matches; those that its configuration ignores are matches too."""
    yield from needed(report["matches"], "matches", _grype_match)
    yield from each(report.get("ignoredMatches"), "ignoredMatches", _grype_match)


def _grype_match(match: Object) -> Said:
    severity = rate(within(match, "vulnerability", "severity"))
    if severity is None:
        scores = (within(one, "metrics", "baseScore") for one in listed(within(match, "vulnerability", "cvss")))
        severity = worst(rate(score, "cvss") for score in scores)
    name, version = (text(within(match, "artifact", key)) for key in ("name", "version"))
    yield _found(within(match, "vulnerability", "id"), severity, f"{name} {version}".strip())


def _modelscan(report: Object) -> Said:
    """https://github.com/protectai/modelscan: it leaves out what it does not know, and says so."""
    yield from needed(report["issues"], "issues", _modelscan_issue)
    yield from needed(report["errors"], "errors", _modelscan_error)
    skipped = within(report, "summary", "skipped")
    files = listed(within(skipped, "skipped_files"))
    if within(skipped, "total_skipped") != 0:
        names = ", ".join(text(within(one, "source"), "?") for one in files[:8])
        yield Gap(f"ModelScan skipped {_number(within(skipped, 'total_skipped'))} files: {names or 'it names none'}")
    if not _positive(within(report, "summary", "scanned", "total_scanned")):
        yield Gap("ModelScan scanned no file")
    if within(report, "summary", "total_issues") != len(listed(report["issues"])):
        yield Gap("ModelScan counts other issues than it lists")


def _modelscan_issue(issue: Object) -> Said:
    name = ".".join(filter(None, (text(issue.get("module")), text(issue.get("operator")))))
    facts = (("it names", text(issue.get("source"))),)
    yield _found(name or text(issue.get("scanner")), rate(issue.get("severity")), text(issue.get("description")), facts)


def _modelscan_error(error: Object) -> Said:
    yield Gap(f"ModelScan failed: {text(error.get('description'), 'it does not say why')}")


def _modelaudit(report: Object) -> Said:
    """https://www.promptfoo.dev/docs/model-audit/usage/"""
    yield from needed(report["issues"], "issues", _modelaudit_issue)
    if report["has_errors"] is not False or report.get("success") is False:
        yield Gap("ModelAudit says that it did not get to its end")
    if not _positive(report["files_scanned"]):
        yield Gap("ModelAudit scanned no file")
    skipped = [check for check in listed(report.get("checks")) if within(check, "status") == "skipped"]
    if skipped:
        names = ", ".join(sorted({text(within(check, "name"), "?") for check in skipped})[:8])
        yield Gap(f"ModelAudit skipped {len(skipped):,} checks: {names}")


def _modelaudit_issue(issue: Object) -> Said:
    facts = (("it names", text(issue.get("location"))),)
    name = text(issue.get("rule_code")) or text(issue.get("type"))
    yield _found(name, rate(issue.get("severity")), text(issue.get("message")), facts)


def _found(name: object, severity: Severity | None, about: str, facts: tuple[tuple[str, str], ...] = ()) -> Result:
    message = ": ".join(filter(None, (text(name, "a result without a name"), about)))
    return Result(rule_for(severity), message, tuple((key, value) for key, value in facts if value))


def _score(value: object) -> str:
    return text(str(value)) if isinstance(value, str | int | float) else "?"


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "some"


def _positive(value: object) -> bool:
    return isinstance(value, int) and value > 0


_TRIVY_SCORES = ("V2Score", "V3Score", "V40Score")
_SHAPES: tuple[tuple[str, frozenset[str], Callable[[Object], Said]], ...] = (
    ("", frozenset({"version", "runs"}), sarif),
    ("Trivy", frozenset({"SchemaVersion", "ArtifactName"}), _trivy),
    ("Grype", frozenset({"matches", "descriptor"}), _grype),
    ("ModelScan", frozenset({"summary", "issues", "errors"}), _modelscan),
    ("ModelAudit", frozenset({"issues", "files_scanned", "has_errors"}), _modelaudit),
)
