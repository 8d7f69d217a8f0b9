"""Symbolic values: what a pickle would build, without building it.

Numbers, None, booleans, short strings and tuples stand for themselves (a tuple's items are
symbolic in turn). Everything else is one of the classes below. Values are facts about bytes;
whether they are harmful is judged elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

Value = Any
"""int | bool | None | str | tuple[Value, ...] | one of the classes of this module."""

SHORT_TEXT: Final = 64
"""Strings of at most this many bytes are kept as str, longer ones as Text."""

PLANTABLE: Final = frozenset(
    "__setstate__ __class__ __new__ __init__ __getinitargs__ __getattr__ __getattribute__ __setattr__ __setitem__"
    " __reduce__ __reduce_ex__ __call__ __dict__ extend append add _parse_arg_template formula".split()
)
"""Attributes that an unpickler, or code that it calls, looks up on an object and calls or executes."""

SMALL: Final = 64
"""Containers of at most this many items are kept whole."""

ARRAY_KEYS: Final = frozenset("subclass shape order dtype allow_mmap numpy_array_alignment_bytes filename".split())
"""The attributes of joblib's array wrappers."""

PINNED: Final = PLANTABLE | ARRAY_KEYS
"""Strings that are never let go of."""

_HEAD: Final = 32
_KEPT: Final = 96


class Marker:
    """A value of which only this much is known."""

    __slots__ = ("plain", "shown")

    def __init__(self, shown: str, *, plain: bool) -> None:
        self.shown = shown
        self.plain = plain
        """True: certainly numbers and containers of numbers."""

    def __repr__(self) -> str:
        return self.shown


FLOAT: Final = Marker("<float>", plain=True)
NUMBERS: Final = Marker("<numbers>", plain=True)
"""A container of numbers whose identity was not kept."""
UNKNOWN: Final = Marker("<unknown>", plain=False)
"""A value that was computed, or not kept."""
MORE: Final = Marker("…", plain=False)
"""The last item of a container: further items of any kind were not kept."""
MORE_TEXT: Final = Marker("'…'", plain=False)
"""Further items, all of them numbers or strings, were not kept."""


class Text(NamedTuple):
    """A string pushed by the opcode at *at*, not held in memory."""

    at: int


class Data(NamedTuple):
    """Bytes [at, at+size) of the stream: a bytes or bytearray value."""

    at: int
    size: int


class Global(NamedTuple):
    """A name that is imported. *legacy*: under protocol 0 to 2, where Python 2 names are mapped."""

    module: str
    name: str
    legacy: bool

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Box(list[Value]):
    """A container, as the list of what is known of its items; equal only to itself."""

    __slots__ = ("planted",)
    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__
    planted: tuple[tuple[str, Value], ...]
    """Dict only, and only where there are any: see plant."""

    def add(self, items: list[Value]) -> None:
        """Further items, of which only what condense keeps stays known."""
        if not self or self[-1] is not MORE:
            self += items
            if len(self) > 2 * _KEPT:  # not at every single item
                self[:] = condense(self, pairs=type(self) is Dict)


class List(Box):
    __slots__ = ()


class Set(Box):
    """A set or frozenset."""

    __slots__ = ()


class Dict(Box):
    """Items are keys and values in turn."""

    __slots__ = ()

    def plant(self, items: list[Value]) -> None:
        """Remember the values under PLANTABLE keys, which no size of the container makes forgotten."""
        found = {
            key: value
            for key, value in zip(items[::2], items[1::2], strict=False)
            if isinstance(key, str) and key in PLANTABLE
        }
        self.planted = tuple((dict(getattr(self, "planted", ())) | found).items())

    def get(self, key: str) -> Value | None:
        """The value under *key*, None where it is absent or was not kept."""
        found = None
        for name, value in zip(self[::2], self[1::2], strict=False):
            if isinstance(name, str) and name == key:
                found = value
        return found


@dataclass(slots=True, eq=False)
class Call:
    """What a call returned. *how* is the opcode's name; *args* is whatever stood there."""

    how: str
    func: Value
    args: Value
    kwargs: Value = None
    state: Value = None
    """The state of the last BUILD on it."""
    note: Any = None
    """Whatever the reader of the events wants to remember of it."""


@dataclass(slots=True, eq=False)
class Persistent:
    """What the loader's persistent_load hook returns for *pid*."""

    pid: Value
    note: Any = None
    """As in Call."""


@dataclass(slots=True, eq=False)
class Extension:
    """An object from the copyreg extension registry, which another opcode may have filled."""

    code: int


def is_number(value: Value) -> bool:
    return value is None or isinstance(value, int) or value is FLOAT or value is NUMBERS


def condense(items: list[Value], *, pairs: bool = False) -> list[Value]:
    """The first items, and of the others as many as there is room for: first what is neither number
    nor string, then strings.

    MORE or MORE_TEXT at the end (a pair of it, among *pairs*) says that something other than numbers was dropped.
    """
    if len(items) <= SMALL:
        return items
    step = 2 if pairs else 1
    head = items[: _HEAD * step]
    units = [items[at : at + step] for at in range(len(head), len(items), step)]
    units = [unit for unit in units if not all(map(is_number, unit))]
    room = (_KEPT - len(head)) // step
    if len(units) <= room:
        return head + [item for unit in units for item in unit]
    live = [unit for unit in units if not all(is_number(item) or _is_text(item) for item in unit)]
    texts = [unit for unit in units if all(is_number(item) or _is_text(item) for item in unit)]
    kept = [item for unit in (live + texts)[:room] for item in unit]
    return [*head, *kept, *([MORE_TEXT if len(live) <= room else MORE] * step)]


def _is_text(value: Value) -> bool:
    return isinstance(value, str | Text | Data) or value is MORE_TEXT


def is_plain(value: Value, budget: int = 64) -> bool:
    """Certainly nothing but numbers, within a small amount of looking."""
    todo = [value]
    while todo:
        budget -= 1
        value = todo.pop()
        if budget < 0:
            return False
        if isinstance(value, Box) or type(value) is tuple:
            todo += value
        elif not is_number(value):
            return False
    return True


_MOST_HASHED: Final = 10_000_000
"""Values. Python hashes about as many in a second, and remembers no tuple's hash."""
_MOST_TUPLES: Final = 10_000


def is_endless(key: tuple[Value, ...]) -> bool:
    """Whether hashing *key* visits more values than any loader has time for, each as often as it is held."""
    sizes: dict[int, int] = {}
    todo: list[tuple[Value, ...]] = [key]
    while todo:
        value = todo[-1]
        inner = [item for item in value if type(item) is tuple and id(item) not in sizes]
        if inner and len(todo) < _MOST_TUPLES:
            todo += inner
            continue
        todo.pop()
        sizes[id(value)] = 1 + sum(sizes.get(id(item), 1) for item in value)
        if sizes[id(value)] > _MOST_HASHED:
            return True
    return False
