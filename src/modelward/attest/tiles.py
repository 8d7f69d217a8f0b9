"""A log as tiles: https://c2sp.org/tlog-tiles

A tile holds up to 256 neighbouring hashes of every eighth level of the tree; one at the right edge may be
partial. What a tile says counts for nothing until it hashes to the root of a signed checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from modelward.attest import merkle
from modelward.attest.merkle import HASH_SIZE, node_hash
from modelward.core.errors import Malformed

WIDTH = 256
HEIGHT = 8
LONGEST_RECORD = 2**16 - 1
LONGEST_BUNDLE = WIDTH * (2 + LONGEST_RECORD)

_KEPT = 64  # tiles, with all that is hashed from them: some 40 KB each


class Inconsistent(Malformed):
    """A log is not what its checkpoint signs. *where* is the file that shows it."""

    exit_code = 1

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class Tile(NamedTuple):
    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        return _path(f"tile/{self.level}", self.number, self.width)


class Bundle(NamedTuple):
    """The records under a tile of level 0."""

    number: int
    width: int

    @property
    def path(self) -> str:
        return _path("tile/entries", self.number, self.width)


class Hashes:
    """What is in one tile, and the complete subtrees that follow from it."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = tuple(leaves)
        self._levels = [self.leaves]

    @classmethod
    def parse(cls, raw: bytes, tile: Tile) -> Hashes:
        """Raises Inconsistent."""
        if len(raw) != tile.width * HASH_SIZE:
            raise Inconsistent(tile.path, f"it has {len(raw):,} bytes, and {tile.width} hashes are {tile.width * 32:,}")
        return cls([raw[at : at + HASH_SIZE] for at in range(0, len(raw), HASH_SIZE)])

    def node(self, level: int, index: int) -> bytes:
        """The hash over 2**level hashes of the tile, counted from its left."""
        while len(self._levels) <= level:
            below = self._levels[-1]
            self._levels.append(tuple(node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)))
        return self._levels[level][index]

    @property
    def root(self) -> bytes:
        """Of a full tile."""
        return self.node(HEIGHT, 0)

    @property
    def raw(self) -> bytes:
        return b"".join(self.leaves)


Load = Callable[[int, int], Hashes]
"""(level, index) -> a tile."""


def node_of(load: Load) -> merkle.Nodes:
    """The nodes of the tree whose tiles *load* gives."""

    def node(level: int, index: int) -> bytes:
        above, below = divmod(level, HEIGHT)
        tile, at = divmod(index << below, WIDTH)
        return load(above, tile).node(below, at >> below)

    return node


def tile_at(size: int, level: int, index: int) -> Tile:
    return Tile(level, index, min(WIDTH, (size >> HEIGHT * level) - WIDTH * index))


def edge(size: int) -> list[Tile]:
    """The partial tiles, from level 0 on."""
    found, level = [], 0
    while hashes := size >> HEIGHT * level:
        if hashes % WIDTH:
            found.append(Tile(level, hashes // WIDTH, hashes % WIDTH))
        level += 1
    return found


def bundle_at(size: int, index: int) -> Bundle:
    return Bundle(index, tile_at(size, 0, index).width)


class Tree:
    """The tree of a signed *root*. All that it gives hashes to that, or it raises Inconsistent."""

    def __init__(self, size: int, root: bytes, read: Callable[[Tile], bytes]) -> None:
        """*read* gives the bytes of a tile."""
        self.size = size
        self.root = root
        self._read = read
        self.tile: Load = lru_cache(_KEPT)(self._verified)
        self.node = node_of(self.tile)
        self._edge = {tile[:2]: Hashes.parse(read(tile), tile) for tile in edge(size)}
        if merkle.root(size, node_of(lambda level, index: self._edge[level, index])) != root:
            where = ", ".join(tile.path for tile in edge(size)) or "checkpoint"
            raise Inconsistent(where, "the tiles at the edge of the log do not hash to the root that was signed")

    def _verified(self, level: int, index: int) -> Hashes:
        if (level, index) in self._edge:
            return self._edge[level, index]
        tile = tile_at(self.size, level, index)
        found = Hashes.parse(self._read(tile), tile)
        above, at = divmod(index, WIDTH)
        if found.root != self.tile(level + 1, above).leaves[at]:
            raise Inconsistent(tile.path, f"it does not hash to what {tile_at(self.size, level + 1, above).path} has")
        return found


def grow(tree: Tree, leaves: Sequence[bytes]) -> dict[tuple[int, int], Hashes]:
    """The tiles that are new or wider when *leaves* are appended to *tree*."""
    changed: dict[tuple[int, int], Hashes] = {}
    level, new = 0, list(leaves)
    while new:
        first, have = divmod(tree.size >> HEIGHT * level, WIDTH)
        row = [*(tree.tile(level, first).leaves if have else ()), *new]
        made = [Hashes(row[at : at + WIDTH]) for at in range(0, len(row), WIDTH)]
        changed |= {(level, first + number): each for number, each in enumerate(made)}
        new = [each.root for each in made if len(each.leaves) == WIDTH]
        level += 1
    return changed


def pack(records: Sequence[bytes]) -> bytes:
    """An entry bundle. Each record has LONGEST_RECORD bytes at most."""
    return b"".join(len(record).to_bytes(2) + record for record in records)


def unpack(raw: bytes, bundle: Bundle) -> list[bytes]:
    """Raises Inconsistent."""
    records, at = list[bytes](), 0
    while at < len(raw):
        end = at + 2 + int.from_bytes(raw[at : at + 2])
        if at + 2 > len(raw) or end > len(raw):
            raise Inconsistent(bundle.path, f"record {bundle.number * WIDTH + len(records)} is cut short")
        records.append(raw[at + 2 : end])
        at = end
    if len(records) != bundle.width:
        raise Inconsistent(bundle.path, f"it has {len(records)} records, and the log has {bundle.width} there")
    return records


def _path(folder: str, index: int, width: int) -> str:
    name = f"{index % 1000:03}"
    while index := index // 1000:
        name = f"x{index % 1000:03}/{name}"
    return f"{folder}/{name}" if width == WIDTH else f"{folder}/{name}.p/{width}"
