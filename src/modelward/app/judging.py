"""Scans, manifests and verdicts: a target is resolved, read, examined, stated and judged."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from modelward.app.baseline import Baseline, mark_known, read_baseline
from modelward.app.clock import now
from modelward.app.manifesting import listed
from modelward.app.reading import ALONE, Examined, How, Progress, examine_target
from modelward.app.results import check_result, scan_result
from modelward.checks import manifest as manifest_check
from modelward.checks import scan as scan_check
from modelward.core.artifact import Artifact
from modelward.core.canonical import escape_bytes
from modelward.core.check import Check
from modelward.core.digest import Digest
from modelward.core.errors import UsageError
from modelward.core.evidence import Evidence
from modelward.core.finding import Finding, Rule, Unexamined
from modelward.core.limits import Limits
from modelward.core.result import CheckResult, Refused, ScanResult
from modelward.core.statement import Statement
from modelward.core.verdict import Policy, Signer
from modelward.stores.files import reason
from modelward.stores.write import replace_file

if TYPE_CHECKING:
    from modelward.stores.evidence_store import EvidenceStore
    from modelward.stores.statements import Document

__all__ = ["check", "effort", "is_far", "read_baseline", "rules", "scan"]

P = TypeVar("P")
Given = TypeVar("Given")

_POLICY_BYTES = 1 << 20
_MOST_JOBS = 8


def rules() -> Mapping[str, Rule]:
    """Every rule by its id."""
    from modelward.checks import deps, foreign
    from modelward.checks.pins import rules as pins

    return {**scan_check.CHECK.rules, **foreign.RULES, **pins.RULES, **deps.CHECK.rules}


@contextmanager
def effort(
    jobs: int | None = 1, cache: str | None = None, trust_stat: bool = False, targets: Iterable[str] = ()
) -> Iterator[How]:
    """How scans of *targets* within the block are done: by up to *jobs* processes (None: as many as there
    are processors, at most 8), with the results of earlier runs that the folder *cache* holds."""
    most = jobs if jobs is not None else min(len(os.sched_getaffinity(0)), _MOST_JOBS)
    if cache is None:
        yield How(most)
        return
    from modelward.app.cached import Known

    known = Known(cache, Limits(), targets)
    try:
        yield How(most, known, trust_stat)
    finally:
        known.close()


def scan(
    target: str,
    *,
    exclude: Sequence[str] = (),
    baseline: Baseline | None = None,
    progress: Progress | None = None,
    how: How = ALONE,
    full: bool = False,
    offline: bool = False,
) -> ScanResult:
    """What the bytes of *target* say; findings that *baseline* lists are marked. Raises UsageError or
    ReadError if it cannot be looked at at all, Defect if modelward itself fails on it.

    A target on a server is read in part unless *full*, and refused if *offline*."""
    if is_far(target):
        from modelward.app.remote import read_far, scan_far

        result = scan_far(read_far(target, exclude, progress, full=full, offline=offline))
    else:
        examined = examine_target(target, exclude, progress, how=how)
        result = scan_result(examined, scan_check.CHECK.examine(examined.artifact, examined.seen))
    return result if baseline is None else mark_known(result, baseline)


def is_far(target: str) -> bool:
    """Whether *target* is on a server."""
    return target.lower().startswith(("https://", "http://", "hf://"))


def check(
    target: str,
    *,
    policy: str = "baseline",
    evidence: Sequence[str] = (),
    signers: Sequence[Signer] = (),
    exclude: Sequence[str] = (),
    statements: str | None = None,
    store: EvidenceStore | None = None,
    progress: Progress | None = None,
    how: How = ALONE,
    full: bool = False,
    offline: bool = False,
) -> CheckResult:
    """Scan and manifest of *target*, judged by *policy*: the name of a shipped one, or a file.

    *evidence* are files and folders with statements made elsewhere; they count if a signer of the policy, or
    one of *signers*, who may sign whatever the policy wants signed, has signed them.
    *statements* is a folder into which both statements are written. *store* takes them too, and what it holds about
    the artifact is evidence like the other; raises Damaged where that is not as it was. What is judged is always
    hashed, whatever *how* says. Raises as scan does, and UsageError for a policy that does not parse. A target
    on a server of which only parts were read is never allowed, and no statement is made of it.
    """
    from modelward.policy.evaluate import evaluate

    judged_by, when = _with_signers(read_policy(policy), signers), now()
    if statements is not None:
        _check_folder(statements)
    remote = None
    if is_far(target):
        from modelward.app.remote import check_in_part, read_far

        if statements is not None and not full:
            raise UsageError("--statements needs --full with a URL: of a part no statement can be made")
        far = read_far(target, exclude, progress, full=full, offline=offline)
        in_whole = far.examined()
        if in_whole is None:
            return check_in_part(far, judged_by)
        examined, remote = in_whole, far.remote
    else:
        examined = examine_target(target, exclude, progress, how=replace(how, trust_stat=False))
    scanned = scan_check.CHECK.examine(examined.artifact, examined.seen)
    made = [
        _state(manifest_check.CHECK, examined.artifact, listed(examined.tree, examined.unreadable)),
        _state(scan_check.CHECK, examined.artifact, examined.seen),
    ]
    if statements is not None:
        _write_statements(made, statements)
    if store is not None:
        from modelward.app.store import keep

        keep(made, store)
    admitted, refused = _admit(evidence, store, examined, judged_by, when)
    verdict = evaluate(examined.artifact.digest, [*made, *admitted], judged_by, when)
    result = replace(scan_result(examined, scanned), remote=remote)
    return check_result(result, examined.artifact, verdict, judged_by, [*made, *admitted], refused)


def _with_signers(policy: Policy, signers: Sequence[Signer]) -> Policy:
    wanted = frozenset(need.predicate_type for need in policy.needs if need.signatures and not need.signers)
    return replace(policy, signers=(*policy.signers, *(replace(signer, predicates=wanted) for signer in signers)))


def _admit(
    paths: Sequence[str], store: EvidenceStore | None, examined: Examined, policy: Policy, when: datetime
) -> tuple[tuple[Evidence, ...], tuple[Refused, ...]]:
    digest = examined.artifact.digest
    kept: Iterable[Document] = ()
    unread: tuple[Refused, ...] = ()
    if store is not None and policy.signers:  # without them nothing counts
        from modelward.app.store import signed_about

        kept = signed_about(digest, store)
    elif store is not None:
        unread = tuple(_unread(digest, store))
    if not paths and not kept:
        return (), unread
    from modelward.app.evidence import About, admit

    admitted, refused = admit(paths, About(examined.artifact, examined.tree), policy, when, kept)
    return admitted, (*unread, *refused)


def _unread(digest: Digest, store: EvidenceStore) -> Iterator[Refused]:
    """What is not asked of a store, since nobody is trusted to have signed it: that it is there is said."""
    from modelward.stores.oci_layout import Damaged

    folder = escape_bytes(bytes(store.folder))
    try:
        signed = sum(kept.is_signed for kept, _ in store.find(digest))
    except Damaged as error:
        yield Refused(folder, str(error))
        return
    if signed:
        what = "a signed statement" if signed == 1 else f"{signed:,} signed statements"
        yield Refused(folder, f"it has {what} about it, and the policy trusts no signer")


# -- statements


def _state(check: Check[P, Given], artifact: Artifact, given: Given) -> Evidence:
    predicate = check.examine(artifact, given)
    said = list(check.read(predicate))
    return Evidence(
        Statement.make(artifact.digest, check.predicate_type, check.encode(predicate)),
        tuple(word for word in said if isinstance(word, Finding)),
        tuple(word for word in said if isinstance(word, Unexamined)),
        check.files(predicate),
        check.covers(predicate),
    )


def _check_folder(folder: str) -> None:
    """Raises UsageError now rather than after a long scan."""
    path = Path(folder)
    try:
        if "\0" in folder:
            raise ValueError("embedded null byte")
        nearest = next(place for place in (path, *path.absolute().parents) if place.exists())
        if not nearest.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: str, error: OSError | ValueError) -> UsageError:
    return UsageError(f"--statements {folder!r}: cannot write: {reason(error)}; name a folder")


def _write_statements(evidence: Sequence[Evidence], folder: str) -> None:
    """One file for each statement, named by predicate type and subject."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        for item in evidence:
            kind = item.statement.predicate_type.split(":")[-2]
            name = f"{kind}-{item.statement.subject.algorithm}-{item.statement.subject.value}.json"
            replace_file(path / name, item.statement.raw)
    except OSError as error:
        raise _unwritable(folder, error) from error


def read_policy(name: str) -> Policy:
    """A shipped one, or a file. Raises UsageError."""
    from modelward.policy import schema

    if name in schema.SHIPPED:
        raw = schema.shipped(name)
    else:
        try:
            with Path(name).open("rb") as file:  # it may be a device without end
                raw = file.read(_POLICY_BYTES + 1)
        except (OSError, ValueError) as error:
            known = ", ".join(schema.SHIPPED)
            raise UsageError(f"--policy {name!r} is neither a file that can be read nor one of {known}") from error
    if len(raw) > _POLICY_BYTES:
        raise UsageError(f"--policy {name!r}: expected at most {_POLICY_BYTES:,} bytes, got more")
    return _parsed(raw, name)


@lru_cache(maxsize=1)  # hundreds of targets may be judged by one policy
def _parsed(raw: bytes, name: str) -> Policy:
    from modelward.policy import schema

    return schema.parse(raw, name, rules())
