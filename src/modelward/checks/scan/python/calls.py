"""What can be told of the calls in Python source: who is called, with what, and when by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.pickle.callables import is_stdlib
from modelward.checks.scan.python.names import EXECUTES, HOOKS, PROCESS
from modelward.formats.python_code import Call, Code
from modelward.formats.python_values import Expr

_SHOWN = 120
_OWN = re.compile(r"(?:def:|class:|\?)[^\"']*?(\w+)")  # defined here, perhaps further down, or a method of an object
_DUNDER = re.compile(r"__\w+__")
# Decorators of the standard library that call what they decorate only when somebody calls the result
_PATIENT = re.compile(r"(?:functools|contextlib|dataclasses|abc|typing|types|enum|builtins|collections|unittest)\.")
_RESHAPED = re.compile(r"<text>\.(?:replace|translate|swapcase|removeprefix|removesuffix)\(\)")


def plain(name: str) -> str:
    """As people write it."""
    return name.removeprefix("builtins.")


def shown(arg: Expr) -> str:
    """An argument, as far as it is known."""
    if arg.text is not None:
        value = repr(arg.text[:_SHOWN])
    elif arg.literal:
        value = arg.literal + ", ".join(map(shown, arg.parts[:4])) + {"(": ")", "[": "]", "{": "}"}[arg.literal]
    else:
        value = plain(arg.name.lstrip("?"))[:_SHOWN] or "…"
    return f"{arg.keyword}={value}" if arg.keyword else value


def automatic(code: Code) -> dict[str, str]:
    """Functions that run by themselves, and when: those that are called on import, and hooks of loaders."""
    calls: dict[str, set[str]] = {}
    anything = any(call.imported and re.fullmatch(r"\??\w*", call.callee.name) for call in code.calls)
    handed_on = [value for value in code.values if value.callee.name.startswith("def:") and (value.inside or anything)]
    for call in (*code.calls, *handed_on):
        own = _OWN.fullmatch(call.callee.name) if call.function or call.imported else None
        if own:
            calls.setdefault(call.function, set()).add(own[1])
    found: dict[str, str] = {}
    todo = [(name, "on import") for name in calls.get("", ())]
    todo += [
        (function, "on import")
        for function, name in code.decorated
        if is_stdlib(name.partition("(")[0]) and not _PATIENT.match(name)
    ]
    hooks = {call.function for call in code.calls if _DUNDER.fullmatch(call.function)} | HOOKS
    todo += [(name, f"in {name}") for name in sorted(hooks)]
    while todo:
        name, when = todo.pop(0)
        if name not in found:
            found[name] = when
            todo += [(inner, when) for inner in sorted(calls.get(name, ()))]
    return found


def callees(call: Call) -> Iterator[tuple[Expr, list[Expr]]]:
    """What may be called: also one of several in a table or a condition."""
    yield call.callee, call.args
    if not call.callee.name or call.callee.name.startswith("?") or call.callee.name.endswith("[]"):
        for part in call.callee.walk():
            if part is not call.callee and part.name and not part.name.endswith(")"):
                yield part, call.args


def handed(args: list[Expr]) -> Iterator[tuple[Expr, list[Expr]]]:
    """Functions that are handed on together with what they are to be called with."""
    for index, arg in enumerate(args):
        if arg.name in PROCESS or arg.name in EXECUTES:
            yield arg, [other for at, other in enumerate(args) if at != index]
        for part in arg.walk():
            if part.literal and len(part.parts) > 1 and part.parts[1].literal:
                first = part.parts[0]
                if first.name in PROCESS or first.name in EXECUTES:
                    yield first, list(part.parts[1].parts)


def command_of(args: list[Expr]) -> tuple[str, bool]:
    """The command as a text, and whether enough of it is known to say which program runs."""
    if not args:
        return "", False
    first = args[0]
    if first.literal:
        words = [_word(part) for part in first.parts]
        known = [word for word in words[:2] if word != "python"]
        return " ".join(words), bool(known) and known[0] != "…"
    rest = [arg.text for arg in args[1:] if arg.text is not None and not arg.keyword]
    text = first.text if first.text is not None else next(iter(filter(None, (part.text for part in first.parts))), "")
    return " ".join([text, *rest]), first.text is not None


def _word(part: Expr) -> str:
    if part.text is not None:
        return part.text
    return "python" if part.name == "sys.executable" else "…"


def reaches(args: list[Expr], names: frozenset[str]) -> bool:
    """Whether anything in *args* came out of a call of one of *names*."""
    return any(
        part.name.endswith("()") and part.name.removesuffix("()") in names
        for arg in args
        for one in arg.walk()
        for part in (one, Expr(name=_through(one.name, names)))
    )


def _through(name: str, names: frozenset[str]) -> str:
    """The call that a chain of methods began with: requests.get().text.strip()."""
    head = name.partition("()")[0]
    return f"{head}()" if "()." in name and head in names else ""


def is_assembled(args: list[Expr]) -> bool:
    """A text that stands there out of shape, and is replaced into it."""
    return any(_RESHAPED.match(part.name) for arg in args for part in arg.walk())


def labels(arg: Expr) -> set[str]:
    """What a file may be called by: its path, or the variable that holds it."""
    parts = list(arg.walk())
    texts = {part.text for part in parts if part.text is not None and len(part.text) > 2}
    return texts | {
        part.name for part in parts if part.name.startswith("?") and len(part.name) > 1 and "." not in part.name
    }
