"""The file itself: the superblock, and reading at addresses.

https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken, Cursor
from modelward.formats.source import Budget

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_BLOCK_COST = 64
_LEAST_WORK = 16 << 20
_MOST_WORK = 48 << 20


class Fields(Cursor):
    """A Cursor that knows how wide the file's addresses and lengths are."""

    def __init__(self, file: File, at: int, end: int) -> None:
        super().__init__(file.source, at, end)
        self._file = file

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def address(self) -> int | None:
        """A position in *source*, or None for the address that is not defined."""
        raw = self.number(self._file.address_width)
        return None if raw == (1 << 8 * self._file.address_width) - 1 else self._file.base + raw

    def length(self) -> int:
        return self.number(self._file.length_width)

    def expect(self, signature: bytes) -> None:
        at = self.at
        if self.take(len(signature)) != signature:
            raise Broken(f"no {signature.decode()} where one must be", at)

    def version(self, *known: int) -> int:
        at = self.at
        found = self.u8()
        if found not in known:
            raise Broken(f"a structure of version {found}, which is not known here", at)
        return found


@dataclass(frozen=True, slots=True)
class File:
    source: Source
    base: int
    """Addresses count from the superblock, whatever it says itself: the library does so."""
    address_width: int
    length_width: int
    budget: Budget
    """Bytes of metadata that may still be parsed, so that structures shared by many cost no more than a file
    can hold."""

    texts: Budget
    """Bytes of text that may still be handed out: values in heaps can be shared too."""

    def fields(self, at: int | None, size: int) -> Fields:
        """[at, at + size), of which what lies beyond the end of the file raises Broken when it is read."""
        if at is None:
            raise Broken("a structure that must be there has no address", 0)
        self.spend(size, at)
        return Fields(self, at, at + size)

    def spend(self, amount: int, at: int) -> None:
        if not self.budget.spend(amount + _BLOCK_COST):
            raise Exhausted("more structures than a file of this size holds once", at)


class Exhausted(Broken):
    """The budget is spent: there is no point in going on elsewhere."""


@dataclass(frozen=True, slots=True)
class Group:
    """Where the names of a group of the old kind are: a B-tree, and the heap of its names."""

    tree: int | None
    heap: int | None


@dataclass(frozen=True, slots=True)
class Superblock:
    file: File
    root: int | None
    """The root group's object header."""
    cached: Group | None
    """What a superblock of version 0 or 1 repeats of the root group. The library falls back on it."""
    extension: int | None
    drivers: bool
    """The file may be one of several that only together are the content."""


def open_file(source: Source) -> Superblock:
    """Raises Broken for what is no HDF5 file, or one of a kind that does not exist yet."""
    base = next(_signatures(source), None)
    if base is None:
        raise Broken("not an HDF5 file", 0)
    head = Cursor(source, base + len(SIGNATURE), base + 256)
    version = head.u8()
    if version > 3:
        raise Broken(f"a superblock of version {version}, which is not known here", base)
    if version < 2:
        head.skip(4)
    widths = head.u8(), head.u8()
    if not set(widths) <= {2, 4, 8}:
        raise Broken(f"addresses and lengths of {widths[0]} and {widths[1]} bytes", base)
    work = min(_MOST_WORK, _LEAST_WORK + 4 * source.size)
    file = File(source, base, *widths, Budget(work), Budget(2 * source.size))
    fields = Fields(file, head.at, head.end)
    return _old(file, fields, version) if version < 2 else _new(file, fields)


def _signatures(source: Source) -> Iterator[int]:
    """Where the library looks: at 0, 512, and then twice as far each time."""
    at = 0
    while at < source.size:
        if source.read(at, len(SIGNATURE)) == SIGNATURE:
            yield at
        at = 2 * at or 512


def _old(file: File, fields: Fields, version: int) -> Superblock:
    fields.skip(1 + 2 + 2 + 4 + (4 if version else 0))
    fields.skip(3 * file.address_width)
    drivers = fields.address() is not None
    fields.skip(file.address_width)
    root, kind = fields.address(), fields.u32()
    fields.skip(4)
    cached = Group(fields.address(), fields.address()) if kind == 1 else None
    return Superblock(file, root, cached, None, drivers)


def _new(file: File, fields: Fields) -> Superblock:
    fields.skip(1 + file.address_width)
    extension = fields.address()
    fields.skip(file.address_width)
    return Superblock(file, fields.address(), None, extension, drivers=False)
