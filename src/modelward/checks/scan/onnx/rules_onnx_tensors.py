"""Tensors of ONNX: what stands in the file must fit the shape, and what stands outside must stay in the folder.

https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.outside_path import leads_outside
from modelward.checks.scan.trees.rules_external import external_data
from modelward.core.finding import Rule, Severity
from modelward.formats.onnx_parts import MOST_DIMENSIONS, MOST_ENTRIES, Sparse, Tensor

_PROTO = "https://github.com/onnx/onnx/blob/main/onnx/onnx.proto"
_EXTERNAL = "https://github.com/onnx/onnx/blob/main/docs/ExternalData.md"
_DO = "Do not use this file; get it again from its publisher, or have it exported again and run onnx.checker on it."

EXTERNAL_PATH = Rule(
    "onnx-external-path",
    Severity.HIGH,
    "a tensor's data lies outside of the model's folder",
    "Whoever loads the model reads that file into a tensor, and whoever saves it again may write to it, with the "
    "rights of the user.",
    "Do not load it; have the model exported again with its data beside it.",
    ("CVE-2022-25882", "CVE-2024-27318", "CVE-2025-51480", "CVE-2026-34447", "CWE-22", _EXTERNAL),
)
MEMORY_ADDRESS = Rule(
    "onnx-memory-address",
    Severity.HIGH,
    "a tensor's data is said to lie at an address in memory",
    "ONNX Runtime marks so what it holds in memory itself. Taken from a file, the address is read wherever it points.",
    "Do not load it; no exporter writes this.",
    ("CWE-822", "CWE-125", "https://github.com/microsoft/onnxruntime/pull/28709"),
)
EXTERNAL_FIELD = Rule(
    "onnx-external-field",
    Severity.MEDIUM,
    "the description of external data has fields that it should not have",
    "Readers differ on a repeated field, and onnx before 1.21 set any attribute of its own object that a field names.",
    _DO,
    ("CVE-2026-34445", "GHSA-538c-55jv-c5g9", "CWE-915", _EXTERNAL),
)
EXTERNAL_RANGE = Rule(
    "onnx-external-range",
    Severity.MEDIUM,
    "external data lies in a range that no file has, or that another tensor has",
    "Negative and overflowing offsets make a careless reader leave its buffer; tensors that share a part of their "
    "bytes are no export.",
    _DO,
    ("CWE-190", "CWE-1284", "GHSA-538c-55jv-c5g9", _EXTERNAL),
)
SIZE_MISMATCH = Rule(
    "onnx-size-mismatch",
    Severity.HIGH,
    "an initializer holds more or fewer bytes than its shape needs",
    "A reader that trusts the shape reads beyond the tensor's bytes; bytes too many are a hiding place.",
    _DO,
    ("CWE-125", "CWE-130", _PROTO),
)
INVALID_SHAPE = Rule(
    "onnx-invalid-shape",
    Severity.HIGH,
    "a tensor has a shape that no tensor has",
    "Negative sizes, and sizes whose product overflows 64 bits, make a careless reader leave its buffer.",
    _DO,
    ("CWE-190", "CWE-1284", _PROTO),
)
AMBIGUOUS_DATA = Rule(
    "onnx-ambiguous-data",
    Severity.MEDIUM,
    "a tensor has its data twice",
    "Which of them is used depends on the reader, so the model that was tested need not be the one that runs.",
    _DO,
    ("CWE-436", _PROTO),
)
UNKNOWN_TYPE = Rule(
    "onnx-unknown-type",
    Severity.LOW,
    "a tensor has a type that is not known here",
    "Its size cannot be checked. Newer versions of the format may know the type.",
    "Update modelward; if the type stays unknown, ask whoever published the file what wrote it.",
    ("CWE-20", _PROTO),
)

_STRING = 8
_FIELDS = {
    "float_data": (1, 14),
    "int32_data": (2, 3, 4, 5, 6, 9, 10, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28),
    "int64_data": (7,),
    "string_data": (_STRING,),
    "double_data": (11, 15),
    "uint64_data": (12, 13),
}
_FIELD = {kind: name for name, kinds in _FIELDS.items() for kind in kinds}
# TensorProto.DataType
_BITS = {
    1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16,
    17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2, 27: 6, 28: 6,
}  # fmt: skip
_VARINTS = ("int32_data", "int64_data", "uint64_data")
_LONGEST_VARINT = 10
_LARGEST = (1 << 63) - 1
_KEYS = re.compile(rb"location|offset|length|checksum|basepath|prepacked_?\d*")
_NUMBER = re.compile(rb"[0-9]{1,19}")
_PACKED = re.compile(rb"[^|;]*(?:\|[0-9]{1,19};[0-9]{1,19};[^|;]*)+")
_IN_MEMORY = b"_ORT_MEM_ADDR_"
_SHOWN = 200


@dataclass(slots=True)
class Tensors:
    """The tensors of one model, judged one by one, and the regions of other files together."""

    here: Here
    regions: dict[bytes, set[tuple[int, int]]] = field(default_factory=dict)
    count: int = 0
    judged: set[bytes] = field(default_factory=set)

    def see(self, tensor: Tensor) -> Iterator[Said]:
        where = _where(tensor)
        at = (tensor.at.start, tensor.at.end)
        size, why = self._size(tensor)
        if why:
            yield self.here.finding(INVALID_SHAPE, f"{where} has the shape {_shape(tensor.dims)}: {why}", *at)
        if tensor.type not in _BITS and tensor.type != _STRING:
            yield self.here.finding(UNKNOWN_TYPE, f"{where} has the type {tensor.type}", *at)
            yield self.here.unexamined(f"a tensor of the type {tensor.type}, which is not known", *at)
        if tensor.external or tensor.is_external:
            yield from self._external(tensor, size)
        given = [f"{name}" for name, held in tensor.typed if held != 0]
        given += ["raw_data"] * bool(tensor.raw and tensor.raw.size) + ["external_data"] * tensor.is_external
        if len(given) > 1:
            yield self.here.finding(AMBIGUOUS_DATA, f"{where} has {' and '.join(given)}", *at)
        elif size is not None and not tensor.is_external and (why := _misfit(tensor, size)):
            yield self.here.finding(SIZE_MISMATCH, f"{where} of the shape {_shape(tensor.dims)} {why}", *at)

    def see_sparse(self, sparse: Sparse) -> Iterator[Said]:
        if why := _bad_shape(sparse.dims, 1):
            message = f"a sparse tensor of {sparse.path[:_SHOWN]} has the shape {_shape(sparse.dims)}: {why}"
            yield self.here.finding(INVALID_SHAPE, message, sparse.at.start, sparse.at.end)

    def end(self) -> Iterator[Said]:
        """What the tensors together say. Those that share all of their bytes are one weight used twice."""
        if self.judged:
            yield external_data(self.judged, self.here)
        for location, regions in self.regions.items():
            reached = 0
            for start, end in sorted(regions):
                if start < reached:
                    message = f"the tensors in {_named(location)} overlap at byte {start:,}"
                    yield self.here.finding(EXTERNAL_RANGE, message)
                    break
                reached = max(reached, end)

    def _size(self, tensor: Tensor) -> tuple[int | None, str]:
        """Of the data, in bytes, or for strings in texts; None where it is not known."""
        bits = _BITS.get(tensor.type, 8)
        if why := _bad_shape(tensor.dims, bits):
            return None, why
        count = math.prod(tensor.dims)
        if tensor.type == _STRING:
            return count, ""
        return (-(-count * bits // 8) if tensor.type in _BITS else None), ""

    # --- external data ---

    def _external(self, tensor: Tensor, size: int | None) -> Iterator[Said]:
        where, at = _where(tensor), (tensor.at.start, tensor.at.end)
        keys = [key for key, _ in tensor.external]
        odd = sorted({key for key in keys if not _KEYS.fullmatch(key) or keys.count(key) > 1})
        if odd:
            message = f"the external data of {where} has the field {_named(odd[0])}"
            more = " more than once" if _KEYS.fullmatch(odd[0]) else ", which the format does not have"
            yield self.here.finding(EXTERNAL_FIELD, message + more, *at)
        if len(tensor.external) >= MOST_ENTRIES:
            yield self.here.unexamined(f"more than {MOST_ENTRIES} fields of external data", *at)
        locations = [value for key, value in tensor.external if key in (b"location", b"basepath")]
        if b"location" not in keys:
            locations.append(b"")
        for location in locations:
            yield from self._location(location, where, at)
        yield from self._range(tensor, size)

    def _location(self, location: bytes, where: str, at: tuple[int, int]) -> Iterator[Said]:
        if location in self.judged:
            return
        if len(self.judged) < self.here.limits.entries:
            self.judged.add(location)
        if _IN_MEMORY in location:
            yield self.here.finding(MEMORY_ADDRESS, f"{where} says that its data is in memory", *at)
        elif why := leads_outside(location):
            message = f"the data of {where} is in {_named(location)}: {why}"
            yield self.here.finding(EXTERNAL_PATH, message, *at, path=_named(location))

    def _range(self, tensor: Tensor, size: int | None) -> Iterator[Said]:
        where, at = _where(tensor), (tensor.at.start, tensor.at.end)
        told = dict(tensor.external)
        for key, value in told.items():
            form = _NUMBER if key in (b"offset", b"length") else _PACKED if key.startswith(b"prepacked") else None
            if form and value and not form.fullmatch(value):
                message = f"the field {_named(key)} of the data of {where} is {_named(value)}"
                yield self.here.finding(EXTERNAL_RANGE, message, *at)
                return
        start, length = int(told.get(b"offset") or 0), int(told.get(b"length") or size or 0)
        if start + length > _LARGEST:
            yield self.here.finding(EXTERNAL_RANGE, f"the data of {where} ends beyond 64 bits", *at)
        elif told.get(b"length") and size is not None and length != size and tensor.type != _STRING:
            message = f"{where} of the shape {_shape(tensor.dims)} needs {size:,} bytes and has {length:,} outside"
            yield self.here.finding(SIZE_MISMATCH, message, *at)
        elif length:
            yield from self._region(told.get(b"location", b""), start, start + length, at)

    def _region(self, location: bytes, start: int, end: int, at: tuple[int, int]) -> Iterator[Said]:
        self.count += 1
        if self.count <= self.here.limits.entries:
            self.regions.setdefault(location, set()).add((start, end))
        elif self.count == self.here.limits.entries + 1:
            yield self.here.unexamined("more tensors with external data than the limit of entries", *at)


def _bad_shape(dims: tuple[int, ...], bits: int) -> str:
    if len(dims) > MOST_DIMENSIONS:
        return f"more than {MOST_DIMENSIONS} dimensions"
    if any(size < 0 for size in dims):
        return "a size is negative"
    # a reader may multiply the sizes in any order, so a zero among them excuses nothing
    if math.prod(size for size in dims if size) * max(bits, 8) // 8 > _LARGEST:
        return "its size overflows 64 bits"
    return ""


def _misfit(tensor: Tensor, size: int) -> str:
    """Why the data in the file does not fit; *size* is in bytes, for strings in texts."""
    if tensor.raw is not None and tensor.raw.size and tensor.type != _STRING:
        return "" if tensor.raw.size == size else f"needs {size:,} bytes and has {tensor.raw.size:,}"
    name = _FIELD.get(tensor.type, "")
    held = dict(tensor.typed).get(name, 0)
    wrong = [field for field, stored in tensor.typed if stored != 0 and field != name]
    if wrong or (tensor.raw is not None and tensor.raw.size):
        return f"has its data in {wrong[0] if wrong else 'raw_data'}, which is for other types"
    if held is None:
        return ""  # one field for each number, as old exporters wrote them: nobody reads past the last
    if name in _VARINTS:
        count = math.prod(tensor.dims)
        fits = -(-count * min(_BITS[tensor.type], 8) // 8) <= held <= _LONGEST_VARINT * count
    else:
        fits = held == size
    return "" if fits else f"needs {size:,} and has {held:,} in {name}"


def _where(tensor: Tensor) -> str:
    name = _named(tensor.name) if tensor.name else "a tensor"
    return f"{name} of {tensor.path[:_SHOWN]}"


def _named(text: bytes) -> str:
    shown = ascii(text[:_SHOWN].decode("utf-8", "backslashreplace"))
    return shown + "…" * (len(text) > _SHOWN)


def _shape(dims: tuple[int, ...]) -> str:
    return "x".join(map(str, dims[:8])) + "…" * (len(dims) > 8) if dims else "of a single number"


RULES: tuple[Rule, ...] = (
    EXTERNAL_PATH,
    MEMORY_ADDRESS,
    EXTERNAL_FIELD,
    EXTERNAL_RANGE,
    SIZE_MISMATCH,
    INVALID_SHAPE,
    AMBIGUOUS_DATA,
    UNKNOWN_TYPE,
)
