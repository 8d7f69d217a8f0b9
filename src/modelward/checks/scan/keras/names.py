"""What a name in a Keras configuration stands for, by data/keras.txt and never by what is installed.

Keras finds a name in the objects that the user registered, in its own public names, and else, in
Keras 3.0 to 3.8, tf_keras and Keras 2, by importing whatever module the configuration names.
https://github.com/keras-team/keras/blob/master/keras/src/saving/serialization_lib.py
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import cache
from importlib.resources import files

from modelward.checks.scan.pickle.callables import is_stdlib


class Stands(Enum):
    """What loading gets by a name."""

    PART = auto()
    """A part of models: nothing else happens when it is made."""
    CUSTOM = auto()
    """A class that only the user's own code can provide, or a part of Keras that is on no list."""
    UNSAFE = auto()
    """Another function of Keras: it can load, fetch, write or unpack."""
    FUNCTION = auto()
    """A function of another package."""
    PYTHON = auto()
    """A name of Python itself or its standard library."""


_KERAS = re.compile(r"(?:tf_keras|keras_core|keras|(?:tensorflow|tf)\.(?:[\w.]+\.)?keras)(?=\.|\Z)")
_INNER = frozenset("src api python compat v1 v2 _v1 _v2 keras tf_keras _tf_keras _legacy legacy".split())
_CLASS = re.compile(r"_*[A-Z]\w*")


def stands_for(module: object, name: str, is_function: bool) -> Stands:
    """*name* in *module*, which may be anything that JSON can hold: only a text is a module."""
    where = module if isinstance(module, str) else ""
    # "keras" and "utils.get_file" are looked up as one name, as are "keras.utils" and "get_file"
    where, _, name = f"{where}.{name}".rpartition(".")
    where = where.strip(".")
    if where in ("", "__main__"):
        return _without_module(name)
    if where == "builtins":
        return _in_builtins(name)
    if _KERAS.match(where):
        return _in_keras(where, name, is_function)
    if is_stdlib(where):
        return Stands.PYTHON
    return Stands.CUSTOM if not is_function and _CLASS.fullmatch(name) else Stands.FUNCTION


def _in_builtins(name: str) -> Stands:
    """Where Keras 3 says that its own functions are, and functions of the user too."""
    if _is_part(name):
        return Stands.PART
    return Stands.PYTHON if name in names("builtins") else Stands.CUSTOM


def is_keras(module: object) -> bool:
    """Whether a class is looked for in Keras itself."""
    return not isinstance(module, str) or not module or _KERAS.match(module) is not None


def _is_part(name: str) -> bool:
    return name in names("classes") or name in names("functions")


def _without_module(name: str) -> Stands:
    """Keras 2 takes it from its own names, Keras 3 from the user's alone."""
    if _is_part(name):
        return Stands.PART
    return Stands.UNSAFE if name in names("unsafe") else Stands.CUSTOM


def _in_keras(module: str, name: str, is_function: bool) -> Stands:
    area = next((word for word in module.split(".")[1:] if word not in _INNER | {"tensorflow"}), "keras")
    modelling = area in names("modelling")
    if name in names("classes") and not is_function:
        return Stands.PART
    if modelling and name in names("functions"):
        return Stands.PART
    return Stands.CUSTOM if modelling and not is_function and _CLASS.fullmatch(name) else Stands.UNSAFE


def names(section: str) -> frozenset[str]:
    """What stands in a section of the table."""
    return _sections()[section]


@cache
def _sections() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    section = ""
    for line in files("modelward.checks.scan").joinpath("data/keras.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            found[section] = set()
        elif line and not line.startswith("#"):
            found[section].update(line.split())
    return {name: frozenset(words) for name, words in found.items()}
