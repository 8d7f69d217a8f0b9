"""Targets on servers, from the command line to the last request."""

from __future__ import annotations

import io
import json
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.cli.process import REAL, piped
from tests.corpus.sparse import torch_file
from tests.hub import COMMIT, REPO, Hub
from tests.hub import serving as hub_serving
from tests.stores.server import Asked, Page, Reply, Server, serving

from modelward import app
from modelward.app.baseline import make_baseline, mark_known, parse_baseline
from modelward.cli.main import main
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Severity
from modelward.formats.source import BytesSource
from modelward.report import machine, sarif

EVIL = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."

server = pytest.fixture(serving)
hub = pytest.fixture(hub_serving)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    if "hub" in request.fixturenames:
        monkeypatch.setenv("HF_ENDPOINT", request.getfixturevalue("hub").server.url)


@pytest.fixture
def large(server: Server, tmp_path: Path) -> Iterator[str]:
    """A torch file of 1 GB in 250 tensors."""
    server.pages["/model.pt"] = Page(torch_file(tmp_path / "model.pt", 250, 10**9))
    yield f"{server.url}/model.pt?sign=secret"


def saved() -> bytes:
    out = io.BytesIO()
    torch.save({"w": torch.arange(8.0)}, out)
    return out.getvalue()


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code, stdout and stderr of a command line."""

    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["modelward", *args])
        code = main()
        return code, *capsys.readouterr()

    return run


# --- in part ---


def test_a_large_torch_file_in_part(run: Run, server: Server, large: str) -> None:
    code, out, err = run("scan", large)
    assert (code, err) == (3, "")
    assert "coverage: partial (exit 3)" in out
    assert "250 members, archive/data/0 to archive/data/249" in out
    assert 'pinned by ETag "first"' in out
    assert "not known: not all of it was read" in out
    assert "secret" not in out
    assert len(server.log) <= 1 + 4
    assert server.given <= 128 << 10
    assert {asked.headers.get("if-match") for asked, _ in server.log[1:]} == {'"first"'}


def test_a_part_is_never_allowed(run: Run, server: Server, large: str) -> None:
    for form in ("text", "json", "sarif"):
        code, out, _ = run("check", large, "--format", form)
        assert code == 3
        assert "partial" in out
    result = app.check(large)
    assert (result.decision, result.statements) == ("incomplete", ())
    assert result.scan.digest is None


def test_a_part_that_is_hostile_is_denied(server: Server, tmp_path: Path) -> None:
    server.pages["/model.pt"] = Page(torch_file(tmp_path / "model.pt", 4, 10**9, EVIL))
    assert app.scan(f"{server.url}/model.pt").outcome() == "flagged"
    result = app.check(f"{server.url}/model.pt")
    assert result.decision == "deny"
    assert {reason.kind for reason in result.reasons} == {"rule", "need"}


def test_json_says_what_was_read_and_what_held_it(large: str) -> None:
    body: dict[str, Any] = json.loads(machine.render([app.scan(large)]))
    assert body["digest"] is None
    assert body["outcome"] == "incomplete"
    assert body["coverage"]["coverage"] == "partial"
    assert body["coverage"]["bytes"] > 10**9 > 128 << 10 >= body["coverage"]["examined_bytes"]
    assert body["remote"]["requests"] <= 5
    (held,) = body["remote"]["files"].values()
    assert held == {"url": large.partition("?")[0], "pin": 'ETag "first"', "claim": None, "verified": False}
    assert "secret" not in json.dumps(body)


def test_sarif_says_it_as_well(large: str) -> None:
    (report,) = json.loads(sarif.render([app.scan(large)]))["runs"]
    assert report["properties"]["coverage"] == "partial"
    assert report["properties"]["pins"] == {large.partition("?")[0]: 'ETag "first"'}
    (artifact,) = report["artifacts"]
    assert artifact["location"]["uri"] == large.partition("?")[0]
    assert "hashes" not in artifact
    assert "secret" not in json.dumps(report)


def test_no_baseline_lists_a_part(server: Server, tmp_path: Path) -> None:
    """It would list a content that nobody knows."""
    server.pages["/model.pt"] = Page(torch_file(tmp_path / "model.pt", 4, 10**9, EVIL))
    scan = app.scan(f"{server.url}/model.pt")
    made = make_baseline([scan], Severity.INFO)
    assert json.loads(made)["findings"] == []
    assert mark_known(scan, parse_baseline(made)).outcome() == "flagged"


def test_a_server_that_changes_the_file_ends_the_run(run: Run, server: Server, large: str) -> None:
    def lie(asked: Asked, reply: Reply) -> Reply:
        return reply.having(etag='"second"') if asked.number else reply

    server.lie = lie
    code, out, err = run("scan", large)
    assert (code, out) == (4, "")
    assert "changed while it was read" in err
    assert len(err.splitlines()) == 1
    assert "secret" not in err


def test_a_server_without_ranges_is_told_so(run: Run, server: Server, large: str) -> None:
    server.lie = lambda asked, reply: Reply(200, {"content-length": "1000000000"})
    code, _, err = run("scan", large)
    assert code == 4
    assert "--full" in err


# --- whole ---


@pytest.mark.parametrize("full", [True, False])
def test_what_is_read_whole_is_as_good_as_a_file(server: Server, tmp_path: Path, full: bool) -> None:
    data = saved()
    server.pages["/model.pt"] = Page(BytesSource(data))
    (tmp_path / "model.pt").write_bytes(data)
    far, here = app.check(f"{server.url}/model.pt", full=full), app.check(str(tmp_path / "model.pt"))
    assert far.decision == here.decision == "allow"
    assert far.scan.remote is not None
    assert replace(far.scan, remote=None, label="") == replace(here.scan, label="")
    assert far.statements == here.statements
    assert len(server.log) == 1


@pytest.mark.parametrize("full", [True, False])
def test_an_empty_file_is_no_model(server: Server, full: bool) -> None:
    server.pages["/empty"] = Page(BytesSource(b""))
    scan = app.scan(f"{server.url}/empty", full=full)
    assert (scan.outcome(), scan.sizes) == ("incomplete", {"": 0})


def test_full_streams_all_of_it_and_leaves_nothing(
    run: Run, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pickle.dumps(b"x" * (3 << 20))
    server.pages["/model.pkl"] = Page(BytesSource(data))
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    code, out, _ = run("scan", f"{server.url}/model.pkl", "--full")
    assert (code, len(server.log), server.given) == (0, 1, len(data))
    assert "coverage  full" in out
    assert list(spool.iterdir()) == []


def test_statements_of_a_url_need_all_of_it(run: Run, server: Server, tmp_path: Path) -> None:
    server.pages["/model.pt"] = Page(BytesSource(saved()))
    code, _, err = run("check", f"{server.url}/model.pt", "--statements", str(tmp_path / "s"))
    assert (code, server.log) == (2, [])
    assert "--full" in err
    assert run("check", f"{server.url}/model.pt", "--full", "--statements", str(tmp_path / "s"))[0] == 0
    assert len(list((tmp_path / "s").iterdir())) == 2


# --- what is refused before anybody is asked ---


@pytest.mark.parametrize("verb", ["scan", "check"])
def test_offline_asks_no_server(run: Run, server: Server, verb: str) -> None:
    code, _, err = run(verb, f"{server.url}/model.pt?sign=secret", "--offline")
    assert (code, server.log) == (2, [])
    assert "--offline" in err
    assert "secret" not in err


@pytest.mark.parametrize("target", ["http://example.org/model.pt", "hf://", "https://user:secret@example.org/x"])
def test_addresses_that_are_refused(target: str) -> None:
    with pytest.raises(UsageError) as error:
        app.scan(target)
    assert "secret" not in str(error.value)


def test_files_on_disk_do_not_import_the_http_library(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(EVIL)
    code = (
        "import sys; from modelward import app; app.scan(sys.argv[1]);"
        "sys.exit('h11' in sys.modules or 'modelward.app.remote' in sys.modules)"
    )
    assert piped("-c", code, str(tmp_path / "model.pkl"), program=(REAL[0],)).returncode == 0


# --- the hub ---


def test_a_file_on_the_hub_comes_with_its_pins(hub: Hub, tmp_path: Path) -> None:
    hub.add("model.pt", torch_file(tmp_path / "model.pt", 250, 10**9), "d" * 64, large=True)
    result = app.scan(f"hf://{REPO}/model.pt")
    assert result.remote is not None
    assert result.remote.commit == COMMIT
    held = result.remote.files[""]
    assert (held.claim, held.is_verified) == (f"sha256:{'d' * 64}", False)
    assert held.pin == 'ETag "store-dddddddd"'
    assert "secret" not in str(result)
    assert (len(hub.server.log), len(hub.store.log)) == (1, 2)


def test_the_token_goes_to_the_hub_alone(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_token")
    hub.add("model.pt", saved(), large=True)
    app.scan(f"hf://{REPO}/model.pt")
    assert {asked.headers.get("authorization") for asked, _ in hub.server.log} == {"Bearer hf_token"}
    assert {asked.headers.get("authorization") for asked, _ in hub.store.log} == {None}


@pytest.mark.parametrize("large", [True, False])
@pytest.mark.parametrize("full", [True, False])
def test_content_that_is_not_what_the_hub_claims(hub: Hub, large: bool, full: bool) -> None:
    hub.add("model.pt", saved(), "e" * (64 if large else 40), large=large)
    with pytest.raises(ReadError, match="not what the hub claims"):
        app.scan(f"hf://{REPO}/model.pt", full=full)


@pytest.mark.parametrize("full", [True, False])
def test_a_repository_of_small_files_is_as_good_as_a_folder(hub: Hub, tmp_path: Path, full: bool) -> None:
    files = {"config.json": b'{"a": 1}', "sub/model.pt": saved(), "README.md": b"# words\n", "empty": b""}
    for path, data in files.items():
        hub.add(path, data, large=path.endswith(".pt"))
        place = tmp_path / "model" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    far = app.check(f"hf://{REPO}", full=full, exclude=["*.md"])
    here = app.check(str(tmp_path / "model"), exclude=["*.md"])
    assert far.scan.remote is not None
    assert far.scan.remote.commit == COMMIT
    assert all(held.is_verified for held in far.scan.remote.files.values())
    assert replace(far.scan, remote=None, label="") == replace(here.scan, label="")
    assert far.statements == here.statements


def test_a_repository_in_part(run: Run, hub: Hub, tmp_path: Path) -> None:
    hub.add("config.json", json.dumps({"auto_map": {"AutoModel": "modeling_x.X"}}).encode())
    hub.add("modeling_x.py", b"import os\n")
    hub.add("model.pt", torch_file(tmp_path / "model.pt", 250, 10**9), large=True)
    hub.add("evil.pkl", EVIL)
    code, out, err = run("check", f"hf://{REPO}@main")
    assert (code, err) == (1, "")
    assert "named-python-code" in out
    assert "pickle-dangerous-call" in out
    assert f"commit {COMMIT}" in out
    assert "3 of 4 verified" in out
    scan = app.scan(f"hf://{REPO}")
    assert set(scan.digests) == {"config.json", "modeling_x.py", "evil.pkl"}
    assert (scan.digest, scan.coverage.files) == (None, 4)


def test_a_file_that_cannot_be_read_does_not_stop_the_others(hub: Hub) -> None:
    hub.add("config.json", b"{}")
    hub.add("evil.pkl", EVIL)
    hub.server.pages[f"/{REPO}/resolve/{COMMIT}/config.json"] = lambda asked: Reply(503)
    scan = app.scan(f"hf://{REPO}")
    assert scan.outcome() == "flagged"
    assert [place.file for place in scan.unexamined] == ["config.json"]


def test_a_listing_that_names_other_content_than_the_hub_gives(hub: Hub) -> None:
    hub.add("model.pkl", pickle.dumps(1))
    listed = hub.files["model.pkl"]
    hub.files["model.pkl"] = replace(listed, digest="f" * 40)
    page = Page(listed.content, f'"{listed.digest}"', {"X-Repo-Commit": COMMIT})
    hub.server.pages[f"/{REPO}/resolve/{COMMIT}/model.pkl"] = page
    scan = app.scan(f"hf://{REPO}")
    assert scan.outcome() == "incomplete"
    assert any("another file than its list" in str(place.said) for place in scan.unexamined)


def test_a_repository_without_files(hub: Hub) -> None:
    hub.add("config.json", b"{}")
    hub.files.clear()
    assert app.check(f"hf://{REPO}").decision != "allow"
