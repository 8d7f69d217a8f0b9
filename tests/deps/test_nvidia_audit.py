"""An audit with the texts of a host, from the files to the exit code, with a database that was synced."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.deps.bulletins import GEFORCE, bulletin, excerpt, flaw, raw
from tests.deps.records import EXCERPT

from modelward.app.advisories import sync
from modelward.app.deps import Audited, audit
from modelward.checks.deps import CHECK
from modelward.core import canonical
from modelward.core.dependency_audit import Flags
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Finding, Severity, Unexamined

KERNEL = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n"
HASH = f" --hash=sha256:{'a' * 64}\n"
NVIDIA = ("nvidia-vulnerable", "nvidia-conditional")


@pytest.fixture(autouse=True)
def the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")


def database(folder: Path, *bulletins: Any, name: str = "a.db") -> str:
    feed = folder / f"{name}.feed"
    feed.mkdir()
    for number, body in enumerate(bulletins):
        (feed / f"{number}.json").write_bytes(raw(body))
    path = str(folder / name)
    sync([str(EXCERPT), *([str(feed)] if bulletins else [])], path)
    return path


@pytest.fixture
def known(tmp_path: Path) -> str:
    return database(tmp_path, *excerpt())


def put(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return str(path)


def rules(done: Audited) -> set[str]:
    return {one.said.rule.id for one in done.audit.findings if isinstance(one.said, Finding)} & set(NVIDIA)


def gaps(done: Audited) -> list[str]:
    return [one.said.why for one in done.audit.unexamined if isinstance(one.said, Unexamined)]


def code(done: Audited) -> int:
    return done.audit.exit_code(Flags(Severity.MEDIUM))


def test_a_host_alone(tmp_path: Path, known: str) -> None:
    path = put(tmp_path, "version", KERNEL)
    done = audit([], known, hosts=[path])
    assert rules(done) == set(NVIDIA) and code(done) == 1
    assert [name for name, _ in done.audit.inputs] == [path]
    assert done.subject == done.audit.inputs[0][1]


def test_the_statement_says_nothing_of_where_the_texts_lie_and_is_read_again(tmp_path: Path) -> None:
    rare = flaw("CVE-2024-1000", [f"{GEFORCE}|All driver versions prior to 535.9.01"], word="LOW")
    known = database(tmp_path, bulletin("1", rare))
    lock, path = put(tmp_path, "requirements.txt", f"torch==2.7.1{HASH}"), put(tmp_path, "host/version", KERNEL)
    done = audit([lock], known, hosts=[path])
    body = canonical.decode(canonical.encode(done.statement.predicate))
    assert {one["name"] for one in body["inputs"]} == {"requirements.txt", "version"}
    assert body["findings"] == []
    assert done.subject == audit([lock], known).subject
    put(tmp_path, "host/version", KERNEL.replace("535.104.05", "535.8.05"))
    body = canonical.decode(canonical.encode(audit([lock], known, hosts=[path]).statement.predicate))
    said = CHECK.decode(body)
    assert CHECK.encode(said) == body
    (one,) = said.findings
    assert isinstance(one.said, Finding)
    assert (one.at.file, one.said.rule.id, one.said.severity) == ("version", "nvidia-vulnerable", Severity.LOW)


def test_a_folder_of_texts(tmp_path: Path, known: str) -> None:
    put(tmp_path, "host/version", KERNEL)
    put(tmp_path, "host/params", "NVreg_ModifyDeviceFiles: 1\n")
    done = audit([], known, hosts=[str(tmp_path / "host")])
    assert rules(done) == set(NVIDIA)
    assert not any("nothing in it" in why for why in gaps(done))


@pytest.mark.parametrize("is_folder", [True, False])
def test_texts_that_say_nothing_are_a_gap(tmp_path: Path, known: str, is_folder: bool) -> None:
    path = put(tmp_path, "host/said", "hello\n")
    done = audit([], known, hosts=[str(tmp_path / "host") if is_folder else path])
    assert code(done) == 3 and gaps(done) == ["nothing in it says which NVIDIA software is there"]


def test_an_empty_folder_is_a_gap(tmp_path: Path, known: str) -> None:
    (tmp_path / "host").mkdir()
    assert code(audit([], known, hosts=[str(tmp_path / "host")])) == 3


def test_a_text_that_cannot_be_read_is_a_gap(tmp_path: Path, known: str) -> None:
    put(tmp_path, "host/version", KERNEL)
    put(tmp_path, "host/large", "x" * ((8 << 20) + 1))
    assert any("it cannot be read" in why for why in gaps(audit([], known, hosts=[str(tmp_path / "host")])))


def test_a_pipe_is_not_waited_for(tmp_path: Path, known: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert gaps(audit([], known, hosts=[str(tmp_path / "pipe")])) == ["it cannot be read: it is no file"]


def test_a_file_of_the_kernel_says_that_it_is_empty_and_is_read(known: str) -> None:
    done = audit([], known, hosts=["/proc/version"])
    assert gaps(done) == ["nothing in it says which NVIDIA software is there"]
    assert done.audit.inputs


def test_a_path_that_is_not_there(known: str) -> None:
    with pytest.raises(UsageError, match="--host"):
        audit([], known, hosts=["/no/such/file"])


def test_a_folder_with_too_many_files(tmp_path: Path, known: str) -> None:
    for number in range(1001):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(ReadError, match="1,0"):
        audit([], known, hosts=[str(tmp_path)])


def test_without_a_database_a_host_is_unknown(tmp_path: Path) -> None:
    done = audit([], None, hosts=[put(tmp_path, "version", KERNEL)])
    assert code(done) == 3 and "there is no database" in gaps(done)[0]


# -- packages


@pytest.mark.parametrize("pin", ["torch==2.5.1+cu121", "nvidia-cuda-runtime-cu12==12.9.79"])
def test_wheels_are_held_against_the_bulletins(tmp_path: Path, known: str, pin: str) -> None:
    done = audit([put(tmp_path, "requirements.txt", f"{pin}{HASH}")], known)
    assert rules(done) == {"nvidia-conditional"}


@pytest.mark.parametrize("pin", ["torch==2.5.1", "torch==2.5.1+cpu", "numpy==1.26.4"])
def test_an_audit_without_gpu_packages_is_not_bothered(tmp_path: Path, known: str, pin: str) -> None:
    lock = put(tmp_path, "requirements.txt", f"{pin}{HASH}")
    bare = audit([lock], database(tmp_path, name="b.db"))
    with_bulletins = audit([lock], known)
    assert with_bulletins.audit.findings == bare.audit.findings
    assert gaps(with_bulletins) == gaps(bare)


def test_a_database_without_bulletins_is_noted_and_no_more(tmp_path: Path) -> None:
    lock = put(tmp_path, "requirements.txt", f"nvidia-cuda-runtime-cu12==12.8.57{HASH}")
    done = audit([lock], database(tmp_path))
    assert rules(done) == set() and any("no bulletins of NVIDIA" in note for note in done.audit.notes)


def test_bulletins_that_are_broken_are_a_gap(tmp_path: Path) -> None:
    broken = bulletin("77") | {"product_tree": []}
    lock = put(tmp_path, "requirements.txt", f"nvidia-cuda-runtime-cu12==12.8.57{HASH}")
    assert any("77: its product_tree" in why for why in gaps(audit([lock], database(tmp_path, broken))))
