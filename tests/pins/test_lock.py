"""modelward.lock: what is written is what is read, and what is wrong has a line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.checks.pins.lock import Entry, HubSource, Lock, WebSource, conflicts, render
from modelward.checks.pins.paths import why_not
from modelward.checks.pins.reader import parse
from modelward.core.content import Content
from modelward.core.errors import Malformed, UsageError
from modelward.core.hub_name import Ref, parse_short

SHA256, GIT, COMMIT = "ab" * 32, "cd" * 20, "ef" * 20
SMALL = Content(12, SHA256, GIT)


def on_hub(name: str = "org/name", files: Mapping[str, Content] | None = None) -> Entry:
    return Entry(name, HubSource(Ref("models", name), COMMIT), files or {"config.json": SMALL, "w.bin": SMALL})


def test_the_same_lock_is_the_same_text() -> None:
    web = Entry("model.bin", WebSource("https://example.org/model.bin?x=1", '"abc"'), {"": Content(3, SHA256)})
    hub = Entry(
        "données",
        HubSource(Ref("datasets", "org/d", "refs/pr/1"), COMMIT, "621f", "2022-03-02T23:29:04.000Z", ("*.md", "x/**")),
        {"b": Content(2**53 - 1, "", GIT), 'quote".txt': SMALL, "a/\U0001f600.bin": Content(1, SHA256)},
    )
    made = render(Lock((web, hub)))
    assert made == render(Lock((hub, web)))
    assert made.isascii()
    read = parse(made, "x")
    assert read == Lock((hub, web))
    assert render(read) == made
    assert render(Lock()) == render(parse(render(Lock()), "x"))


PATHS = st.text(min_size=1, max_size=20).filter(lambda path: why_not(path) == "")
CONTENTS = st.builds(Content, st.integers(0, 2**53 - 1), st.just(SHA256), st.sampled_from(["", GIT]))


@settings(max_examples=40)
@given(st.dictionaries(PATHS, CONTENTS, min_size=1, max_size=4), st.lists(st.text(min_size=1), max_size=3))
def test_any_lock_survives(files: dict[str, Content], exclude: list[str]) -> None:
    exclude = [glob for glob in exclude if not any("\ud800" <= char <= "\udfff" for char in glob)]
    lock = Lock((Entry("n", HubSource(Ref("models", "n"), COMMIT, exclude=tuple(exclude)), files),))
    try:
        assert parse(render(lock), "x") == lock
    except UsageError as error:  # of several names two may be one on some system
        assert "no file can be written" in str(error)


REVISIONS = st.text(min_size=1, max_size=10).filter(str.isprintable)


@given(st.sampled_from(["models", "datasets"]), REVISIONS, PATHS | st.just(""))
def test_any_name_of_a_hub_survives(kind: str, revision: str, path: str) -> None:
    ref = Ref(kind, "org/name", revision, path)
    assert parse_short(str(ref)) == ref


def test_one_changed_file_is_one_changed_line_and_the_digest(tmp_path: Path) -> None:
    files = {f"{n:03}.bin": Content(n, SHA256) for n in range(200)}
    before = render(Lock((on_hub(files=files),))).decode().splitlines()
    after = render(Lock((on_hub(files=files | {"100.bin": Content(9, SHA256)}),))).decode().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [line.partition(" = ")[0] for line in changed] == ["digest", '"100.bin"']


GOOD = render(Lock((on_hub(), on_hub("org/other")))).decode()


def test_what_editors_do_to_a_lock() -> None:
    assert parse(GOOD.replace("\n", "\r\n").encode(), "x") == parse(GOOD.encode(), "x")
    with pytest.raises(UsageError, match="x, line 1: it begins with a byte order mark"):
        parse(b"\xef\xbb\xbf" + GOOD.encode(), "x")


def edited(old: str, new: str, count: int = 1) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, count)


def line_of(text: str, words: str, after: int = 0) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line and n > after)


@pytest.mark.parametrize(
    ("old", "new", "words", "why"),
    [
        ('schema = "modelward/lock/1"', 'schema = "modelward/lock/2"', "lock/2", "schema must be"),
        ('schema = "modelward/lock/1"', 'schema = "modelward/lock/1"\nextra = 1', "extra", "unknown key 'extra'"),
        ('commit = "', 'comit = "', "comit", "unknown key 'comit'"),
        (f'commit = "{COMMIT}"', 'commit = "main"', '"main"', "40 lower-case hex"),
        (f'commit = "{COMMIT}"\n', "", "[[pin]]", "'commit' is missing"),
        ("hf://org/name@main", "hf://org/name", '"hf://org/name"', "written as hf://org/name@main"),
        ("hf://org/name@main", "hf://org/name@" + "12" * 20, "commit = ", "the source is at commit 1212"),
        ("hf://org/name@main", "hf://org/../name", "org/../name", "names no repository"),
        ("hf://org/name@main", "ftp://org/name", "ftp", "expected hf:// or https://"),
        ("hf://org/name@main", "hf://org/name@main/x.bin", "[pin.files]", "is the file 'x.bin' alone"),
        ("hf://org/other@main", "hf://org/name@main", 'source = "hf://org/name@main"', "has this source"),
        ('name = "org/other"', 'name = "org/name"', 'name = "org/name"', "each name once"),
        ('name = "org/other"', 'name = "Org/Name"', "Org/Name", "some systems take it"),
        ('name = "org/other"', 'name = "org/name/x"', "org/name/x", "is a file"),
        ('name = "org/other"', 'name = "../x"', "../x", "begins with no dot"),
        ('name = "org/other"', 'name = ".modelward-fetch"', "modelward-fetch", "begins with no dot"),
        ('name = "org/other"', 'name = 1', "name = 1", "must be a text"),
        ('"config.json"', '"../config.json"', "../config.json", "leads elsewhere"),
        ('"config.json"', '"W.BIN"', '"w.bin"', "some systems take it"),
        ('"config.json"', '"a\\u0000b"', "u0000", "do not print"),
        ("size = 12", "size = -1", "size = -1", "whole number"),
        ("size = 12", "size = 12.0", "size = 12.0", "whole number"),
        ("size = 12", "size = true", "size = true", "whole number"),
        (SHA256, SHA256.upper(), "ABAB", "64 lower-case"),
        (f'sha256 = "{SHA256}", git = "{GIT}"', "", "size = 12, ", "expected TOML"),
        (f', sha256 = "{SHA256}", git = "{GIT}"', "", '"config.json" = { size = 12 }', "needs its sha256"),
        (f'sha256 = "{SHA256}"', f'sha512 = "{SHA256}"', "sha512", "unknown key 'sha512'"),
        ("size = 12", "size = 13", "digest", "the digest of these files is"),
        ('"w.bin"', '"config.json"', '"config.json"', "Cannot overwrite"),
        ("[[pin]]", "<<<<<<< HEAD\n[[pin]]", "<<<<", "a merge was left half-way"),
        ("[[pin]]", "=======\n[[pin]]", "====", "a merge was left half-way"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_a_line(old: str, new: str, words: str, why: str) -> None:
    text = edited(old, new)
    with pytest.raises(UsageError) as error:
        parse(text.encode(), "modelward.lock")
    said = str(error.value)
    assert why in said
    last = [n for n, line in enumerate(text.splitlines(), 1) if words in line]
    assert any(said.startswith(f"modelward.lock, line {n}: ") for n in last), said


def test_files_that_are_no_table() -> None:
    with pytest.raises(UsageError, match="line 4: pin must be written"):
        parse(b'schema = "modelward/lock/1"\n\n\npin = 1\n', "x")
    with pytest.raises(UsageError, match="'schema' is missing"):
        parse(b"", "x")
    with pytest.raises(UsageError, match="line 2: expected UTF-8"):
        parse(b'schema = "modelward/lock/1"\n# \xff\n', "x")
    with pytest.raises(UsageError, match="expected TOML"):
        parse(b"schema = " + b"[" * 100_000, "x")


def test_one_commit_with_two_contents_is_a_conflict() -> None:
    def named(name: str, revision: str, size: int) -> Entry:
        return Entry(name, HubSource(Ref("models", "org/name", revision), COMMIT), {"a": Content(size, SHA256)})

    assert [found.at for found in conflicts([named("a", "v1", 1), named("b", "v2", 2)])] == [("files", "a")]
    assert not list(conflicts([named("a", "v1", 1), named("b", "v2", 1)]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Content(1), lambda: Content(-1, SHA256), lambda: Content(2**53, SHA256), lambda: Content(True, SHA256),
        lambda: Content(1, "ab"), lambda: Content(1, "", SHA256),
    ],
)  # fmt: skip
def test_contents_that_are_none(make: Callable[[], Content]) -> None:
    with pytest.raises(Malformed):
        make()


def test_contents_with_no_digest_in_common_are_neither_same_nor_different() -> None:
    assert Content(1, SHA256).is_same(Content(1, "", GIT)) is None
    assert Content(1, SHA256).is_same(Content(2, "", GIT)) is False
    assert Content(1, SHA256, GIT).is_same(Content(1, "", GIT)) is True
    assert Content(1, SHA256, GIT).is_same(Content(1, SHA256, "12" * 20)) is True


def test_git_agrees_on_the_blob_id(tmp_path: Path) -> None:
    from modelward.core.content import blob_hash

    hashing = blob_hash(5)
    hashing.update(b"hello")
    asked = subprocess.run(["git", "hash-object", "--stdin"], input=b"hello", capture_output=True, check=True)
    assert asked.stdout.decode().strip() == hashing.hexdigest()
