"""GGUF: the header, and how the tensors that it names lie in the file.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 1 to 3, both byte orders.
Every count, length and offset is held against the size of the file before it is used. The
numbers of the tensors are not looked at; texts and byte arrays among the values are handed on.
"""

from __future__ import annotations

import re
import struct
from math import prod

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.cursor import Broken, Cursor
from modelward.formats.gap import Gap
from modelward.formats.ggml_types import BLOCKS
from modelward.formats.gguf_facts import GgufFacts, Invariant, Span, Tensor, Value, Violation
from modelward.formats.parts import read_ahead

MAGIC = b"GGUF"
LONGEST = 1 << 30
"""llama.cpp's own limit on the length of a text and of an array."""

_VERSIONS = (1, 2, 3)
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_U8, _I8, _U32, _I32, _F32, _STRING, _ARRAY = 0, 1, 4, 5, 6, 8, 9
_IMPLAUSIBLE = 1 << 24  # entries of one kind: a file cut short announces fewer
_LONGEST_KEY = 65_535
_LONGEST_NAME = 63  # GGML_MAX_NAME, with the NUL that C puts behind it
_MOST_NAME_BYTES = 16 << 20
_FEW = 64
"""Arrays of more texts are vocabularies, which are not looked at one by one."""
_MOST_KEPT = 100_000
_MOST_STRINGS = 5_000_000
_DEEPEST = 4
_DIMENSIONS, _STRUCT_DIMENSIONS = 4, 6
_I64 = 1 << 63
_KNOWN_RANGE = 512  # forks number their types up to here; a table of a reader ends before it
_MOST_ALIGNMENT = 1 << 20
_PADDING = 64  # shorter padding is not handed on
_WINDOW = 1 << 18
_BAD_BYTE = re.compile(rb"<0x(?![0-9A-Fa-f]{2})..>", re.DOTALL)

_TOKENS = "tokenizer.ggml.tokens"
# What llama.cpp casts the elements to, and whether there is one for each token (llama-vocab.cpp)
_VOCABULARY = {
    _TOKENS: ((_STRING,), True),
    "tokenizer.ggml.scores": ((_F32,), True),
    "tokenizer.ggml.token_type": ((_I32, _U32), True),
    "tokenizer.ggml.merges": ((_STRING,), False),
    "tokenizer.ggml.suppress_tokens": ((_I32, _U32), False),
    "tokenizer.ggml.precompiled_charsmap": ((_U8, _I8), False),
}


def read_gguf(source: Source, limits: Limits) -> GgufFacts:
    """Reads the header alone. Never raises for what the bytes say."""
    reader = _Reader(source, limits)
    try:
        reader.header()
    except Broken as error:
        reader.gaps.append(Gap(error.why, error.at, error.cut_short))
    else:
        reader.layout()
    violations, gaps = reader.violations, reader.gaps
    if len(violations) > limits.findings:
        gaps.append(Gap("more violations than the limit of findings", violations[limits.findings].start))
    return GgufFacts(
        tuple(reader.values),
        tuple(reader.tensors),
        tuple(reader.uncovered),
        tuple(violations[: limits.findings]),
        tuple(gaps),
    )


class _Reader:
    """One pass over the header; what it raises as Broken ends it."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.values: list[Value] = []
        self.tensors: list[Tensor] = []
        self.uncovered: list[Span] = []
        self.violations: list[Violation] = []
        self.gaps: list[Gap] = []
        self._source = source
        self._limits = limits
        self._cursor = Cursor(source, len(MAGIC))
        self._wide = True  # counts and lengths of 64 bits
        self._order = "<"
        self._alignment = 32
        self._names: set[str] = set()
        self._name_bytes = 0
        self._strings = 0
        self._kept = 0
        self._vocabulary: dict[str, tuple[int, int]] = {}

    def header(self) -> None:
        version = self._cursor.u32()
        if version & 0xFFFF == 0:
            self._order = ">"
            self._cursor = Cursor(self._source, len(MAGIC), order=">")
            version = self._cursor.u32()
        if version not in _VERSIONS:
            raise Broken(f"version {version} of the format is not known", len(MAGIC))
        self._wide = version > 1
        tensors, pairs = self._count(), self._count()
        self._fits(pairs, 13 if self._wide else 9, "keys")
        for _ in range(pairs):
            self._pair()
        self._judge_vocabulary()
        self._names.clear()
        self._fits(tensors, 24 if self._wide else 20, "tensors")
        for _ in range(tensors):
            self._tensor()

    def _note(self, invariant: Invariant, message: str, start: int, end: int) -> None:
        if len(self.violations) <= self._limits.findings:
            self.violations.append(Violation(invariant, message, start, end))

    def _count(self) -> int:
        return self._cursor.u64() if self._wide else self._cursor.u32()

    def _fits(self, count: int, least: int, what: str) -> None:
        at = self._cursor.at
        if count * least > self._cursor.left:
            why = f"{count:,} {what} are announced, and there are {self._cursor.left:,} bytes for them"
            if count > _IMPLAUSIBLE:
                self._note(Invariant.COUNT, why, at - 8, at)
            raise Broken(why, at, cut_short=True)
        if count > self._limits.entries:
            raise Broken(f"more {what} than the limit of {self._limits.entries:,}", at)

    def _length(self, length: int, size: int = 1) -> int:
        """How many bytes so many elements take; they must be there."""
        cursor = self._cursor
        if length > LONGEST or length * size > cursor.left:
            why = f"{length:,} elements of {size} bytes are announced, {cursor.left:,} bytes are left"
            if length > LONGEST:
                self._note(Invariant.LENGTH, why, cursor.at - (8 if self._wide else 4), cursor.at)
            raise Broken(why, cursor.at, cut_short=length * size > cursor.left)
        return length * size

    def _name(self, what: str) -> str:
        at = self._cursor.at
        size = self._length(self._count())
        self._name_bytes += size
        if self._name_bytes > _MOST_NAME_BYTES:
            raise Broken(f"names of more than {_MOST_NAME_BYTES:,} bytes", at)
        raw = self._cursor.take(size)
        name = raw.decode("utf-8", "backslashreplace")
        if not raw or b"\0" in raw or len(raw) > _LONGEST_KEY or not _is_utf8(raw):
            self._note(Invariant.NAME, f"the {what} {_shown(name)} is none that all readers read alike", at, at + size)
        if name in self._names:
            self._note(Invariant.UNIQUE_NAMES, f"the {what} {_shown(name)} occurs again", at, at + size)
        self._names.add(name)
        return name

    # --- values ---

    def _pair(self) -> None:
        start = self._cursor.at
        key = self._name("key")
        kind = self._cursor.u32()
        at = self._cursor.at
        if kind == _ARRAY:
            self._vocabulary[key] = self._array(key, 1)
        elif kind == _STRING:
            size = self._length(self._count())
            self.values.append(Value(key, self._cursor.skip(size), size, True))
        else:
            self._scalar(kind)
        if key == "general.alignment":
            raw = self._source.read(at, 4) if kind == _U32 else b""
            self._alignment = int.from_bytes(raw, "little" if self._order == "<" else "big")
            if not 0 < self._alignment <= _MOST_ALIGNMENT or self._alignment & (self._alignment - 1):
                message = f"the alignment {self._alignment:,} is no small power of two"
                self._note(Invariant.ALIGNMENT, message, start, self._cursor.at)
                raise Broken("where the tensors are depends on the alignment, which is invalid", start)

    def _scalar(self, kind: int) -> None:
        if kind not in _SIZES:
            at = self._cursor.at - 4
            self._note(Invariant.VALUE_TYPE, f"no value has the type {kind}", at, at + 4)
            raise Broken("a value of unknown type, behind which nothing can be read", at)
        self._cursor.skip(_SIZES[kind])

    def _array(self, key: str, depth: int) -> tuple[int, int]:
        """Element type and count."""
        kind, start = self._cursor.u32(), self._cursor.at - 4
        count = self._count()
        if kind == _STRING:
            self._length(count, 8 if self._wide else 4)
            if count <= _FEW and key != _TOKENS:
                self._keep_strings(key, count)
            else:
                self._skip_strings(key, count)
        elif kind == _ARRAY:
            if depth >= _DEEPEST:
                self._note(Invariant.ARRAY_DEPTH, f"{_shown(key)} has arrays in arrays in arrays", start, start + 4)
                raise Broken(f"arrays nested deeper than {_DEEPEST} levels", start)
            self._length(count, 12 if self._wide else 8)
            self._strings += count
            self._most_strings()
            for _ in range(count):
                self._array(key, depth + 1)
        elif kind in _SIZES:
            size = self._length(count, _SIZES[kind])
            if kind in (_U8, _I8):
                self.values.append(Value(key, self._cursor.at, size, False))
            self._cursor.skip(size)
        else:
            self._scalar(kind)
        return kind, count

    def _most_strings(self) -> None:
        if self._strings > _MOST_STRINGS:
            raise Broken(f"more than {_MOST_STRINGS:,} texts in arrays", self._cursor.at)

    def _keep_strings(self, key: str, count: int) -> None:
        """No vocabulary: texts like those that stand alone."""
        for _ in range(count):
            size = self._length(self._count())
            self.values.append(Value(key, self._cursor.skip(size), size, True))
            self._kept += 1
        if self._kept > _MOST_KEPT:
            raise Broken(f"more than {_MOST_KEPT:,} texts in short arrays", self._cursor.at)

    def _skip_strings(self, key: str, count: int) -> None:
        """Hundreds of thousands of tokens: the one loop that must be fast."""
        self._strings += count
        self._most_strings()
        cursor, source = self._cursor, self._source
        number = struct.Struct(self._order + ("Q" if self._wide else "I"))
        width, end, at = number.size, cursor.end, cursor.at
        window, base = b"", at
        for _ in range(count):
            if at + width > base + len(window):
                window, base = read_ahead(source, at, _WINDOW, width), at
                if len(window) < width:
                    cursor.skip(end - cursor.at + 1)  # cut short
            (length,) = number.unpack_from(window, at - base)
            at += width
            if length > LONGEST or length > end - at:
                cursor.at = at
                self._length(length)
            if length == 6 and key == _TOKENS:
                self._byte_token(at)
            at += length
        cursor.at = at

    def _byte_token(self, at: int) -> None:
        """llama.cpp reads the two digits with strtol, which takes a sign, and indexes a table by them."""
        token = self._source.read(at, 6)
        if _BAD_BYTE.fullmatch(token):
            self._note(Invariant.BYTE_TOKEN, f"the token {token!r} looks like a byte and is none", at, at + 6)

    def _judge_vocabulary(self) -> None:
        tokens = self._vocabulary.get(_TOKENS, (_STRING, 0))[1]
        end = self._cursor.at
        for key, (kinds, parallel) in _VOCABULARY.items():
            if key not in self._vocabulary:
                continue
            kind, count = self._vocabulary[key]
            if kind not in kinds:
                self._note(Invariant.VOCABULARY, f"{key} has elements of type {kind}", 0, end)
            elif parallel and count != tokens:
                self._note(Invariant.VOCABULARY, f"{key} has {count:,} elements for {tokens:,} tokens", 0, end)
        self._judge_charsmap()

    def _judge_charsmap(self) -> None:
        """A u32 length, that many bytes, and texts (SentencePiece's normaliser)."""
        for value in self.values:
            if value.key != "tokenizer.ggml.precompiled_charsmap" or value.is_text or not value.size:
                continue
            first = int.from_bytes(self._source.read(value.at, 4), "little")  # whatever the order of the file
            first = min(first, int.from_bytes(self._source.read(value.at, 4), "big"))
            if value.size < 4 or first > value.size - 4:
                message = f"{value.key} names {first:,} bytes and has {value.size:,}"
                self._note(Invariant.VOCABULARY, message, value.at, value.at + value.size)

    # --- tensors ---

    def _tensor(self) -> None:
        entry = self._cursor.at
        name = self._name("tensor")
        shown = _shown(name)
        if self._cursor.at - entry - (8 if self._wide else 4) > _LONGEST_NAME:
            self._note(Invariant.NAME_LENGTH, f"the tensor {shown} has a long name", entry, self._cursor.at)
        count = self._cursor.u32()
        if count > _DIMENSIONS:
            broken = Invariant.STRUCT_DIMENSIONS if count > _STRUCT_DIMENSIONS else Invariant.DIMENSIONS
            self._note(broken, f"the tensor {shown} has {count:,} dimensions", entry, self._cursor.at)
        if count > 255:
            raise Broken(f"a tensor of {count:,} dimensions", entry)
        dims = [self._count() for _ in range(count)]
        kind = self._cursor.u32()
        offset = self._cursor.u64()
        size = self._size(shown, dims, kind, entry)
        self.tensors.append(Tensor(name, entry, offset, size))

    def _size(self, shown: str, dims: list[int], kind: int, entry: int) -> int | None:
        end = self._cursor.at
        elements, block = prod(dims), BLOCKS.get(kind)
        if prod(dim or 1 for dim in dims) >= _I64 or (block and elements // block[0] * block[1] >= _I64 - 31):
            message = f"the tensor {shown} has the shape {dims}, which overflows 64 bits"
            self._note(Invariant.SIZE_OVERFLOW, message, entry, end)
            return None
        if block is None:
            known = Invariant.KNOWN_TYPE if kind < _KNOWN_RANGE else Invariant.TYPE_RANGE
            self._note(known, f"the tensor {shown} has the type {kind:,}", entry, end)
            self.gaps.append(Gap(f"the size of {shown}, a tensor of type {kind}, is not known", entry))
            return None
        if (dims[0] if dims else 1) % block[0]:
            message = f"the rows of {shown} have {dims[0] if dims else 1:,} elements, in blocks of {block[0]}"
            self._note(Invariant.WHOLE_BLOCKS, message, entry, end)
            return None
        return elements // block[0] * block[1]

    def layout(self) -> None:
        """Where the tensors lie: aligned, inside the file, without overlap or hole."""
        alignment, size = self._alignment, self._source.size
        data_at = -(-self._cursor.at // alignment) * alignment
        self.tensors = sorted(
            (Tensor(t.name, t.entry, data_at + t.start, t.size) for t in self.tensors), key=lambda t: (t.start, t.entry)
        )
        reach, open_ended = self._cursor.at, False
        if self.tensors or size > data_at:
            reach = max(reach, self._space(reach, min(data_at, size), True))
        for tensor in self.tensors:
            self._place(tensor, reach, open_ended)
            if tensor.start > reach and not open_ended:
                self._between(reach, min(tensor.start, size))
            open_ended = tensor.size is None or (open_ended and tensor.start + tensor.size <= reach)
            reach = max(reach, tensor.start + (tensor.size or 0))
        if reach < size and not open_ended:
            self._between(reach, size)

    def _place(self, tensor: Tensor, reach: int, open_ended: bool) -> None:
        shown, entry = _shown(tensor.name), tensor.entry
        if tensor.start % self._alignment:
            self._note(Invariant.ALIGNED, f"{shown} does not begin at an aligned offset", entry, entry + 1)
        end = tensor.start + (tensor.size or 0)
        if end > self._source.size:
            message = f"{shown} ends at byte {end:,} of a file of {self._source.size:,}"
            self._note(Invariant.INSIDE, message, entry, entry + 1)
            if tensor.size is not None:
                self.gaps.append(Gap(f"the file ends before the tensor {shown}", self._source.size, True))
        if tensor.start < reach and tensor.size:
            self._note(Invariant.NO_OVERLAP, f"{shown} begins inside another tensor", entry, entry + 1)

    def _between(self, start: int, end: int) -> None:
        """Up to the next multiple of the alignment it is padding."""
        padded = min(-(-start // self._alignment) * self._alignment, end)
        self._space(start, padded, True)
        self._space(padded, end, False)

    def _space(self, start: int, end: int, is_padding: bool) -> int:
        if end - start >= (_PADDING if is_padding else 1):
            self.uncovered.append(Span(start, end, is_padding))
        if end > start and not is_padding:
            last = end == self._source.size
            kind, where = (Invariant.NO_TRAILER, "behind") if last else (Invariant.NO_HOLE, "between")
            self._note(kind, f"{end - start:,} bytes {where} the tensors", start, end)
        return end


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(name: str) -> str:
    text = repr(name)
    return text if len(text) <= 100 else f"{text[:99]}…"
