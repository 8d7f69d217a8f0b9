"""The objects of a file, one after the other."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from modelward.core.artifact import Source
from modelward.core.canonical import escape_bytes
from modelward.core.limits import Limits
from modelward.formats.cursor import Broken
from modelward.formats.hdf5.attribute import texts
from modelward.formats.hdf5.btree import NAMES, leaves, records
from modelward.formats.hdf5.dataset import ROWS, VIRTUAL, contents, extent, layout
from modelward.formats.hdf5.facts import ExternalLink, ExternalStorage, Filter, Gap, Part, Text, VirtualDataset
from modelward.formats.hdf5.file import Exhausted, Fields, Group, Superblock, open_file
from modelward.formats.hdf5.header import Kind, Message, messages
from modelward.formats.hdf5.heaps import FractalHeap, GlobalHeap, LocalHeap, terminated

_LONGEST_PATH = 1_000
_HARD, _SOFT, _EXTERNAL = 0, 1, 64  # link types
_LAST_OF_LIBRARY = 255  # filters with a higher number have a name
_CACHED_SOFT = 2  # a symbol table entry that is one
_KNOWN = frozenset(Kind)
_NO_SHARING = frozenset({Kind.LINK_INFO, Kind.LINK, Kind.EXTERNAL_FILES, Kind.LAYOUT, Kind.FILTERS, Kind.SYMBOL_TABLE})


def read_hdf5(source: Source, limits: Limits) -> Iterator[Part]:
    """What refers to other files, and every text in an attribute, of all objects that a name leads to.

    Of datasets the numbers are not read; bytes that stand in one piece are told, and what PyTables
    unpickles. A part that cannot be read is a Gap; the others are read all the same. Never raises for
    what the bytes say.
    """
    try:
        superblock = open_file(source)
    except Broken as error:
        yield _gap(error)
        return
    try:
        yield from Walk(superblock, limits).parts()
    except Exhausted as error:
        yield _gap(error)


def _gap(error: Broken, where: str = "") -> Gap:
    return Gap(f"{where}: {error.why}" if where else error.why, error.at, error.cut_short)


class Walk:
    def __init__(self, superblock: Superblock, limits: Limits) -> None:
        self._file = superblock.file
        self._superblock = superblock
        self._heap = GlobalHeap(superblock.file)
        self._most = limits.entries
        # Round after round in the order of addresses: the source may be one that is read forward only
        self._todo: list[tuple[int, str]] = []
        self._next_round: list[tuple[int, str]] = []
        self._at = 0
        self._seen: set[int] = set()

    def parts(self) -> Iterator[Part]:
        """Raises Exhausted."""
        superblock = self._superblock
        if superblock.drivers:
            yield Gap("the content is spread over several files", superblock.file.base)
        if superblock.root is None:
            yield Gap("there is no root group", superblock.file.base)
        self._enter(superblock.root, "/")
        self._enter(superblock.extension, "<superblock>")
        if superblock.cached:
            yield from self._guarded("/", self._old_group("/", superblock.cached))
        while self._todo or self._next_round:
            if not self._todo:
                self._todo, self._next_round = self._next_round, []
            address, where = heapq.heappop(self._todo)
            self._at = address
            yield from self._guarded(where, self._object(address, where))
            if len(self._seen) > self._most:
                yield Gap("more objects than the limit of entries", address)
                return

    def _enter(self, address: int | None, where: str) -> None:
        if address is not None and address not in self._seen:
            self._seen.add(address)
            heapq.heappush(self._todo if address >= self._at else self._next_round, (address, where))

    def _guarded(self, where: str, parts: Iterator[Part]) -> Iterator[Part]:
        """*parts* as far as they can be read."""
        try:
            yield from parts
        except Exhausted:
            raise
        except Broken as error:
            yield _gap(error, where)

    def _object(self, address: int, where: str) -> Iterator[Part]:
        found, has_rows = dict[int, Message](), False
        for message in messages(self._file, address):
            found.setdefault(message.kind, message)  # the library takes the first of a kind
            for part in self._guarded(where, self._message(message, where)):
                has_rows = has_rows or (isinstance(part, Text) and part.attribute == ROWS)
                yield part
        yield from self._guarded(where, extent(self._file, where, found))
        yield from self._guarded(where, contents(self._file, self._heap, where, found, has_rows))

    def _message(self, message: Message, where: str) -> Iterator[Part]:
        fields = Fields(self._file, message.start, message.end)
        kind = message.kind
        if message.shared and (kind == Kind.ATTRIBUTE or kind in _NO_SHARING):
            raise Broken("a part that is kept in a heap for all objects", message.start)
        if kind == Kind.ATTRIBUTE:
            yield from texts(self._file, self._heap, where, message.start, message.end)
        elif kind == Kind.ATTRIBUTE_INFO:
            yield from self._many_attributes(fields, where)
        elif kind == Kind.SYMBOL_TABLE:
            yield from self._old_group(where, Group(fields.address(), fields.address()))
        elif kind == Kind.LINK:
            yield from self._link(fields, where)
        elif kind == Kind.LINK_INFO:
            yield from self._many_links(fields, where)
        elif kind == Kind.EXTERNAL_FILES:
            yield self._external_files(fields, where)
        elif kind == Kind.LAYOUT:
            yield from self._virtual(fields, where)
        elif kind == Kind.FILTERS:
            yield from _filters(fields, where)
        elif kind == Kind.DRIVER_INFO:
            yield Gap("the content is spread over several files", message.start)
        elif kind not in _KNOWN:
            yield Gap(f"{where}: a message of type {kind}, which is not known here", message.start)

    # --- names ---

    def _old_group(self, where: str, group: Group) -> Iterator[Part]:
        file = self._file
        heap = LocalHeap(file, group.heap)
        for leaf in sorted(leaf for _, leaf in leaves(file, group.tree, NAMES, file.length_width)):
            head = file.fields(leaf, 8)
            head.expect(b"SNOD")
            head.version(1)
            head.skip(1)
            count = head.u16()
            entries = file.fields(leaf + 8, count * (2 * file.address_width + 24))
            for _ in range(count):
                name, target, kind = entries.number(file.address_width), entries.address(), entries.u32()
                entries.skip(20)
                if kind != _CACHED_SOFT:
                    yield from self._old_link(heap, name, target, where)

    def _old_link(self, heap: LocalHeap, name: int, target: int | None, where: str) -> Iterator[Part]:
        path = _join(where, b"?")
        try:
            path = _join(where, heap.text(name))
        except Broken as error:
            yield _gap(error, where)
        self._enter(target, path)

    def _link(self, fields: Fields, where: str) -> Iterator[Part]:
        at = fields.at
        fields.version(1)
        flags = fields.u8()
        kind = fields.u8() if flags & 8 else _HARD
        fields.skip((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
        name = fields.take(min(fields.number(1 << (flags & 3)), fields.left))
        path = _join(where, name)
        if kind == _HARD:
            self._enter(fields.address(), path)
        elif kind == _EXTERNAL:
            length = fields.u16()
            fields.skip(1)
            file, _, target = fields.take(length - 1).partition(b"\0")
            yield ExternalLink(path, escape_bytes(file), escape_bytes(target.rstrip(b"\0")), at)
        elif kind != _SOFT:
            yield Gap(f"{path}: a link of type {kind}, whose meaning an application defines", at)

    def _many_links(self, fields: Fields, where: str) -> Iterator[Part]:
        file = self._file
        fields.version(0)
        fields.skip(8 if fields.u8() & 1 else 0)
        heap_at, index = fields.address(), fields.address()
        if heap_at is None:
            return
        heap = FractalHeap(file, heap_at)
        for record in records(file, index):
            record.skip(4)
            start, end = heap.find(record)
            yield from self._guarded(where, self._link(file.fields(start, end - start), where))

    # --- datasets ---

    def _external_files(self, fields: Fields, where: str) -> ExternalStorage:
        file, at = self._file, fields.at
        fields.version(1)
        fields.skip(5)
        used = fields.u16()
        heap = LocalHeap(file, fields.address())
        names = []
        for _ in range(used):
            names.append(escape_bytes(heap.text(fields.length())))
            fields.skip(2 * file.length_width)
        return ExternalStorage(where, tuple(dict.fromkeys(names)), at)

    def _virtual(self, fields: Fields, where: str) -> Iterator[Part]:
        at = fields.at
        if layout(self._file, fields).kind == VIRTUAL:
            start, end = self._heap.find(fields.address(), fields.u32())
            name = terminated(self._file, start + 1 + self._file.length_width, end)
            yield VirtualDataset(where, escape_bytes(name), at)

    # --- attributes ---

    def _many_attributes(self, fields: Fields, where: str) -> Iterator[Part]:
        file = self._file
        fields.version(0)
        fields.skip(2 if fields.u8() & 1 else 0)
        heap_at, index = fields.address(), fields.address()
        if heap_at is None:
            return
        heap = FractalHeap(file, heap_at)
        for record in records(file, index):
            start, end = heap.find(record)
            if record.u8() & 2:
                raise Broken("a part that is kept in a heap for all objects", record.at)
            yield from self._guarded(where, texts(file, self._heap, where, start, end))


def _filters(fields: Fields, where: str) -> Iterator[Filter]:
    version, count = fields.version(1, 2), fields.u8()
    fields.skip(6 if version == 1 else 0)
    for _ in range(count):
        at, number = fields.at, fields.u16()
        length = fields.u16() if version == 1 or number > _LAST_OF_LIBRARY else 0
        fields.skip(2)
        values = fields.u16()
        name = fields.take(length)
        fields.skip(-length % 8 if version == 1 else 0)
        fields.skip(4 * (values + values % 2 if version == 1 else values))
        yield Filter(where, number, escape_bytes(name.partition(b"\0")[0]), at)


def _join(where: str, name: bytes) -> str:
    """The path of what *name* stands for in the group *where*."""
    return f"{where.rstrip('/')}/{escape_bytes(name.rstrip(bytes(1)))}"[:_LONGEST_PATH]
