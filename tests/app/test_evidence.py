"""Statements made elsewhere: they count if somebody whom the policy trusts has signed them, about this artifact."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import pytest

from modelward import app
from modelward.cli.commands import run
from modelward.core import canonical
from modelward.core.errors import ModelwardError, UsageError
from modelward.core.result import CheckResult
from modelward.core.verdict import Signer
from modelward.policy.schema import shipped

MODEL_SIGNATURE = "https://model_signing/signature/v1.0"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model that nothing is wrong with, and two keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text('{"hidden_size": 384}')
    (tmp_path / "model/weights.pkl").write_bytes(pickle.dumps({"layers": [1, 2, 3]}, 4))
    for name in ("ann", "bob"):
        run(["keygen", "--out", name])
    return tmp_path


def sign(target: str, output: str, key: str = "ann") -> str:
    assert run(["sign", target, "--output", output, "--key", f"{key}.key"]) == 0
    return output


def policy(here: Path, *, signatures: int = 1, predicate: str = MODEL_SIGNATURE, **more: str) -> str:
    """Ann and Bob may sign *predicate*, so many of them must."""
    signers = "".join(
        f"""
[[signer]]
name = "{name}"
predicates = ["{predicate}"]
key = '''{(here / f"{name}.pub").read_text()}'''
{more.get(name, "")}
"""
        for name in ("ann", "bob")
    )
    (here / "policy.toml").write_text(
        f"""schema = "modelward/policy/1"
name = "ours"

[deny]
severity = "medium"

[[need]]
id = "signed"
predicate = "{predicate}"
signatures = {signatures}
why = "Somebody must answer for it."
{signers}"""
    )
    return "policy.toml"


def check(*evidence: str, target: str = "model", policy: str = "policy.toml") -> CheckResult:
    return app.check(target, policy=policy, evidence=evidence)


def refused(result: CheckResult) -> list[str]:
    return [each.why for each in result.refused]


# -- model signatures


def test_the_shipped_policy_demands_a_signature_that_the_command_line_trusts(here: Path) -> None:
    sign("model", "m.sig")
    signed = ("check", "model", "--policy", "signed", "--quiet")
    assert run([*signed]) == 1
    assert run([*signed, "--evidence", "m.sig"]) == 1
    assert run([*signed, "--evidence", "m.sig", "--pub", "bob.pub"]) == 1
    assert run([*signed, "--evidence", "m.sig", "--pub", "ann.pub"]) == 0
    assert run([*signed, "--pub", "ann.pub"]) == 1


def test_baseline_asks_for_nothing_and_takes_nothing(here: Path) -> None:
    sign("model", "m.sig")
    result = check("m.sig", policy="baseline")
    assert result.decision == "allow"
    assert refused(result) == [f"no signer of the policy may sign {MODEL_SIGNATURE}"]


@pytest.mark.parametrize(
    ("path", "content"), [("weights.pkl", pickle.dumps([1], 4)), ("more.json", b"{}"), ("sub/config.json", b"[]")]
)
def test_a_signature_of_other_files_does_not_count(here: Path, path: str, content: bytes) -> None:
    policy(here)
    sign("model", "m.sig")
    assert check("m.sig").decision == "allow"
    (here / "model" / path).parent.mkdir(exist_ok=True)
    (here / "model" / path).write_bytes(content)
    result = check("m.sig")
    assert result.decision == "deny"
    assert "about other files" in refused(result)[0]


def test_names_count_though_the_subject_of_the_signature_does_not_bind_them(here: Path) -> None:
    policy(here)
    sign("model", "m.sig")
    (here / "model/config.json").rename(here / "model/modeling.py")
    assert check("m.sig").decision == "deny"


def signed_check(evidence: str = "m.sig", policy: str = "signed") -> CheckResult:
    return app.check("model", policy=policy, evidence=[evidence], signers=app_signers("ann.pub"))


def uncovered(result: CheckResult) -> list[str]:
    return [place.file for place in result.scan.unexamined if "no signature covers it" in str(place.said)]


@pytest.mark.parametrize("content", [b"*.bin filter=lfs", b'{"hidden_size": 384}'], ids=["its own", "of a signed file"])
def test_what_the_format_leaves_out_is_not_covered(here: Path, content: bytes) -> None:
    """Git reads .gitattributes, whatever else holds the same bytes."""
    (here / "model/.gitattributes").write_bytes(content)
    sign("model", "m.sig")
    result = signed_check()
    assert result.decision == "incomplete"
    assert ".gitattributes" in uncovered(result)


def test_what_the_format_leaves_out_can_be_waived(here: Path) -> None:
    content = b"*.bin filter=lfs"
    (here / "model/.gitattributes").write_bytes(content)
    sign("model", "m.sig")
    waiver = f"""
[[waiver]]
rule = "unexamined"
digest = "sha256:{hashlib.sha256(content).hexdigest()}"
expires = 2030-01-01
reason = "Read by us."
"""
    (here / "waived.toml").write_bytes(shipped("signed") + waiver.encode())
    assert signed_check(policy="waived.toml").decision == "allow"


def test_a_signature_that_leaves_out_all_but_one_file_allows_nothing(here: Path) -> None:
    run(["sign", "model", "--output", "m.sig", "--key", "ann.key", "--ignore", "weights.pkl"])
    result = signed_check()
    assert result.decision == "incomplete"
    assert uncovered(result) == ["weights.pkl"]


def test_a_signature_may_lie_in_the_folder_that_it_signs(here: Path) -> None:
    sign("model", "model/model.sig")
    assert signed_check("model/model.sig").decision == "allow"
    assert signed_check("model").decision == "allow"  # what is not signed in there is refused, and no more


def test_what_merely_lies_beside_a_signature_is_covered_by_nothing(here: Path) -> None:
    sign("model", "model/model.sig")
    sign("model/config.json", "model/other.sig", key="bob")
    (here / "model/evil.sig").write_bytes(b"{}")
    result = signed_check("model")
    assert result.decision == "deny"
    assert "about other files: evil.sig (added)" in " ".join(refused(result))


def app_signers(path: str) -> list[Signer]:
    from modelward.app.trust import signers_of

    return signers_of([path], [], None, None, None)


def test_a_lone_file(here: Path) -> None:
    policy(here)
    sign("model/weights.pkl", "w.sig")
    assert check("w.sig", target="model/weights.pkl").decision == "allow"
    assert check("w.sig", target="model/config.json").decision == "deny"
    assert check("w.sig").decision == "deny"


# -- thresholds and windows


def test_two_must_sign(here: Path) -> None:
    policy(here, signatures=2)
    sign("model", "1.sig", "ann")
    sign("model", "2.sig", "ann")
    sign("model", "3.sig", "bob")
    assert check("1.sig").decision == "deny"
    assert check("1.sig", "2.sig").decision == "deny"
    assert check("1.sig", "3.sig").decision == "allow"


@pytest.mark.parametrize(
    ("window", "decision"),
    [
        ("since = 2027-01-15", "allow"),
        ("since = 2027-01-16", "deny"),
        ("until = 2027-01-15", "allow"),
        ("until = 2027-01-14", "deny"),
    ],
)
def test_a_signer_counts_in_its_time(here: Path, window: str, decision: str) -> None:
    policy(here, ann=window)  # the day of the run is 2027-01-15
    assert check(sign("model", "m.sig")).decision == decision


def test_a_signer_may_sign_what_the_policy_says_alone(here: Path) -> None:
    policy(here, predicate="urn:modelward:predicate:manifest:1")
    assert refused(check(sign("model", "m.sig"))) == [f"no signer of the policy may sign {MODEL_SIGNATURE}"]


# -- statements


def statements(here: Path) -> dict[str, Path]:
    run(["check", "model", "--statements", "made", "--quiet"])
    return {path.name.split("-")[0]: path for path in (here / "made").iterdir()}


@pytest.mark.parametrize("kind", ["manifest", "scan"])
def test_our_statements_count_when_they_are_signed(here: Path, kind: str) -> None:
    policy(here, predicate=f"urn:modelward:predicate:{kind}:1")
    made = statements(here)[kind]
    assert check(str(made)).decision == "deny"
    assert check(sign(str(made), "s.sig")).decision == "allow"
    (here / "model/config.json").write_text("{ }")
    assert check("s.sig").decision == "deny"


def test_findings_of_others_count_and_cannot_be_undone(here: Path) -> None:
    policy(here, predicate="urn:modelward:predicate:scan:1")
    scan = json.loads(statements(here)["scan"].read_text())
    for file in scan["predicate"]["files"].values():
        file["unexamined"] = [{"inside": [], "span": None, "why": "theirs", "do": ""}]
    (here / "theirs.json").write_bytes(canonical.encode(scan))
    result = check(sign("theirs.json", "s.sig"))
    assert (result.decision, result.refused) == ("incomplete", ())


def foreign(here: Path, **more: object) -> str:
    """A statement of a type that nobody here reads, about the lone file."""
    digest = app.scan("model/weights.pkl").digest
    assert digest
    body = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "other", "digest": {"sha256": "0" * 64}},
            {"digest": {"sha256": digest.value, "sha1": "x"}},
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
    } | more
    (here / "p.json").write_text(json.dumps(body))
    from modelward.attest import bundle
    from modelward.attest.keys import PrivateKey

    key = PrivateKey.parse((here / "ann.key").read_bytes(), None)
    (here / "p.sig").write_bytes(bundle.sign((here / "p.json").read_bytes(), key))
    return "p.sig"


def test_foreign_statements_are_admitted_by_the_same_door(here: Path) -> None:
    policy(here, predicate="https://slsa.dev/provenance/v1")
    assert check(foreign(here), target="model/weights.pkl").decision == "allow"
    assert check("p.sig", target="model/config.json").decision == "deny"


@pytest.mark.parametrize("more", [{"_type": "x"}, {"subject": []}, {"subject": {}}, {"subject": [None]}])
def test_what_is_no_statement_about_it_is_not(here: Path, more: dict[str, object]) -> None:
    policy(here, predicate="https://slsa.dev/provenance/v1")
    assert check(foreign(here, **more), target="model/weights.pkl").decision == "deny"


# -- bad input


def test_what_does_not_count_is_told_and_changes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy(here)
    (here / "pile").mkdir()
    for name, content in {"a": b"", "b": b"{}", "c": b"\xff", "d": b"[" * 100_000, "e": b"NaN"}.items():
        (here / "pile" / name).write_bytes(content)
    sign("model", "pile/z.sig")
    result = check("pile")
    assert result.decision == "allow"
    assert len(result.refused) == 5
    capsys.readouterr()
    assert run(["check", "model", "--policy", "policy.toml", "--evidence", "pile"]) == 0
    assert "refused   pile/a: " in capsys.readouterr().out


def test_a_policy_with_a_key_that_is_none_fails_before_anything_is_allowed(here: Path) -> None:
    text = (here / policy(here)).read_text().replace("BEGIN PUBLIC", "BEGIN PRIVATE", 1)
    (here / "policy.toml").write_text(text)
    sign("model", "m.sig")
    with pytest.raises(UsageError, match="the signer 'ann'"):
        check("m.sig")


@pytest.mark.parametrize("path", ["gone", "no\0name"])
def test_evidence_that_is_not_there_is_an_error(here: Path, path: str) -> None:
    with pytest.raises(ModelwardError):
        check(path, policy="baseline")
