"""Models sent to a registry and brought from one, file by file, beside the statements about them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelward.app.contents import read_contents
from modelward.app.counting import Count
from modelward.app.threads import begun
from modelward.checks.pins.paths import refusals
from modelward.core.artifact import Blob, tree_digest
from modelward.core.canonical import escape_bytes
from modelward.core.content import Content
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ReadError, UsageError
from modelward.core.exchange import Brought, Model
from modelward.stores.evidence_manifest import Subject
from modelward.stores.evidence_remote import RemoteEvidence
from modelward.stores.fetch import PARTS, Refused, alone_in, holds, tidy
from modelward.stores.files import reason
from modelward.stores.model_pack import MODEL, Pack, Packed, tag_of
from modelward.stores.model_registry import Blobs, LocalFile
from modelward.stores.oci_layout import LARGEST_MANIFEST
from modelward.stores.oci_name import Reference
from modelward.stores.oci_registry import Registry
from modelward.stores.tree import LEFT_OUT, open_target

if TYPE_CHECKING:
    from modelward.app.reading import Progress

_CONNECTIONS = 4
_TAKEN = re.compile(r"(?:modelward|sha256|sha512)-.*")
"""Tags that mean something else: those of ours, and of the fall-back scheme."""


def _size(blobs: Iterable[Blob]) -> int:
    return sum(blob.size for blob in blobs)


# -- there


@dataclass(frozen=True, slots=True)
class Local:
    """A model on this machine. Its digest follows from *files*, and from whether it is a folder."""

    about: Digest
    files: Mapping[str, Blob]
    places: Mapping[Digest, tuple[bytes, str]]
    """Where each content lies, and the path of it in the model."""
    pack: Pack


def read_model(path: str, progress: Progress | None = None) -> Local:
    """Hashes all of it. Raises UsageError and ReadError for what could not come back as the same artifact."""
    tree = open_target(path)
    contents = read_contents(tree, progress=progress)
    for name, why in sorted(contents.unreadable.items()):
        raise ReadError(f"{path!r} cannot be sent whole: {name or 'it'!r}: {why}")
    blobs = contents.blobs()
    if not blobs:
        raise UsageError(f"there is no file in {path!r}")
    about = tree_digest(blobs) if tree.is_tree else blobs[""].digest
    files = blobs if tree.is_tree else {_name(path): blobs[""]}
    for name, why in _unwritable(sorted(files)):
        raise UsageError(f"{path!r} cannot be sent: elsewhere nothing is written under {name!r}: {why}")
    for key in (name for name in files if name.endswith("log/key") and f"{name[:-7]}oci-layout" in files):
        raise UsageError(f"{key!r} in {path!r} is the secret key of a store: keep the store outside of the model")
    places = {blobs[entry.path].digest: (entry.real, entry.path or path) for entry in tree.entries}
    pack = Pack.of(about, files)
    if len(pack.manifest) > LARGEST_MANIFEST:
        raise UsageError(f"{path!r} has {len(files):,} files, which are more than a registry takes as one model")
    return Local(about, files, places, pack)


def _name(path: str) -> str:
    """As it was given: what a cache links to is called by a digest."""
    return escape_bytes(os.path.basename(os.fsencode(os.path.abspath(path))))  # noqa: PTH100, PTH119


def send(local: Local, to: Reference, registry: Registry, blobs: Blobs, progress: Progress | None) -> Model:
    """When this returns the registry has it, under its digest and under the tag of *to* if that has one. The files come
    first and what names them last: whoever looks meanwhile finds the whole of it or nothing."""
    sizes = {blob.digest: blob for blob in local.files.values()}
    count = Count(len(sizes), _size(sizes.values()), progress)

    def put(blob: Blob) -> None:
        real, path = local.places[blob.digest]
        if not blobs.put(LocalFile(real, path, blob), count.took):
            count.took(blob.size)
        count.finished()

    with begun(list(sizes.values()), put, _CONNECTIONS) as sent:
        for result in sent:
            result()
    remote = RemoteEvidence(registry)
    there = remote.manifests(Subject.of(local.about))
    remote.anchor(local.about)
    registry.put_blob(local.pack.config)
    for tag in filter(None, (tag_of(local.about), to.name)):
        registry.put_manifest(local.pack.manifest, tag=tag)
    made = local.pack.descriptor
    if made.digest not in there:
        remote.settle({local.about: [made]})
    return Model(local.about, made.digest, len(local.files), _size(local.files.values()))


def check_tag(to: Reference) -> None:
    """Raises UsageError for what cannot become the name of a model."""
    if ":" in to.name or _TAKEN.fullmatch(to.name):
        raise UsageError(f"{to}: a model gets another tag, as {to.at}:v1, or none")


# -- and back


def find(at: Reference, wanted: Digest | None, registry: Registry) -> Packed:
    """The model that *at* names, or that is *wanted*: as the registry describes it, and so that nothing else can come.
    Raises ReadError, and Refused for another one."""
    name = at.name or (tag_of(wanted) if wanted else "")
    raw = registry.tagged(name)
    if raw is None and wanted and not at.name:
        raw = _listed(wanted, registry)
    if raw is None:
        raise ReadError(f"there is no model {at.name or wanted} in {at.at}")
    try:
        packed = Packed.parse(raw)
    except Malformed as error:
        raise Refused(f"{at.at}: what it has as {name} is no model that can be brought: {error}") from error
    if ":" in name and str(packed.manifest) != name:
        raise Refused(f"{at}: what came is {packed.manifest}")
    if wanted not in (None, packed.about):
        raise Refused(f"{at.at}: what it has as {name} is {packed.about}, and not {wanted}")
    for path, why in _unwritable(packed.files):
        raise Refused(f"{at.at}: the model has a file under whose name nothing is written, {path!r}: {why}")
    return packed


def _listed(wanted: Digest, registry: Registry) -> bytes | None:
    """The model without its tag, which goes missing where others copy it."""
    listed = RemoteEvidence(registry).manifests(Subject.of(wanted))
    found = [each for _, each in sorted(listed.items()) if each.artifact_type == MODEL]
    return registry.read_manifest(found[0]) if found else None


def bring(packed: Packed, blobs: Blobs, output: str, progress: Progress | None, waiting: Callable[[], None]) -> Brought:
    """Puts the model into the folder *output*, in which nothing else may lie. A file gets its name once its bytes are
    what they must be; what is there already, and is that, stays; what was interrupted goes on. Raises UsageError for
    a folder with something else in it, ReadError, and Refused for other bytes."""
    folder = Path(output)
    count = Count(len(packed.files), _size(packed.files.values()), progress)
    with alone_in(folder, waiting):
        missing = [job for job in sorted(packed.files.items()) if not _is_there(folder, *job, count)]
        if packed.is_tree and (others := _there(output) - packed.files.keys()):
            raise UsageError(f"{min(others)!r} lies in {output!r} and is not of the model: name another folder")
        _check_room(folder, _size(blob for _, blob in missing))
        _fetch_all(missing, blobs, folder, count)
        # as everything else that reads models sees it
        if packed.is_tree and _there(output) != packed.files.keys():
            raise ReadError(f"{output!r} has not the files that were written to it: a link leads out, or one was moved")
    model = Model(packed.about, packed.manifest, len(packed.files), _size(packed.files.values()))
    return Brought(model, output if packed.is_tree else os.path.join(output, *packed.files))  # noqa: PTH118


def _fetch_all(missing: Sequence[tuple[str, Blob]], blobs: Blobs, folder: Path, count: Count) -> None:
    """Nobody is at work in *folder* any more when this returns, or raises ReadError."""
    failures: list[ReadError] = []

    def fetch(job: tuple[str, Blob]) -> None:
        if not failures:  # else it waits for nothing
            try:
                blobs.bring(*job, folder, count.took)
                count.finished()
            except ReadError as error:
                failures.append(error)

    with begun(missing, fetch, _CONNECTIONS) as results:
        for result in results:
            result()
    tidy(folder, not failures)
    for failure in sorted(failures, key=lambda error: not isinstance(error, Refused)):
        raise failure


def _is_there(folder: Path, path: str, blob: Blob, count: Count) -> bool:
    """Raises UsageError where something else is: nobody's file is replaced."""
    if holds(folder / path, Content(blob.size, blob.digest.value)):
        count.took(blob.size)
        count.finished()
        return True
    if os.path.lexists(folder / path):
        raise UsageError(f"{path!r} lies in {str(folder)!r} and is another file: remove it, or name another folder")
    return False


def _there(output: str) -> set[str]:
    tree = open_target(output, left_out=LEFT_OUT | {PARTS})
    return {entry.path for entry in tree.entries} | {gap.path for gap in tree.gaps}


def _check_room(folder: Path, size: int) -> None:
    """Raises ReadError now rather than after an hour."""
    try:
        size -= sum(part.stat().st_size for part in (folder / PARTS).glob("*"))
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ReadError(f"{str(folder)!r}: {reason(error)}") from error
    if size > free:
        raise ReadError(f"there is no room for {size:,} bytes in {str(folder)!r}, only for {free:,}")


def _unwritable(files: Collection[str]) -> Iterator[tuple[str, str]]:
    """Paths under which nothing is written elsewhere, and why."""
    for path in files:
        if path.partition("/")[0] == PARTS:
            yield path, "there lies what has come of an interrupted transfer"
    yield from refusals(files)
