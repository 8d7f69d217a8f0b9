"""Documents that are read as their readers read them: every command is run in order, and prints what is shown.

In what is shown `…` stands for anything in its line, and a line with nothing else for any number of lines. A command
exits with the code that its last line tells, else with 0. Blocks of `toml`, `text` and `json` are files, whose name
ends the line before; what is in a block of `sh` is not run.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelward.cli.commands import run

_BLOCK = re.compile(r"(?P<before>.*)\n\n```(?P<kind>.*)\n(?P<text>(?s:.*?)\n)```$", re.MULTILINE)
_EXIT = re.compile(r"\(exit (\d+)\)\Z")
_FILES = ("toml", "text", "json")


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
        if block["kind"] in _FILES:
            named = re.search(r"`([\w./-]+)`:$", block["before"])
            assert named, f"the line before a file must end with its name: {block['before']!r}"
            yield Written(named[1], block["text"])
        elif block["kind"] != "sh":
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


def follow(
    page: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    host: tuple[str, str] = ("", ""),
) -> None:
    """In the current folder. *host* is one that the page names, and the one that stands for it here."""
    shown_host, real_host = host
    for step in steps(page):
        if isinstance(step, Written):
            Path(step.name).write_text(step.text)
            continue
        code = _typed(step.command.replace(shown_host, real_host) if shown_host else step.command, monkeypatch)
        out, err = capfd.readouterr()
        said = (out + err).replace(real_host, shown_host) if real_host else out + err
        assert agrees(step.shown, said), f"$ {step.command}\n{said}(it is shown:)\n{step.shown}"
        assert code == _code_told(step.shown), step.command


def _code_told(shown: str) -> int:
    told = _EXIT.search(shown.rstrip())
    return int(told[1]) if told else 0


def _typed(command: str, monkeypatch: pytest.MonkeyPatch) -> int:
    match shlex.split(command):
        case ["modelward", *args]:
            return run(args)
        case ["cd", folder]:
            monkeypatch.chdir(folder)
            return 0
    return subprocess.run(command, shell=True, check=False).returncode
