"""Policies and verdicts: what must hold before an artifact goes further, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from modelward.core.dependency_policy import DependencyPolicy
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Severity, Unexamined

UNEXAMINED = "unexamined"
"""What a waiver names in place of a rule to accept the gaps of one content."""

Decision = Literal["allow", "deny", "incomplete"]


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature counts, on statements of the types *predicates* and on no others: the holder of a key,
    or whoever a certificate names that leads to a root, or that the sigstore instance of a trusted root vouches
    for. One of the three is given. None is what was not said; an empty text says nothing, and nobody is trusted by it.
    """

    name: str
    predicates: frozenset[str]
    key: str | None = None
    """PEM, as the root."""
    root: str | None = None
    trusted_root: str | None = None
    """A trusted_root.json; identity and issuer belong to it."""
    identity: str | None = None
    issuer: str | None = None
    since: date | None = None
    until: date | None = None
    """The first and the last day (UTC) on which it counts. The day of the verdict decides: a signature with a
    plain key does not prove when it was made."""


@dataclass(frozen=True, slots=True)
class Need:
    """A statement that there must be about the artifact."""

    id: str
    predicate_type: str
    covers_files: bool
    """It must have looked at every file that the manifest lists."""
    why: str
    signatures: int = 0
    """So many different keys of signers of the policy must have signed it."""
    signers: frozenset[str] = frozenset()
    """The names of those whose signatures count here; empty: all signers of the policy."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding of *rule* (or UNEXAMINED) accepted for the content *digest*, through the day *expires* (UTC).

    The digest of a tree says nothing of what in it could not be read: there *file* names the gap, by its
    path in the tree, "." for the tree itself. Empty in every other waiver."""

    rule: str
    digest: Digest
    expires: date
    reason: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    digest: Digest
    """sha256 of the file's bytes."""
    description: str
    needs: tuple[Need, ...]
    deny_severity: Severity
    deny_rules: frozenset[str]
    """Rules that deny whatever their severity."""
    waivers: tuple[Waiver, ...]
    signers: tuple[Signer, ...] = ()
    dependencies: DependencyPolicy = field(default_factory=DependencyPolicy)


@dataclass(frozen=True, slots=True)
class Verdict:
    """*denied* and *unmet* make it a deny; *unexamined* alone makes it incomplete."""

    decision: Decision
    denied: tuple[Finding, ...]
    unmet: tuple[tuple[Need, str], ...]
    unexamined: tuple[Unexamined, ...]
    waived: tuple[tuple[Finding | Unexamined, Waiver], ...]
