"""ONNX models in the JSON form of Protocol Buffers, made into the binary form.

https://protobuf.dev/programming-guides/json/, https://github.com/onnx/onnx/blob/main/onnx/serialization.py
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from functools import cache

from modelward.formats.json_tree import Object, Value
from modelward.formats.onnx_schema import by_name
from modelward.formats.prototext import in_binary

_MODEL = frozenset({"graph", "functions", "trainingInfo", "training_info"})


def is_model(body: Value) -> bool:
    """Whether a document has what every model has that does something."""
    return isinstance(body, Object) and not body.keys().isdisjoint(_MODEL)


def to_binary(body: Value, message: str = "model") -> bytes:
    """The message in binary. Every value of a repeated key is kept; what the format does not have is left out."""
    if not isinstance(body, Object):
        return b""
    known, out = _fields().get(message, {}), []
    for key, value in body:
        number, kind = known.get(key, (0, ""))
        if number:
            out += [_one(number, kind, item) for item in (value if type(value) is list else [value])]
    return b"".join(out)


def _one(number: int, kind: str, value: Value) -> bytes:
    if kind in _fields():
        return in_binary(number, "", to_binary(value, kind))
    if kind in ("int", "float", "double"):
        text = f"{value:.0f}" if isinstance(value, float) and kind == "int" and abs(value) < 1e19 else str(value)
        return in_binary(number, f"#{kind}", text.encode("utf-8", "surrogatepass"))
    raw = str(value).encode("utf-8", "surrogatepass")
    return in_binary(number, "", _bytes(raw) if kind == "bytes" else raw)


def _bytes(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(text) % 4))
    except binascii.Error:
        return text


@cache
def _fields() -> Mapping[str, Mapping[str, tuple[int, str]]]:
    """By each of the two names that a field has."""
    return {
        message: {one: field for name, field in fields.items() for one in (name, _camel(name))}
        for message, fields in by_name().items()
    }


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)
