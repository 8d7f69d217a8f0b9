"""The cases of the conformance suite of OpenSSF Model Signing, by their names there, run with our command line:
https://github.com/sampras343/model-signing-spec/tree/main/conformance

`--ignore` of `sign` is `--ignore-paths` there. There is no `--ignore-unsigned-files`: a file that nobody signed
is never accepted. The cases of `historical` are signatures that were kept: tests/attest/vectors.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.attest import authority
from tests.attest.instance import IDENTITY, ISSUER, Instance, serving, token

from modelward.attest import dsse
from modelward.attest.keys import PrivateKey
from modelward.cli.commands import run
from modelward.core.errors import ModelwardError

MODELS: dict[str, dict[str, bytes]] = {
    "simple": {"signme-1": b"signme-1\n", "signme-2": b"signme-2", "ignore-me": b""},
    "multi-file": {"config.json": b"{}", "weights.bin": b"\xab" * 1024, "subdir/adapter.bin": b"\xcd" * 512},
    "binary-content": {"header.bin": b"\0\1\xff\xfe\0\0\x89PNG", "weights.bin": bytes(range(256)) * 4},
    "empty": {".gitignore": b".gitkeep\n"},
    "with-dotfiles": {".config": b"config", ".env.example": b"env", "model.bin": b"model"},
    "with-empty-file": {"empty.bin": b"", "signme-1": b"signme-1"},
    "with-git-dir": dict.fromkeys([".gitattributes", ".gitignore", "model.bin", ".git/HEAD", ".github/ci.yml"], b"x"),
    "hidden-subdir": {"model.bin": b"main", ".cache/weights.bin": b"cached", ".local/share/data.bin": b"local"},
    "with-nested-gitignore": {"model.bin": b"model", "subdir/.gitignore": b"nested"},
    "with-nested-ignore": {"ignore-me": b"top", "signme-1": b"signme", "subdir/ignore-me": b"nested"},
    "unicode-names": {"weights.bin": b"weights", "模型.bin": b"model"},
    "special-chars": {"file (copy).bin": b"1", "normal.bin": b"3", "path with spaces/model.bin": b"2"},
    "deeply-nested": {"a/very/deep/directory/tree/weights.bin": b"deep"},
    "deeply-nested-with-git": {"a/very/deep/directory/tree/weights.bin": b"deep", ".git/HEAD": b"git"},
    "multi-git-dirs": {"model.bin": b"m", ".git/HEAD": b"", "submodule/model.bin": b"s", "submodule/.git/HEAD": b""},
    "multi-gitignore": {"model.bin": b"m", ".gitignore": b"", "subdir/data.bin": b"s", "subdir/.gitignore": b"n"},
    "with-git-and-ignore": {"model.bin": b"m", ".git/HEAD": b"", ".gitignore": b"", "ignored-file.tmp": b"ignored"},
    "with-assets-subdir": {"weights.bin": b"w", "config.json": b"{}", "assets/vocab.txt": b"v"},
    "single-file": {"model.bin": b"\xef" * 256},
}

Options = tuple[str, ...]
METHODS: dict[str, tuple[Options, Options]] = {  # to sign, to verify
    "key": (("--key", "k.key"), ("--pub", "k.pub")),
    "certificate": (("--key", "leaf.key", "--cert", "leaf.pem", "--chain", "between.pem"), ("--root", "root.pem")),
    "sigstore": (
        ("--keyless", "--identity-token", "token", "--trust-config", "config.json"),
        ("--trusted-root", "trusted.json", "--identity", IDENTITY, "--issuer", ISSUER),
    ),
}


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    pytest.importorskip("sigstore", reason="the extra sigstore is not installed")
    with serving(Instance()) as served:
        yield served


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: Instance) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    done("keygen", "--out", "k")
    write_chain(tmp_path)
    (tmp_path / "token").write_text(token())
    (tmp_path / "config.json").write_bytes(instance.trust_config())
    (tmp_path / "trusted.json").write_bytes(instance.trusted_root())
    return tmp_path


def write_chain(here: Path, *expired: str) -> None:
    """root.pem, between.pem, leaf.pem and leaf.key, of which those named have expired."""
    now = datetime.now(UTC)
    start = now - 9 * authority.DAY
    end = {name: now + (-authority.DAY if name in expired else authority.DAY) for name in ("root", "between", "leaf")}
    certificates = {
        "root": authority.root(start=start, end=end["root"]),
        "between": authority.intermediate(start=start, end=end["between"]),
        "leaf": authority.issue("leaf", "between", start=start, end=end["leaf"]),
    }
    for name, certificate in certificates.items():
        (here / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (here / "leaf.key").write_bytes(authority.private("leaf").pem(None))


def model(name: str) -> str:
    for path, content in MODELS[name].items():
        place = Path(name, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return f"{name}/model.bin" if name == "single-file" else name


def done(*args: str) -> int:
    try:
        return run(args)
    except ModelwardError as error:
        return error.exit_code


def signed(target: str, method: str = "key", output: str = "m.sig", ignored: Options = ()) -> bool:
    without = [option for path in ignored for option in ("--ignore", path)]
    return done("sign", target, "--output", output, *METHODS[method][0], *without) == 0


def verified(target: str, method: str = "key", signature: str = "m.sig") -> bool:
    return done("verify", target, "--signature", signature, *METHODS[method][1], "--allow-uncovered") == 0


def listed(signature: str = "m.sig") -> list[str]:
    statement = json.loads(b64decode(json.loads(Path(signature).read_bytes())["dsseEnvelope"]["payload"]))
    return [each["name"] for each in statement["predicate"]["resources"]]


ROUNDTRIPS: dict[str, tuple[str, Options, list[str] | None]] = {  # the model, what to ignore, what is signed
    "certificate-multi-file": ("multi-file", (), None),
    "certificate-simple": ("simple", (), None),
    "key-assets-subdir": ("with-assets-subdir", (), None),
    "key-binary-content": ("binary-content", (), None),
    "key-deeply-nested": ("deeply-nested", (), None),
    "key-deeply-nested-with-git": ("deeply-nested-with-git", (".git/HEAD",), [*MODELS["deeply-nested"]]),
    "key-default-ignores": ("with-git-dir", (), ["model.bin"]),
    "key-dotfile-included": ("with-dotfiles", (), None),
    "key-empty-file": ("with-empty-file", (), None),
    "key-files-in-hidden-dir": ("hidden-subdir", (), None),
    "key-git-and-ignore-combined": ("with-git-and-ignore", ("ignored-file.tmp",), ["model.bin"]),
    "key-ignore-paths": ("simple", ("ignore-me",), ["signme-1", "signme-2"]),
    "key-ignore-paths-exact-match": ("with-nested-ignore", ("ignore-me",), ["signme-1", "subdir/ignore-me"]),
    "key-multi-file": ("multi-file", (), None),
    "key-multi-git-dirs": ("multi-git-dirs", (), ["model.bin", "submodule/.git/HEAD", "submodule/model.bin"]),
    "key-multi-gitignore": ("multi-gitignore", (), ["model.bin", "subdir/.gitignore", "subdir/data.bin"]),
    "key-nested-git-not-excluded": ("with-nested-gitignore", (), None),
    "key-single-file": ("single-file", (), ["."]),  # as the reference implementation writes it, and no other name
    "key-special-chars-path": ("special-chars", (), None),
    "key-unicode-filename": ("unicode-names", (), None),
    "sigstore-ignore-paths": ("simple", ("ignore-me",), ["signme-1", "signme-2"]),
    "sigstore-multi-file": ("multi-file", (), None),
    "sigstore-simple": ("simple", (), None),
    "sigstore-single-file": ("single-file", (), ["."]),
}


@pytest.mark.parametrize("case", ROUNDTRIPS)
def test_what_was_signed_verifies(here: Path, case: str) -> None:
    name, ignored, expected = ROUNDTRIPS[case]
    method, target = case.split("-")[0], model(name)
    assert signed(target, method, ignored=ignored)
    assert listed() == (expected or sorted(MODELS[name]))
    assert verified(target, method)


@pytest.mark.parametrize("method", METHODS)
def test_the_signature_within_the_model(here: Path, method: str) -> None:
    assert signed(model("simple"), method, "simple/m.sig")
    assert listed("simple/m.sig") == sorted(MODELS["simple"])
    assert verified("simple", method, "simple/m.sig")


def test_a_self_signed_certificate(here: Path) -> None:
    now = datetime.now(UTC)
    alone = authority.issue("alone", "alone", start=now - authority.DAY, end=now + authority.DAY)
    (here / "root.pem").write_bytes(alone.public_bytes(Encoding.PEM))
    (here / "alone.key").write_bytes(authority.private("alone").pem(None))
    assert done("sign", model("simple"), "--output", "m.sig", "--key", "alone.key", "--cert", "root.pem") == 0
    assert verified("simple", "certificate")


@pytest.mark.parametrize("link", [".", "signme-1", "/tmp/nonexistent-target"])
def test_a_link_is_not_signed(here: Path, link: str) -> None:
    Path(model("simple"), "link").symlink_to(link)
    assert not signed("simple")
    assert not Path("m.sig").exists()


def test_an_empty_model_is_not_signed(here: Path) -> None:
    assert not signed(model("empty"))


# -- what must fail

EXPIRED = [("leaf",), ("between",), ("root",), ("between", "leaf"), ("root", "between", "leaf")]


@pytest.mark.parametrize("expired", EXPIRED, ids=" ".join)
def test_an_expired_certificate(here: Path, expired: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    write_chain(here, *expired)
    before = datetime.now(UTC) - 2 * authority.DAY
    with monkeypatch.context() as then:
        then.setenv("SOURCE_DATE_EPOCH", str(int(before.timestamp())))
        assert signed(model("simple"), "certificate")
    assert not verified("simple", "certificate")


@pytest.mark.parametrize("signs", METHODS)
def test_verified_by_another_method(here: Path, signs: str) -> None:
    assert signed(model("simple"), signs)
    assert [method for method in METHODS if verified("simple", method)] == [signs]


def payload(how: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    def change(bundle: dict[str, Any]) -> None:
        statement = json.loads(b64decode(bundle["dsseEnvelope"]["payload"]))
        how(statement)
        bundle["dsseEnvelope"]["payload"] = b64encode(json.dumps(statement).encode()).decode()

    return change


MUTATIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "wrong-mediatype": lambda bundle: bundle.update(mediaType="application/json"),
    "wrong-payload-type": lambda bundle: bundle["dsseEnvelope"].update(payloadType="application/octet-stream"),
    "no-signature": lambda bundle: bundle["dsseEnvelope"].update(signatures=[]),
    "missing-envelope": lambda bundle: bundle.pop("dsseEnvelope"),
    "wrong-statement-type": payload(lambda body: body.update(_type="https://in-toto.io/Statement/v0.1")),
    "wrong-predicate": payload(lambda body: body.update(predicateType="https://example.com/wrong-predicate/v1.0")),
    "empty-resources": payload(lambda body: body["predicate"].update(resources=[])),
    "missing-serialization": payload(lambda body: body["predicate"].pop("serialization")),
}


@pytest.mark.parametrize("again", [False, True], ids=["as in the suite", "signed again"])
@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_a_bundle_that_was_changed(here: Path, mutation: Callable[[dict[str, Any]], object], again: bool) -> None:
    signed(model("simple"))
    bundle = json.loads(Path("m.sig").read_bytes())
    mutation(bundle)
    envelope = bundle.get("dsseEnvelope", {})
    if again and envelope.get("signatures"):
        key = PrivateKey.parse(Path("k.key").read_bytes(), None)
        signature = key.sign(dsse.pae(envelope["payloadType"], b64decode(envelope["payload"])))
        envelope["signatures"][0]["sig"] = b64encode(signature).decode()
    Path("m.sig").write_text(json.dumps(bundle))
    assert not verified("simple")


@pytest.mark.parametrize("content", [b"", b'{"garbage": true}'], ids=["empty", "corrupted"])
def test_what_is_no_bundle(here: Path, content: bytes) -> None:
    Path("m.sig").write_bytes(content)
    assert not verified(model("simple"))


def test_a_truncated_bundle(here: Path) -> None:
    signed(model("simple"))
    Path("m.sig").write_bytes(Path("m.sig").read_bytes()[:100])
    assert not verified("simple")


CHANGES: dict[str, Callable[[], object]] = {
    "extra-file": lambda: Path("simple/injected.bin").write_text("injected"),
    "missing-file": lambda: Path("simple/signme-2").unlink(),
    "tampered-content": lambda: Path("simple/signme-1").write_text("TAMPERED"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_model_that_was_changed(here: Path, change: Callable[[], object], method: str) -> None:
    assert signed(model("simple"), method)
    change()
    assert not verified("simple", method)
