"""Parameters as flax writes them. https://github.com/google/flax/blob/main/flax/serialization.py"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Sequence
from typing import Any

Value = Any
"""None, a number, a text, bytes, a list, a mapping, or an extension: its code and its bytes in a tuple."""


def packed(value: Value) -> bytes:
    match value:
        case None:
            return b"\xc0"
        case str():
            return b"\xd9" + bytes([len(value)]) + value.encode()
        case bytes():
            return b"\xc6" + struct.pack(">I", len(value)) + value
        case (int(code), bytes(data)):
            return b"\xc9" + struct.pack(">Ib", len(data), code) + data
        case float():
            return b"\xcb" + struct.pack(">d", value)
        case int():
            return bytes([value]) if 0 <= value < 128 else b"\xd3" + struct.pack(">q", value)
        case list():
            return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(packed, value))
    return fields(*value.items())


def fields(*items: tuple[str, Value]) -> bytes:
    return b"\xde" + struct.pack(">H", len(items)) + b"".join(packed(key) + packed(value) for key, value in items)


def array(shape: Sequence[int], dtype: str, data: bytes, code: int = 1) -> Value:
    return code, packed([list(shape), dtype, data])


def params(**leaves: Value) -> bytes:
    return packed({"params": {"dense": leaves}})


def ordinary() -> dict[str, bytes]:
    kernel = array([2, 3], "float32", bytes(24))
    return {
        "parameters": params(kernel=kernel, bias=array([3], "bfloat16", bytes(6))),
        "small types": params(a=array([3], "float8_e4m3fn", bytes(3)), b=array([], "bool", b"\1", 3)),
        "complex number": params(c=(2, packed([1.0, -2.0]))),
        "optimizer": packed(
            {"step": 4, "rate": 0.5, "none": None, "names": ["adam", "b" * 40], "time": (-1, bytes(4))}
        ),
        "in chunks": params(
            a={"__msgpack_chunked_array__": 1, "shape": {"0": 4}, "chunks": {"0": array([4], "int8", bytes(4))}}
        ),
        "many numbers": params(steps=list(range(100)) * 50),
        "nothing": params(e=array([0, 3], "float64", b"")),
    }


def hostile() -> dict[str, bytes]:
    payload = pickle.dumps(print)[:-1] + b"(S'marker'\ntR."
    return {
        "shape that is too large": params(kernel=array([200, 3], "float32", bytes(24))),
        "shape below zero": params(kernel=array([-2, -3], "float32", bytes(24))),
        "shape that overflows": params(kernel=array([1 << 62, 1 << 62, 0], "float32", b"x")),
        "objects": params(kernel=array([1], "object", bytes(8))),
        "key twice": fields(("a", 1), ("b", 2), ("a", 3)),
        # https://github.com/lebedov/msgpack-numpy unpickles an array of objects
        "pickle as bytes": packed({"nd": 1, "kind": b"O", "data": payload.ljust(40, b".")}),
        "pickle in an array of objects": params(kernel=array([1], "object", payload)),
    }
