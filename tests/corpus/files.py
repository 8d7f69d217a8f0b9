"""Hostile pickles inside the files that frameworks write."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.corpus.opcodes import (
    FALSE,
    NONE,
    Make,
    Payload,
    Sample,
    advisory,
    array,
    build,
    call,
    mapping,
    name,
    new,
    number,
    sample,
    stream,
    system,
    text,
    tup,
)

_NPY = "https://nvd.nist.gov/vuln/detail/CVE-2019-6446"
_JOBLIB_ARRAY = "https://nvd.nist.gov/vuln/detail/CVE-2024-34997"
_PLAIN = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
_TAR = "https://nvd.nist.gov/vuln/detail/CVE-2025-32434"


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for member, data in members.items():
            archive.writestr(zipfile.ZipInfo(member), data, method)
    return out.getvalue()


def npy(header: str, body: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    size = struct.pack("<H" if version == (1, 0) else "<I", len(header) + 1)
    return b"\x93NUMPY" + bytes(version) + size + header.encode() + b"\n" + body


def _object_array(p: Payload) -> bytes:
    return npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", stream(array(system(p))))


_NUMPY: tuple[Sample, ...] = (
    sample("npy-object-array", _object_array, _NPY, "numpy"),
    sample(
        "npy-object-field",
        lambda p: npy(
            "{'descr': [('a', '<f4'), ('b', [('c', '|O')])], 'fortran_order': False, 'shape': (1,), }",
            stream(system(p)),
        ),
        _NPY,
        "numpy",
    ),
    sample(
        "npy-version-3",
        lambda p: npy("{'descr': 'O', 'fortran_order': False, 'shape': (), }", stream(system(p)), (3, 0)),
        _NPY,
        "numpy",
    ),
    sample("npy-bare-pickle", lambda p: stream(system(p)), _NPY, "numpy"),
    sample("npz-object-array", lambda p: zipped({"a.npy": _object_array(p)}), _NPY, "numpy"),
    sample(
        "npz-second-member",
        lambda p: zipped({"a.npy": npy(_PLAIN, bytes(8)), "b.npy": _object_array(p)}, zipfile.ZIP_DEFLATED),
        _NPY,
        "numpy",
    ),
)


def wrapper(*shape: int, dtype: str = "f8", alignment: bool = True) -> bytes:
    """joblib's stand-in for an array whose bytes follow in the file."""
    descr = build(
        call(name("numpy", "dtype"), text(dtype), FALSE, pickle.NEWTRUE),
        tup(number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0)),
    )
    state = {
        "subclass": name("numpy", "ndarray"),
        "shape": tup(*map(number, shape)),
        "order": text("C"),
        "dtype": descr,
        "allow_mmap": FALSE,
    }
    if alignment:
        state["numpy_array_alignment_bytes"] = number(16)
    return build(new(name("joblib.numpy_pickle", "NumpyArrayWrapper")), mapping(**state))


def _padded(before: bytes, raw: bytes) -> bytes:
    """The bytes of an array, aligned to 16 as joblib aligns them."""
    pad = 16 - (len(before) + 1) % 16
    return before + bytes([pad]) + b"\xff" * pad + raw


def _after_an_array(p: Payload) -> bytes:
    return _padded(pickle.PROTO + b"\4" + wrapper(4), bytes(32)) + pickle.POP + system(p) + pickle.STOP


def _bytes_that_end_the_stream(p: Payload) -> bytes:
    """To a parser that does not skip them the numbers are a STOP, and what follows is never read."""
    return _padded(pickle.PROTO + b"\4" + wrapper(4), b"N." * 16) + pickle.POP + system(p) + pickle.STOP


def _without_alignment(p: Payload) -> bytes:
    head = pickle.PROTO + b"\4" + wrapper(4, alignment=False)
    return head + bytes(32) + pickle.POP + system(p) + pickle.STOP


def _object_elements(p: Payload) -> bytes:
    """An array of objects is a pickle of its own inside the outer one."""
    descr = build(
        call(name("numpy", "dtype"), text("O8"), FALSE, pickle.NEWTRUE),
        tup(number(3), text("|"), NONE, NONE, NONE, number(-1), number(-1), number(63)),
    )
    state = mapping(
        subclass=name("numpy", "ndarray"), shape=tup(number(1)), order=text("C"), dtype=descr, allow_mmap=FALSE
    )
    outer = pickle.PROTO + b"\4" + build(new(name("joblib.numpy_pickle", "NumpyArrayWrapper")), state)
    return outer + stream(array(system(p))) + pickle.STOP


def _hidden_behind(wrapped: bytes) -> Make:
    """The array's bytes are the head of a byte string: who does not skip them swallows the rest of the file."""

    def make(p: Payload) -> bytes:
        rest = pickle.POP + system(p) + pickle.STOP
        raw = pickle.BINBYTES + struct.pack("<I", 27 + len(rest)) + bytes(27)
        return _padded(pickle.PROTO + b"\4" + wrapped, raw) + rest + pickle.STOP

    return make


_OBJECT = name("builtins", "object")
_WRAPPER = name("joblib.numpy_pickle", "NumpyArrayWrapper")
_DOUBLE = call(name("numpy", "dtype"), text("f8"), FALSE, pickle.NEWTRUE)
_STATE = mapping(
    subclass=name("numpy", "ndarray"),
    shape=tup(number(4)),
    order=text("C"),
    dtype=_DOUBLE,
    allow_mmap=FALSE,
    numpy_array_alignment_bytes=number(16),
)
_CONSTRUCTED = call(_WRAPPER, name("numpy", "ndarray"), tup(number(4)), text("C"), _DOUBLE)
_COMPUTED_SHAPE = mapping(
    subclass=name("numpy", "ndarray"),
    shape=call(name("builtins", "tuple"), array(number(4))),
    order=text("C"),
    dtype=_DOUBLE,
    allow_mmap=FALSE,
    numpy_array_alignment_bytes=number(16),
)
_OBJECT_FIELD = build(
    call(name("numpy", "dtype"), text("V8"), FALSE, pickle.NEWTRUE),
    tup(
        number(3),
        text("|"),
        NONE,
        tup(text("a")),
        mapping(a=tup(call(name("numpy", "dtype"), text("O"), FALSE, pickle.NEWTRUE), number(0))),
        number(8),
        number(1),
        number(63),
    ),
)


def _object_field(p: Payload) -> bytes:
    """A structured array with a field of objects is a pickle, too."""
    state = mapping(
        subclass=name("numpy", "ndarray"), shape=tup(number(1)), order=text("C"), dtype=_OBJECT_FIELD, allow_mmap=FALSE
    )
    return pickle.PROTO + b"\4" + build(new(_WRAPPER), state) + stream(system(p)) + pickle.STOP


_HIDDEN: tuple[Sample, ...] = (
    *(
        sample(f"joblib-array-{title}", _hidden_behind(wrapped), loader="joblib")
        for title, wrapped in (
            ("as-joblib-writes-it", build(new(_WRAPPER), _STATE)),
            ("by-another-name", build(new(name("joblib", "numpy_pickle.NumpyArrayWrapper")), _STATE)),
            ("with-slots", build(new(_WRAPPER), tup(NONE, _STATE))),
            ("reconstructed", build(call(name("copyreg", "_reconstructor"), _WRAPPER, _OBJECT, NONE), _STATE)),
            ("constructed", build(_CONSTRUCTED, mapping(numpy_array_alignment_bytes=number(16)))),
            ("of-computed-shape", build(new(_WRAPPER), _COMPUTED_SHAPE)),
        )
    ),
    sample("joblib-array-with-a-field-of-objects", _object_field, _JOBLIB_ARRAY, "joblib"),
)


_PACKERS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("zlib", zlib.compress),
    ("zlib-fastest", lambda data: zlib.compress(data, 0)),
    ("gzip", lambda data: gzip.compress(data, mtime=0)),
    ("bz2", bz2.compress),
    ("xz", lzma.compress),
    ("lzma", lambda data: lzma.compress(data, lzma.FORMAT_ALONE)),
)


def _packed(pack: Callable[[bytes], bytes]) -> Make:
    return lambda p: pack(stream(system(p)))


_JOBLIB: tuple[Sample, ...] = (
    sample("joblib-after-an-array", _after_an_array, loader="joblib"),
    sample("joblib-array-bytes-look-like-the-end", _bytes_that_end_the_stream, loader="joblib"),
    sample("joblib-array-without-alignment", _without_alignment, loader="joblib"),
    sample("joblib-object-array", _object_elements, _JOBLIB_ARRAY, "joblib"),
    *(sample(f"joblib-{title}", _packed(pack), loader="joblib") for title, pack in _PACKERS),
    # joblib reads the first member alone; gzip, as pandas uses it, reads both.
    sample(
        "gzip-two-members",
        lambda p: gzip.compress(stream(system(p))[:9], mtime=0) + gzip.compress(stream(system(p))[9:], mtime=0),
        loader="gzip",
    ),
)


def torch_zip(data: bytes, root: str = "archive", more: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    members = {"data.pkl": data, "byteorder": b"little", "version": b"3\n", ".data/serialization_id": b"1" * 40}
    return zipped({f"{root}/{member}": body for member, body in (members | dict(more)).items()})


def legacy(p: Payload) -> bytes:
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    return magic + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2) + stream(system(p), protocol=2)


def _computed_magic(p: Payload) -> bytes:
    """The magic number is whatever the first pickle gives back, so its stream may call as well."""
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)[:-1]
    return magic[:2] + system(p) + pickle.POP + magic[2:] + pickle.STOP


def _torch_tar(p: Payload, hostile: str = "pickle") -> bytes:
    """All three members are read with pickle; two go on with raw bytes."""
    members = {"storages": stream(number(0)) + stream(array()), "tensors": stream(number(0)), "pickle": stream(NONE)}
    members[hostile] = stream(system(p), pickle.POP, number(0)) + members[hostile]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member, data in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _torch_zip(p: Payload) -> bytes:
    return torch_zip(stream(system(p), protocol=2))


def _torch_state(p: Payload) -> bytes:
    return torch_zip(stream(mapping(weight=system(p)), protocol=2))


_TORCH: tuple[Sample, ...] = (
    *(
        sample(title, make, link, "torch", runs=False)
        for title, make, link in (
            ("torch-zip", _torch_zip, ""),
            ("torch-zip-other-root", lambda p: torch_zip(stream(system(p), protocol=2), "weights"), ""),
            ("torch-zip-call-in-the-state", _torch_state, ""),
            ("torch-legacy", legacy, ""),
            ("torch-legacy-computed-magic", _computed_magic, ""),
            ("torch-tar", _torch_tar, _TAR),
            ("torch-tar-storages", lambda p: _torch_tar(p, "storages"), _TAR),
            ("torch-tar-tensors", lambda p: _torch_tar(p, "tensors"), _TAR),
        )
    ),
    sample("pickle-with-a-zip-behind", lambda p: stream(system(p)) + torch_zip(stream(NONE, protocol=2))),
    sample(
        "zip-with-a-pickle-in-front-of-it",
        lambda p: stream(system(p)) + zipped({"a.npy": npy(_PLAIN, bytes(8))}),
        advisory("GHSA-7q5r-7gvp-wc82"),
    ),
    sample(
        "zip-member-of-no-known-extension",
        lambda p: torch_zip(stream(NONE, protocol=2), more={"extra/config.p": stream(system(p))}),
        advisory("GHSA-769v-p64c-89pr"),
        "torch",
        runs=False,
    ),
)


FILES = (*_NUMPY, *_JOBLIB, *_HIDDEN, *_TORCH)
