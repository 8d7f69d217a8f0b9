"""The index made to say what the layout and the log say: read strictly, all of it or what has changed."""

from __future__ import annotations

import time
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.store import Kept
from modelward.stores import evidence_manifest as form
from modelward.stores.evidence_index import Index
from modelward.stores.evidence_manifest import Subject
from modelward.stores.files import Identity
from modelward.stores.oci_documents import INDEX, Descriptor, parse_index, sha256, tagged
from modelward.stores.oci_layout import LARGEST_LIST, LARGEST_MANIFEST, Damaged, Layout

if TYPE_CHECKING:
    from modelward.attest.keys import PrivateKey
    from modelward.stores.log import Log

_ATTEMPTS = 5
_PAUSE = 0.05


def damaged(folder: Path, what: str) -> Damaged:
    """What is wrong with a statement, and what to do."""
    return Damaged(f"the store {str(folder)!r} is damaged: {what}; add that statement again, or restore a copy of it")


def on_disk(index: Index, layout: Layout, key: PrivateKey | None, *, begins: bool = False) -> None:
    """Bring *index* up to date, and log what is in the layout and not in the log. The caller holds the lock."""
    raw = layout.read_index()
    if index.state("layout") != sha256(raw).value:
        with index.change():
            match_layout(index, layout, raw)
            write_log(index, layout.folder, key, begins=begins)
            mark(index, layout, raw)
    elif not is_current(index, layout):
        mark(index, layout, raw)  # this is a copy of the store


def in_memory(layout: Layout) -> Index:
    """An index made without the lock: once more if somebody wrote meanwhile. Nothing is written."""
    for _ in range(_ATTEMPTS):
        index, before = Index(None), layout.identity()
        raw = layout.read_index()
        with index.change():
            match_layout(index, layout, raw)
            read_log(index, layout.folder)
            mark(index, layout, raw)
        if layout.identity() == before and not index.unlogged():
            break
        time.sleep(_PAUSE)
    return index


def of_layout(layout: Layout) -> Index:
    """The same, of the layout alone."""
    for _ in range(_ATTEMPTS):
        index, before = Index(None), layout.identity()
        with index.change():
            match_layout(index, layout, layout.read_index())
        if layout.identity() == before:
            break
    return index


# -- whether it is up to date


def is_current(index: Index, layout: Layout) -> bool:
    return index.state("identity") == _text(layout.identity())


def mark(index: Index, layout: Layout, raw: bytes) -> None:
    """*index* says what index.json, which is *raw*, does."""
    index.set_state(layout=sha256(raw).value, identity=_text(layout.identity()))


def _text(identity: Identity | None) -> str:
    return f"{identity.place}:{identity.state}" if identity else ""


# -- the layout


def match_layout(index: Index, layout: Layout, raw: bytes) -> None:
    try:
        tags = tagged(raw)
    except Malformed as error:
        raise damaged(layout.folder, f"index.json: {error}") from error
    known = index.subjects()
    for tag, descriptor in tags.items():
        if known.get(tag) != descriptor.digest.value:
            if tag in known:
                index.drop_subject(tag)
            index.set_subject(tag, descriptor.digest.value, *read_list(layout, tag, descriptor))
    for tag in known.keys() - tags.keys():
        index.drop_subject(tag)


def read_list(layout: Layout, tag: str, descriptor: Descriptor) -> tuple[list[Kept], str]:
    """The statements that the list under *tag* names, and the first thing that is wrong with it."""
    kept: list[Kept] = []
    why = ""
    try:
        entries = parse_index(layout.fetch(descriptor, LARGEST_LIST))
        layer = form.subject_layer(layout.read(Digest("sha256", tag), LARGEST_MANIFEST))
        about = form.parse_subject(layout.fetch(layer))
        subject = Subject.of(about)
        if subject.tag != tag:
            raise Malformed(f"the manifest that anchors {about} has other bytes than follow from it")
    except (Damaged, Malformed) as error:
        return kept, str(error)
    for entry in entries:
        try:
            kept.append(_read_entry(layout, entry, subject, about))
        except (Damaged, Malformed) as error:
            why = why or str(error)
    return kept, why


def _read_entry(layout: Layout, entry: Descriptor, subject: Subject, about: Digest) -> Kept:
    manifest = layout.fetch(entry)
    kept = form.parse_statement(manifest, about, subject.descriptor)
    if not layout.has(kept.statement, kept.size):
        raise Damaged(f"blob {kept.statement} is missing, or has not the {kept.size:,} bytes that it should have")
    return kept


@dataclass(frozen=True, slots=True)
class Grown:
    """The list of the statements about one artifact, with more in it."""

    subject: Subject
    descriptor: Descriptor
    blobs: frozenset[bytes]
    """What must be written before it is named: itself, and what it names but for the statements."""
    new: Set[Kept]
    replaces: str
    """The list that it takes the place of, if that could be read."""
    was_broken: bool

    @property
    def is_new(self) -> bool:
        return self.was_broken or self.replaces != self.descriptor.digest.value


def grown(index: Index, layout: Layout, about: Digest, kept: Set[Kept]) -> Grown:
    """The list about *about* with *kept* in it. One that cannot be read, or names what cannot, is made anew of what
    can; what is then not in it the log still names."""
    subject = Subject.of(about)
    known = {old for old, _ in index.find(about)}
    was, why = index.subject(subject.tag) or ("", "")
    entries: list[Descriptor] = []
    new, replaces = kept - known, ""
    try:
        if why:
            raise Damaged(why)
        if was:
            entries += parse_index(layout.read(Digest("sha256", was), LARGEST_LIST))
            replaces = was
    except (Damaged, Malformed):
        kept = kept | known
    manifests = {form.statement_manifest(each, subject.descriptor): each for each in kept}
    entries += [form.referrer(each, manifest) for manifest, each in manifests.items()]
    raw = form.referrers(entries)
    blobs = frozenset((subject.manifest, subject.layer, raw, *manifests))
    return Grown(subject, Descriptor.of(INDEX, raw), blobs, new, replaces, bool(why))


# -- the log


def read_log(index: Index, folder: Path) -> None:
    """Learn what the log has gained."""
    from modelward.stores.log import Log

    if (folder / "log").exists():
        _learn(index, Log.load(folder / "log"), folder)


def write_log(index: Index, folder: Path, key: PrivateKey | None, *, begins: bool = False) -> None:
    """The same, and log what it lacks. A log that is gone is begun anew only with *begins*: whoever has removed it
    would else find that nobody knows it any more."""
    from modelward.stores.log import Log
    from modelward.stores.log_files import CHECKPOINT, LogFiles

    if not begins and not LogFiles(folder / "log").has(CHECKPOINT) and (index.logged or index.unlogged()):
        had = f", which had {index.logged:,} records" if index.logged else ""
        raise Damaged(
            f"the store {str(folder)!r} is damaged: its log is gone{had}; restore a copy of it, or begin another one "
            "with modelward store rebuild"
        )
    log = Log.open(folder / "log", key)
    _learn(index, log, folder)
    lacking = index.unlogged()
    for position, kept in zip(log.append([form.record(each) for each in lacking]), lacking, strict=True):
        index.log(position, kept.about, kept.statement, kept.predicate_type)
    index.set_state(logged=log.size)


def _learn(index: Index, log: Log, folder: Path) -> None:
    known = index.logged
    if log.size < known:
        raise Damaged(
            f"the store {str(folder)!r} is damaged: its log ends after {log.size:,} of {known:,} records; restore a "
            "copy of it, or take it as it is with modelward store rebuild"
        )
    if log.size > known:
        for position, raw in enumerate(log.records(known), known):
            try:
                index.log(position, *form.parse_record(raw))
            except Malformed as error:
                raise Damaged(f"the store {str(folder)!r} is damaged: record {position} of its log: {error}") from error
    index.set_state(logged=log.size)
