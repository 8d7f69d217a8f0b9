"""A whole log computed anew from its records, and what differs named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from modelward.attest import merkle, tiles
from modelward.attest.merkle import leaf_hash
from modelward.attest.tiles import WIDTH, Bundle, Hashes, Inconsistent, Tile, Tree
from modelward.core.log import Problem
from modelward.stores.log import Log
from modelward.stores.log_files import CHECKPOINT, KEY, PUBLIC_KEY, LogFiles, Missing

MOST = 1000
"""Problems after which no more is read: a checkpoint can claim more records than any disk has."""


class Audit:
    """One run over a log. What it reads is bounded by what is there, and by MOST things that are not."""

    def __init__(self, files: LogFiles, log: Log, take: Callable[[int, bytes], None]) -> None:
        """*take* gets each record with its number, rewritten ones too."""
        self._files = files
        self._log = log
        self._take = take
        self._problems: list[Problem] = []
        self._differing: dict[Tile, list[int]] = {}
        self._edge: dict[tuple[int, int], Hashes] = {}
        self._used = {CHECKPOINT, KEY, PUBLIC_KEY}

    def run(self) -> tuple[list[Problem], list[str]]:
        """All that is wrong, and the files that are no part of the log. Raises ReadError."""
        row = self._leaves()
        level = 0
        while row and len(self._problems) < MOST:
            level += 1
            row = self._level(level, row)
        if len(self._problems) >= MOST:
            why = f"more than {MOST:,} problems: the rest of the log was not read"
            return [*self._problems[:MOST], Problem("inconsistent", CHECKPOINT, why)], []
        signed = self._log.signed
        root = merkle.root(signed.size, tiles.node_of(lambda level, index: self._edge[level, index]))
        self._problems += self._blame(root == signed.root)
        if root != signed.root and not self._problems:
            why = f"it signs the root {signed.root.hex()}, and the records give {root.hex()}: they were rewritten since"
            self._problems.append(Problem("inconsistent", CHECKPOINT, why))
        return self._problems, self._files.others(self._used)

    def _leaves(self) -> list[bytes]:
        """The hashes of the full tiles of level 0."""
        roots: list[bytes] = []
        for index in range(-(-self._log.size // WIDTH)):
            if len(self._problems) >= MOST:
                break
            bundle = tiles.bundle_at(self._log.size, index)
            tile = Tile(0, *bundle)
            stored = self._stored(tile)
            made = self._records(bundle)
            self._compare(tile, made, stored, roots)
        return roots

    def _level(self, level: int, row: list[bytes]) -> list[bytes]:
        roots: list[bytes] = []
        for at in range(0, len(row), WIDTH):
            made = Hashes(row[at : at + WIDTH])
            tile = Tile(level, at // WIDTH, len(made.leaves))
            self._compare(tile, made, self._stored(tile), roots)
        return roots

    def _records(self, bundle: Bundle) -> Hashes | None:
        self._used.add(bundle.path)
        try:
            records = self._files.read_bundle(bundle)
        except Inconsistent as error:
            first = bundle.number * WIDTH
            why = f"{error.why}: records {first} to {first + bundle.width - 1} cannot be read"
            self._note(error, why)
            return None
        for number, record in enumerate(records, bundle.number * WIDTH):
            self._take(number, record)
        return Hashes([leaf_hash(record) for record in records])

    def _stored(self, tile: Tile) -> Hashes | None:
        self._used.add(tile.path)
        try:
            return Hashes.parse(self._files.read_tile(tile), tile)
        except Inconsistent as error:
            self._note(error, error.why)
            return None

    def _compare(self, tile: Tile, made: Hashes | None, stored: Hashes | None, roots: list[bytes]) -> None:
        """What is computed goes on upwards; where records are lost, what the tile says of them does."""
        if made and stored and made.leaves != stored.leaves:
            pairs = enumerate(zip(made.leaves, stored.leaves, strict=True))
            self._differing[tile] = [at for at, (one, other) in pairs if one != other]
        known = made or stored or Hashes([merkle.EMPTY] * tile.width)
        if tile.width == WIDTH:
            roots.append(known.root)
        else:
            self._edge[tile.level, tile.number] = known

    def _blame(self, is_whole: bool) -> Iterator[Problem]:
        """*is_whole*: the records give the root that was signed, so what differs from them is wrong."""
        try:
            tree = None if is_whole else self._log.tree
        except Inconsistent:
            tree = None
        for tile, at in islice(self._differing.items(), MOST):
            if is_whole:
                yield Problem("damaged", tile.path, f"its hashes {_numbers(at)} are not those of the log")
            elif tree is None or not _is_signed(tree, tile):
                why = f"its hashes {_numbers(at)} are not those of the records, and neither give what is signed"
                yield Problem("damaged", tile.path, why)
            elif tile.level == 0:
                yield _rewritten(Bundle(tile.number, tile.width), [tile.number * WIDTH + one for one in at])
            else:
                yield from self._below(tile, at)

    def _below(self, tile: Tile, at: list[int]) -> Iterator[Problem]:
        """*tile* is as it was signed, what is under it is not: told already, unless the records agree with that."""
        for one in at:
            child = Tile(tile.level - 1, tile.number * WIDTH + one, WIDTH)
            if child not in self._differing and child.level == 0:
                first = child.number * WIDTH
                yield Problem(
                    "rewritten",
                    Bundle(child.number, WIDTH).path,
                    f"some of the records {first} to {first + WIDTH - 1} are not those that were logged, and "
                    f"{child.path} was rewritten with them",
                )

    def _note(self, error: Inconsistent, why: str) -> None:
        self._problems.append(Problem("missing" if isinstance(error, Missing) else "damaged", error.where, why))


def _rewritten(bundle: Bundle, numbers: list[int]) -> Problem:
    which = f"record {numbers[0]} is not the one" if len(numbers) == 1 else f"records {_numbers(numbers)} are not those"
    return Problem("rewritten", bundle.path, f"{which} that the log has signed")


def _is_signed(tree: Tree, tile: Tile) -> bool:
    try:
        tree.tile(tile.level, tile.number)
    except Inconsistent:
        return False
    return True


def _numbers(numbers: list[int]) -> str:
    more = f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""
    return ", ".join(map(str, numbers[:8])) + more
