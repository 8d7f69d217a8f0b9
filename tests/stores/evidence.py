"""Statements to keep, and what they are about."""

from __future__ import annotations

import hashlib
from pathlib import Path

from modelward.core.digest import Digest
from modelward.core.statement import Statement
from modelward.core.store import IN_TOTO
from modelward.stores.evidence_store import Entry, EvidenceStore

SCAN = "urn:example:scan:1"


def tree(number: int) -> Digest:
    return Digest("sha3_256", hashlib.sha256(b"tree %d" % number).hexdigest())


def entry(number: int, kind: str = SCAN, about: Digest | None = None) -> Entry:
    """Each number is another statement, about another artifact unless one is given."""
    about = about or tree(number)
    return Entry(Statement.make(about, kind, {"number": number}).raw, IN_TOTO, kind, about)


def store(folder: Path, *numbers: int) -> str:
    """The path of a store with these entries in it."""
    with EvidenceStore(str(folder), create=True) as made:
        made.add([entry(number) for number in numbers])
    return str(folder)


def held(folder: str) -> set[Digest]:
    with EvidenceStore(folder) as opened:
        return {kept.statement for kept, _ in opened.find()}
