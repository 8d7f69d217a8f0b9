"""CPython's two unpicklers made harmless: nothing is imported, and what they would do is recorded."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_METHODS = frozenset({"__setstate__", "append", "extend", "add"})


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that an unpickler did: "name", "call", "build", "change" or "persistent"."""

    kind: str
    target: str | None = None
    """The name that it was done to; None for the result of a call, and for what cannot be told."""
    args: int | None = None


@dataclass(slots=True)
class Run:
    effects: list[Effect] = field(default_factory=list)
    stopped: int | None = None
    """Bytes consumed, where STOP was reached."""
    result: Any = None


# Calls that give more than an object, so that what is computed can be a name, an argument, a callee.
_RETURNS: dict[str, Any] = {
    "text.of": lambda *args: "computed",
    "pair.of": lambda *args: (1, "x"),
    "list.of": lambda *args: [],
    "same.of": lambda *args: args[0] if args else None,
}


def inert(run: Run, label: str) -> Any:
    """A class that can be called, made, built and changed, and only keeps a record of it."""

    def record(kind: str, target: object, args: int | None = None) -> None:
        run.effects.append(Effect(kind, label if isinstance(target, type) else None, args))

    def attribute(target: object, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        return lambda *_: record("build" if name == "__setstate__" else "change", target)

    def make(made: Any, *args: object, **_: object) -> Any:
        record("call", made, len(args))
        if label in _RETURNS and isinstance(made, type):
            return _RETURNS[label](*args)
        return object.__new__(made if isinstance(made, type) else type(made))

    def change(target: object, key: object, value: object) -> None:
        record("change", target)

    body = {"__call__": make, "__getattr__": attribute, "__setitem__": change}
    return type("Meta", (type,), body)("Inert", (), body | {"__new__": make})


def _recording(base: Any, run: Run) -> Any:
    class Recording(base):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            run.effects.append(Effect("name", f"{module}.{name}"))
            return inert(run, f"{module}.{name}")

        def persistent_load(self, pid: object) -> Any:
            run.effects.append(Effect("persistent"))
            made = inert(run, "persistent")
            return object.__new__(made)

    return Recording


def unpickle(data: bytes, encoding: str = "ASCII") -> Iterator[Run]:
    """What the C unpickler does with *data*, reading ahead and not, and what the one in pure Python does."""
    for base, peeks in ((pickle.Unpickler, True), (pickle.Unpickler, False), (pickle._Unpickler, False)):
        run = Run()
        file: Any = io.BufferedReader(io.BytesIO(data)) if peeks else io.BytesIO(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                run.result = _recording(base, run)(file, encoding=encoding, buffers=[b"x"] * 4).load()
                run.stopped = file.tell()
            except Exception:  # noqa: BLE001  whatever ends it, its effects came before
                pass
        yield run
