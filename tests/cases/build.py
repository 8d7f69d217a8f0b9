"""Small files for the cases. Zip archives: tests/formats/zips.py; pickles: tests/corpus/opcodes.py."""

from __future__ import annotations

import json
import pickle
from typing import Any

from tests.corpus.opcodes import name, number, text, tup

SYSTEM = name("os", "system")


def member(name: bytes, content: bytes = b"", kind: bytes = b"0", link: bytes = b"", size: int | None = None) -> bytes:
    """One member of a tar: a header, and the content."""
    block = bytearray(name.ljust(100, b"\0") + b"0000644\0" * 3)
    block += b"%011o\0" % (len(content) if size is None else size)
    block += b"00000000000\0" + b" " * 8 + kind + link.ljust(100, b"\0") + b"ustar\x0000"
    block = block.ljust(512, b"\0")
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + content.ljust(-(-len(content) // 512) * 512, b"\0")


def tar(*members: bytes) -> bytes:
    return b"".join(members) + bytes(1024)


def npy_header(descr: str = "'<f8'", shape: str = "(2,)", more: str = "") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, {more}}}"


def tensor(dtype: str, shape: Any, *offsets: Any, **more: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": list(offsets), **more}


def headed(header: bytes, data: bytes = b"") -> bytes:
    """A safetensors file with any bytes for a header."""
    return len(header).to_bytes(8, "little") + header + data


def safetensors(entries: dict[str, Any], data: bytes = b"") -> bytes:
    return headed(json.dumps(entries).encode(), data)


def storage(key: str, count: int) -> bytes:
    """The persistent id that torch writes for a storage of floats."""
    kind = name("torch", "FloatStorage")
    return tup(text("storage"), kind, text(key), text("cpu"), number(count)) + pickle.BINPERSID


def torch_members(pickled: bytes, code: bytes = b"") -> dict[str, bytes]:
    """What torch.save puts into its zip, or with *code* torch.jit.save, but for the storages."""
    members = {"m/data.pkl": pickled, "m/version": b"3\n", "m/byteorder": b"little"}
    return members | ({"m/code/__torch__.py": code} if code else {})
