"""Symbolic values as one line of pseudo-Python, for people."""

from __future__ import annotations

from modelward.formats.pickle.values import (
    FLOAT,
    Call,
    Data,
    Dict,
    Extension,
    Global,
    List,
    Marker,
    Persistent,
    Set,
    Text,
    Value,
)

_DEPTH = 5
_ITEMS = 6
_WIDTH = 240


def render(value: Value) -> str:
    """At most _WIDTH characters, printable whatever the pickle holds."""
    text = _show(value, _DEPTH)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def call_text(func: Value, args: Value, kwargs: Value = None) -> str:
    shown = _list(args, _DEPTH) if isinstance(args, tuple | List) else f"*{_show(args, _DEPTH)}"
    if kwargs is not None:
        shown += f", **{_show(kwargs, _DEPTH)}"
    text = f"{_callee(func, _DEPTH)}({shown})"
    return text if len(text) <= _WIDTH else text[: _WIDTH - 2] + "…)"


def _show(value: Value, depth: int) -> str:
    if depth == 0:
        return "…"
    match value:
        case str():
            return _quote(value)
        case Global():
            return _name(value)
        case Text():
            return "'…'"
        case Data():
            return f"<{value.size} bytes>"
        case tuple():
            return f"({_list(value, depth - 1)}{',' if len(value) == 1 else ''})"
        case List():
            return f"[{_list(value, depth - 1)}]"
        case Dict():
            pairs = zip(value[: 2 * _ITEMS : 2], value[1 : 2 * _ITEMS : 2], strict=False)
            shown = [f"{_show(key, depth - 1)}: {_show(item, depth - 1)}" for key, item in pairs]
            return "{" + ", ".join(shown + ["…"] * (len(value) > 2 * _ITEMS)) + "}"
        case Set():
            return "{" + (_list(value, depth - 1) or "*()") + "}"
        case Call():
            if value.how.startswith("NEWOBJ"):
                return f"<{_callee(value.func, depth - 1)} object>"
            args = value.args if isinstance(value.args, tuple | List) else (value.args,)
            return f"{_callee(value.func, depth - 1)}({_list(args, depth - 1)})"
        case Persistent():
            return f"persistent_load({_show(value.pid, depth - 1)})"
        case Extension():
            return f"<copyreg extension {value.code}>"
        case Marker():
            return "0.0" if value is FLOAT else repr(value)
    return repr(value)


def _callee(value: Value, depth: int) -> str:
    shown = _show(value, depth)
    return shown if isinstance(value, Global | Call) else f"({shown})"


def _list(items: tuple[Value, ...] | list[Value], depth: int) -> str:
    shown = [_show(item, depth) for item in items[:_ITEMS]]
    return ", ".join(shown + ["…"] * (len(items) > _ITEMS))


def _name(value: Global) -> str:
    text = str(value)
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return "".join(c if c.isprintable() and not c.isspace() else f"\\x{ord(c):02x}" for c in text)


def _quote(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:119] + "…").encode("utf-8", "backslashreplace").decode()
