from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.attest import merkle, tiles
from modelward.attest.merkle import EMPTY, is_consistent, is_included, leaf_hash
from modelward.attest.tiles import WIDTH, Bundle, Hashes, Inconsistent, Tile, Tree

LEAVES = [leaf_hash(b"%d" % number) for number in range(70_000)]


def all_tiles(leaves: list[bytes]) -> dict[Tile, bytes]:
    """By the definition of the specification, from scratch."""
    found: dict[Tile, bytes] = {}
    level = 0
    while leaves:
        rows = [leaves[at : at + WIDTH] for at in range(0, len(leaves), WIDTH)]
        found |= {Tile(level, number, len(row)): b"".join(row) for number, row in enumerate(rows)}
        leaves = [Hashes(row).root for row in rows if len(row) == WIDTH]
        level += 1
    return found


STORED = all_tiles(LEAVES)


def tree_of(size: int) -> Tree:
    stored = all_tiles(LEAVES[:size])
    return Tree(
        size, merkle.root(size, tiles.node_of(lambda level, at: parsed(stored, size, level, at))), stored.__getitem__
    )


def parsed(stored: dict[Tile, bytes], size: int, level: int, at: int) -> Hashes:
    tile = tiles.tile_at(size, level, at)
    return Hashes.parse(stored[tile], tile)


def test_paths() -> None:
    # https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md#merkle-tree
    assert Tile(0, 1234067, WIDTH).path == "tile/0/x001/x234/067"
    assert Tile(5, 0, 17).path == "tile/5/000.p/17"
    assert Tile(1, 1000, WIDTH).path == "tile/1/x001/000"
    assert Bundle(999, 255).path == "tile/entries/999.p/255"
    assert Bundle(2**40, WIDTH).path == "tile/entries/x001/x099/x511/x627/776"


def test_the_tiles_of_the_specifications_example() -> None:
    """https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md#partial-tiles"""
    found = tiles_of(70_000)
    assert len([tile for tile in found if tile.level == 0 and tile.width == WIDTH]) == 273
    assert [tile for tile in found if tile.level or tile.width < WIDTH] == [
        Tile(0, 273, 112),
        Tile(1, 0, WIDTH),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert tiles_of(256) == [Tile(0, 0, WIDTH), Tile(1, 0, 1)]
    assert tiles_of(0) == []


def tiles_of(size: int) -> list[Tile]:
    """All that an empty log gains by as many records."""
    return sorted(tiles.tile_at(size, *at) for at in tiles.grow(tree_of(0), LEAVES[:size]))


@given(st.integers(0, 1500))
def test_the_edge_is_what_is_partial(size: int) -> None:
    assert [tile for tile in all_tiles(LEAVES[:size]) if tile.width < WIDTH] == tiles.edge(size)


@given(st.integers(0, 600), st.integers(0, 600))
def test_growing_gives_the_tiles_of_the_larger_log(size: int, more: int) -> None:
    grown = tiles.grow(tree_of(size), LEAVES[size : size + more])
    made = {tiles.tile_at(size + more, *at): hashes.raw for at, hashes in grown.items()}
    before, after = all_tiles(LEAVES[:size]), all_tiles(LEAVES[: size + more])
    assert made == {tile: raw for tile, raw in after.items() if tile not in before}


@given(st.data())
def test_proofs_from_tiles_verify(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from([1, 2, 256, 257, 65_535, 65_536, 70_000]))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    node = tiles.node_of(lambda level, at: parsed_at(size, level, at))
    root, old_root = merkle.root(size, node), merkle.root(old, node)
    assert is_included(LEAVES[index], index, size, root, merkle.inclusion_proof(index, size, node))
    assert is_consistent(old, old_root, size, root, merkle.consistency_proof(old, size, node))


@cache
def parsed_at(size: int, level: int, at: int) -> Hashes:
    """As if only *size* leaves were there."""
    tile = tiles.tile_at(70_000, level, at)
    return Hashes(Hashes.parse(STORED[tile], tile).leaves[: tiles.tile_at(size, level, at).width])


@given(st.data())
def test_a_tree_gives_nothing_that_is_not_signed(data: st.DataObject) -> None:
    tile = data.draw(st.sampled_from([Tile(0, 273, 112), Tile(0, 5, WIDTH), Tile(1, 0, WIDTH), Tile(1, 1, 17)]))
    raw = bytearray(STORED[tile])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    stored = {**STORED, tile: bytes(raw)}
    with pytest.raises(Inconsistent):
        Tree(70_000, ROOT, stored.__getitem__).tile(0, 5)


ROOT = merkle.root(70_000, tiles.node_of(lambda level, at: parsed(STORED, 70_000, level, at)))


def test_an_honest_tree_gives_all() -> None:
    tree = Tree(70_000, ROOT, STORED.__getitem__)
    assert tree.tile(0, 273).leaves == tuple(LEAVES[-112:])
    assert tree.tile(0, 5).leaves == tuple(LEAVES[5 * WIDTH : 6 * WIDTH])
    assert Tree(0, EMPTY, STORED.__getitem__).size == 0
    with pytest.raises(Inconsistent, match="checkpoint"):
        Tree(0, ROOT, STORED.__getitem__)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_tile_of_another_length(length: int) -> None:
    with pytest.raises(Inconsistent, match=r"tile/0/000\.p/1: it has"):
        Hashes.parse(bytes(length), Tile(0, 0, 1))


@given(st.lists(st.binary(max_size=40), max_size=WIDTH))
def test_bundles_survive_packing(records: list[bytes]) -> None:
    bundle = Bundle(0, len(records))
    raw = tiles.pack(records)
    assert tiles.unpack(raw, bundle) == records
    for cut in {1, len(raw) // 2, len(raw) - 1} - {0, len(raw)} if raw else ():
        with pytest.raises(Inconsistent):
            tiles.unpack(raw[:cut], bundle)
    with pytest.raises(Inconsistent):
        tiles.unpack(raw + b"\0", bundle)
    with pytest.raises(Inconsistent):
        tiles.unpack(raw, bundle._replace(width=len(records) + 1))


def test_the_longest_record() -> None:
    longest = bytes(tiles.LONGEST_RECORD)
    assert tiles.unpack(tiles.pack([longest]), Bundle(0, 1)) == [longest]
