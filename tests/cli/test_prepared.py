"""Most tests of the command line fork a prepared process: it says what one says that was started."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.cli.process import REAL, STUB, piped, prepared, started
from tests.cli.test_frozen import make_targets


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("targets")
    make_targets(folder)
    return folder


def said(done: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "check evil good gone --format json",
        "check evil --statements kept --format sarif",
        "scan names --jobs 2",
        "verify evil --manifest good.json",
        "explain",
        "chek",
    ],
)
def test_it_says_what_the_started_one_says(folder: Path, command: str) -> None:
    there, here = (said(run(*command.split(), program=REAL, cwd=folder)) for run in (started, piped))
    assert here == there


@pytest.mark.parametrize("target", ["flagged", b"models-\xff/flagged", "unreadable", "defect"])
def test_so_does_the_stub(target: str | bytes) -> None:
    there, here = (said(run("check", target)) for run in (started, piped))
    assert here == there


@pytest.mark.parametrize("program", [REAL, STUB])
def test_nothing_of_a_command_is_left_for_the_next(tmp_path: Path, program: tuple[str, ...]) -> None:
    first = said(piped("explain", program=program))
    piped("check", "gone", program=program, cwd=tmp_path, env={"MODELWARD_DEBUG": "1", "NO_COLOR": "1"})
    assert begun(program, "--help") == 0
    assert said(piped("explain", program=program)) == first


def begun(program: tuple[str, ...], *args: str) -> int:
    """The exit code of a run whose reader left before the first byte."""
    reads, writes = os.pipe()
    os.close(reads)
    with open(os.devnull) as nothing:
        prepared(program).begin(args, (nothing.fileno(), writes, nothing.fileno()))
        os.close(writes)
        return prepared(program).end()
