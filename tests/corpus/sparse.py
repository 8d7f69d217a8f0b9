"""Large models with holes for numbers, so that they cost neither time nor room: the structure is real."""

from __future__ import annotations

import json
import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from tests.formats.zips import Record, end_record


class _Tensor:
    def __init__(self, key: int, count: int) -> None:
        self.storage = _Storage(key, count)
        self.count = count


class _Storage:
    def __init__(self, key: int, count: int) -> None:
        self.key, self.count = key, count


class _Pickler(pickle._Pickler):
    """As torch.save pickles, without the tensors."""

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, _Storage):
            return "storage", torch.FloatStorage, str(value.key), "cpu", value.count
        return None

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, _Tensor):
            made: tuple[Any, ...] = (value.storage, 0, (value.count,), (1,), False, OrderedDict())
            return torch._utils._rebuild_tensor_v2, made
        return NotImplemented


class File:
    """A file on disk as a server's content."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size

    def read(self, at: int, n: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(at)
            return file.read(n)


def state_pickle(tensors: int, count: int, names: str = "model.layers.{}.self_attn.q_proj.weight") -> bytes:
    import io

    out = io.BytesIO()
    _Pickler(out, 2).dump({names.format(number): _Tensor(number, count) for number in range(tensors)})
    return out.getvalue()


def torch_file(path: Path, tensors: int, size: int, data_pkl: bytes | None = None) -> File:
    """An archive of *size* bytes of numbers in so many tensors."""
    count = size // tensors // 4
    members = [("archive/data.pkl", state_pickle(tensors, count) if data_pkl is None else data_pkl)]
    members += [("archive/.format_version", b"1"), ("archive/byteorder", b"little")]
    members += [(f"archive/data/{number}", 4 * count) for number in range(tensors)]  # type: ignore[misc]
    members += [("archive/version", b"3\n"), ("archive/.data/serialization_id", b"0" * 40)]
    directory = b""
    with path.open("wb") as file:
        for name, content in members:
            at, extra = file.tell(), b""
            length = content if isinstance(content, int) else len(content)
            padding = -(at + 30 + len(name) + 4) % 64
            extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
            crc = 0 if isinstance(content, int) else None
            record = Record(name.encode(), crc=crc, compressed=length, size=length, extra=extra)
            held = b"" if isinstance(content, int) else content
            file.write(record.local(held))
            file.write(held)
            file.seek(0 if held else length, os.SEEK_CUR)
            plain = Record(name.encode(), crc=crc, compressed=length, size=length)
            directory += plain.entry(held, at)
        start = file.tell()
        file.write(directory + end_record(len(members), len(directory), start))
    return File(path)


def safetensors_file(path: Path, tensors: int, size: int) -> File:
    each = size // tensors // 2 * 2
    header: dict[str, Any] = {
        f"model.layers.{number}.self_attn.q_proj.weight": {
            "dtype": "F16",
            "shape": [each // 2],
            "data_offsets": [number * each, (number + 1) * each],
        }
        for number in range(tensors)
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + tensors * each)
    return File(path)


def gguf_file(path: Path, tensors: int, size: int, tokens: int = 1000) -> File:
    """https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    each = size // tensors // 128 * 128
    values = [text("general.architecture") + struct.pack("<I", 8) + text("llama")]
    words = b"".join(text(f"token{number}") for number in range(tokens))
    values.append(text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, tokens) + words)
    infos = [
        text(f"blk.{number}.attn_q.weight") + struct.pack("<IQIQ", 1, each // 4, 0, number * each)
        for number in range(tensors)
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, tensors, len(values)) + b"".join(values + infos)
    head += bytes(-len(head) % 32)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + tensors * each)
    return File(path)
