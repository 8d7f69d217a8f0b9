"""The inputs of the benchmark: real layouts, made with the standard library alone.

Every byte of weights is pseudo-random, so that no file system can store it as a hole and no tool can
skip it as zeros. A finished input is reused: the name of an unfinished one ends in `.part`.
"""

from __future__ import annotations

import json
import pickle
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from bench.other_models import write_gguf, write_onnx
from bench.weights import FLOATS, TENSORS, weights

FILES = 2_000
BATCHES = 1_037  # of 1,000 records of 27 opcodes: 28 million
RECORDS = 1_000
OPCODES_PER_RECORD = 27


def tiny_pickle(seed: int) -> bytes:
    """What a small scikit-learn parameter file looks like: a dictionary of plain values."""
    values = {"alpha": seed / 7, "max_iter": 100 + seed, "classes": ["no", "yes"], "coef": [seed * 0.5, 1.0, -1.0]}
    return pickle.dumps(values, protocol=4)


def write_tiny(target: Path) -> None:
    target.write_bytes(tiny_pickle(0))


def write_many(target: Path, files: int = FILES) -> None:
    target.mkdir(exist_ok=True)
    for number in range(files):
        (target / f"{number:04}.pkl").write_bytes(tiny_pickle(number))


def write_safetensors(target: Path, tensors: int = TENSORS, floats: int = FLOATS) -> None:
    size = 4 * floats
    header = {
        f"layer.{i}.weight": {"dtype": "F32", "shape": [floats], "data_offsets": [i * size, (i + 1) * size]}
        for i in range(tensors)
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with target.open("wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for tensor in weights(tensors, floats):
            out.write(tensor)


def write_torch_zip(target: Path, tensors: int = TENSORS, floats: int = FLOATS) -> None:
    """A state dictionary as `torch.save` writes it: stored members aligned to 64 bytes by an `FB` extra
    field, sizes in data descriptors, and always a zip64 end record."""
    with target.open("wb") as out:
        archive = TorchZip(out, target.name.split(".")[0])
        archive.add("data.pkl", state_dict_pickle(tensors, floats))
        archive.add(".format_version", b"1")
        archive.add(".storage_alignment", b"64")
        archive.add("byteorder", b"little")
        for index, tensor in enumerate(weights(tensors, floats)):
            archive.add(f"data/{index}", tensor)
        archive.add("version", b"3\n")
        archive.add(".data/serialization_id", b"0" * 40)
        archive.close()


class TorchZip:
    """The few parts of zip that torch's writer uses."""

    def __init__(self, out: BinaryIO, root: str) -> None:
        self._out = out
        self._root = root
        self._directory: list[bytes] = []

    def add(self, name: str, data: bytes) -> None:
        full = f"{self._root}/{name}".encode()
        at = self._out.tell()
        pad = -(at + 30 + len(full) + 4) % 64
        extra = struct.pack("<2sH", b"FB", pad) + b"Z" * pad
        crc, size = zlib.crc32(data), len(data)
        # version 0, flags: sizes follow the data (8), the name is UTF-8 (0x800); stored; no time
        common = struct.pack("<HHHHH", 0, 0x808, 0, 0, 0)
        self._out.write(b"PK\3\4" + common + struct.pack("<LLLHH", 0, 0, 0, len(full), len(extra)))
        self._out.write(full + extra)
        self._out.write(data)
        self._out.write(b"PK\7\x08" + struct.pack("<LLL", crc, size, size))
        sizes = struct.pack("<LLLHHHHHLL", crc, size, size, len(full), 0, 0, 0, 0, 0, at)
        self._directory.append(b"PK\1\2" + struct.pack("<H", 0) + common + sizes + full)

    def close(self) -> None:
        at, count = self._out.tell(), len(self._directory)
        directory = b"".join(self._directory)
        end = at + len(directory)
        self._out.write(directory)
        self._out.write(b"PK\6\6" + struct.pack("<QHHLLQQQQ", 44, 0x31E, 45, 0, 0, count, count, len(directory), at))
        self._out.write(b"PK\6\7" + struct.pack("<LQL", 0, end, 1))
        self._out.write(b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), at, 0))


def state_dict_pickle(tensors: int, floats: int) -> bytes:
    """{"layer.N.weight": tensor}, with the opcodes that `torch.save` writes (its memo thinned out)."""
    parts = [pickle.PROTO + b"\x02", pickle.EMPTY_DICT, pickle.MARK]
    for index in range(tensors):
        parts += [
            _unicode(f"layer.{index}.weight"),
            pickle.GLOBAL + b"torch._utils\n_rebuild_tensor_v2\n" + pickle.MARK + pickle.MARK,
            _unicode("storage") + pickle.GLOBAL + b"torch\nFloatStorage\n",
            _unicode(str(index)) + _unicode("cpu") + pickle.BININT + struct.pack("<i", floats),
            pickle.TUPLE + pickle.BINPERSID,
            pickle.BININT1 + b"\0" + pickle.BININT + struct.pack("<i", floats) + pickle.TUPLE1,
            pickle.BININT1 + b"\1" + pickle.TUPLE1 + pickle.NEWFALSE,
            pickle.GLOBAL + b"collections\nOrderedDict\n" + pickle.EMPTY_TUPLE + pickle.REDUCE,
            pickle.TUPLE + pickle.REDUCE,
        ]
    return b"".join([*parts, pickle.SETITEMS, pickle.STOP])


def _unicode(text: str) -> bytes:
    return pickle.BINUNICODE + struct.pack("<L", len(text)) + text.encode()


def _short(text: str) -> bytes:
    return pickle.SHORT_BINUNICODE + bytes([len(text)]) + text.encode() + pickle.MEMOIZE


SHARED = ("id", "name", "score", "box", "tags", "kind", "train", "test", "valid", "other")


def write_long_pickle(target: Path, batches: int = BATCHES, records: int = RECORDS) -> None:
    """A list of dictionaries, with the opcodes that Python's own pickler writes for it in protocol 4.

    Of 27 opcodes a record: 4 MEMOIZE, 7 BINGET, 3 floats, 5 integers, one new string, and the
    marks, dictionaries, lists and tuples around them.
    """
    with target.open("wb") as out:
        head = b"".join(_short(text) for text in SHARED)
        out.write(pickle.PROTO + b"\x04" + pickle.MARK + head + pickle.TUPLE + pickle.MEMOIZE)
        out.write(pickle.EMPTY_LIST + pickle.MEMOIZE)
        for batch in range(batches):
            body = b"".join(_record(batch * records + number) for number in range(records))
            body = pickle.MARK + body + pickle.APPENDS
            out.write(pickle.FRAME + struct.pack("<Q", len(body)) + body)
        out.write(pickle.TUPLE2 + pickle.STOP)


def _get(word: str) -> bytes:
    return pickle.BINGET + bytes([SHARED.index(word)])


_ID = pickle.EMPTY_DICT + pickle.MEMOIZE + pickle.MARK + _get("id") + pickle.BININT
_NAME, _SCORE, _BOX, _TAGS, _KIND = (_get(word) for word in ("name", "score", "box", "tags", "kind"))
_SPLITS = [_get(word) for word in SHARED[6:]]
_BOX_END = pickle.TUPLE2 + pickle.MEMOIZE
_TAGS_START = _TAGS + pickle.EMPTY_LIST + pickle.MEMOIZE + pickle.MARK


def _record(number: int) -> bytes:
    score, left, right = (pickle.BINFLOAT + struct.pack(">d", (number + step) / 3) for step in range(3))
    tags = bytes(byte for tag in range(4) for byte in (pickle.BININT1[0], (number + tag) % 256))
    return b"".join(
        (
            _ID + struct.pack("<i", number) + _NAME + _short(f"item-{number:07}"),
            _SCORE + score + _BOX + left + right + _BOX_END,
            _TAGS_START + tags + pickle.APPENDS,
            _KIND + _SPLITS[number % 4] + pickle.SETITEMS,
        )
    )


INPUTS: dict[str, Callable[[Path], None]] = {
    "tiny.pkl": write_tiny,
    "many": write_many,
    "torch.pt": write_torch_zip,
    "weights.safetensors": write_safetensors,
    "model.onnx": write_onnx,
    "model.gguf": write_gguf,
    "long.pkl": write_long_pickle,
}


def main() -> None:
    """Make what is missing in the folder named on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in INPUTS.items():
        if not (folder / name).exists():
            print(f"making {name}", flush=True)
            part = folder / f"{name}.part"
            write(part)
            part.rename(folder / name)


if __name__ == "__main__":
    main()
