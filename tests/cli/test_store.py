"""`modelward store`, from arguments to text and exit code; and what skopeo makes of a store."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.stores.evidence import SCAN, entry, tree

from modelward.cli.commands import run
from modelward.core.errors import ModelwardError, UsageError
from modelward.stores.evidence_manifest import Subject
from modelward.stores.evidence_store import EvidenceStore

needs_skopeo = pytest.mark.peer("skopeo", "skopeo")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # no power fails during a test
    with EvidenceStore(".modelward", create=True) as opened:
        opened.add([entry(1), entry(2), entry(3, "urn:example:other", tree(1))])
    return tmp_path / ".modelward"


def said(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    run(["store", *args])
    return capsys.readouterr().out


def test_the_list(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["store", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "3 statements about 2 artifacts"
    at = lines.index(str(tree(1)))
    assert lines[at + 1 : at + 3] == [
        f"  {entry(3, 'urn:example:other', tree(1)).kept.statement}  unsigned  urn:example:other",
        f"  {entry(1).kept.statement}  unsigned  {SCAN}",
    ]
    assert said(capsys, "list", str(tree(2)), "--quiet") == "1 statement about 1 artifact\n"
    assert said(capsys, "list", "--verify", "--quiet") == "sound: 3 statements about 2 artifacts\n"
    assert said(capsys, "list", "--quiet", "--store", str(store)) == "3 statements about 2 artifacts\n"


def test_the_list_for_machines(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = json.loads(said(capsys, "list", "--format", "json", str(tree(2))))
    assert (body["schema"], body["problems"], body["verified"]) == ("modelward/store/1", [], False)
    (only,) = body["statements"]
    kept = entry(2).kept
    assert only.pop("logged") in (0, 1, 2)
    assert only == {
        "about": kept.about.to_json(),
        "digest": kept.statement.to_json(),
        "media_type": kept.media_type,
        "predicate_type": SCAN,
        "size": kept.size,
    }
    assert said(capsys, "list", "--output", "list.json", "--format", "json") == "3 statements about 2 artifacts\n"
    assert len(json.loads(Path("list.json").read_bytes())["statements"]) == 3


def test_damage_is_named_with_exit_1(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = store / "blobs/sha256" / entry(1).kept.statement.value
    place.write_bytes(entry(1).raw[:-1] + b" ")
    assert run(["store", "list", "--quiet"]) == 0  # nothing was read
    capsys.readouterr()
    assert run(["store", "list", "--verify"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert f"damaged: blob {entry(1).kept.statement} has other bytes than its digest says" in lines
    assert lines[-1] == "damaged: 1 problem, 3 statements about 2 artifacts (exit 1)"
    place.unlink()
    assert run(["store", "rebuild"]) == 1
    assert "is missing, or has not the" in capsys.readouterr().out
    with pytest.raises(ModelwardError, match="is damaged"):
        run(["store", "gc"])
    with pytest.raises(ModelwardError, match="is damaged"):
        run(["store", "show", str(tree(1))])


def test_add_show_export_rebuild_gc(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("four.json").write_bytes(entry(4, 'urn:"\x1b[31m').raw)
    assert said(capsys, "add", "four.json").endswith("added 1 statement\n")
    assert said(capsys, "add", "four.json") == "added 0 statements, 1 was there\n"
    shown = said(capsys, "show", str(tree(4)))
    assert "\x1b" not in shown
    assert f"about     {tree(4)}\n" in shown
    assert "logged: record 3\n" in shown
    assert '  "predicateType": "urn:\\"\\u001b[31m",\n' in shown
    assert said(capsys, "export", "--output", "out") == "wrote 4 statements\n"
    assert len(list(Path("out").iterdir())) == 4
    (store / "blobs/sha256" / ("0" * 64)).write_bytes(b"unused")
    (store / "blobs/sha256/.modelward-00").write_bytes(b"half")
    assert said(capsys, "gc") == "removed 1 blob of 6 bytes, 1 unfinished file\n"
    (store / "index.sqlite").unlink()
    assert said(capsys, "rebuild") == "4 statements about 3 artifacts\n"


def test_where_there_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in ("list", "gc", "rebuild"):
        with pytest.raises(UsageError, match=r"there is no \.modelward here: name the store with --store DIR"):
            run(["store", verb])
        with pytest.raises(UsageError, match="there is no store in 'gone'"):
            run(["store", verb, "--store", "gone"])
    assert list(tmp_path.iterdir()) == []


# -- skopeo


def skopeo(*args: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["skopeo", *args], capture_output=True, check=False)


@needs_skopeo
def test_skopeo_reads_a_store(store: Path) -> None:
    """By the tag of the fall-back scheme, which follows from the digest of the artifact alone."""
    with EvidenceStore(str(store)) as opened:
        opened.add([entry(3)])
    done = skopeo("inspect", "--raw", f"oci:{store}:sha256-{Subject.of(tree(1)).tag}")
    assert (done.returncode, done.stderr) == (0, b"")
    assert {each["annotations"]["in-toto.io/predicate-type"] for each in json.loads(done.stdout)["manifests"]} == {
        SCAN,
        "urn:example:other",
    }


@needs_skopeo
def test_skopeo_copies_what_a_store_holds(store: Path, tmp_path: Path) -> None:
    """To a layout that becomes a store in its turn."""
    name = f"sha256-{Subject.of(tree(1)).tag}"
    done = skopeo("--insecure-policy", "copy", "--all", f"oci:{store}:{name}", f"oci:{tmp_path}/copy:{name}")
    assert done.returncode == 0, done.stderr
    with EvidenceStore(str(tmp_path / "copy")) as opened:
        problems = opened.problems()
    # what it copies is the list and its statements; what they are about is no part of it
    assert len(problems) == 1
    assert f"blob sha256:{Subject.of(tree(1)).tag} is missing" in problems[0]


@needs_skopeo
def test_skopeo_writes_beside_ours(store: Path, tmp_path: Path) -> None:
    """An image of another program in the same layout: neither is lost."""
    name = f"sha256-{Subject.of(tree(2)).tag}"
    done = skopeo("--insecure-policy", "copy", "--all", f"oci:{store}:{name}", f"oci:{store}:theirs")
    assert done.returncode == 0, done.stderr
    with EvidenceStore(str(store)) as opened:
        opened.add([entry(5)])
        assert opened.verify() == []
        assert opened.gc().blobs == 0
        assert len(opened.find()) == 4
    assert skopeo("inspect", "--raw", f"oci:{store}:theirs").returncode == 0
