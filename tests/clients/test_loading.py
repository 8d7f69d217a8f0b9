"""What is fetched by the lock is what the real clients load, and what they load where nobody looked."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save
from tests.clients import Client, Failed, needs_clients
from tests.hub import COMMIT, REPO, File, Hub, hub_at, lies

from modelward.cli.commands import run

pytestmark = needs_clients

DATA = "org/data"
VALUES = [[0.5, 1.5], [2.5, 3.5]]
WEIGHTS = save({"w": np.array(VALUES, dtype="f4")})
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
ROWS = b'{"a": 1}\n{"a": 2}\n'
WORDS = {
    "version": "1.0",
    "added_tokens": [],
    "pre_tokenizer": {"type": "Whitespace"},
    "model": {"type": "WordLevel", "vocab": {"?": 0, "pinned": 1, "model": 2}, "unk_token": "?"},
}
MODULE = b"""\
from transformers import PreTrainedConfig

class Own(PreTrainedConfig):
    model_type = "own"

    def __init__(self, **more):
        super().__init__(**more)
        self.word = "pinned"
"""


@dataclass
class World:
    hub: Hub
    home: Path
    online: Client
    offline: Client


def config(size: int, **more: object) -> bytes:
    return json.dumps({"model_type": "bert", "hidden_size": size, **more}).encode()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Clients read the environment when they are imported, which takes seconds: once for all tests."""
    home = tmp_path_factory.mktemp("clients") / "home"
    with hub_at() as hub, ExitStack() as ending:
        online, offline = (Client(hub.server.url, home, **more) for more in ({}, {"HF_HUB_OFFLINE": "1"}))
        ending.callback(online.end)
        ending.callback(offline.end)
        yield World(hub, home, online, offline)


@pytest.fixture
def world(begun: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A new hub at the old address, and nothing in the caches."""
    hub = begun.hub
    hub.repositories.clear()
    hub.make("models", REPO)
    hub.add("config.json", config(8))
    hub.add("model.safetensors", WEIGHTS, large=True)
    hub.make("datasets", DATA).files["train.jsonl"] = File.of(ROWS)
    hub.server.log.clear()
    shutil.rmtree(begun.home, ignore_errors=True)
    begun.home.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    monkeypatch.setenv("HF_HOME", str(begun.home))
    for name in ("HF_TOKEN", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return begun


def pin(*targets: str) -> None:
    assert run(["pin", *targets, "--quiet"]) == 0


def hand_over(world: World) -> None:
    assert run(["fetch", "--layout", "hf-cache", "--output", str(world.home / "hub"), "--quiet"]) == 0


def fetched_by_client(world: World) -> list[str]:
    return [asked.path for asked, _ in world.hub.server.log if asked.method == "GET" and "/resolve/" in asked.path]


# -- transformers


def test_a_model_that_was_handed_over_is_loaded_offline(world: World) -> None:
    world.hub.add("tokenizer.json", json.dumps(WORDS).encode())
    world.hub.add("tokenizer_config.json", b'{"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "?"}')
    pin(f"hf://{REPO}")
    hand_over(world)
    world.hub.server.log.clear()
    for revision in ("main", COMMIT):
        assert world.offline("config", REPO, revision=revision)["hidden_size"] == 8
        assert world.offline("tensors", REPO, revision=revision) == [DIGEST, {"w": VALUES}]
        assert world.offline("tokens", REPO, "a pinned model", revision=revision) == [0, 1, 2]
    assert world.hub.server.log == []
    assert world.online("tensors", REPO) == [DIGEST, {"w": VALUES}]
    assert fetched_by_client(world) == []
    assert run(["verify-cache"]) == 0


def test_a_model_is_loaded_from_the_folder(world: World) -> None:
    pin(f"hf://{REPO}")
    assert run(["fetch", "--output", "models"]) == 0
    place = str(Path("models", REPO).resolve())
    assert world.offline("config", place)["hidden_size"] == 8
    assert world.offline("tensors", place) == [DIGEST, {"w": VALUES}]


def test_a_snapshot_that_is_not_whole_is_not_handed_over(world: World) -> None:
    pin(f"hf://{REPO}")
    lies.tamper(world.hub, "model.safetensors")
    assert run(["fetch", "--layout", "hf-cache", "--output", str(world.home / "hub")]) == 1
    with pytest.raises(Failed, match="OSError"):
        world.offline("config", REPO)


# -- datasets


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_data_set_is_loaded_from_the_folder(world: World, form: str) -> None:
    if form == "parquet":
        world.offline("write_parquet", str(Path("made").resolve()), [1, 2])
        world.hub.repositories["datasets", DATA].commits[COMMIT] = {
            "data/train.parquet": File.of(Path("made").read_bytes(), large=True)
        }
    pin(f"hf://datasets/{DATA}")
    assert run(["fetch", "--output", "sets"]) == 0
    assert world.offline("rows", str(Path("sets/datasets", DATA).resolve())) == [{"a": 1}, {"a": 2}]


def test_a_data_set_that_was_handed_over_is_taken_from_the_cache(world: World) -> None:
    """By its name only by who may ask the hub: `datasets` does not look into the cache alone."""
    pin(f"hf://datasets/{DATA}")
    hand_over(world)
    with pytest.raises(Failed, match="ConnectionError"):
        world.offline("rows", DATA, revision=COMMIT)
    (snapshot,) = (world.home / "hub/datasets--org--data/snapshots").iterdir()
    assert world.offline("rows", str(snapshot)) == [{"a": 1}, {"a": 2}]
    world.hub.server.log.clear()
    assert world.online("rows", DATA, revision=COMMIT) == [{"a": 1}, {"a": 2}]
    assert fetched_by_client(world) == []
    assert world.offline("rows", DATA) == [{"a": 1}, {"a": 2}]
    assert run(["verify-cache"]) == 0


def test_what_a_data_set_was_made_into_is_loaded_whatever_the_files_are(world: World) -> None:
    """No file of the repository is read again, nor is that of which `verify-cache` speaks."""
    pin(f"hf://datasets/{DATA}")
    hand_over(world)
    world.online("rows", DATA)
    (made,) = (world.home / "datasets").rglob("*.arrow")
    world.offline("write_arrow", str(made), [6, 6])
    assert world.offline("rows", DATA) == world.online("rows", DATA) == [{"a": 6}, {"a": 6}]


# -- a hub that misbehaves once the client has what it wants


def tamper(hub: Hub) -> None:
    lies.tamper(hub, "config.json", config(9))


def replace_at_the_commit(hub: Hub) -> None:
    hub.add("config.json", config(9))


def move(hub: Hub) -> None:
    lies.move(hub, "config.json", config(9))


def force_push(hub: Hub) -> None:
    lies.force_push(hub, "config.json", config(9))


def register_anew(hub: Hub) -> None:
    lies.register_anew(hub, "config.json", config(9))


# the size that the client has then, online; what `verify-cache` says, what `pin --check` says
AFTERWARDS: dict[str, tuple[Callable[[Hub], object], int, int, int]] = {
    "other bytes": (tamper, 8, 0, 0),  # no listing shows them, and the cache is right
    "other bytes, and it says so": (replace_at_the_commit, 8, 0, 1),
    "moved": (move, 9, 1, 1),
    "force-pushed": (force_push, 9, 1, 1),
    "deleted": (lies.delete, 8, 0, 1),
    "registered anew": (register_anew, 9, 1, 1),
}


@pytest.mark.parametrize("lie", AFTERWARDS)
def test_what_happens_to_who_has_a_snapshot(world: World, lie: str) -> None:
    act, size, cache, hub = AFTERWARDS[lie]
    pin(f"hf://{REPO}")
    hand_over(world)
    act(world.hub)
    assert world.online("config", REPO)["hidden_size"] == size
    assert world.offline("config", REPO)["hidden_size"] == size
    assert (run(["verify-cache"]), run(["pin", "--check"])) == (cache, hub)
    assert world.offline("config", REPO, revision=COMMIT)["hidden_size"] == 8


# of one that had nothing; and what `fetch` says
BEFORE: dict[str, tuple[Callable[[Hub], object], int, int, int]] = {
    "other bytes": (tamper, 1, 0, 1),
    "other bytes, and it says so": (replace_at_the_commit, 1, 1, 1),
    "moved": (move, 1, 1, 0),
    "force-pushed": (force_push, 1, 1, 0),
}


@pytest.mark.parametrize("lie", BEFORE)
def test_what_happens_to_who_has_none(world: World, lie: str) -> None:
    act, cache, hub, fetched = BEFORE[lie]
    pin(f"hf://{REPO}")
    act(world.hub)
    assert world.online("config", REPO)["hidden_size"] == 9
    assert (run(["verify-cache"]), run(["pin", "--check"])) == (cache, hub)
    assert run(["fetch", "--output", "models"]) == fetched


def test_a_data_set_of_other_bytes(world: World) -> None:
    pin(f"hf://datasets/{DATA}")
    data = world.hub.repositories["datasets", DATA]
    data.files["train.jsonl"] = File.of(ROWS.replace(b"2", b"9"), data.files["train.jsonl"].digest)
    assert world.online("rows", DATA, revision=COMMIT) == [{"a": 1}, {"a": 9}]
    assert (run(["verify-cache"]), run(["pin", "--check"])) == (1, 0)
    assert run(["fetch", "--output", "sets"]) == 1


# -- code


def test_transformers_runs_its_own_copy_of_code(world: World) -> None:
    """https://huggingface.co/docs/transformers/custom_models: the copy that it made is never compared again."""
    world.hub.add("config.json", config(8, auto_map={"AutoConfig": "configuration_own.Own"}))
    world.hub.add("configuration_own.py", MODULE)
    pin(f"hf://{REPO}")
    hand_over(world)
    assert world.offline("config", REPO, revision=COMMIT, trust_remote_code=True)["word"] == "pinned"
    (copy,) = world.home.glob(f"modules/transformers_modules/{REPO}/{COMMIT}/configuration_own.py")
    copy.write_bytes(MODULE.replace(b"pinned", b"stale"))
    for client in (world.online, world.offline):
        assert client("config", REPO, revision=COMMIT, trust_remote_code=True)["word"] == "stale"
    assert run(["verify-cache"]) == 1
    shutil.rmtree(world.home / "modules")
    assert run(["verify-cache"]) == 0
