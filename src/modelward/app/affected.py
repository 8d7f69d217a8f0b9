"""Artifacts that were audited before, held against the advisories that are known now: nothing is read again but the
statements of those audits, which name the packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from modelward.app.store import named_store, payload
from modelward.checks.deps import PREDICATE_TYPE, aliases
from modelward.checks.deps.matching import match
from modelward.core.affected import Affected, Hit
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.store import Kept
from modelward.stores.advisories import Database
from modelward.stores.evidence_store import EvidenceStore


class _Audit(NamedTuple):
    about: Digest
    when: str
    packages: tuple[tuple[str, str, frozenset[str]], ...]
    """Name, version, and the records that were known to be about it."""


def affected(database: str, store: str | None) -> Affected:
    """What the database has on the packages in the audits of the store that those audits had not. Whose statement it
    is is not asked: to be told of a danger nobody needs to be trusted. Raises UsageError, ReadError and Damaged."""
    with Database.open(database) as opened, EvidenceStore(named_store(store)) as evidence:
        latest: dict[Digest, _Audit] = {}
        unread = []
        for kept, _ in evidence.find():
            if kept.predicate_type != PREDICATE_TYPE:
                continue
            try:
                audit = _audit(kept, evidence.read(kept))
            except Malformed as error:
                unread.append(f"{kept.statement}: {error}")
                continue
            before = latest.get(audit.about)
            if before is None or audit.when > before.when:
                latest[audit.about] = audit
        hits = [hit for _, audit in sorted(latest.items()) for hit in _hits(audit, opened)]
        packages = sum(len(audit.packages) for audit in latest.values())
        return Affected(tuple(dict.fromkeys(hits)), len(latest), packages, tuple(unread))


def _audit(kept: Kept, raw: bytes) -> _Audit:
    body: Any = payload(raw).get("predicate")
    try:
        return _Audit(kept.about, _text(body, "audited"), tuple(map(_package, body["packages"])))
    except (KeyError, TypeError) as error:
        raise Malformed(f"it is no audit of dependencies: {error!r}") from error


def _package(body: Mapping[str, Any]) -> tuple[str, str, frozenset[str]]:
    return _text(body, "name"), _text(body, "version"), frozenset(map(str, body["advisories"]))


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def _hits(audit: _Audit, database: Database) -> Iterator[Hit]:
    rows = database.affected({name for name, _, _ in audit.packages})
    for name, version, known in audit.packages:
        said = {row.id: match(version, row) if version else "unknown" for row in rows.get(name, ())}
        found = database.advisories([id_ for id_, outcome in said.items() if outcome != "not"])
        for group in aliases.merged(found.values()):
            ids = {one.id for one in group}
            if ids & known or any(known & one.ids for one in group):
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
