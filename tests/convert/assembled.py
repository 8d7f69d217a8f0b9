"""torch files put together by hand, so that they can say what torch.save would not."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping

from tests.corpus.opcodes import FALSE, call, name, number, stream, text, tup


def storage(key: str, count: int, kind: str = "FloatStorage", module: str = "torch") -> bytes:
    pid = tup(text("storage"), name(module, kind), text(key), text("cpu"), long(count))
    return pid + pickle.BINPERSID


def long(value: int) -> bytes:
    raw = pickle.encode_long(value)
    return pickle.LONG1 + bytes([len(raw)]) + raw


def tensor(kept: bytes, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> bytes:
    sizes = (tup(*map(long, shape)), tup(*map(long, strides)))
    return call(name("torch._utils", "_rebuild_tensor_v2"), kept, long(offset), *sizes, FALSE, ordered())


def ordered() -> bytes:
    return call(name("collections", "OrderedDict"))


def floats(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def torch_zip(
    root: bytes, storages: dict[str, bytes], byteorder: str = "little", more: Mapping[str, bytes] | None = None
) -> bytes:
    """*root* is what the pickle makes, *storages* their bytes by key."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", stream(root, protocol=2))
        archive.writestr("archive/byteorder", byteorder)
        for key, content in storages.items():
            archive.writestr(f"archive/data/{key}", content)
        for key, content in (more or {}).items():
            archive.writestr(f"archive/{key}", content)
    return file.getvalue()


MAGIC = long(0x1950A86A20F9469CFC6C)


def legacy(root: bytes, keys: bytes, *storages: bytes) -> bytes:
    """Five pickles and the storages, each with its count of elements before it."""
    heads = (MAGIC, number(1001), pickle.EMPTY_DICT, root, keys)
    return b"".join(stream(head, protocol=2) for head in heads) + b"".join(storages)
