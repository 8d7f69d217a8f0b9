"""What goes wrong around a run: one line, the right exit code, never a traceback."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.process import STUB, environment, piped


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["chek"], "No such command 'chek'. Did you mean 'check'? (see modelward --help)"),
        (["check"], "Missing argument 'TARGET...'. (see modelward check --help)"),
        (
            ["scan", "--frmat", "json", "x"],
            "No such option '--frmat'. Did you mean '--format'? (see modelward scan --help)",
        ),
        (["check", "missing"], "'missing' is not there: name a file or a folder"),
        (["check", "x\n\x1b[2J/missing"], r"'x\n\x1b[2J/missing' is not there: name a file or a folder"),
        (["scan", "clean", "--output", "."], "--output '.' is a folder: name a file"),
        (["scan", "clean", "--output", "no/such/file"], "--output 'no/such/file': there is no folder 'no/such'"),
    ],
)
def test_a_wrong_command_line_is_one_line(args: list[str], line: str) -> None:
    done = piped(*args)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"modelward: error: {line}\n")


def test_a_wrong_choice_is_one_line_that_names_the_right_ones() -> None:
    done = piped("scan", "--format", "ya\nml", "clean")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert all(word in done.stderr for word in ("--format", "text", "json", "sarif"))


def test_a_defect_is_no_verdict() -> None:
    done = piped("check", "defect")
    assert (done.returncode, done.stdout) == (4, "")
    assert len(done.stderr.splitlines()) == 1
    assert "RuntimeError: this should not happen" in done.stderr
    assert "please report it" in done.stderr


def test_a_defect_shows_its_traceback_when_asked() -> None:
    done = piped("check", "defect", env={"MODELWARD_DEBUG": "1"})
    assert done.returncode == 4
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("args", [["check"], ["scan", "--format", "json"], ["manifest"]])
def test_ctrl_c_is_one_line_and_130(tmp_path: Path, args: list[str]) -> None:
    begun = tmp_path / "waiting"
    process = subprocess.Popen(
        [*STUB, *args, str(begun)], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == (b"", b"interrupted\n")
    assert process.returncode == 130


def test_ctrl_c_within_exec_is_one_line_and_130(tmp_path: Path) -> None:
    """As where a dataclass is defined. Under -m Python remembers it, and ends itself by the signal later."""
    (tmp_path / "program.py").write_text(
        "import sys\n"
        "from modelward.cli import commands, main\n"
        "def run(arguments): exec('raise KeyboardInterrupt')\n"
        "commands.run = run\n"
        "sys.exit(main.main())\n"
    )
    command = [sys.executable, "-m", "program"]
    done = subprocess.run(command, env=environment(), cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"interrupted\n")


@pytest.mark.parametrize("module", ["modelward.cli.output", "modelward.core.errors", "click", "modelward.app"])
def test_ctrl_c_while_it_starts_is_one_line_and_130(module: str) -> None:
    """The first fifty milliseconds are imports."""
    program = (
        "import sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, *rest):\n"
        f"        if name == {module!r}:\n"
        "            sys.meta_path.remove(self)\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
        "sys.argv[1:] = ['scan', 'clean']\n"
        "from modelward.cli.main import main\n"
        "sys.exit(main())\n"
    )
    done = piped("-c", program, program=STUB[:1])
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def closed_early(*args: str) -> tuple[int, bytes]:
    """The exit code and stderr of a run whose reader left before the first byte."""
    reads, writes = os.pipe()
    os.close(reads)
    process = subprocess.Popen([*STUB, *args], env=environment(), stdout=writes, stderr=subprocess.PIPE)
    os.close(writes)
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors


@pytest.mark.parametrize(("target", "code"), [("clean", 0), ("flagged", 1), ("incomplete", 3), ("unreadable", 4)])
@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_closed_pipe_changes_no_exit_code(target: str, code: int, form: str) -> None:
    returned, errors = closed_early("check", target, "--format", form)
    assert returned == code
    assert errors.count(b"\n") == (1 if code == 4 else 0)


@pytest.mark.parametrize(
    "args",
    [["--help"], ["scan", "-h"], ["--version"], ["explain"], ["completion", "zsh"], ["manifest", "clean"]],
)
def test_a_closed_pipe_is_no_error(args: list[str]) -> None:
    assert closed_early(*args) == (0, b"")


def test_a_broken_pipe_inside_the_app_is_no_allow() -> None:
    done = piped("check", "pipe")
    assert done.returncode == 4
    assert "BrokenPipeError" in done.stderr


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_change_no_exit_code(redirection: str) -> None:
    for target, code in (("flagged", 1), ("missing", 2), ("clean", 0)):
        command = f"{' '.join(STUB)} check {target} {redirection}"
        done = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, check=False)
        assert done.returncode == code
        assert b"Traceback" not in done.stderr + done.stdout


def test_a_full_disk_is_an_error_since_nobody_got_the_verdict() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*STUB, "check", "clean"], env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (4, b"modelward: error: cannot write to stdout: No space left on device\n")


def test_output_that_cannot_be_written_is_an_error() -> None:
    done = piped("check", "clean", "--output", "/proc/modelward")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("modelward: error: cannot write '/proc/modelward': ")


def test_output_to_a_device_writes_to_it_and_leaves_it_there() -> None:
    assert piped("check", "clean", "--output", "/dev/null").returncode == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert piped("scan", "clean", "--quiet", "--output", "/dev/stdout").stdout == piped("scan", "clean").stdout


def test_output_through_a_link_replaces_what_it_leads_to(tmp_path: Path) -> None:
    file, link = tmp_path / "report", tmp_path / "link"
    file.write_text("old")
    link.symlink_to(file)
    assert piped("scan", "clean", "--output", str(link)).returncode == 0
    assert link.is_symlink()
    assert file.read_text() == piped("scan", "clean").stdout


def test_output_obeys_the_umask(tmp_path: Path) -> None:
    command = f"umask 027; {' '.join(STUB)} scan clean --output {tmp_path}/report"
    subprocess.run(["bash", "-c", command], env=environment(), check=True, stdout=subprocess.DEVNULL)
    assert stat.S_IMODE((tmp_path / "report").stat().st_mode) == 0o640


def test_an_interrupted_run_leaves_the_old_report(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.write_text("old")
    assert piped("check", "unreadable", "--output", str(report)).returncode == 4
    assert report.read_text() == "old"


def test_names_that_are_not_utf8_are_shown_escaped() -> None:
    done = piped("scan", b"models-\xff/flagged")
    assert done.returncode == 1
    done = piped("scan", b"models-\xff/clean")
    assert "next: let a policy decide: modelward check $'models-\\xff/clean'\n" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_name_that_stdout_cannot_encode_is_no_error(encoding: str) -> None:
    done = piped("scan", "模型/clean", env={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, "")
