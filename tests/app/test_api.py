"""The Python API: every example of its page, and what a type checker and a slow start-up would find."""

from __future__ import annotations

import ast
import doctest
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.process import ROOT, environment
from tests.cli.test_frozen import Evil

import modelward
from modelward import api

PAGE = ROOT / "docs" / "api.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    good = pickle.dumps({"layers": [1, 2, 3]}, 4)
    (tmp_path / "model").mkdir()
    files = {
        "evil.pkl": pickle.dumps(Evil(), 4),
        "model/good.pkl": good,
        "model/cut.pkl": good[:-4],
        "model/a.md": b"#\n",
    }
    for path, content in files.items():
        (tmp_path / path).write_bytes(content)
    (tmp_path / "model" / "good.pkl").write_bytes(good)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_every_example_of_the_page_is_true() -> None:
    done = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert done.attempted > 10
    assert done.failed == 0


def test_the_page_names_every_argument_and_every_attribute() -> None:
    text = PAGE.read_text()
    for function in (modelward.scan, modelward.check):
        signature = next(line for line in text.splitlines() if line.startswith(f"`modelward.{function.__name__}("))
        names = {
            word.partition("=")[0].strip(" *`") for word in signature.split("(", 1)[1].rsplit(")", 1)[0].split(",")
        }
        assert names - {"", ")"} == {*(function.__kwdefaults__ or ()), "path"}
    for error in ("UsageError", "ReadError", "Defect"):
        assert f"| `{error}` |" in text


def test_what_is_offered_is_declared_once_for_each_reader() -> None:
    assert set(modelward.__all__) == {*api.__all__, "__version__"}
    stub = ast.parse((ROOT / "src/modelward/__init__.pyi").read_text())
    declared = {name.asname for node in stub.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert declared == set(api.__all__)
    assert dir(modelward) == sorted(modelward.__all__)
    assert all(getattr(modelward, name) is getattr(api, name) for name in api.__all__)
    assert (ROOT / "src/modelward/py.typed").exists()
    with pytest.raises(AttributeError, match="has no attribute 'scann'"):
        modelward.scann  # type: ignore[attr-defined]  # noqa: B018


def test_importing_it_loads_nothing() -> None:
    program = "import sys; before = set(sys.modules); import modelward; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["modelward"]


def test_paths_of_all_kinds(folder: Path) -> None:
    results = [modelward.scan(path) for path in ("evil.pkl", Path("evil.pkl"), folder / "evil.pkl")]
    assert len({result.digest for result in results}) == 1
    (folder / "policy.toml").write_bytes((ROOT / "src/modelward/policy/levels/safe-formats.toml").read_bytes())
    verdict = modelward.check(Path("model/good.pkl"), policy=Path("policy.toml"), statements=Path("kept"))
    assert verdict.decision == "deny"
    assert len(list((folder / "kept").iterdir())) == 2


@pytest.mark.usefixtures("folder")
def test_arguments_reach_the_scan(folder: Path) -> None:
    calls: list[str] = []
    plain = modelward.scan("model", progress=lambda done, total, path: calls.append(path))
    assert calls == ["a.md", "cut.pkl", "good.pkl"]
    assert modelward.scan("model", jobs=None, cache="cache") == plain
    assert modelward.scan("model", jobs=2, cache=Path("cache"), trust_stat=True) == plain
    assert modelward.scan("model", exclude=["cut.pkl"]).outcome() == "clean"
    (folder / "b.json").write_bytes(b'{"schema":"modelward/baseline/1","findings":[]}')
    assert modelward.scan("evil.pkl", baseline="b.json").outcome() == "flagged"


@pytest.mark.usefixtures("folder")
def test_wrong_arguments_are_usage_errors() -> None:
    with pytest.raises(modelward.UsageError, match="jobs is 0, expected 1 or more"):
        modelward.scan("model", jobs=0)
    with pytest.raises(modelward.UsageError, match="trust_stat needs a cache"):
        modelward.scan("model", trust_stat=True)
    with pytest.raises(modelward.ModelwardError, match="neither a file that can be read nor one of"):
        modelward.check("model", policy="gone")


def test_a_cache_of_no_use_is_a_warning(folder: Path) -> None:
    (folder / "cache").write_bytes(b"")
    with pytest.warns(RuntimeWarning, match="is not used") as caught:
        modelward.scan("model", cache="cache")
    assert caught[0].filename == __file__


def test_a_result_prints_as_one_safe_line(folder: Path) -> None:
    (folder / "model" / "x\n\x1b[2J.pkl").write_bytes(pickle.dumps(Evil(), 4))
    result = modelward.check("model")
    for line in (str(result), str(result.scan), *map(str, (*result.scan.findings, *result.scan.unexamined))):
        assert line.isprintable()
    assert str(result).startswith("deny: reasons ")
    assert str(result.scan) == "flagged: findings 4, unexamined 1, files 4 (model)"


def test_a_script_without_a_main_guard_can_use_several_processes(folder: Path) -> None:
    script = folder / "script.py"
    script.write_text(
        "import modelward\nfrom modelward.app import reading\nreading._PATIENCE = 0\n"
        "print(modelward.scan('model', jobs=2).outcome())\n"
    )
    done = subprocess.run([sys.executable, script], env=environment(), capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("incomplete\n", "")
