"""Signed notes and the checkpoints of logs: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint

A note is text and signatures. Its text means nothing before a key that the verifier has from elsewhere has
verified it. Two kinds of signatures are read, both Ed25519: a log's own, and the timestamped one of a witness
(https://c2sp.org/tlog-cosignature). Others are left alone, as the specification wants it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ed25519

from modelward.attest.encoding import decode_base64, encode_base64
from modelward.attest.errors import BadKey, Untrusted
from modelward.attest.keys import PrivateKey, PublicKey
from modelward.attest.merkle import HASH_SIZE
from modelward.core.errors import Malformed

LONGEST = 1 << 20
MOST_SIGNATURES = 100
LARGEST = 2**63 - 1
"""Records of a log."""

LOG = 1
WITNESS = 4
_KINDS = {LOG: "a log", WITNESS: "a witness"}

_DASH = "\N{EM DASH} "
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Verifier:
    """A key under the name that its signatures bear. *kind* is the type byte of what it signs."""

    name: str
    key: PublicKey
    kind: int = LOG

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise BadKey(f"a key's name is not empty and has neither spaces nor a plus sign, and this is {self.name!r}")
        if self.key.type != "ed25519":
            raise BadKey(f"the key of a log or a witness is ed25519, and {self.name!r} is {self.key.type}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """A verifier key as the Go tools write it, `name+id+base64`. Raises BadKey."""
        name, _, rest = text.partition("+")
        key_id, _, data = rest.partition("+")
        try:
            raw = decode_base64(data, "the key")
            if not _KEY_ID.fullmatch(key_id) or encode_base64(raw) != data:
                raise Malformed("expected name+id+base64")
            if not raw or raw[0] not in _KINDS or len(raw) != 33:
                raise Malformed("only the Ed25519 keys of logs (type 01) and witnesses (type 04) are read")
            public = PublicKey.of(ed25519.Ed25519PublicKey.from_public_bytes(raw[1:]))
        except (Malformed, ValueError) as error:
            raise BadKey(f"not a verifier key: {text[:200]!r}: {error}") from error
        made = cls(name, public, raw[0])
        if made.id.hex() != key_id:
            raise BadKey(f"not a verifier key: {text[:200]!r}: its id is not that of its name and key")
        return made

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode_base64(self._data)}"

    @cached_property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self._data).digest()[:4]

    @cached_property
    def _data(self) -> bytes:
        return bytes([self.kind]) + self.key.der[-32:]

    def verifies(self, signature: bytes, text: str) -> bool:
        if self.kind == LOG:
            return self.key.verify(signature, text.encode())
        time = int.from_bytes(signature[:8])
        message = f"cosignature/v1\ntime {time}\n{text}".encode()
        return time <= LARGEST and self.key.verify(signature[8:], message)


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    key_id: bytes
    sig: bytes


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Raises Malformed. What it says is not verified yet."""
        if len(raw) > LONGEST:
            raise Malformed(f"a note of more than {LONGEST:,} bytes")
        try:
            whole = raw.decode()
        except UnicodeDecodeError as error:
            raise Malformed("a note is UTF-8, and this is not") from error
        if _CONTROL.search(whole):
            raise Malformed("a note has no control characters but line breaks")
        text, blank, signatures = whole.rpartition("\n\n")
        if not blank or not signatures.endswith("\n"):
            raise Malformed("a note is text, an empty line, and lines with signatures")
        lines = signatures[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise Malformed(f"a note has {len(lines):,} signatures; at most {MOST_SIGNATURES} are read")
        return cls(text + "\n", tuple(_signature(line) for line in lines))

    def signers(self, verifiers: Sequence[Verifier]) -> list[Verifier]:
        """Those of *verifiers* who have signed this. Raises Untrusted if a signature bears the name and id of one
        of them and does not verify: then somebody has changed the note, or its signature."""
        found = []
        for each in verifiers:
            theirs = [one.sig for one in self.signatures if (one.name, one.key_id) == (each.name, each.id)]
            if not all(each.verifies(sig, self.text) for sig in theirs):
                raise Untrusted(f"the signature of {each.name} does not verify: the text or the signature was changed")
            if theirs:
                found.append(each)
        return found


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: it has *size* records, and this is the root of the tree over them."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the text of a note. Raises Malformed. Lines after the third mean nothing to us."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or "" in lines[:-1]:
            raise Malformed("a checkpoint has a line each for origin, size and root, and none is empty")
        origin, size, root = lines[:3]
        if not _SIZE.fullmatch(size) or int(size) > LARGEST:
            raise Malformed(f"a checkpoint has a size in its second line, and this has {size[:40]!r}")
        raw = decode_base64(root, "the root of a checkpoint")
        if len(raw) != HASH_SIZE or encode_base64(raw) != root:
            raise Malformed("the root of a checkpoint is a SHA-256 in base64")
        return cls(origin, int(size), raw)

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def sign(text: str, name: str, key: PrivateKey) -> bytes:
    """The note of *text*, which ends with a line break, signed under *name*. Raises BadKey."""
    verifier = Verifier(name, key.public)
    signature = encode_base64(verifier.id + key.sign(text.encode()))
    return f"{text}\n{_DASH}{name} {signature}\n".encode()


def _signature(line: str) -> Signature:
    name, space, data = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _is_name(name):
        raise Malformed("a signature of a note is a dash, a name and base64, each after a space")
    raw = decode_base64(data, "the signature of a note")
    if len(raw) < 5 or encode_base64(raw) != data:
        raise Malformed("the signature of a note is base64 of a key id and a signature")
    return Signature(name, raw[:4], raw[4:])


def _is_name(name: str) -> bool:
    return bool(name) and not any(char.isspace() or char == "+" for char in name)
