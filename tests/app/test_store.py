"""`check --store`: what it made is kept, what others signed is found again, and a damaged store is never silent."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.process import REAL, environment

from modelward.app import store as app
from modelward.attest.dsse import PAYLOAD_TYPE
from modelward.cli.commands import run
from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ModelwardError, UsageError
from modelward.core.statement import Statement
from modelward.core.store import IN_TOTO
from modelward.stores import evidence_store
from modelward.stores.evidence_manifest import Subject
from modelward.stores.evidence_store import EvidenceStore
from modelward.stores.lock import Unwritable
from modelward.stores.oci_layout import Damaged

SIGNED = ("check", "model", "--policy", "signed", "--quiet", "--store", "store", "--pub")
ABOUT = Digest("sha3_256", "7" * 64)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model that nothing is wrong with, and a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # no power fails during a test
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text('{"hidden_size": 384}')
    run(["keygen", "--out", "ann"])
    return tmp_path


def statement(about: Digest = ABOUT, kind: str = "urn:example:review", **predicate: object) -> bytes:
    return Statement.make(about, kind, predicate).raw


def signed(name: str, raw: bytes) -> str:
    Path(name).write_bytes(raw)
    assert run(["sign", name, "--output", f"{name}.sig", "--key", "ann.key"]) == 0
    return f"{name}.sig"


def kept(store: str = "store") -> list[tuple[str, str]]:
    return [(each.predicate_type.split(":")[-2], each.media_type) for each, _ in app.listing(store).statements]


# -- check


def test_what_check_makes_is_kept_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert run(["check", "model", "--store", "store"]) == 0
    assert "evidence  2 statements in store\n" in capsys.readouterr().out
    assert kept() == [("manifest", IN_TOTO), ("scan", IN_TOTO)]
    assert run(["check", "model", "--statements", "evidence"]) == 0
    with EvidenceStore("store") as opened:
        assert {opened.read(each) for each, _ in opened.find()} == {
            path.read_bytes() for path in Path("evidence").iterdir()
        }


def test_what_others_signed_is_found_and_verified(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["keygen", "--out", "bob"])
    run(["sign", "model", "--output", "m.sig", "--key", "ann.key"])
    assert run([*SIGNED, "ann.pub"]) == 1
    assert run(["store", "add", "m.sig", "--about", "model", "--store", "store"]) == 0
    assert run([*SIGNED, "ann.pub"]) == 0
    assert run([*SIGNED, "bob.pub"]) == 1
    capsys.readouterr()
    assert run(["check", "model", "--policy", "signed", "--store", "store", "--pub", "bob.pub"]) == 1
    name = [each.statement for each, _ in app.listing("store").statements if each.is_signed]
    assert f"refused   store:{name[0]}: " in capsys.readouterr().out


def test_what_is_not_signed_counts_for_nothing_and_is_not_complained_of(here: Path) -> None:
    """Whoever can write to the store could say what they like."""
    Path("forged.json").write_bytes(statement(app.digest_of("model"), "https://model_signing/signature/v1.0"))
    with pytest.raises(ModelwardError, match="say with --about"):
        run(["store", "add", "forged.json", "--store", "store"])
    assert run(["store", "add", "forged.json", "--store", "store", "--about", "model"]) == 0
    assert run([*SIGNED, "ann.pub"]) == 1


def test_a_signature_that_is_kept_as_none_is_read_all_the_same(here: Path) -> None:
    """Whoever writes a layout can say that nobody signed what says no."""
    run(["sign", "model", "--output", "m.sig", "--key", "ann.key"])
    (entry,) = app.entries(Path("m.sig").read_bytes(), app.digest_of("model"))
    with EvidenceStore("store", create=True) as opened:
        opened.add([replace(entry, media_type=IN_TOTO)])
    assert run([*SIGNED, "ann.pub"]) == 0


def test_a_statement_under_another_artifact_does_not_count(here: Path) -> None:
    """The place where it is kept is a claim."""
    shutil.copytree("model", "other")
    Path("other/config.json").write_text("{}")
    run(["sign", "other", "--output", "o.sig", "--key", "ann.key"])
    assert run(["store", "add", "o.sig", "--about", "model", "--store", "store"]) == 0
    assert run([*SIGNED, "ann.pub"]) == 1


@pytest.mark.parametrize("how", ["flipped", "removed", "not named"])
def test_a_signed_statement_that_is_not_what_it_was_stops_the_check(here: Path, how: str) -> None:
    """It may be the one that says no. What was not signed is made anew."""
    run(["sign", "model", "--output", "m.sig", "--key", "ann.key"])
    run(["store", "add", "m.sig", "--about", "model", "--store", "store"])
    digest = app.digest_of("model")
    raw = Path("m.sig").read_bytes()
    with EvidenceStore("store") as opened:
        (named,) = opened.find(digest)
        place = Path("store/blobs/sha256") / named[0].statement.value
    if how == "flipped":
        place.write_bytes(raw[:-1] + b" ")
    elif how == "removed":
        place.unlink()
    else:
        index = Path("store/index.json")
        index.write_bytes(index.read_bytes().replace(Subject.of(digest).tag.encode(), b"0" * 64))
    with pytest.raises(ModelwardError, match=r"the store 'store' is damaged: .*") as raised:
        run([*SIGNED, "ann.pub"])
    assert raised.value.exit_code == 4
    assert run(["check", "model", "--quiet", "--store", "store"]) == 0
    run(["store", "add", "m.sig", "--about", "model", "--store", "store"])
    assert run([*SIGNED, "ann.pub"]) == 0


def test_a_project_has_a_store(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "model"])
    assert not Path(".modelward").exists()
    Path(".modelward").mkdir()
    assert run(["check", "model"]) == 0
    assert len(kept(".modelward")) == 2
    assert "statements in .modelward\n" in capsys.readouterr().out
    assert run(["check", "model", "--store", "other"]) == 0
    assert len(kept("other")) == len(kept(".modelward")) == 2


def test_a_store_in_what_is_checked_is_not_used(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever made the model could have filled it."""
    shutil.move("ann.key", here.parent / f"{here.name}.key")
    Path(".modelward").mkdir()
    assert run(["check", "."]) == 0
    assert "the store '.modelward' is not used: it lies in '.'" in capsys.readouterr().err
    assert list(Path(".modelward").iterdir()) == []
    for inside in ("model/store", "model"):
        with pytest.raises(UsageError, match="it lies in 'model'"):
            run(["check", "model", "--store", inside])
    assert [path.name for path in Path("model").iterdir()] == ["config.json"]


def test_names_that_no_file_can_have(here: Path) -> None:
    Path(".modelward").mkdir()
    with app.opened_for(["no\0name"], None) as (opened, trouble):
        assert opened and not trouble
    for name in ("", "no\0name"):
        with pytest.raises(UsageError), app.opened_for(["model"], name):
            pass


def test_a_url_in_part_makes_nothing_to_keep(here: Path) -> None:
    with pytest.raises(UsageError, match="--store needs --full with a URL"):
        run(["check", "https://127.0.0.1:1/model.pt", "--store", "store"])
    assert not Path("store").exists()


def test_several_checks_at_once(here: Path) -> None:
    """As CI jobs do that share a store."""
    for number in range(2):
        Path(f"{number}.json").write_text(f'{{"hidden_size": {number}}}')
    command = (*REAL, "check", "--quiet", "--store", "store")
    started = [
        subprocess.Popen([*command, f"{number}.json"], env=environment(), stdout=subprocess.DEVNULL)
        for number in range(2)
    ]
    assert [process.wait(60) for process in started] == [0] * 2
    found = app.listing("store", verify=True)
    assert (len(found.statements), found.problems) == (4, ())


# -- what goes in


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "not JSON"),
        (b"{}", "lacks"),
        (b"[]", "there is no statement in what was named"),
        (b'{"_type":"https://in-toto.io/Statement/v2"}', "no in-toto statement"),
        (b'{"_type":"https://in-toto.io/Statement/v1"}', "without a predicateType"),
        (b'{"_type":"https://in-toto.io/Statement/v1","predicateType":"a"}', "say with --about what it is about"),
        (statement().replace(b"7" * 64, b"7" * 63), "not a sha256 or sha3_256 digest"),
        (statement().replace(b'"sha3_256":', b'"sha512":'), "say with --about what it is about"),
        (statement().replace(b'"predicate":', b'"predicate":{},"predicate":'), "duplicate key"),
    ],
)
def test_what_is_no_statement_is_not_kept(here: Path, raw: bytes, why: str) -> None:
    Path("good.json").write_bytes(statement())
    Path("bad.json").write_bytes(raw)
    with pytest.raises(ModelwardError, match=why):
        app.add(["bad.json"] if raw == b"[]" else ["good.json", "bad.json"], "store")
    assert not Path("store").exists()


def test_all_forms_and_several_at_once(here: Path) -> None:
    """One a line, as cosign prints them; a folder; a bundle, an envelope and a bare statement."""
    bundle = Path(signed("one.json", statement(n=1))).read_bytes()
    envelope = canonical.encode(json.loads(bundle)["dsseEnvelope"])
    Path("more").mkdir()
    Path("more/lines.jsonl").write_bytes(bundle + b"\n" + envelope + b"\n")
    Path("more/bare.json").write_bytes(statement(n=1))
    done = app.add(["more"], "store")
    assert len(done.new) == 3
    assert {each.media_type for each in done.kept} == {
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        "application/vnd.dsse.envelope.v1+json",
        IN_TOTO,
    }
    assert {each.about for each in done.kept} == {ABOUT}
    assert app.add(["more"], "store").new == frozenset()
    assert app.listing("store", verify=True).problems == ()


def test_a_bundle_of_an_earlier_version_says_so(here: Path) -> None:
    raw = Path(signed("one.json", statement())).read_bytes()
    old = raw.replace(b"bundle.v0.3+json", b"bundle+json;version=0.2")
    (entry,) = app.entries(old)
    assert entry.media_type == "application/vnd.dev.sigstore.bundle.v0.2+json"


def test_an_envelope_of_something_else(here: Path) -> None:
    body = json.loads(Path(signed("one.json", statement())).read_bytes())
    body["dsseEnvelope"]["payloadType"] = "text/plain"
    with pytest.raises(Malformed, match="signs 'text/plain', and no in-toto statement"):
        app.entries(canonical.encode(body))


def test_a_statement_about_several_is_found_by_each(here: Path) -> None:
    body = json.loads(statement())
    file = "5" * 64
    body["subject"] = [*body["subject"], {"name": "b", "digest": {"sha256": file, "sha512": "0"}}, {"name": "c"}]
    Path("two.json").write_bytes(canonical.encode(body))
    app.add(["two.json"], "store")
    for about in (ABOUT, Digest("sha256", file)):
        assert [each.about for each, _ in app.listing("store", [str(about)]).statements] == [about]
    body["subject"] = [{"name": "b", "digest": {"sha256": f"{number:064x}"}} for number in range(1001)]
    Path("many.json").write_bytes(canonical.encode(body))
    with pytest.raises(Malformed, match="about 1,001 artifacts: say with --about"):
        app.add(["many.json"], "store")


def test_a_log_key_kept_elsewhere(here: Path) -> None:
    run(["keygen", "--out", "log", "--type", "ed25519"])
    Path("one.json").write_bytes(statement(n=1))
    Path("two.json").write_bytes(statement(n=2))
    app.add(["one.json"], "store", log_key="log.key")
    assert not Path("store/log/key").exists()
    with pytest.raises(ModelwardError, match="the key of the log is not in its folder: name it with --log-key"):
        app.add(["two.json"], "store")
    app.add(["two.json"], "store", log_key="log.key")
    assert app.listing("store", verify=True).problems == ()


# -- what comes out


def test_statements_of_too_many_values(here: Path) -> None:
    """What is parsed takes thirty times its size."""
    raw = statement()[:-1] + b',"more":[' + b"[]," * (1 << 22) + b"1]}"
    envelope = {"payload": base64.b64encode(raw).decode(), "payloadType": PAYLOAD_TYPE, "signatures": [{"sig": "AAAA"}]}
    for each in (raw, json.dumps(envelope).encode()):
        with pytest.raises(Malformed, match=r"a statement with more than 4,194,304 values"):
            app.entries(each)


def test_another_store_is_no_statement(here: Path) -> None:
    Path("a.json").write_bytes(statement())
    app.add(["a.json"], "one")
    with pytest.raises(UsageError, match=r"STATEMENT 'one' is a store: modelward store export --store one"):
        app.add(["one"], "two")
    with pytest.raises(UsageError, match="STATEMENT 'none' cannot be read"):
        app.add(["none"], "two")
    assert not Path("two").exists()


def test_a_store_that_may_only_be_read_is_of_use(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["check", "model", "--store", "store", "--quiet"]) == 0

    def refused(folder: Path) -> None:
        raise Unwritable("not permitted")

    monkeypatch.setattr(evidence_store, "locked", refused)
    assert run(["check", "model", "--store", "store", "--quiet"]) == 0
    Path("model/config.json").write_text("{}")
    with pytest.raises(ModelwardError, match="not permitted"):
        run(["check", "model", "--store", "store", "--quiet"])


def test_a_statement_filed_as_another_is_found_by_verify(here: Path) -> None:
    """Whoever writes a layout can say of a statement what it is not."""
    (entry,) = app.entries(statement())
    with EvidenceStore("store", create=True) as opened:
        opened.add([replace(entry, predicate_type="urn:example:other"), replace(entry, raw=b"{}")])
    problems = app.listing("store", verify=True).problems
    assert len(problems) == 2
    assert any("it is kept as urn:example:other in" in each for each in problems)


def test_more_than_can_be_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MOST_READ", 1)
    for number in range(2):
        app.add([signed(f"{number}.json", statement(n=number))], "store")
    with EvidenceStore("store") as opened, pytest.raises(Damaged, match="2 statements about"):
        list(app.signed_about(ABOUT, opened))


def test_exported_statements_are_evidence(here: Path) -> None:
    run(["sign", "model", "--output", "m.sig", "--key", "ann.key"])
    app.add(["m.sig"], "store", about="model")
    app.add([signed("one.json", statement())], "store")
    (name,) = app.export("store", ["model"], "out")
    (file,) = Path("out").iterdir()
    assert file.read_bytes() == Path("m.sig").read_bytes()
    assert file.name == f"model-signing-signature-v1.0-{name.statement.value}.json"
    assert run(["check", "model", "--policy", "signed", "--quiet", "--evidence", "out", "--pub", "ann.pub"]) == 0
    assert len(app.export("store", [], "out")) == 2
    Path("file").touch()
    with pytest.raises(UsageError, match="--output 'file': cannot write"):
        app.export("store", [], "file")


def test_what_names_a_statement(here: Path) -> None:
    app.add([signed("one.json", statement())], "store")
    run(["check", "model", "--store", "store", "--quiet"])
    found = app.listing("store").statements
    whole = str(next(each.statement for each, _ in found if each.is_signed))
    for name in (whole, whole[:13], whole[7:13], whole[7:]):
        assert [str(each.statement) for each, _ in app.listing("store", [name]).statements] == [whole]
    assert len(app.listing("store", ["model"]).statements) == 2
    assert len(app.listing("store", ["model", str(ABOUT), whole]).statements) == 3
    for name in ("sha256:" + "0" * 64, "000000", str(app.digest_of("one.json"))):
        with pytest.raises(UsageError, match="there is nothing about"):
            app.listing("store", [name])
    with pytest.raises(UsageError, match="does not exist"):
        app.listing("store", ["gone"])


def test_what_a_statement_shows_is_what_was_signed(here: Path) -> None:
    app.add([signed("one.json", statement(text="\x1b[31m"))], "store")
    (shown,) = app.show("store", str(ABOUT))
    assert json.loads(shown.body) == json.loads(statement(text="\x1b[31m"))
    assert shown.position == 0
