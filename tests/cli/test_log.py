"""`modelward log`, from arguments to text and exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from modelward.attest.keys import PublicKey, generate
from modelward.attest.note import Verifier
from modelward.cli.commands import run
from modelward.core.digest import Digest
from modelward.core.errors import ModelwardError
from modelward.stores.evidence_store import Entry, EvidenceStore

ABOUT = Digest("sha256", "7" * 64)


def entry(number: int) -> Entry:
    return Entry(b'{"number":%d}' % number, "application/vnd.in-toto+json", "https://example.com/number", ABOUT)


def named(number: int) -> str:
    return str(entry(number).kept.statement)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    with EvidenceStore(".modelward", create=True) as opened:
        for number in range(3):
            opened.add([entry(number)])
    return tmp_path / ".modelward"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_a_project_has_a_log(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log", "verify"]) == 0
    lines = said(capsys).splitlines()
    assert lines[-1] == "consistent: 0 problems, 3 records (exit 0)"
    assert any(line.startswith("statements ") and "3 in the store" in line for line in lines)
    assert any("--pub names yours" in line for line in lines)
    assert run(["log", "verify", "--store", str(store), "--quiet"]) == 0
    assert said(capsys) == "consistent: 0 problems, 3 records (exit 0)\n"


def test_what_was_kept_elsewhere(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, key = tmp_path / "kept.checkpoint", tmp_path / "log.pub"
    kept.write_bytes((store / "log/checkpoint").read_bytes())
    key.write_bytes((store / "log/key.pub").read_bytes())
    with EvidenceStore(".modelward") as opened:
        opened.add([entry(3)])
    assert run(["log", "verify", "--since", str(kept), "--pub", str(key)]) == 0
    text = said(capsys)
    assert "since      a checkpoint of 3 records\n" in text
    assert "--pub" not in text
    kept.write_bytes((store / "log/checkpoint").read_bytes().replace(b"\n4\n", b"\n5\n"))
    assert run(["log", "verify", "--since", str(kept)]) == 1
    assert said(capsys).startswith("inconsistent: --since\n")


def test_who_names_no_earlier_checkpoint_is_told_what_that_leaves(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["log", "verify"]) == 0
    assert "since      none was named: that all was put back to an earlier state would not show\n" in said(capsys)


def test_a_statement_is_named_that_was_removed(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (store / "blobs/sha256" / named(1).partition(":")[2]).unlink()
    assert run(["log", "verify"]) == 1
    text = said(capsys)
    assert text.startswith(f"removed: {named(1)}\n")
    assert text.endswith("\ninconsistent: 1 problem, 3 records (exit 1)\n")
    assert run(["log", "verify", "--format", "json"]) == 1
    body = json.loads(said(capsys))
    assert (body["schema"], body["answer"], body["statements"]) == ("modelward/log-verify/1", "inconsistent", 2)
    assert [(each["kind"], each["where"]) for each in body["problems"]] == [("removed", named(1))]
    assert body["log"]["size"] == 3


def test_a_checkpoint_that_is_damaged(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (store / "log/checkpoint").write_bytes(b"\xff")
    assert run(["log", "verify"]) == 1
    assert said(capsys).splitlines()[0] == "unsigned: checkpoint"
    assert run(["log", "verify", "--format", "json"]) == 1
    assert json.loads(said(capsys))["log"] is None
    with pytest.raises(ModelwardError, match="checkpoint") as caught:
        run(["log", "show"])
    assert caught.value.exit_code == 1


def test_show(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log", "show"]) == 0
    lines = said(capsys).splitlines()
    assert lines[-1] == f"2          {named(2)} https://example.com/number about {ABOUT}"
    assert run(["log", "show", "--format", "json"]) == 0
    body = json.loads(said(capsys))
    assert [json.loads(record)["digest"] for record in body["records"]] == [named(number) for number in range(3)]
    key = Verifier.parse(body["log"]["key"])
    assert key.key == PublicKey.parse((store / "log/key.pub").read_bytes())


def test_show_tells_the_latest_of_many(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with EvidenceStore(".modelward") as opened:
        opened.add([entry(number) for number in range(100, 130)])
    assert run(["log", "show"]) == 0
    assert "13 earlier records: --format json has them all" in said(capsys)


def test_a_proof_for_whoever_has_the_key_alone(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """https://c2sp.org/tlog-proof"""
    assert run(["log", "prove", named(1), "--output", "one.tlog-proof"]) == 0
    (store / "log/key.pub").rename(tmp_path / "log.pub")
    shutil.rmtree(store)
    assert said(capsys) == ""
    assert run(["log", "verify-proof", "one.tlog-proof", "--pub", "log.pub"]) == 0
    lines = said(capsys).splitlines()
    assert f"record     {named(1)} https://example.com/number about {ABOUT}" in lines
    assert lines[-1] == "proved: record 1 of 3 records (exit 0)"
    assert run(["log", "verify-proof", "one.tlog-proof", "--pub", "log.pub", "--format", "json"]) == 0
    assert json.loads(json.loads(said(capsys))["records"][0])["digest"] == named(1)
    Path("other.pub").write_bytes(generate("ed25519").public.pem)
    with pytest.raises(ModelwardError, match="has not signed") as caught:
        run(["log", "verify-proof", "one.tlog-proof", "--pub", "other.pub"])
    assert caught.value.exit_code == 1
    with pytest.raises(ModelwardError, match="a proof has lines") as caught:
        run(["log", "verify-proof", "log.pub", "--pub", "log.pub"])
    assert caught.value.exit_code == 4


def test_a_report_goes_to_a_file(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log", "verify", "--output", str(tmp_path / "report"), "--format", "json"]) == 0
    assert said(capsys) == "consistent: 0 problems, 3 records (exit 0)\n"
    assert json.loads((tmp_path / "report").read_bytes())["answer"] == "consistent"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["verify", "--store", "nowhere"], 2, "nowhere"),
        (["verify", "--since", "nowhere"], 2, "--since"),
        (["verify", "--since", ".modelward/oci-layout"], 2, "no checkpoint"),
        (["verify", "--pub", ".modelward/log/key"], 2, "private"),
        (["verify", "--pub", "ecdsa.pub"], 2, "ecdsa-p256"),
        (["verify", "--witness", "name+00000000+AAAA"], 2, "verifier key"),
        (["verify", "--output", "nowhere/report"], 2, "nowhere"),
        (["prove", "sha256:00"], 2, "log show lists them"),
        (["show", "--store", "nowhere"], 4, "no log"),
    ],
)
def test_bad_input(store: Path, args: list[str], code: int, words: str) -> None:
    Path("ecdsa.pub").write_bytes(generate("ecdsa-p256").public.pem)
    with pytest.raises(ModelwardError, match=words) as caught:
        run(["log", *args])
    assert caught.value.exit_code == code


def test_there_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in ("verify", "show"):
        with pytest.raises(ModelwardError, match="--store DIR") as caught:
            run(["log", verb])
        assert caught.value.exit_code == 2


def test_help_is_told_to_who_asks_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log"]) == 2
    assert "Commands:" in said(capsys)
