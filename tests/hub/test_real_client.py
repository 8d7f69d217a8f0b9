"""The client that people use: the hub of these tests is a hub to it, and what we fetch is a cache to it."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.hub import COMMIT, REPO, File, Hub, lies, serving

from modelward.app.fetching import fetch, verify_cache
from modelward.app.pinning import Asked, pin
from modelward.core.pinning import Fates

os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # read when it is imported, as is the next
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
client: Any = import_module("huggingface_hub")
errors: Any = import_module("huggingface_hub.errors")

hub = pytest.fixture(serving)

WEIGHTS = b"weights" * 1000


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    monkeypatch.chdir(tmp_path)
    hub.add("config.json", b'{"a": 1}')
    hub.add("sub/model.safetensors", WEIGHTS, large=True)


def snapshot(hub: Hub, cache: str, **more: Any) -> Path:
    return Path(client.snapshot_download(REPO, endpoint=hub.server.url, cache_dir=cache, **more))


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pinned() -> None:
    pin([Asked(f"hf://{REPO}")], "modelward.lock", None, lambda: None)


def compared(cache: str) -> Fates:
    return verify_cache("modelward.lock", [], cache, None)


EXPECTED = {"config.json": b'{"a": 1}', "sub/model.safetensors": WEIGHTS}


def test_it_is_a_hub_to_the_client(hub: Hub) -> None:
    api = client.HfApi(endpoint=hub.server.url)
    assert api.model_info(REPO).sha == COMMIT
    assert sorted(api.list_repo_files(REPO)) == sorted(EXPECTED)
    assert [info.path for info in api.get_paths_info(REPO, ["config.json", "absent"])] == ["config.json"]
    assert [commit.commit_id for commit in api.list_repo_commits(REPO)] == [COMMIT]
    assert files_in(snapshot(hub, "cache")) == EXPECTED
    with pytest.raises(errors.RepositoryNotFoundError):
        api.model_info("org/absent")
    with pytest.raises(errors.RevisionNotFoundError):
        api.model_info(REPO, revision="absent")
    hub.repository.gate = "ask first"
    with pytest.raises(errors.GatedRepoError, match="ask first"):
        client.hf_hub_download(REPO, "config.json", endpoint=hub.server.url, cache_dir="other")


def test_what_we_fetch_is_found_offline(hub: Hub) -> None:
    pinned()
    fetch("modelward.lock", [], "cache", "hf-cache", None, lambda: None)
    hub.server.log.clear()
    offline = snapshot(hub, "cache", local_files_only=True)
    assert offline.name == COMMIT
    assert files_in(offline) == EXPECTED
    assert client.try_to_load_from_cache(REPO, "config.json", cache_dir="cache")
    (info,) = client.scan_cache_dir("cache").repos
    assert (info.repo_id, len(next(iter(info.revisions)).files)) == (REPO, 2)
    assert hub.server.log == []
    assert files_in(snapshot(hub, "cache")) == EXPECTED
    assert not any("resolve" in asked.path for asked, _ in hub.server.log)


def test_what_the_client_fetched_is_compared_with_the_lock(hub: Hub) -> None:
    snapshot(hub, "cache")
    pinned()
    assert compared("cache").exit_code == 0


def test_the_client_takes_what_we_refuse(hub: Hub) -> None:
    """Tampered bytes of the same size, under the right ETag; and never again a question once they are cached."""
    pinned()
    tampered = lies.tamper(hub, "sub/model.safetensors")
    assert files_in(snapshot(hub, "cache"))["sub/model.safetensors"] == tampered
    assert fetch("modelward.lock", [], "out", "plain", None, lambda: None).exit_code == 1
    (fate,) = compared("cache").entries
    assert fate.state == "changed"
    assert "'sub/model.safetensors' is not what is pinned" in fate.details[0]


def test_the_client_follows_a_branch_that_we_do_not(hub: Hub) -> None:
    pinned()
    moved = lies.force_push(hub, "config.json", b'{"a": 2}')
    assert snapshot(hub, "cache").name == moved
    (fate,) = compared("cache").entries
    assert (fate.state, moved in fate.details[0]) == ("changed", True)


def test_the_client_stumbles_over_xet_and_we_do_not(hub: Hub) -> None:
    lies.speak_of_xet(hub)
    with pytest.raises(Exception, match=r"(?i)xet|404"):
        snapshot(hub, "cache")
    pinned()
    assert fetch("modelward.lock", [], "out", "plain", None, lambda: None).exit_code == 0


def test_a_data_set(hub: Hub) -> None:
    hub.make("datasets", "org/data").files["a.csv"] = File.of(b"a\n1\n")
    pin([Asked("hf://datasets/org/data")], "modelward.lock", None, lambda: None)
    fetch("modelward.lock", [], "cache", "hf-cache", None, lambda: None)
    found = client.hf_hub_download("org/data", "a.csv", repo_type="dataset", cache_dir="cache", local_files_only=True)
    assert Path(found).read_bytes() == b"a\n1\n"
