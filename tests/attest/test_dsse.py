"""The official vectors (https://github.com/secure-systems-lab/dsse/tree/master/testvectors), and what
an envelope may not be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from tests.attest.authority import NOW

from modelward.attest import bundle, dsse
from modelward.attest.dsse import Envelope, Signature
from modelward.attest.errors import Untrusted
from modelward.attest.keys import PublicKey
from modelward.attest.verify import Trust, verify
from modelward.core.errors import Malformed

OFFICIAL = json.loads((Path(__file__).parent / "vectors/dsse.json").read_text(encoding="utf-8"))
KEYS = {
    name: PublicKey.of(Ed25519PublicKey.from_public_bytes(bytes.fromhex(each["public"])))
    for name, each in OFFICIAL["keys"].items()
}


def accepts(vector: dict[str, Any]) -> bool:
    """A verifier with a threshold, as a policy applies it to the signers."""
    opened = bundle.parse(json.dumps(vector["envelope"]).encode())
    trust = Trust(keys=tuple(KEYS[name] for name in vector["trustedKeys"]))
    try:
        verified = verify(opened, trust, NOW, frozenset(vector["supportedPayloadTypes"]))
    except Untrusted:
        return False
    return len({signer.key for signer in verified.signers}) >= int(vector["threshold"])


@pytest.mark.parametrize("vector", OFFICIAL["vectors"], ids=lambda vector: vector["id"])
def test_the_official_vectors(vector: dict[str, Any]) -> None:
    assert accepts(vector) is (vector["expect"] == "accept")


@pytest.mark.parametrize("vector", OFFICIAL["vectors"], ids=lambda vector: vector["id"])
def test_the_official_encodings(vector: dict[str, Any]) -> None:
    if vector["id"] == "payload-type-swapped":  # its `pae` is the signed one, not that of the envelope
        return
    envelope = dsse.parse(vector["envelope"])
    assert dsse.pae(envelope.payload_type, envelope.payload).hex() == vector["pae"]


def test_the_example_of_the_protocol() -> None:
    """https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md#test-vectors"""
    signed = dsse.pae("http://example.com/HelloWorld", b"hello world")
    assert signed == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


TYPES = st.text(max_size=8)
PAYLOADS = st.binary(max_size=8)


@given(TYPES, PAYLOADS, TYPES, PAYLOADS)
def test_no_two_pairs_are_signed_alike(type: str, payload: bytes, other_type: str, other: bytes) -> None:
    same = dsse.pae(type, payload) == dsse.pae(other_type, other)
    assert same is ((type, payload) == (other_type, other))


@given(TYPES, PAYLOADS, st.lists(st.tuples(st.binary(min_size=1, max_size=8), TYPES), min_size=1, max_size=3))
def test_what_is_written_is_read(type: str, payload: bytes, signatures: list[tuple[bytes, str]]) -> None:
    envelope = Envelope(type, payload, tuple(Signature(*each) for each in signatures))
    assert dsse.parse(dsse.encode(envelope)) == envelope


SIGNATURE = {"sig": "AAAA"}
GOOD = {"payload": "e30=", "payloadType": "t", "signatures": [SIGNATURE]}


@pytest.mark.parametrize("keyid", [{}, {"keyid": None}, {"keyid": ""}], ids=["absent", "null", "empty"])
def test_a_keyid_may_be_missing(keyid: dict[str, Any]) -> None:
    """OpenSSF Model Signing v1.0, section 4.1: all three are accepted."""
    assert dsse.parse(GOOD | {"signatures": [SIGNATURE | keyid]}).signatures == (Signature(b"\0\0\0"),)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (None, "must be a JSON object"),
        ([], "must be a JSON object"),
        ({}, "lacks payload, payloadType, signatures"),
        (GOOD | {"extra": 1}, "not known: extra"),
        (GOOD | {"payload": None}, "base64 text"),
        (GOOD | {"payload": "e30"}, "not base64"),
        (GOOD | {"payloadType": None}, "payloadType must be text"),
        (GOOD | {"payloadType": "t" * 2000}, "payloadType must be text"),
        (GOOD | {"signatures": []}, "at least one signature"),
        (GOOD | {"signatures": SIGNATURE}, "at least one signature"),
        (GOOD | {"signatures": [SIGNATURE] * 65}, "65 signatures"),
        (GOOD | {"signatures": [{}]}, "lacks sig"),
        (GOOD | {"signatures": [SIGNATURE | {"cert": "x"}]}, "not known: cert"),
        (GOOD | {"signatures": [{"sig": ""}]}, "0 bytes"),
        (GOOD | {"signatures": [{"sig": "AAAA" * 2000}]}, "6,000 bytes"),
        (GOOD | {"signatures": [SIGNATURE | {"keyid": 7}]}, "keyid must be text"),
    ],
)
def test_what_is_no_envelope(body: object, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        dsse.parse(body)
