from __future__ import annotations

import hashlib
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.attest import merkle
from modelward.attest.merkle import EMPTY, is_consistent, is_included, leaf_hash, node_hash

# The reference vectors of certificate-transparency, as the tests of
# https://github.com/transparency-dev/merkle/blob/main/proof/verify_test.go have them (Apache-2.0)
RECORDS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
H0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
H1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
H4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
H6 = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
H23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
H45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
H67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
H0123 = ROOTS[3]
H4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
INCLUSION = [
    (0, 1, []),
    (0, 8, [H1, H23, H4567]),
    (5, 8, [H4, H67, H0123]),
    (2, 3, [ROOTS[1]]),
    (1, 5, [H0, H23, H4]),
]
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [H1, H23, H4567]),
    (6, 8, [H45, H67, H0123]),
    (2, 5, [H23, H4]),
    (6, 7, [H45, H6, H0123]),
]

LEAVES = [leaf_hash(b"%d" % number) for number in range(70)]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = max(1 << power for power in range(10) if 1 << power < len(leaves))
    return node_hash(by_definition(leaves[:middle]), by_definition(leaves[middle:]))


def nodes(leaves: list[bytes]) -> merkle.Nodes:
    return lambda level, index: by_definition(leaves[index << level : (index + 1) << level])


ROOT = [by_definition(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
NODES = cache(nodes(LEAVES))


def unhex(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in proof]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_the_reference_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    leaves = [leaf_hash(record) for record in RECORDS]
    assert merkle.root(size, nodes(leaves)).hex() == ROOTS[size - 1]
    assert merkle.inclusion_proof(index, size, nodes(leaves)) == unhex(proof)
    assert is_included(leaves[index], index, size, bytes.fromhex(ROOTS[size - 1]), unhex(proof))


@pytest.mark.parametrize(("old", "size", "proof"), CONSISTENCY)
def test_the_reference_consistency_proofs(old: int, size: int, proof: list[str]) -> None:
    leaves = [leaf_hash(record) for record in RECORDS]
    assert merkle.consistency_proof(old, size, nodes(leaves)) == unhex(proof)
    roots = [bytes.fromhex(each) for each in ROOTS]
    assert is_consistent(old, roots[old - 1], size, roots[size - 1], unhex(proof))


def test_an_empty_tree() -> None:
    assert merkle.root(0, NODES) == EMPTY == ROOT[0]
    assert merkle.consistency_proof(0, 5, NODES) == merkle.consistency_proof(5, 5, NODES) == []
    assert is_consistent(0, EMPTY, 5, ROOT[5], [])
    assert is_consistent(0, EMPTY, 0, EMPTY, [])
    assert not is_consistent(0, ROOT[1], 5, ROOT[5], [])
    assert not is_consistent(0, EMPTY, 0, ROOT[1], [])
    assert not is_included(EMPTY, 0, 0, EMPTY, [])


def test_every_proof_of_small_trees() -> None:
    for size in range(1, 24):
        assert merkle.root(size, NODES) == ROOT[size]
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, NODES)
            assert is_included(LEAVES[index], index, size, ROOT[size], proof)
            others = [*range(index), *range(index + 1, size + 2), -1]
            assert not any(is_included(LEAVES[index], other, size, ROOT[size], proof) for other in others)
        for old in range(size + 1):
            proof = merkle.consistency_proof(old, size, NODES)
            assert is_consistent(old, ROOT[old], size, ROOT[size], proof)
            others = [*range(old), *range(old + 1, size + 2), -1]
            assert not any(is_consistent(other, ROOT[old], size, ROOT[size], proof) for other in others)


def changed(data: st.DataObject, proof: list[bytes]) -> list[bytes]:
    """Another list of hashes."""
    made = list(proof)
    at = data.draw(st.integers(0, len(proof)))
    match data.draw(st.sampled_from(["drop", "insert", "swap", "flip", "move"])):
        case "drop":
            del made[at : at + 1]
        case "insert":
            made.insert(at, data.draw(st.sampled_from([EMPTY, b"", *LEAVES[:3], *proof])))
        case "swap":
            made[at : at + 2] = reversed(made[at : at + 2])
        case "flip" if at < len(made):
            flipped = bytearray(made[at])
            flipped[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
            made[at] = bytes(flipped)
        case "move" if at + 1 < len(made):  # the same bytes, cut elsewhere
            made[at : at + 2] = [made[at] + made[at + 1][:1], made[at + 1][1:]]
    return made


@given(st.data())
def test_a_changed_inclusion_proof_never_verifies(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, NODES)
    other = changed(data, proof)
    assert is_included(LEAVES[index], index, size, ROOT[size], other) == (other == proof)
    wrong = data.draw(st.integers(0, len(LEAVES) - 1))
    assert is_included(LEAVES[wrong], index, size, ROOT[size], proof) == (wrong == index)
    assert is_included(LEAVES[index], index, size, ROOT[wrong], proof) == (wrong == size)


@given(st.data())
def test_a_changed_consistency_proof_never_verifies(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    old = data.draw(st.integers(0, size))
    proof = merkle.consistency_proof(old, size, NODES)
    other = changed(data, proof)
    assert is_consistent(old, ROOT[old], size, ROOT[size], other) == (other == proof)
    wrong = data.draw(st.integers(0, len(LEAVES)))
    assert is_consistent(old, ROOT[wrong], size, ROOT[size], proof) == (wrong == old)
    if old:  # every tree continues the empty one
        assert is_consistent(old, ROOT[old], size, ROOT[wrong], proof) == (wrong == size)
    assert not is_consistent(size, ROOT[size], old, ROOT[old], proof) or size == old


def test_a_proof_of_any_length_ends() -> None:
    huge = 2**62 + 1
    assert not is_included(LEAVES[0], 5, huge, EMPTY, LEAVES)
    assert not is_consistent(3, ROOT[3], huge, EMPTY, LEAVES)
    assert not is_included(LEAVES[0], 2**4000, 2**4001, EMPTY, [EMPTY] * 50)


def test_hashes_are_not_cut_elsewhere() -> None:
    """The same bytes under the root, divided otherwise."""
    leaf, sibling = LEAVES[:2]
    assert is_included(leaf, 0, 2, ROOT[2], [sibling])
    assert not is_included(leaf[:31], 0, 2, ROOT[2], [leaf[31:] + sibling])
    assert not is_included(leaf + sibling[:1], 0, 2, ROOT[2], [sibling[1:]])


def test_a_record_is_never_taken_for_two() -> None:
    for left, right in pairwise(LEAVES[:4]):
        assert leaf_hash(left + right) != node_hash(left, right)
