"""The evidence store as people and `check` use it: what goes in is understood, what comes out goes through the gate."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ModelwardError, UsageError
from modelward.core.evidence import Evidence
from modelward.core.store import IN_TOTO, Collected, Kept, Listing
from modelward.stores.evidence_manifest import DSSE
from modelward.stores.evidence_store import Entry, EvidenceStore
from modelward.stores.files import reason
from modelward.stores.lock import Unwritable
from modelward.stores.oci_layout import Damaged
from modelward.stores.statements import Document, Unread, documents
from modelward.stores.write import replace_file

if TYPE_CHECKING:
    from modelward.attest.keys import PrivateKey

PROJECT = ".modelward"
"""The store of a project, in the folder where modelward runs."""

MODEL_SIGNATURE = "https://model_signing/signature/v1.0"
MOST_READ = 10_000
"""Statements about one artifact that `check` reads."""
_MOST_SUBJECTS = 1_000
_MOST_KEY = 1 << 20
_MOST_VALUES = 1 << 22
"""In one statement. A list of lists takes thirty times its size once it is parsed."""
_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_PREFIX = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")
_BUNDLE = re.compile(r"0\.[123]")


# -- which store


@contextmanager
def opened_for(targets: Sequence[str], store: str | None) -> Iterator[tuple[EvidenceStore | None, str]]:
    """The store that a check of *targets* writes to and reads from, made if it is not there: the one named, or the
    project's; or why the latter is not used. Raises UsageError for one that lies in what is to be checked: whoever
    made that could have filled it, and every statement that is written to it makes another artifact of it."""
    if store is None and not Path(PROJECT).is_dir():
        yield None, ""
        return
    folder = PROJECT if store is None else store
    within = _within(folder, targets)
    if within is not None:
        why = f"it lies in {within!r}, which every statement in it would change; keep it elsewhere"
        if store is not None:
            raise UsageError(f"--store {store!r}: {why}")
        yield None, f"the store {PROJECT!r} is not used: {why}, and name it with --store"
        return
    with EvidenceStore(folder, create=True) as opened:
        yield opened, ""


def _within(store: str, targets: Iterable[str]) -> str | None:
    try:
        place = os.path.realpath(store)
        for target in targets:
            around = os.path.realpath(target)
            if os.path.commonpath([around, place]) == around:
                return target
    except ValueError:  # a name that no file can have: whoever opens it says so
        pass
    return None


def named_store(store: str | None) -> str:
    """That, or the project's. Raises UsageError where there is neither."""
    if store is None and not Path(PROJECT).is_dir():
        raise UsageError(
            f"there is no {PROJECT} here: name the store with --store DIR, or make a folder {PROJECT}, to be the "
            "project's"
        )
    return PROJECT if store is None else store


# -- what goes in


@dataclass(frozen=True, slots=True)
class Added:
    """What was to be kept, and what of it was not there before."""

    kept: tuple[Kept, ...]
    new: frozenset[Kept]


def add(paths: Sequence[str], store: str, about: str | None = None, log_key: str | None = None) -> Added:
    """Keep the statements in *paths*, files and folders: all of them, or none. Each is filed under the digests that it
    is about by its own words, or under *about*, a digest or the path of an artifact. Nothing is verified here: `check`
    does that when it reads them. Raises UsageError, Malformed for what is no statement, and ReadError."""
    digest = None if about is None else digest_of(about)
    for path in paths:
        if Path(path, "oci-layout").is_file():
            raise UsageError(
                f"STATEMENT {path!r} is a store: modelward store export --store {path} --output DIR writes its "
                "statements into files, to be added"
            )
    entries = [entry for path in paths for found in documents(path, "STATEMENT") for entry in _entries(found, digest)]
    if not entries:
        raise UsageError("there is no statement in what was named")
    with EvidenceStore(store, create=True, key=read_log_key(log_key)) as opened:
        new = opened.add(entries)
    return Added(tuple(sorted({entry.kept for entry in entries})), frozenset(new))


def keep(made: Sequence[Evidence], store: EvidenceStore) -> None:
    """The statements that `check` has made. Raises as EvidenceStore.add does, but where they are there already: a store
    that may only be read is of use too."""
    new = [Entry(each.raw, IN_TOTO, each.predicate_type, each.subject) for each in (item.statement for item in made)]
    try:
        store.add(new)
    except Unwritable:
        if any(entry.kept not in store.certain(entry.about) for entry in new):
            raise


def _entries(found: Document | Unread, about: Digest | None) -> list[Entry]:
    try:
        if isinstance(found, Unread):
            raise Malformed(found.why)
        return entries(found.raw, about)
    except ModelwardError as error:
        raise Malformed(f"{found.where}: {error}; nothing was added") from error


def entries(raw: bytes, about: Digest | None = None) -> list[Entry]:
    """What to keep of a statement, an envelope or a bundle: one for each digest that it is about. Raises Malformed."""
    media_type, payload = _opened(raw)
    body = _decode(payload)
    if not isinstance(body, dict) or body.get("_type") not in _STATEMENTS:
        raise Malformed("it is no in-toto statement, nor a DSSE envelope or sigstore bundle with one")
    predicate_type = body.get("predicateType")
    if not isinstance(predicate_type, str):
        raise Malformed("a statement without a predicateType")
    subjects = [about] if about else _subjects(body, predicate_type)
    return [Entry(raw, media_type, predicate_type, subject) for subject in subjects]


def payload(raw: bytes) -> Mapping[str, Any]:
    """The statement in what was kept, whoever signed it or not. Raises Malformed."""
    body = _decode(_opened(raw)[1])
    if not isinstance(body, dict):
        raise Malformed("it is no statement")
    return body


def _opened(raw: bytes) -> tuple[str, bytes]:
    """The media type of *raw*, and the statement in it. Raises Malformed."""
    body = _decode(raw)
    if isinstance(body, dict) and "_type" in body:
        return IN_TOTO, raw
    from modelward.attest import bundle, dsse

    opened = bundle.parse(raw)
    if opened.envelope.payload_type != dsse.PAYLOAD_TYPE:
        raise Malformed(f"it signs {opened.envelope.payload_type!r}, and no in-toto statement")
    if opened.media_type is None:
        return DSSE, opened.envelope.payload
    version = _BUNDLE.search(opened.media_type)
    assert version
    return f"application/vnd.dev.sigstore.bundle.v{version[0]}+json", opened.envelope.payload


def _decode(raw: bytes) -> Any:
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > _MOST_VALUES:
        raise Malformed(f"a statement with more than {_MOST_VALUES:,} values")
    return canonical.decode(raw)


def _subjects(body: Mapping[str, Any], predicate_type: str) -> list[Digest]:
    """The digests that a statement is about, of the two kinds that artifacts have here."""
    if predicate_type == MODEL_SIGNATURE:
        raise Malformed(
            "a model signature names files, and not the digest of the model: say with --about which model it is about"
        )
    listed = body.get("subject")
    found: set[Digest] = set()
    for subject in listed if isinstance(listed, list) else []:
        digests = subject.get("digest") if isinstance(subject, dict) else None
        for algorithm in ("sha256", "sha3_256"):
            value = digests.get(algorithm) if isinstance(digests, dict) else None
            if isinstance(value, str):
                found.add(Digest.parse(f"{algorithm}:{value}"))
    if not found:
        raise Malformed(
            "a statement that names no sha256 and no sha3_256 as its subject: say with --about what it is about"
        )
    if len(found) > _MOST_SUBJECTS:
        raise Malformed(f"a statement about {len(found):,} artifacts: say with --about which one it is kept for")
    return sorted(found)


def read_log_key(path: str | None) -> PrivateKey | None:
    """Raises UsageError, ReadError, and BadKey."""
    if path is None:
        return None
    from modelward.attest.keys import PrivateKey
    from modelward.stores.files import read_named

    return PrivateKey.parse(read_named(path, "--log-key", _MOST_KEY), None)


# -- what comes out


def signed_about(digest: Digest, store: EvidenceStore) -> Iterator[Document]:
    """The statements about *digest* that somebody says to have signed, for the gate to verify: who has signed nothing
    counts for nothing. Raises Damaged where the store does not hold what it should, since a statement that says that
    something is wrong must not be lost without a word."""
    found = store.certain(digest)
    if len(found) > MOST_READ:
        raise Damaged(f"{len(found):,} statements about {digest} are in the store; at most {MOST_READ:,} are read")
    for kept in found:
        raw = store.read(kept)
        if kept.is_signed or _opened(raw)[0] != IN_TOTO:  # what a manifest says of a statement is a claim
            yield Document(f"{canonical.escape_bytes(bytes(store.folder))}:{kept.statement}", raw)


def listing(store: str, wanted: Sequence[str] = (), *, verify: bool = False) -> Listing:
    """What is in the store: all, or what *wanted* names (see `select`); with *verify* also whether every byte of it is
    as it was."""
    with EvidenceStore(store) as opened:
        problems = opened.verify() + _mislabelled(opened) if verify else opened.problems()
        return Listing(tuple(select(opened, wanted)), tuple(problems), verify)


def _mislabelled(store: EvidenceStore) -> list[str]:
    """Statements that are kept as something that they are not."""
    wrong = []
    for kept, _ in store.find():
        why = ""
        try:
            (entry,) = entries(store.read(kept), kept.about)
            if entry.kept != kept:
                why = f"it is kept as {kept.predicate_type} in {kept.media_type}, and is another"
        except Damaged:
            continue  # it is named already
        except ModelwardError as error:
            why = str(error)
        if why:
            wrong.append(f"statement {kept.statement}: {why}")
    return wrong


def select(store: EvidenceStore, wanted: Sequence[str]) -> list[tuple[Kept, int | None]]:
    """The statements that each of *wanted* names, all if nothing does: the digest of what they are about, their own
    digest or six digits or more from its beginning, or the path of an artifact. Raises UsageError for what names
    nothing."""
    if not wanted:
        return store.find()
    found: dict[Kept, int | None] = {}
    for name in wanted:
        matches = _matching(store, name)
        if not matches:
            raise UsageError(f"there is nothing about {name!r} in the store: modelward store list says what there is")
        found.update(matches)
    return sorted(found.items())


def _matching(store: EvidenceStore, name: str) -> list[tuple[Kept, int | None]]:
    prefix = _PREFIX.fullmatch(name)
    own = store.find(statement=f"sha256:{prefix[1]}") if prefix else []
    if own or (prefix and not Path(name).exists() and len(prefix[1]) < 64):
        return own
    return store.find(digest_of(name))


def digest_of(name: str) -> Digest:
    """A digest, or that of the artifact at a path. Raises UsageError, ReadError."""
    if re.fullmatch(r"(?:sha256|sha3_256):[0-9a-f]{64}", name):
        return Digest.parse(name)
    from modelward.app.manifesting import manifest

    return manifest(name).statement.subject


@dataclass(frozen=True, slots=True)
class Shown:
    """One statement, with what is in it."""

    kept: Kept
    position: int | None
    body: str
    """The statement as indented JSON, without signatures."""


def show(store: str, wanted: str) -> list[Shown]:
    """Raises as `select` does, and Malformed for a statement that is none."""
    with EvidenceStore(store) as opened:
        shown = []
        for kept, position in select(opened, [wanted]):
            _, payload = _opened(opened.read(kept))
            body = json.dumps(_decode(payload), indent=2, ensure_ascii=False)
            shown.append(Shown(kept, position, body))
        return shown


def export(store: str, wanted: Sequence[str], output: str) -> list[Kept]:
    """Write statements, byte for byte as they came, into files of the folder *output*, which `check --evidence` reads.
    Raises as `select` does, and UsageError for a folder that cannot be written to."""
    folder = Path(output)
    with EvidenceStore(store) as opened:
        chosen = [kept for kept, _ in select(opened, wanted)]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for kept in chosen:
                raw = opened.read(kept)
                replace_file(folder / _file_name(kept), raw)
        except (OSError, ValueError) as error:
            raise UsageError(f"--output {output!r}: cannot write: {reason(error)}; name a folder") from error
    return chosen


def _file_name(kept: Kept) -> str:
    kind = re.sub(r"[^A-Za-z0-9.]+", "-", re.sub(r"^\w+:(?://)?", "", kept.predicate_type))[:60].strip("-.")
    return f"{kind or 'statement'}-{kept.statement.value}.json"


def rebuild(store: str) -> Listing:
    with EvidenceStore(store) as opened:
        opened.rebuild()
        return Listing(tuple(opened.find()), tuple(opened.problems()), False)


def gc(store: str) -> Collected:
    with EvidenceStore(store) as opened:
        return opened.gc()
