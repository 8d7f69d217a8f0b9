"""B-trees: of version 1 over the names of a group or the chunks of a
dataset, of version 2 over what a fractal heap holds."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.formats.cursor import Broken
from modelward.formats.hdf5.file import Fields, File

_DEEPEST = 32


NAMES, CHUNKS = 0, 1  # what a tree of version 1 is of


def leaves(file: File, address: int | None, kind: int, key_width: int) -> Iterator[tuple[Fields, int]]:
    """What a B-tree of version 1 leads to: the key before it, and its address. Raises Broken."""
    todo = [(address, _DEEPEST)]
    seen: set[int | None] = set()
    while todo:
        at, depth = todo.pop()
        if at in seen or not depth:
            raise Broken("a B-tree that contains itself", at or 0)
        seen.add(at)
        width = file.address_width
        head = file.fields(at, 8 + 2 * width)
        head.expect(b"TREE")
        if head.u8() != kind:
            raise Broken("a B-tree of another kind than must be here", head.at - 1)
        level, used = head.u8(), head.u16()
        node = file.fields(head.skip(2 * width) + 2 * width, used * (width + key_width))
        for _ in range(used):
            key_at = node.skip(key_width)
            child = node.address()
            if child is None:
                raise Broken("a B-tree with a branch to nowhere", node.at)
            if level:
                todo.append((child, depth - 1))
            else:
                yield Fields(file, key_at, key_at + key_width), child


def records(file: File, address: int | None) -> Iterator[Fields]:
    """Every record of a B-tree of version 2. Raises Broken."""
    head = file.fields(address, 26 + file.address_width + file.length_width)
    head.expect(b"BTHD")
    head.version(0)
    head.skip(1)
    size, width, depth = head.u32(), head.u16(), head.u16()
    head.skip(2)
    root, used = head.address(), head.u16()
    if root is None:
        return
    if not width or size > 1 << 24 or depth > _DEEPEST:
        raise Broken("a B-tree of impossible measures", head.at)
    totals = _total_widths(file, size, width, depth)
    seen = set()
    todo = [(root, used, depth)]
    while todo:
        at, count, level = todo.pop()
        if at in seen:
            raise Broken("a B-tree that contains itself", at)
        seen.add(at)
        node = file.fields(at, size)
        node.expect(b"BTIN" if level else b"BTLF")
        node.skip(2)
        for _ in range(count):
            file.spend(0, node.at)
            start = node.skip(width)
            yield Fields(file, start, start + width)
        for _ in range(count + 1 if level else 0):
            child, inner = node.address(), node.number(_bytes_for(_fit(size, width)))
            node.skip(totals[level - 1])
            if child is None:
                raise Broken("a B-tree with a branch to nowhere", node.at)
            todo.append((child, inner, level - 1))


_OVERHEAD = 10  # signature, version, type and checksum


def _fit(size: int, width: int) -> int:
    return max(size - _OVERHEAD, 0) // width


def _total_widths(file: File, size: int, width: int, depth: int) -> list[int]:
    """How many bytes a pointer to a node of each level spends on the number of all records below it."""
    total, widths = _fit(size, width), [0]
    for _ in range(depth):
        pointer = file.address_width + _bytes_for(_fit(size, width)) + widths[-1]
        here = max(size - _OVERHEAD - pointer, 0) // (width + pointer)
        total = (here + 1) * total + here
        widths.append(_bytes_for(total))
    return widths


def _bytes_for(most: int) -> int:
    return max(most.bit_length() - 1, 0) // 8 + 1
