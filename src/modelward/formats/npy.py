"""NumPy's .npy: what the header says about the data behind it.

The header is the text of a Python dictionary. numpy evaluates it as a literal; here a grammar of
its own parses it, which knows no more than what numpy writes: text, whole numbers, booleans, tuples
and lists. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from math import prod
from typing import TypeAlias

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.gap import Gap

MAGIC = b"\x93NUMPY"

MAX_LOADED = 10_000
"""Longer headers numpy.load refuses unless told otherwise, or allowed to unpickle."""

MAX_PARSED = 1 << 20
"""Longer headers are not parsed here. A field of a structured array takes some 30 bytes."""

MAX_DEPTH = 32
"""Types inside types."""

Value: TypeAlias = "str | int | tuple[Value, ...] | list[Value]"
"""What a header can hold; booleans are among the integers."""

_VERSIONS = {(1, 0): (2, "latin-1"), (2, 0): (4, "latin-1"), (3, 0): (4, "utf-8")}  # bytes of the length; encoding
_KEYS = ("descr", "fortran_order", "shape")

# https://numpy.org/doc/stable/reference/arrays.interface.html#object.__array_interface__ (typestr)
_TYPESTR = re.compile(r"[<>|=]?([?biufcmMOSUV])([0-9]{0,10})(\[[0-9]{0,9}(?:[YMWDhms]|[munpfa]s)\])?")
_FIXED: Mapping[str, int] = {
    **dict.fromkeys(("?", "b1"), 1),
    **dict.fromkeys(("m8", "M8"), 8),
    **{f"{kind}{size}": size for kind in "iu" for size in (1, 2, 4, 8)},
    **{f"f{size}": size for size in (2, 4, 8, 12, 16)},
    **{f"c{size}": size for size in (8, 16, 24, 32)},
}
_CHARACTER: Mapping[str, int] = {"S": 1, "U": 4, "V": 1}
_INT_MAX = 2**31 - 1  # numpy keeps the size of an element in a C int
_INT64_MAX = 2**63 - 1  # and their number in an int64
_MAX_DIMENSIONS = 64


class Expectation(Enum):
    """What every header that numpy wrote meets."""

    LITERAL = auto()
    FIELDS = auto()
    DTYPE = auto()
    SHAPE = auto()
    LOADED_LENGTH = auto()


@dataclass(frozen=True, slots=True)
class Problem:
    broken: Expectation
    message: str


@dataclass(frozen=True, slots=True)
class NpyFacts:
    """What is not known is None; the reason is among the problems or the gaps."""

    version: tuple[int, int] | None
    data_at: int
    """Where the header ends."""
    descr: Value | None = None
    shape: tuple[int, ...] | None = None
    fortran_order: bool | None = None
    has_objects: bool = False
    """The data is one pickle, even where only a field of a field is an object."""
    data_size: int | None = None
    """What the header promises; there may be less. None for a pickle too, which knows its own end."""
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()


def read_npy(source: Source, limits: Limits) -> NpyFacts:
    """Reads the header of the one array that *source* begins with; what follows its data is not
    looked at. Never raises for what the bytes say."""
    size, prefix = source.size, source.read(0, 12)
    if len(prefix) < 8 or not prefix.startswith(MAGIC):
        return NpyFacts(None, size, gaps=(Gap("not an npy file, or cut short", 0, cut_short=True),))
    version = prefix[6], prefix[7]
    if version not in _VERSIONS:
        return NpyFacts(version, 8, gaps=(Gap(f"npy version {version[0]}.{version[1]} is not known", 6),))
    width, encoding = _VERSIONS[version]
    header_at = 8 + width
    length = int.from_bytes(prefix[8:header_at], "little")
    data_at = header_at + length
    if len(prefix) < header_at or data_at > size:
        return NpyFacts(version, size, gaps=(Gap("file ends before the end of its header", size, cut_short=True),))
    if length > min(MAX_PARSED, limits.header_bytes):
        return NpyFacts(version, data_at, gaps=(Gap(f"the header is too long to be parsed: {length:,} bytes", 8),))
    return _read_header(source.read(header_at, length), encoding, version, data_at, size)


def _read_header(raw: bytes, encoding: str, version: tuple[int, int], data_at: int, size: int) -> NpyFacts:
    problems: list[Problem] = []
    gaps: list[Gap] = []
    fields = _fields(raw, encoding, problems)
    order = _order(fields, problems)
    shape = _shape(fields, problems)
    element = _element(fields, problems)
    has_objects = element is not None and element.has_objects
    data_size = None
    if element is not None and element.unknown is not None:
        gaps.append(Gap(f"element type {_shown(element.unknown)} is not known", data_at))
    elif has_objects and data_at == size:
        gaps.append(Gap("file ends before the pickle of its objects", size, cut_short=True))
    elif element is not None and shape is not None and not has_objects and not problems:
        data_size = prod(shape) * element.size
        if data_at + data_size > size:
            why = f"file ends before its data: {data_size:,} bytes, of which {size - data_at:,} are here"
            gaps.append(Gap(why, size, cut_short=True))
    if len(raw) > MAX_LOADED:
        message = f"the header is {len(raw):,} bytes long; numpy.load refuses more than {MAX_LOADED:,}"
        problems.append(Problem(Expectation.LOADED_LENGTH, message))
    descr = fields.get("descr")
    return NpyFacts(version, data_at, descr, shape, order, has_objects, data_size, tuple(problems), tuple(gaps))


def _fields(raw: bytes, encoding: str, problems: list[Problem]) -> dict[str, Value]:
    """The fields of the header: empty where it is not a literal, the last where a key is repeated."""
    try:
        pairs = _Literal(raw.decode(encoding)).document()
    except UnicodeDecodeError:
        problems.append(Problem(Expectation.LITERAL, "the header is not UTF-8"))
        return {}
    except _NotLiteral as error:
        problems.append(Problem(Expectation.LITERAL, f"the header is not a plain dictionary: {error}"))
        return {}
    keys = [key for key, _ in pairs]
    if sorted(keys) != list(_KEYS):
        problems.append(Problem(Expectation.FIELDS, f"the header has the keys {_shown(keys)}, not {list(_KEYS)}"))
    return dict(pairs)


def _order(fields: Mapping[str, Value], problems: list[Problem]) -> bool | None:
    order = fields.get("fortran_order")
    if isinstance(order, bool):
        return order
    if order is not None:
        problems.append(Problem(Expectation.FIELDS, f"fortran_order is not a boolean: {_shown(order)}"))
    return None


def _shape(fields: Mapping[str, Value], problems: list[Problem]) -> tuple[int, ...] | None:
    if "shape" not in fields:
        return None
    shape = _sizes(fields["shape"])
    if shape is not None and prod(shape) <= _INT64_MAX:
        return shape
    problems.append(Problem(Expectation.SHAPE, f"no array has the shape {_shown(fields['shape'])}"))
    return None


def _sizes(value: Value) -> tuple[int, ...] | None:
    if not isinstance(value, tuple) or len(value) > _MAX_DIMENSIONS:
        return None
    sizes = tuple(item for item in value if type(item) is int and item >= 0)
    return sizes if len(sizes) == len(value) else None


@dataclass(frozen=True, slots=True)
class _Element:
    size: int
    has_objects: bool = False
    unknown: str | None = None
    """A part of the type that is spelt in a way numpy does not write; the size leaves it out."""


class _NotType(Exception):
    """A descr that is no type, with the reason."""


def _element(fields: Mapping[str, Value], problems: list[Problem]) -> _Element | None:
    if "descr" not in fields:
        return None
    try:
        return _type_of(fields["descr"])
    except _NotType as error:
        problems.append(Problem(Expectation.DTYPE, f"descr is not a type: {error}"))
        return None


def _type_of(descr: Value) -> _Element:
    match descr:
        case str():
            return _scalar(descr)
        case list():
            return _record(descr)
        case (base, repeat):
            return _subarray(_type_of(base), repeat)
    raise _NotType(_shown(descr))


def _scalar(text: str) -> _Element:
    if found := _TYPESTR.fullmatch(text):
        kind, digits, unit = found.groups()
        if kind + digits in _FIXED and (unit is None or kind in "mM"):
            return _Element(_FIXED[kind + digits])
        if kind in _CHARACTER and digits and unit is None:
            return _Element(_c_int(int(digits) * _CHARACTER[kind]))
        if kind + digits in ("O", "O4", "O8") and unit is None:
            return _Element(8, has_objects=True)
    return _Element(0, unknown=text)


def _subarray(base: _Element, repeat: Value) -> _Element:
    sizes = _sizes((repeat,) if type(repeat) is int else repeat)
    if sizes is None:
        raise _NotType(f"repeated {_shown(repeat)} times")
    if base.size == 0:  # numpy takes a number here for the length of the text or void, and refuses a tuple
        return _Element(0, base.has_objects, base.unknown or "text or void with its length apart")
    return _Element(_c_int(base.size * prod(sizes)), base.has_objects, base.unknown)


def _record(fields: list[Value]) -> _Element:
    size, has_objects, unknown = 0, False, None
    seen: set[str] = set()
    for field in fields:
        match field:
            case (name, descr):
                part = _type_of(descr)
            case (name, descr, repeat):
                part = _subarray(_type_of(descr), repeat)
            case _:
                raise _NotType(f"field {_shown(field)}")
        is_padding = name == "" and isinstance(descr, str) and "V" in descr
        for label in name if isinstance(name, tuple) else (name,):  # (title, name)
            if not isinstance(label, str) or label in seen:
                raise _NotType(f"field name {_shown(label)}")
            seen.update(() if is_padding else (label,))
        size = _c_int(size + part.size)
        has_objects = has_objects or part.has_objects
        unknown = unknown if unknown is not None else part.unknown
    return _Element(size, has_objects, unknown)


def _c_int(size: int) -> int:
    if size > _INT_MAX:
        raise _NotType(f"an element would take {size:,} bytes")
    return size


class _NotLiteral(Exception):
    """Text that is not a literal of the grammar, with the reason."""


_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<text>'(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+")
      | (?P<number>-?(?:0|[1-9][0-9]{0,19}))L?(?![0-9A-Za-z_.])  # L: Python 2 wrote it
      | (?P<word>True|False)(?![0-9A-Za-z_])
      | (?P<mark>[{}()\[\]:,])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U(00(?:0[0-9a-f]|10)[0-9a-f]{4})|([nrt\\'\"]))|\\")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class _Literal:
    """One pass over the text. The methods consume what they return."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._advance()

    def document(self) -> list[tuple[str, Value]]:
        """The whole text as the pairs of one dictionary: a key may occur twice."""
        pairs: list[tuple[str, Value]] = []
        separated = self._expect("{")
        while not self._accept("}"):
            key = self._value(0)
            if not separated or not isinstance(key, str):
                raise _NotLiteral(f"{_shown(key)} is no key")
            self._expect(":")
            pairs.append((key, self._value(0)))
            separated = self._accept(",")
        if self._kind != "end":
            raise self._unexpected()
        return pairs

    def _value(self, depth: int) -> Value:
        if depth > MAX_DEPTH:
            raise _NotLiteral(f"nested deeper than {MAX_DEPTH} levels")
        if self._accept("("):
            items, separated = self._items(")", depth)
            return tuple(items) if separated or len(items) != 1 else items[0]
        if self._accept("["):
            return self._items("]", depth)[0]
        kind, token = self._kind, self._token
        if kind not in ("text", "number", "word"):
            raise self._unexpected()
        self._advance()
        if kind == "text":
            return _unescape(token[1:-1])
        return int(token) if kind == "number" else token == "True"

    def _items(self, closing: str, depth: int) -> tuple[list[Value], bool]:
        """What stands before *closing*, and whether a comma stood last."""
        items: list[Value] = []
        separated = True
        while not self._accept(closing):
            if not separated:
                raise self._unexpected()
            items.append(self._value(depth + 1))
            separated = self._accept(",")
        return items, separated

    def _accept(self, mark: str) -> bool:
        if self._token != mark:
            return False
        self._advance()
        return True

    def _expect(self, mark: str) -> bool:
        if not self._accept(mark):
            raise self._unexpected()
        return True

    def _advance(self) -> None:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise self._unexpected()
        self._at = found.end()
        self._kind = str(found.lastgroup)
        self._token = found[self._kind]

    def _unexpected(self) -> _NotLiteral:
        return _NotLiteral(f"not expected at or before character {self._at}")


def _unescape(text: str) -> str:
    def char(found: re.Match[str]) -> str:
        digits, letter = found[1] or found[2] or found[3], found[4]
        if digits is None and letter is None:
            raise _NotLiteral("an escape that numpy does not write")
        return _ESCAPED.get(letter, letter) if digits is None else chr(int(digits, 16))

    return _ESCAPE.sub(char, text)


def _shown(value: object) -> str:
    """Untrusted text for a message: escaped, and cut."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:99]}…"
