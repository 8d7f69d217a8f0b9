"""Statements sent to a registry and brought from one: what comes is judged by the same door as every statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from modelward.app import models
from modelward.app.store import digest_of, entries, read_log_key, select
from modelward.app.threads import begun
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ReadError, UsageError
from modelward.core.exchange import Pulled, Pushed
from modelward.core.store import Kept
from modelward.stores import evidence_manifest as form
from modelward.stores.evidence_manifest import LARGEST_STATEMENT, Subject
from modelward.stores.evidence_remote import Referrer, RemoteEvidence
from modelward.stores.evidence_store import Entry, EvidenceStore
from modelward.stores.evidence_sync import damaged
from modelward.stores.fetch import Refused
from modelward.stores.model_pack import MODEL
from modelward.stores.model_registry import Blobs
from modelward.stores.oci_documents import Descriptor, sha256
from modelward.stores.oci_layout import Damaged
from modelward.stores.oci_login import login_for
from modelward.stores.oci_name import Reference, Repository
from modelward.stores.oci_registry import Registry
from modelward.stores.web import Unreachable

if TYPE_CHECKING:
    from modelward.app.reading import Progress

_CONNECTIONS = 8
_MOST_BYTES = 1 << 30
"""Of the statements that one pull brings: they are kept all at once, or not at all."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING")


def push(
    target: str, wanted: Sequence[str], store: str, *, insecure: bool = False, progress: Progress | None = None
) -> Pushed:
    """Send the statements that *wanted* names (see `select`), or all. When this returns the registry has them, and
    lists them. Whoever else pushes at the same time loses nothing. Raises UsageError, ReadError, and Damaged for a
    store that does not hold what it should."""
    to = Reference.parse(target, insecure=insecure)
    if to.name:
        raise UsageError(f"{to}: a tag is for a model: add --with-model, or leave it out")
    with ExitStack() as stack:
        stack.enter_context(_told(to.at))
        opened = stack.enter_context(EvidenceStore(store))
        registry = stack.enter_context(Registry(to.at, login_for(to.at.registry), writes=True))
        return Pushed(str(to), *_send(_about(opened, wanted), opened, registry, progress))


def push_model(
    target: str, path: str, store: str | None, *, insecure: bool = False, progress: Progress | None = None
) -> Pushed:
    """Send the model at *path*, and the statements about it that are in *store*. Raises as `push` does."""
    to = Reference.parse(target, insecure=insecure)
    models.check_tag(to)
    local = models.read_model(path, progress)
    with ExitStack() as stack:
        stack.enter_context(_told(to.at))
        opened = stack.enter_context(EvidenceStore(store)) if store is not None else None
        chosen = {local.about: opened.certain(local.about)} if opened else {}
        login = login_for(to.at.registry)
        registry = stack.enter_context(Registry(to.at, login, writes=True))
        with Blobs(to.at, login, writes=True) as blobs:
            model = models.send(local, to, registry, blobs, progress)
        sent = _send(chosen, opened, registry, progress) if opened else ((), 0)
        return Pushed(str(to), *sent, model)


def _send(
    chosen: Mapping[Digest, Sequence[Kept]], store: EvidenceStore, registry: Registry, progress: Progress | None
) -> tuple[tuple[Kept, ...], int]:
    """What was sent, and how many were there."""
    remote, missing = RemoteEvidence(registry), list[Kept]()
    for about, group in chosen.items():
        there = remote.manifests(Subject.of(about))
        missing += [kept for kept in group if _manifest(kept) not in there]
    with begun(sorted({kept.about for kept in missing}), remote.anchor, _CONNECTIONS) as anchored:
        for result in anchored:
            result()

    def send(kept: Kept) -> Descriptor:  # in any thread: what is read is a file
        return remote.put(kept, store.read(kept))

    added: dict[Digest, list[Descriptor]] = {about: [] for about in chosen}
    with begun(missing, send, _CONNECTIONS) as sent:
        for number, (kept, made) in enumerate(zip(missing, sent, strict=True)):
            if progress:
                progress(number, len(missing), "statements")
            added[kept.about].append(made())
    remote.settle(added)
    return tuple(missing), sum(map(len, chosen.values())) - len(missing)


def _about(store: EvidenceStore, wanted: Sequence[str]) -> dict[Digest, list[Kept]]:
    """By the artifact."""
    for problem in () if wanted else store.problems():
        raise damaged(store.folder, problem)
    found: dict[Digest, list[Kept]] = {}
    for kept, _ in select(store, wanted):
        found.setdefault(kept.about, []).append(kept)
    return found


def _manifest(kept: Kept) -> Digest:
    return sha256(form.statement_manifest(kept, Subject.of(kept.about).descriptor))


def pull(
    target: str,
    wanted: Sequence[str],
    store: str,
    *,
    insecure: bool = False,
    log_key: str | None = None,
    progress: Progress | None = None,
) -> Pulled:
    """Bring the statements about *wanted*, digests or artifacts, or about the model that *target* names, or all, into
    *store*: all of them, or none. Where the registry files them is a claim, as is everything else that it says; no
    signature is verified now. Raises UsageError, ReadError, and Refused for a registry that lies."""
    at = Reference.parse(target, insecure=insecure)
    about = list(dict.fromkeys(map(digest_of, wanted)))
    with ExitStack() as stack:
        stack.enter_context(_told(at.at))
        opened = stack.enter_context(EvidenceStore(store, create=True, key=read_log_key(log_key)))
        registry = stack.enter_context(Registry(at.at, login_for(at.at.registry)))
        if at.name:
            about = [models.find(at, _one(about), registry).about]
        incoming = _Incoming(opened, RemoteEvidence(registry), progress)
        for digest in incoming.look(about):
            raise ReadError(f"there is no statement about {digest} in the registry")
        return incoming.keep(str(at))


def pull_model(
    target: str,
    wanted: Sequence[str],
    store: str | None,
    output: str,
    *,
    insecure: bool = False,
    log_key: str | None = None,
    progress: Progress | None = None,
    waiting: Callable[[], None] = lambda: None,
) -> Pulled:
    """Bring the model that *target* or *wanted* names into the folder *output*, and the statements about it into
    *store* if there is one, those first. Raises as `pull` does."""
    at = Reference.parse(target, insecure=insecure)
    asked = _one([digest_of(name) for name in wanted])
    if not (asked or at.name):
        raise UsageError(f"{at}: which model? Name its digest, or its tag as {at}:v1")
    login = login_for(at.at.registry)
    with _told(at.at), Registry(at.at, login) as registry, Blobs(at.at, login, writes=False) as blobs:
        packed = models.find(at, asked, registry)
        done = Pulled(str(at), (), 0, 0, ())
        if store is not None:
            with EvidenceStore(store, create=True, key=read_log_key(log_key)) as opened:
                incoming = _Incoming(opened, RemoteEvidence(registry), progress)
                incoming.look([packed.about])
                done = incoming.keep(str(at))
        return replace(done, brought=models.bring(packed, blobs, output, progress, waiting))


def _one(about: Sequence[Digest]) -> Digest | None:
    if len(set(about)) > 1:
        raise UsageError("one model at a time: name one digest")
    return about[0] if about else None


@contextmanager
def _told(at: Repository) -> Iterator[None]:
    """What keeps a registry from being spoken to at all, with what to do."""
    try:
        yield
    except Unreachable as error:
        if any(sign in str(error.__cause__) for sign in _NO_TLS):
            raise ReadError(f"{at}: it does not speak https: add --insecure if it is to be trusted so") from error
        raise ReadError(f"{error}: is the registry running, and is that its address?") from error


class _Incoming:
    """What a registry lists about artifacts, on its way into a store."""

    def __init__(self, store: EvidenceStore, remote: RemoteEvidence, progress: Progress | None) -> None:
        self._store = store
        self._remote = remote
        self._progress = progress
        self._listed: list[tuple[Digest, Descriptor]] = []
        self._there = self._others = self._models = 0
        self._unread: list[str] = []

    def look(self, wanted: Sequence[Digest]) -> list[Digest]:
        """What the registry lists about *wanted*, or all, and the store has not. Gives those of *wanted* about which
        there is nothing. What is listed as a model is left there."""
        absent = []
        for about in wanted or self._remote.artifacts():
            found = self._remote.manifests(Subject.of(about))
            listed = {digest: each for digest, each in found.items() if each.artifact_type != MODEL}
            self._models += len(found) - len(listed)
            if not listed:
                absent.append(about)
            have = self._known(about)
            self._there += len(have & listed.keys())
            self._listed += [(about, listed[digest]) for digest in sorted(listed.keys() - have)]
        return absent if wanted else []

    def keep(self, source: str) -> Pulled:
        found = self._read()
        new = self._store.add(found) if found else []
        there = self._there + len({entry.kept for entry in found}) - len(new)
        return Pulled(source, tuple(new), there, self._others, tuple(self._unread), self._models)

    def _known(self, about: Digest) -> set[Digest]:
        try:
            return {_manifest(kept) for kept, _ in self._store.find(about)}
        except Damaged:  # what is brought anew repairs it
            return set()

    def _read(self) -> list[Entry]:
        layers: list[tuple[Digest, Referrer, Descriptor]] = []
        with begun(self._listed, self._open, _CONNECTIONS) as opened:
            for number, ((about, _), result) in enumerate(zip(self._listed, opened, strict=True)):
                if self._progress:
                    self._progress(number, len(self._listed), "statements")
                referrer = result()
                layers += [(about, referrer, layer) for layer in referrer.statements]
                self._others += not referrer.statements
        size = sum(layer.size for *_, layer in layers)
        if size > _MOST_BYTES or any(layer.size > LARGEST_STATEMENT for *_, layer in layers):
            raise ReadError(f"the registry lists statements of {size:,} bytes: name fewer artifacts")
        found: list[Entry] = []
        with begun([layer for *_, layer in layers], self._remote.read, _CONNECTIONS) as blobs:
            for (about, referrer, layer), blob in zip(layers, blobs, strict=True):
                found += self._entries(blob(), about, referrer, layer)
        return found

    def _open(self, job: tuple[Digest, Descriptor]) -> Referrer:
        return self._remote.open(Subject.of(job[0]), job[1])

    def _entries(self, raw: bytes, about: Digest, referrer: Referrer, layer: Descriptor) -> list[Entry]:
        try:
            (entry,) = entries(raw, about)
        except Malformed as error:
            self._unread.append(f"{layer.digest} about {about}: {error}")
            return []
        if not referrer.predicate_types <= {entry.predicate_type}:
            said = ", ".join(sorted(referrer.predicate_types))[:200]
            raise Refused(f"the registry says {said!r} of {layer.digest}, which is {entry.predicate_type[:200]!r}")
        return [entry]
