"""Signed, changed, verified: by the command line, as a user would."""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from tests.attest import authority

from modelward.app import keys, signing
from modelward.app.signing import Refused
from modelward.attest import bundle, dsse
from modelward.attest.keys import PrivateKey
from modelward.cli.commands import run
from modelward.core.errors import Malformed, ModelwardError, ReadError, UsageError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, keys and a signature of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    for path, content in {"a.bin": "one", "b.bin": "two", "sub/c.json": "{}", "empty": ""}.items():
        place = tmp_path / "model" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    done("keygen", "--out", "k")
    done("sign", "model", "--output", "model.sig", "--key", "k.key")
    return tmp_path


def done(*args: str) -> int:
    """The exit code, of errors too."""
    try:
        return run(args)
    except ModelwardError as error:
        return error.exit_code


def verified(signature: str = "model.sig", target: str = "model", *more: str) -> int:
    return done("verify", target, "--signature", signature, "--pub", "k.pub", *more)


def told(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, object]:
    capsys.readouterr()
    done(*args, "--format", "json")
    body: dict[str, object] = json.loads(capsys.readouterr().out)
    return body


def differences(capsys: pytest.CaptureFixture[str], signature: str = "model.sig") -> list[tuple[str, str]]:
    body = told(capsys, "verify", "model", "--signature", signature, "--pub", "k.pub")
    found = body["differences"]
    assert isinstance(found, list)
    return [(item["kind"], item["file"]) for item in found]


# -- nothing was changed


def test_what_was_signed_verifies(here: Path) -> None:
    assert verified() == 0


def test_the_folder_may_have_moved(here: Path) -> None:
    (here / "model").rename(here / "elsewhere")
    assert verified(target="elsewhere") == 0


def test_a_signature_within_the_model_is_no_part_of_it(here: Path) -> None:
    assert done("sign", "model", "--output", "model/sub/in.sig", "--key", "k.key") == 0
    assert verified("model/sub/in.sig") == 0


def test_a_lone_file(here: Path) -> None:
    assert done("sign", "model/a.bin", "--output", "one.sig", "--key", "k.key") == 0
    assert verified("one.sig", "model/a.bin") == 0
    assert verified("one.sig", "model/b.bin") == 1
    assert verified("one.sig", "model") == 1
    assert verified("model.sig", "model/a.bin") == 1


def test_the_same_model_gives_the_same_payload(here: Path) -> None:
    done("sign", "model", "--output", "again.sig", "--key", "k.key")
    first, second = (json.loads((here / name).read_text())["dsseEnvelope"] for name in ("model.sig", "again.sig"))
    assert first["payload"] == second["payload"]


# -- something was changed

CHANGES: dict[str, tuple[Callable[[Path], object], list[tuple[str, str]]]] = {
    "a byte": (lambda m: (m / "a.bin").write_text("onE"), [("changed", "a.bin")]),
    "a byte more": (lambda m: (m / "a.bin").write_text("one\n"), [("changed", "a.bin")]),
    "a file that was empty": (lambda m: (m / "empty").write_text("x"), [("changed", "empty")]),
    "another name": (lambda m: (m / "a.bin").rename(m / "A.bin"), [("renamed", "a.bin")]),
    "another folder": (lambda m: (m / "sub/c.json").rename(m / "c.json"), [("renamed", "sub/c.json")]),
    "a file more": (lambda m: (m / "modeling_x.py").write_text("import os"), [("added", "modeling_x.py")]),
    "a hidden file more": (lambda m: (m / ".x").touch(), [("added", ".x")]),
    "git below the top": (lambda m: (m / "sub/.gitignore").touch(), [("added", "sub/.gitignore")]),
    "a download cache": (lambda m: _put(m / ".cache/huggingface/x.py"), [("added", ".cache/huggingface/x.py")]),
    "a file less": (lambda m: (m / "b.bin").unlink(), [("missing", "b.bin")]),
    "an empty file less": (lambda m: (m / "empty").unlink(), [("missing", "empty")]),
    "a swap": (lambda m: _swap(m / "a.bin", m / "b.bin"), [("changed", "a.bin"), ("changed", "b.bin")]),
    "a link to the same bytes": (lambda m: _link(m / "a.bin", "../a.copy"), [("type", "a.bin")]),
    "a link to a sibling": (lambda m: _link(m / "b.bin", "a.bin"), [("changed", "b.bin"), ("link", "b.bin")]),
    "a link more": (lambda m: (m / "l").symlink_to("a.bin"), [("added", "l")]),
    "a folder in its place": (lambda m: _folder(m / "a.bin"), [("type", "a.bin"), ("added", "a.bin/x")]),
    "a fifo in its place": (lambda m: _fifo(m / "a.bin"), [("type", "a.bin")]),
    "a fifo more": (lambda m: os.mkfifo(m / "f"), [("added", "f")]),
}


def _put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x = 1")


def _swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _link(path: Path, target: str) -> None:
    shutil.copy(path, path.parent / "../a.copy")
    path.unlink()
    path.symlink_to(target)


def _folder(path: Path) -> None:
    path.unlink()
    _put(path / "x")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_every_change_is_named(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], object],
    expected: list[tuple[str, str]],
) -> None:
    assert done("manifest", "model", "--output", "m.json") == 0
    change(here / "model")
    assert verified() == 1
    assert differences(capsys) == expected
    is_beside = expected[0][1].startswith(".cache/")
    assert done("verify", "model", "--manifest", "m.json") == (3 if is_beside else 1)


# -- links


def test_links_are_signed_only_where_that_was_asked_for(here: Path) -> None:
    (here / "model/l").symlink_to("a.bin")
    assert done("sign", "model", "--output", "l.sig", "--key", "k.key") == 2
    assert not (here / "l.sig").exists()
    assert done("sign", "model", "--output", "l.sig", "--key", "k.key", "--allow-symlinks") == 0
    assert verified("l.sig") == 0


def test_a_link_that_leads_out_is_never_signed(here: Path) -> None:
    (here / "model/l").symlink_to("../k.key")
    assert done("sign", "model", "--output", "l.sig", "--key", "k.key", "--allow-symlinks") == 2


def test_the_signed_word_about_links_counts(here: Path) -> None:
    """model-signing 1.1.1 lets whoever verifies override it: a link to equal bytes elsewhere passes."""
    (here / "copy").write_text("one")
    (here / "model/a.bin").unlink()
    (here / "model/a.bin").symlink_to("../copy")
    assert verified() == 1


# -- what the format leaves out


@pytest.mark.parametrize("path", [".git/hooks/x", ".gitignore", ".gitattributes", ".github/x"])
def test_what_is_not_covered_is_named_and_must_be_accepted(
    here: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    _put(here / "model" / path)
    assert verified() == 3
    assert verified("model.sig", "model", "--allow-uncovered") == 0
    body = told(capsys, "verify", "model", "--signature", "model.sig", "--pub", "k.pub")
    assert body["uncovered"] == [path.split("/")[0]]


def test_a_manifest_names_what_it_left_out_and_excluded(here: Path) -> None:
    _put(here / "model/.git/x")
    assert done("manifest", "model", "--exclude", "*.json", "--output", "m.json") == 0
    assert done("verify", "model", "--manifest", "m.json") == 3
    assert done("verify", "model", "--manifest", "m.json", "--allow-uncovered") == 0


def test_what_the_signer_ignores_is_named_and_must_be_accepted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert done("sign", "model", "--output", "i.sig", "--key", "k.key", "--ignore", "sub", "--ignore", "b.bin") == 0
    assert "not covered: b.bin\nnot covered: sub\n" in capsys.readouterr().out
    (here / "model/sub/c.json").write_text("[]")
    (here / "model/b.bin").unlink()
    assert verified("i.sig") == 3
    assert verified("i.sig", "model", "--allow-uncovered") == 0
    (here / "model/a.bin").write_text("x")
    assert verified("i.sig", "model", "--allow-uncovered") == 1


@pytest.mark.parametrize("path", ["gone", "c.json", "/a.bin", "./a.bin", "../model/a.bin", "", "a?", "*"])
def test_what_is_not_there_is_not_ignored(here: Path, path: str) -> None:
    (here / "model/a?").touch()
    assert done("sign", "model", "--output", "i.sig", "--key", "k.key", "--ignore", path) == 2


# -- the signature itself


def test_another_key_is_not_trusted(here: Path) -> None:
    done("keygen", "--out", "other")
    assert done("verify", "model", "--signature", "model.sig", "--pub", "other.pub") == 1
    assert done("verify", "model", "--signature", "model.sig", "--pub", "other.pub", "--pub", "k.pub") == 0


def test_no_byte_of_the_payload_can_be_changed(here: Path) -> None:
    bundle = json.loads((here / "model.sig").read_text())
    payload = bundle["dsseEnvelope"]["payload"]
    for at in range(0, len(payload), 97):
        other = "A" if payload[at] != "A" else "B"
        bundle["dsseEnvelope"]["payload"] = payload[:at] + other + payload[at + 1 :]
        (here / "bad.sig").write_text(json.dumps(bundle))
        assert verified("bad.sig") in (1, 4)


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_signature_that_was_cut_could_not_be_read(here: Path, length: int) -> None:
    (here / "cut.sig").write_bytes((here / "model.sig").read_bytes()[:length])
    assert verified("cut.sig") == 4


def test_what_is_no_signature_could_not_be_read(here: Path) -> None:
    for content in (b"", b"{}", b"[]", b"null", b'{"a":1,"a":2}', b"NaN", b"\xff", b"[" * 100_000):
        (here / "bad.sig").write_bytes(content)
        assert verified("bad.sig") == 4
    assert verified("gone.sig") == 4
    assert done("verify", "model", "--manifest", "model.sig") == 4


# -- statements


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"])
def test_statements_are_signed_with_every_kind_of_key(here: Path, kind: str) -> None:
    assert done("keygen", "--out", "s", "--type", kind) == 0
    assert done("manifest", "model", "--output", "m.json") == 0
    assert done("sign", "m.json", "--output", "m.sig", "--key", "s.key") == 0
    verify = ("--signature", "m.sig", "--pub", "s.pub")
    assert done("verify", "model", *verify) == 0
    assert done("verify", "m.json", *verify) == 0
    (here / "model/a.bin").write_text("another")
    assert done("verify", "model", *verify) == 1


def test_rsa_keys_sign_statements_and_no_models(here: Path) -> None:
    """With RSASSA-PSS; a signature of the older kind, as cosign makes it, does not verify."""
    key = rsa.generate_private_key(65537, 2048)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    (here / "r.key").write_bytes(key.private_bytes(*pem))
    (here / "r.pub").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    done("manifest", "model", "--output", "m.json")
    assert done("sign", "m.json", "--output", "m.sig", "--key", "r.key") == 0
    assert done("verify", "model", "--signature", "m.sig", "--pub", "r.pub") == 0
    assert done("sign", "model", "--output", "x.sig", "--key", "r.key") == 2
    older = json.loads((here / "m.sig").read_text())
    message = dsse.pae(dsse.PAYLOAD_TYPE, (here / "m.json").read_bytes())
    older["dsseEnvelope"]["signatures"][0]["sig"] = b64encode(
        key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    ).decode()
    (here / "m.sig").write_text(json.dumps(older))
    with pytest.raises(ModelwardError, match=r"RSA keys verify RSASSA-PSS alone") as caught:
        run(["verify", "model", "--signature", "m.sig", "--pub", "r.pub"])
    assert caught.value.exit_code == 1


def test_a_statement_without_files_is_about_a_digest(here: Path) -> None:
    assert done("check", "model", "--statements", "s", "--quiet") == 3  # two of its files are no model
    (scan,) = (here / "s").glob("scan-*")
    assert done("sign", str(scan), "--output", "scan.sig", "--key", "k.key") == 0
    assert verified("scan.sig") == 0
    (here / "model/sub/c.json").write_text("[]")
    assert verified("scan.sig") == 1


def write_certificate(here: Path) -> None:
    """c.pem and c.key, valid on the day of the run, and their root ca.pem."""
    when = datetime.fromtimestamp(1_800_000_000, UTC)
    valid: dict[str, Any] = {"start": when - authority.DAY, "end": when + authority.DAY}
    certificates = {
        "ca": authority.root(**valid),
        "c": authority.issue("signer", "root", names=[x509.RFC822Name("c@example.org")], **valid),
    }
    for name, certificate in certificates.items():
        (here / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (here / "c.key").write_bytes(authority.private("signer").pem(None))


def test_signatures_are_added_and_the_first_stay_what_they_were(here: Path) -> None:
    done("keygen", "--out", "second", "--type", "ecdsa-p384")
    write_certificate(here)
    first = ("--pub", "k.pub")
    assert done("sign", "model.sig", "--output", "both.sig", "--key", "second.key", *first) == 0
    assert done("sign", "both.sig", "--output", "all.sig", "--key", "c.key", "--cert", "c.pem", *first) == 0
    lines = (here / "all.sig").read_bytes().split(b"\n")
    assert lines[0] == (here / "model.sig").read_bytes()
    assert b"\n".join(lines[:2]) == (here / "both.sig").read_bytes()
    for who in (("--pub", "k.pub"), ("--pub", "second.pub"), ("--root", "ca.pem", "--identity", "c@example.org")):
        assert done("verify", "model", "--signature", "all.sig", *who) == 0
    done("keygen", "--out", "stranger")
    assert done("verify", "model", "--signature", "all.sig", "--pub", "stranger.pub") == 1
    (here / "model/b.bin").write_text("x")
    assert verified("all.sig") == 1


def test_all_who_signed_are_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done("keygen", "--out", "second")
    done("sign", "model.sig", "--output", "both.sig", "--key", "second.key", "--pub", "k.pub")
    both = ("verify", "model", "--signature", "both.sig", "--pub", "k.pub")
    assert len(list(told(capsys, *both)["signers"])) == 1  # type: ignore[call-overload]
    assert len(list(told(capsys, *both, "--pub", "second.pub")["signers"])) == 2  # type: ignore[call-overload]


def test_a_signature_that_was_written_in_lines_goes_into_one(here: Path) -> None:
    (here / "wide.sig").write_text(json.dumps(json.loads((here / "model.sig").read_text()), indent=2))
    done("keygen", "--out", "second")
    assert done("sign", "wide.sig", "--output", "both.sig", "--key", "second.key", "--pub", "k.pub") == 0
    assert verified("both.sig") == 0
    assert len((here / "both.sig").read_bytes().split(b"\n")) == 2


def test_signatures_of_two_things_are_no_signatures_of_one(here: Path) -> None:
    (here / "other").mkdir()
    (here / "other/x.bin").write_text("x")
    done("sign", "other", "--output", "other.sig", "--key", "k.key")
    two = (here / "model.sig").read_bytes() + b"\n" + (here / "other.sig").read_bytes()
    (here / "two.sig").write_bytes(two)
    assert verified("two.sig") == 1
    assert verified("two.sig", "other") == 1
    assert done("sign", "two.sig", "--output", "three.sig", "--key", "k.key", "--pub", "k.pub") == 2
    (here / "cut.sig").write_bytes(two[:-10])
    assert verified("cut.sig") == 4


def test_an_envelope_with_two_signatures_as_it_was_written_before(here: Path) -> None:
    """Until 0.2 a second signature made the bundle an envelope; each of both keys verifies it."""
    done("keygen", "--out", "second")
    envelope = bundle.parse((here / "model.sig").read_bytes()).envelope
    message = dsse.pae(envelope.payload_type, envelope.payload)
    second = dsse.Signature(PrivateKey.parse((here / "second.key").read_bytes(), None).sign(message))
    both = replace(envelope, signatures=(*envelope.signatures, second))
    (here / "both.sig").write_text(json.dumps(dsse.encode(both)))
    assert verified("both.sig") == 0
    assert done("verify", "model", "--signature", "both.sig", "--pub", "second.pub") == 0
    assert done("sign", "both.sig", "--output", "three.sig", "--key", "k.key", "--pub", "second.pub") == 0
    assert verified("three.sig") == 0


def test_a_statement_of_another_is_signed_as_it_is(here: Path) -> None:
    foreign = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{"name": "a", "digest": {"sha256": "0" * 64}}, {"digest": {"sha1": "0" * 40}}],
        "predicateType": "https://slsa.dev/provenance/v0.2",
    }
    for one in ({"digest": {"sha1": "0" * 40}}, {"name": "x"}):
        (here / "p.json").write_text(json.dumps(foreign | {"subject": [one]}))
        assert done("sign", "p.json", "--output", "p.sig", "--key", "k.key") == 0
        assert bundle.parse((here / "p.sig").read_bytes()).envelope.payload == (here / "p.json").read_bytes()
    (here / "p.json").write_text(json.dumps(foreign, indent=1))
    assert done("sign", "p.json", "--output", "p.sig", "--key", "k.key") == 0
    assert bundle.parse((here / "p.sig").read_bytes()).envelope.payload == (here / "p.json").read_bytes()
    assert done("verify", "p.json", "--signature", "p.sig", "--pub", "k.pub") == 0


@pytest.mark.parametrize("kind", ["ed25519"])
def test_a_model_is_not_signed_with_a_key_that_the_format_does_not_know(here: Path, kind: str) -> None:
    done("keygen", "--out", "s", "--type", kind)
    assert done("sign", "model", "--output", "s.sig", "--key", "s.key") == 2
    assert not (here / "s.sig").exists()


def test_a_manifest_whose_subject_is_not_its_files_could_not_be_read(here: Path) -> None:
    done("manifest", "model", "--output", "m.json")
    (here / "m.json").write_bytes((here / "m.json").read_bytes().replace(b'"a.bin"', b'"x.bin"'))
    assert done("verify", "model", "--manifest", "m.json") == 4


# -- keys


def test_a_private_key_is_its_owners_alone(here: Path) -> None:
    assert (here / "k.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["k.key", "k.pub"])
def test_no_key_is_written_over(here: Path, name: str) -> None:
    before = (here / name).read_bytes()
    (here / ({"k.key", "k.pub"} - {name}).pop()).unlink()
    assert done("keygen", "--out", "k") == 2
    assert (here / name).read_bytes() == before
    assert sorted(path.name for path in here.iterdir()) == sorted([name, "model", "model.sig"])


def test_an_encrypted_key_needs_its_password(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert done("keygen", "--out", "e", "--encrypt") == 2
    monkeypatch.setenv("MODELWARD_KEY_PASSWORD", "correct horse")
    assert done("keygen", "--out", "e", "--encrypt") == 0
    assert b"ENCRYPTED" in (here / "e.key").read_bytes()
    assert done("sign", "model", "--output", "e.sig", "--key", "e.key") == 0
    monkeypatch.setenv("MODELWARD_KEY_PASSWORD", "wrong")
    assert done("sign", "model", "--output", "f.sig", "--key", "e.key") == 2
    monkeypatch.delenv("MODELWARD_KEY_PASSWORD")
    assert done("sign", "model", "--output", "f.sig", "--key", "e.key") == 2


def test_a_password_that_is_set_encrypts(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert b"ENCRYPTED" not in (here / "k.key").read_bytes()
    monkeypatch.setenv("MODELWARD_KEY_PASSWORD", "correct horse")
    assert done("keygen", "--out", "e") == 0
    assert "wrote e.key (encrypted) and e.pub" in capsys.readouterr().out
    assert b"ENCRYPTED" in (here / "e.key").read_bytes()
    monkeypatch.setenv("MODELWARD_KEY_PASSWORD", "")
    with pytest.raises(UsageError, match="is empty"):
        run(["keygen", "--out", "f"])


@pytest.mark.parametrize("name", ["", "model/", ".", "..", "model/.."])
def test_a_key_has_a_name(here: Path, name: str) -> None:
    with pytest.raises(UsageError, match="names no file"):
        run(["keygen", "--out", name])
    assert not [*here.rglob(".*key"), *here.rglob(".*pub")]


# -- usage

USAGE = [
    ("verify", "model"),
    ("verify", "model", "--manifest", "m.json", "--signature", "model.sig"),
    ("verify", "model", "--signature", "model.sig"),
    ("verify", "model", "--signature", "model.sig", "--pub", "gone.pub"),
    ("verify", "model", "--signature", "model.sig", "--pub", "k.key"),
    ("verify", "model", "--signature", "model.sig", "--pub", "k.pub", "--identity", "a@b.org"),
    ("verify", "model", "--manifest", "model.sig", "--pub", "k.pub"),
    ("verify", "gone", "--signature", "model.sig", "--pub", "k.pub"),
    ("verify", "model", "--signature", "model.sig", "--pub", "k.pub", "--trust-stat"),
    ("sign", "model", "--output", "x.sig", "--key", "k.pub"),
    ("sign", "model", "--output", "x.sig", "--key", "gone.key"),
    ("sign", "gone", "--output", "x.sig", "--key", "k.key"),
    ("sign", "model", "--output", "no/x.sig", "--key", "k.key"),
    ("sign", "model", "--output", "x.sig", "--key", "k.key", "--chain", "k.pub"),
    ("keygen", "--out", "no/k"),
    ("sign", "model", "--output", "x.sig"),
    ("sign", "model", "--output", "x.sig", "--key", "k.key", "--keyless"),
    ("sign", "model", "--output", "x.sig", "--key", "k.key", "--staging"),
    ("sign", "model", "--output", "x.sig", "--key", "k.key", "--identity-token", "t"),
    ("sign", "model", "--output", "x.sig", "--keyless", "--cert", "k.pub"),
    ("sign", "model", "--output", "x.sig", "--keyless", "--staging", "--trust-config", "c"),
    ("sign", "model", "--output", "x.sig", "--keyless", "--identity-token", "gone"),
    ("sign", "model", "--output", "x.sig", "--keyless", "--identity-token", "k.pub"),
    ("verify", "model", "--signature", "model.sig", "--trusted-root", "k.pub"),
    ("verify", "model", "--signature", "model.sig", "--trusted-root", "k.pub", "--identity", "a", "--issuer", "b"),
    ("verify", "model", "--signature", "model.sig", "--trusted-root", "k.pub", "--root", "k.pub"),
    ("check", "model", "--trusted-root", "k.pub"),
    ("check", "model", "--trusted-root", "k.pub", "--identity", "a"),
    ("check", "model", "--trusted-root", "k.pub", "--identity", "a", "--issuer", "b"),
    ("check", "model", "--identity", "a", "--issuer", "b"),
]


@pytest.mark.parametrize("args", USAGE, ids=" ".join)
def test_a_wrong_command_line_is_told_in_one_line(here: Path, args: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        run(args)
    assert "\n" not in str(caught.value)
    assert not (here / "x.sig").exists()


def test_an_empty_model_is_not_signed(here: Path) -> None:
    (here / "nothing").mkdir()
    with pytest.raises(Refused, match="no file"):
        run(["sign", "nothing", "--output", "x.sig", "--key", "k.key"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda m: Path(os.fsdecode(bytes(m) + b"/\xff")).write_text("x"), 2),
        (lambda m: os.mkfifo(m / "fifo"), 2),
        (lambda m: (m / "out").symlink_to("/etc/passwd"), 2),
        (lambda m: (m / "gone").symlink_to("nowhere"), 2),
    ],
    ids=["name", "fifo", "link out", "link to nothing"],
)
def test_what_the_format_cannot_carry_is_a_mistake(here: Path, change: Callable[[Path], object], code: int) -> None:
    change(here / "model")
    for more in ((), ("--allow-symlinks",)):
        assert done("sign", "model", "--output", "x.sig", "--key", "k.key", *more) == code
    assert not (here / "x.sig").exists()


def test_what_cannot_be_read_is_none(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run with all rights: that the system refuses is made up."""
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if bytes(path).endswith(b"sub"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ReadError, match="cannot read 'sub': a folder that cannot be listed"):
        run(["sign", "model", "--output", "x.sig", "--key", "k.key"])


def test_progress_is_told_while_files_are_read(here: Path) -> None:
    told: list[tuple[int, int]] = []
    key = keys.open_signer("k.key", None, (), lambda: b"")
    signing.sign("model", "x.sig", key, progress=lambda done, total, path: told.append((done, total)))
    assert told == [(done, 4) for done in range(5)]


def test_a_model_far_away_is_fetched_first(here: Path) -> None:
    with pytest.raises(Refused, match="modelward fetch"):
        run(["sign", "https://huggingface.co/a/b", "--output", "x.sig", "--key", "k.key"])


def test_a_private_key_is_not_given_away(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(here / "k.key", here / "model/sub/weights.bin")
    with pytest.raises(Refused, match=r"'sub/weights\.bin' is the private key itself"):
        run(["sign", "model", "--output", "x.sig", "--key", "k.key"])
    assert done("sign", "k.key", "--output", "x.sig", "--key", "k.key") == 2
    assert not (here / "x.sig").exists()
    (here / "model/sub/weights.bin").unlink()
    done("keygen", "--out", "model/other")
    assert done("sign", "model", "--output", "x.sig", "--key", "k.key") == 0
    assert "warning: 'other.key' holds a private key" in capsys.readouterr().err


def test_a_key_that_everybody_can_read_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for mode, is_told in ((0o600, False), (0o640, False), (0o644, True)):
        (here / "k.key").chmod(mode)
        assert done("sign", "model", "--output", "x.sig", "--key", "k.key") == 0
        assert ("chmod 600" in capsys.readouterr().err) is is_told


# -- whose statement it is


LISTS = ["https://model_signing/signature/v1.0", "https://model_signing/Digests/v0.1"]


@pytest.mark.parametrize("kind", LISTS)
def test_the_list_of_another_model_is_not_signed(here: Path, kind: str) -> None:
    """A lone file that is offered as a model: who signs it would sign the files of whoever wrote it."""
    payload = json.loads(bundle.parse((here / "model.sig").read_bytes()).envelope.payload)
    (here / "config.json").write_text(json.dumps(payload | {"predicateType": kind}, indent=1))
    with pytest.raises(Refused, match="is the list of files of model sha256:"):
        run(["sign", "config.json", "--output", "x.sig", "--key", "k.key"])
    assert not (here / "x.sig").exists()


def test_a_signature_is_added_only_to_one_that_verifies(here: Path) -> None:
    envelope = bundle.parse((here / "model.sig").read_bytes()).envelope
    (here / "junk.json").write_text(json.dumps(dsse.encode(replace(envelope, signatures=(dsse.Signature(b"x"),)))))
    done("keygen", "--out", "other")
    add = ("--output", "x.sig", "--key", "k.key")
    for args, why in [
        (("junk.json", *add), "is a signature, and one is added only to one that verifies: say who made it with --pub"),
        (("junk.json", *add, "--pub", "k.pub"), "does not verify: no signature verifies with the trusted key"),
        (("model.sig", *add, "--pub", "other.pub"), "does not verify: signed with the key"),
        (("model", *add, "--pub", "k.pub"), "is no signature"),
        (("model.sig", *add, "--pub", "k.pub", "--identity", "a"), "name the root certificate"),
        (("model.sig", *add, "--identity", ""), "--identity is empty"),
    ]:
        with pytest.raises(ModelwardError, match=why) as caught:
            run(["sign", *args])
        assert caught.value.exit_code == 2
    done("keygen", "--out", "ed", "--type", "ed25519")
    with pytest.raises(Refused, match="ECDSA keys only, and this one is ed25519"):
        run(["sign", "model.sig", "--output", "x.sig", "--key", "ed.key", "--pub", "k.pub"])
    assert not (here / "x.sig").exists()


def test_what_can_be_read_again_is_written(here: Path) -> None:
    """64 signatures in a file are read, and one more would make it none."""
    envelope = bundle.parse((here / "model.sig").read_bytes()).envelope
    line = (here / "model.sig").read_bytes() + b"\n"
    (here / "many.sig").write_bytes(line * 64)
    with pytest.raises(Refused, match="holds 64 signatures"):
        run(["sign", "many.sig", "--output", "x.sig", "--key", "k.key", "--pub", "k.pub"])
    (here / "many.sig").write_bytes(line * 63)
    assert done("sign", "many.sig", "--output", "x.sig", "--key", "k.key", "--pub", "k.pub") == 0
    assert bundle.parse_each((here / "x.sig").read_bytes())[-1].envelope.payload == envelope.payload


CUT: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda raw: raw[:-10],
    "in a list": lambda raw: b"[" + raw + b"]",
    "of a version to come": lambda raw: raw.replace(b"bundle.v0.3", b"bundle.v0.4"),
    "after a mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "in lines, one of them cut": lambda raw: raw + b"\n" + raw[:-10],
}


@pytest.mark.parametrize("change", CUT.values(), ids=CUT.keys())
def test_what_was_meant_as_a_document_is_not_signed_as_a_model(here: Path, change: Callable[[bytes], bytes]) -> None:
    done("manifest", "model", "--output", "m.json")
    for given in ("model.sig", "m.json"):
        raw = change((here / given).read_bytes())
        (here / "odd.json").write_bytes(raw)
        if raw != (here / given).read_bytes():
            with pytest.raises(Refused, match="looks like a statement or a signature and cannot be read as one: "):
                run(["sign", "odd.json", "--output", "x.sig", "--key", "k.key"])
    foreign = {"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "urn:x"}
    for odd in (foreign, foreign | {"subject": [5]}, foreign | {"_type": "https://in-toto.io/Statement/v9"}):
        (here / "odd.json").write_text(json.dumps(odd))
        assert done("sign", "odd.json", "--output", "x.sig", "--key", "k.key") == 2
    assert not (here / "x.sig").exists()


def test_a_statement_of_ours_that_does_not_hold_together_is_not_signed(here: Path) -> None:
    done("manifest", "model", "--output", "m.json")
    body = json.loads((here / "m.json").read_text())
    files = body["predicate"] | {"files": body["predicate"]["files"][1:]}
    for odd in (
        {"predicate": files},
        {"subject": body["subject"] * 2},
        {"predicateType": "urn:modelward:x", "subject": [{}]},
    ):
        (here / "odd.json").write_text(json.dumps(body | odd))
        assert done("sign", "odd.json", "--output", "x.sig", "--key", "k.key") == 2
    assert not (here / "x.sig").exists()


def test_a_lone_json_file_is_a_model(here: Path) -> None:
    for text in ('{"_type": "layout"}', '{"payloadType": 7}', '{"model": {"vocab": {"dsseEnvelope": 1}}}', "{", ""):
        (here / "tokenizer.json").write_text(text)
        assert done("sign", "tokenizer.json", "--output", "x.sig", "--key", "k.key") == 0
        assert verified("x.sig", "tokenizer.json") == 0


def test_it_is_said_what_was_signed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [{"name": f"n{at}", "digest": {"sha256": f"{at}" * 64}} for at in range(7)]
    foreign = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:x"}
    (here / "p.json").write_text(json.dumps(foreign | {"subject": names[:1]}))
    done("sign", "p.json", "--output", "p.sig", "--key", "k.key")
    assert capsys.readouterr().out.endswith(f"signed the statement urn:x about n0 sha256:{'0' * 64}\n")
    (here / "p.json").write_text(json.dumps(foreign | {"subject": names}))
    done("sign", "p.json", "--output", "p.sig", "--key", "k.key")
    assert capsys.readouterr().out.endswith(f"n4 sha256:{'4' * 64} and 2 more\n")
    done("sign", "p.sig", "--output", "q.sig", "--key", "k.key", "--pub", "k.pub")
    assert capsys.readouterr().out.startswith("added a signature to 1, of urn:x about n0 sha256:")


# -- what a signature is written over

OVER = {
    "the key": ("model", "k.key"),
    "a file of the model": ("model", "model/a.bin"),
    "an empty file of the model": ("model", "model/empty"),
    "the lone file itself": ("model/a.bin", "model/a.bin"),
    "the lone file itself, empty": ("model/empty", "model/empty"),
    "the lone file itself, by another name": ("model/a.bin", "link.bin"),
    "a statement": ("m.json", "m.json"),
    "anything else": ("model", "notes.txt"),
}


@pytest.mark.parametrize(("target", "output"), OVER.values(), ids=OVER.keys())
def test_nothing_but_a_signature_is_written_over(here: Path, target: str, output: str) -> None:
    done("manifest", "model", "--output", "m.json")
    (here / "notes.txt").write_text("notes")
    (here / "link.bin").symlink_to("model/a.bin")
    before = (here / output).read_bytes()
    with pytest.raises(UsageError, match="is there and is no signature: name another file, or remove it first"):
        run(["sign", target, "--output", output, "--key", "k.key"])
    assert (here / output).read_bytes() == before


def test_signatures_and_empty_files_are_written_over(here: Path) -> None:
    (here / "new.sig").touch()  # as mktemp makes it
    for output in ("model.sig", "new.sig", "/dev/null"):
        assert done("sign", "model", "--output", output, "--key", "k.key") == 0
    assert done("sign", "model.sig", "--output", "model.sig", "--key", "k.key", "--pub", "k.pub") == 0
    assert verified() == verified("new.sig") == 0


# -- certificates that nobody would take


def certified(here: Path, *chain: x509.Certificate, leaf: dict[str, Any] | None = None) -> str:
    """What `sign` says of a certificate of the authority "root", with *chain* beside it; "" when it signs."""
    when = datetime.fromtimestamp(1_800_000_000, UTC)
    usual: dict[str, Any] = {"start": when - authority.DAY, "end": when + authority.DAY}
    made = authority.issue("signer", "root", **usual | (leaf or {}))
    (here / "c.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (here / "chain.pem").write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
    (here / "c.key").write_bytes(authority.private("signer").pem(None))
    more = ("--chain", "chain.pem") if chain else ()
    try:
        run(["sign", "model", "--output", "c.sig", "--key", "c.key", "--cert", "c.pem", *more])
    except UsageError as error:
        assert not (here / "c.sig").exists()
        return str(error)
    (here / "c.sig").unlink()
    return ""


def test_a_certificate_that_no_verifier_takes_does_not_sign(here: Path) -> None:
    when = datetime.fromtimestamp(1_800_000_000, UTC)
    valid: dict[str, Any] = {"start": when - authority.DAY, "end": when + authority.DAY}
    past: dict[str, Any] = {"start": when - 9 * authority.DAY, "end": when - authority.DAY}
    root, between = authority.root(**valid), authority.intermediate("root", "top", **valid)
    assert certified(here) == certified(here, root) == certified(here, between) == ""
    assert certified(here, between, authority.root("top", **valid)) == ""
    assert certified(here, *[between] * 15) == ""
    for why, said in {
        "expired on": certified(here, leaf=past),
        "is not valid before": certified(here, leaf={"start": when + authority.DAY, "end": when + 2 * authority.DAY}),
        "not for code signing": certified(here, leaf={"purposes": authority.WEB_SERVER}),
        "not for digital signatures": certified(here, leaf={"usage": None}),
        "that of an authority": certified(here, leaf={"usage": [*authority.SIGNS, *authority.ISSUES]}),
        "the certificate CN=root expired on": certified(here, authority.root(**past)),
        "the certificate CN=top expired on": certified(here, between, authority.root("top", **past)),
        "CN=root issued the certificate of CN=signer": certified(here, authority.root("else", **valid)),
        "hold 17 certificates": certified(here, *[between] * 16),
    }.items():
        assert why in said
        assert said.startswith("--cert")


# -- names that are empty, and files that are wrong

EMPTY = [
    (*verb, option, "")
    for verb in (
        ("verify", "model", "--signature", "model.sig", "--root", "ca.pem"),
        ("check", "model", "--policy", "signed", "--evidence", "model.sig", "--root", "ca.pem"),
        ("sign", "model.sig", "--output", "x.sig", "--key", "k.key", "--root", "ca.pem"),
        ("check", "model"),
    )
    for option in ("--identity", "--issuer", "--trusted-root", "--pub", "--root")
]


@pytest.mark.parametrize("args", EMPTY, ids=" ".join)
def test_an_empty_name_is_not_everybody(here: Path, args: tuple[str, ...]) -> None:
    """What a variable that is not set leaves on a command line."""
    write_certificate(here)
    with pytest.raises(UsageError, match=f"{args[-2]} (is empty|'' cannot be read)|in two ways"):
        run(args)


@pytest.mark.parametrize("option", ["--pub", "--root", "--key", "--cert", "--chain"])
def test_the_file_that_is_wrong_is_named(here: Path, option: str) -> None:
    write_certificate(here)
    (here / "two.pem").write_bytes((here / "k.pub").read_bytes() * 2)
    verify = ("verify", "model", "--signature", "model.sig", "--pub", "k.pub", "--root", "ca.pem")
    sign = ("sign", "model", "--output", "x.sig", "--key", "c.key", "--cert", "c.pem", "--chain", "ca.pem")
    with pytest.raises(UsageError, match=rf"^{option} 'two\.pem': expected"):
        run([*(verify if option in verify else sign), option, "two.pem"])


def test_a_statement_is_no_signature(here: Path) -> None:
    done("manifest", "model", "--output", "m.json")
    with pytest.raises(Malformed, match="a statement that nobody has signed"):
        run(["verify", "model", "--signature", "m.json", "--pub", "k.pub"])


def test_a_signature_without_end_is_not_read(here: Path) -> None:
    with pytest.raises(ReadError, match="bytes"):
        run(["verify", "model", "--signature", "/dev/zero", "--pub", "k.pub"])


# -- unchanged files


def test_unchanged_files_are_not_read_again_where_that_was_asked_for(here: Path) -> None:
    weights = here / "model/a.bin"
    old = 1_700_000_000
    for path in (here / "model").rglob("*"):
        os.utime(path, (old, old))
    done("manifest", "model", "--output", "m.json")
    cached = ("verify", "model", "--manifest", "m.json", "--cache", "cache", "--trust-stat")
    assert done(*cached) == 0
    weights.write_text("onE")
    assert done(*cached) == 1
