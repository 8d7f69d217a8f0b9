from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.attest import merkle
from modelward.attest.errors import Untrusted
from modelward.attest.keys import generate
from modelward.attest.log_proof import Proof
from modelward.attest.merkle import leaf_hash, node_hash
from modelward.attest.note import Checkpoint, sign
from modelward.core.errors import Malformed

KEY = generate("ed25519")
RECORDS = [b"%d" % number for number in range(3)]
LEAVES = [leaf_hash(record) for record in RECORDS]
SIGNED = Checkpoint("example.com/log", 3, node_hash(node_hash(*LEAVES[:2]), LEAVES[2]))
NOTE = sign(SIGNED.text, SIGNED.origin, KEY)
PROOF = Proof(RECORDS[1], 1, (LEAVES[0], LEAVES[2]), NOTE)


def test_a_proof_survives_writing_and_verifies() -> None:
    assert Proof.parse(PROOF.raw) == PROOF
    assert Proof.parse(PROOF.raw).verify(KEY.public) == SIGNED
    assert PROOF.raw.decode().split("\n")[:3] == ["c2sp.org/tlog-proof@v1", "extra MQ==", "index 1"]
    alone = Checkpoint("x", 1, LEAVES[0])
    assert Proof.parse(Proof(RECORDS[0], 0, (), sign(alone.text, "x", KEY)).raw).verify(KEY.public) == alone


@pytest.mark.parametrize(
    "proof",
    [
        Proof(RECORDS[0], 1, PROOF.hashes, NOTE),
        Proof(RECORDS[1], 0, PROOF.hashes, NOTE),
        Proof(RECORDS[1], 5, PROOF.hashes, NOTE),
        Proof(RECORDS[1], 1, PROOF.hashes[:1], NOTE),
        Proof(RECORDS[1], 1, (*PROOF.hashes, merkle.EMPTY), NOTE),
        Proof(RECORDS[1], 1, PROOF.hashes, sign(SIGNED.text, SIGNED.origin, generate("ed25519"))),
        Proof(RECORDS[1], 1, PROOF.hashes, sign(SIGNED.text, "another.example", KEY)),
        Proof(RECORDS[1], 1, PROOF.hashes, NOTE.replace(b"\n3\n", b"\n4\n")),
    ],
)
def test_what_proves_nothing(proof: Proof) -> None:
    with pytest.raises(Untrusted):
        Proof.parse(proof.raw).verify(KEY.public)


@given(st.integers(0, len(PROOF.raw) * 8 - 1))
def test_a_changed_bit_is_noticed(at: int) -> None:
    raw = bytearray(PROOF.raw)
    raw[at // 8] ^= 1 << at % 8
    with pytest.raises((Malformed, Untrusted)):
        Proof.parse(bytes(raw)).verify(KEY.public)


@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda text: PROOF.raw.replace(b"index 1", text.encode())))
def test_noise_is_malformed(noise: bytes) -> None:
    if noise != PROOF.raw:
        with pytest.raises((Malformed, Untrusted)):
            Proof.parse(noise).verify(KEY.public)
