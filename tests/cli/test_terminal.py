"""On a terminal: wrapped, coloured unless that is not wanted, with progress; in a pipe none of it."""

from __future__ import annotations

import re

import pytest
from tests.cli.process import on_terminal, piped
from tests.report.hostile import dangerous

STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize("verb", ["check", "scan"])
def test_text_is_wrapped_to_the_width_and_loses_nothing(verb: str, columns: int) -> None:
    code, shown = on_terminal(verb, "long", columns=columns)
    lines = STYLE.sub("", shown).splitlines()
    assert code == 1
    assert max(map(len, lines)) <= columns
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", piped(verb, "long").stdout)


def test_wrapped_text_hangs_under_its_label() -> None:
    _, shown = on_terminal("scan", "flagged", columns=40)
    lines = STYLE.sub("", shown).splitlines()
    start = lines.index("  do   Do not load it; remove it and")
    assert lines[start + 1] == "       tell whoever published it."


def test_a_pipe_gets_one_line_for_each_line_without_colour() -> None:
    done = piped("check", "long", env={"COLUMNS": "40", "FORCE_COLOR": "1"})
    assert "\x1b" not in done.stdout
    assert "very long " * 30 in done.stdout


def test_colour_on_a_terminal() -> None:
    assert STYLE.search(on_terminal("check", "flagged")[1])


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_where_it_is_not_wanted(env: dict[str, str]) -> None:
    code, shown = on_terminal("check", "flagged", env=env)
    assert code == 1
    assert "\x1b" not in shown


def test_a_name_steers_no_terminal() -> None:
    for form in ("text", "json", "sarif"):
        code, shown = on_terminal("scan", "forged", "--format", form)
        lines = STYLE.sub("", shown).splitlines()
        assert code == 1
        assert dangerous("".join(lines)) == []
        assert not any(line.startswith("allow") for line in lines)


def test_progress_appears_after_a_second_and_leaves_no_trace() -> None:
    code, shown = on_terminal("scan", "slow", "--format", "json")
    progress, _, report = shown.rpartition("\x1b[K")
    assert code == 0
    assert re.search(r"\r\d+ of 30 files, 1 s  part-\d+\\x1b\[0m\x1b\[K", progress)
    assert not re.search(r"\r[0-9] of 30|, 0 s", progress)
    assert report.startswith("{")
    assert progress.endswith("\r")


def test_progress_shows_while_one_file_takes_long() -> None:
    assert re.search(r"\r0 of 1 files, 1 s  large.bin\x1b\[K", on_terminal("check", "large")[1])


def test_no_progress_when_quiet_or_in_a_pipe() -> None:
    assert "of 30 files" not in on_terminal("scan", "slow", "--quiet")[1]
    assert piped("scan", "slow").stderr == ""
