"""A statement as the gate sees it: apart from statement.py, since a signature is verified without any gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Unexamined
from modelward.core.statement import Statement

SCHEME = "evidence://"
"""Before a predicate type, as the place of a gap in a statement made elsewhere. No path of a tree looks like it, so a
waiver for a file that could not be read never accepts what another tool did not look at."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement as the gate sees it: already opened, its reader's words beside it."""

    statement: Statement
    findings: tuple[Finding, ...] = ()
    unexamined: tuple[Unexamined, ...] = ()
    files: Mapping[str, Blob] | None = None
    """Names and contents, where the statement lists them (a manifest)."""
    covers: frozenset[Digest] = frozenset()
    """Contents the statement has looked at (a scan), whatever their names."""
    signed_by: frozenset[tuple[str, str]] = frozenset()
    """(name in the policy, `Signer.holder` of the envelope) of each signature that was verified."""
    names: Mapping[str, Digest] = field(default_factory=dict)
    """Contents the statement vouches for, each under this name alone (a signature of files)."""
    in_part: bool = False
    """It is about some of the contents and not about the artifact: it meets no need but in what it covers."""
    left_out: frozenset[str] = frozenset()
    """Names that it says nothing of, by its own words or those of its format."""
