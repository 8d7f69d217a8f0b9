"""HDF5 files, put together structure by structure.

https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SIGNATURE = b"\x89HDF\r\n\x1a\n"
NOWHERE = (1 << 64) - 1

DATASPACE, LINK_INFO, DATATYPE, LINK, EXTERNAL_FILES, LAYOUT, ATTRIBUTE = 1, 2, 3, 6, 7, 8, 12
CONTINUATION, SYMBOL_TABLE, ATTRIBUTE_INFO = 16, 17, 21

Message = tuple[int, bytes]


def u16(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}H", *numbers)


def u32(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def u64(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


# --- types and shapes ---


def string_type(size: int) -> bytes:
    return b"\x13\0\0\0" + u32(size)


def opaque_type(size: int) -> bytes:
    return b"\x15\0\0\0" + u32(size)


def byte_type() -> bytes:
    return b"\x10\0\0\0" + u32(1) + u16(0, 8)


def float_type() -> bytes:
    return b"\x11\x20\x3f\0" + u32(8) + u16(0, 64) + bytes((52, 11, 0, 52)) + u32(1023)


def text_type() -> bytes:
    """Strings of any length."""
    return b"\x19\x01\0\0" + u32(16) + string_type(1)


def rows_type() -> bytes:
    """Runs of bytes of any length."""
    return b"\x19\0\0\0" + u32(16) + byte_type()


def compound_type(size: int, *members: tuple[bytes, int, bytes]) -> bytes:
    """Of version 3."""
    inner = b"".join(name + b"\0" + bytes([offset]) + kind for name, offset, kind in members)
    return b"\x36" + u16(len(members)) + b"\0" + u32(size) + inner


def space(*sides: int) -> bytes:
    return bytes((1, len(sides), 0, 0)) + bytes(4) + u64(*sides)


# --- messages ---


def attribute(name: bytes, kind: bytes, value: bytes, *sides: int, version: int = 1) -> Message:
    shape = space(*sides)
    head = bytes((version, 0)) + u16(len(name) + 1, len(kind), len(shape))
    parts = (name + b"\0", kind, shape)
    body = b"".join(map(pad, parts)) if version == 1 else b"\0" * (version == 3) + b"".join(parts)
    return ATTRIBUTE, head + body + value


def text(name: str, value: bytes, version: int = 1) -> Message:
    """A string of fixed length."""
    return attribute(name.encode(), string_type(len(value)), value, version=version)


def link(name: bytes, kind: int, target: bytes) -> bytes:
    return bytes((1, 8, kind, len(name))) + name + target


def hard(name: bytes, address: int) -> bytes:
    return link(name, 0, u64(address))


def external(name: bytes, file: bytes, path: bytes) -> bytes:
    target = b"\0" + file + b"\0" + path + b"\0"
    return link(name, 64, u16(len(target)) + target)


def soft(name: bytes, path: bytes) -> bytes:
    return link(name, 1, u16(len(path)) + path)


def contiguous(address: int, size: int) -> Message:
    return LAYOUT, bytes((3, 1)) + u64(address, size)


# --- the file ---


@dataclass
class Writer:
    """Addresses are places in `data`; the superblock gets its place first."""

    data: bytearray = field(default_factory=lambda: bytearray(96))

    def put(self, block: bytes) -> int:
        at = len(self.data)
        self.data += pad(block)
        return at

    def old_object(self, *messages: Message, more: Sequence[Message] = ()) -> int:
        """A header of version 1; *more* stands in a second block."""
        listed = list(messages)
        if more:
            block = self._old_messages(more)
            listed.append((CONTINUATION, u64(self.put(block), len(block))))
        body = self._old_messages(listed)
        return self.put(b"\x01\0" + u16(len(listed)) + u32(1, len(body)) + bytes(4) + body)

    @staticmethod
    def _old_messages(messages: Sequence[Message]) -> bytes:
        return b"".join(u16(kind, len(pad(body))) + bytes(4) + pad(body) for kind, body in messages)

    def new_object(self, *messages: Message, more: Sequence[Message] = ()) -> int:
        """A header of version 2, its checksum left out."""
        listed = list(messages)
        if more:
            block = b"OCHK" + self._new_messages(more) + bytes(4)
            listed.append((CONTINUATION, u64(self.put(block), len(block))))
        body = self._new_messages(listed)
        return self.put(b"OHDR\x02\x02" + u32(len(body)) + body + bytes(4))

    @staticmethod
    def _new_messages(messages: Sequence[Message]) -> bytes:
        return b"".join(bytes([kind]) + u16(len(body)) + b"\0" + body for kind, body in messages)

    def names(self, children: Mapping[bytes, int]) -> Message:
        """The symbol table of a group of the old kind."""
        heap, places = bytearray(8), []
        for name in sorted(children):
            places.append(len(heap))
            heap += pad(name + b"\0")
        names = self.put(b"HEAP" + bytes(4) + u64(len(heap), 1, self.put(bytes(heap))))
        entries = b"".join(
            u64(at, child) + bytes(24) for at, (_, child) in zip(places, sorted(children.items()), strict=True)
        )
        leaf = self.put(b"SNOD\x01\0" + u16(len(children)) + entries.ljust(8 * 40, b"\0"))
        last = places[-1] if places else 0
        tree = self.put((b"TREE\0\0" + u16(1) + u64(NOWHERE, NOWHERE, 0, leaf, last)).ljust(544, b"\0"))
        return SYMBOL_TABLE, u64(tree, names)

    def values(self, *values: bytes) -> int:
        """A collection of the global heap; the values count from 1."""
        body = b"".join(u16(index, 1) + bytes(4) + u64(len(v)) + pad(v) for index, v in enumerate(values, 1))
        size = max(4096, 32 + len(body))
        free = size - 16 - len(body)
        return self.put(b"GCOL\x01\0\0\0" + u64(size) + body + u64(0, free) + bytes(free - 16))

    def long_text(self, name: bytes, *values: bytes, version: int = 1) -> Message:
        """Strings of any length."""
        heap = self.values(*values)
        places = b"".join(u32(len(value)) + u64(heap) + u32(index) for index, value in enumerate(values, 1))
        return attribute(name, text_type(), places, len(values), version=version)

    def stored_outside(self, *files: bytes) -> Message:
        """The list of files that a dataset's numbers are in."""
        heap, slots = bytearray(8), b""
        for name in files:
            slots += u64(len(heap), 0, 80)
            heap += pad(name + b"\0")
        names = self.put(b"HEAP" + bytes(4) + u64(len(heap), 1, self.put(bytes(heap))))
        return EXTERNAL_FILES, b"\x01\0\0\0" + u16(len(files), len(files)) + u64(names) + slots

    def virtual(self, file: bytes) -> Message:
        heap = self.values(b"\0" + u64(1) + file + b"\0data\0" + bytes(32))
        return LAYOUT, bytes((4, 3)) + u64(heap) + u32(1)

    def chunked_rows(self, *rows: bytes) -> tuple[Message, ...]:
        """Everything that describes a dataset of rows of any length."""
        heap = self.values(*rows)
        chunk = self.put(b"".join(u32(len(r)) + u64(heap) + u32(i) for i, r in enumerate(rows, 1)) + bytes(16 * 4))
        many = len(rows) + 4
        keys = u32(16 * many, 0) + u64(0, 0, chunk) + u32(16 * many, 0) + u64(many, 0)
        tree = self.put((b"TREE\x01\0" + u16(1) + u64(NOWHERE, NOWHERE) + keys).ljust(2096, b"\0"))
        layout = bytes((3, 2, 2)) + u64(tree) + u32(many, 16)
        return (DATASPACE, space(len(rows))), (DATATYPE, rows_type()), (LAYOUT, layout)

    def heap(self, objects: Sequence[bytes], *, in_rows: bool = False, huge: Sequence[bytes] = ()) -> tuple[int, int]:
        """A fractal heap of *objects*, and a B-tree of their IDs as attributes have it. *in_rows* puts an
        indirect block in front."""
        block = bytearray(b"FHDB\0" + u64(0) + bytes(4))
        ids = []
        for data in objects:
            ids.append(b"\0" + u32(len(block)) + u16(len(data)) + b"\0")
            block += data
        block += bytes(4096 - len(block))
        root, rows = self.put(bytes(block)), 0
        if in_rows:
            table = u64(root, *[NOWHERE] * 7)
            root, rows = self.put(b"FHIB\0" + u64(0) + bytes(4) + table + bytes(4)), 2
        huge_records = b""
        for number, data in enumerate(huge, 1):
            ids.append(b"\x10" + u32(number) + bytes(3))
            huge_records += u64(self.put(data), len(data), number)
        tree = self.records(1, 24, huge_records) if huge else NOWHERE
        head = b"FRHP\0" + u16(8, 0) + b"\0" + u32(4096) + u64(0, tree, 0, NOWHERE, *[0] * 8)
        head += u16(4) + u64(4096, 65536) + u16(32, 1) + u64(root) + u16(rows) + bytes(4)
        return self.put(head), self.records(8, 17, b"".join(name + bytes(9) for name in ids))

    def records(self, kind: int, width: int, records: bytes) -> int:
        """A B-tree of version 2 that has one node."""
        leaf = self.put(b"BTLF\0" + bytes([kind]) + records + bytes(4))
        many = len(records) // width
        head = b"BTHD\0" + bytes([kind]) + u32(512) + u16(width, 0) + b"\x64\x28" + u64(leaf) + u16(many) + u64(many)
        return self.put(head + bytes(4))

    def old(self, root: int, *, version: int = 0, block: int = 0) -> bytes:
        """The file with a superblock of version 0 or 1, behind a user block."""
        head = SIGNATURE + bytes((version, 0, 0, 0, 0, 8, 8, 0)) + u16(4, 16) + u32(0) + bytes(4 * version)
        head += u64(0, NOWHERE, len(self.data), NOWHERE, 0, root) + bytes(24)
        return bytes(block) + head.ljust(96, b"\0")[:96] + bytes(self.data[96:])

    def new(self, root: int, *, version: int = 2, extension: int = NOWHERE) -> bytes:
        """The file with a superblock of version 2 or 3."""
        head = SIGNATURE + bytes((version, 8, 8, 0)) + u64(0, extension, len(self.data), root) + bytes(4)
        return head.ljust(96, b"\0") + bytes(self.data[96:])


def of_attributes(*messages: Message) -> bytes:
    """A file whose root group has nothing but attributes."""
    writer = Writer()
    return writer.old(writer.old_object(*messages))


def keras(config: bytes, training: bytes = b"") -> bytes:
    """What Keras saves as .h5, with one layer of weights."""
    writer = Writer()
    numbers = writer.put(struct.pack("<4d", 1, 2, 3, 4))
    kernel = writer.old_object(
        (DATASPACE, space(4)), (DATATYPE, float_type()), contiguous(numbers, 32), text("unit", b"none")
    )
    layer = writer.old_object(writer.names({b"kernel:0": kernel}), text("weight_names", b"dense/kernel:0"))
    weights = writer.old_object(writer.names({b"dense": layer}), text("layer_names", b"dense"), text("backend", b"jax"))
    told = [text("keras_version", b"3.15.1"), text("backend", b"tensorflow"), text("model_config", config)]
    if training:
        told.append(writer.long_text(b"training_config", training))
    return writer.old(writer.old_object(writer.names({b"model_weights": weights}), more=told))
