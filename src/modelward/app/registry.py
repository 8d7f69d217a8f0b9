"""Statements sent to a registry and brought from one: what comes is judged by the same door as every statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelward.app.store import digest_of, entries, select
from modelward.app.threads import begun
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ReadError
from modelward.core.store import Kept
from modelward.stores import evidence_manifest as form
from modelward.stores.evidence_manifest import LARGEST_STATEMENT, Subject
from modelward.stores.evidence_remote import Referrer, RemoteEvidence
from modelward.stores.evidence_store import Entry, EvidenceStore
from modelward.stores.evidence_sync import damaged
from modelward.stores.fetch import Refused
from modelward.stores.files import read_named
from modelward.stores.oci_documents import Descriptor, sha256
from modelward.stores.oci_layout import Damaged
from modelward.stores.oci_name import Repository, login_for
from modelward.stores.oci_registry import Registry

_CONNECTIONS = 8
_MOST_KEY = 1 << 20
_MOST_BYTES = 1 << 30
"""Of the statements that one pull brings: they are kept all at once, or not at all."""


@dataclass(frozen=True, slots=True)
class Pushed:
    new: tuple[Kept, ...]
    there: int
    """Statements that the registry listed already."""


def push(target: str, wanted: Sequence[str], store: str, *, insecure: bool = False) -> Pushed:
    """Send the statements that *wanted* names (see `select`), or all. When this returns the registry has them, and
    lists them. Whoever else pushes at the same time loses nothing. Raises UsageError, ReadError, and Damaged for a
    store that does not hold what it should."""
    at = Repository.parse(target, insecure=insecure)
    with EvidenceStore(store) as opened, Registry(at, login_for(at.registry), writes=True) as registry:
        chosen = _about(opened, wanted)
        remote, missing = RemoteEvidence(registry), list[Kept]()
        for about, group in chosen.items():
            there = remote.manifests(Subject.of(about))
            missing += [kept for kept in group if _manifest(kept) not in there]
        with begun(sorted({kept.about for kept in missing}), remote.anchor, _CONNECTIONS) as anchored:
            for result in anchored:
                result()

        def send(kept: Kept) -> Descriptor:  # in any thread: what is read is a file
            return remote.put(kept, opened.read(kept))

        added: dict[Digest, list[Descriptor]] = {about: [] for about in chosen}
        with begun(missing, send, _CONNECTIONS) as sent:
            for kept, made in zip(missing, sent, strict=True):
                added[kept.about].append(made())
        remote.settle(added)
    return Pushed(tuple(missing), sum(map(len, chosen.values())) - len(missing))


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


@dataclass(frozen=True, slots=True)
class Pulled:
    new: tuple[Kept, ...]
    there: int
    """Statements that the store had already."""
    others: int
    """What refers to the artifacts and says to be something else than a statement."""
    unread: tuple[str, ...]
    """What says to be a statement and is none that is understood."""

    @property
    def exit_code(self) -> int:
        return 3 if self.unread else 0


def pull(
    target: str, wanted: Sequence[str], store: str, *, insecure: bool = False, log_key: str | None = None
) -> Pulled:
    """Bring the statements about *wanted*, digests or artifacts, or all, into *store*: all of them, or none. Where the
    registry files them is a claim, as is everything else that it says; no signature is verified now. Raises
    UsageError, ReadError, and Refused for a registry that lies."""
    at = Repository.parse(target, insecure=insecure)
    login, key = login_for(at.registry), None
    if log_key is not None:
        from modelward.attest.keys import PrivateKey

        key = PrivateKey.parse(read_named(log_key, "--log-key", _MOST_KEY), None)
    with EvidenceStore(store, create=True, key=key) as opened, Registry(at, login) as registry:
        incoming = _Incoming(opened, RemoteEvidence(registry))
        incoming.look(wanted)
        found = incoming.read()
        new = opened.add(found) if found else []
        there = incoming.there + len({entry.kept for entry in found}) - len(new)
        return Pulled(tuple(new), there, incoming.others, tuple(incoming.unread))


class _Incoming:
    def __init__(self, store: EvidenceStore, remote: RemoteEvidence) -> None:
        self._store = store
        self._remote = remote
        self._listed: list[tuple[Digest, Descriptor]] = []
        self.there = self.others = 0
        self.unread: list[str] = []

    def look(self, wanted: Sequence[str]) -> None:
        """What the registry lists, and the store has not."""
        for about in dict.fromkeys(map(digest_of, wanted)) if wanted else self._remote.artifacts():
            listed = self._remote.manifests(Subject.of(about))
            if wanted and not listed:
                raise ReadError(f"there is no statement about {about} in the registry")
            have = self._known(about)
            self.there += len(have & listed.keys())
            self._listed += [(about, listed[digest]) for digest in sorted(listed.keys() - have)]

    def _known(self, about: Digest) -> set[Digest]:
        try:
            return {_manifest(kept) for kept, _ in self._store.find(about)}
        except Damaged:  # what is brought anew repairs it
            return set()

    def read(self) -> list[Entry]:
        layers: list[tuple[Digest, Referrer, Descriptor]] = []
        with begun(self._listed, self._open, _CONNECTIONS) as opened:
            for (about, _), result in zip(self._listed, opened, strict=True):
                referrer = result()
                layers += [(about, referrer, layer) for layer in referrer.statements]
                self.others += not referrer.statements
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
            self.unread.append(f"{layer.digest} about {about}: {error}")
            return []
        if not referrer.predicate_types <= {entry.predicate_type}:
            said = ", ".join(sorted(referrer.predicate_types))[:200]
            raise Refused(f"the registry says {said!r} of {layer.digest}, which is {entry.predicate_type[:200]!r}")
        return [entry]
