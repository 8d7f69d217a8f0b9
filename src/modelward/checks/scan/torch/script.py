"""TorchScript: a language of its own, in which nothing but the operators does any harm.

torch prints them as calls, `torch.add(x, y)` and `ops.quantized.linear(x, y)`, and nowhere else names torch or ops.
https://github.com/pytorch/pytorch/blob/v2.13.0/torch/csrc/jit/serialization/import_source.cpp,
https://github.com/pytorch/pytorch/blob/v2.13.0/torch/csrc/jit/serialization/python_print.cpp
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.torch.rules_torch import FILE_OPERATOR, FOREIGN_OPERATOR, INDIRECT_OPERATOR
from modelward.core.finding import Rule

_MOST_CODE = 16 << 20
_SHOWN = 200

# Strings and comments, which are skipped, and the names that operators are reached by. The lexer knows the strings of
# Python, with three quotes too. No group gives back what it took, so nothing is kept to go back to; (?!) is for
# python/cpython#100061
_BLANK = rb"(?:[ \t\r\n]|\\\r?\n|#[^\n]*+(?:\n|\Z)|(?!))*+"
_PART = rb"\." + _BLANK + rb"(\w++)" + _BLANK
_TOKEN = re.compile(
    rb"\"\"\"[^\"\\]*+(?:(?:\\.|\"(?!\"\"))[^\"\\]*+|(?!))*+\"\"\"|'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+|(?!))*+'''"
    rb"|\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+'|#[^\n]*+"
    rb"|(?<![\w.])(torch|ops)\b" + _BLANK + rb"(?:" + _PART + rb"|(?!))?+(?:" + _PART + rb"|(?!))?+(\(?)",
    re.DOTALL,
)
_FILES = re.compile(r"(?:aten\.)?(?:save|from_file)|(?:image|torchvision|torchaudio)\.\w*(?:read|write|load|save)\w*")
_OWN = frozenset(("aten", "prim", "prims", "quantized", "torch", "image", "torchvision"))


def examine_script(code: Nested, here: Here) -> Iterator[Said]:
    """The operators that the code of one member calls, or gets hold of without a call."""
    inner = here.into(code.name)
    text = code.source.read(0, _MOST_CODE)
    if code.source.read(_MOST_CODE, 1):
        yield inner.unexamined(f"more than {_MOST_CODE:,} bytes of code", _MOST_CODE)
    for found in _TOKEN.finditer(text):
        if found[1] is None:
            continue
        name = ".".join(part.decode() for part in found.group(2, 3) if part)
        rule = _ruling(found[1] == b"ops", name, called=bool(found[4]))
        if rule is not None:
            line = text.rfind(b"\n", 0, found.start()) + 1
            shown = text[line : line + 2 * _SHOWN].partition(b"\n")[0].strip()
            does = shown.decode("utf-8", "backslashreplace")[:_SHOWN]
            message = f"the code calls {name}" if rule is not INDIRECT_OPERATOR else "an operator is used as a value"
            yield inner.finding(rule, message[:_SHOWN], found.start(), found.end(), does=does)


def _ruling(of_package: bool, name: str, *, called: bool) -> Rule | None:
    """*of_package*: the name begins with that of the library that registers the operator."""
    package, dot, _ = name.partition(".")
    if not called or bool(dot) is not of_package:
        return INDIRECT_OPERATOR
    if _FILES.fullmatch(name):
        return FILE_OPERATOR
    return FOREIGN_OPERATOR if of_package and package not in _OWN else None
