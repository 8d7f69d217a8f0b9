"""Where fetched files are put, what clients make of it, and what a hub says that must not be passed over."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.hub import COMMIT, REPO, Hub, lies, serving
from tests.hub.serving import error
from tests.stores.server import Page, json_reply

from modelward.app.fetching import fetch, verify_cache
from modelward.app.locking import LockFile
from modelward.app.pinning import Asked, pin
from modelward.core.errors import ReadError, UsageError
from modelward.core.pinning import Fates
from modelward.formats.source import BytesSource
from modelward.stores.fetch import PARTS

hub = pytest.fixture(serving)

LOCK = "modelward.lock"
WEIGHTS = b"weights" * 300_000
SNAPSHOT = Path("cache/models--org--model/snapshots", COMMIT)


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.chdir(tmp_path)
    hub.add("config.json", b"{}")
    hub.add("modeling.py", b"x = 1\n")
    hub.add("model.safetensors", WEIGHTS, large=True)


def pinned(target: str = f"hf://{REPO}", name: str = "") -> Fates:
    return pin([Asked(target, name)], LOCK, None, lambda: None)


def fetched(output: str = "out") -> Fates:
    return fetch(LOCK, [], output, "plain", None, lambda: None)


def cached() -> Fates:
    return fetch(LOCK, [], "cache", "hf-cache", None, lambda: None)


def verified() -> Fates:
    return verify_cache(LOCK, [], "cache", None)


def said(done: Fates) -> str:
    return "\n".join(detail for fate in done.entries for detail in fate.details)


# -- links and second names


@pytest.mark.parametrize("link", ["out/org", f"out/{REPO}", f"out/{REPO}/sub"])
def test_nothing_is_put_behind_a_link(hub: Hub, link: str) -> None:
    hub.add("sub/x.json", b"{}")
    pinned()
    Path("outside").mkdir()
    Path(link).parent.mkdir(parents=True)
    Path(link).symlink_to(Path("outside").resolve())
    with pytest.raises(ReadError, match="is a link, and nothing is put behind it"):
        fetched()
    assert not list(Path("outside").iterdir())
    Path("elsewhere").symlink_to("outside")  # which somebody named
    assert fetched("elsewhere").exit_code == 0


@pytest.mark.parametrize("link", ["models--org--model", f"models--org--model/snapshots/{COMMIT}"])
def test_nor_in_a_cache(link: str) -> None:
    pinned()
    Path("outside").mkdir()
    Path("cache", link).parent.mkdir(parents=True)
    Path("cache", link).symlink_to(Path("outside").resolve())
    with pytest.raises(ReadError, match="is a link, and nothing is put behind it"):
        cached()
    assert not list(Path("outside").rglob("*.json"))


def second_name(part: Path) -> None:
    part.hardlink_to("victim")


def link(part: Path) -> None:
    part.symlink_to(Path("victim").resolve())


def etag(part: Path) -> None:
    part.with_name(f"{part.name}.etag").symlink_to(Path("victim").resolve())


@pytest.mark.parametrize("plant", [second_name, link, etag, os.mkfifo])
def test_what_lies_where_parts_come_is_not_written_through(plant: Callable[[Path], object]) -> None:
    pinned()
    Path("victim").write_bytes(b"precious")
    key = hashlib.sha256(f"sha256:{hashlib.sha256(WEIGHTS).hexdigest()} {REPO}/model.safetensors".encode()).hexdigest()
    Path("out", PARTS).mkdir(parents=True)
    plant(Path("out", PARTS, key))
    assert fetched().exit_code == 0
    assert Path("victim").read_bytes() == b"precious"
    place = Path("out", REPO, "model.safetensors")
    assert (place.read_bytes(), place.stat().st_nlink) == (WEIGHTS, 1)


def test_parts_are_not_put_behind_a_link() -> None:
    pinned()
    Path("out").mkdir()
    Path("outside").mkdir()
    Path("out", PARTS).symlink_to(Path("outside").resolve())
    with pytest.raises(ReadError, match="is a link, and nothing is put behind it"):
        fetched()
    assert not list(Path("outside").iterdir())


def test_the_lock_is_not_replaced_by_what_it_names(hub: Hub) -> None:
    hub.store.pages[f"/{LOCK}"] = Page(BytesSource(b"anything"))
    pinned(f"{hub.store.url}/{LOCK}")
    with pytest.raises(UsageError, match="would be replaced by what is fetched"):
        fetched(".")
    assert len(LockFile.read(LOCK).lock.entries) == 1


# -- caches


def test_a_file_that_is_said_not_to_exist() -> None:
    """Clients ask .no_exist first: huggingface_hub.try_to_load_from_cache."""
    pinned()
    cached()
    absent = Path("cache/models--org--model/.no_exist", COMMIT, "model.safetensors")
    absent.parent.mkdir(parents=True)
    absent.touch()
    assert verified().exit_code == 1
    assert "'model.safetensors' is said not to exist" in said(verified())
    assert cached().exit_code == 0
    assert verified().exit_code == 0


def test_more_in_a_snapshot_than_is_pinned_is_told() -> None:
    pinned()
    cached()
    (SNAPSHOT / "modeling_more.py").write_bytes(b"evil")
    assert cached().exit_code == 1
    assert "'modeling_more.py' is there too" in said(cached())


def test_two_entries_of_one_commit_know_of_each_other() -> None:
    pinned(f"hf://{REPO}/config.json", "a")
    pinned(f"hf://{REPO}/model.safetensors", "b")
    assert cached().exit_code == 0
    assert verified().exit_code == 0


def test_names_that_a_cache_cannot_tell_apart(hub: Hub) -> None:
    for name in ("a--b/c", "a/b--c"):
        hub.make("models", name).files.update(hub.files)
        pinned(f"hf://{name}")
    with pytest.raises(UsageError, match="no cache keeps"):
        cached()


# -- what a hub says


@pytest.mark.parametrize(
    "rel", ["rel=next", "rel='next'", 'rel="next"', 'rel="prev next"', 'title="x"; rel="next"', 'Rel = "NEXT"']
)
def test_any_spelling_of_the_next_page(hub: Hub, rel: str) -> None:
    """https://www.rfc-editor.org/rfc/rfc8288#section-3: a page that is not seen would be missing from the lock."""
    lfs = {"oid": "a" * 64, "size": 1}
    hub.server.pages["/more"] = lambda asked: json_reply([{"type": "file", "path": "z.bin", "lfs": lfs}])
    link = f"</x>; rel=prev, </more>; {rel}"
    hub.server.lie = lies.answers(lambda asked, reply: reply.having(link=link), to="/tree/")
    pinned()
    assert "z.bin" in LockFile.read(LOCK).lock.entries[0].files


@pytest.mark.parametrize("size", [True, -1, 2**53, 2**60, 1.0, "1", None])
def test_sizes_that_are_none(hub: Hub, size: object) -> None:
    hub.entries.append({"type": "file", "path": "odd.bin", "oid": "b" * 40, "lfs": {"oid": "a" * 64, "size": size}})
    with pytest.raises(ReadError, match=r"the list of files has an entry that.*odd.bin"):
        pinned()


@pytest.mark.parametrize("target", [f"hf://{REPO}@..", f"hf://{REPO}@.", f"hf://{REPO}@a%2F..", f"hf://{REPO}@"])
def test_revisions_that_are_none(hub: Hub, target: str) -> None:
    with pytest.raises(UsageError, match=r"no branch or tag has that name|names no repository"):
        pinned(target)
    assert not hub.server.log


def test_a_gate_says_what_to_do(hub: Hub) -> None:
    hub.repository.gate = "ask first"
    with pytest.raises(ReadError, match=r"set HF_TOKEN to a token that may read it.*ask first"):
        pinned()
    hub.server.lie = lambda asked, reply: error(401, "RepoNotFound")
    with pytest.raises(ReadError, match="set HF_TOKEN"):
        pinned()
