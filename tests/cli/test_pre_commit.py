"""The hooks of .pre-commit-hooks.yaml, run as pre-commit runs them: many names on one command line."""

from __future__ import annotations

import pickle
import re
import shlex
from pathlib import Path

import click
import pytest
from tests.cli.process import REAL, ROOT, piped
from tests.cli.test_frozen import Evil

from modelward.cli.commands import modelward

TEXT = (ROOT / ".pre-commit-hooks.yaml").read_text()
HOOKS = {
    hook: {key: value.strip() for key, value in re.findall(r"^  (\w+): (.*(?:\n {4}.*)*)", body, re.MULTILINE)}
    for hook, body in re.findall(r"^- id: (\S+)\n((?:  .*\n)+)", TEXT, re.MULTILINE)
}


def test_hooks_are_complete() -> None:
    assert set(HOOKS) == {"modelward", "modelward-tree"}
    for hook in HOOKS.values():
        assert {"name", "description", "entry", "language"} <= set(hook)
        assert hook["language"] == "python"
        program, verb, *_ = shlex.split(hook["entry"])
        assert program == "modelward"
        assert isinstance(modelward.commands[verb], click.Command)
    assert HOOKS["modelward"]["require_serial"] == "true"
    assert HOOKS["modelward-tree"]["pass_filenames"] == "false"


@pytest.mark.parametrize(
    ("path", "is_model"),
    [
        ("model.pkl", True),
        ("a/b/pytorch_model.bin", True),
        ("model-00001-of-00002.safetensors", True),
        ("m.onnx", True),
        ("q4.gguf", True),
        ("saved_model.pb", True),
        ("README.md", False),
        ("config.json", False),
        ("pkl", False),
        ("model.pkl.txt", False),
        ("main.py", False),
        ("binary", False),
    ],
)
def test_which_names_are_given_to_it(path: str, is_model: bool) -> None:
    """With re.search, as pre-commit does."""
    pattern = " ".join(HOOKS["modelward"]["files"].split("\n"))
    assert bool(re.search(pattern, path)) == is_model


def commit(folder: Path, names: list[str]) -> tuple[int, str, str]:
    done = piped(*shlex.split(HOOKS["modelward"]["entry"])[1:], *names, program=REAL, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_five_hundred_names_have_one_answer(tmp_path: Path) -> None:
    names = [f"models/{number}.pkl" for number in range(500)]
    (tmp_path / "models").mkdir()
    for name in names:
        (tmp_path / name).write_bytes(pickle.dumps({"name": name}, 4))
    assert commit(tmp_path, names) == (0, "allow: 500 targets, 500 allow (exit 0)\n", "")
    (tmp_path / names[250]).write_bytes(pickle.dumps(Evil(), 4))
    (tmp_path / names[400]).write_bytes(pickle.dumps(7, 4)[:-1])
    code, shown, errors = commit(tmp_path, [*names, "gone.pkl"])
    assert (code, errors) == (
        2,
        "modelward: error: 'gone.pkl' does not exist: give a file or a folder that does\n",
    )
    targets = [line.split()[1] for line in shown.splitlines() if line.startswith("target ")]
    assert targets == [names[250], names[400], "gone.pkl"]
    assert len(shown.splitlines()) < 60
    assert shown.endswith("failed: 501 targets, 1 failed, 1 deny, 1 incomplete, 498 allow (exit 2)\n")


def test_the_whole_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "evil.pkl").write_bytes(pickle.dumps(Evil(), 4))
    (tmp_path / "weights.pkl").write_bytes(pickle.dumps([1], 4))
    done = piped(*shlex.split(HOOKS["modelward-tree"]["entry"])[1:], program=REAL, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
