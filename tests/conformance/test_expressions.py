"""Possessive repetitions match alike in every Python that is supported.

Before 3.11.5 one goes on not from the end of its last repetition but from wherever the attempt at one more
had last noted a position: `(?:ab?c)*+` takes the "a" of "ax" (https://github.com/python/cpython/issues/100061,
https://github.com/python/cpython/issues/106052). Attempts that note none are right: characters, and behind them a
possessive run of characters that may be empty. Everything else ends with the alternative `(?!)`, which matches
nothing; to try it, the position is taken back to where the attempt began.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PARSER: Any = import_module("re._parser")
CHARACTERS = frozenset({"LITERAL", "NOT_LITERAL", "IN", "ANY", "AT"})
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]*\})\+")
COMPILED_LATE = {"src/modelward/formats/onnx.py", "src/modelward/formats/yaml_tokens.py"}

RECORD = """
import importlib, pkgutil, re._compiler, sys
compile = re._compiler.compile
def record(pattern, flags=0):
    frame = sys._getframe()
    while not frame.f_globals["__name__"].startswith("modelward") and frame.f_back:
        frame = frame.f_back
    if frame.f_back:
        print((frame.f_globals["__name__"], pattern, int(flags)))
    return compile(pattern, flags)
re._compiler.compile = record
import modelward
for module in pkgutil.walk_packages(modelward.__path__, "modelward."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from modelward.formats import onnx, yaml_tokens
for wire in onnx._PAYLOADS:
    onnx._same(1, wire)
yaml_tokens.Scanner("", old_breaks=True), yaml_tokens.Scanner("", old_breaks=False)
"""


@pytest.fixture(scope="module")
def expressions() -> list[tuple[str, str | bytes, int]]:
    """What is compiled at import, and where COMPILED_LATE does so, with the module's name and the flags."""
    done = subprocess.run([sys.executable, "-c", RECORD], capture_output=True, text=True, check=True)
    return [ast.literal_eval(line) for line in done.stdout.splitlines()]


def parts(pattern: Any) -> Iterator[tuple[str, Any]]:
    """The pattern's items in a row; groups are opened."""
    for name, value in pattern:
        if str(name) == "SUBPATTERN":
            yield from parts(value[3])
        else:
            yield str(name), value


def repeated(value: Any) -> Iterator[Any]:
    """The bodies of all possessive repetitions, those in each other too."""
    if isinstance(value, PARSER.SubPattern):
        for name, inner in value:
            if str(name) == "POSSESSIVE_REPEAT":
                yield inner[2]
            yield from repeated(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from repeated(inner)


def matches_nothing(alternative: Any) -> bool:
    [(name, value), *more] = list(alternative) or [("", ())]
    return not more and (str(name) == "FAILURE" or (str(name) == "ASSERT_NOT" and not value[1]))  # 3.13, before it


def notes_no_position(alternative: Any) -> bool:
    items = list(parts(alternative))
    if items and items[-1][0] == "POSSESSIVE_REPEAT":
        least, _, body = items.pop()[1]
        if len(body) != 1 or (items and least) or not notes_no_position(body):
            return False
    return all(name in CHARACTERS for name, _ in items)


def is_right(body: Any) -> bool:
    items = list(parts(body))
    if len(items) == 1 and items[0][0] == "BRANCH":
        alternatives = items[0][1][1]
        return matches_nothing(alternatives[-1]) or all(map(notes_no_position, alternatives))
    return notes_no_position(body)


@pytest.mark.parametrize(
    ("expression", "right"),
    [("[ab]*+", True), ("(?:ab)*+", True), ("(?:[^a]|b.)*+", True), ("(?:[^a]++|b.)*+", True), ("(?:(a)b*+)?+", True),
     ("(?:ab?c)*+", False), ("(?:ab++)*+", False), ("(?:(?=a)b)*+", False), ("(?:(?!a).)++", False),
     ("(?:a(?:bc|de))*+", False), ("(?:abc|ade)*+", False), ("(?:a{2}b)?+", False), ("(?:(?:ab)*+c){2}+", False),
     ("(?:ab?c|(?!))*+", True), ("(?:(?!a).|(?!))++", True), ("(?:(?:ab?c)*+|(?!))?+", False),
     ("x(?=(?:ab?c)*+)", False), ("y|(?:ab?c)*+", False), ("(?:ab?c|(?!a))*+", False), ("(?:(?!)|ab?c)*+", False)],
)  # fmt: skip
def test_the_rule(expression: str, right: bool) -> None:
    assert all(map(is_right, repeated(PARSER.parse(expression)))) == right


@pytest.mark.parametrize(("body", "text"), [("ab?c", "ax"), ("ab++", "ax"), ("(?=ab)ac", "ab"), ("(?!ab).", "ab")])
def test_the_last_alternative_takes_the_position_back(body: str, text: str) -> None:
    found = re.match(f"(?:{body}|(?!))*+", text)
    assert found is not None
    assert found.end() == 0


def test_every_expression_matches_alike_everywhere(expressions: list[tuple[str, str | bytes, int]]) -> None:
    assert len(expressions) > 100
    wrong = [one for one in expressions if not all(map(is_right, repeated(PARSER.parse(one[1], one[2]))))]
    assert not wrong, "end what is repeated with |(?!) or repeat only characters (see above)"


def test_expressions_that_are_compiled_late_are_known() -> None:
    late = set()
    for path in sorted(ROOT.glob("src/**/*.py")):
        source = path.read_text()
        if POSSESSIVE_GROUP.search(source) and any(map(POSSESSIVE_GROUP.search, texts_in_functions(source))):
            late.add(path.relative_to(ROOT).as_posix())
    assert late == COMPILED_LATE


def texts_in_functions(source: str) -> Iterator[str]:
    for function in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)):
        for part in ast.walk(function):
            if isinstance(part, ast.Constant) and isinstance(part.value, (str, bytes)):
                yield part.value if isinstance(part.value, str) else part.value.decode("latin-1")
