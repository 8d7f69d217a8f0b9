"""Targets on servers: each file is fetched in part, or whole, and scanned.

What was fetched whole is as good as a file on disk: hashed, stated, judged. Of anything else no
digest is known, so no statement is about it, and no policy allows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import RLock

from modelward.app.reading import Examined, Progress
from modelward.app.results import scan_result
from modelward.app.threads import begun
from modelward.checks import scan as scan_check
from modelward.checks.scan.model import FileScan
from modelward.checks.scan.partial import FIRST, Fetch, examine_parts
from modelward.checks.scan.pickle.callables import rules_version
from modelward.checks.scan.trees.notes import Naming, Notes, notes_of
from modelward.checks.scan.trees.tree import Tree as Beside
from modelward.checks.scan.trees.tree import examine_tree
from modelward.checks.scan.walk import examine
from modelward.core.artifact import Blob, Source, file_artifact, tree_artifact
from modelward.core.canonical import escape_bytes
from modelward.core.content import Hash, blob_hash
from modelward.core.digest import Digest
from modelward.core.errors import NotFetched, ReadError, UsageError
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.hub_name import Ref
from modelward.core.limits import Limits
from modelward.core.remote import Held, Remote, named
from modelward.core.result import CheckResult, Coverage, Place, Reason, ScanResult, place_order
from modelward.core.verdict import UNEXAMINED, Policy
from modelward.formats.parts import Parts
from modelward.policy.evaluate import evaluate_part
from modelward.stores import hub
from modelward.stores.files import FileSource
from modelward.stores.http import HttpFile, Pin, download
from modelward.stores.tree import Tree, excluder
from modelward.stores.web import Hop, Web

_BLOCK = 1 << 18
_CONNECTIONS = 4
_MUCH = 1 << 20
"""Bytes fetched at once, of which several files together would take more memory than one may."""
_MAYBE_CODE = Notes(Naming(problem="it can name code, and was not read whole"))


@dataclass(frozen=True, slots=True)
class _Job:
    path: str
    """As it is reported: "" for a lone file."""
    url: str
    ref: Ref | None = None
    """Where it is on the hub, if it is."""
    claim: hub.Claim | None = None
    """What the list of the repository says of it."""


@dataclass(frozen=True, slots=True)
class _File:
    size: int
    scan: FileScan
    notes: Notes | None
    blob: Blob | None
    """None where not all of it was read."""
    held: Held
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Far:
    """Everything that reading a target far away has shown, by path."""

    label: str
    is_tree: bool
    files: Mapping[str, _File]
    unreadable: tuple[tuple[str, str], ...]
    excluded: tuple[str, ...]
    limits: Limits
    remote: Remote

    def examined(self) -> Examined | None:
        """As if it lay on disk; None where a part was left on the server."""
        blobs = {path: file.blob for path, file in self.files.items() if file.blob}
        if len(blobs) < len(self.files):
            return None
        tree = Tree((), (), (), (), self.excluded, self.is_tree, self.label)
        artifact = tree_artifact(blobs, self.label) if self.is_tree else file_artifact(blobs[""], self.label)
        scans = {blob.digest: self.files[path].scan for path, blob in blobs.items()}
        return Examined(tree, artifact, scan_check.Seen(scans, self.notes(), self.limits), self.unreadable)

    def notes(self) -> dict[str, Notes]:
        return {path: file.notes for path, file in self.files.items() if file.notes}


def scan_far(far: Far) -> ScanResult:
    examined = far.examined()
    if examined is None:
        return _in_part(far)
    return replace(scan_result(examined, scan_check.CHECK.examine(examined.artifact, examined.seen)), remote=far.remote)


def check_in_part(far: Far, policy: Policy) -> CheckResult:
    scan = _in_part(far)
    said = [place.said for place in (*scan.findings, *scan.unexamined)]
    findings = [word for word in said if isinstance(word, Finding)]
    verdict = evaluate_part(findings, [word for word in said if isinstance(word, Unexamined)], policy)
    denied = set(verdict.denied)
    reasons = [
        Reason(place.said.rule.id, "rule", place.file, place.said.message)
        for place in scan.findings
        if isinstance(place.said, Finding) and place.said in denied
    ]
    reasons += [
        Reason(UNEXAMINED, "need", place.file, place.said.why)
        for place in scan.unexamined
        if isinstance(place.said, Unexamined)
    ]
    return CheckResult(scan, verdict.decision, policy.name, policy.digest, tuple(reasons))


def _in_part(far: Far) -> ScanResult:
    scans = {path: file.scan for path, file in far.files.items()}
    if far.is_tree and len(scans) > 1:
        scans = {path: scan_check.beside_others(scan) for path, scan in scans.items()}
    digests = {path: file.blob.digest for path, file in far.files.items() if file.blob}
    places = [Place(path, finding) for path, scan in scans.items() for finding in scan.findings]
    places += (Place(path, gap) for path, scan in scans.items() for gap in scan.unexamined)
    if far.is_tree:
        places += (Place(entry.path, entry.said) for entry in examine_tree(Beside(scans, far.notes(), digests)))
    places += (Place(path, Unexamined(Location(None), why)) for path, why in far.unreadable)
    formats = Counter(scan.formats[0] for scan in scans.values())
    return ScanResult(
        label=far.label,
        digest=None,
        is_tree=far.is_tree,
        findings=tuple(sorted((place for place in places if isinstance(place.said, Finding)), key=place_order)),
        unexamined=tuple(sorted((place for place in places if isinstance(place.said, Unexamined)), key=place_order)),
        coverage=Coverage(
            len(scans) + len(far.unreadable),
            sum(file.size for file in far.files.values()),
            sum(scan.examined for scan in scans.values()),
            tuple(sorted(formats.items())),
        ),
        digests=digests,
        sizes={path: file.size for path, file in far.files.items()},
        rules=rules_version(),
        excluded=far.excluded,
        remote=far.remote,
    )


# -- reading


def read_far(target: str, exclude: Sequence[str], progress: Progress | None, *, full: bool, offline: bool) -> Far:
    """Raises UsageError for an address that is not asked, ReadError where there is nothing to judge."""
    if offline:
        raise UsageError(f"{named(target)!r} is on a server, and --offline asks none: leave one of them out")
    is_excluded = excluder(exclude)
    limits = Limits()
    files: dict[str, _File] = {}
    unreadable: list[tuple[str, str]] = []
    with closing(hub.connect()) as web:
        listed, is_tree = _jobs(web, target, limits)
        excluded = {job.path for job in listed if is_tree and is_excluded(job.path)}
        jobs = [job for job in listed if job.path not in excluded]
        read = partial(_read_whole, web, limits) if full else partial(_read, web, limits, RLock())
        with begun(jobs, read, 1 if full else _CONNECTIONS) as results:
            for done, (job, result) in enumerate(zip(jobs, results, strict=True)):
                if progress is not None:
                    progress(done, len(jobs), job.path or named(target))
                try:
                    files[job.path] = result()
                except ReadError as error:
                    if not is_tree:
                        raise
                    unreadable.append((job.path, str(error)))
        commits = {file.commit for file in files.values()} or {job.claim.commit for job in listed if job.claim}
        held = {path: file.held for path, file in files.items()}
        remote = Remote(web.requests, web.bytes, min(commits, default=""), held)
    label = escape_bytes(named(target).encode("utf-8", "surrogateescape"))
    return Far(label, is_tree, files, tuple(sorted(unreadable)), tuple(sorted(excluded)), limits, remote)


def _jobs(web: Web, target: str, limits: Limits) -> tuple[list[_Job], bool]:
    ref, endpoint = hub.parse(target), hub.endpoint()
    if ref is None:
        return [_Job("", target)], False
    if ref.path:
        return [_Job("", ref.url(endpoint), ref)], False
    ref, items = hub.listing(web, ref)
    if len(items) > limits.entries:
        raise ReadError(f"{ref.repo}: more than {limits.entries:,} files")
    jobs = []
    for item in sorted(items, key=lambda item: item.path):
        file = replace(ref, path=item.path)
        path = escape_bytes(item.path.encode("utf-8", "surrogatepass"))
        jobs.append(_Job(path, file.url(endpoint), file, item.claim))
    return jobs, True


def _read(web: Web, limits: Limits, alone: RLock, job: _Job) -> _File:
    """*alone* is held while much of a file is in memory."""
    if job.claim is not None and job.claim.size == 0:  # of which no server gives a range
        return _read_whole(web, limits, job)
    with ExitStack() as held:
        file = HttpFile(web, job.url, FIRST)

        def fetch(start: int, end: int) -> bytearray:
            if end - start > _MUCH:
                held.enter_context(alone)
            return file.fetch(start, end)

        return _read_part(file, fetch, job, limits)


def _read_part(file: HttpFile, fetch: Fetch, job: _Job, limits: Limits) -> _File:
    claim = _claim(job, file.hops, file.size)
    parts = Parts(file.size)
    parts.put(0, file.head)
    scan = examine_parts(parts, fetch, limits)
    try:
        notes = _notes(parts, job)
    except NotFetched:
        notes = _MAYBE_CODE
    blob = None
    if not parts.missing():
        blob = Blob(Digest("sha256", _digest(sha256(), _windows(parts))), parts.size)
        _compare(claim, blob, _windows(parts), file.url)
    return _File(file.size, scan, notes, blob, _held(file.url, file.pin, claim, blob), _commit(claim))


def _read_whole(web: Web, limits: Limits, job: _Job) -> _File:
    with download(web, job.url) as got:
        url = got.hops[-1][0]
        claim = _claim(job, got.hops, got.pin.size)
        with FileSource(str(got.path.resolve())) as source:
            scan = examine(source, limits)
            notes = _notes(source, job)
            blob = source.finish()
        _compare(claim, blob, _bytes_of(got.path), url)
        return _File(blob.size, scan, notes, blob, _held(url, got.pin, claim, blob), _commit(claim))


def _notes(source: Source, job: _Job) -> Notes | None:
    return notes_of(source) if job.path.lower().endswith(".json") else None


def _windows(source: Source) -> Iterator[bytes]:
    return (source.read(at, _BLOCK) for at in range(0, source.size, _BLOCK))


def _bytes_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while window := file.read(_BLOCK):
            yield window


# -- what the hub says of it


def _claim(job: _Job, hops: Sequence[Hop], size: int) -> hub.Claim | None:
    """What the hub says of the file, now that it has been asked for. Raises ReadError for a contradiction."""
    if job.ref is None:
        return None
    claim = hub.claim_in(hops, job.ref, size)
    listed = job.claim
    if listed and (listed.size != size or (claim.digest and claim.digest != listed.digest)):
        raise ReadError(f"{job.ref.path!r}: the hub gives another file than its list of files names")
    return listed or claim


def _compare(claim: hub.Claim | None, blob: Blob, content: Iterator[bytes], url: str) -> None:
    if claim is None or not claim.digest:
        return
    is_git = len(claim.digest) == hub.BLOB_ID
    found = _digest(blob_hash(blob.size), content) if is_git else blob.digest.value
    if found != claim.digest:
        raise ReadError(f"{named(url)}: what came is not what the hub claims, {claim}: it is {found}")


def _digest(hashing: Hash, content: Iterator[bytes]) -> str:
    for piece in content:
        hashing.update(piece)
    return hashing.hexdigest()


def _held(url: str, pin: Pin, claim: hub.Claim | None, blob: Blob | None) -> Held:
    said = str(claim) if claim else ""
    return Held(named(url), str(pin), said, bool(said) and blob is not None)


def _commit(claim: hub.Claim | None) -> str:
    return claim.commit if claim else ""
