from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.canonical import escape_bytes
from modelward.core.errors import ReadError, UsageError
from modelward.stores.files import FileSource
from modelward.stores.tree import Entry, Link, Tree, open_target


def fill(folder: Path, files: Mapping[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def write(folder: Path, name: bytes, content: bytes) -> None:
    path = folder / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def paths(tree: Tree) -> list[str]:
    return [entry.path for entry in tree.entries]


def why(tree: Tree) -> dict[str, str]:
    assert all(gap.why and gap.do for gap in tree.gaps)
    return {gap.path: gap.why for gap in tree.gaps}


def content(entry: Entry) -> bytes:
    with FileSource(entry.real) as source:
        return source.read(0, source.size)


# A lone file


def test_a_lone_file_has_no_name(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"x")
    real = os.fsencode(path.resolve())
    assert open_target(str(path)) == Tree((Entry("", real),), (), (), (), (), False, str(path))


def test_a_link_on_the_command_line_is_followed(tmp_path: Path) -> None:
    fill(tmp_path, {"folder/a": "x"})
    (tmp_path / "file link").symlink_to("folder/a")
    (tmp_path / "chain").symlink_to("file link")
    (tmp_path / "folder link").symlink_to("folder")
    for name in ["file link", "chain", "folder link/a"]:
        tree = open_target(str(tmp_path / name))
        assert (tree.is_tree, tree.links, content(tree.entries[0])) == (False, (), b"x")
    tree = open_target(str(tmp_path / "folder link"))
    assert (tree.is_tree, paths(tree), content(tree.entries[0])) == (True, ["a"], b"x")


def test_a_lone_file_is_never_excluded(tmp_path: Path) -> None:
    fill(tmp_path, {"a.bin": "x"})
    assert paths(open_target(str(tmp_path / "a.bin"), ["*.bin", "**"])) == [""]


@pytest.mark.parametrize(
    "name", ["missing", "a/b", "a/", "dangling", "endless", "x" * 300, "a\0b", "\ud800", "\udcff\n\x1b"]
)
def test_a_path_that_is_not_there_gets_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "dangling").symlink_to("missing")
    (tmp_path / "endless").symlink_to("endless")
    with pytest.raises(UsageError) as error:
        open_target(f"{tmp_path}/{name}")
    assert str(error.value).isprintable()
    assert "link to nothing" in str(error.value) or "does not exist" in str(error.value)


def test_an_empty_path() -> None:
    with pytest.raises(UsageError, match="does not exist"):
        open_target("")


def test_a_path_that_the_system_hides(unprivileged: Path) -> None:
    fill(unprivileged, {"closed/file": "x"})
    (unprivileged / "closed").chmod(0)
    with pytest.raises(ReadError, match="permission denied"):
        open_target(str(unprivileged / "closed/file"))


def test_what_is_neither_file_nor_folder_is_refused_without_opening_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for path, kind in [("fifo", "FIFO"), ("link", "FIFO"), ("socket", "socket"), ("/dev/zero", "character device")]:
            with pytest.raises(UsageError, match=kind):
                open_target(str(tmp_path / path))


# Plain folders


def test_a_folder(tmp_path: Path) -> None:
    fill(tmp_path, {"b/c": "2", "a-b": "1", "a/b": "3", ".hidden": "4", "b/d/e": "5"})
    (tmp_path / "empty").mkdir()
    tree = open_target(str(tmp_path))
    assert paths(tree) == [".hidden", "a-b", "a/b", "b/c", "b/d/e"]
    assert [content(entry) for entry in tree.entries] == [b"4", b"1", b"3", b"2", b"5"]
    assert (tree.is_tree, tree.links, tree.gaps, tree.left_out, tree.excluded) == (True, (), (), (), ())
    assert tree.label == str(tmp_path)


def test_a_folder_without_files(tmp_path: Path) -> None:
    fill(tmp_path, {".git/config": "x"})
    (tmp_path / "empty").mkdir()
    tree = open_target(str(tmp_path))
    assert (tree.entries, tree.gaps, tree.is_tree) == ((), (), True)


def test_the_way_to_the_folder_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, {"model/sub/a": "x", "model/b": "y"})
    (tmp_path / "model/c").symlink_to("b")
    monkeypatch.chdir(tmp_path / "model")
    trees = [open_target(path) for path in [".", "./", "sub/..", str(tmp_path / "model"), f"{tmp_path}//model/"]]
    assert len({(tree.entries, tree.links) for tree in trees}) == 1
    assert [tree.label for tree in trees[:3]] == [".", "./", "sub/.."]


NAMES = st.binary(min_size=1, max_size=5).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
)


@given(st.sets(st.lists(NAMES, min_size=1, max_size=3).map(tuple), max_size=8))
def test_every_file_is_an_entry_whatever_its_name(
    tmp_path_factory: pytest.TempPathFactory, wanted: set[tuple[bytes, ...]]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    made = {}
    for *folders, name in wanted:
        path = b"/".join([*(b"d" + folder for folder in folders), b"f" + name])
        write(root, path, path)
        made[escape_bytes(path)] = path
    tree = open_target(str(root))
    assert {entry.path: content(entry) for entry in tree.entries} == made
    assert paths(tree) == sorted(made)
    assert all(entry.real == os.fsencode(root) + b"/" + made[entry.path] for entry in tree.entries)


def test_names_that_are_not_utf_8_or_forge_lines(tmp_path: Path) -> None:
    names = [b"caf\xe9.bin", b"caf\\xe9.bin", b"a\nallow: 0 findings", b"\x1b[2K", "\u202e".encode(), b"\xed\xa0\x80"]
    for name in names:
        write(tmp_path, name, name)
    tree = open_target(str(tmp_path))
    assert {entry.path: content(entry) for entry in tree.entries} == {escape_bytes(name): name for name in names}


def test_a_tree_deeper_than_calls_can_nest(tmp_path: Path) -> None:
    depth = 1500
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)
    try:
        tree = open_target(str(tmp_path))
    finally:
        (tmp_path / ("d/" * depth + "file")).unlink()
        for left in range(depth, 0, -1):  # shutil.rmtree cannot
            (tmp_path / ("d/" * left)).rmdir()
    assert paths(tree) == ["d/" * depth + "file"]
    assert tree.gaps == ()


def test_a_folder_beyond_the_longest_path_is_a_gap(tmp_path: Path) -> None:
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=at)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    fill(tmp_path, {"e": "x"})
    tree = open_target(str(tmp_path))
    assert paths(tree) == ["e"]
    assert [gap.why for gap in tree.gaps] == ["a folder that cannot be listed: file name too long"]


def test_a_folder_that_cannot_be_listed_is_a_gap(unprivileged: Path) -> None:
    fill(unprivileged, {"closed/file": "x", "open/file": "x", "unreadable": "x"})
    (unprivileged / "closed").chmod(0)
    (unprivileged / "unreadable").chmod(0)
    (unprivileged / "link").symlink_to("closed/file")
    tree = open_target(str(unprivileged))
    assert paths(tree) == ["open/file", "unreadable"], "a file shows that it is unreadable when it is opened"
    assert why(tree) == {
        "closed": "a folder that cannot be listed: permission denied",
        "link": "cannot be looked at: permission denied",
    }


def test_a_target_that_cannot_be_listed_is_a_gap(unprivileged: Path) -> None:
    (unprivileged / "closed").mkdir(0)
    tree = open_target(str(unprivileged / "closed"))
    assert (tree.entries, why(tree)) == ((), {"": "a folder that cannot be listed: permission denied"})


def test_special_files_are_gaps_and_do_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path, {"a": "x"})
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "to fifo").symlink_to("fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        tree = open_target(str(tmp_path))
    assert paths(tree) == ["a"]
    assert why(tree) == {
        "fifo": "a FIFO, not a file",
        "socket": "a socket, not a file",
        "to fifo": "a FIFO, not a file",
    }


# What is left out


def test_what_is_left_out_at_the_top_level_only(tmp_path: Path) -> None:
    fill(tmp_path, {".git/config": "x", ".cache/huggingface/a": "x", ".cache/b": "x"})
    fill(tmp_path, {"sub/.git/config": "x", "sub/.cache/huggingface/a": "x", ".gitattributes": "x", ".git2": "x"})
    tree = open_target(str(tmp_path))
    assert tree.left_out == (".cache/huggingface", ".git")
    assert paths(tree) == [".cache/b", ".git2", ".gitattributes", "sub/.cache/huggingface/a", "sub/.git/config"]
    assert tree.gaps == ()


@pytest.mark.parametrize("kind", ["file", "link", "fifo"])
def test_what_is_left_out_goes_by_name(tmp_path: Path, kind: str) -> None:
    """.git is a file in a worktree. A link to it is not it."""
    if kind == "file":
        (tmp_path / ".git").write_text("gitdir: elsewhere")
    elif kind == "link":
        (tmp_path / ".git").symlink_to("/dev/null")
    else:
        os.mkfifo(tmp_path / ".git")
    tree = open_target(str(tmp_path))
    assert (tree.left_out, tree.entries, tree.gaps) == ((".git",), (), ())


def test_a_link_into_what_is_left_out_is_followed(tmp_path: Path) -> None:
    fill(tmp_path, {".git/payload": "evil"})
    (tmp_path / "weights").symlink_to(".git/payload")
    (tmp_path / "folder").symlink_to(".git")
    tree = open_target(str(tmp_path))
    assert paths(tree) == ["folder/payload", "weights"]
    assert tree.links == (Link("folder", ".git"), Link("weights", ".git/payload"))


FILES = ["README.md", "a/README.md", "a/b/c.bin", "a/b/d.txt", "a/x.bin", "b/c.bin", "c.bin", "docs/a/b.md"]


@pytest.mark.parametrize(
    ("pattern", "excluded"),
    [
        ("*.md", ["README.md", "a/README.md", "docs/a/b.md"]),
        ("./*.md", ["README.md"]),
        ("/*.md", ["README.md"]),
        ("c.bin", ["a/b/c.bin", "b/c.bin", "c.bin"]),
        ("/c.bin", ["c.bin"]),
        ("b", ["a/b", "b"]),
        ("b/", ["a/b", "b"]),
        ("/b", ["b"]),
        ("a/b", ["a/b"]),
        ("a/*", ["a/README.md", "a/b", "a/x.bin"]),
        ("a/*.bin", ["a/x.bin"]),
        ("a/**/*.bin", ["a/b/c.bin", "a/x.bin"]),
        ("**/b/*.bin", ["a/b/c.bin", "b/c.bin"]),
        ("docs/**", ["docs"]),
        ("**/c.*", ["a/b/c.bin", "b/c.bin", "c.bin"]),
        ("[ab]/?.bin", ["a/x.bin", "b/c.bin"]),
        ("[!ab]*/*/*", ["docs/a/b.md"]),
        ("*", ["README.md", "a", "b", "c.bin", "docs"]),
        ("**", ["README.md", "a", "b", "c.bin", "docs"]),
        ("readme.md", []),
        ("a", ["a", "docs/a"]),
        ("../*", []),
        ("[z-a]", []),
    ],
)
def test_exclude(tmp_path: Path, pattern: str, excluded: list[str]) -> None:
    fill(tmp_path, dict.fromkeys(FILES, "x"))
    tree = open_target(str(tmp_path), [pattern])
    assert list(tree.excluded) == excluded
    assert paths(tree) == [path for path in FILES if not any((path + "/").startswith(out + "/") for out in excluded)]


def test_exclude_compares_with_paths_as_they_are_reported(tmp_path: Path) -> None:
    for name in [b"caf\xe9", b"a\\b", b"c\nd", b"other"]:
        write(tmp_path, name, b"")
    tree = open_target(str(tmp_path), [r"caf\xe9", r"a\\b", "c?d"])
    assert paths(tree) == ["other"]
    assert tree.excluded == (r"a\\b", "c\nd", r"caf\xe9")


def test_what_is_excluded_is_no_gap(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc")
    tree = open_target(str(tmp_path), ["fifo", "link"])
    assert (tree.gaps, tree.excluded) == ((), ("fifo", "link"))


@pytest.mark.parametrize("pattern", ["", "/", "./", "//"])
def test_a_pattern_that_names_nothing(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match="names nothing"):
        open_target(str(tmp_path), [pattern])


# Links


def test_links_inside_the_root_are_followed_and_recorded(tmp_path: Path) -> None:
    fill(tmp_path, {"a/file": "x", "b/other": "y"})
    for link, target in [
        ("one", "a/file"),
        ("two", "one"),
        ("a/up", "../b/other"),
        ("a/absolute", f"{tmp_path}/b/other"),
        ("a/round", f"../../{tmp_path.name}/b/./other"),
        ("folder", "b"),
        ("through", "folder/other"),
    ]:
        (tmp_path / link).symlink_to(target)
    tree = open_target(str(tmp_path))
    assert tree.gaps == ()
    assert {entry.path: content(entry) for entry in tree.entries} == {
        "a/file": b"x",
        "one": b"x",
        "two": b"x",
        "a/up": b"y",
        "a/absolute": b"y",
        "a/round": b"y",
        "b/other": b"y",
        "folder/other": b"y",
        "through": b"y",
    }
    assert {link.path: link.target for link in tree.links} == {
        "one": "a/file",
        "two": "a/file",
        "a/up": "b/other",
        "a/absolute": "b/other",
        "a/round": "b/other",
        "folder": "b",
        "through": "b/other",
    }


OUTSIDE = "a link that is not followed: it ends outside the folder"
PASSES = "a link that is not followed: it passes through a link outside the folder"
NOTHING = "a link to nothing"
AROUND = "a link to a folder around it, which has no end"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("../secret", OUTSIDE),
        ("/etc/passwd", OUTSIDE),
        ("..", OUTSIDE),
        ("/", OUTSIDE),
        ("../other", OUTSIDE),
        ("../rooted/file", OUTSIDE),
        ("escape", OUTSIDE),
        ("sub/escape", OUTSIDE),
        ("outdir/secret", OUTSIDE),
        ("../back", PASSES),
        ("../to root/file", PASSES),
        ("../link out", PASSES),
        ("missing", NOTHING),
        ("../missing", NOTHING),
        ("file/below", NOTHING),
        ("file/", NOTHING),
        ("file/..", NOTHING),
        ("x" * 300, NOTHING),
        ("link", "a link in a chain that has no end"),
        ("ring", "a link in a chain that has no end"),
        (".", AROUND),
        ("sub/..", AROUND),
        ("../root", AROUND),
    ],
)
def test_links_that_are_not_followed(tmp_path: Path, target: str, expected: str) -> None:
    root = (
        fill(tmp_path, {"root/file": "x", "root/sub/a": "y", "secret": "s", "other/a": "o", "rooted/file": "z"})
        / "root"
    )
    (root / "escape").symlink_to("../secret")
    (root / "sub/escape").symlink_to("../../secret")
    (root / "outdir").symlink_to("..")
    (root / "ring").symlink_to("ring2")
    (root / "ring2").symlink_to("ring")
    (tmp_path / "back").symlink_to("root/file")
    (tmp_path / "to root").symlink_to("root")
    (tmp_path / "link out").symlink_to("secret")
    (root / "link").symlink_to(target)
    tree = open_target(str(root))
    assert why(tree)["link"] == expected
    assert paths(tree) == ["file", "sub/a"]
    assert tree.links == ()


def test_all_parts_are_sorted_by_path(tmp_path: Path) -> None:
    fill(tmp_path, {"a/file": "x"})
    for name in ["a/link", "a-link", "b"]:
        (tmp_path / name).symlink_to("missing")
    assert [gap.path for gap in open_target(str(tmp_path)).gaps] == ["a-link", "a/link", "b"]


def test_links_in_a_circle_end_where_the_circle_closes(tmp_path: Path) -> None:
    fill(tmp_path, {"a/file": "x", "b/file": "y"})
    (tmp_path / "a/to b").symlink_to("../b")
    (tmp_path / "b/to a").symlink_to("../a")
    tree = open_target(str(tmp_path))
    assert paths(tree) == ["a/file", "a/to b/file", "b/file", "b/to a/file"]
    assert why(tree) == {"a/to b/to a": AROUND, "b/to a/to b": AROUND}


def test_a_circle_with_folders_between_its_links(tmp_path: Path) -> None:
    fill(tmp_path, {"a/sub/file": "x", "b/sub/file": "y"})
    (tmp_path / "a/sub/to b").symlink_to("../../b")
    (tmp_path / "b/sub/to a").symlink_to("../../a")
    tree = open_target(str(tmp_path))
    assert paths(tree) == ["a/sub/file", "a/sub/to b/sub/file", "b/sub/file", "b/sub/to a/sub/file"]
    assert why(tree) == {"a/sub/to b/sub/to a": AROUND, "b/sub/to a/sub/to b": AROUND}


def test_links_that_multiply_end_at_the_limit(tmp_path: Path) -> None:
    """Thirty folders with two links each to the next: a billion paths, and not one circle."""
    for index in range(30):
        (tmp_path / f"{index:02}").mkdir()
        for name in "xy":
            (tmp_path / f"{index:02}/{name}").symlink_to(f"../{index + 1:02}")
    fill(tmp_path, {"30/file": "x"})
    tree = open_target(str(tmp_path), names=500)
    assert any("more than 500 names" in gap.why for gap in tree.gaps)
    assert len(tree.links) <= 500


def test_a_target_inside_a_linked_folder(tmp_path: Path) -> None:
    fill(tmp_path, {"real/model/a": "x"})
    (tmp_path / "via").symlink_to("real")
    (tmp_path / "real/model/b").symlink_to(f"{tmp_path}/real/model/a")
    tree = open_target(str(tmp_path / "via/model"))
    assert paths(tree) == ["a", "b"]
    assert tree.links == (Link("b", "a"),)


def test_a_link_put_in_place_of_a_file_after_the_walk_is_not_opened(tmp_path: Path) -> None:
    fill(tmp_path, {"root/a": "x", "secret": "s"})
    tree = open_target(str(tmp_path / "root"))
    (tmp_path / "root/a").unlink()
    (tmp_path / "root/a").symlink_to("../secret")
    with pytest.raises(ReadError):
        content(tree.entries[0])


# The cache of huggingface_hub: https://huggingface.co/docs/huggingface_hub/guides/manage-cache


def snapshot(place: Path, repository: str = "models--org--name") -> Path:
    repo = fill(place, {f"{repository}/blobs/aaa": "{}", f"{repository}/blobs/bbb": "weights"}) / repository
    root = repo / "snapshots/0123abcd"
    (root / "onnx/deep").mkdir(parents=True)
    (root / "config.json").symlink_to("../../blobs/aaa")
    (root / "onnx/model.onnx").symlink_to("../../../blobs/bbb")
    (root / "onnx/deep/copy.onnx").symlink_to("../../../../blobs/bbb")
    return root


@pytest.mark.parametrize("kind", ["models", "datasets", "spaces"])
def test_a_snapshot_of_the_hub_cache_is_followed_into_its_blobs(tmp_path: Path, kind: str) -> None:
    tree = open_target(str(snapshot(tmp_path, f"{kind}--org--name")))
    assert tree.gaps == ()
    assert [(entry.path, content(entry)) for entry in tree.entries] == [
        ("config.json", b"{}"),
        ("onnx/deep/copy.onnx", b"weights"),
        ("onnx/model.onnx", b"weights"),
    ]
    assert tree.links == (
        Link("config.json", "../../blobs/aaa"),
        Link("onnx/deep/copy.onnx", "../../blobs/bbb"),
        Link("onnx/model.onnx", "../../blobs/bbb"),
    )


def test_ways_to_a_snapshot(tmp_path: Path) -> None:
    root = snapshot(tmp_path)
    (tmp_path / "model").symlink_to(root)
    assert paths(open_target(str(tmp_path / "model"))) == paths(open_target(str(root)))
    assert paths(open_target(str(root / "onnx"))) == ["deep/copy.onnx", "model.onnx"]
    assert content(open_target(str(root / "config.json")).entries[0]) == b"{}"
    whole = open_target(str(tmp_path / "models--org--name"))
    assert (len(whole.entries), whole.gaps) == (5, ())


def test_links_of_a_snapshot_that_lead_past_its_own_blobs(tmp_path: Path) -> None:
    root = snapshot(tmp_path)
    other = snapshot(tmp_path, "models--other--name")
    fill(tmp_path, {"models--org--name/refs/main": "0123abcd", "models--org--name/blobs/sub/file": "x", "secret": "s"})
    (root.parent.parent / "blobs/chained").symlink_to("aaa")
    (root.parent.parent / "blobs/escape").symlink_to("../../secret")
    for link, target in [
        ("other", "../../../models--other--name/blobs/aaa"),
        ("ref", "../../refs/main"),
        ("sub", "../../blobs/sub/file"),
        ("blobs", "../../blobs"),
        ("folder", "../../blobs/sub"),
        ("chained", "../../blobs/chained"),
        ("escape", "../../blobs/escape"),
        ("gone", "../../blobs/ccc"),
        ("snapshot", os.path.relpath(other, root)),
    ]:
        (root / link).symlink_to(target)
    tree = open_target(str(root))
    assert len(tree.entries) == 3
    assert why(tree) == {
        "other": OUTSIDE,
        "ref": OUTSIDE,
        "sub": OUTSIDE,
        "blobs": OUTSIDE,
        "folder": OUTSIDE,
        "chained": PASSES,
        "escape": PASSES,
        "gone": NOTHING,
        "snapshot": OUTSIDE,
    }


def test_blobs_that_are_a_link_to_another_place_are_not_followed(tmp_path: Path) -> None:
    root = snapshot(tmp_path)
    blobs = root.parent.parent / "blobs"
    blobs.rename(tmp_path / "moved")
    blobs.symlink_to("../moved")
    tree = open_target(str(root))
    assert tree.entries == ()
    assert set(why(tree).values()) == {PASSES}


@pytest.mark.parametrize("repository", ["model-org-name", "models-org", "models--", "xmodels--org--name"])
def test_a_folder_that_only_resembles_a_snapshot(tmp_path: Path, repository: str) -> None:
    tree = open_target(str(snapshot(tmp_path, repository)))
    assert tree.entries == ()
    assert set(why(tree).values()) == {OUTSIDE}


# Limits


def test_the_limit_of_names_cuts_at_the_same_place(tmp_path: Path) -> None:
    fill(tmp_path, {f"{folder}/{index}": "x" for folder in "zab" for index in range(5)})
    cut = open_target(str(tmp_path), names=10)
    assert paths(cut) == ["a/0", "a/1", "a/2", "a/3", "a/4", "b/0", "b/1"]
    assert why(cut) == {"b": "the tree has more than 10 names; those from here on were not examined"}


@pytest.mark.parametrize(("entries", "gaps"), [(18, 0), (17, 1), (0, 1)])
def test_the_limit_itself_is_allowed(tmp_path: Path, entries: int, gaps: int) -> None:
    fill(tmp_path, {f"{folder}/{index}": "x" for folder in "zab" for index in range(5)})
    assert len(open_target(str(tmp_path), names=entries).gaps) == gaps
