"""An audit of dependencies: lines for people, JSON, SARIF, JUnit, annotations and VULNS for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from modelward import __version__
from modelward.core import canonical
from modelward.core.dependency_audit import DatabaseFacts, DependencyAudit, Flags, Looked
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Unexamined
from modelward.core.statement import Statement
from modelward.report import spots
from modelward.report.blocks import shorten
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count

_WORDS = {0: "clean", 1: "flagged", 3: "incomplete"}
_TONES = {0: "good", 1: "bad", 3: "open"}
_VULNS = "https://in-toto.io/attestation/vulns/v0.2"
_OLD = 30  # days, from which on the age of the advisories is pointed at


def lines(audit: DependencyAudit, flags: Flags, now: datetime) -> Iterator[Line]:
    """The last line holds the answer."""
    yield from spots.lines(audit.findings, audit.unexamined)
    for one in audit.ignored:
        said = one.spotted.said
        assert isinstance(said, Finding)
        yield Line("ignored   ", f"{shorten(said.message)}, until {one.until}: {shorten(one.reason)}")
    for note in audit.notes:
        yield Line("note      ", shorten(note))
    for pattern, files in audit.excluded:
        yield Line("left out  ", f"{count(files, 'file')} by --exclude {shorten(pattern)}")
    for name, digest in audit.approved:
        yield Line("approved  ", f"{visible(name)}, {str(digest)[:19]}…, that the new one was compared with")
    yield Line("database  ", _database(audit.database, now))
    yield Line("coverage  ", _coverage(audit))
    yield answer(audit, flags)


def _database(facts: DatabaseFacts | None, now: datetime) -> str:
    if facts is None:
        return "none: no advisory was looked up (modelward advisories sync makes one)"
    age = ""
    try:
        days = (now - datetime.fromisoformat(facts.newest)).days
        age = f", {count(days, 'day')} ago{' (sync it)' if days > _OLD else ''}" if days >= 0 else ""
    except (ValueError, TypeError):
        pass
    newest = f"the youngest of {visible(facts.newest)[:10]}{age}" if facts.newest else "of unknown age"
    return f"{count(facts.records, 'record')}, {newest} ({facts.digest[:19]}…)"


def _coverage(audit: DependencyAudit) -> str:
    unknown = len(audit.packages) - audit.matched
    said = f"{count(len(audit.packages), 'package')}, {audit.matched:,} looked up"
    return f"{said}, {unknown:,} unknown" if unknown else said


def answer(audit: DependencyAudit, flags: Flags) -> Line:
    code = audit.exit_code(flags)
    severities = Counter(one.said.severity for one in audit.findings if isinstance(one.said, Finding))
    parts = [f"{number:,} {severity}" for severity, number in sorted(severities.items(), reverse=True)]
    parts = [*(parts or ["0 findings"]), f"{len(audit.unexamined):,} unexamined", count(len(audit.packages), "package")]
    return Line("", f"{_WORDS[code]}: {', '.join(parts)} (exit {code})", _TONES[code])


# -- for machines


def machine(audit: DependencyAudit, flags: Flags) -> bytes:
    """Canonical JSON, ends with a line break."""
    facts = audit.database
    body = {
        "schema": "modelward/deps/1",
        "outcome": _WORDS[audit.exit_code(flags)],
        "packages": [_package(one) for one in audit.packages],
        "findings": [spots.finding_to_json(one) for one in audit.findings],
        "unexamined": [spots.gap_to_json(one) for one in audit.unexamined],
        "ignored": [
            spots.finding_to_json(one.spotted) | {"until": one.until, "reason": sound(one.reason)}
            for one in audit.ignored
        ],
        "notes": [sound(note) for note in audit.notes],
        "bundled": [
            {"name": sound(one.name), "version": sound(one.version), "purl": sound(one.purl), "in": sound(one.file)}
            for one in audit.bundled
        ],
        "excluded": [{"pattern": sound(pattern), "files": files} for pattern, files in audit.excluded],
        "approved": [{"file": sound(name), "digest": digest.to_json()} for name, digest in audit.approved],
        "coverage": {
            "packages": len(audit.packages),
            "matched": audit.matched,
            "unknown": len(audit.packages) - audit.matched,
        },
        "database": None
        if facts is None
        else {"digest": facts.digest, "newest": sound(facts.newest), "records": facts.records},
        "inputs": [{"file": sound(name), "digest": digest.to_json()} for name, digest in audit.inputs],
    }
    return canonical.encode(body) + b"\n"


def _package(one: Looked) -> dict[str, Any]:
    package = one.package
    return {
        "name": sound(package.name),
        "version": sound(package.version),
        "file": sound(package.at.file),
        "line": package.at.line,
        "status": one.status,
        "why": sound(one.why),
        "advisories": [sound(id) for id in one.advisories],
    }


def sarif(audit: DependencyAudit) -> bytes:
    from modelward.report.spots_sarif import sarif as render

    return render(audit.findings, audit.unexamined, "deps")


def github(audit: DependencyAudit, flags: Flags) -> str:
    from modelward.report.spots_github import github as render

    return render(audit.findings, audit.unexamined, flags.hold, answer(audit, flags).text)


def junit(audit: DependencyAudit, flags: Flags) -> str:
    from modelward.report.spots_junit import junit as render

    failed = (one.said for one in audit.findings if isinstance(one.said, Finding) and flags.hold(one.said))
    bad = {dict(said.evidence).get("package") for said in failed}
    good = [
        f"{one.package.name} {one.package.version}"
        for one in audit.packages
        if one.status == "matched" and one.package.name not in bad
    ]
    return render(audit.findings, audit.unexamined, good, flags.hold, "deps")


def vulns(audit: DependencyAudit, subject: Digest, now: datetime) -> bytes:
    """An in-toto statement of vulnerabilities: https://github.com/in-toto/attestation/blob/main/spec/predicates/vulns_02.md

    The format has no word for what could not be looked up, and an empty list means that nothing was found. Each gap is
    therefore a result of its own, of the id `unexamined`, without a rating."""
    time = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    facts = audit.database
    found = [(one.said, "") for one in audit.findings]
    found += [
        (one.spotted.said, f"until {one.until}: {one.reason}") for one in audit.ignored
    ]  # it is there all the same
    results = [_vulnerability(said, accepted) for said, accepted in found if isinstance(said, Finding)]
    results += [_unexamined(one.said) for one in audit.unexamined if isinstance(one.said, Unexamined)]
    scanner: dict[str, Any] = {
        "uri": f"pkg:generic/modelward@{__version__}",
        "version": __version__,
        "result": [one for one in results if one is not None],
    }
    if facts is not None and facts.newest:  # a database without its date is none, by the format
        scanner["db"] = {"version": facts.digest, "lastUpdate": facts.newest}
    predicate = {"scanner": scanner, "metadata": {"scanStartedOn": time, "scanFinishedOn": time}}
    return Statement.make(subject, _VULNS, predicate).raw + b"\n"


def _vulnerability(said: Finding, accepted: str) -> dict[str, Any] | None:
    facts = dict(said.evidence) | ({"accepted": accepted} if accepted else {})
    if "advisory" not in facts:
        return None  # about a name, a pin or a date: no vulnerability
    severity = [{"method": "modelward", "score": str(said.severity)}]
    if facts.get("score", "").startswith("CVSS:"):
        severity.append({"method": "cvss", "score": sound(facts["score"])})
    notes = [{"key": key, "value": sound(value)} for key, value in sorted(facts.items()) if key != "advisory"]
    return {"id": sound(facts["advisory"]), "severity": severity, "annotations": notes}


def _unexamined(said: Unexamined) -> dict[str, Any]:
    notes = [{"key": "why", "value": sound(said.why)}]
    return {"id": "unexamined", "severity": [{"method": "modelward", "score": "unknown"}], "annotations": notes}
