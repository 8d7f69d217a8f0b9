"""pin, fetch and verify-cache, from the command line to what lies on the disk."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.process import REAL, environment
from tests.hub import COMMIT, REPO, Hub, lies, serving
from tests.stores.server import Asked, Reply

from modelward.cli.main import main
from modelward.stores.fetch import PARTS

hub = pytest.fixture(serving)

LARGE = bytes(range(256)) * (16 << 10)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], hub: Hub, tmp_path: Path) -> Run:
    """Exit code, stdout and stderr of a command line, in a folder of its own."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    monkeypatch.chdir(tmp_path)
    hub.add("config.json", b"{}")
    hub.add("model.safetensors", LARGE, large=True)

    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["modelward", *args])
        code = main()
        return code, *capsys.readouterr()

    return run


def test_from_a_name_to_a_folder_and_back(run: Run, hub: Hub) -> None:
    code, out, err = run("pin", f"hf://{REPO}@main")
    assert (code, err) == (0, "")
    assert f"commit {COMMIT}" in out
    assert out.endswith("pinned: 1 pinned (exit 0)\n")
    assert run("fetch", "--output", "models")[0] == 0
    assert Path("models", REPO, "model.safetensors").read_bytes() == LARGE
    assert run("pin", "--check")[0] == 0
    lies.force_push(hub, "config.json", b"[]")
    code, out, err = run("pin", "--check", "--format", "json")
    assert (code, err) == (1, "")
    assert [pin["state"] for pin in json.loads(out)["pins"]] == ["force-pushed"]
    code, out, _ = run("pin", "--check", "--quiet")
    assert (code, out) == (1, "different: 1 force-pushed (exit 1)\n")


def test_the_lock_may_lie_elsewhere(run: Run, tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    assert run("pin", f"hf://{REPO}", "--lock", "locks/my.lock", "--name", "mine", "--exclude", "*.safetensors")[0] == 0
    assert not Path("modelward.lock").exists()
    assert run("fetch", "mine", "--lock", "locks/my.lock", "--output", "out")[0] == 0
    assert sorted(path.name for path in Path("out/mine").iterdir()) == ["config.json"]


def test_a_cache(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    run("pin", f"hf://{REPO}")
    code, _, err = run("verify-cache")
    assert code == 2
    assert "there is no cache" in err
    assert run("fetch", "--layout", "hf-cache", "--output", "home/hub")[0] == 0
    assert run("verify-cache")[0] == 0
    Path(f"home/hub/models--org--model/snapshots/{COMMIT}/config.json").resolve().write_bytes(b"[]")
    code, out, _ = run("verify-cache")
    assert code == 1
    assert "'config.json' is not what is pinned" in out


@pytest.mark.parametrize(
    ("args", "code", "why"),
    [
        (("pin",), 2, "pin needs a TARGET"),
        (("pin", "org/name"), 2, "is no address: expected hf://org/name"),
        (("pin", "hf://org/name/../x"), 2, "names no file"),
        (("pin", "hf://org/absent"), 4, "Repository not found"),
        (("pin", f"hf://{REPO}@absent"), 4, "Invalid rev id"),
        (("pin", f"hf://{REPO}/absent.bin"), 4, "no such file"),
        (("pin", "--check", "--name", "x"), 2, "--check goes by the lock"),
        (("pin", "hf://a/b", "hf://a/c", "--name", "x"), 2, "one TARGET"),
        (("pin", "--check"), 2, "there is no lock"),
        (("pin", f"hf://{REPO}", "--lock", "absent/modelward.lock"), 2, "there is no folder"),
        (("pin", f"hf://{REPO}", "--name", "../x"), 2, "begins with no dot"),
        (("fetch", "--output", "out"), 2, "there is no lock"),
        (("fetch",), 2, "--output"),
        (("verify-cache", "--cache", "absent"), 2, "there is no cache"),
    ],
)
def test_what_is_wrong_is_one_line(run: Run, args: tuple[str, ...], code: int, why: str) -> None:
    got, out, err = run(*args)
    assert (got, out, len(err.splitlines())) == (code, "", 1)
    assert why in err
    assert not Path("absent").exists()


def test_a_lock_that_is_wrong_names_its_line(run: Run) -> None:
    run("pin", f"hf://{REPO}")
    text = Path("modelward.lock").read_text()
    Path("modelward.lock").write_text(text.replace("commit", "comit"))
    for verb in (["pin", "--check"], ["pin", f"hf://{REPO}"], ["fetch", "--output", "out"]):
        code, out, err = run(*verb)
        assert (code, out) == (2, "")
        assert "modelward.lock, line 7: unknown key 'comit'" in err
    assert "there is" not in run("fetch", "org/absent", "--output", "out")[2]


def test_a_hub_that_is_not_there_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("pin", f"hf://{REPO}")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    for args, expected in ((["fetch", "--output", "out"], 4), (["pin", "hf://org/other"], 4)):
        code, out, err = run(*args)
        assert (code, out, len(err.splitlines())) == (expected, "", 1)
        assert "refused" in err
    assert run("pin", "--check")[0] == 3
    assert not list(Path("out").rglob("*.*"))


def test_names_of_a_hub_forge_no_line(run: Run, hub: Hub) -> None:
    hub.entries.append({"type": "file", "path": "x\x1b[2J\nas pinned (exit 0)", "oid": "a" * 40, "size": 1})
    code, _, err = run("pin", f"hf://{REPO}")
    assert code == 4
    assert len(err.splitlines()) == 1
    assert "\x1b" not in err


# --- processes ---


def start(*args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*REAL, *args], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def slowly(asked: Asked, reply: Reply) -> Reply:
    """The second half does not come."""
    return replace(reply, body=reply.body[: len(reply.body) // 2]) if len(reply.body) > 1000 else reply


def test_killed_in_the_middle_of_a_fetch(run: Run, hub: Hub) -> None:
    run("pin", f"hf://{REPO}")

    def hang(asked: Asked, reply: Reply) -> Reply:
        if len(reply.body) > 1000 and asked.number:
            time.sleep(5)
        return slowly(asked, reply)

    hub.store.lie = hang
    process = start("fetch", "--output", "out")
    part = None
    while process.poll() is None and not (part and part[0].stat().st_size == len(LARGE) // 2):
        time.sleep(0.01)
        part = [path for path in Path("out", PARTS).glob("*") if path.suffix != ".etag" and path.stat().st_size > 1000]
    process.kill()
    process.communicate()
    assert not Path("out", REPO, "model.safetensors").exists()
    hub.store.lie = lambda asked, reply: reply
    hub.store.log.clear()
    assert run("fetch", "--output", "out")[0] == 0
    assert [asked.headers["range"] for asked, _ in hub.store.log] == [f"bytes={len(LARGE) // 2}-"]
    assert Path("out", REPO, "model.safetensors").read_bytes() == LARGE
    assert not Path("out", PARTS).exists()


def test_two_fetches_into_one_folder(run: Run, hub: Hub) -> None:
    run("pin", f"hf://{REPO}")
    hub.store.lie = lambda asked, reply: time.sleep(0.5) or reply  # type: ignore[func-returns-value]
    processes = [start("fetch", "--output", "out") for _ in range(2)]
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(hub.store.log) == 1
    assert any(b"another process is at work there" in words for words in said)
    assert Path("out", REPO, "model.safetensors").read_bytes() == LARGE


def test_two_pins_into_one_lock(run: Run, hub: Hub) -> None:
    hub.make("models", "org/other")
    hub.repositories["models", "org/other"].files.update(hub.files)
    processes = [start("pin", f"hf://{name}") for name in (REPO, "org/other")]
    assert [process.communicate() and process.returncode for process in processes] == [0, 0]
    code, out, _ = run("pin", "--check", "--quiet")
    assert (code, out) == (0, "as pinned: 2 same (exit 0)\n")
