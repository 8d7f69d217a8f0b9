"""Signatures exchanged with model-signing, the reference implementation, in both directions."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.attest import authority

from modelward.cli.commands import run
from modelward.core.errors import ModelwardError

PEER = Path(sys.executable).with_name("model_signing")
NAMES = ["a/b.bin", "a-b.bin", "a.bin", "ab.bin", "a b.bin", "B.bin", "empty", "ä/ü.json", "shard-00001-of-00002.bin"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    for name in NAMES:
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name == "empty" else name)
    return tmp_path


def peer(*args: str) -> int:
    return subprocess.run([PEER, *args], capture_output=True, timeout=60, check=False).returncode


def program(text: str) -> None:
    subprocess.run([sys.executable, "-c", text], timeout=60, check=True)


def ours(*args: str) -> int:
    try:
        return run(args)
    except ModelwardError as error:
        return error.exit_code


def keys(kind: str = "ecdsa-p256") -> None:
    assert ours("keygen", "--out", "k", "--type", kind) == 0


def write_chain(folder: Path) -> None:
    """root.pem, intermediate.pem, leaf.pem and leaf.key, valid on the day of the run: the peer has no other."""
    now = datetime.now(UTC)
    valid: dict[str, Any] = {"start": now - 2 * authority.DAY, "end": now + authority.DAY}
    names = [x509.RFC822Name("release@example.org")]
    certificates = {
        "root": authority.root(**valid),
        "intermediate": authority.intermediate(**valid),
        "leaf": authority.issue("leaf", "between", names=names, start=now - authority.DAY, end=now + authority.DAY),
    }
    for name, certificate in certificates.items():
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "leaf.key").write_bytes(authority.private("leaf").pem(None))


def verify(signature: str, target: str = "model", *more: str) -> int:
    return ours("verify", target, "--signature", signature, "--pub", "k.pub", *more)


def peer_verify(signature: str, target: str = "model", *more: str) -> int:
    return peer("verify", "key", target, "--signature", signature, "--public_key", "k.pub", *more)


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"])
def test_each_verifies_what_the_other_signed(here: Path, kind: str) -> None:
    keys(kind)
    assert peer("sign", "key", "model", "--private_key", "k.key", "--signature", "theirs.sig") == 0
    assert ours("sign", "model", "--key", "k.key", "--output", "ours.sig") == 0
    assert [verify("theirs.sig"), verify("ours.sig")] == [0, 0]
    assert [peer_verify("theirs.sig"), peer_verify("ours.sig")] == [0, 0]
    (here / "model/a.bin").write_text("another")
    assert [verify("theirs.sig"), verify("ours.sig")] == [1, 1]
    assert peer_verify("ours.sig") != 0


def test_a_lone_file(here: Path) -> None:
    keys()
    assert peer("sign", "key", "model/a.bin", "--private_key", "k.key", "--signature", "theirs.sig") == 0
    assert ours("sign", "model/a.bin", "--key", "k.key", "--output", "ours.sig") == 0
    assert verify("theirs.sig", "model/a.bin") == 0
    assert peer_verify("ours.sig", "model/a.bin") == 0


def test_a_signature_within_the_model_and_what_git_writes(here: Path) -> None:
    keys()
    (here / "model/.gitattributes").write_text("* text")
    assert peer("sign", "key", "model", "--private_key", "k.key", "--signature", "model/model.sig") == 0
    assert verify("model/model.sig") == 3
    assert verify("model/model.sig", "model", "--allow-uncovered") == 0
    assert ours("sign", "model", "--key", "k.key", "--output", "model/model.sig") == 0
    assert peer_verify("model/model.sig") == 0


def test_what_git_writes_may_be_signed_too(here: Path) -> None:
    keys()
    (here / "model/.gitattributes").write_text("* text")
    more = ("--no-ignore-git-paths", "--signature", "theirs.sig")
    assert peer("sign", "key", "model", "--private_key", "k.key", *more) == 0
    assert verify("theirs.sig") == 0
    (here / "model/.gitattributes").write_text("* binary")
    assert verify("theirs.sig") == 1


def test_ignored_paths(here: Path) -> None:
    keys()
    more = ("--ignore-paths", "model/a", "--signature", "theirs.sig")
    assert peer("sign", "key", "model", "--private_key", "k.key", *more) == 0
    assert verify("theirs.sig") == 3
    assert verify("theirs.sig", "model", "--allow-uncovered") == 0


def test_links(here: Path) -> None:
    keys()
    (here / "model/link").symlink_to("a.bin")
    more = ("--allow_symlinks", "--signature", "theirs.sig")
    assert peer("sign", "key", "model", "--private_key", "k.key", *more) == 0
    assert ours("sign", "model", "--key", "k.key", "--output", "ours.sig", "--allow-symlinks") == 0
    assert verify("theirs.sig") == 0
    assert peer_verify("ours.sig", "model", "--allow_symlinks") == 0


@pytest.mark.parametrize(("method", "algorithm"), [("shard", "sha256"), ("file", "blake2"), ("shard", "blake2")])
def test_other_ways_to_hash(here: Path, method: str, algorithm: str) -> None:
    keys()
    size = ", shard_size=3" if method == "shard" else ""
    program(
        "import model_signing as m\n"
        f"way = m.hashing.Config().use_{method}_serialization(hashing_algorithm={algorithm!r}{size})\n"
        "way.set_ignored_paths(paths=[])\n"
        "signer = m.signing.Config().use_elliptic_key_signer(private_key='k.key')\n"
        "signer.set_hashing_config(way).sign('model', 'theirs.sig')\n"
    )
    # the format leaves empty files out of shards, so nothing covers them
    assert verify("theirs.sig") == (3 if method == "shard" else 0)
    (here / "model/a/b.bin").write_text("a/b.biN")
    assert verify("theirs.sig") == 1


def test_certificates(here: Path) -> None:
    write_chain(here)
    chain = ("--signing_certificate", "leaf.pem", "--certificate_chain", "intermediate.pem")
    assert peer("sign", "certificate", "model", "--private_key", "leaf.key", *chain, "--signature", "theirs.sig") == 0
    signed = ("--key", "leaf.key", "--cert", "leaf.pem", "--chain", "intermediate.pem", "--output", "ours.sig")
    assert ours("sign", "model", *signed) == 0
    for signature in ("theirs.sig", "ours.sig"):
        trusted = ("verify", "model", "--signature", signature, "--root", "root.pem")
        assert ours(*trusted) == 0
        assert ours(*trusted, "--identity", "release@example.org") == 0
        assert ours(*trusted, "--identity", "other@example.org") == 1
    assert peer("verify", "certificate", "model", "--signature", "ours.sig", "--certificate_chain", "root.pem") == 0


def test_an_empty_model_that_the_reference_signs_is_refused(here: Path) -> None:
    """model-signing 1.1.1 signs and verifies a model without files."""
    keys()
    (here / "nothing").mkdir()
    assert peer("sign", "key", "nothing", "--private_key", "k.key", "--signature", "theirs.sig") == 0
    assert verify("theirs.sig", "nothing") == 4


def test_links_that_the_signature_forbids_are_refused_whatever_the_verifier_says(here: Path) -> None:
    """model-signing 1.1.1 lets --allow_symlinks at verification override the signed word."""
    keys()
    assert peer("sign", "key", "model", "--private_key", "k.key", "--signature", "theirs.sig") == 0
    (here / "model/a.bin").rename(here / "outside.bin")
    (here / "model/a.bin").symlink_to("../outside.bin")
    assert peer_verify("theirs.sig", "model", "--allow_symlinks") == 0
    assert verify("theirs.sig") == 1
