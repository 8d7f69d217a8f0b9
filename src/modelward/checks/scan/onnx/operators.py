"""Which operators of ONNX are known: data of ours, never what is installed here.

data/onnx_operators.txt names them and is the file to edit; its header explains the sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Domain:
    names: frozenset[str]
    up_to: int = 0
    """The version of the operator set up to which *names* are all that there are; 0: not known."""
    is_library: bool = False


@cache
def domains() -> Mapping[str, Domain]:
    """The listed domains; the standard one is ""."""
    return {("" if name == "ai.onnx" else name): domain for name, domain in _sections().items() if name != "vendors"}


@cache
def vendors() -> frozenset[str]:
    return _sections()["vendors"].names


def _sections() -> dict[str, Domain]:
    found: dict[str, Domain] = {}
    text = files("modelward.checks.scan").joinpath("data/onnx_operators.txt").read_text("utf-8")
    for section in text.split("\n[")[1:]:
        title, _, body = section.partition("]")
        name, *marks = title.split()
        up_to = max((int(mark[5:]) for mark in marks if mark.startswith("upto=")), default=0)
        found[name] = Domain(frozenset(body.split()), up_to, "library" in marks)
    return found
