"""Names under which files are written, or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.pins.paths import refusals, why_not


@pytest.mark.parametrize(
    "path",
    [
        "", ".", "..", "../a", "a/../b", "a/./b", "a//b", "a/", "/etc/passwd", "//host/share", "C:/x", "c:x", "a:b",
        "a\\b", "..\\a", "a\0b", "a\nb", "a\x7f", "a\u202eb", "a\ud800", "a ", "a.", "a/b. /c", "con", "CON.txt",
        "a/aux", "com1.bin", "LPT9", "com\xb9", ".git/config", "a/.GIT/hooks/x", "git~1/x", ".cache/huggingface/x",
        "a" * 256, "é" * 128,
        "aux .txt", "CON  .bin", "conin$", "CONOUT$.txt", ".Cache/HuggingFace/x", "a/" * 1025 + "b",
    ],
)  # fmt: skip
def test_refused(path: str) -> None:
    assert why_not(path)


@pytest.mark.parametrize(
    "path",
    [
        "config.json", "a/b/c.bin", ".gitattributes", ".github/x", "..a", "a..b", "console", "com10", "nulls",
        "aux x.txt", "con$", "conin", "é.txt",
        "数据/训练.csv", "a b.txt", "-rf", "a*b", "x.cache/huggingface/y", "a" * 255, "--output", "~",
    ],
)  # fmt: skip
def test_not_refused(path: str) -> None:
    assert why_not(path) == ""


@pytest.mark.parametrize(
    ("paths", "refused"),
    [
        (["a", "b", "a/b"], ["a/b"]),
        (["a/b", "a"], ["a"]),
        (["a/b/c", "A/B"], ["A/B"]),
        (["README.md", "readme.md"], ["readme.md"]),
        (["A/x", "a/X"], ["a/X"]),
        (["\u00e9", "e\u0301"], ["e\u0301"]),
        (["stra\u00dfe", "STRASSE"], ["STRASSE"]),
        (["A/x", "a/y"], []),
        (["a", "a.b", "a-b"], []),
        (["ok", "../no", "ok2"], ["../no"]),
    ],
)
def test_names_that_collide(paths: list[str], refused: list[str]) -> None:
    assert [path for path, _ in refusals(paths)] == refused


@given(st.text())
def test_what_is_not_refused_stays_in_its_folder(path: str) -> None:
    if why_not(path) == "":
        assert not path.startswith("/") and "\\" not in path and "\0" not in path
        assert all(part not in ("", ".", "..") for part in path.split("/"))
