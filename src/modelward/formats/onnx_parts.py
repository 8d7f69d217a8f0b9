"""What there is to know of an ONNX model, in the words of its schema.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

SHORT = 32
"""A text of fewer bytes is not told: nothing that anybody loads fits in."""
LONGEST = 4096
"""Bytes of a name, or of an entry of external_data, that are read."""
MOST_DIMENSIONS = 64
MOST_ENTRIES = 64
"""Of external_data of one tensor; the others are not looked at."""


class Span(NamedTuple):
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size


class Identity(NamedTuple):
    """What an operator is called by. The domain "ai.onnx" is another name of ""."""

    domain: str
    name: str
    overload: str = ""


@dataclass(frozen=True, slots=True)
class Opset:
    domain: str
    version: int


@dataclass(frozen=True, slots=True)
class Function:
    """Defined by the model itself."""

    identity: Identity
    at: Span


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    number: int
    """Of i; 0 without."""
    text: Span | None
    """Of s."""


@dataclass(frozen=True, slots=True)
class Node:
    operator: Identity
    attributes: tuple[Attribute, ...]
    path: str
    at: Span
    function: Identity | None
    """The function whose body it stands in."""


@dataclass(frozen=True, slots=True)
class Tensor:
    name: bytes
    path: str
    at: Span
    dims: tuple[int, ...]
    """At most MOST_DIMENSIONS and one."""
    type: int
    raw: Span | None
    typed: tuple[tuple[str, int | None], ...]
    """float_data and its like: how many bytes, or texts; None where they are not packed."""
    external: tuple[tuple[bytes, bytes], ...]
    is_external: bool
    graph: int | None
    """Counts the graphs: the one whose initializer it is."""


@dataclass(frozen=True, slots=True)
class Sparse:
    path: str
    at: Span
    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """What the schema has as a text, or (*data*) as bytes that an operator is given."""

    what: str
    path: str
    at: Span
    data: bool = False


@dataclass(frozen=True, slots=True)
class Metadata:
    key: str
    path: str
    at: Span


@dataclass(frozen=True, slots=True)
class Odd:
    """A field that the schema does not have (or not with this type), or that it has once."""

    kind: Literal["unknown", "repeated"]
    what: str
    path: str
    at: Span
    wire: int


@dataclass(frozen=True, slots=True)
class Gap:
    why: str
    start: int
    end: int
    cut_short: bool = False
    is_limit: bool = False
    """There was too much of it; nothing was wrong."""


Part = Opset | Function | Node | Tensor | Sparse | Text | Metadata | Odd | Gap
