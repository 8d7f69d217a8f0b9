"""The one composition: a target is resolved, read, examined, stated and judged.

Every way in (command line, CI, later the gateway and others) calls these functions; none has its
own idea of what is safe.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from modelward.app.reading import Examined, Progress, examine_target, hash_only
from modelward.app.results import check_result, scan_result
from modelward.checks import manifest as manifest_check
from modelward.checks import scan as scan_check
from modelward.core.artifact import Artifact
from modelward.core.check import Check
from modelward.core.errors import UsageError
from modelward.core.finding import Finding, Rule, Unexamined
from modelward.core.result import CheckResult, ScanResult
from modelward.core.statement import Evidence, Statement
from modelward.core.verdict import Policy
from modelward.stores.write import replace_file

P = TypeVar("P")
Given = TypeVar("Given")

_POLICY_BYTES = 1 << 20


def rules() -> Mapping[str, Rule]:
    """Every rule by its id."""
    return scan_check.CHECK.rules


def scan(target: str, *, exclude: Sequence[str] = (), progress: Progress | None = None) -> ScanResult:
    """What the bytes of *target* say. Raises UsageError or ReadError if it cannot be looked at at all."""
    examined = examine_target(target, exclude, progress)
    return scan_result(examined, scan_check.CHECK.examine(examined.artifact, examined.seen))


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
) -> CheckResult:
    """Scan and manifest of *target*, judged by *policy*: the name of a shipped one, or a file.

    *statements* is a folder into which both statements are written. Raises as scan does, and
    UsageError for a policy that does not parse.
    """
    from modelward.policy.evaluate import evaluate

    judged_by, now = _policy(policy), _now()
    examined = examine_target(target, exclude, progress)
    scanned = scan_check.CHECK.examine(examined.artifact, examined.seen)
    evidence = [
        _state(manifest_check.CHECK, examined.artifact, _listed(examined)),
        _state(scan_check.CHECK, examined.artifact, examined.seen),
    ]
    if statements is not None:
        _write_statements(evidence, statements)
    verdict = evaluate(examined.artifact.digest, evidence, judged_by, now)
    return check_result(scan_result(examined, scanned), examined.artifact, verdict, judged_by, evidence)


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
        raise UsageError(f"--statements {folder!r}: cannot write: {error.strerror}; name a folder") from error


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
    return schema.parse(raw, name, rules())
