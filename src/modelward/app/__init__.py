"""The one composition: a target is resolved, read, examined, stated and judged.

Every way in (command line, CI, later the gateway and others) calls these functions; none has its
own idea of what is safe.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from modelward.app.baseline import Baseline, mark_known, read_baseline
from modelward.app.reading import ALONE, Examined, How, Progress, examine_target, hash_only
from modelward.app.results import check_result, scan_result
from modelward.checks import manifest as manifest_check
from modelward.checks import scan as scan_check
from modelward.core.artifact import Artifact
from modelward.core.check import Check
from modelward.core.errors import UsageError
from modelward.core.finding import Finding, Rule, Unexamined
from modelward.core.limits import Limits
from modelward.core.result import CheckResult, ScanResult
from modelward.core.statement import Evidence, Statement
from modelward.core.verdict import Policy
from modelward.stores.files import reason
from modelward.stores.write import replace_file

__all__ = ["check", "effort", "manifest", "read_baseline", "rules", "scan"]

# Before, possessive expressions, on which the readers rest, match wrongly: python/cpython#106052
if sys.version_info < (3, 11, 5):
    raise UsageError("Python 3.11.5 or newer is needed: the re module of older ones matches wrongly")

P = TypeVar("P")
Given = TypeVar("Given")

_POLICY_BYTES = 1 << 20
_MOST_JOBS = 8


def rules() -> Mapping[str, Rule]:
    """Every rule by its id."""
    return scan_check.CHECK.rules


@contextmanager
def effort(jobs: int | None = 1, cache: str | None = None, trust_stat: bool = False) -> Iterator[How]:
    """How scans within the block are done: by up to *jobs* processes (None: as many as there are
    processors, at most 8), with the results of earlier runs that the folder *cache* holds."""
    most = jobs if jobs is not None else min(len(os.sched_getaffinity(0)), _MOST_JOBS)
    if cache is None:
        yield How(most)
        return
    from modelward.app.cached import Known

    known = Known(cache, Limits())
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


def manifest(target: str, *, exclude: Sequence[str] = ()) -> bytes:
    """The manifest statement of *target*, canonical JSON. Raises as scan does."""
    examined = examine_target(target, exclude, None, look=hash_only)
    return _state(manifest_check.CHECK, examined.artifact, _listed(examined)).statement.raw


def check(
    target: str,
    *,
    policy: str = "baseline",
    exclude: Sequence[str] = (),
    statements: str | None = None,
    progress: Progress | None = None,
    how: How = ALONE,
    full: bool = False,
    offline: bool = False,
) -> CheckResult:
    """Scan and manifest of *target*, judged by *policy*: the name of a shipped one, or a file.

    *statements* is a folder into which both statements are written. What is judged is always hashed,
    whatever *how* says. Raises as scan does, and UsageError for a policy that does not parse. A target
    on a server of which only parts were read is never allowed, and no statement is made of it.
    """
    from modelward.policy.evaluate import evaluate

    judged_by, now = _policy(policy), _now()
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
    evidence = [
        _state(manifest_check.CHECK, examined.artifact, _listed(examined)),
        _state(scan_check.CHECK, examined.artifact, examined.seen),
    ]
    if statements is not None:
        _write_statements(evidence, statements)
    verdict = evaluate(examined.artifact.digest, evidence, judged_by, now)
    result = replace(scan_result(examined, scanned), remote=remote)
    return check_result(result, examined.artifact, verdict, judged_by, evidence)


def _now() -> datetime:
    """The one time of the run: SOURCE_DATE_EPOCH, else the clock."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH is {epoch!r}, expected whole seconds since 1970") from error


# -- statements


def _listed(examined: Examined) -> manifest_check.Listed:
    tree = examined.tree
    links = tuple((link.path, link.target) for link in tree.links)
    return manifest_check.Listed(links, tree.left_out, tree.excluded, examined.unreadable)


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


def _policy(name: str) -> Policy:
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
