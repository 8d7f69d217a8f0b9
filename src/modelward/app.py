"""The one composition: a target is resolved, read, examined, stated and judged.

Every way in (command line, CI, later the gateway and others) calls these functions; none has its
own idea of what is safe.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from modelward.checks import manifest as manifest_check
from modelward.checks import scan as scan_check
from modelward.checks.scan.model import FileScan, Scan
from modelward.checks.scan.naming import TOO_MANY, Naming, code_named_in
from modelward.checks.scan.walk import examine
from modelward.core.artifact import Artifact, Blob, file_artifact, tree_artifact
from modelward.core.check import Check
from modelward.core.digest import Digest
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Finding, Location, Rule, Unexamined
from modelward.core.limits import Limits
from modelward.core.result import CheckResult, Coverage, Place, Reason, ScanResult, Waived, place_order
from modelward.core.statement import Evidence, Statement
from modelward.core.verdict import UNEXAMINED, Policy, Verdict
from modelward.stores.files import FileSource
from modelward.stores.tree import Entry, Tree, open_target
from modelward.stores.write import replace_file

P = TypeVar("P")
Given = TypeVar("Given")

Progress = Callable[[int, int, str], None]
"""Called before each file with the number of files done, their total and the path."""

_POLICY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything that reading a target once has shown."""

    tree: Tree
    artifact: Artifact
    seen: scan_check.Seen
    unreadable: tuple[tuple[str, str], ...]
    """(path, why): files that were there and could not be read, or changed meanwhile."""


def rules() -> Mapping[str, Rule]:
    """Every rule by its id."""
    return scan_check.CHECK.rules


def scan(target: str, *, exclude: Sequence[str] = (), progress: Progress | None = None) -> ScanResult:
    """What the bytes of *target* say. Raises UsageError or ReadError if it cannot be looked at at all."""
    examined = _examine(target, exclude, progress)
    return _scan_result(examined, scan_check.CHECK.examine(examined.artifact, examined.seen))


def manifest(target: str, *, exclude: Sequence[str] = ()) -> bytes:
    """The manifest statement of *target*, canonical JSON. Raises as scan does."""
    examined = _examine(target, exclude, None, look=_hash_only)
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
    examined = _examine(target, exclude, progress)
    scanned = scan_check.CHECK.examine(examined.artifact, examined.seen)
    evidence = [
        _state(manifest_check.CHECK, examined.artifact, _listed(examined)),
        _state(scan_check.CHECK, examined.artifact, examined.seen),
    ]
    if statements is not None:
        _write_statements(evidence, statements)
    verdict = evaluate(examined.artifact.digest, evidence, judged_by, now)
    return _check_result(_scan_result(examined, scanned), examined.artifact, verdict, judged_by, evidence)


def _now() -> datetime:
    """The one time of the run: SOURCE_DATE_EPOCH, else the clock."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH is {epoch!r}, expected whole seconds since 1970") from error


# -- reading


_Look = Callable[[FileSource, Limits], FileScan | None]


def _hash_only(source: FileSource, limits: Limits) -> None:
    return None


def _is_configuration(entry: Entry) -> bool:
    """Whether its name makes loaders take it for JSON. A lone file has none."""
    return entry.path.lower().endswith(".json")


def _examine(target: str, exclude: Sequence[str], progress: Progress | None, look: _Look = examine) -> Examined:
    limits = Limits()
    tree = open_target(target, exclude, limits)
    blobs: dict[str, Blob] = {}
    scans: dict[Digest, FileScan] = {}
    configurations: dict[str, Naming] = {}
    naming_code = {entry.real for entry in tree.entries if _is_configuration(entry)}
    unreadable = [(gap.path, gap.why) for gap in tree.gaps]
    read: dict[bytes, tuple[Blob, Naming | None]] = {}
    for done, entry in enumerate(tree.entries):
        if progress is not None:
            progress(done, len(tree.entries), entry.path)
        try:
            if entry.real not in read:
                with FileSource(entry.real) as source:
                    found = look(source, limits)
                    naming = code_named_in(source) if found and entry.real in naming_code else None
                    blob = source.finish()
                if naming and len(configurations) >= limits.findings:
                    naming = TOO_MANY
                if found is not None:
                    scans[blob.digest] = found
                read[entry.real] = blob, naming
            blob, naming = read[entry.real]
        except ReadError as error:
            if not tree.is_tree:
                raise ReadError(f"cannot read {tree.label!r}: {error}") from error
            unreadable.append((entry.path, str(error)))
            continue
        blobs[entry.path] = blob
        if naming is not None and _is_configuration(entry):
            configurations[entry.path] = naming
    artifact = tree_artifact(blobs, tree.label) if tree.is_tree else file_artifact(blobs[""], tree.label)
    return Examined(tree, artifact, scan_check.Seen(scans, configurations, limits), tuple(sorted(unreadable)))


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


# -- policy and results


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


def _scan_result(examined: Examined, scanned: Scan) -> ScanResult:
    artifact = examined.artifact
    found: list[Place] = []
    gaps: list[Place] = []
    formats: Counter[str] = Counter()
    for path, blob in artifact.files.items():
        file = scanned.files[blob.digest]
        formats[file.formats[0]] += 1
        found += (Place(path, finding) for finding in file.findings)
        gaps += (Place(path, gap) for gap in file.unexamined)
    for entry in scanned.tree:
        (found if isinstance(entry.said, Finding) else gaps).append(Place(entry.path, entry.said))
    remedies = {gap.path: gap.do for gap in examined.tree.gaps}
    for path, why in examined.unreadable:
        gaps.append(Place(path, Unexamined(Location(None), why, remedies.get(path, ""))))
    sizes = {path: blob.size for path, blob in artifact.files.items()}
    return ScanResult(
        label=artifact.label,
        digest=artifact.digest,
        is_tree=artifact.is_tree,
        findings=tuple(sorted(found, key=place_order)),
        unexamined=tuple(sorted(gaps, key=place_order)),
        coverage=Coverage(
            len(sizes) + len(examined.unreadable),
            sum(sizes.values()),
            sum(scanned.files[blob.digest].examined for blob in artifact.files.values()),
            tuple(sorted(formats.items())),
        ),
        digests={path: blob.digest for path, blob in artifact.files.items()},
        sizes=sizes,
        rules=scanned.rules,
        excluded=examined.tree.excluded,
        left_out=examined.tree.left_out,
    )


def _check_result(
    scanned: ScanResult, artifact: Artifact, verdict: Verdict, policy: Policy, evidence: Sequence[Evidence]
) -> CheckResult:
    paths: dict[Digest, list[str]] = {}
    for path, blob in artifact.files.items():
        paths.setdefault(blob.digest, []).append(path)
    reasons = [
        Reason(finding.rule.id, "rule", path, finding.message)
        for finding in verdict.denied
        for path in _paths(finding, paths)
    ]
    reasons += [Reason(need.id, "need", "", why) for need, why in verdict.unmet]
    reasons += [Reason(UNEXAMINED, "need", path, gap.why) for gap in verdict.unexamined for path in _paths(gap, paths)]
    unread = [place for place in scanned.unexamined if place.file not in scanned.digests]
    remedies = {place.file: place.said.do for place in unread if isinstance(place.said, Unexamined)}
    waived = tuple(
        Waived(Place(path, _in_file(said, remedies.get(path, ""))), waiver.expires.isoformat(), waiver.reason)
        for said, waiver in verdict.waived
        for path in _paths(said, paths)
    )
    made = tuple(
        (item.statement.predicate_type, Digest("sha256", hashlib.sha256(item.statement.raw).hexdigest()))
        for item in evidence
    )
    return CheckResult(scanned, verdict.decision, policy.name, policy.digest, tuple(reasons), waived, (), made)


def _in_file(said: Finding | Unexamined, remedy: str) -> Finding | Unexamined:
    """As the scan of the file says it: without the digest, without the path in a tree's words, and with
    the remedy, which no manifest has."""
    at = replace(said.at, blob=None) if said.at.blob is not None else Location(None)
    if isinstance(said, Finding):
        return replace(said, at=at)
    return replace(said, at=at, do=said.do or remedy)


def _paths(said: Finding | Unexamined, paths: Mapping[Digest, list[str]]) -> list[str]:
    """The files that something is said about: those of that content, or the path of a tree finding."""
    if said.at.blob is not None:
        return paths.get(said.at.blob, [""])
    return [said.at.inside[0] if said.at.inside else ""]
