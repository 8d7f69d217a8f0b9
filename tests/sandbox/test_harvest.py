"""What is taken from an output, and what is removed: judged by what lies there afterwards."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.sandbox.harvest import Harvest
from modelward.sandbox.model import Limits


def harvest(folder: Path, limits: Limits | None = None) -> Harvest:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        taking = Harvest(None, limits or Limits())
        taking.take(descriptor)
    finally:
        os.close(descriptor)
    return taking


def test_regular_files_stay_and_all_else_goes(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    folder = tmp_path / "out"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "kept").write_text("abc")
    (folder / "link").symlink_to(outside)
    (folder / "sub" / "up").symlink_to("..")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as here:
        here.bind(str(folder / "socket"))
    os.link(outside, folder / "hard")
    taking = harvest(folder)
    assert [(file.path, file.size) for file in taking.files] == [("sub/kept", 3)]
    assert dict(taking.removed) == {
        "link": "a link",
        "sub/up": "a link",
        "dangling": "a link",
        "pipe": "a pipe",
        "socket": "a socket",
        "hard": "a file with several names",
    }
    assert sorted(os.listdir(folder)) == ["sub"]
    assert outside.read_text() == "mine"


def test_devices_go(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes devices")
    os.mknod(tmp_path / "null", 0o20666, os.makedev(1, 3))
    assert harvest(tmp_path).removed == [("null", "a device")]
    assert os.listdir(tmp_path) == []


def test_modes_are_those_of_ordinary_files(tmp_path: Path) -> None:
    for name, mode in (("set-id", 0o6755), ("closed", 0o000), ("open", 0o666)):
        (tmp_path / name).write_text(name)
        (tmp_path / name).chmod(mode)
    (tmp_path / "folder").mkdir(mode=0o000)
    harvest(tmp_path)
    modes = {path.name: path.stat().st_mode & 0o7777 for path in tmp_path.iterdir()}
    assert modes == {"set-id": 0o755, "closed": 0o644, "open": 0o644, "folder": 0o755}


def test_folders_too_deep_go_whatever_their_names(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):  # longer than any path may be
        os.mkdir("dddd", 0o700, dir_fd=here)
        deeper = os.open("dddd", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    taking = harvest(tmp_path)
    assert [why for _, why in taking.removed] == ["a folder too deep"]
    assert len(list(tmp_path.rglob("*"))) == 100


def test_entries_beyond_the_limit_go(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}").touch()
    taking = harvest(tmp_path, Limits(inodes=4))
    assert len(taking.files) == len(os.listdir(tmp_path)) == 4
    assert {why for _, why in taking.removed} == {"one entry too many"}


@given(
    st.lists(st.binary(min_size=1, max_size=20).filter(lambda name: not {0, 47} & set(name)), unique=True, max_size=5)
)
def test_names_of_any_bytes_are_kept(names: list[bytes]) -> None:
    import tempfile

    names = [name for name in names if name not in (b".", b"..")]
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            Path(folder, os.fsdecode(name)).touch()
        taking = harvest(Path(folder))
        assert sorted(os.fsencode(file.path) for file in taking.files) == sorted(names)
