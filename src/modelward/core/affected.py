"""Artifacts that advisories are about which were not known when they were audited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from modelward.core.digest import Digest


class Hit(NamedTuple):
    """A package of an artifact that an advisory is about which its audit did not know."""

    about: Digest
    package: str
    version: str
    advisory: str
    aliases: tuple[str, ...]
    summary: str
    is_malicious: bool
    is_certain: bool
    """Whether the version could be compared."""


@dataclass(frozen=True, slots=True)
class Affected:
    hits: tuple[Hit, ...]
    audits: int
    """Statements that were looked at: of each artifact the latest."""
    packages: int
    unread: tuple[str, ...]
    """Statements that could not be read, and what the database lacks, and why."""

    @property
    def exit_code(self) -> int:
        if any(hit.is_certain for hit in self.hits):
            return 1
        return 3 if self.hits or self.unread or not self.audits else 0
