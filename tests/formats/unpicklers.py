"""CPython's two unpicklers made harmless: nothing is imported, and what they would do is recorded."""

from __future__ import annotations

import io
import pickle
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

RESULT = "result"
"""Stands for whatever a call, a persistent id or an extension gave."""

_METHODS = frozenset({"__setstate__", "append", "extend", "add"})


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that an unpickler did: "name", "call", "build", "change" or "persistent"."""

    kind: str
    target: str | None = None
    """What it was done to; None where the symbolic machine cannot tell."""
    args: int | None = None


@dataclass(slots=True)
class Run:
    effects: list[Effect] = field(default_factory=list)
    stopped: int | None = None
    """Bytes consumed, where STOP was reached."""
    result: Any = None


def inert(run: Run, label: str) -> type:
    """A class that can be called, made, built and changed, and only keeps a record of it."""

    def record(kind: str, target: object, args: int | None = None) -> None:
        run.effects.append(Effect(kind, label if isinstance(target, type) else RESULT, args))

    def method(target: object, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        return lambda *_: record("build" if name == "__setstate__" else "change", target)

    def make(cls: Any, *args: object, **_: object) -> Any:
        record("call", cls, len(args))
        return _RETURNS.get(label, lambda *_: object.__new__(cls))(*args)

    def change(self: object, key: object, value: object) -> None:
        record("change", self)

    body = {"__call__": make, "__getattr__": method, "__setitem__": change}
    meta = type("Meta", (type,), body)
    return meta("Inert", (), body | {"__new__": make})


# Calls that give more than an object, so that what is computed can be used as a name, as arguments, as a callee.
_RETURNS = {
    "text.of": lambda *args: "computed",
    "pair.of": lambda *args: (1, "x"),
    "list.of": lambda *args: [],
    "same.of": lambda *args: args[0] if args else None,
}


def _class(base: Any, run: Run) -> Any:
    class Recording(base):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            run.effects.append(Effect("name", f"{module}.{name}"))
            return inert(run, f"{module}.{name}")

        def persistent_load(self, pid: object) -> Any:
            run.effects.append(Effect("persistent"))
            return inert(run, RESULT)()

    return Recording


# The effect precedes whatever is wrong, so how a run fails does not matter.
_FAILURES = (Exception, RecursionError)


def unpickle(data: bytes, encoding: str = "ASCII") -> Iterator[Run]:
    """What the C unpickler does with *data*, then what the one in pure Python does."""
    for base in (pickle.Unpickler, pickle._Unpickler):  # type: ignore[attr-defined]
        run = Run()
        file = io.BytesIO(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                run.result = _class(base, run)(file, encoding=encoding, buffers=[b"x"] * 4).load()
                run.stopped = file.tell()
            except _FAILURES:
                pass
        yield run


def python() -> str:
    return sys.version.partition(" ")[0]
