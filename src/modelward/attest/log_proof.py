"""That a log has a record, for whoever has the log's key and nothing else of it: https://c2sp.org/tlog-proof"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from modelward.attest.encoding import decode_base64, encode_base64
from modelward.attest.errors import Untrusted
from modelward.attest.keys import PublicKey
from modelward.attest.merkle import is_included, leaf_hash
from modelward.attest.note import LONGEST, Checkpoint, Note, Verifier
from modelward.core.errors import Malformed

_MAGIC = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class Proof:
    record: bytes
    """The extra data: what the proof is about. It is believed when it is the record that was proved."""
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Raises Malformed, also for a proof of something that it does not hold."""
        head, blank, checkpoint = raw.partition(b"\n\n")
        if len(raw) > LONGEST or not blank:
            raise Malformed("a proof has lines, an empty one and a checkpoint")
        magic, *lines = head.decode(errors="replace").split("\n")
        if magic != _MAGIC or len(lines) < 2 or not lines[0].startswith("extra "):
            raise Malformed(f"a proof begins with {_MAGIC} and a record as its extra data")
        index = _INDEX.fullmatch(lines[1])
        if index is None or len(lines) > 2 + _MOST_HASHES:
            raise Malformed(f"a proof has an index in its third line, and {_MOST_HASHES} hashes at most")
        hashes = tuple(decode_base64(line, "a hash of the proof") for line in lines[2:])
        return cls(decode_base64(lines[0].removeprefix("extra "), "the record"), int(index[1]), hashes, checkpoint)

    @property
    def raw(self) -> bytes:
        hashes = "".join(f"{encode_base64(each)}\n" for each in self.hashes)
        head = f"{_MAGIC}\nextra {encode_base64(self.record)}\nindex {self.index}\n{hashes}\n"
        return head.encode() + self.checkpoint

    def verify(self, public: PublicKey) -> Checkpoint:
        """The checkpoint under which the record is, as the log with the key *public* has signed it. Raises Untrusted,
        Malformed, and BadKey."""
        note = Note.parse(self.checkpoint)
        signed = Checkpoint.parse(note.text)
        if not note.signers([Verifier(signed.origin, public)]):
            raise Untrusted(f"the key sha256:{public.fingerprint} has not signed the checkpoint of the proof")
        if not is_included(leaf_hash(self.record), self.index, signed.size, signed.root, self.hashes):
            raise Untrusted(f"the proof does not show that its record is number {self.index} of {signed.origin}")
        return signed
