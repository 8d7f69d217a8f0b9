"""What a command sees, as values; and where the programs that it names are looked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from modelward.core.errors import UsageError
from modelward.sandbox import layout, programs, survey
from modelward.sandbox.layout import Given, Kind, Seen
from modelward.sandbox.model import ProgramMissing

SYSTEM = (Seen("/usr"), Seen("/lib", "usr/lib"))


def given(read: list[str], links: tuple[Seen, ...] = (), output: str = "/o") -> Given:
    return Given(SYSTEM, read, links, (), output)


def paths(found: Given, kind: Kind) -> list[str]:
    return [step.path for step in layout.steps(found) if step.kind is kind]


def test_what_lies_in_something_shown_is_not_shown_again() -> None:
    found = given(["/data/a", "/data", "/usr/bin/env", "/datab", "/data/a/b"])
    assert paths(found, Kind.READ_ONLY) == ["/usr", "/data", "/datab"]


def test_the_output_comes_after_an_input_around_it() -> None:
    assert layout.steps(given(["/data"], output="/data/out"))[-1].path == "/data/out"


def test_links_on_the_way_are_links_inside_too() -> None:
    found = given(["/mnt/data"], (Seen("/data", "/mnt/data"), Seen("/lib", "/usr/lib"), Seen("/usr/x", "/y")))
    assert paths(found, Kind.LINK)[:1] == ["/lib"]
    assert "/data" in paths(found, Kind.LINK)
    assert paths(found, Kind.LINK).count("/lib") == 1
    assert "/usr/x" not in paths(found, Kind.LINK)


def test_temporary_files_lie_where_no_input_does() -> None:
    """Landlock gives rights by folder, so what lies in a writable one can be written to, if it is a pipe."""
    assert layout.temporary(given(["/data"])) == "/tmp"
    assert layout.temporary(given(["/tmp/data"])) != "/tmp"


@pytest.mark.parametrize("path", ["/", "/proc", "/proc/1/root", "/dev/null", "/sys/kernel", "/tmp", "/run"])
def test_paths_that_are_too_much(path: str) -> None:
    assert layout.unfit(path)


def test_inputs_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no"):
        survey.given("/bin/sh", [tmp_path / "absent"], tmp_path, dropped=False)
    with pytest.raises(UsageError, match="too much"):
        survey.given("/bin/sh", [Path("/")], tmp_path, dropped=False)


def test_inputs_must_be_open_to_the_user_that_root_becomes(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.touch(0o600)
    assert survey.given("/bin/sh", [closed], tmp_path, dropped=False)
    with pytest.raises(UsageError, match="closed to the user"):
        survey.given("/bin/sh", [closed], tmp_path, dropped=True)


def test_links_are_followed_and_kept(tmp_path: Path) -> None:
    real = tmp_path.resolve() / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to("real")
    output = tmp_path / "out"
    output.mkdir()
    found = survey.given("/bin/sh", [tmp_path / "link"], output, dropped=False)
    assert str(real) in found.read
    assert Seen(str(tmp_path / "link"), str(real)) in found.links


def test_the_prefix_of_an_environment_and_of_its_python(tmp_path: Path) -> None:
    base = tmp_path / "base"
    (base / "bin").mkdir(parents=True)
    (base / "lib/python3.12").mkdir(parents=True)
    (base / "lib/python3.12/os.py").touch()
    (base / "bin/python3.12").write_bytes(b"\x7fELF")
    made = tmp_path / "venv"
    (made / "bin").mkdir(parents=True)
    (made / "pyvenv.cfg").write_text(f"home = {base}/bin\n")
    (made / "bin/python").symlink_to(base / "bin/python3.12")
    (made / "bin/tool").write_text(f"#!{made}/bin/python\n")
    found = programs.needed(str(made / "bin/tool"))
    assert {str(made), str(base), str(made / "bin/python"), str(base / "bin/python3.12")} <= set(found)


def test_a_home_is_not_shown_because_a_program_lies_in_its_bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "bin").mkdir()
    (tmp_path / "pyvenv.cfg").touch()
    program = tmp_path / "bin" / "tool"
    program.write_text("#!/bin/sh\n")
    assert str(tmp_path) not in programs.needed(str(program))
    other = tmp_path / "work" / "bin" / "tool"
    other.parent.mkdir(parents=True)
    other.write_text("#!/bin/sh\n")
    assert str(other.parent.parent) not in programs.needed(str(other))


def test_interpreters_in_a_circle_end(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(f"#!{two}\n")
    two.write_text(f"#!{one}\n")
    assert set(programs.needed(str(one))) == {str(one), str(two)}


def test_programs_are_found_as_a_shell_finds_them(tmp_path: Path) -> None:
    assert programs.executable("sh", os.defpath).endswith("/sh")
    assert programs.executable(sys.executable, "") == sys.executable
    with pytest.raises(ProgramMissing, match="nosuch"):
        programs.executable("nosuch", str(tmp_path))
