"""Whether a target is what a manifest or a signature says it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelward.app.contents import Contents, Progress, Remembered, path_inside, read_contents
from modelward.checks import manifest as manifest_check
from modelward.checks.manifest import model_signing
from modelward.checks.manifest.differences import Listing, differences, folders
from modelward.checks.manifest.model import Manifest
from modelward.checks.manifest.model_signing import Content
from modelward.core import canonical
from modelward.core.artifact import tree_digest
from modelward.core.canonical import escape_bytes
from modelward.core.errors import Malformed, ReadError
from modelward.core.statement import Statement, subjects
from modelward.core.verification import Difference, Verification
from modelward.stores.files import reason
from modelward.stores.hashing import WHOLE, Hashed, Way
from modelward.stores.tree import LEFT_OUT, Tree, open_target

if TYPE_CHECKING:
    from modelward.attest.verify import Signer, Trust

_MOST = 256 << 20
"""Bytes of a manifest or a signature: more than a million files."""


def read_whole(path: str, what: str) -> bytes:
    """A small file that the command line names. Raises ReadError."""
    try:
        with open(path, "rb") as file:  # it may be a device without end
            raw = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        raise ReadError(f"cannot read the {what} {path!r}: {reason(error)}") from error
    if len(raw) > _MOST:
        raise ReadError(f"the {what} {path!r} has more than {_MOST:,} bytes")
    return raw


@contextmanager
def remember(target: str, cache: str | None, trusts_stat: bool) -> Iterator[Remembered | None]:
    """Digests of earlier runs that the folder *cache* holds. One within *target* is not used: whoever made
    the target could have put them there."""
    if cache is None:
        yield None
        return
    from modelward.stores.cache import Cache

    opened = Cache(cache, b"", [target])
    try:
        yield Remembered(opened, trusts_stat)
    finally:
        opened.close()


@dataclass(frozen=True, slots=True)
class Question:
    """What *target* is compared with, and how."""

    target: str
    path: str
    """Of the file with the list, which is no part of the target, wherever it lies."""
    what: str
    accepts_uncovered: bool = False
    remembered: Remembered | None = None
    progress: Progress | None = None

    @contextmanager
    def named(self, hint: str = "") -> Iterator[None]:
        """Errors in the file say which file it is."""
        try:
            yield
        except Malformed as error:
            raise Malformed(f"the {self.what} {self.path!r}: {error}{hint}") from error

    def look(self, left_out: frozenset[str], way: Way = WHOLE) -> Found:
        """Raises UsageError, and ReadError where it cannot be known what is there."""
        itself = path_inside(self.target, self.path)
        tree = open_target(self.target, left_out=left_out | ({itself} if itself else frozenset()))
        contents = read_contents(tree, way, self.remembered, self.progress)
        if tree.is_tree and "" in contents.unreadable:
            raise ReadError(f"cannot compare {tree.label!r}: {contents.unreadable['']}")
        name = os.path.realpath(os.fsencode(self.target)).rpartition(b"/")[2]
        uncovered = tuple(path for path in tree.left_out if path != itself)
        return Found(escape_bytes(name), tree, contents, uncovered)


@dataclass(frozen=True, slots=True)
class Found:
    """A target as it is now. *tree* is without what does not count, *uncovered* names that."""

    name: str
    """Of the target itself, escaped: the last part of its path."""
    tree: Tree
    contents: Contents
    uncovered: tuple[str, ...]

    @property
    def links(self) -> dict[str, str]:
        return {link.path: link.target for link in self.tree.links}


def verify_manifest(question: Question) -> Verification:
    """Whether the target is what a manifest statement lists. Nobody vouches for the manifest itself.

    Raises UsageError for a target that is not there, ReadError and Malformed where there is nothing to compare.
    """
    raw = read_whole(question.path, question.what)
    with question.named("; what is signed goes to --signature" if b'"signatures"' in raw else ""):
        return _compare_manifest(question, raw, f"manifest sha256:{hashlib.sha256(raw).hexdigest()}", ())


def verify_signature(question: Question, trust: Trust) -> Verification:
    """Whether the target is what somebody whom *trust* names has signed: its files in the OpenSSF Model Signing
    format, its manifest, or another statement about it. The signature first: nothing of it counts before.

    Raises as verify_manifest does, and Untrusted (exit 1) where the signature does not verify.
    """
    from modelward.app.trust import open_signed

    raw = read_whole(question.path, question.what)
    with question.named("; what nobody signed goes to --manifest" if b'"signatures"' not in raw else ""):
        verified = open_signed(raw, trust)
    payload = verified.payload
    against = f"signature sha256:{hashlib.sha256(raw).hexdigest()}"
    signers = tuple(map(_named, verified.signers))
    if _is_exactly(question.target, payload):  # the signed statement itself
        label = escape_bytes(os.fsencode(question.target))
        return Verification(label, against, signers, 1, len(payload), (), (), question.accepts_uncovered)
    with question.named():
        compare = _COMPARE.get(_predicate_type(payload), _compare_statement)
        return compare(question, payload, against, signers)


def _is_exactly(target: str, content: bytes) -> bool:
    if not os.path.isfile(target):  # noqa: PTH113 (without pathlib it starts faster); a FIFO would wait for a writer
        return False
    try:
        with open(target, "rb") as file:
            return file.read(len(content) + 1) == content
    except (OSError, ValueError):
        return False  # the walk says what is wrong


def _named(signer: Signer) -> str:
    name = f"{signer.identity}{f', as {signer.issuer} says' if signer.issuer else ''}" if signer.identity else None
    return ", ".join(filter(None, (name, f"key sha256:{signer.key}" if signer.key else None)))


def _predicate_type(payload: bytes) -> str:
    body = canonical.decode(payload)
    return str(body.get("predicateType")) if isinstance(body, dict) else ""


def parse_manifest(raw: bytes) -> Manifest:
    """The list in a manifest statement, whose subject is recomputed from it. Raises Malformed."""
    statement = Statement.parse(raw)
    if statement.predicate_type != manifest_check.CHECK.predicate_type:
        raise Malformed(f"expected a manifest, got a statement of type {statement.predicate_type}")
    manifest = manifest_check.CHECK.decode(statement.predicate)
    lone = manifest.files.get("")
    if statement.subject != (lone.digest if lone else tree_digest(manifest.files)):
        raise Malformed("the subject of the manifest is not the digest of the files that it lists")
    return manifest


# -- what differs


def _compare_manifest(question: Question, raw: bytes, against: str, signers: tuple[str, ...]) -> Verification:
    manifest = parse_manifest(raw)
    found = question.look(LEFT_OUT | {*manifest.left_out, *manifest.excluded})
    itself = hashlib.sha256(raw).hexdigest()  # the manifest may lie beside its signature
    files = {
        path: blob
        for path, blob in found.contents.blobs().items()
        if path in manifest.files or blob.digest.value != itself
    }
    listed = Listing(manifest.files, dict(manifest.links), dict(manifest.unreadable))
    now = Listing(files, found.links, found.contents.unreadable)
    unseen = {path for path, why in listed.others.items() if found.contents.unreadable.get(path) == why}
    return _verification(question, found, against, signers, listed, now, unseen)


def _compare_model_signature(
    question: Question, payload: bytes, against: str, signers: tuple[str, ...]
) -> Verification:
    signed = model_signing.parse(payload)
    found = question.look(signed.left_out, Way(signed.algorithm, signed.shard))
    files: dict[str, Hashable] = {path: content_of(file, signed.shard) for path, file in found.contents.hashed.items()}
    uncovered = {path for path, content in files.items() if content == () and path not in signed.files}
    links: dict[str, str] | None = {}
    if signed.follows_links:  # to files: the format has no word for what a link to a folder leads to
        links = None
        linked = {link.path for link in found.tree.links if link.path not in files}
        behind = {path: folder for path in files for folder in folders(path) if folder in linked}
        uncovered |= {folder for path, folder in behind.items() if path not in signed.files}
        files = {path: content for path, content in files.items() if path in signed.files or path not in behind}
    listed: Mapping[str, Hashable] = signed.files
    if not found.tree.is_tree and len(listed) == 1 and found.name in listed:
        listed = {"": listed[found.name]}
    now = {path: content for path, content in files.items() if path not in uncovered}
    was = Listing(listed, links)
    return _verification(
        question, found, against, signers, was, Listing(now, found.links, found.contents.unreadable), uncovered
    )


def _compare_statement(question: Question, payload: bytes, against: str, signers: tuple[str, ...]) -> Verification:
    """A statement that lists no files says of what it is about no more than the digest. What else it says is not
    looked at: that is for `check`."""
    body = canonical.decode(payload)
    named = subjects(body)
    found = question.look(LEFT_OUT)
    blobs = found.contents.blobs()
    now = tree_digest(blobs) if found.tree.is_tree else blobs[""].digest if blobs else None
    differs: tuple[Difference, ...] = ()
    if now is None or (now.algorithm, now.value) not in named:
        about = ", ".join(sorted(f"{algorithm}:{value}" for algorithm, value in named)[:3]) or "nothing"
        differs = (Difference("changed", "", f"the statement is about {about}, this is {now}"),)
    differs += tuple(Difference("type", path, why) for path, why in sorted(found.contents.unreadable.items()))
    return Verification(
        label=found.tree.label,
        against=f"{against}, {body['predicateType']}",
        signers=signers,
        files=len(blobs),
        bytes=sum(blob.size for blob in blobs.values()),
        differences=differs,
        uncovered=found.uncovered,
        accepts_uncovered=question.accepts_uncovered,
    )


_Compare = Callable[[Question, bytes, str, tuple[str, ...]], Verification]
_COMPARE: Mapping[str, _Compare] = {
    model_signing.PREDICATE_TYPE: _compare_model_signature,
    manifest_check.CHECK.predicate_type: _compare_manifest,
}


def content_of(file: Hashed, shard: int | None) -> Content:
    if shard is None:
        return ((0, file.digests[0].hex()),)
    ends = (min((index + 1) * shard, file.identity.size) for index in range(len(file.digests)))
    return tuple(zip(ends, (digest.hex() for digest in file.digests), strict=True))


def _verification(
    question: Question,
    found: Found,
    against: str,
    signers: tuple[str, ...],
    listed: Listing,
    now: Listing,
    more_uncovered: set[str],
) -> Verification:
    if not listed.files:
        differs: tuple[Difference, ...] = (Difference("missing", "", "no file is listed, so nothing is verified"),)
    elif ("" in listed.files) == found.tree.is_tree:
        is_now = "a folder, not a file" if found.tree.is_tree else "a file, not a folder"
        differs = (Difference("type", "", is_now),)
    else:
        differs = differences(listed, now)
    return Verification(
        label=found.tree.label,
        against=against,
        signers=signers,
        files=len(listed.files),
        bytes=sum(file.identity.size for file in found.contents.hashed.values()),
        differences=differs,
        uncovered=tuple(sorted({*found.uncovered, *more_uncovered})),
        accepts_uncovered=question.accepts_uncovered,
    )
