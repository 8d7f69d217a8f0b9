"""docs/tutorial.md, read as its readers read it: every command is run in order, and prints what is shown.

In what is shown `…` stands for anything in its line, and a line with nothing else for any number of lines. A command
exits with the code that its last line tells, else with 0.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.hub import hub_at
from tests.stores.registries import docker_registry, needs_registry

from modelward.cli.commands import run

TUTORIAL = Path(__file__).parents[1] / "docs/tutorial.md"
REGISTRY = "localhost:5000"
_BLOCK = re.compile(r"(?P<before>.*)\n\n```(?P<kind>.*)\n(?P<text>(?s:.*?)\n)```$", re.MULTILINE)
_EXIT = re.compile(r"\(exit (\d+)\)\Z")


@dataclass(frozen=True, slots=True)
class Typed:
    command: str
    shown: str


@dataclass(frozen=True, slots=True)
class Written:
    name: str
    text: str


def steps(page: str) -> Iterator[Typed | Written]:
    blocks = list(_BLOCK.finditer(page))
    assert len(blocks) * 2 == len(re.findall("^```", page, re.MULTILINE)), "a block after a line that is not empty"
    for block in blocks:
        if block["kind"] == "toml":
            named = re.search(r"`([\w.-]+)`:$", block["before"])
            assert named, f"the line before a file must end with its name: {block['before']!r}"
            yield Written(named[1], block["text"])
            continue
        assert block["kind"] == "console"
        assert block["text"].startswith("$ ")
        for step in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            yield Typed(command, shown)


def agrees(shown: str, said: str) -> bool:
    lines = (
        r"(?:.*\n)*" if line == "…" else ".+".join(map(re.escape, line.split("…"))) + r"\n"
        for line in shown.splitlines()
    )
    return re.fullmatch("".join(lines), said) is not None


def code_told(shown: str) -> int:
    told = _EXIT.search(shown.rstrip())
    return int(told[1]) if told else 0


@pytest.mark.parametrize(
    ("shown", "said", "same"),
    [
        ("", "", True),
        ("", "a\n", False),
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a.c\n", "abc\n", False),
        ("a …, c\n", "a b, c\n", True),
        ("a …\n", "a \n", False),
        ("a …\n", "a b\nc\n", False),
        ("…\nc\n", "a\nb\nc\n", True),
        ("…\nc\n", "c\n", True),
        ("a\n…\nc\n", "a\nb\n", False),
    ],
)
def test_what_agrees(shown: str, said: str, same: bool) -> None:
    assert agrees(shown, said) == same


def weights() -> bytes:
    body = bytes(1 << 21)
    header = json.dumps({"weight": {"dtype": "F32", "shape": [512, 1024], "data_offsets": [0, len(body)]}}).encode()
    return struct.pack("<Q", len(header)) + header + body


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A hub with a model, and a registry with nothing: the host and port of the latter."""
    for name in [name for name in os.environ if name.startswith(("HF_", "MODELWARD_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with hub_at() as hub, docker_registry(tmp_path) as at:
        monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
        hub.add("config.json", b'{"architectures": ["BertModel"], "hidden_size": 1024}\n')
        hub.add("model.safetensors", weights(), large=True)
        yield f"localhost:{at.rpartition(':')[2]}"


@needs_registry
def test_every_command_prints_what_is_shown(
    registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reader").mkdir()
    monkeypatch.chdir(tmp_path / "reader")
    for step in steps(TUTORIAL.read_text()):
        if isinstance(step, Written):
            Path(step.name).write_text(step.text)
            continue
        code = typed(step.command.replace(REGISTRY, registry), monkeypatch)
        out, err = capfd.readouterr()
        said = (out + err).replace(registry, REGISTRY)
        assert agrees(step.shown, said), f"$ {step.command}\n{said}(it is shown:)\n{step.shown}"
        assert code == code_told(step.shown), step.command


def typed(command: str, monkeypatch: pytest.MonkeyPatch) -> int:
    match shlex.split(command):
        case ["modelward", *args]:
            return run(args)
        case ["cd", folder]:
            monkeypatch.chdir(folder)
            return 0
    return subprocess.run(command, shell=True, check=False).returncode
