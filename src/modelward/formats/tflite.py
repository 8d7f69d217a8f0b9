"""TensorFlow Lite: which operators a model has, and whether its numbers agree with one another.

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, auto

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken
from modelward.formats.flatbuffer import Buffer, Table, Vector

_CUSTOM = 32
_MOST_FLAWS = 100
_MOST_OPERATORS = 10_000

_BITS = {
    0: 32, 1: 16, 2: 32, 3: 8, 4: 64, 6: 8, 7: 16, 8: 64, 9: 8, 10: 64, 11: 128, 12: 64, 15: 32, 16: 16, 17: 4, 18: 16,
    19: 2, 20: 4,
}  # fmt: skip
"""Of an element, by TensorType; texts, resources and variants have no size."""

# Fields with the number of a subgraph, by the type of the options; the second ones came with StableHLO
_SUBGRAPHS = {16: (0,), 92: (0, 1), 93: (0, 1), 103: (0,)}
_SUBGRAPHS_2 = {6: (1,), 7: (6,), 13: (5,), 14: (2,), 15: (0, 1), 21: (1,)}


class Kind(Enum):
    INDEX = auto()
    """A number of something that is not there."""
    SIZE = auto()
    """A tensor with more or fewer bytes than its shape needs."""
    BOUNDS = auto()
    """Bytes that are not in the file, or that are shared."""


@dataclass(frozen=True, slots=True)
class Flaw:
    kind: Kind
    message: str
    at: int


@dataclass(frozen=True, slots=True)
class Custom:
    """An operator that is not one of TensorFlow Lite's own, and what it is given."""

    name: str
    at: int
    options: tuple[int, int]


@dataclass(slots=True)
class Facts:
    customs: list[Custom] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    external: list[tuple[str, int]] = field(default_factory=list)
    """Names of files with weights, and where they stand."""
    end: int = 0
    """Of all that belongs to the model."""
    gap: Broken | None = None


def read_tflite(source: Source) -> Facts:
    """Raises nothing: where the buffer cannot be followed there is a gap."""
    facts = Facts()
    buffer = Buffer(source)
    try:
        _Reader(buffer, facts).read(buffer.root())
    except Broken as broken:
        facts.gap = broken
        root = int.from_bytes(source.read(0, 4), "little")
        if root >= source.size:  # it stands before all that it leads to, so this is no model that was cut off
            message = f"the model begins at byte {root:,}, and the file ends at {source.size:,}"
            facts.flaws.append(Flaw(Kind.BOUNDS, message, 0))
    facts.end = max(facts.end, buffer.reach)
    return facts


class _Reader:
    def __init__(self, buffer: Buffer, facts: Facts) -> None:
        self._buffer = buffer
        self._facts = facts
        self._codes: list[tuple[int, str]] = []
        self._subgraphs: list[int] = []  # how many tensors each has
        self._data: list[tuple[int, int]] = []

    def read(self, model: Table) -> None:
        model.text(3)
        for code in model.tables(1):
            self._codes.append((max(code.number(0, "b"), code.number(3, "i")), code.text(1)))
        self._data = [self._buffer_data(table) for table in model.tables(4)]
        self._overlaps()
        subgraphs = list(model.tables(2))
        self._subgraphs = [self._count(subgraph.vector(0, 4)) for subgraph in subgraphs]
        for number, subgraph in enumerate(subgraphs):
            self._subgraph(subgraph, f"subgraph {number}", self._subgraphs[number])
        for metadata in model.tables(6):
            self._index(metadata.number(1, "I"), len(self._data), f"metadata {metadata.text(0)!r}: buffer", metadata.at)
        for number in model.numbers(5, "i"):
            self._index(number, len(self._data), "a buffer of metadata", model.at)
        for signature in model.tables(7):
            self._signature(signature)
        for group in model.tables(8):
            self._facts.external.append((group.text(0), group.at))

    @staticmethod
    def _count(vector: Vector | None) -> int:
        return vector.count if vector is not None else 0

    def _flaw(self, kind: Kind, message: str, at: int) -> None:
        if len(self._facts.flaws) < _MOST_FLAWS:
            self._facts.flaws.append(Flaw(kind, message, at))

    def _index(self, number: int, count: int, what: str, at: int, least: int = 0) -> bool:
        if least <= number < count:
            return True
        self._flaw(Kind.INDEX, f"{what} is number {number:,} of {count:,}", at)
        return False

    def _buffer_data(self, table: Table) -> tuple[int, int]:
        """Its bytes: in the flatbuffer, or behind it, where models of more than 2 GB keep them."""
        start, size = table.number(1, "Q"), table.number(2, "Q")
        if start > 1:
            if start + size > self._buffer.size:
                self._flaw(Kind.BOUNDS, f"a buffer of {size:,} bytes at {start:,} is not in the file", table.at)
                return 0, 0
            self._facts.end = max(self._facts.end, start + size)
            return start, start + size
        data = table.vector(0, 1)
        return (data.start, data.end) if data is not None else (0, 0)

    def _overlaps(self) -> None:
        reach = 0
        for start, end in sorted(set(self._data)):
            if start < reach and start < end:
                self._flaw(Kind.BOUNDS, f"two buffers share the bytes from {start:,} to {min(reach, end):,}", start)
            reach = max(reach, end)

    def _subgraph(self, subgraph: Table, label: str, tensors: int) -> None:
        subgraph.text(4)
        for number, tensor in enumerate(subgraph.tables(0)):
            self._tensor(tensor, f"{label}: tensor {number}")
        for side, name in ((1, "input"), (2, "output")):
            for number in subgraph.numbers(side, "i"):
                self._index(number, tensors, f"{label}: an {name}", subgraph.at)
        for number, operator in enumerate(subgraph.tables(3)):
            self._operator(operator, f"{label}: operator {number}", tensors)

    def _tensor(self, tensor: Table, label: str) -> None:
        tensor.text(3)
        quantization = tensor.table(4)
        if quantization is not None:  # where its numbers are must be known to tell what follows the model
            for number, width in ((0, 4), (1, 4), (2, 4), (3, 8)):
                quantization.vector(number, width)
        number = tensor.number(2, "I")
        if not self._index(number, len(self._data), f"{label}: its buffer", tensor.at):
            return
        start, end = self._data[number]
        shape = tensor.vector(0, 4)
        bits = _BITS.get(tensor.number(1, "b"))
        if start == end or shape is None or bits is None or tensor.has(6):  # sparse ones are stored in part
            return
        sizes = list(shape.numbers("i")) if shape.count <= 64 else [-1]
        if any(size < 0 for size in sizes) or -(-math.prod(sizes) * bits // 8) != end - start:
            what = f"{label} has {end - start:,} bytes, and its shape {sizes[:9]} needs another number"
            self._flaw(Kind.SIZE, what, tensor.at)

    def _operator(self, operator: Table, label: str, tensors: int) -> None:
        number = operator.number(0, "I")
        if self._index(number, len(self._codes), f"{label}: its code", operator.at):
            builtin, name = self._codes[number]
            if builtin == _CUSTOM and len(self._facts.customs) < _MOST_OPERATORS:
                self._facts.customs.append(Custom(name, operator.at, self._options(operator)))
        for side, name, least in ((1, "an input", -1), (2, "an output", 0), (8, "an intermediate", -1)):
            for index in operator.numbers(side, "i"):
                self._index(index, tensors, f"{label}: {name}", operator.at, least)
        for kind, place, known in ((3, 4, _SUBGRAPHS), (11, 12, _SUBGRAPHS_2)):
            fields = known.get(operator.number(kind, "B"))
            options = operator.table(place) if fields else None
            if options is not None:
                for one in fields or ():
                    self._index(options.number(one, "i"), len(self._subgraphs), f"{label}: its subgraph", operator.at)

    def _options(self, operator: Table) -> tuple[int, int]:
        start, size = operator.number(9, "Q"), operator.number(10, "Q")
        if start > 1:
            if start + size <= self._buffer.size:
                self._facts.end = max(self._facts.end, start + size)
                return start, start + size
            self._flaw(Kind.BOUNDS, f"options of {size:,} bytes at {start:,} are not in the file", operator.at)
        data = operator.vector(5, 1)
        return (data.start, data.end) if data is not None else (0, 0)

    def _signature(self, signature: Table) -> None:
        label = f"signature {signature.text(2)!r}"
        number = signature.number(4, "I")
        if not self._index(number, len(self._subgraphs), f"{label}: its subgraph", signature.at):
            return
        for side in (0, 1):
            for item in signature.tables(side):
                self._index(item.number(1, "I"), self._subgraphs[number], f"{label}: a tensor", item.at)


def flex_node(options: bytes) -> bytes | None:
    """The NodeDef that a Flex operator runs, from the FlexBuffer of its options: a vector of the
    operator's name and the node. https://flatbuffers.dev/flexbuffers/"""
    if len(options) < 3 or options[-1] not in (1, 2, 4, 8) or options[-2] >> 2 not in (10, 15):
        return None
    vector = _behind(options, len(options) - 2 - options[-1], options[-1])
    width = 1 << (options[-2] & 3)
    if vector is None or vector < width or _number(options, vector - width, width) != 2:
        return None
    place = _behind(options, vector + width, width)
    types = vector + 2 * width
    # the width of a text's length stands with its type; a vector of texts alone has its own width
    length = 1 << (options[types + 1] & 3) if options[-2] >> 2 == 10 and types + 1 < len(options) else width
    if place is None or place < length:
        return None
    size = _number(options, place - length, length)
    return options[place : place + size] if place + size <= len(options) else None


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "little")


def _behind(data: bytes, at: int, width: int) -> int | None:
    """Where the offset at *at*, which leads backwards, leads."""
    target = at - _number(data, at, width)
    return target if 0 <= target < at <= len(data) - width else None
