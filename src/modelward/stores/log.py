"""One transparency log in a folder, as https://c2sp.org/tlog-tiles lays it out:

    checkpoint                      the signed size and root: what is not under it was never acknowledged
    tile/<level>/<n>[.p/<width>]    hashes
    tile/entries/<n>[.p/<width>]    records
    key.pub, key                    Ed25519, PEM; `key` is absent where the log is signed with a key kept elsewhere

The files follow from the records and the key alone, in whatever batches they were appended: partial tiles of
earlier checkpoints, which are the beginning of the present ones, are not kept.

Whoever has `key` can write another history and sign it. The log shows that to those who have kept an earlier
checkpoint, and to nobody else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from modelward.attest import merkle, tiles
from modelward.attest.errors import BadKey, Untrusted
from modelward.attest.keys import PrivateKey, PublicKey, generate
from modelward.attest.note import Checkpoint, Note, Verifier, sign
from modelward.attest.tiles import LONGEST_RECORD, WIDTH, Bundle, Inconsistent, Tile, Tree
from modelward.core.errors import Malformed, ReadError, UsageError
from modelward.stores.files import reason
from modelward.stores.lock import Unwritable
from modelward.stores.log_files import CHECKPOINT, KEY, PUBLIC_KEY, LogFiles, Missing


class Log:
    """What this process knows of a log. Others may append to it meanwhile: what is read stays what *checkpoint*
    signs, and `append` begins by taking up what they have added."""

    def __init__(self, files: LogFiles, public: PublicKey, signer: PrivateKey | None = None) -> None:
        """Reads the checkpoint and verifies it with *public*. Use `open` or `load`."""
        self._files = files
        self._public = public
        self._signer = signer
        self.checkpoint = files.read(CHECKPOINT)
        self.signed = verified(self.checkpoint, public)
        self._tree: Tree | None = None

    @classmethod
    def open(cls, folder: Path, key: PrivateKey | None = None) -> Self:
        """The log in *folder*, which is made, with a key of its own unless *key* is given, where there is none.
        *key* is for a log whose key is kept elsewhere. The caller holds the lock of the store.

        Raises ReadError, Malformed, Inconsistent for a checkpoint that the log's key has not signed, and
        Unwritable."""
        files = LogFiles(folder)
        if not files.has(CHECKPOINT):
            _create(files, key)
        return cls(files, _public_key(files), key)

    @classmethod
    def load(cls, folder: Path, public: PublicKey | None = None) -> Self:
        """The log in *folder*, verified with *public* or else the key that lies beside it. Writes nothing. Raises
        ReadError where there is no log, and as `open` does."""
        files = LogFiles(folder)
        if not files.has(CHECKPOINT) and not files.has("tile"):
            raise ReadError(f"there is no log in {str(folder)!r}: a store has one as soon as a statement is in it")
        return cls(files, public or _public_key(files))

    @property
    def size(self) -> int:
        return self.signed.size

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.signed.origin, self._public)

    @property
    def tree(self) -> Tree:
        """Raises Inconsistent if the edge of the log is not what is signed; so does all that the tree gives."""
        if self._tree is None:
            self._tree = Tree(self.signed.size, self.signed.root, self._files.read_tile)
        return self._tree

    def append(self, records: Sequence[bytes]) -> range:
        """The numbers that *records* got. They are on the disk, under a new checkpoint, when this returns; if it
        does not, then none of them is in the log, or all of them are. The caller holds the lock of the store.

        Raises Malformed for a record of more than 65,535 bytes, Inconsistent rather than to sign what does not
        continue what was signed, BadKey without the log's key, and Unwritable."""
        for record in records:
            if len(record) > LONGEST_RECORD:
                raise Malformed(f"a record of a log has at most {LONGEST_RECORD:,} bytes, and this has {len(record):,}")
        self._refresh()
        added = range(self.size, self.size + len(records))
        if not records:
            return added
        signer = self._signing_key()
        leaves = [merkle.leaf_hash(record) for record in records]
        grown = tiles.grow(self.tree, leaves)
        root = merkle.root(
            added.stop, tiles.node_of(lambda level, at: grown.get((level, at)) or self.tree.tile(level, at))
        )
        made = Checkpoint(self.signed.origin, added.stop, root)
        note = sign(made.text, made.origin, signer)
        parts: dict[Tile | Bundle, bytes] = self._bundles(records)
        parts |= {tiles.tile_at(added.stop, *at): hashes.raw for at, hashes in grown.items()}
        self._put(parts, note)
        self._files.tidy(_with_neighbours(parts))
        self.checkpoint, self.signed, self._tree = note, made, None
        return added

    def records(self, start: int = 0) -> Iterator[bytes]:
        """From number *start* on. Each is proved to be under the checkpoint. Raises Inconsistent, ReadError."""
        for index in range(start // WIDTH, -(-self.size // WIDTH)):
            yield from self._bundle(tiles.bundle_at(self.size, index))[max(0, start - index * WIDTH) :]

    def inclusion_proof(self, index: int) -> list[bytes]:
        """That record *index* is under the checkpoint. Raises Inconsistent, ReadError."""
        return merkle.inclusion_proof(index, self.size, self.tree.node)

    def continues(self, earlier: Checkpoint) -> bool:
        """Whether what *earlier* signed is the beginning of this log, by a consistency proof. Raises Inconsistent,
        ReadError."""
        if earlier.size > self.size:
            return False
        proof = merkle.consistency_proof(earlier.size, self.size, self.tree.node)
        return merkle.is_consistent(earlier.size, earlier.root, self.size, self.signed.root, proof)

    def _put(self, parts: Mapping[Tile | Bundle, bytes], checkpoint: bytes) -> None:
        """All parts are on the disk before the checkpoint is that covers them."""
        try:
            for part, data in parts.items():
                self._files.write(part.path, data)
            self._files.sync()
            self._files.write(CHECKPOINT, checkpoint)
            self._files.sync()
        except OSError as error:
            raise Unwritable(f"cannot write the log in {str(self._files.folder)!r}: {reason(error)}") from error

    def _bundle(self, bundle: Bundle) -> list[bytes]:
        records = self._files.read_bundle(bundle)
        known = self.tree.tile(0, bundle.number).leaves
        for number, (record, leaf) in enumerate(zip(records, known, strict=True), bundle.number * WIDTH):
            if merkle.leaf_hash(record) != leaf:
                raise Inconsistent(bundle.path, f"record {number} is not the one that was logged")
        return records

    def _bundles(self, records: Sequence[bytes]) -> dict[Tile | Bundle, bytes]:
        first, have = divmod(self.size, WIDTH)
        row = [*(self._bundle(Bundle(first, have)) if have else ()), *records]
        parts = {first + at // WIDTH: row[at : at + WIDTH] for at in range(0, len(row), WIDTH)}
        return {Bundle(index, len(part)): tiles.pack(part) for index, part in parts.items()}

    def _refresh(self) -> None:
        """Take up what others have appended. Raises Inconsistent if it does not continue what was seen here."""
        if self._files.read(CHECKPOINT) != self.checkpoint:
            now = Log(self._files, self._public, self._signer)
            if not now.continues(self.signed):
                raise Inconsistent(CHECKPOINT, f"it does not continue the one of {self.size:,} records seen before")
            self.checkpoint, self.signed, self._tree = now.checkpoint, now.signed, now._tree

    def _signing_key(self) -> PrivateKey:
        if self._signer is None:
            try:
                self._signer = PrivateKey.parse(self._files.read(KEY), None)
            except Missing as error:
                raise BadKey("the key of the log is not in its folder: name it with --log-key") from error
        if self._signer.public != self._public:
            raise BadKey("the key to sign the log with is not the one that has signed it so far")
        return self._signer


def _with_neighbours(parts: Collection[Tile | Bundle]) -> Iterator[Tile | Bundle]:
    """Also those to the left: whoever was to tidy up after filling them may have been killed."""
    for part in parts:
        yield part
        left = part._replace(number=part.number - 1, width=WIDTH)
        if part.number and left not in parts:
            yield left


def verified(raw: bytes, public: PublicKey) -> Checkpoint:
    """The checkpoint in the note *raw*, if *public* has signed it under the name of its origin. Raises Inconsistent."""
    try:
        note = Note.parse(raw)
        found = Checkpoint.parse(note.text)
        if not note.signers([Verifier(found.origin, public)]):
            raise Inconsistent(CHECKPOINT, f"the key sha256:{public.fingerprint} has not signed it")
    except (UsageError, Untrusted) as error:
        raise Inconsistent(CHECKPOINT, str(error)) from error
    except Inconsistent:
        raise
    except Malformed as error:
        raise Inconsistent(CHECKPOINT, f"it is no signed checkpoint: {error}") from error
    return found


def _public_key(files: LogFiles) -> PublicKey:
    try:
        return PublicKey.parse(files.read(PUBLIC_KEY))
    except BadKey as error:
        raise Inconsistent(PUBLIC_KEY, str(error)) from error


def _create(files: LogFiles, key: PrivateKey | None) -> None:
    """An empty log. What an earlier attempt has left is taken up: the checkpoint comes last."""
    if files.has("tile"):
        raise Missing(CHECKPOINT, "it is not there, and the tiles of a log are")
    try:
        if key is None and not files.has(KEY):
            files.create(KEY, generate("ed25519").pem(None), 0o600)
        signer = key or PrivateKey.parse(files.read(KEY), None)
        files.write(PUBLIC_KEY, signer.public.pem)
        files.sync()
        # nobody else's log has this origin, as the specification wants it, and no name of a machine is told
        origin = f"modelward/{signer.public.fingerprint[:32]}"
        files.write(CHECKPOINT, sign(Checkpoint(origin, 0, merkle.EMPTY).text, origin, signer))
        files.sync()
    except OSError as error:
        raise Unwritable(f"cannot write a log to {str(files.folder)!r}: {reason(error)}") from error
