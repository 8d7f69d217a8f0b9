"""Whether a target is what a manifest or a signature says it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelward.app.contents import Contents, Remembered, read_contents
from modelward.checks import manifest as manifest_check
from modelward.checks.manifest import model_signing
from modelward.checks.manifest.differences import Listing, differences
from modelward.checks.manifest.model import Manifest
from modelward.checks.manifest.model_signing import Content, Signed
from modelward.core import canonical
from modelward.core.artifact import tree_digest
from modelward.core.canonical import escape_bytes
from modelward.core.errors import Malformed, ReadError
from modelward.core.statement import Statement
from modelward.core.verification import Difference, Verification
from modelward.stores.files import reason
from modelward.stores.hashing import WHOLE, Hashed, Way
from modelward.stores.tree import LEFT_OUT, Tree, open_target

if TYPE_CHECKING:
    from modelward.app.trust import Trust
    from modelward.attest.verify import Signer

_MOST = 256 << 20
"""Bytes of a manifest or a signature: more than a million files."""


def read_whole(path: str, what: str) -> bytes:
    """A small file that the command line names. Raises ReadError."""
    try:
        with Path(path).open("rb") as file:  # it may be a device without end
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


def verify_manifest(
    target: str, path: str, *, accepts_uncovered: bool = False, remembered: Remembered | None = None
) -> Verification:
    """Compares *target* with the manifest statement in the file *path*. Nobody vouches for the manifest itself.

    Raises UsageError for a target that is not there, ReadError and Malformed where there is nothing to compare.
    """
    raw = read_whole(path, "manifest")
    against = f"manifest sha256:{hashlib.sha256(raw).hexdigest()}"
    found = _look(target, path, _left_out(parse_manifest(raw)), WHOLE, remembered)
    return compare_manifest(parse_manifest(raw), found, against, (), accepts_uncovered)


def verify_signature(
    target: str, path: str, trust: Trust, *, accepts_uncovered: bool = False, remembered: Remembered | None = None
) -> Verification:
    """Compares *target* with what somebody whom *trust* names has signed: its files in the OpenSSF Model Signing
    format, its manifest, or another statement about it. The signature first: nothing of it counts before.

    Raises as verify_manifest does, and Untrusted (exit 1) where the signature does not verify.
    """
    from modelward.app.trust import open_signed

    raw = read_whole(path, "signature")
    verified = open_signed(raw, trust)
    against = f"signature sha256:{hashlib.sha256(raw).hexdigest()}"
    signers = tuple(map(_named, verified.signers))
    if _is_exactly(target, verified.payload):  # the signed statement itself
        return Verification(
            escape_bytes(os.fsencode(target)), against, signers, 1, len(verified.payload), (), (), accepts_uncovered
        )
    kind = _predicate_type(verified.payload)
    if kind == model_signing.PREDICATE_TYPE:
        signed = model_signing.parse(verified.payload)
        found = _look(target, path, signed.left_out, Way(signed.algorithm, signed.shard), remembered)
        return compare_model_signature(signed, found, against, signers, accepts_uncovered)
    if kind == manifest_check.CHECK.predicate_type:
        manifest = parse_manifest(verified.payload)
        found = _look(target, path, _left_out(manifest), WHOLE, remembered)
        return compare_manifest(manifest, found, against, signers, accepts_uncovered)
    found = _look(target, path, LEFT_OUT, WHOLE, remembered)
    return _compare_statement(Statement.parse(verified.payload), found, against, signers, accepts_uncovered)


def _is_exactly(target: str, content: bytes) -> bool:
    try:
        with Path(target).open("rb") as file:
            return file.read(len(content) + 1) == content
    except (OSError, ValueError):
        return False  # then it is a folder, or the walk says what is wrong


def _named(signer: Signer) -> str:
    key = f"key sha256:{signer.key}"
    if signer.identity is None:
        return key
    return f"{signer.identity}{f', as {signer.issuer} says' if signer.issuer else ''}, {key}"


def _predicate_type(payload: bytes) -> object:
    body = canonical.decode(payload)
    return body.get("predicateType") if isinstance(body, dict) else None


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


# -- what is there


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


def _look(
    target: str, evidence: str, left_out: frozenset[str], way: Way, remembered: Remembered | None = None
) -> Found:
    """*evidence*, the file that *target* is compared with, is no part of it, wherever it lies."""
    itself = path_inside(target, evidence)
    tree = open_target(target, left_out=left_out | ({itself} if itself else frozenset()))
    name = os.path.realpath(os.fsencode(target)).rpartition(b"/")[2]
    uncovered = tuple(path for path in tree.left_out if path != itself)
    return Found(escape_bytes(name), tree, read_contents(tree, way, remembered), uncovered)


def path_inside(target: str, file: str) -> str | None:
    """The escaped path of *file* in the folder *target*, if it lies there."""
    root, place = os.path.realpath(os.fsencode(target)), os.path.realpath(os.fsencode(file))
    prefix = root.rstrip(b"/") + b"/"
    return escape_bytes(place[len(prefix) :]) if place.startswith(prefix) else None


def _left_out(manifest: Manifest) -> frozenset[str]:
    return LEFT_OUT | {*manifest.left_out, *manifest.excluded}


# -- what differs


def compare_manifest(
    manifest: Manifest, found: Found, against: str, signers: Sequence[str], accepts_uncovered: bool
) -> Verification:
    listed = Listing(manifest.files, dict(manifest.links), dict(manifest.unreadable))
    now = Listing(found.contents.blobs(), found.links, found.contents.unreadable)
    unseen = {path for path, why in listed.others.items() if found.contents.unreadable.get(path) == why}
    return _verification(listed, now, found, against, signers, accepts_uncovered, unseen)


def compare_model_signature(
    signed: Signed, found: Found, against: str, signers: Sequence[str], accepts_uncovered: bool
) -> Verification:
    files: dict[str, Hashable] = {path: content_of(file, signed.shard) for path, file in found.contents.hashed.items()}
    empty = {path for path, content in files.items() if content == () and path not in signed.files}
    listed: Mapping[str, Hashable] = signed.files
    if not found.tree.is_tree and len(listed) == 1 and found.name in listed:
        listed = {"": listed[found.name]}
    links: dict[str, str] | None = None if signed.follows_links else {}
    was = Listing(listed, links)
    now = Listing(
        {path: content for path, content in files.items() if path not in empty}, found.links, found.contents.unreadable
    )
    return _verification(was, now, found, against, signers, accepts_uncovered, empty)


def _compare_statement(
    statement: Statement, found: Found, against: str, signers: Sequence[str], accepts_uncovered: bool
) -> Verification:
    """A statement that lists no files says of what it is about no more than the digest."""
    blobs = found.contents.blobs()
    now = tree_digest(blobs) if found.tree.is_tree else blobs[""].digest if blobs else None
    differs: tuple[Difference, ...] = ()
    if now != statement.subject:
        differs = (Difference("changed", "", f"the statement is about {statement.subject}, this is {now}"),)
    differs += tuple(Difference("type", path, why) for path, why in sorted(found.contents.unreadable.items()))
    return Verification(
        label=found.tree.label,
        against=f"{against}, {statement.predicate_type}",
        signers=tuple(signers),
        files=len(blobs),
        bytes=sum(blob.size for blob in blobs.values()),
        differences=differs,
        uncovered=found.uncovered,
        accepts_uncovered=accepts_uncovered,
    )


def content_of(file: Hashed, shard: int | None) -> Content:
    if shard is None:
        return ((0, file.digests[0].hex()),)
    ends = (min((index + 1) * shard, file.identity.size) for index in range(len(file.digests)))
    return tuple(zip(ends, (digest.hex() for digest in file.digests), strict=True))


def _verification(
    listed: Listing,
    now: Listing,
    found: Found,
    against: str,
    signers: Sequence[str],
    accepts_uncovered: bool,
    more_uncovered: set[str],
) -> Verification:
    if ("" in listed.files) == found.tree.is_tree:
        is_now = "a folder, not a file" if found.tree.is_tree else "a file, not a folder"
        differs: tuple[Difference, ...] = (Difference("type", "", is_now),)
    else:
        differs = differences(listed, now)
    return Verification(
        label=found.tree.label,
        against=against,
        signers=tuple(signers),
        files=len(listed.files),
        bytes=sum(file.identity.size for file in found.contents.hashed.values()),
        differences=differs,
        uncovered=tuple(sorted({*found.uncovered, *more_uncovered})),
        accepts_uncovered=accepts_uncovered,
    )
