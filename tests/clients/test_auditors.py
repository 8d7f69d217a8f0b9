"""pip-audit and uv, asking `advisories serve` alone, find what `modelward deps` finds."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients import BIN
from tests.deps.advisories import HASH, database, uv_lock
from tests.deps.records import EXCERPT

from modelward.app.advisories import sync
from modelward.cli.commands import run
from modelward.cli.serving import Server

pytestmark = [pytest.mark.peer(command, make="clients") for command in ("pip-audit", "uv")]

PINS = {
    "aiohttp": "3.9.3", "gradio": "4.36.0", "hostile": "1.0", "jinja2": "3.1.3", "litellm": "1.82.7",
    "tensorflow": "2.4.0", "torch": "2.5.1+cu121", "transformers": "4.41.2",
}  # fmt: skip
HIT = {"gradio", "hostile", "litellm", "tensorflow", "torch", "transformers"}

Found = set[tuple[str, frozenset[str]]]
"""Packages, and all the ids of what each has."""


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("database")
    path = database(folder)
    sync([str(EXCERPT), str(folder / "osv")], path)
    return path


@pytest.fixture(scope="module")
def url(db: str) -> Iterator[str]:
    with Server(db, 0) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{serving.port}"
        serving.shutdown()
        thread.join()


def asked(home: Path, *command: str) -> Any:
    """What the auditor says, as JSON. It knows no server but the one that it is told of."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "UV_NO_CONFIG": "1", "UV_HTTP_RETRIES": "0"}
    environment |= dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    environment["no_proxy"] = "127.0.0.1"
    done = subprocess.run([BIN / command[0], *command[1:]], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr  # something is found
    return json.loads(done.stdout)


def merged(found: Iterable[tuple[str, Iterable[str]]]) -> Found:
    """By package and flaw: what shares an id is one."""
    groups: defaultdict[str, list[set[str]]] = defaultdict(list)
    for name, ids in found:
        same = set(ids)
        for group in [group for group in groups[name] if group & same]:
            groups[name].remove(group)
            same |= group
        groups[name].append(same)
    return {(name, frozenset(group)) for name, named in groups.items() for group in named}


def ours(capsys: pytest.CaptureFixture[str], db: str, target: str) -> Found:
    capsys.readouterr()
    assert run(["deps", target, "--database", db, "--format", "json"]) == 1
    facts = [each["evidence"] for each in json.loads(capsys.readouterr().out)["findings"]]
    known = [(each["package"], each["advisory"], each.get("aliases")) for each in facts if "advisory" in each]
    return merged((name, [id_, *(others.split(", ") if others else ())]) for name, id_, others in known)


def test_pip_audit_finds_the_same(
    url: str, db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "".join(f"{name}=={version} --hash={HASH}\n" for name, version in PINS.items())
    Path("requirements.txt").write_text(text)
    command = ("pip-audit", "-r", "requirements.txt", "-s", "osv", "--osv-url", f"{url}/v1/query", "--disable-pip")
    body = asked(tmp_path, *command, "--require-hashes", "--format", "json", "--progress-spinner", "off")
    assert {each["name"] for each in body["dependencies"]} == set(PINS)
    theirs = merged(
        (each["name"], [one["id"], *one["aliases"]]) for each in body["dependencies"] for one in each["vulns"]
    )
    assert theirs == ours(capsys, db, "requirements.txt")
    assert {name for name, _ in theirs} == HIT


def test_uv_audit_finds_the_same(
    url: str, db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text('[project]\nname = "a-project"\nversion = "0"\nrequires-python = ">=3.11"\n')
    # uv asks the index, too: whether a project is archived
    Path("uv.lock").write_text(uv_lock(*PINS.items(), index=f"{url}/simple"))
    command = ("uv", "audit", "--frozen", "--service-url", url, "--preview-features", "audit,json-output")
    body = asked(tmp_path, *command, "--output-format", "json", "--no-progress")
    assert body["summary"]["audited_packages"] == len(PINS)
    theirs = merged((each["dependency"]["name"], [each["id"], *each["aliases"]]) for each in body["vulnerabilities"])
    Path("ours").mkdir()
    Path("ours/uv.lock").write_text(uv_lock(*PINS.items()))
    assert theirs == ours(capsys, db, "ours/uv.lock")
    assert {name for name, _ in theirs} == HIT
