"""What reading a GGUF file brings to light: see gguf.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from modelward.formats.gap import Gap


class Invariant(Enum):
    """What a well-formed file keeps."""

    COUNT = auto()
    LENGTH = auto()
    VALUE_TYPE = auto()
    ARRAY_DEPTH = auto()
    UNIQUE_NAMES = auto()
    NAME = auto()
    NAME_LENGTH = auto()
    ALIGNMENT = auto()
    VOCABULARY = auto()
    BYTE_TOKEN = auto()
    DIMENSIONS = auto()
    STRUCT_DIMENSIONS = auto()
    SIZE_OVERFLOW = auto()
    WHOLE_BLOCKS = auto()
    KNOWN_TYPE = auto()
    TYPE_RANGE = auto()
    ALIGNED = auto()
    INSIDE = auto()
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
class Value:
    """A text, or an array of bytes: [at, at + size) of the file."""

    key: str
    at: int
    size: int
    is_text: bool


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    entry: int
    """Where its entry in the header begins."""
    start: int
    size: int | None
    """None where its type, and so its size, is not known."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes that belong to no tensor. Those between and behind tensors are violations as well."""

    start: int
    end: int
    is_padding: bool


@dataclass(frozen=True, slots=True)
class GgufFacts:
    values: tuple[Value, ...]
    tensors: tuple[Tensor, ...]
    """By position."""
    uncovered: tuple[Span, ...]
    violations: tuple[Violation, ...]
    gaps: tuple[Gap, ...]
