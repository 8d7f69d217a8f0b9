"""DSSE envelopes: https://github.com/secure-systems-lab/dsse/blob/v1.0.0/envelope.md

A signature covers `pae(type, payload)`, so neither can be changed, nor one be taken for the other.
Nothing else in an envelope is covered: a keyid is a hint that nothing here relies on.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from modelward.attest.encoding import decode_base64, encode_base64
from modelward.core.errors import Malformed

PAYLOAD_TYPE = "application/vnd.in-toto+json"

MOST_SIGNATURES = 64
_LONGEST_SIGNATURE = 4096  # bytes; RSA with 8192 bits makes 1024
_LONGEST_TEXT = 1024  # characters of a payload type or keyid


@dataclass(frozen=True, slots=True)
class Signature:
    sig: bytes
    keyid: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: type and payload, each after its length in bytes, so that no other
    pair gives the same."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse(body: object) -> Envelope:
    """An envelope from its JSON. Raises Malformed for any key that is not known (it might mean something
    to the next reader), no or more than 64 signatures, and base64 that is not strict."""
    fields = closed(body, "an envelope", {"payload", "payloadType", "signatures"})
    signatures = fields["signatures"]
    if not isinstance(signatures, list) or not signatures:
        raise Malformed("an envelope needs a list of at least one signature")
    if len(signatures) > MOST_SIGNATURES:
        raise Malformed(f"an envelope has {len(signatures):,} signatures; at most {MOST_SIGNATURES} are read")
    return Envelope(
        text(fields["payloadType"], "payloadType"),
        decode_base64(fields["payload"], "payload"),
        tuple(_signature(each) for each in signatures),
    )


def encode(envelope: Envelope) -> dict[str, Any]:
    """The JSON of *envelope*, as `parse` reads it."""
    return {
        "payload": encode_base64(envelope.payload),
        "payloadType": envelope.payload_type,
        "signatures": [{"keyid": each.keyid, "sig": encode_base64(each.sig)} for each in envelope.signatures],
    }


def closed(body: object, what: str, needed: Set[str], allowed: Set[str] = frozenset()) -> Mapping[str, Any]:
    """*body* as an object that has every key of *needed* and none beyond those of *allowed*. Raises Malformed."""
    if not isinstance(body, dict):
        raise Malformed(f"{what} must be a JSON object")
    if missing := sorted(needed - body.keys()):
        raise Malformed(f"{what} lacks {', '.join(missing)}")
    if unknown := sorted(body.keys() - needed - allowed):
        raise Malformed(f"{what} has keys that are not known: {', '.join(unknown)[:200]}")
    return body


def text(value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise Malformed(f"{what} must be text of at most {_LONGEST_TEXT} characters")
    return value


def _signature(body: object) -> Signature:
    fields = closed(body, "a signature", {"sig"}, {"keyid"})
    sig = decode_base64(fields["sig"], "sig")
    if not 0 < len(sig) <= _LONGEST_SIGNATURE:
        raise Malformed(f"a signature has {len(sig):,} bytes; 1 to {_LONGEST_SIGNATURE:,} were expected")
    keyid = fields.get("keyid")  # absent, empty and null mean the same (OpenSSF Model Signing v1.0, 4.1)
    return Signature(sig, "" if keyid is None else text(keyid, "keyid"))
