"""Results of other tools in `check`: they count like ours, for what they are about, and never in place of ours."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelward import app
from modelward.app.evidence import About, admit
from modelward.app.judging import rules
from modelward.attest import bundle, dsse
from modelward.attest.keys import PrivateKey
from modelward.cli.commands import run
from modelward.core.artifact import Blob, tree_artifact
from modelward.core.digest import Digest
from modelward.core.result import CheckResult
from modelward.stores.tree import Tree

VULNS = "https://in-toto.io/attestation/vulns/v0.2"
COSIGN = "https://cosign.sigstore.dev/attestation/vuln/v1"
CUSTOM = "https://cosign.sigstore.dev/attestation/v1"
TEST = "https://in-toto.io/attestation/test-result/v0.1"
VSA = "https://slsa.dev/verification_summary/v1"
SCAN = "urn:modelward:predicate:scan:1"
MANIFEST = "urn:modelward:predicate:manifest:1"
PROVENANCE = "https://slsa.dev/provenance/v1"
KINDS = (VULNS, COSIGN, CUSTOM, TEST, VSA, PROVENANCE)

Sign = Callable[..., bytes]
CLEAN = {"scanner": {"uri": "pkg:x", "result": []}}
GRAVE = {"scanner": {"uri": "pkg:x", "result": [{"id": "CVE-1", "severity": [{"method": "nvd", "score": "high"}]}]}}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> PrivateKey:
    folder = tmp_path_factory.mktemp("keys")
    run(["keygen", "--out", str(folder / "ann")])
    return PrivateKey.parse((folder / "ann.key").read_bytes(), None)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")  # 2027-01-15
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text('{"hidden_size": 384}')
    (tmp_path / "model/weights.pkl").write_bytes(pickle.dumps({"layers": [1, 2, 3]}, 4))
    return tmp_path


def digest_of(target: str) -> dict[str, str]:
    digest = app.scan(target).digest
    assert digest
    return {digest.algorithm: digest.value}


def statement(kind: str, predicate: object, *targets: str, **more: object) -> bytes:
    body = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": target, "digest": digest_of(target)} for target in targets or ("model",)],
        "predicateType": kind,
        "predicate": predicate,
    }
    return json.dumps(body | more).encode()


def envelope(payload: bytes, key: PrivateKey) -> bytes:
    """As `cosign download attestation` prints one."""
    sig = key.sign(dsse.pae(dsse.PAYLOAD_TYPE, payload))
    body = {
        "payloadType": dsse.PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": "", "sig": base64.b64encode(sig).decode()}],
    }
    return json.dumps(body).encode()


def policy(key: PrivateKey, kind: str = VULNS, deny: str = "medium", more: str = "", window: str = "") -> str:
    """Ann may sign all that is read here; one statement of type *kind* is needed."""
    Path("policy.toml").write_text(
        f"""schema = "modelward/policy/1"
name = "ours"

[deny]
severity = "{deny}"

[[need]]
id = "theirs"
predicate = "{kind}"
why = "Somebody else must have looked."
{more}

[[signer]]
name = "ann"
predicates = {json.dumps([*KINDS, SCAN, MANIFEST])}
{window}
key = '''{key.public.pem.decode()}'''
"""
    )
    return "policy.toml"


def check(*contents: bytes, target: str = "model", name: str = "policy.toml") -> CheckResult:
    for number, content in enumerate(contents):
        Path(f"{number}.json").write_bytes(content)
    return app.check(target, policy=name, evidence=[f"{number}.json" for number in range(len(contents))])


def fired(result: CheckResult) -> list[str]:
    return [reason.what for reason in result.reasons]


# --- what they say counts ---


def test_a_clean_result_meets_the_need_and_a_grave_one_denies(here: Path, key: PrivateKey) -> None:
    policy(key)
    assert check().decision == "deny"
    assert check(bundle.sign(statement(VULNS, CLEAN), key)).decision == "allow"
    result = check(bundle.sign(statement(VULNS, GRAVE), key))
    assert (result.decision, fired(result)) == ("deny", ["foreign-high-result"])


def test_a_clean_result_undoes_no_grave_one(here: Path, key: PrivateKey) -> None:
    policy(key)
    signed = [bundle.sign(statement(VULNS, predicate), key) for predicate in (GRAVE, CLEAN)]
    assert check(*signed).decision == check(*reversed(signed)).decision == "deny"


@pytest.mark.parametrize("kind", KINDS)
def test_no_statement_of_others_undoes_what_our_scan_found(here: Path, key: PrivateKey, kind: str) -> None:
    policy(key, kind)
    (here / "model/weights.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    clean = {
        TEST: {"result": "PASSED"},
        VSA: {"verificationResult": "PASSED"},
        CUSTOM: {"Data": "fine", "Timestamp": ""},
    }.get(kind, CLEAN)
    result = check(bundle.sign(statement(kind, clean), key))
    assert result.refused == ()
    assert result.decision == "deny"
    assert "pickle-dangerous-call" in fired(result)


@pytest.mark.parametrize(
    ("kind", "predicate", "rule"),
    [
        (TEST, {"result": "FAILED", "failedTests": ["a"]}, "foreign-failed-test"),
        (VSA, {"verificationResult": "FAILED"}, "foreign-failed-verification"),
        (VULNS, {"scanner": {"result": [{"id": "GO-1", "severity": []}]}}, "foreign-unrated-result"),
    ],
)
def test_a_failure_denies_under_the_mildest_policy(
    here: Path, key: PrivateKey, kind: str, predicate: object, rule: str
) -> None:
    """A statement of the type that is needed is there, and it says no."""
    policy(key, kind, deny="critical")
    assert fired(check(bundle.sign(statement(kind, predicate), key))) == [rule]


def test_what_was_not_looked_at_is_incomplete_and_named_in_the_report(
    here: Path, key: PrivateKey, capsys: pytest.CaptureFixture[str]
) -> None:
    policy(key)
    (here / "v.json").write_bytes(bundle.sign(statement(VULNS, {"scanner": {"result": None}}), key))
    capsys.readouterr()
    assert run(["check", "model", "--policy", "policy.toml", "--evidence", "v.json"]) == 3
    said = capsys.readouterr().out
    assert f"unexamined: model > evidence://{VULNS}" in said
    assert "2 files, policy ours" in said


def test_every_report_names_what_denies(here: Path, key: PrivateKey, capsys: pytest.CaptureFixture[str]) -> None:
    policy(key)
    (here / "v.json").write_bytes(bundle.sign(statement(VULNS, GRAVE), key))
    for form in ("text", "json", "sarif", "junit", "github", "markdown", "html"):
        capsys.readouterr()
        assert run(["check", "model", "--policy", "policy.toml", "--evidence", "v.json", "--format", form]) == 1
        said = capsys.readouterr().out
        assert "foreign-high-result" in said
        assert "CVE-1" in said


def test_a_waiver_takes_the_rule_and_the_digest(here: Path, key: PrivateKey) -> None:
    ((algorithm, value),) = digest_of("model").items()
    waiver = """
[[waiver]]
rule = "{rule}"
digest = "{digest}"
expires = 2027-01-15
reason = "Looked at."
"""
    signed = bundle.sign(statement(VULNS, GRAVE), key)
    digest = f"{algorithm}:{value}"
    policy(key, more=waiver.format(rule="foreign-high-result", digest=digest))
    result = check(signed)
    assert (result.decision, len(result.waived)) == ("allow", 1)
    assert result.waived[0].place in result.scan.findings
    policy(key, more=waiver.format(rule="foreign-critical-result", digest=digest))
    assert check(signed).decision == "deny"


def test_a_gap_is_waived_by_its_own_name_alone(here: Path, key: PrivateKey) -> None:
    ((algorithm, value),) = digest_of("model").items()
    signed = bundle.sign(statement(VULNS, {"scanner": {"result": None}}), key)
    for file, decision in ((f"evidence://{VULNS}", "allow"), (".", "incomplete"), ("config.json", "incomplete")):
        waiver = f"""
[[waiver]]
rule = "unexamined"
digest = "{algorithm}:{value}"
file = "{file}"
expires = 2027-01-15
reason = "Looked at."
"""
        policy(key, more=waiver)
        result = check(signed)
        assert (result.decision, result.refused) == (decision, ())


def test_the_rules_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for rule in (rule for rule in rules() if rule.startswith("foreign-")):
        capsys.readouterr()
        assert run(["explain", rule]) == 0
        assert rule in capsys.readouterr().out


# --- what it is about ---


def test_a_result_about_the_files_of_a_folder_is_about_the_folder_in_part(here: Path, key: PrivateKey) -> None:
    """actions/attest and cosign know files, and no digest of a tree."""
    names = ("model/weights.pkl", "model/config.json")
    policy(key, more='covers = "every-file"\nsignatures = 1')
    both = bundle.sign(statement(VULNS, CLEAN, *names), key)
    each = [bundle.sign(statement(VULNS, CLEAN, name), key) for name in names]
    assert check(both).decision == check(*each).decision == "allow"
    assert check(each[0]).decision == "deny"
    policy(key)
    assert fired(check(both, *each)) == ["theirs"]


def test_what_was_found_in_one_file_is_found_in_the_folder(here: Path, key: PrivateKey) -> None:
    policy(key)
    whole = bundle.sign(statement(VULNS, CLEAN), key)
    result = check(whole, bundle.sign(statement(VULNS, GRAVE, "model/weights.pkl"), key))
    (reason,) = result.reasons
    assert (reason.what, reason.file) == ("foreign-high-result", "weights.pkl")


def test_what_nobody_reads_counts_for_the_whole_alone(here: Path, key: PrivateKey) -> None:
    policy(key, PROVENANCE)
    assert check(bundle.sign(statement(PROVENANCE, {}), key)).decision == "allow"
    part = check(bundle.sign(statement(PROVENANCE, {}, "model/weights.pkl"), key))
    assert part.decision == "deny"
    assert "of a type that is not read here" in part.refused[0].why


def test_a_report_under_a_type_that_nobody_knows_is_read(here: Path, key: PrivateKey) -> None:
    policy(key, PROVENANCE)
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"level": "error"}]}]}
    assert fired(check(bundle.sign(statement(PROVENANCE, log), key))) == ["foreign-high-result"]


@pytest.mark.parametrize("digest", [{"sha256": 3}, {"sha256": ["0"]}, "x", None, {}, {"sha1": "0"}])
def test_a_subject_that_is_none_is_not_about_it(here: Path, key: PrivateKey, digest: object) -> None:
    policy(key)
    result = check(bundle.sign(statement(VULNS, CLEAN, subject=[{"digest": digest}, 3, {}]), key))
    assert [each.why for each in result.refused] == ["it is about something else"]


# --- a statement of ours that somebody else made ---


def made(kind: str) -> dict[str, object]:
    run(["check", "model", "--statements", "made", "--quiet"])
    (found,) = Path("made").glob(f"{kind}-*")
    body: dict[str, object] = json.loads(found.read_bytes())
    return body


def test_a_scan_by_others_adds_and_replaces_nothing(here: Path, key: PrivateKey) -> None:
    """Whoever may sign scans says that all is clean: our own scan, of this run, is still there."""
    policy(key, SCAN, more="signatures = 1")
    clean = made("scan")
    (here / "model/weights.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    ((algorithm, value),) = digest_of("model").items()
    clean["subject"] = [{"digest": {algorithm: value}}]
    result = check(bundle.sign(json.dumps(clean).encode(), key))
    assert (result.decision, result.refused) == ("deny", ())
    assert "pickle-dangerous-call" in fired(result)


@pytest.mark.parametrize("kind", ["scan", "manifest"])
@pytest.mark.parametrize("predicate", [{}, CLEAN, {"files": {}}, None, []])
def test_other_content_under_a_type_of_ours_is_refused(
    here: Path, key: PrivateKey, kind: str, predicate: object
) -> None:
    policy(key, f"urn:modelward:predicate:{kind}:1", more="signatures = 1")
    result = check(bundle.sign(statement(f"urn:modelward:predicate:{kind}:1", predicate), key))
    assert (result.decision, len(result.refused)) == ("deny", 1)


# --- how it comes ---


def test_the_form_of_cosign(here: Path, key: PrivateKey) -> None:
    policy(key, CUSTOM)
    data = json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]})
    old = "https://in-toto.io/Statement/v0.1"
    payload = statement(CUSTOM, {"Data": data, "Timestamp": "2021-08-11T14:51:09Z"}, _type=old)
    assert check(envelope(payload, key)).decision == "allow"
    payload = statement(CUSTOM, {"Data": "looked at\n", "Timestamp": ""}, _type=old)
    assert check(envelope(payload, key)).decision == "allow"


def test_each_line_counts_or_is_refused_by_itself(here: Path, key: PrivateKey) -> None:
    policy(key)
    good, grave = (envelope(statement(VULNS, predicate), key) for predicate in (CLEAN, GRAVE))
    result = check(b"\n".join([b"garbage", good, b"", b'{"payloadType": 3}', good[:-9], b"  " + good + b"\r", b""]))
    assert result.decision == "allow"
    assert [each.file for each in result.refused] == ["0.json:1", "0.json:4", "0.json:5"]
    assert len(result.statements) == 4
    assert check(good + b"\n" + grave + b"\n").decision == "deny"


def test_each_entry_of_a_list_counts_or_is_refused_by_itself(here: Path, key: PrivateKey) -> None:
    policy(key)
    good = envelope(statement(VULNS, CLEAN), key)
    result = check(b"[ 3, " + good + b", {} ]")
    assert (result.decision, [each.file for each in result.refused]) == ("allow", ["0.json[1]", "0.json[3]"])
    assert check(b"[" + good).decision == "deny"
    assert check(b"[]").decision == "deny"


def test_a_statement_over_several_lines_is_one(here: Path, key: PrivateKey) -> None:
    policy(key)
    good = json.loads(envelope(statement(VULNS, CLEAN), key))
    for indent in (0, 1, "\t"):
        result = check(json.dumps(good, indent=indent).encode() + b"\n")
        assert (result.decision, result.refused) == ("allow", ())


# --- time ---


def test_a_signer_out_of_time_meets_nothing_and_is_still_heard(here: Path, key: PrivateKey) -> None:
    policy(key, window="until = 2027-01-14")
    assert check(bundle.sign(statement(VULNS, CLEAN), key)).decision == "deny"
    assert "foreign-high-result" in fired(check(bundle.sign(statement(VULNS, GRAVE), key)))


# --- hostile payloads ---


@pytest.mark.parametrize(
    "payload",
    [
        b'{"predicateType": []}',
        b'{"predicateType": {}}',
        b'{"predicateType": NaN}',
        b'{"predicateType": "x", "predicateType": "x"}',
        b"[]",
        b"3",
        b"",
        b"\xff",
        b"[" * 200_000,
        b'{"predicateType": "%s", "a": [%s]}' % (VULNS.encode(), b"[]," * 1_000_000 + b"[]"),
    ],
)
def test_what_is_no_statement_is_refused_signed_or_not(here: Path, key: PrivateKey, payload: bytes) -> None:
    policy(key)
    result = check(bundle.sign(payload, key))
    assert (result.decision, len(result.refused)) == ("deny", 1)


def test_duplicate_keys_and_nan_in_a_predicate_are_refused(here: Path, key: PrivateKey) -> None:
    policy(key)
    twice = statement(VULNS, CLEAN).replace(b'"result": []', b'"result": [1], "result": []')
    nan = statement(VULNS, CLEAN).replace(b'"result": []', b'"x": NaN, "result": []')
    refused = check(bundle.sign(twice, key), bundle.sign(nan, key)).refused
    assert [each.why for each in refused] == ["duplicate key in a JSON object", "NaN is not JSON"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([*KINDS, SCAN, MANIFEST, "https://model_signing/signature/v1.0"]), JSON, JSON, JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_whatever_is_signed_is_admitted_or_refused(
    tmp_path: Path, key: PrivateKey, kind: str, subject: object, predicate: object, more: object
) -> None:
    from modelward.policy import schema

    files = {"a": Blob(Digest("sha256", "0" * 64), 1)}
    artifact = tree_artifact(files, "x")
    subjects = [{"digest": {artifact.digest.algorithm: artifact.digest.value}}, subject]
    body = {"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": kind}
    payload = json.dumps(body | {"predicate": predicate, "more": more}).encode()
    file = tmp_path / "one.json"
    file.write_bytes(bundle.sign(payload, key))
    text = f"""schema = "modelward/policy/1"
name = "x"
deny = {{severity = "low"}}
need = [{{id = "x", predicate = "x", why = "x"}}]
[[signer]]
name = "ann"
predicates = ["{kind}"]
key = '''{key.public.pem.decode()}'''
"""
    judged_by = schema.parse(text.encode(), "x", rules())
    about = About(artifact, Tree((), (), (), (), (), True, "x"))
    from modelward.app.clock import now

    admitted, refused = admit([str(file)], about, judged_by, now())
    assert len(admitted) + len(refused) == 1
