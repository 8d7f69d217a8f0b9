"""The log of signatures: an append-only tree with signed checkpoints.

https://github.com/sigstore/rekor-tiles/blob/main/api/openapi/rekor_service.swagger.json
https://www.rfc-editor.org/rfc/rfc6962#section-2.1  https://c2sp.org/tlog-checkpoint
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "log.example.org"


@dataclass(frozen=True)
class Rekor:
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    leaves: list[bytes] = field(default_factory=lambda: [b"an earlier entry", b"another", b"a third"])

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def log_id(self) -> bytes:
        raw = self.key.public_key().public_bytes_raw()
        return hashlib.sha256(ORIGIN.encode() + b"\n\x01" + raw).digest()

    def append(self, request: dict[str, Any]) -> bytes:
        given = request["hashedRekordRequestV002"]
        spec = {"data": {"algorithm": "SHA2_256", "digest": given["digest"]}, "signature": given["signature"]}
        body: Any = {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": spec}}
        self.leaves.append(rfc8785.dumps(body))
        return json.dumps(self.entry(len(self.leaves) - 1)).encode()

    def entry(self, index: int) -> dict[str, Any]:
        root, size = _root(self.leaves), len(self.leaves)
        note = f"{ORIGIN}\n{size}\n{_text(root)}\n"
        signature = _text(self.log_id[:4] + self.key.sign(note.encode()))
        return {
            "logIndex": str(index),
            "logId": {"keyId": _text(self.log_id)},
            "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": _text(root),
                "treeSize": str(size),
                "hashes": [_text(each) for each in _path(index, self.leaves)],
                "checkpoint": {"envelope": f"{note}\n— {ORIGIN} {signature}\n"},
            },
            "canonicalizedBody": _text(self.leaves[index]),
        }


def _root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _root(leaves[:half]) + _root(leaves[half:])).digest()


def _path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*_path(index, leaves[:half]), _root(leaves[half:])]
    return [*_path(index - half, leaves[half:]), _root(leaves[:half])]


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
