"""Pins of repositories and files, and what a hub can do to them afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.hub import COMMIT, REPO, File, Hub, git_blob, lies, serving
from tests.stores.server import Page, Reply, json_reply

from modelward import app
from modelward.app import pin_check
from modelward.app.fetching import fetch, verify_cache
from modelward.app.locking import LockFile
from modelward.app.pinning import Asked as Wanted
from modelward.app.pinning import pin
from modelward.checks.pins.lock import Entry, HubSource, WebSource
from modelward.core.content import Content
from modelward.core.errors import ReadError, UsageError
from modelward.core.pinning import Fates
from modelward.formats.source import BytesSource
from modelward.stores.fetch import PARTS

hub = pytest.fixture(serving)

CONFIG, WEIGHTS = b'{"a": 1}', b"weights" * 1000


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    monkeypatch.chdir(tmp_path)
    hub.add("config.json", CONFIG)
    hub.add("sub/model.safetensors", WEIGHTS, large=True)


def pinned(target: str = f"hf://{REPO}", name: str = "", exclude: tuple[str, ...] = ()) -> Entry:
    pin([Wanted(target, name, exclude)], "modelward.lock", None, lambda: None)
    made = name or ("datasets/" in target and "datasets/org/data") or (REPO if target.startswith("hf") else "")
    return next(entry for entry in LockFile.read("modelward.lock").lock.entries if entry.name == made or not made)


def checked() -> Fates:
    return pin_check.check("modelward.lock", [], None)


def state() -> tuple[str, int]:
    done = checked()
    return done.entries[0].state, done.exit_code


def fetched(layout: str = "plain", output: str = "out") -> Fates:
    return fetch("modelward.lock", [], output, "hf-cache" if layout == "hf-cache" else "plain", None, lambda: None)


def files_in(folder: str) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()
    }


# --- pin ---


def test_a_repository_is_pinned_by_commit_and_content(hub: Hub) -> None:
    entry = pinned()
    assert entry.source == HubSource(
        replace(entry.source.pinned, revision="main") if isinstance(entry.source, HubSource) else None,  # type: ignore[arg-type]
        COMMIT, "621ffdc036468d709f17434d", "2022-03-02T23:29:04.000Z",
    )  # fmt: skip
    assert entry.files["config.json"].git == git_blob(CONFIG)
    assert entry.files["config.json"].sha256
    assert entry.files["sub/model.safetensors"].git == ""
    assert not any("safetensors" in asked.path for asked, _ in hub.server.log)  # its sha256 is in the listing


def test_the_digest_is_that_of_the_fetched_folder() -> None:
    entry = pinned()
    assert fetched().exit_code == 0
    assert app.scan(f"out/{REPO}").digest == entry.digest


def test_the_same_again_changes_nothing_and_asks_for_no_file_but_configurations(hub: Hub) -> None:
    pinned()
    before = Path("modelward.lock").stat()
    hub.server.log.clear()
    pinned()
    assert Path("modelward.lock").stat() == before
    assert {asked.path.rpartition("/")[2] for asked, _ in hub.server.log if "resolve" in asked.path} <= {"config.json"}


def test_code_of_another_repository_has_to_be_pinned_too(hub: Hub) -> None:
    """https://huggingface.co/docs/transformers/custom_models: it follows whatever the other branch is that day."""
    hub.add("config.json", b'{"auto_map": {"AutoModel": "else/where--modeling.Model"}}')
    done = pin([Wanted(f"hf://{REPO}@main")], "modelward.lock", None, lambda: None)
    assert (done.entries[0].state, done.exit_code) == ("doubtful", 1)
    assert "takes code from 'else/where'" in done.entries[0].details[0]
    hub.make("models", "else/where").files["modeling.py"] = File.of(b"")
    pin([Wanted("hf://else/where@main")], "modelward.lock", None, lambda: None)
    done = pin([Wanted(f"hf://{REPO}@main")], "modelward.lock", None, lambda: None)
    assert (done.entries[0].state, done.exit_code) == ("unchanged", 0)


@pytest.mark.parametrize("config", [b"{", b'{"a": "' + b"x" * (4 << 20) + b'"}'], ids=["no JSON", "too large"])
def test_a_configuration_that_cannot_be_read_may_take_code_from_anywhere(hub: Hub, config: bytes) -> None:
    hub.add("config.json", config)
    done = pin([Wanted(f"hf://{REPO}@main")], "modelward.lock", None, lambda: None)
    assert done.exit_code == 1
    assert "'config.json' cannot be read" in done.entries[0].details[0]


def test_a_name_that_is_almost_a_known_one_is_told(hub: Hub) -> None:
    hub.make("models", "g00gle-bert/bert-base-uncased").files["a"] = File.of(b"a")
    done = pin([Wanted("hf://g00gle-bert/bert-base-uncased@main")], "modelward.lock", None, lambda: None)
    assert done.exit_code == 1
    assert "hub-name-look-alike" in done.entries[0].details[0]


def test_pins_stand_side_by_side(hub: Hub) -> None:
    hub.make("datasets", "org/data").files["a.csv"] = File.of(b"a\n")
    hub.server.pages["/elsewhere.bin"] = Page(BytesSource(b"bytes"))
    pinned()
    pinned("hf://datasets/org/data@main")
    pinned(f"hf://{REPO}@main/config.json", "config")
    pinned(f"{hub.server.url}/elsewhere.bin".replace("127.0.0.1", "localhost"))
    entries = LockFile.read("modelward.lock").lock.entries
    assert [entry.name for entry in entries] == ["config", "datasets/org/data", "elsewhere.bin", REPO]
    assert isinstance(entries[2].source, WebSource)
    assert entries[2].source.etag == '"first"'
    assert fetched().exit_code == 0
    assert set(files_in("out")) == {
        "config/config.json", "datasets/org/data/a.csv", "elsewhere.bin",
        f"{REPO}/config.json", f"{REPO}/sub/model.safetensors",
    }  # fmt: skip
    assert checked().exit_code == 0


def test_another_revision_replaces_the_pin(hub: Hub) -> None:
    pinned()
    hub.repository.refs["v2"] = COMMIT
    made = lies.move(hub, "config.json", b"{}", on="v2")
    done = pin([Wanted(f"hf://{REPO}@v2")], "modelward.lock", None, lambda: None)
    assert any("1 file changed, 0 added, 0 gone" in said for said in done.entries[0].details)
    (entry,) = LockFile.read("modelward.lock").lock.entries
    assert isinstance(entry.source, HubSource)
    assert entry.source.commit == made


def test_another_thing_never_takes_a_name() -> None:
    pinned()
    with pytest.raises(UsageError, match="give this one another --name"):
        pinned(f"hf://{REPO}/config.json")
    with pytest.raises(UsageError, match="two of them would be called"):
        pin([Wanted(f"hf://{REPO}"), Wanted(f"hf://{REPO}@{COMMIT}")], "modelward.lock", None, lambda: None)


def test_several_targets_are_pinned_together_or_not_at_all() -> None:
    with pytest.raises(ReadError):
        pin([Wanted(f"hf://{REPO}"), Wanted("hf://org/absent")], "modelward.lock", None, lambda: None)
    assert not Path("modelward.lock").exists()


def test_what_is_left_out_is_not_pinned_and_not_asked_about(hub: Hub) -> None:
    hub.add("con.txt", b"x")
    with pytest.raises(ReadError, match="Windows takes it for a device: leave it out with --exclude"):
        pinned()
    assert set(pinned(exclude=("con.txt", "sub")).files) == {"config.json"}
    assert state() == ("same", 0)


@pytest.mark.parametrize(
    "path", ["../evil", "/etc/x", "a/../b", "a\\b", "a\0b", "CONFIG.JSON", "config.json/x", "aux.txt", ".git/hooks/x"]
)
def test_names_that_no_folder_should_have(hub: Hub, path: str) -> None:
    lies.name(hub, path)
    with pytest.raises(ReadError):
        pinned()
    assert not Path("modelward.lock").exists()


@pytest.mark.parametrize("more", [{"mode": "120000"}, {"mode": 160000}, {"type": "symlink"}])
def test_links_in_a_listing(hub: Hub, more: dict[str, object]) -> None:
    lies.name(hub, "link", **more)
    with pytest.raises(ReadError, match="link"):
        pinned()


def test_a_file_that_is_not_what_the_listing_says(hub: Hub) -> None:
    lies.tamper(hub, "config.json")
    with pytest.raises(ReadError, match="not what the hub claims"):
        pinned()


@pytest.mark.parametrize(
    "lie", [lies.announce_another_size, lies.give_another_etag, lies.say_another_commit, lies.compress]
)
def test_headers_that_contradict_the_listing(hub: Hub, lie: Callable[[Hub], None]) -> None:
    lie(hub)
    with pytest.raises(ReadError):
        pinned()


def test_a_file_too_large_to_be_fetched_is_pinned_by_its_sha1(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelward.app.pinning._SMALL", 7)
    done = pin([Wanted(f"hf://{REPO}")], "modelward.lock", None, lambda: None)
    assert any("1 file by SHA-1 alone" in said for said in done.entries[0].details)
    (entry,) = LockFile.read("modelward.lock").lock.entries
    assert entry.files["config.json"] == Content(len(CONFIG), "", git_blob(CONFIG))
    assert entry.digest is None
    assert fetched().exit_code == 0
    assert state() == ("same", 0)


def test_the_token_goes_to_the_hub_alone(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    pinned()
    fetched()
    assert all(asked.headers.get("authorization") == "Bearer hf_secret" for asked, _ in hub.server.log)
    assert hub.store.log
    assert not any("authorization" in asked.headers for asked, _ in hub.store.log)
    assert "hf_secret" not in Path("modelward.lock").read_text()


def test_an_old_name_is_not_pinned(hub: Hub) -> None:
    lies.rename(hub, "neworg/model")
    with pytest.raises(ReadError, match="'neworg/model' by the hub: pin it by that name"):
        pinned()


@pytest.mark.parametrize("query", ["X-Amz-Signature=abc", "token=abc", "sig=abc"])
def test_a_secret_does_not_get_into_the_lock(hub: Hub, query: str) -> None:
    with pytest.raises(UsageError, match="holds a secret") as error:
        pinned(f"http://localhost:1/x?{query}", "x")
    assert "abc" not in str(error.value)


def test_a_listing_in_pages_is_pinned_whole(hub: Hub) -> None:
    hub.per_page = 1
    hub.add("a/b/c.txt", b"x")
    assert set(pinned().files) == {"config.json", "sub/model.safetensors", "a/b/c.txt"}


# --- pin --check ---


def test_nothing_changed() -> None:
    pinned()
    assert state() == ("same", 0)


def force_push_and_collect(hub: Hub) -> None:
    lies.force_push(hub, "config.json", b"{}")
    lies.collect_garbage(hub)


CHANGES: dict[str, tuple[Callable[[Hub], object], str, str]] = {
    "moved": (lambda hub: lies.move(hub, "config.json", b"{}"), "moved", "is commit"),
    "force-pushed": (lambda hub: lies.force_push(hub, "config.json", b"{}"), "force-pushed", "not in its history"),
    "force-pushed, and gone": (force_push_and_collect, "force-pushed", "the pinned commit"),
    "deleted": (lies.delete, "deleted", "the repository is gone"),
    "without the branch": (lambda hub: hub.repository.refs.pop("main"), "deleted", "the revision is gone"),
    "registered anew": (lambda hub: lies.register_anew(hub, "config.json", b"{}"), "registered anew", "6a6a6a"),
    "renamed": (lambda hub: lies.rename(hub, "neworg/model"), "renamed", "neworg/model"),
    "other content": (lambda hub: hub.add("config.json", b"[]"), "changed", "'config.json' is git:"),
    "other weights": (
        lambda hub: hub.add("sub/model.safetensors", b"x", large=True), "changed", "'sub/model.safetensors' is sha256:",
    ),
    "one more": (lambda hub: hub.add("modeling.py", b"x"), "changed", "'modeling.py' was added"),
    "one less": (lambda hub: hub.files.pop("config.json"), "changed", "'config.json' is gone"),
    "no longer large": (
        lambda hub: hub.add("sub/model.safetensors", WEIGHTS), "changed", "'sub/model.safetensors' is git:",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_told(hub: Hub, change: str) -> None:
    pinned()
    act, expected, said = CHANGES[change]
    act(hub)
    done = checked()
    assert (done.entries[0].state, done.exit_code) == (expected, 1)
    assert any(said in detail for detail in done.entries[0].details), done.entries[0].details


def test_a_tag_that_was_set_anew(hub: Hub) -> None:
    hub.repository.refs["v1"] = COMMIT
    pinned(f"hf://{REPO}@v1")
    lies.move(hub, "config.json", b"{}")
    assert state() == ("same", 0)
    lies.move(hub, "config.json", b"[]", on="v1")
    assert state() == ("moved", 1)


def test_a_pin_of_a_commit_does_not_move(hub: Hub) -> None:
    pinned(f"hf://{REPO}@{COMMIT}")
    lies.move(hub, "config.json", b"{}")
    assert state() == ("same", 0)
    lies.force_push(hub, "config.json", b"[]")
    lies.collect_garbage(hub)
    assert state()[1] == 1


def test_a_moved_branch_whose_history_nobody_tells(hub: Hub) -> None:
    pinned()
    lies.move(hub, "config.json", b"{}")
    hub.server.pages[f"/api/models/{REPO}/commits/main"] = lambda asked: Reply(404)
    (fate,) = checked().entries
    assert fate.state == "moved"
    assert any("not known" in said for said in fate.details)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_could_not_be_asked_is_no_answer(hub: Hub, status: int) -> None:
    pinned()
    hub.server.lie = lambda asked, reply: Reply(status)
    assert state() == ("not asked", 3)


def test_a_gate_is_no_change(hub: Hub) -> None:
    pinned()
    hub.server.lie = lambda asked, reply: Reply(403).having(x_error_code="GatedRepo", x_error_message="ask first")
    (fate,) = checked().entries
    assert (fate.state, checked().exit_code) == ("not asked", 3)
    assert "ask first" in fate.details[0]


def test_a_hub_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pinned()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert state() == ("not asked", 3)
    with pytest.raises(ReadError):
        fetched()
    with pytest.raises(ReadError):
        pinned()


def test_a_change_weighs_more_than_silence(hub: Hub) -> None:
    hub.make("datasets", "org/data").files["a.csv"] = File.of(b"a\n")
    pinned()
    pinned("hf://datasets/org/data")
    lies.move(hub, "config.json", b"{}")
    hub.server.lie = lies.answers(lambda asked, reply: Reply(500), to="/datasets/")
    assert [fate.state for fate in checked().entries] == ["not asked", "moved"]
    assert checked().exit_code == 1


@pytest.mark.parametrize("etag", ['"first"', ""])
def test_a_file_of_another_server(hub: Hub, etag: str) -> None:
    address = f"{hub.store.url}/model.bin"
    hub.store.pages["/model.bin"] = Page(BytesSource(b"bytes"), etag)
    pinned(address)
    assert state() == ("same", 0)
    assert hub.store.log[-1][1].status == (304 if etag else 200)
    hub.store.pages["/model.bin"] = Page(BytesSource(b"bytez"), etag and '"second"')
    assert state() == ("changed", 1)
    hub.store.pages["/model.bin"] = Page(BytesSource(b"more bytes"), etag and '"second"')
    assert state() == ("changed", 1)
    assert fetched().exit_code == 1
    assert files_in("out") == {}
    hub.store.pages.clear()
    assert state() == ("deleted", 1)


# --- fetch ---


def test_tampered_bytes_of_the_same_size_are_refused(hub: Hub) -> None:
    for path in ("config.json", "sub/model.safetensors"):
        pinned()
        lies.tamper(hub, path)
        done = fetched(output=path.replace("/", "-"))
        assert (done.entries[0].state, done.exit_code) == ("refused", 1)
        assert f"{REPO}/{path}" not in files_in(path.replace("/", "-"))
        hub.add("config.json", CONFIG)
        hub.add("sub/model.safetensors", WEIGHTS, large=True)


WHERE = "sub/model.safetensors"


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (lies.give_another_etag, 0),  # the bytes decide
        (lies.ignore_ranges, 0),
        (lies.speak_of_xet, 0),
        (lambda hub: lies.swap_between_ranges(hub, WHERE), 0),
        (lambda hub: lies.lead_elsewhere(hub, WHERE, WEIGHTS), 0),
        (lambda hub: lies.lead_elsewhere(hub, WHERE, WEIGHTS[:-1] + b"x"), 1),
        (lambda hub: lies.lead_elsewhere(hub, WHERE, WEIGHTS + b"x"), 1),
        (lambda hub: lies.tamper(hub, WHERE), 1),
        (lies.announce_another_size, 1),
        (lies.say_another_commit, 1),
        (lies.compress, 4),
        (lies.delete, 4),
    ],
)
def test_whatever_a_hub_does_only_what_is_pinned_arrives(hub: Hub, lie: Callable[[Hub], object], code: int) -> None:
    pinned()
    lie(hub)
    try:
        assert fetched().exit_code == code
    except ReadError as error:
        assert error.exit_code == code
    expected = {f"{REPO}/config.json": CONFIG, f"{REPO}/{WHERE}": WEIGHTS}
    there = files_in("out")
    assert there.items() <= expected.items()
    assert (code != 0) or there == expected


def test_by_the_commit_whatever_the_branch_is_now(hub: Hub) -> None:
    pinned()
    lies.force_push(hub, "config.json", b"evil")
    assert fetched().exit_code == 0
    assert files_in("out")[f"{REPO}/config.json"] == CONFIG


def test_xet_is_not_asked(hub: Hub) -> None:
    lies.speak_of_xet(hub)
    pinned()
    assert fetched().exit_code == 0
    assert not any("xet" in asked.path for asked, _ in hub.server.log)


def test_what_is_there_is_not_fetched_again(hub: Hub) -> None:
    pinned()
    fetched()
    hub.server.log.clear()
    assert fetched().exit_code == 0
    assert hub.server.log == []
    (Path("out") / REPO / "config.json").write_bytes(b"{}")
    assert fetched().exit_code == 0
    assert [asked.path.rpartition("/")[2] for asked, _ in hub.server.log] == ["config.json"]


def test_what_the_lock_does_not_name_is_told() -> None:
    pinned()
    fetched()
    (Path("out") / REPO / "modeling_evil.py").write_text("evil")
    (fate,) = fetched().entries
    assert fate.state == "changed"
    assert fate.details[0] == "'modeling_evil.py' is there too, and is not in the lock"


def test_one_file_that_does_not_come_does_not_keep_the_others(hub: Hub) -> None:
    pinned()
    hub.server.lie = lies.answers(lambda asked, reply: Reply(503), to="config.json")
    done = fetched()
    assert (done.entries[0].state, done.exit_code) == ("failed", 4)
    assert set(files_in("out")) == {f"{REPO}/sub/model.safetensors"}
    assert not Path("out", PARTS).exists()


def test_a_hub_that_went_away_is_not_asked_a_thousand_times(hub: Hub) -> None:
    for n in range(100):
        hub.add(f"{n}.txt", b"%d" % n)
    hub.add("0.bin", b"first", large=True)
    pinned()
    hub.server.lie = lambda asked, reply: reply if "0.bin" in asked.path else Reply(503)
    hub.server.log.clear()
    done = fetched()
    assert done.exit_code == 4
    assert len(hub.server.log) < 40


def test_no_room_is_told_before_anything_is_fetched(hub: Hub) -> None:
    page = json_reply(
        [{"type": "file", "path": "w", "size": 2**52, "oid": "a" * 40, "lfs": {"oid": "a" * 64, "size": 2**52}}]
    )
    hub.server.pages[f"/api/models/{REPO}/tree/{COMMIT}"] = lambda asked: page
    pinned()
    with pytest.raises(ReadError, match="no room for 4,503,599,627,370,496 bytes"):
        fetched()


# --- the cache of Hugging Face clients ---


def test_a_cache_is_filled_and_verified(hub: Hub) -> None:
    pinned()
    assert fetched("hf-cache", "cache").exit_code == 0
    snapshot = Path(f"cache/models--org--model/snapshots/{COMMIT}")
    assert (snapshot / "config.json").is_symlink()
    assert (snapshot / "sub/model.safetensors").read_bytes() == WEIGHTS
    assert Path("cache/models--org--model/refs/main").read_text() == COMMIT
    done = verify_cache("modelward.lock", [], "cache", None)
    assert (done.entries[0].state, done.exit_code) == ("same", 0)
    hub.server.log.clear()
    assert fetched("hf-cache", "cache").exit_code == 0
    assert hub.server.log == []


def test_two_revisions_share_what_they_have_in_common(hub: Hub) -> None:
    hub.repository.refs["v2"] = COMMIT
    later = lies.move(hub, "config.json", b"{}", on="v2")
    pinned()
    pinned(f"hf://{REPO}@v2", "later")
    assert fetched("hf-cache", "cache").exit_code == 0
    assert len(hub.store.log) == 1
    for commit, config in ((COMMIT, CONFIG), (later, b"{}")):
        snapshot = Path("cache/models--org--model/snapshots", commit)
        assert files_in(str(snapshot)) == {"config.json": config, "sub/model.safetensors": WEIGHTS}
    assert verify_cache("modelward.lock", [], "cache", None).exit_code == 0
    shutil.rmtree("cache")
    hub.store.lie = lambda asked, reply: Reply(503)
    assert [fate.state for fate in fetched("hf-cache", "cache").entries] == ["failed", "failed"]


def spoil_blob(snapshot: Path) -> None:
    (snapshot / "config.json").resolve().write_bytes(b'{"a": 2}')


def spoil_ref(snapshot: Path) -> None:
    (snapshot.parents[1] / "refs/main").write_text("a" * 40)


def spoil_link(snapshot: Path) -> None:
    outside = snapshot.parents[3] / "outside.json"
    outside.write_bytes(CONFIG)
    (snapshot / "config.json").unlink()
    (snapshot / "config.json").symlink_to(outside)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_blob, "'config.json' is not what is pinned"),
        (spoil_ref, "whoever asks this cache for main gets aaaa"),
        (spoil_link, "'config.json' leads out of the cache"),
        (
            lambda snapshot: (snapshot / "modeling.py").write_text("evil"),
            "'modeling.py' is there, and is not in the lock",
        ),
        (lambda snapshot: (snapshot / "more").symlink_to("/etc"), "'more' is there, and is not in the lock"),
    ],
)
def test_a_cache_that_is_not_what_is_pinned(spoil: Callable[[Path], object], said: str) -> None:
    pinned()
    fetched("hf-cache", "cache")
    spoil(Path(f"cache/models--org--model/snapshots/{COMMIT}").resolve())
    done = verify_cache("modelward.lock", [], "cache", None)
    assert (done.entries[0].state, done.exit_code) == ("changed", 1)
    assert any(said in detail for detail in done.entries[0].details), done.entries[0].details
    fetched("hf-cache", "cache")
    again = verify_cache("modelward.lock", [], "cache", None)
    assert again.exit_code == ("is there, and" in said)


@pytest.mark.parametrize(
    ("path", "content", "state"),
    [
        ("model/COMMIT/config.json", CONFIG, "same"),
        ("model/COMMIT/__init__.py", b"", "same"),
        ("model/COMMIT/config.json", b"{}", "changed"),
        ("model/COMMIT/more.py", b"", "changed"),
        ("model/COMMIT/__init__.py", b"x", "changed"),
        ("__init__.py", b"x", "changed"),
        ("model/COMMIT/__pycache__/modeling.cpython-311.pyc", b"x", "unexamined"),
        ("model/other/config.json", b"{}", "same"),
    ],
)
def test_the_copies_that_transformers_runs(
    monkeypatch: pytest.MonkeyPatch, path: str, content: bytes, state: str
) -> None:
    """https://huggingface.co/docs/transformers/custom_models: made of a snapshot, and never compared with it again."""
    pinned()
    fetched("hf-cache", "home/hub")
    monkeypatch.setenv("HF_HOME", "home")
    monkeypatch.delenv("HF_MODULES_CACHE", raising=False)
    place = Path("home/modules/transformers_modules/org", path.replace("COMMIT", COMMIT))
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    (fate,) = verify_cache("modelward.lock", [], "home/hub", None).entries
    assert fate.state == state


def test_part_of_a_repository_may_be_cached_and_nothing_of_it_is_no_answer(hub: Hub) -> None:
    hub.make("datasets", "org/data").files["a.csv"] = File.of(b"a\n")
    pinned()
    fetched("hf-cache", "cache")
    pinned("hf://datasets/org/data")
    Path(f"cache/models--org--model/snapshots/{COMMIT}/config.json").unlink()
    done = verify_cache("modelward.lock", [], "cache", None)
    assert [fate.state for fate in done.entries] == ["absent", "same"]
    assert done.exit_code == 3


def test_a_snapshot_is_whole_or_not_there(hub: Hub) -> None:
    """A client offline takes what it finds for all there is."""
    pinned()
    hub.server.lie = lies.answers(lambda asked, reply: Reply(503), to="config.json")
    assert fetched("hf-cache", "cache").exit_code == 4
    assert not Path("cache/models--org--model/snapshots").exists()


def test_a_file_of_another_server_goes_into_no_cache(hub: Hub) -> None:
    hub.store.pages["/model.bin"] = Page(BytesSource(b"bytes"))
    pinned(f"{hub.store.url}/model.bin")
    with pytest.raises(UsageError, match="no repository of a hub"):
        fetched("hf-cache")


def test_a_revision_that_leads_out_of_the_cache(hub: Hub) -> None:
    pinned()
    text = Path("modelward.lock").read_text().replace("@main", "@..%2F..%2F..%2Fx")
    Path("modelward.lock").write_text(text)
    with pytest.raises(UsageError, match="no branch or tag"):
        fetched("hf-cache", "cache")


def test_the_lock_says_it_as_json_too() -> None:
    from modelward.report import pins

    pinned()
    body = json.loads(pins.machine(checked()))
    assert (body["exit"], body["pins"][0]["state"], body["pins"][0]["name"]) == (0, "same", REPO)


def test_what_was_changed_on_the_disk_is_replaced_and_told() -> None:
    pinned()
    fetched()
    place = Path(f"out/{REPO}/config.json")
    place.write_bytes(b'{"a": 2}')
    done = fetched()
    assert (place.read_bytes(), done.exit_code) == (CONFIG, 0)
    assert done.entries[0].details[0] == f"'{REPO}/config.json' was not what is pinned, and is now"
    assert "was not" not in fetched().entries[0].details[0]
