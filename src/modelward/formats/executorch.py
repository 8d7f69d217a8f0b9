"""ExecuTorch programs (.pte): operators, delegates, and the segments behind the flatbuffer.

https://github.com/pytorch/executorch/blob/main/schema/program.fbs
https://docs.pytorch.org/executorch/stable/pte-file-format.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken
from modelward.formats.flatbuffer import Buffer, Table

_EXTENDED = b"eh00"
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    start: int
    end: int


@dataclass(slots=True)
class Facts:
    operators: list[tuple[str, int]] = field(default_factory=list)
    delegates: list[tuple[str, int]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    """What delegates are given, and what lies behind the program."""
    flaws: list[tuple[str, int]] = field(default_factory=list)
    end: int = 0
    gap: Broken | None = None


def read_program(source: Source) -> Facts:
    """Raises nothing: where the buffer cannot be followed there is a gap."""
    facts = Facts()
    buffer = Buffer(source)
    try:
        _Reader(buffer, facts).read(buffer.root())
    except Broken as broken:
        facts.gap = broken
    facts.end = max(facts.end, buffer.reach)
    return facts


class _Reader:
    def __init__(self, buffer: Buffer, facts: Facts) -> None:
        self._buffer = buffer
        self._facts = facts
        self._segments = 0
        self._inline = 0

    def read(self, program: Table) -> None:
        self._read_segments(program, self._base())
        inline = program.vector(3, 4)
        self._inline = inline.count if inline is not None else 0
        for number, data in enumerate(program.tables(3)):
            blob = data.vector(0, 1)
            if blob is not None:
                self._part(f"delegate data {number}", blob.start, blob.end)
        for plan in program.tables(1):
            self._plan(plan)
        for offsets in (program.table(5), *program.tables(6)):
            # a program without such a segment may have the table all the same, empty
            if offsets is not None and any(True for _ in offsets.numbers(1, "Q")):
                self._index(offsets.number(0, "I"), self._segments, "a segment of constants", offsets.at)
        for named in program.tables(7):
            self._index(named.number(1, "I"), self._segments, f"the segment of {named.text(0)!r}", named.at)

    def _base(self) -> int:
        """Where the segments begin: the extended header says it."""
        head = self._buffer.read(8, 24) if self._buffer.size >= 32 else b""
        if not head.startswith(_EXTENDED):
            return 0
        length, program, base = struct.unpack("<IQQ", head[4:24])
        if length < 24 or program > self._buffer.size or base > self._buffer.size or (base and base < program):
            self._flaw(f"the header has {program:,} bytes of program and segments from {base:,}", 8)
            return 0
        self._facts.end = max(self._facts.end, program)
        return int(base)

    def _read_segments(self, program: Table, base: int) -> None:
        for number, segment in enumerate(program.tables(4)):
            self._segments += 1
            start, size = base + segment.number(0, "Q"), segment.number(1, "Q")
            if start + size > self._buffer.size or (size and not base):
                self._flaw(f"segment {number} has {size:,} bytes at {start:,}, outside of the file", segment.at)
            elif size:
                self._part(f"segment {number}", start, start + size)

    def _plan(self, plan: Table) -> None:
        values = plan.vector(2, 4)
        count = values.count if values is not None else 0
        operators = [f"{one.text(0)}.{one.text(1)}".rstrip(".") for one in plan.tables(6)]
        self._facts.operators += [(name, plan.at) for name in operators][: _MOST - len(self._facts.operators)]
        delegates = 0
        for delegate in plan.tables(7):
            delegates += 1
            self._facts.delegates.append((delegate.text(0), delegate.at))
            place = delegate.table(1)
            if place is not None:
                known = self._segments if place.number(0, "b") == 1 else self._inline
                self._index(place.number(1, "I"), known, f"the data of delegate {delegate.text(0)!r}", delegate.at)
        for side, name in ((3, "an input"), (4, "an output")):
            for number in plan.numbers(side, "i"):
                self._index(number, count, name, plan.at)
        for chain in plan.tables(5):
            for instruction in chain.tables(2):
                self._instruction(instruction, count, len(operators), delegates)

    def _instruction(self, instruction: Table, values: int, operators: int, delegates: int) -> None:
        kind, arguments = instruction.number(0, "B"), instruction.table(1)
        if arguments is None:
            return
        if kind in (1, 2):
            limit, what = (operators, "an operator") if kind == 1 else (delegates, "a delegate")
            self._index(arguments.number(0, "i"), limit, what, instruction.at)
            for number in arguments.numbers(1, "i"):
                self._index(number, values, "an argument", instruction.at)
        elif kind in (3, 4, 5):
            for number in (0, 1) if kind == 3 else (0,):
                self._index(arguments.number(number, "i"), values, "a value", instruction.at)

    def _index(self, number: int, count: int, what: str, at: int) -> None:
        if not 0 <= number < count:
            self._flaw(f"{what} is number {number:,} of {count:,}", at)

    def _part(self, name: str, start: int, end: int) -> None:
        self._facts.end = max(self._facts.end, end)
        if len(self._facts.parts) < _MOST:
            self._facts.parts.append(Part(name, start, end))

    def _flaw(self, message: str, at: int) -> None:
        if len(self._facts.flaws) < _MOST:
            self._facts.flaws.append((message, at))
