"""What happens while a pickle is loaded, in order. Offsets are positions in the source."""

from __future__ import annotations

from dataclasses import dataclass

from modelward.formats.pickle.values import Call, Global, Persistent, Value


@dataclass(slots=True)
class Reference:
    """A name is imported, for the first time in this stream."""

    at: int
    opcode: str
    target: Global


@dataclass(slots=True)
class Invocation:
    """Something is called: REDUCE, INST, OBJ, NEWOBJ, NEWOBJ_EX."""

    at: int
    call: Call


@dataclass(slots=True)
class Build:
    """__setstate__, or attributes set, on something that is not a plain container."""

    at: int
    target: Value
    state: Value
    late: bool = False
    """The target had a state already: picklers set it once, after everything else."""


@dataclass(slots=True)
class Mutation:
    """APPEND(S), ADDITEMS, SETITEM(S) on something that is not a plain container:
    its own methods are called with *items*."""

    at: int
    opcode: str
    target: Value
    items: list[Value]
    late: bool = False
    """As in Build."""


@dataclass(slots=True)
class ComputedName:
    """STACK_GLOBAL with operands that are not literal text."""

    at: int
    module: Value
    name: Value


@dataclass(slots=True)
class PersistentLoad:
    at: int
    value: Persistent


@dataclass(slots=True)
class ExtensionUse:
    at: int
    code: int


@dataclass(slots=True)
class FrameCut:
    """A frame ends at *at*: inside an instruction, behind STOP, or behind the place of an array. No pickler
    writes this, and readers disagree on what comes next. Inside an instruction, the C unpickler drops what
    is left of the frame if it reads from a file; in the other places whoever reads on does so at *at*."""

    at: int


@dataclass(slots=True)
class EndlessHash:
    """A key, or an element of a set, whose hash a loader does not finish: tuples that hold each other twice or
    more, so that n of them are 2^n values."""

    at: int


@dataclass(slots=True)
class ArrayData:
    """joblib: raw array bytes [at, at+size) stand between the opcodes. *at* counts from the end
    of the BUILD opcode, padding included."""

    at: int
    size: int


@dataclass(slots=True)
class ObjectArray:
    """joblib: a pickle of its own begins at *at*, between the opcodes. Its events follow."""

    at: int


@dataclass(slots=True)
class OddArray:
    """joblib: raw bytes follow whose number *wrapper* does not tell the way that joblib writes it."""

    at: int
    wrapper: Value


@dataclass(slots=True)
class ArrayFile:
    """joblib before 0.10: the array lies in another file."""

    at: int
    name: Value


@dataclass(slots=True)
class End:
    """The stream is over at *at*. *why* is None after STOP; else what no unpickler gets past, or the
    limit that was reached."""

    at: int
    why: str | None
    truncated: bool
    """The source ended inside the stream."""
    overrun: bool
    """It ended inside an operand whose length was given."""
    result: Value
    limit: bool = False


Event = (
    Reference
    | Invocation
    | Build
    | Mutation
    | ComputedName
    | PersistentLoad
    | ExtensionUse
    | FrameCut
    | EndlessHash
    | ArrayData
    | ObjectArray
    | OddArray
    | ArrayFile
    | End
)
