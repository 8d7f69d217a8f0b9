"""Objects of a Keras configuration for people: as the call that they amount to."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from modelward.formats.json_tree import Object, Value

_DEPTH = 4
_ITEMS = 6
_WIDTH = 240
_LONGEST = 60
_MOST_NAMES = 12
_NAME = re.compile(rb"(?<![A-Za-z_])[A-Za-z_][\w.]{2,40}(?![\w.])")
_LARGEST_CODE = 1 << 20


def call_text(module: object, name: str, config: Value) -> str:
    """``module.name(key=value, …)``, at most _WIDTH characters."""
    where = f"{module}." if isinstance(module, str) and module else ""
    if isinstance(config, Object):
        arguments = ", ".join(f"{key}={_show(value, _DEPTH)}" for key, value in config[:_ITEMS])
        return _cut(f"{where}{name}({arguments}{', …' if len(config) > _ITEMS else ''})", _WIDTH)
    return _cut(f"{where}{name}", _WIDTH)


def code_text(code: str) -> str:
    """The names that marshalled Python code uses, which show what it does. Nothing of it is loaded."""
    raw = decoded(code[:_LARGEST_CODE]) or code[:_LARGEST_CODE].encode("utf-8", "surrogatepass")
    found = dict.fromkeys(name.decode("latin-1") for name in _NAME.findall(raw))
    return _cut(f"code that uses {', '.join(list(found)[:_MOST_NAMES])}" if found else "code", _WIDTH)


def decoded(text: str) -> bytes | None:
    """Base64 as Python reads it, which passes over other characters."""
    try:
        return binascii.a2b_base64(text.encode("utf-8", "surrogatepass"))
    except binascii.Error:
        return None


_PATH = re.compile(
    r"[A-Za-z][\w+.-]{1,20}://."  # a URL
    r"|/[\w.@+-][\w.@+ -]+(?:/[\w.@+ -]+|(?!))*+/?\Z|~[\w-]*/|(?:.*[\\/])?\.\.[\\/]"
    r"|[A-Za-z]:[\\/].|\\\\\w"  # of Windows
)
_MOST_SETTINGS = 10_000
_LONGEST_PATH = 4096


def paths(config: Object) -> Iterator[tuple[str, str]]:
    """The settings that are a URL, or a path that leads out of any folder, with their keys. Objects that
    Keras makes of a part of *config* are left out."""
    for key, value in islice(_texts(config), _MOST_SETTINGS):
        if len(value) < _LONGEST_PATH and _PATH.match(value):
            yield key, value


def _texts(config: Object) -> Iterator[tuple[str, str]]:
    todo: list[tuple[str, Value]] = list(config)
    while todo:
        key, value = todo.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, Object):
            todo += () if value.keys() >= {"class_name", "config"} else list(value)
        elif isinstance(value, list):
            todo += [(key, item) for item in list[Any](value)]


def _show(value: Value, depth: int) -> str:
    if isinstance(value, str):
        return repr(value[:_LONGEST] + "…" * (len(value) > _LONGEST))
    if isinstance(value, list):
        items = value[:_ITEMS] if depth else []
        shown = [_item(item, depth - 1) for item in items]
        shown += ["…"] * (len(items) < len(value))
        return f"{{{', '.join(shown)}}}" if isinstance(value, Object) else f"[{', '.join(shown)}]"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return str(value)


def _item(item: Value | tuple[str, Value], depth: int) -> str:
    if isinstance(item, tuple):
        return f"{item[0][:_LONGEST]!r}: {_show(item[1], depth)}"
    return _show(item, depth)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
