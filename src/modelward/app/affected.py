"""Artifacts that were audited before, held against the advisories that are known now: nothing is read again but the
statements of those audits, which name the packages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from modelward.app.clock import now
from modelward.app.store import named_store, payload
from modelward.checks.deps import CHECK, PREDICATE_TYPE, aliases
from modelward.checks.deps.matching import match
from modelward.checks.deps.model import TIME
from modelward.core.affected import Affected, Hit
from modelward.core.dependency_audit import DatabaseFacts
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.store import Kept
from modelward.stores.advisories import Database
from modelward.stores.evidence_store import EvidenceStore


class _Audit(NamedTuple):
    when: str
    entered: int
    """Its place in the log of the store, where it has one."""
    about: Digest
    packages: tuple[tuple[str, str, frozenset[str]], ...]
    """Name, version, and the records that were known to be about it."""


def affected(database: str, store: str | None) -> Affected:
    """What the database has on the packages in the audits of the store that those audits had not. Whose statement it
    is is not asked: of each artifact the latest audit counts, and one by somebody else that claims to know everything
    hides what it names. Raises UsageError, ReadError and Damaged."""
    at = now()
    today = f"{at:{TIME}}"
    with Database.open(database) as opened, EvidenceStore(named_store(store)) as evidence:
        latest: dict[Digest, _Audit] = {}
        unread = list(_doubts(opened.facts, f"{at + timedelta(days=1):{TIME}}"))
        for kept, place in evidence.find():
            if kept.predicate_type != PREDICATE_TYPE:
                continue
            try:
                audit = _audit(kept, place or 0, evidence.read(kept))
                if audit.when > today:
                    raise Malformed(f"it is of {audit.when}, which is still to come")
            except Malformed as error:
                unread.append(f"{kept.statement}: {error}")
                continue
            latest[audit.about] = max(audit, latest.get(audit.about, audit))
        hits = [hit for _, audit in sorted(latest.items()) for hit in _hits(audit, opened)]
        packages = sum(len(audit.packages) for audit in latest.values())
        return Affected(tuple(dict.fromkeys(hits)), len(latest), packages, tuple(unread))


def _doubts(facts: DatabaseFacts, tomorrow: str) -> Iterator[str]:
    """Why what the database does not have may be known all the same."""
    if not facts.records:
        yield "the database: there is no advisory about a package in it"
    if facts.unread:
        yield f"the database: {facts.unread:,} of its records could not be read"
    if facts.newest > tomorrow:
        yield f"the database: it is of {facts.newest}, which is still to come"


def _audit(kept: Kept, entered: int, raw: bytes) -> _Audit:
    body = CHECK.decode(payload(raw).get("predicate") or {}).body
    packages = ((one["name"], one["version"], frozenset(one["advisories"])) for one in body["packages"])
    return _Audit(body["audited"], entered, kept.about, tuple(packages))


def _hits(audit: _Audit, database: Database) -> Iterator[Hit]:
    rows = database.affected({name for name, _, _ in audit.packages})
    for name, version, known in audit.packages:
        said = {row.id: match(version, row) if version else "unknown" for row in rows.get(name, ())}
        found = database.advisories([id_ for id_, outcome in said.items() if outcome != "not"])
        for group in aliases.merged(found.values()):
            ids = {one.id for one in group}
            is_new_kind = any(one.is_malicious for one in group) and not any(
                one.is_malicious and one.id in known for one in group
            )
            if not is_new_kind and (ids & known or any(known & one.ids for one in group)):
                continue
            first, others = group[0], frozenset[str]().union(*(one.ids for one in group)) - {group[0].id}
            yield Hit(
                audit.about,
                name,
                version,
                first.id,
                tuple(sorted(others)),
                next((one.summary for one in group if one.summary), ""),
                any(one.is_malicious for one in group),
                any(said[id_] == "affected" for id_ in ids),
            )
