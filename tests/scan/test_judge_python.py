"""When source runs by itself, and what is an ordinary script."""

from __future__ import annotations

from types import ModuleType

import pytest
from tests.cases.build import SYSTEM
from tests.conformance.cases import scan
from tests.corpus.opcodes import call, stream, text

from modelward.checks.scan.python import judge as judge_python
from modelward.checks.scan.python.names import is_ordinary_command
from modelward.checks.scan.texts.shell import payload
from modelward.core.finding import Severity
from modelward.formats import python_code


def found(source: str) -> list[str]:
    return [one.rule.id for one in scan(source.encode()).findings if one.severity >= Severity.MEDIUM]


def test_a_bare_call_of_a_function_is_low() -> None:
    assert found("import os\ndef f(): os.system('touch x')\n") == []


@pytest.mark.parametrize(
    "caller", ["f()", "x = f()", "class A:\n  y = f()", "@f\ndef g(): pass", "if x: f()", "h(f())"]
)
def test_a_function_that_is_called_on_import(caller: str) -> None:
    source = f"import os\ndef f(): os.system('touch x')\n{caller}\n"
    assert found(source) == ["python-process-at-import"]


@pytest.mark.parametrize("hook", ["__init__", "__reduce__", "__setstate__", "initialize", "handle", "forward"])
def test_hooks_of_loaders(hook: str) -> None:
    assert found(f"import os\nclass A:\n  def {hook}(self): os.system('touch x')\n") == ["python-process-at-import"]


def test_a_shadowed_name_is_another() -> None:
    assert found("def f(os): os.system('touch x')\nclass A:\n  def __init__(self, eval): eval('x')\n") == []


def test_code_in_a_text_is_judged_like_code() -> None:
    assert found("import os\nexec('os.system(\"touch x\")')\n") == ["python-process-at-import"]
    assert found("def f():\n  exec('import os; os.system(\"touch x\")')\n") == []


def test_texts_in_texts_have_an_end() -> None:
    source = "exec('pass')"
    for _ in range(4):
        source = f"exec({source!r})"
    assert scan(source.encode()).unexamined != ()


def test_pickled_bytes_are_opened() -> None:
    pickled = stream(call(SYSTEM, text(":")), protocol=2)
    result = scan(f"import pickle\ndef f(): pickle.loads({pickled!r})\n".encode())
    assert {("pickle-dangerous-call", ("<pickle at 23>",))} <= {(one.rule.id, one.at.inside) for one in result.findings}


def test_a_path_configuration_file_runs_its_import_lines() -> None:
    assert found("../a\n/b/c\nimport os; os.system('touch x')\n") == ["python-process-at-import"]
    assert found("some prose\nimport os; os.system('touch x')\n") == []


@pytest.mark.parametrize(("module", "limit"), [(judge_python, "LARGEST"), (python_code, "MOST_TOKENS")])
def test_source_that_goes_on_too_long_is_a_gap(module: ModuleType, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, limit, 500)
    assert scan(b"import a\n" + b"x = 1\n" * 500).unexamined != ()
    assert scan(b"these are words import\n" + b"x = 1\n" * 500).unexamined == ()


@pytest.mark.parametrize(
    ("command", "ordinary"),
    [
        ("git rev-parse HEAD", True),
        ("/usr/bin/nvidia-smi -L", True),
        ("rustc --version", True),
        ("python -m build", True),
        ("python -m pip install x", False),
        ("git clone x", False),
        ("nvidia-smi; touch x", False),
        ("touch x", False),
        ("", False),
    ],
)
def test_ordinary_commands(command: str, ordinary: bool) -> None:
    assert is_ordinary_command(command) is ordinary


@pytest.mark.parametrize(
    "command",
    [
        "curl https://example.org/model.bin -o model.bin",
        "wget https://example.org/a.tar.gz; tar xf a.tar.gz",
        "cat a | sh_tool",
        "base64 -d a > b",
        "rm -rf /tmp/x build/",
        "nc -z host 80",
        "echo x > ~/notes",
    ],
)
def test_commands_that_are_no_payload(command: str) -> None:
    assert payload(command) is None


def test_letters_in_the_encoding_that_is_declared() -> None:
    source = "# coding: gbk\n" + 50 * "x = 'text'\n" + "\uff45\uff58\uff45\uff43('import os; os.system(\"touch x\")')\n"
    rules = [one.rule.id for one in scan(source.encode("gbk")).findings]
    assert "python-process-at-import" in rules


def test_a_template_that_makes_python_ends_no_scan() -> None:
    text = b"import os\n\n\nclass {{ name }}(Base):\n    def {{ method }}(self):\n        pass\n\nx = {{ value }})[0]\n"
    assert scan(text * 3).formats == ("text",)
