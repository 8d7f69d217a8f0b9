"""Heaps: where names, long values and many attributes are kept outside of what refers to them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from modelward.formats.cursor import Broken
from modelward.formats.hdf5.btree import records
from modelward.formats.hdf5.file import Fields, File

_LONGEST_NAME = 1 << 16
_LARGEST_NAMES = 16 << 20
_KEPT = 1 << 16
"""Places of values that are remembered, since reading a collection again for each is slow."""
_LONG_ID = 17
"""Longer heap IDs have room for a longer value, and one more byte for its length."""


class LocalHeap:
    """The names of one group of the old kind, or of the files of one dataset."""

    def __init__(self, file: File, address: int | None) -> None:
        head = file.fields(address, 8 + 2 * file.length_width + file.address_width)
        head.expect(b"HEAP")
        head.version(0)
        head.skip(3)
        size = head.length()
        head.skip(file.length_width)
        if size > _LARGEST_NAMES:
            raise Broken(f"{size:,} bytes of names", head.at)
        names = file.fields(head.address(), size)
        self._file, self._at = file, names.at
        self._names = names.take(size)

    def text(self, offset: int) -> bytes:
        """The bytes from *offset* to the next NUL."""
        end = self._names.find(b"\0", offset)
        if end < 0:
            raise Broken("a name outside the heap of names", self._at)
        self._file.spend(end - offset, self._at)
        return self._names[offset:end]


def terminated(file: File, at: int, end: int) -> bytes:
    """The bytes from *at* to the next NUL, which must come before *end*."""
    found = b""
    while b"\0" not in found:
        window = file.source.read(at + len(found), min(256, end - at - len(found)))
        if not window or len(found) > _LONGEST_NAME:
            raise Broken("a name without an end", at, cut_short=at + len(found) >= file.source.size)
        found += window
    name = found.partition(b"\0")[0]
    file.spend(len(name), at)
    return name


class GlobalHeap:
    """Values of any length, in collections."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._collections: OrderedDict[int, dict[int, tuple[int, int]]] = OrderedDict()
        self._kept = 0

    def find(self, address: int | None, index: int) -> tuple[int, int]:
        """Where object *index* of the collection at *address* starts and ends."""
        if address is None:
            raise Broken("a value in a heap that is nowhere", 0)
        if address not in self._collections:
            self._collections[address] = dict(self._objects(address))
            self._kept += len(self._collections[address])
            while self._kept > _KEPT and len(self._collections) > 1:
                self._kept -= len(self._collections.popitem(last=False)[1])
        found = self._collections[address].get(index)
        if found is None:
            raise Broken("a value that is not in its heap", address)
        return found

    def _objects(self, address: int) -> Iterator[tuple[int, tuple[int, int]]]:
        head = self._file.fields(address, 8 + self._file.length_width)
        head.expect(b"GCOL")
        head.version(1)
        head.skip(3)
        size = head.length()
        fields = Fields(self._file, head.at, address + size)
        while fields.left >= 8 + self._file.length_width:
            self._file.spend(0, fields.at)
            index = fields.u16()
            fields.skip(6)
            length = fields.length()
            if not index:  # the space that is left
                return
            at = fields.skip(length)
            yield index, (at, at + length)
            fields.skip(min(-length % 8, fields.left))


class FractalHeap:
    """The heap of many links or attributes. https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html"""

    def __init__(self, file: File, address: int | None) -> None:
        head = file.fields(address, 28 + 12 * file.length_width + 3 * file.address_width)
        head.expect(b"FRHP")
        head.version(0)
        self._id_width, filters, self._flags = head.u16(), head.u16(), head.u8()
        if filters:
            raise Broken("a heap of attributes or links that is compressed", head.at)
        managed = head.u32()
        head.skip(file.length_width)
        self._huge = head.address()
        head.skip(file.length_width + file.address_width + 8 * file.length_width)
        self._columns, self._first = head.u16(), head.length()
        largest, bits = head.length(), head.u16()
        head.skip(2)
        self._root, self._rows = head.address(), head.u16()
        if not _is_power(self._columns, self._first, largest) or self._first > largest or bits > 64:
            raise Broken("a heap of impossible measures", head.at)
        self._file = file
        self._offset_width = -(-bits // 8)
        self._length_width = min(-(-(largest.bit_length() - 1) // 8), (max(managed, 1).bit_length() - 1) // 8 + 1)
        self._direct_rows = largest.bit_length() - self._first.bit_length() + 2

    def find(self, name: Fields) -> tuple[int, int]:
        """Where the object starts and ends whose heap ID comes next in *name*."""
        at, flags = name.at, name.u8()
        self._file.spend(0, at)
        kind = flags >> 4
        if kind == 0:
            offset, size = name.number(self._offset_width), name.number(self._length_width)
            start = self._locate(offset, at)
        elif kind == 1:
            return self._find_huge(name)
        elif kind == 2:  # in the ID itself
            is_long = self._id_width > _LONG_ID
            size = ((flags & 15) << 8 | name.u8() if is_long else flags & 15) + 1
            start = name.skip(size)
        else:
            raise Broken("a heap ID of a kind that is not known here", at)
        return start, start + size

    def _find_huge(self, name: Fields) -> tuple[int, int]:
        file = self._file
        if self._id_width > file.address_width + file.length_width:
            start, size = name.address(), name.length()
            if start is None:
                raise Broken("a value that is nowhere", name.at)
            return start, start + size
        wanted = name.number(min(self._id_width - 1, file.length_width))
        for record in records(file, self._huge):
            start, size = record.address(), record.length()
            if start is not None and record.left == file.length_width and record.length() == wanted:
                return start, start + size
        raise Broken("a value that is not in its heap", name.at)

    def _locate(self, offset: int, at: int) -> int:
        """The address of what stands *offset* bytes into the heap's space, which a doubling table of
        blocks makes up: each row but the second has blocks twice as large as the one before it."""
        block, rows, start = self._root, self._rows, 0
        file, row_size = self._file, self._columns * self._first
        while rows:
            row = ((offset - start) // row_size).bit_length()
            if row >= rows:
                raise Broken("a value outside its heap", at)
            size = self._first << max(row - 1, 0)
            row_start = start + (row_size << (row - 1) if row else 0)
            column = (offset - row_start) // size
            head = file.fields(block, 5 + file.address_width + self._offset_width)
            head.expect(b"FHIB")
            entry = head.at + 1 + file.address_width + self._offset_width
            entry += (row * self._columns + column) * file.address_width
            block = file.fields(entry, file.address_width).address()
            start = row_start + column * size
            rows = 0 if row < self._direct_rows else (size // row_size).bit_length()
        if block is None:
            raise Broken("a value in a part of its heap that is not there", at)
        return block + offset - start


def _is_power(*numbers: int) -> bool:
    return all(number > 0 and number & (number - 1) == 0 for number in numbers)
