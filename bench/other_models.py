"""One gigabyte as ONNX and as GGUF, laid out as their exporters do."""

from __future__ import annotations

import struct
from pathlib import Path

from bench.weights import FLOATS, TENSORS, weights

VOCABULARY = 128_000
_STRING, _ARRAY, _UINT32 = 8, 9, 4  # https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
_ALIGNMENT = 32


def write_onnx(target: Path, tensors: int = TENSORS, floats: int = FLOATS) -> None:
    """A chain of Add nodes, each with an initializer of its own in raw_data."""
    nodes = [_node("Add", [f"x{i}", f"w{i}"], f"x{i + 1}") for i in range(tensors)]
    edges = [_field(11, _field(1, b"x0")), _field(12, _field(1, f"x{tensors}".encode()))]
    head = b"".join(_field(1, node) for node in nodes) + _field(2, b"graph") + b"".join(edges)
    starts = [_tensor_head(f"w{i}", floats) for i in range(tensors)]
    sizes = [len(start) + 4 * floats for start in starts]
    graph = len(head) + sum(len(_tag(5, size)) + size for size in sizes)
    with target.open("wb") as out:
        out.write(b"\x08\x08" + _field(2, b"bench") + _field(8, _field(1, b"") + b"\x10\x12") + _tag(7, graph) + head)
        for start, size, tensor in zip(starts, sizes, weights(tensors, floats), strict=True):
            out.write(_tag(5, size) + start + tensor)


def _node(operator: str, inputs: list[str], output: str) -> bytes:
    names = b"".join(_field(1, name.encode()) for name in inputs)
    return names + _field(2, output.encode()) + _field(4, operator.encode())


def _tensor_head(name: str, floats: int) -> bytes:
    """dims, data_type FLOAT, name, and the beginning of raw_data."""
    return b"\x08" + _varint(floats) + b"\x10\x01" + _field(8, name.encode()) + _tag(9, 4 * floats)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _tag(number: int, size: int) -> bytes:
    return _varint(number << 3 | 2) + _varint(size)


def _field(number: int, payload: bytes) -> bytes:
    return _tag(number, len(payload)) + payload


def write_gguf(target: Path, tensors: int = TENSORS, floats: int = FLOATS, vocabulary: int = VOCABULARY) -> None:
    """Version 3, with a vocabulary as large language models have it, and tensors of type F32."""
    tokens = b"".join(_string(f"token{i:06}") for i in range(vocabulary))
    pairs = [
        _string("general.architecture") + struct.pack("<I", _STRING) + _string("llama"),
        _string("general.alignment") + struct.pack("<II", _UINT32, _ALIGNMENT),
        _string("tokenizer.ggml.tokens") + struct.pack("<IIQ", _ARRAY, _STRING, vocabulary) + tokens,
    ]
    size = 4 * floats + -4 * floats % _ALIGNMENT
    infos = [_string(f"blk.{i}.weight") + struct.pack("<IQIQ", 1, floats, 0, i * size) for i in range(tensors)]
    head = b"GGUF" + struct.pack("<IQQ", 3, tensors, len(pairs)) + b"".join(pairs + infos)
    with target.open("wb") as out:
        out.write(head + bytes(-len(head) % _ALIGNMENT))
        for tensor in weights(tensors, floats):
            out.write(tensor.ljust(size, b"\0"))


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()
