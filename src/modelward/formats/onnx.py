"""ONNX: the operators, tensors, functions and texts of a ModelProto, read field by field.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, whose names are used here. Tensors' bytes are passed
over, so a model of any size costs its structure alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from modelward.core.artifact import Source
from modelward.formats import onnx_schema as schema
from modelward.formats.cursor import Broken
from modelward.formats.onnx_parts import (
    LONGEST,
    MOST_DIMENSIONS,
    MOST_ENTRIES,
    SHORT,
    Attribute,
    Function,
    Gap,
    Identity,
    Metadata,
    Node,
    Odd,
    Opset,
    Part,
    Span,
    Sparse,
    Tensor,
    Text,
)
from modelward.formats.onnx_schema import Known
from modelward.formats.protobuf import BYTES, FIXED32, FIXED64, GROUP, VARINT, Field, varint, walk

_LONG_NAME = 1 << 10  # of a node or a value; shorter ones are just names
_DEEPEST = 32  # graphs inside graphs: Protocol Buffers stop at 100 messages, three for each graph
_MOST_FIELDS = 4_000_000
_FIELDS = 50_000  # in any file, and in a large one a field for every _BYTES of it
_BYTES = 8
_MOST_ODD = 1_000
_MOST_PARTS = 10_000  # of one node: attributes and descriptions
_MOST_PLAIN = 10_000
_BLOCK = 1 << 15
_ROW = 2 * MOST_DIMENSIONS  # numbers in a row


def read_onnx(source: Source) -> Iterator[Part]:
    """Functions and operator sets first, then everything in the order of the file. Lets no exception
    out; what could not be followed is a Gap."""
    return _Model(source).parts()


class _Spent(Exception):
    """The work that one file may cost is done."""


@dataclass(slots=True)
class _Scope:
    """Where nodes and tensors stand."""

    path: str
    depth: int = 0
    function: Identity | None = None
    graph: int | None = None


class _Model:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._block, self._block_at = b"", 0
        self._most = self._left = min(_MOST_FIELDS, _FIELDS + source.size // _BYTES)
        self._odd: list[Odd | Gap] = []
        self._odds = 0
        self._plain: dict[bytes, Attribute] = {}
        self._graphs = 0

    def parts(self) -> Iterator[Part]:
        size = self._source.size
        try:
            yield from self._definitions(size)
            for known, field in self._fields(schema.MODEL, 0, size, "model"):
                yield from self._in_model(known, field)
                yield from self._oddities()
        except _Spent:
            yield Gap(f"more than the {self._most:,} fields that are read", 0, size, is_limit=True)
        yield from self._oddities()

    def _definitions(self, size: int) -> Iterator[Opset | Function]:
        """What everything is judged by may stand at the end of the file."""
        try:
            for field in self._plainly(0, size):
                if field.wire == BYTES and field.number == 25:
                    yield Function(self._identity(field), Span(field.start, field.size))
                elif field.wire == BYTES and field.number == 8:
                    found = {part.number: part for part in self._plainly(field.start, field.end)}
                    yield Opset(_domain(self._text(found.get(1))), found[2].value if 2 in found else 0)
        except Broken:
            return  # it comes up again, as a gap

    def _identity(self, field: Field) -> Identity:
        found = {part.number: part for part in self._plainly(field.start, field.end) if part.number in (1, 10, 13)}
        domain, name, overload = (self._text(found.get(number)) for number in (10, 1, 13))
        return Identity(_domain(domain), name, overload)

    # --- messages ---

    def _in_model(self, known: Known, field: Field) -> Iterator[Part]:
        match known.name:
            case "graph":
                yield from self._graph(field, _Scope("graph"))
            case "functions":
                yield from self._function(field)
            case "training_info":
                for part, inner in self._fields(schema.TRAINING, field.start, field.end, known.name):
                    if part.kind == "graph":
                        yield from self._graph(inner, _Scope(f"training_info/{part.name}"))
            case "metadata_props":
                yield from self._metadata(field, "model")
            case _:
                yield from self._other(known, field, "model")

    def _function(self, field: Field) -> Iterator[Part]:
        try:
            identity = self._identity(field)
        except Broken as error:
            yield Gap(error.why, error.at, field.end, error.cut_short)
            return
        scope = _Scope(f"functions/{identity.name}", function=identity)
        yield from self._body(schema.FUNCTION, field, scope)

    def _graph(self, field: Field, scope: _Scope) -> Iterator[Part]:
        if scope.depth > _DEEPEST:
            yield Gap(f"more than {_DEEPEST} graphs inside each other", field.start, field.end, is_limit=True)
            return
        self._graphs += 1
        scope.graph = self._graphs
        yield from self._body(schema.GRAPH, field, scope)

    def _body(self, fields: schema.Schema, field: Field, scope: _Scope) -> Iterator[Part]:
        for known, part in self._fields(fields, field.start, field.end, scope.path):
            match known.name:
                case "node":
                    yield from self._node(part, scope)
                case "initializer":
                    yield from self._tensor(part, scope, scope.graph)
                case "sparse_initializer":
                    yield from self._sparse(part, scope)
                case "attribute_proto":
                    yield from self._attribute(part, scope, [])
                case "metadata_props":
                    yield from self._metadata(part, scope.path)
                case _:
                    yield from self._other(known, part, scope.path)
            if self._odd:
                yield from self._oddities()

    def _node(self, field: Field, scope: _Scope) -> Iterator[Part]:
        called = {"name": "", "op_type": "", "domain": "", "overload": ""}
        attributes: list[Field] = []
        rest: list[tuple[Known, Field]] = []
        left_out: Field | None = None
        for known, part in self._fields(schema.NODE, field.start, field.end, scope.path):
            if known.name in called:
                called[known.name] = self._text(part)
            is_attribute = known.name == "attribute"
            if not (is_attribute or part.size >= _LONG_NAME or known.name in ("doc_string", "metadata_props")):
                continue
            if len(attributes) + len(rest) >= _MOST_PARTS:
                left_out = left_out or part
            elif is_attribute:
                attributes.append(part)
            else:
                rest.append((known, part))
        if left_out:
            yield Gap(f"a node of more than {_MOST_PARTS:,} parts", left_out.start, field.end, is_limit=True)
        path = f"{scope.path}/{called['name'] or called['op_type']}"
        inside = _Scope(path, scope.depth, scope.function)
        told: list[Attribute] = []
        for part in attributes:
            yield from self._attribute(part, inside, told)
        operator = Identity(_domain(called["domain"]), called["op_type"], called["overload"])
        yield Node(operator, tuple(told), path, Span(field.start, field.size), scope.function)
        for known, part in rest:
            if known.kind == "entry":
                yield from self._metadata(part, path)
            else:
                yield from self._other(known, part, path)

    def _attribute(self, field: Field, scope: _Scope, told: list[Attribute]) -> Iterator[Part]:
        key = self._read(field.start, field.size) if field.size < SHORT else b""
        if key in self._plain:
            told.append(self._plain[key])
            return
        called, number, text, plain = "", 0, None, True
        for known, part in self._fields(schema.ATTRIBUTE, field.start, field.end, scope.path):
            if known.name == "name":
                called = self._text(part)
            elif known.name == "i":
                number = _signed(part.value)
            elif part.wire == BYTES:
                plain = False
                text = Span(part.start, part.size) if known.name == "s" else text
                inside = _Scope(f"{scope.path}/{called}", scope.depth, scope.function)
                yield from self._in_attribute(known, part, inside)
        attribute = Attribute(called, number, text)
        told.append(attribute)
        if key and plain and not self._odd and len(self._plain) < _MOST_PLAIN:
            self._plain[key] = attribute

    def _in_attribute(self, known: Known, field: Field, scope: _Scope) -> Iterator[Part]:
        match known.kind:
            case "tensor":
                yield from self._tensor(field, scope)
            case "graph":
                scope.depth += 1
                yield from self._graph(field, scope)
            case "sparse":
                yield from self._sparse(field, scope)
            case "bytes":
                if field.size >= SHORT:
                    yield Text(known.name, scope.path, Span(field.start, field.size), data=True)
            case _:
                yield from self._other(known, field, scope.path)

    def _sparse(self, field: Field, scope: _Scope) -> Iterator[Part]:
        dims: list[int] = []
        for known, part in self._fields(schema.SPARSE, field.start, field.end, scope.path):
            if known.name == "dims":
                self._dimensions(part, dims)
            else:
                yield from self._tensor(part, scope, scope.graph if known.name == "values" else None)
        yield Sparse(scope.path, Span(field.start, field.size), tuple(dims))

    def _tensor(self, field: Field, scope: _Scope, graph: int | None = None) -> Iterator[Part]:
        name, numbers, raw = b"", {"data_type": 0, "data_location": 0}, None
        dims: list[int] = []
        typed: dict[str, int | None] = {}
        external: list[tuple[bytes, bytes]] = []
        for known, part in self._fields(schema.TENSOR, field.start, field.end, scope.path):
            at = Span(part.start, part.size)
            match known.name:
                case "dims":
                    self._dimensions(part, dims)
                case "data_type" | "data_location":
                    numbers[known.name] = part.value & 0xFFFFFFFF  # as an int32 is read
                case "raw_data":
                    raw = at
                case "name":
                    name = self._read(part.start, min(part.size, LONGEST))
                case "external_data":
                    external.append(self._entry(part, scope.path))
                    del external[MOST_ENTRIES:]
                case "string_data":
                    typed[known.name] = (typed.get(known.name) or 0) + 1
                    if part.size >= SHORT:
                        yield Text(known.name, scope.path, at, data=True)
                case "float_data" | "int32_data" | "int64_data" | "double_data" | "uint64_data":
                    before = typed.get(known.name, 0)
                    typed[known.name] = None if part.wire != BYTES or before is None else before + part.size
                case "metadata_props":
                    yield from self._metadata(part, scope.path)
                case _:
                    yield from self._other(known, part, scope.path)
        kind, outside = numbers["data_type"], numbers["data_location"] == 1
        whole, stored = Span(field.start, field.size), tuple(typed.items())
        yield Tensor(name, scope.path, whole, tuple(dims), kind, raw, stored, tuple(external), outside, graph)

    def _metadata(self, field: Field, path: str) -> Iterator[Part]:
        found = {known.name: part for known, part in self._fields(schema.ENTRY, field.start, field.end, path)}
        if "value" in found:
            at = Span(found["value"].start, found["value"].size)
            yield Metadata(self._text(found.get("key")), path, at)

    def _entry(self, field: Field, path: str) -> tuple[bytes, bytes]:
        found = {"key": b"", "value": b""}
        for known, part in self._fields(schema.ENTRY, field.start, field.end, path):
            found[known.name] = self._read(part.start, min(part.size, LONGEST))
        return found["key"], found["value"]

    def _other(self, known: Known, field: Field, path: str, depth: int = 0) -> Iterator[Part]:
        """Texts, and messages that only describe: nothing in a short one is told."""
        if field.wire != BYTES or known.wires != (BYTES,):
            return
        described = schema.DESCRIPTIONS.get(known.kind)
        if described is None:
            if field.size >= SHORT:
                yield Text(known.name, path, Span(field.start, field.size))
        elif field.size >= _LONG_NAME and depth >= _DEEPEST:
            yield Gap(f"more than {_DEEPEST} types inside each other", field.start, field.end, is_limit=True)
        elif field.size >= _LONG_NAME:
            for inner, part in self._fields(described, field.start, field.end, path):
                yield from self._other(inner, part, path, depth + 1)

    # --- fields ---

    def _fields(self, fields: schema.Schema, start: int, end: int, path: str) -> Iterator[tuple[Known, Field]]:
        """The fields that the schema has, in their order; the others are noted. Most names of values are not
        given: they say nothing.

        Of many numbers in a row, one field each, only the first come: the attributes of a tree ensemble
        have millions.
        """
        seen: set[int] = set()
        last, row = 0, 0
        try:
            while start < end:
                for field in walk(self._read, start, end):
                    self._left -= 1
                    if self._left < 0:
                        raise _Spent
                    number = field.number
                    known = fields.get(number)
                    if known is None or field.wire not in known.wires:
                        at = Span(field.start, field.size)
                        self._note(Odd("unknown", f"field {number}", path, at, field.wire))
                    else:
                        if known.once:
                            if number in seen:
                                at = Span(field.start, field.size)
                                self._note(Odd("repeated", known.name, path, at, field.wire))
                            seen.add(number)
                        if known.kind != "names" or field.size >= _LONG_NAME:
                            yield known, field
                    if field.wire not in (BYTES, GROUP):
                        row = row + 1 if number == last else 0
                        last = number
                        if row == _ROW:
                            start = self._row_end(field, end)
                            break
                else:
                    return
        except Broken as error:
            self._note(Gap(error.why, error.at, end, error.cut_short))

    def _plainly(self, start: int, end: int) -> Iterator[Field]:
        for field in walk(self._read, start, end):
            self._left -= 1
            if self._left < 0:
                raise _Spent
            yield field

    def _row_end(self, field: Field, end: int) -> int:
        like = _same(field.number, field.wire)
        at = field.end
        while at < end:
            found = like.match(self._read(at, min(_BLOCK, end - at)))
            if found is None or not found[0]:
                break
            at += len(found[0])
        return at

    def _dimensions(self, field: Field, into: list[int]) -> None:
        del into[MOST_DIMENSIONS:]
        if field.wire == VARINT:
            into.append(_signed(field.value))
            return
        data, at = self._read(field.start, min(field.size, 10 * MOST_DIMENSIONS)), 0
        while at < len(data) and len(into) <= MOST_DIMENSIONS:
            value, after = varint(data, at)
            if after == at:
                self._note(Gap("a dimension that does not end", field.start + at, field.end))
                return
            into.append(_signed(value))
            at = after

    def _note(self, odd: Odd | Gap) -> None:
        self._odds += 1
        if self._odds <= _MOST_ODD:
            self._odd.append(odd)
        elif self._odds == _MOST_ODD + 1:
            self._odd.append(
                Gap(f"more than {_MOST_ODD:,} fields that do not belong here", *_edges(odd), is_limit=True)
            )

    def _oddities(self) -> Iterator[Odd | Gap]:
        yield from self._odd
        self._odd.clear()

    def _text(self, field: Field | None) -> str:
        if field is None or field.wire != BYTES:
            return ""
        return self._read(field.start, min(field.size, LONGEST)).decode("utf-8", "backslashreplace")

    def _read(self, at: int, n: int) -> bytes:
        """Small pieces come from one block: there are many, close to each other."""
        offset = at - self._block_at
        if offset < 0 or offset + n > len(self._block):
            self._block, self._block_at, offset = self._source.read(at, max(n, _BLOCK)), at, 0
        return self._block[offset : offset + n]


_PAYLOADS = {VARINT: rb"[\x80-\xff]{0,9}+[\0-\x7f]", FIXED32: rb"[\0-\xff]{4}", FIXED64: rb"[\0-\xff]{8}"}


@cache
def _same(number: int, wire: int) -> re.Pattern[bytes]:
    """A run of fields of this number; only numbers below 16, whose tag is one byte, come in runs."""
    tag = re.escape(bytes([number << 3 | wire])) if number < 16 else rb"(?!)"
    return re.compile(rb"(?:" + tag + _PAYLOADS[wire] + rb"|(?!))*+")  # (?!): python/cpython#100061


def _edges(odd: Odd | Gap) -> tuple[int, int]:
    return (odd.start, odd.end) if isinstance(odd, Gap) else (odd.at.start, odd.at.end)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain
