"""Signatures that earlier versions made still verify, over what was signed alone. Their private keys are gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from modelward.cli.commands import run
from modelward.core.errors import ModelwardError

FROZEN = Path(__file__).parent / "signatures"
VERSIONS = sorted(path.name for path in FROZEN.iterdir())
TRUSTED = {
    "model.ecdsa-p256.sig": ("--pub", "ecdsa-p256.pub"),
    "model.ecdsa-p384.sig": ("--pub", "ecdsa-p384.pub"),
    "model.ecdsa-p521.sig": ("--pub", "ecdsa-p521.pub"),
    "model.certificate.sig": ("--root", "root.pem"),
    "manifest.ed25519.sig": ("--pub", "ed25519.pub"),
    "manifest.two.sig": ("--pub", "ecdsa-p256.pub"),
}
VALID = "1793534400"  # the certificates were made for that day


def verify(signature: str, *trusted: str) -> int:
    try:
        return run(["verify", "model", "--signature", signature, *trusted])
    except ModelwardError as error:
        return error.exit_code


@pytest.mark.parametrize("signature", TRUSTED)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_signature_of_an_earlier_version_verifies(
    version: str, signature: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FROZEN / version, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", VALID)
    assert verify(signature, *TRUSTED[signature]) == 0
    other = "ecdsa-p384.pub" if signature != "model.ecdsa-p384.sig" else "ecdsa-p256.pub"
    assert verify(signature, "--pub", other) == 1
    (tmp_path / "model/sub/weights.bin").write_text("Weights")
    assert verify(signature, *TRUSTED[signature]) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_every_frozen_signature_is_verified(version: str) -> None:
    assert sorted(path.name for path in (FROZEN / version).glob("*.sig")) == sorted(TRUSTED)


def test_a_certificate_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FROZEN / VERSIONS[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for moment in ("1793361600", "1793707200"):  # two days before, two days after
        monkeypatch.setenv("SOURCE_DATE_EPOCH", moment)
        assert verify("model.certificate.sig", "--root", "root.pem") == 1
