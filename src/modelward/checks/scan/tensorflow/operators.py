"""What is known of TensorFlow's operators: data of ours, never what is installed here.

data/tensorflow_ops.txt says it name by name; its header explains the sections.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Operator:
    section: str
    does: str = ""
    """As the rest of "the operator …"."""
    targets: tuple[int | str, ...] = ()
    """Inputs by number and attributes by name, which say what it is done to."""
    harmless: re.Pattern[str] | None = None
    """Targets to which it does no harm."""


def find(name: str) -> Operator | None:
    """None: neither TensorFlow nor a library that is listed has such an operator."""
    return _table().get(name)


@cache
def _table() -> Mapping[str, Operator]:
    found: dict[str, Operator] = {}
    section = Operator("")
    for line in files("modelward.checks.scan").joinpath("data", "tensorflow_ops.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = Operator(line.strip("[]"))
        elif line and not line.startswith("#"):
            left, separator, does = line.rpartition(" = ")
            if separator:
                name, *operands = left.split()
                found[name] = _operator(section.section, operands, does)
            else:
                found.update(dict.fromkeys(line.split(), section))
    return found


def _operator(section: str, operands: list[str], does: str) -> Operator:
    targets: list[int | str] = []
    harmless = None
    for operand in operands:
        if operand.startswith("except="):
            harmless = re.compile(operand.removeprefix("except="))
        else:
            targets.append(operand[1:] if operand.startswith("@") else int(operand))
    return Operator(section, does, tuple(targets), harmless)
