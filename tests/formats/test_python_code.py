"""The lexer takes what some Python takes, and names are followed as far as the text says."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.formats.python_code import read_code
from modelward.formats.python_tokens import NotPython, statements


def calls(text: str) -> list[str]:
    return [call.callee.name.removeprefix("builtins.") for call in read_code(text, 1_000).calls]


@pytest.mark.parametrize(
    "text",
    [
        "x = 0or 1\n",
        "x = 0xfor x in y\n",
        "x = 1_000.5e-3j + 0o17 + 0b1 + 017 + 10L\n",
        "x = rb'a' Rb'b' u'c' ur'd' b\"\"\"e\n\"\"\"\n",
        "x = f'{a!r:>{w}} {{b}} {c[\"d\"]}' 'e' f''\n",
        "x = f'{c['d']}'\n",
        "x = f'''{\na}'''\n",
        "x = rf'\\{a}'\n",
        "print 'a', b\nexec 'c' in d\nx = `a` <> b\n",
        "match x:\n  case {'a': 1}: pass\ntype A = int\n",
        "async def f():\n  async with a as b: await c\n",
        "if (a :=\n 1): b; c\n",
        "x = a if b else lambda c: d\n",
        "x = '\\\n'\n",
        "\ufeffimport a\n\f\nclass B: pass\n",
        "\u0435xec = \u2118 = 1\n",
        "a = b \\\n  + c",
        "",
    ],
)
def test_python(text: str) -> None:
    list(statements(text))


@pytest.mark.parametrize(
    "text",
    [
        "this was text",
        "don't",
        "a = 'b\n",
        "a = (b\n",
        "a = b)\n",
        "$ pip install x",
        "a ? b",
        "f'{a'",
        "f'{a b}'",
        "x = '''",
        "(]",
    ],
)
def test_no_python(text: str) -> None:
    with pytest.raises(NotPython):
        list(statements(text))


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("import os\nos.system()", ["os.system"]),
        ("import os.path as p\np.join()", ["os.path.join"]),
        ("from os import (system as s,\n popen)\ns(); popen()", ["os.system", "os.popen"]),
        ("import os\na = b = os\nb.system()", ["os.system"]),
        ("import os\na, b = os.system, 1\na()", ["os.system"]),
        ("import os\nx.y = os.system\nx.y()", ["os.system"]),
        ("import os\nwith os.popen() as f: f.read()", ["os.popen", "os.popen().read"]),
        ("def f(os): os.system()", ["?os.system"]),
        ("a.b(c(d()))", ["?d", "?c", "?a.b"]),
        ("f'{a()}'", ["?a"]),
        ("@a\ndef f(): pass", ["?a"]),
        ("getattr(a, 'b' 'c' + 'd')()", ["getattr", "?a.bcd"]),
        ("__import__('a.b').c()", ["__import__", "a.c"]),
        ("getattr(a, ''.join(['b', 'c'])[::-1])()", ["<text>.join", "getattr", "?a.cb"]),
    ],
)
def test_calls(text: str, called: list[str]) -> None:
    assert calls(text) == called


def test_a_star_may_bring_any_name() -> None:
    (call,) = read_code("from os import *\nsystem('x')", 9).calls
    assert [part.name for part in call.callee.parts] == ["os.system"]


@pytest.mark.parametrize(
    ("text", "imported"),
    [
        ("a()", True),
        ("class A:\n  a()", True),
        ("if x:\n  a()", True),
        ("if __name__ == '__main__':\n  a()", False),
        ("if __name__ == '__main__': pass\nelse:\n  a()", True),
        ("def f(): a()", False),
        ("def f(x=a()): pass", True),
        ("def f():\n  pass\na()", True),
    ],
)
def test_when_it_runs(text: str, imported: bool) -> None:
    assert read_code(text, 9).calls[-1].imported is imported


def test_brackets_have_a_depth() -> None:
    list(statements("(" * 200 + ")" * 200))
    with pytest.raises(NotPython):
        list(statements("(" * 201 + ")" * 201))
    with pytest.raises(NotPython):
        list(statements("f'{" * 300))


PIECES = st.sampled_from(
    "import a|a|(|)|[|]|=|'b'|f'{|}'|.|,|\n|\n  |def f(|):|lambda x:|:=|getattr|1|+|for x in |@|;|\\\n|*".split("|")
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_nothing_else_comes_out(text: str) -> None:
    with suppress(NotPython):
        read_code(text, 100)
