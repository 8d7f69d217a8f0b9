"""The Merkle tree of a log, its proofs and their verification: https://www.rfc-editor.org/rfc/rfc6962#section-2.1

Pure arithmetic over hashes. Nothing here knows where they come from: whoever builds a root or a proof gives
a function that knows the complete subtrees, whoever verifies has the proof and the roots alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Nodes = Callable[[int, int], bytes]
"""(level, index) -> the hash over the 2**level records from index * 2**level on."""

HASH_SIZE = 32
EMPTY = hashlib.sha256().digest()


def leaf_hash(record: bytes) -> bytes:
    return hashlib.sha256(b"\0" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root(size: int, nodes: Nodes) -> bytes:
    """The hash over the first *size* records."""
    return _range(0, size, nodes) if size else EMPTY


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """That record *index* is in the tree of *size* records, 0 <= index < size: from its sibling upwards."""
    start, end, proof = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range(middle, end, nodes))
            end = middle
        else:
            proof.append(_range(start, middle, nodes))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, nodes: Nodes) -> list[bytes]:
    """That the tree of *size* records begins with that of the first *old*, 0 <= old <= size."""
    start, end, proof = 0, size, list[bytes]()
    if old == 0:
        return proof
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range(middle, end, nodes))
            end = middle
        else:
            proof.append(_range(start, middle, nodes))
            start = middle
    if start:  # else it is the old tree itself, whose hash the verifier has
        proof.append(_range(start, end, nodes))
    return proof[::-1]


def is_included(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether *proof* shows that the record with the hash *leaf* is number *index* of the tree with *root*."""
    if not 0 <= index < size or not _are_hashes(leaf, *proof):
        return False
    rest = list(proof)
    found = _climb(leaf, index, size, rest)
    return found == root and not rest


def is_consistent(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether *proof* shows that the tree with *root* begins with all records of the one with *old_root*."""
    if not 0 <= old <= size or not _are_hashes(old_root, root, *proof):
        return False
    if old == 0:
        return old_root == EMPTY and not proof and (size > 0 or root == EMPTY)
    rest = list(proof)
    return _climb_both(old, old_root, size, rest, True) == (old_root, root) and not rest


def _range(start: int, end: int, nodes: Nodes) -> bytes:
    """The hash over [start, end), where start is a multiple of the greatest power of two in it."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range(start, middle, nodes), _range(middle, end, nodes))


def _split(count: int) -> int:
    """The greatest power of two below *count*."""
    return 1 << (count - 1).bit_length() - 1


def _are_hashes(*values: bytes) -> bool:
    # with other lengths, two pairs of siblings would have the same hash
    return all(len(value) == HASH_SIZE for value in values)


def _climb(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """The root by *proof*, which is used up from its end: that is next to the root."""
    if size == 1:
        return leaf
    if not proof:
        return None
    sibling, middle = proof.pop(), _split(size)
    if index < middle:
        below = _climb(leaf, index, middle, proof)
        return below and node_hash(below, sibling)
    below = _climb(leaf, index - middle, size - middle, proof)
    return below and node_hash(sibling, below)


def _climb_both(old: int, old_root: bytes, size: int, proof: list[bytes], is_left: bool) -> tuple[bytes, bytes] | None:
    """The old and the new root of a subtree by *proof*; *is_left* as long as it starts with the first record."""
    if old == size and is_left:
        return old_root, old_root
    if not proof:
        return None
    sibling = proof.pop()
    if old == size:
        return sibling, sibling
    middle = _split(size)
    if old <= middle:
        both = _climb_both(old, old_root, middle, proof, is_left)
        return both and (both[0], node_hash(both[1], sibling))
    both = _climb_both(old - middle, old_root, size - middle, proof, False)
    return both and (node_hash(sibling, both[0]), node_hash(sibling, both[1]))
