"""The predicate of an audit of dependencies and its strict codec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any

from modelward.checks.deps.nvidia import rules as rules_nvidia
from modelward.checks.deps.rules import VULNERABLE
from modelward.core import canonical
from modelward.core.dependency import Bundled
from modelward.core.dependency_audit import DatabaseFacts, DependencyAudit, Ignored, Looked
from modelward.core.dependency_policy import DependencyPolicy
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.finding import Finding, Location, Rule, Severity, Unexamined
from modelward.core.source_audit import Spot, Spotted

TIME = "%Y-%m-%dT%H:%M:%SZ"

_RATED = {VULNERABLE.id, *(rule.id for rule in rules_nvidia.RULES)}
"""Rules whose findings are as grave as an advisory says."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the gate sees of an audit: the audit without what only a report needs."""

    findings: tuple[Spotted, ...]
    """Ignored ones too: the policy of whoever reads this decides anew, on its own day, what it accepts."""
    unexamined: tuple[Spotted, ...]
    inputs: frozenset[Digest]
    """The files that were read."""
    body: Mapping[str, Any]
    """The predicate as it is written."""


def said(audit: DependencyAudit, policy: DependencyPolicy, when: datetime) -> Said:
    inputs = frozenset(digest for _, digest in audit.inputs)
    findings = (*audit.findings, *(one.spotted for one in audit.ignored))
    return Said(findings, audit.unexamined, inputs, encode(audit, policy, when))


def _last_part(file: str) -> str:
    return PurePosixPath(file).name


def encode(
    audit: DependencyAudit, policy: DependencyPolicy, when: datetime, name_of: Callable[[str], str] = _last_part
) -> dict[str, Any]:
    """*name_of* gives the files names that say nothing of the machine."""

    def spot(at: Spot) -> dict[str, Any]:
        return {"file": name_of(at.file), "line": at.line}

    return {
        "audited": f"{when.astimezone(UTC):{TIME}}",
        "policy": _policy_to_json(policy),
        "database": _database_to_json(audit.database),
        "inputs": [{"name": name_of(name), "digest": digest.to_json()} for name, digest in audit.inputs],
        "coverage": coverage(audit),
        "packages": [spot(one.package.at) | _package_to_json(one) for one in audit.packages],
        "findings": sorted((spot(one.at) | _finding_to_json(one.said) for one in audit.findings), key=_place),
        "unexamined": sorted((spot(one.at) | _gap_to_json(one.said) for one in audit.unexamined), key=_place),
        "ignored": sorted((spot(one.spotted.at) | _ignored_to_json(one) for one in audit.ignored), key=_place),
        "bundled": [one._asdict() | {"file": name_of(one.file)} for one in audit.bundled],
        "excluded": [{"pattern": pattern, "files": files} for pattern, files in audit.excluded],
        "approved": [{"name": _last_part(name), "digest": digest.to_json()} for name, digest in audit.approved],
    }


def _place(said: Mapping[str, Any]) -> tuple[str, int]:
    return said["file"], said["line"]


def coverage(audit: DependencyAudit) -> dict[str, int]:
    return {
        "packages": len(audit.packages),
        "matched": audit.matched,
        "unknown": len(audit.packages) - audit.matched,
    }


def decode(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> Said:
    """Raises Malformed for what encode would not have written with these *rules*, and for an audit that contradicts
    itself: unknown packages without a gap, findings without a package."""
    try:
        found = tuple(Spotted(_spot(one), _finding(one, rules)) for one in body["findings"])
        gaps = tuple(Spotted(_spot(one), _gap(one)) for one in body["unexamined"])
        inputs = [(_text(one["name"]), Digest.from_json(one["digest"])) for one in body["inputs"]]
        again = _again(body, rules) | {
            "inputs": [{"name": name, "digest": digest.to_json()} for name, digest in inputs],
            "findings": [_spot_to_json(one.at) | _finding_to_json(one.said) for one in found],
            "unexamined": [_spot_to_json(one.at) | _gap_to_json(one.said) for one in gaps],
        }
        unknown = again["coverage"]["unknown"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"not a predicate of an audit of dependencies: {error!r}") from error
    if canonical.encode(again) != canonical.encode(body):
        raise Malformed("a predicate of an audit of dependencies with unknown, missing or contradictory parts")
    if body["database"] is None and unknown < len(body["packages"]):
        raise Malformed("an audit of dependencies that looked packages up in no database")
    if unknown and not gaps:
        raise Malformed("an audit of dependencies with unknown packages, and nothing unexamined")
    ignored = tuple(Spotted(_spot(one), _finding(one, rules)) for one in body["ignored"])
    return Said((*found, *ignored), gaps, frozenset(digest for _, digest in inputs), body)


def _again(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """What only a report needs, as encode writes it."""
    packages = [_spot_to_json(_spot(one)) | _package(one) for one in body["packages"]]
    unknown = sum(one["status"] == "unknown" for one in packages)
    policy, ignored = body["policy"], [(one, _finding(one, rules)) for one in body["ignored"]]
    return {
        "audited": f"{datetime.strptime(body['audited'], TIME):{TIME}}",
        "policy": {
            "max_age": _days(policy["max_age"]),
            "cool_down": _days(policy["cool_down"]),
            "mirrors": sorted(set(map(_text, policy["mirrors"]))),
            "indexes": [{"url": _text(one["url"]), "names": _texts(one["names"])} for one in policy["indexes"]],
        },
        "database": None if body["database"] is None else _database(body["database"]),
        "coverage": {"packages": len(packages), "matched": len(packages) - unknown, "unknown": unknown},
        "packages": packages,
        "ignored": [
            _spot_to_json(_spot(one))
            | _finding_to_json(said)
            | {"until": date.fromisoformat(one["until"]).isoformat(), "reason": _text(one["reason"])}
            for one, said in ignored
        ],
        "bundled": [{key: _text(one[key]) for key in Bundled._fields} for one in body["bundled"]],
        "excluded": [{"pattern": _text(one["pattern"]), "files": _count(one["files"])} for one in body["excluded"]],
        "approved": [
            {"name": _text(one["name"]), "digest": Digest.from_json(one["digest"]).to_json()}
            for one in body["approved"]
        ],
    }


# -- to JSON


def _policy_to_json(policy: DependencyPolicy) -> dict[str, Any]:
    return {
        "max_age": policy.max_age,
        "cool_down": policy.cool_down,
        "mirrors": sorted(set(policy.mirrors)),
        "indexes": [{"url": rule.url, "names": list(rule.names)} for rule in policy.indexes],
    }


def _database_to_json(facts: DatabaseFacts | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {
        "digest": facts.digest,
        "newest": facts.newest,
        "records": facts.records,
        "feeds": [feed._asdict() for feed in facts.feeds],
        "unread": facts.unread,
    }


def _package_to_json(one: Looked) -> dict[str, Any]:
    return {
        "name": one.package.name,
        "version": one.package.version,
        "status": one.status,
        "why": one.why,
        "advisories": list(one.advisories),
    }


def _spot_to_json(at: Spot) -> dict[str, Any]:
    return {"file": at.file, "line": at.line}


def _finding_to_json(said: Finding | Unexamined) -> dict[str, Any]:
    assert isinstance(said, Finding)
    return {
        "rule": said.rule.id,
        "severity": str(said.severity),
        "message": said.message,
        "evidence": dict(said.evidence),
    }


def _gap_to_json(said: Finding | Unexamined) -> dict[str, Any]:
    assert isinstance(said, Unexamined)
    return {"why": said.why, "do": said.do}


def _ignored_to_json(one: Ignored) -> dict[str, Any]:
    return _finding_to_json(one.spotted.said) | {"until": one.until, "reason": one.reason}


# -- from JSON: raises KeyError, TypeError and ValueError


def _database(body: Mapping[str, Any]) -> dict[str, Any]:
    texts, counts = ("name", "origin", "digest", "newest"), ("records", "unread")
    feeds = [{key: _text(one[key]) for key in texts} | {"records": _count(one["records"])} for one in body["feeds"]]
    said = {key: _text(body[key]) for key in texts[2:]} | {key: _count(body[key]) for key in counts}
    return {**said, "feeds": feeds}


def _package(body: Mapping[str, Any]) -> dict[str, Any]:
    status, why = _text(body["status"]), _text(body["why"])
    if status not in ("matched", "unknown") or bool(why) != (status == "unknown"):
        raise ValueError("a package is matched, or unknown for a reason")
    texts = {key: _text(body[key]) for key in ("name", "version")}
    return {**texts, "status": status, "why": why, "advisories": _texts(body["advisories"])}


def _spot(body: Mapping[str, Any]) -> Spot:
    return Spot(_text(body["file"]), _count(body["line"]), 1)


def _finding(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> Finding:
    rule, severity = rules[body["rule"]], Severity.parse(body["severity"])
    if rule.id in _RATED:
        rule = replace(rule, severity=severity)
    facts = tuple((_text(key), _text(value)) for key, value in body["evidence"].items())
    return Finding(rule, Location(None), _text(body["message"]), facts)


def _gap(body: Mapping[str, Any]) -> Unexamined:
    return Unexamined(Location(None), _text(body["why"]), _text(body["do"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value


def _texts(value: list[object]) -> list[str]:
    return [_text(one) for one in value]


def _count(value: object) -> int:
    if type(value) is not int or value < 0:  # a bool is no number here
        raise TypeError("expected a number")
    return value


def _days(value: object) -> int | None:
    return None if value is None else _count(value)
