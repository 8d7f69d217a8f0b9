"""Graphs of TensorFlow and ONNX in the text form of Protocol Buffers (.pbtxt), made into the binary form.

https://protobuf.dev/reference/protobuf/textformat-spec/

Of TensorFlow's only what says which operators there are and what they are given is kept; numbers and
tensors are left out. What a table of fields does not have is passed over.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping

from modelward.formats.onnx_schema import MODEL, by_name
from modelward.formats.protobuf import BYTES, FIXED32, FIXED64, VARINT

_DEEPEST = 60

# By message: the fields that are kept, with their numbers and messages; "" stands for a text, and what a
# number is kept as begins with "#"
_Schema = Mapping[str, Mapping[str, tuple[int, str]]]
_SCHEMA: _Schema = {
    "SavedModel": {"meta_graphs": (2, "MetaGraphDef")},
    "MetaGraphDef": {
        "graph_def": (2, "GraphDef"),
        "saver_def": (3, "SaverDef"),
        "asset_file_def": (6, "AssetFileDef"),
        "object_graph_def": (7, "SavedObjectGraph"),
    },
    "SaverDef": {"filename_tensor_name": (1, ""), "save_tensor_name": (2, ""), "restore_op_name": (3, "")},
    "AssetFileDef": {"tensor_info": (1, "TensorInfo"), "filename": (2, "")},
    "TensorInfo": {"name": (1, "")},
    "SavedObjectGraph": {"nodes": (1, "SavedObject"), "concrete_functions": (2, "Entry")},
    "SavedObject": {"user_object": (4, "SavedUserObject"), "constant": (9, "SavedConstant")},
    "SavedUserObject": {"identifier": (1, ""), "metadata": (3, "")},
    "SavedConstant": {"operation": (1, "")},
    "Entry": {"key": (1, "")},
    "GraphDef": {"node": (1, "NodeDef"), "library": (2, "FunctionDefLibrary")},
    "FunctionDefLibrary": {"function": (1, "FunctionDef")},
    "FunctionDef": {"signature": (1, "OpDef"), "node_def": (3, "NodeDef")},
    "OpDef": {"name": (1, ""), "input_arg": (2, "TensorInfo")},
    "NodeDef": {"name": (1, ""), "op": (2, ""), "input": (3, ""), "attr": (5, "AttrEntry")},
    "AttrEntry": {"key": (1, ""), "value": (2, "AttrValue")},
    "AttrValue": {"list": (1, "ListValue"), "s": (2, ""), "tensor": (8, "TensorProto"), "func": (10, "NameAttrList")},
    "ListValue": {"s": (2, ""), "tensor": (8, "TensorProto"), "func": (9, "NameAttrList")},
    "NameAttrList": {"name": (1, ""), "attr": (2, "AttrEntry")},
    "TensorProto": {"string_val": (8, "")},
}
_ROOTS: Mapping[str, str] = {
    **dict.fromkeys(("saved_model_schema_version", "meta_graphs"), "SavedModel"),
    **dict.fromkeys(("meta_info_def", "graph_def", "saver_def", "collection_def", "signature_def"), "MetaGraphDef"),
    **dict.fromkeys(("asset_file_def", "object_graph_def"), "MetaGraphDef"),
    **dict.fromkeys(("node", "library", "versions", "version", "debug_info"), "GraphDef"),
}

_ONNX = "ModelProto"
_KINDS = {**dict.fromkeys(("text", "bytes", "names"), ""), "int": "#int", "float": "#float", "double": "#double"}
_WIRES = {"#int": VARINT, "#float": FIXED32, "#double": FIXED64}
_CONSTANTS = {
    word: number
    for number, word in enumerate(
        b"UNDEFINED FLOAT INT STRING TENSOR GRAPH FLOATS INTS STRINGS TENSORS GRAPHS SPARSE_TENSOR SPARSE_TENSORS"
        b" TYPE_PROTO TYPE_PROTOS".split()
    )
} | {b"EXTERNAL": 1}
"""Of AttributeProto.AttributeType and TensorProto.DataLocation."""

_SPACE = re.compile(rb"(?:\A\xef\xbb\xbf|\s+|#[^\n]*)+")  # TensorFlow's own reader passes over the mark of UTF-8
_TOKEN = re.compile(
    rb"""(?P<name>[A-Za-z_][\w.]*)
    |(?P<text>"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')
    |(?P<number>[-+.]?[\d][\w.+-]*|-)
    |(?P<mark>[{}<>\[\]:;,/])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class NotText(ValueError):
    """The text says why."""


def root_of(data: bytes) -> str:
    """The message that the first field belongs to; "" if it is none that is known."""
    name = _TOKEN.match(data, _space(data, 0))
    mark = _TOKEN.match(data, _space(data, name.end())) if name else None
    if name is None or mark is None or mark[0] not in (b":", b"{", b"<", b"["):
        return ""
    field = name[0].decode("latin-1")
    return _ROOTS.get(field) or (_ONNX if field in {known.name for known in MODEL.values()} else "")


def to_binary(data: bytes, root: str) -> bytes:
    """The message in binary. Raises NotText."""
    if root != _ONNX:
        return _Parser(data, _SCHEMA).message(root, b"", 0)
    schema = {
        message: {name: (number, _KINDS.get(kind, kind)) for name, (number, kind) in fields.items()}
        for message, fields in by_name().items()
    }
    return _Parser(data, schema).message("model", b"", 0)


def _space(data: bytes, at: int) -> int:
    found = _SPACE.match(data, at)
    return found.end() if found else at


class _Parser:
    def __init__(self, data: bytes, schema: _Schema) -> None:
        self._schema = schema
        self._tokens = self._all(data)
        self._next = next(self._tokens, ("", b""))

    def _all(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        at = _space(data, 0)
        while at < len(data):
            found = _TOKEN.match(data, at)
            if found is None:
                raise NotText("a graph in text form with a sign that the form does not have")
            yield str(found.lastgroup), found[0]
            at = _space(data, found.end())

    def _take(self) -> tuple[str, bytes]:
        token = self._next
        self._next = next(self._tokens, ("", b""))
        return token

    def _pass(self, *marks: bytes) -> bool:
        if self._next[1] in marks and self._next[0] == "mark":
            self._take()
            return True
        return False

    def message(self, schema: str, end: bytes, depth: int) -> bytes:
        """Up to the mark *end*, or to the end of the text."""
        if depth > _DEEPEST:
            raise NotText("a graph in text form that is nested too deep")
        out = []
        while self._next[1] != end or not end:
            kind, name = self._take()
            if not kind:
                if end:
                    raise NotText("a graph in text form that ends too early")
                break
            if name == b"[":
                name = self._extension()
            number, inner = self._schema.get(schema, {}).get(name.decode("latin-1"), (0, "?"))
            self._pass(b":")
            out += [_field(number, value, _WIRES.get(inner, BYTES)) for value in self._values(inner, depth) if number]
            self._pass(b",", b";")
        return b"".join(out)

    def _extension(self) -> bytes:
        """[type.googleapis.com/some.Message]: a name that no field here has."""
        while not self._pass(b"]"):
            if not self._take()[0]:
                raise NotText("a graph in text form that ends too early")
        return b""

    def _values(self, schema: str, depth: int) -> Iterator[bytes]:
        if not self._pass(b"["):
            yield self._value(schema, depth)
            return
        while not self._pass(b"]"):
            yield self._value(schema, depth)
            self._pass(b",")

    def _value(self, schema: str, depth: int) -> bytes:
        for start, end in ((b"{", b"}"), (b"<", b">")):
            if self._pass(start):
                value = self.message(schema, end, depth + 1)
                self._take()
                return value
        kind, token = self._take()
        if kind == "text":  # texts that follow one another are one
            parts = [_unescape(token[1:-1])]
            while self._next[0] == "text":
                parts.append(_unescape(self._take()[1][1:-1]))
            return b"".join(parts)
        if kind == "mark" or not kind:
            raise NotText("a graph in text form with a field that has no value")
        if token == b"-":  # -inf, - 1
            token += self._take()[1]
        return _number(token, schema)


def _unescape(text: bytes) -> bytes:
    return _ESCAPE.sub(_plain, text) if b"\\" in text else text


def _plain(found: re.Match[bytes]) -> bytes:
    if found[1] or found[2]:
        return bytes([int(found[1], 16) if found[1] else int(found[2], 8) & 0xFF])
    if found[3] or found[4]:
        code = int(found[3] or found[4], 16)
        return chr(code).encode("utf-8", "surrogatepass") if code < 0x110000 else b"?"
    return _LETTERS.get(found[5], found[5])


def in_binary(number: int, kind: str, value: bytes) -> bytes:
    """A field; *value* is the payload of a text or a message, or what a number is written as in a text."""
    return _field(number, _number(value, kind) if kind else value, _WIRES.get(kind, BYTES))


def _number(token: bytes, kind: str) -> bytes:
    """A number or the name of a constant; 0 for what is neither."""
    if kind == "#int":
        return _varint(_integer(token))
    if kind not in _WIRES:
        return b""
    try:
        number = float(token.rstrip(b"fF"))
        return struct.pack("<f" if kind == "#float" else "<d", number)
    except (ValueError, OverflowError):
        return bytes(4 if kind == "#float" else 8)


def _integer(token: bytes) -> int:
    if token in _CONSTANTS:
        return _CONSTANTS[token]
    digits = token[:30]
    for base in (0, 8):
        try:
            return int(digits, base)
        except ValueError:
            continue
    return 0


def _varint(number: int) -> bytes:
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def _field(number: int, value: bytes, wire: int) -> bytes:
    """*value* is as it stands in a message; of texts and messages the length comes before it."""
    return _varint(number << 3 | wire) + (_varint(len(value)) if wire == BYTES else b"") + value
