"""A folder that anybody may have filled: nothing in it makes the reader wait, leave it, or forget something."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelward.core.errors import UsageError
from modelward.stores import statements
from modelward.stores.statements import Document, Unread, documents


def read(place: Path) -> dict[str, bytes | str]:
    """What was read, and of the rest why not, by the path relative to *place*."""
    return {
        found.where.removeprefix(f"{place}").removeprefix("/"): found.raw if isinstance(found, Document) else found.why
        for found in documents(str(place))
    }


def test_every_file_is_read_hidden_ones_too_in_order(tmp_path: Path) -> None:
    for name in ("b", "a/c", ".hidden/x", ".dot"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert list(read(tmp_path).items()) == [(name, name.encode()) for name in (".dot", ".hidden/x", "a/c", "b")]


def test_links_are_not_followed_out_and_never_read_twice(tmp_path: Path) -> None:
    """A volume of Kubernetes has every file behind a link within it."""
    folder, outside = tmp_path / "in", tmp_path / "outside"
    (folder / "..2026").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret").write_text("x")
    (folder / "..2026/one").write_text("one")
    for name, target in {
        "..data": "..2026",
        "one": "..data/one",
        "loop": "loop",
        "itself": ".",
        "up": "..",
        "away": "../outside",
        "file": "../outside/secret",
        "lost": "nowhere",
        "beside": f"{folder}-not",
    }.items():
        (folder / name).symlink_to(target)
    found = read(folder)
    assert found.pop("..2026/one") == b"one"
    assert set(found) == {"loop", "up", "away", "file", "lost", "beside"}
    assert {str(why) for why in found.values()} == {
        "a link that leads out of the folder, or nowhere: name the file itself"
    }
    assert read(folder / "one") == {"": b"one"}  # who names a link means what it leads to


def test_what_is_no_file_is_told_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        assert read(tmp_path) == dict.fromkeys(["fifo", "socket"], "it is neither a file nor a folder")


@pytest.mark.parametrize("name", ["fifo", "/dev/zero", "gone", "no\0name", "loop", "file/below", "x" * 300])
def test_what_cannot_be_evidence_is_an_error_at_once(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--evidence"):
        list(documents(str(tmp_path / name)))


def test_a_fifo_in_place_of_a_file_does_not_wait(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{}")
    found = documents(str(tmp_path))
    (tmp_path / "b").write_text("{}")
    assert isinstance(next(found), Document)
    (tmp_path / "b").unlink()
    os.mkfifo(tmp_path / "b")
    assert [each.where for each in found if isinstance(each, Document)] == []


def test_names_that_are_no_text_are_escaped(tmp_path: Path) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff\n")).write_text("x")
    assert list(read(tmp_path)) == ["\\xff\n"]


def test_too_much_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MOST", 3)
    for n in range(3):
        (tmp_path / f"{n}").mkdir()
    assert read(tmp_path) == {}
    (tmp_path / "0/more").touch()
    with pytest.raises(UsageError, match="more than 3 files"):
        read(tmp_path)
    (tmp_path / "0/more").write_text('{"a": 1}\n' * 4)
    with pytest.raises(UsageError, match="more than 3 statements"):
        read(tmp_path / "0/more")


def test_a_statement_that_is_too_long_is_told_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "LONGEST", 20)
    (tmp_path / "a").write_text('{"a": 1}\n{"b": "' + "x" * 99 + '"}\n{"c": 1}')
    (tmp_path / "b").write_text('{"b": "' + "x" * 99 + '"}')
    found = read(tmp_path)
    assert (found["a:1"], found["a:3"]) == (b'{"a": 1}\n', b'{"c": 1}')
    assert str(found["a:2"]).startswith("it has more than") and str(found["b"]).startswith("it has more than")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"", [""]),
        (b"{}", [""]),
        (b'{"a": 1}\n', [""]),
        (b'\n\n{"a": 1}\n\n', [""]),
        (b'{\n"a": {"b": 1}\n}\n', [""]),
        (b"not json at all\nneither", [""]),
        (b'{"a": 1}\n{"b": 1}\n', [":1", ":2"]),
        (b'junk\n{"b": 1}', [":1", ":2"]),
        (b'{"a": 1}\r\n\r\n  {"b": 1} \r\n', [":1", ":3"]),
        (b'[{"a": 1}, 3]', ["[1]", "[2]"]),
        (b"[]", []),
        (b'[\n{"a": 1}\n]', ["[1]"]),
        (b'[\n{"a": 1},\n{"b": 1}\n]', ["[1]", "[2]"]),
    ],
)
def test_one_or_a_line_or_a_list(tmp_path: Path, text: bytes, parts: list[str]) -> None:
    (tmp_path / "f").write_bytes(text)
    assert [name.removeprefix("f") for name in read(tmp_path)] == parts


@pytest.mark.parametrize(
    "text", [b"[1, NaN]", b"[]]", b"[" * 9_999 + b"]", b'[{"a": 1, "a": 2}]', b"[" + b"[]," * 600_000 + b"1]"]
)
def test_a_list_that_is_none_is_told(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "f").write_bytes(text)
    (found,) = documents(str(tmp_path / "f"))
    assert isinstance(found, Unread)


@given(st.lists(st.binary(min_size=1, max_size=9).filter(lambda line: b"\n" not in line and line.strip()), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_line_is_lost(tmp_path: Path, lines: list[bytes]) -> None:
    """Beside a line that is an object, every other is one too, or is refused as itself."""
    (tmp_path / "f").write_bytes(b"\n".join([b'{"a": 1}', *lines, b'{"b": 1}']))
    found = [each.raw.strip() for each in documents(str(tmp_path / "f")) if isinstance(each, Document)]
    assert found == [b'{"a": 1}', *(line.strip() for line in lines), b'{"b": 1}']
