"""safetensors: the header, and how the tensors it names lie in the file.

A length, a JSON header, and one buffer that the tensors fill without holes or overlaps:
https://github.com/huggingface/safetensors#format. A file without violations and gaps is one
that the safetensors library 0.8 loads. The numbers in the buffer are not looked at.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NoReturn

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.gap import Gap

MAX_HEADER = 100_000_000
"""The format's own limit on the length of the header."""

MAX_PARSED = 10_000_000
"""Longer headers are not parsed, to bound memory. Text outside ASCII counts four times, since
that is what it may take. Headers met in practice are below 2 MB."""

MAX_VALUES = 500_000
"""Headers with more commas, colons and brackets are not parsed: each may cost 100 bytes of memory."""

MAX_DEPTH = 128
"""Deeper JSON is refused, as the library's own parser does; the format needs three levels."""

BITS: Mapping[str, int] = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
"""Bits of one element, for every dtype of safetensors 0.8."""

_LENGTH = 8  # bytes of the header length, a little-endian u64
_FIELDS = frozenset(("dtype", "shape", "data_offsets"))
_U64 = 1 << 64
_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)  # strings are skipped whole
_SURROGATE = re.compile("[\ud800-\udfff]")


class Invariant(Enum):
    """What a well-formed file keeps."""

    HEADER_LENGTH = auto()
    HEADER_ENCODING = auto()
    HEADER_START = auto()
    HEADER_JSON = auto()
    HEADER_PADDING = auto()
    UNIQUE_KEYS = auto()
    METADATA_TEXT = auto()
    ENTRY_FIELDS = auto()
    ENTRY_KEYS = auto()
    KNOWN_DTYPE = auto()
    SHAPE = auto()
    SIZE_OVERFLOW = auto()
    WHOLE_BYTES = auto()
    OFFSETS = auto()
    SIZE = auto()
    NO_OVERLAP = auto()
    NO_HOLE = auto()
    NO_TRAILER = auto()


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: Invariant
    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of the header. *start* and *end* count from the beginning of the file, and are
    as the header has them: they may lie beyond the end of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SafetensorsFacts:
    tensors: tuple[Tensor, ...]
    """By position. Entries without usable fields are left out, and are violations."""
    metadata: Mapping[str, str]
    uncovered: tuple[tuple[int, int], ...]
    """Bytes [start, end) of the file that belong neither to the header nor to a tensor."""
    violations: tuple[Violation, ...]
    gaps: tuple[Gap, ...]


def read_safetensors(source: Source, limits: Limits) -> SafetensorsFacts:
    """Reads the header alone. Never raises for what the bytes say."""
    notes = _Notes(limits.findings)
    header, data_at = _header(source, limits, notes)
    if header is None:
        return notes.facts((), {}, ((data_at, source.size),) if data_at < source.size else ())
    metadata = _metadata(header.pop("__metadata__", {}), data_at, notes)
    tensors = sorted(_tensors(header, data_at, notes), key=lambda tensor: (tensor.start, tensor.end, tensor.name))
    uncovered = tuple(_layout(tensors, data_at, source.size, notes))
    return notes.facts(tuple(tensors), metadata, uncovered)


class _Notes:
    """Collects what is wrong, up to the limit of findings."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._violations: list[Violation] = []
        self._gaps: list[Gap] = []

    def violation(self, invariant: Invariant, message: str, start: int, end: int) -> bool:
        """False once there are more than the limit."""
        self._left -= 1
        if self._left >= 0:
            self._violations.append(Violation(invariant, message, start, end))
        elif self._left == -1:
            self.gap("the format is violated more often than the limit of findings; the rest is not listed", start)
        return self._left >= 0

    def gap(self, why: str, start: int, cut_short: bool = False) -> None:
        self._gaps.append(Gap(why, start, cut_short))

    def facts(
        self, tensors: tuple[Tensor, ...], metadata: Mapping[str, str], uncovered: tuple[tuple[int, int], ...]
    ) -> SafetensorsFacts:
        return SafetensorsFacts(tensors, metadata, uncovered, tuple(self._violations), tuple(self._gaps))


def _header(source: Source, limits: Limits, notes: _Notes) -> tuple[dict[str, Any] | None, int]:
    """The header, or None with a note of why there is none; and where what follows it begins."""
    size = source.size
    if size < _LENGTH:
        notes.gap(f"file ends within the {_LENGTH} bytes of the header's length", size, cut_short=True)
        return None, size
    length = int.from_bytes(source.read(0, _LENGTH), "little")
    end = _LENGTH + length
    if length > MAX_HEADER:
        message = f"the header claims to be {length:,} bytes long, and {MAX_HEADER:,} are allowed"
        notes.violation(Invariant.HEADER_LENGTH, message, 0, _LENGTH)
        return None, _LENGTH
    if end > size:
        notes.gap(f"file ends before its header: {length:,} bytes, of which {size - _LENGTH:,} are here", size, True)
        return None, _LENGTH
    text = _text(source, length, min(MAX_PARSED, limits.header_bytes), notes)
    return (None if text is None else _parse(text, end, notes)), end


def _text(source: Source, length: int, allowed: int, notes: _Notes) -> str | None:
    end = _LENGTH + length
    raw = source.read(_LENGTH, length) if length <= allowed else b""
    if length > allowed or (length > allowed // 4 and not raw.isascii()):
        notes.gap(f"the header is longer than what is parsed: {length:,} bytes", _LENGTH)
        return None
    if sum(map(raw.count, (b",", b":", b"[", b"{"))) > MAX_VALUES:
        notes.gap(f"the header has more values than what is parsed: {MAX_VALUES:,}", _LENGTH)
        return None
    if not raw.startswith(b"{"):
        notes.violation(Invariant.HEADER_START, "the header does not start with {", _LENGTH, end)
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        at = _LENGTH + error.start
        notes.violation(Invariant.HEADER_ENCODING, f"the header is not UTF-8 from byte {at:,} on", at, end)
        return None


def _parse(text: str, end: int, notes: _Notes) -> dict[str, Any] | None:
    duplicates: set[str] = set()

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            duplicates.update(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return found

    if _depth(text) > MAX_DEPTH:
        notes.violation(Invariant.HEADER_JSON, f"the header is nested deeper than {MAX_DEPTH} levels", _LENGTH, end)
        return None
    try:
        header: dict[str, Any] = json.loads(text, object_pairs_hook=once, parse_int=_number, parse_constant=_refuse)
    except (ValueError, RecursionError):
        notes.violation(Invariant.HEADER_JSON, "the header is not JSON", _LENGTH, end)
        return None
    for key in sorted(duplicates):
        notes.violation(Invariant.UNIQUE_KEYS, f"the header has the key {_shown(key)} more than once", _LENGTH, end)
    if not text.rstrip(" ").endswith("}"):
        message = "the header is padded with something else than spaces"
        notes.violation(Invariant.HEADER_PADDING, message, _LENGTH, end)
    return header


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _BRACKET.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
                deepest = max(deepest, depth)
            case "]" | "}":
                depth -= 1
    return deepest


def _number(digits: str) -> int | float:
    """Only an unsigned number of 64 bits stays whole: the format can use no other. "-0" is a
    float to safetensors' own JSON parser too."""
    if digits.startswith("-") or len(digits) > len(str(_U64)) or int(digits) >= _U64:
        return float(digits)
    return int(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _metadata(value: Any, data_at: int, notes: _Notes) -> dict[str, str]:
    def wrong(message: str) -> None:
        notes.violation(Invariant.METADATA_TEXT, message, _LENGTH, data_at)

    if not isinstance(value, dict):
        wrong("__metadata__ is not an object")
        return {}
    metadata = {key: text for key, text in value.items() if _is_text(key) and _is_text(text)}
    for key in sorted(value.keys() - metadata.keys()):
        wrong(f"__metadata__ does not map {_shown(key)} to text")
    return metadata


def _tensors(entries: Mapping[str, Any], data_at: int, notes: _Notes) -> Iterator[Tensor]:
    extra_keys: dict[str, list[str]] = defaultdict(list)
    dtypes: dict[str, list[str]] = defaultdict(list)
    for name, entry in entries.items():
        if not _is_text(name) or not isinstance(entry, dict) or not entry.keys() >= _FIELDS:
            message = f"entry {_shown(name)} is not an object with dtype, shape and data_offsets"
            notes.violation(Invariant.ENTRY_FIELDS, message, _LENGTH, data_at)
            continue
        for key in entry.keys() - _FIELDS:
            extra_keys[key].append(name)
        tensor = _tensor(name, entry, data_at, notes)
        if tensor is None:
            continue
        if tensor.dtype not in BITS:
            dtypes[tensor.dtype].append(name)
        else:
            _check_size(tensor, BITS[tensor.dtype], notes)
        yield tensor
    # one note for all tensors alike: a writer with a habit of its own would use up the limit
    for key, names in sorted(extra_keys.items()):
        message = f"the entry key {_shown(key)} is not part of the format ({_count(names)})"
        notes.violation(Invariant.ENTRY_KEYS, message, _LENGTH, data_at)
    for dtype, names in sorted(dtypes.items()):
        notes.violation(Invariant.KNOWN_DTYPE, f"unknown dtype {_shown(dtype)} ({_count(names)})", _LENGTH, data_at)
        notes.gap(f"the size of a tensor of dtype {_shown(dtype)} is not known ({_count(names)})", _LENGTH)


def _tensor(name: str, entry: Mapping[str, Any], data_at: int, notes: _Notes) -> Tensor | None:
    def wrong(invariant: Invariant, field: str, expected: str) -> None:
        message = f"{field} of tensor {_shown(name)} is not {expected}: {_shown(entry[field])}"
        notes.violation(invariant, message, _LENGTH, data_at)

    dtype, shape, offsets = entry["dtype"], _numbers(entry["shape"]), _numbers(entry["data_offsets"])
    if not _is_text(dtype):
        wrong(Invariant.ENTRY_FIELDS, "dtype", "text")
    elif shape is None:
        wrong(Invariant.SHAPE, "shape", "a list of whole numbers")
    elif offsets is None or len(offsets) != 2 or offsets[0] > offsets[1]:
        wrong(Invariant.OFFSETS, "data_offsets", "two whole numbers in ascending order")
    else:
        return Tensor(name, dtype, shape, data_at + offsets[0], data_at + offsets[1])
    return None


def _check_size(tensor: Tensor, bits: int, notes: _Notes) -> None:
    def wrong(invariant: Invariant, message: str) -> None:
        message = f"tensor {_shown(tensor.name)}, {tensor.dtype} {_shown(list(tensor.shape))}, {message}"
        notes.violation(invariant, message, tensor.start, tensor.end)

    total = _product((*tensor.shape, bits))
    if total is None:
        wrong(Invariant.SIZE_OVERFLOW, "is larger than 64 bits can say")
    elif total % 8:
        wrong(Invariant.WHOLE_BYTES, "does not end at a whole byte")
    elif total // 8 != tensor.end - tensor.start:
        wrong(Invariant.SIZE, f"takes {total // 8:,} bytes, but its data_offsets hold {tensor.end - tensor.start:,}")


def _product(factors: Iterable[int]) -> int | None:
    """None where the product overflows on the way: a zero further on does not help a reader in C."""
    product = 1
    for factor in factors:
        product *= factor
        if product >= _U64:
            return None
    return product


def _layout(tensors: Iterable[Tensor], data_at: int, size: int, notes: _Notes) -> Iterator[tuple[int, int]]:
    """Checks that the tensors fill the buffer; yields the parts that belong to none."""
    covered = data_at
    for tensor in tensors:
        if tensor.start < covered:
            message = f"tensor {_shown(tensor.name)} begins within the bytes of another"
            notes.violation(Invariant.NO_OVERLAP, message, tensor.start, min(tensor.end, covered))
        elif tensor.start > covered:
            message = f"{tensor.start - covered:,} bytes before tensor {_shown(tensor.name)} belong to none"
            if notes.violation(Invariant.NO_HOLE, message, covered, tensor.start) and covered < size:
                yield covered, min(tensor.start, size)
        covered = max(covered, tensor.end)
    if covered > size:
        why = f"file ends before its tensors: {covered - data_at:,} bytes, of which {size - data_at:,} are here"
        notes.gap(why, size, cut_short=True)
    elif covered < size:
        notes.violation(Invariant.NO_TRAILER, f"{size - covered:,} bytes follow the last tensor", covered, size)
        yield covered, size


def _numbers(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, list) and all(type(item) is int for item in value):
        return tuple(value)
    return None


def _is_text(value: Any) -> bool:
    """Lone surrogates, which JSON escapes can spell and UTF-8 cannot, are not text."""
    return isinstance(value, str) and (value.isascii() or not _SURROGATE.search(value))


def _count(names: list[str]) -> str:
    return f"{len(names):,} tensors, the first is {_shown(names[0])}"


def _shown(value: object) -> str:
    """Untrusted text for a message: escaped, and cut."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:99]}…"
