"""A real keyless signature (https://github.com/sigstore/model-transparency/tree/main/scripts/tests/v1.1.0-sigstore)
under the real trust root, without a network."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from tests.attest.authority import NOW

from modelward.attest import bundle
from modelward.attest.errors import Untrusted
from modelward.attest.keys import generate
from modelward.attest.sigstore import Sigstore
from modelward.attest.verify import Signer, Trust, Verified, verify
from modelward.core.errors import Malformed, ModelwardError, UsageError

pytest.importorskip("sigstore", reason="the extra sigstore is not installed")

RAW = (Path(__file__).parent / "vectors/oms-1.1.0-sigstore.json").read_bytes()
STORE = resources.files("sigstore") / "_store"
ROOT = (STORE / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev" / "trusted_root.json").read_bytes()
STAGING = (STORE / "https%3A%2F%2Ftuf-repo-cdn.sigstage.dev" / "trusted_root.json").read_bytes()
IDENTITY = "stefanb@us.ibm.com"
ISSUER = "https://sigstore.verify.ibm.com/oauth2"
IN_TOTO = frozenset({"application/vnd.in-toto+json"})


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("nothing may be fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))


def verify_keyless(raw: bytes, root: bytes, identity: str, issuer: str, kinds: frozenset[str] = IN_TOTO) -> Verified:
    return verify(bundle.parse(raw), Trust(sigstore=Sigstore.parse(root, identity, issuer)), NOW, kinds)


def changed(how: Callable[[dict[str, Any]], object]) -> bytes:
    body = json.loads(RAW)
    how(body)
    return json.dumps(body).encode()


def entry(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["verificationMaterial"]["tlogEntries"][0]
    return found


def test_a_keyless_model_signature(tmp_path: Path) -> None:
    verified = verify_keyless(RAW, ROOT, IDENTITY, ISSUER)
    assert json.loads(verified.payload)["predicateType"] == "https://model_signing/signature/v1.0"
    assert verified.signers == (Signer(None, IDENTITY, ISSUER),)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_the_same_in_an_older_bundle(version: str) -> None:
    """In which the certificate is a chain, as cosign 2 wrote it."""

    def change(body: dict[str, Any]) -> None:
        body["mediaType"] = f"application/vnd.dev.sigstore.bundle+json;version={version}"
        leaf = body["verificationMaterial"].pop("certificate")
        body["verificationMaterial"]["x509CertificateChain"] = {"certificates": [leaf]}

    old = changed(change)
    assert verify_keyless(old, ROOT, IDENTITY, ISSUER) == verify_keyless(RAW, ROOT, IDENTITY, ISSUER)
    with pytest.raises(Untrusted):
        verify_keyless(old, STAGING, IDENTITY, ISSUER)
    with pytest.raises(Untrusted, match="no root is trusted"):
        verify(bundle.parse(old), Trust(), NOW)


BAD: dict[str, Callable[[dict[str, Any]], object]] = {
    "another payload": lambda body: body["dsseEnvelope"].update(payload=b64encode(b"{}").decode()),
    "another signature": lambda body: body["dsseEnvelope"]["signatures"][0].update(sig="MEUCIQ=="),
    "another time": lambda body: entry(body).update(integratedTime="1760162340"),
    "no time at all": lambda body: (
        body["verificationMaterial"].pop("timestampVerificationData"),
        entry(body).pop("inclusionPromise"),
    ),
    "no proof": lambda body: entry(body).pop("inclusionProof"),
    "another log": lambda body: entry(body)["logId"].update(keyId="AAAA"),
    "an entry twice": lambda body: body["verificationMaterial"]["tlogEntries"].append(entry(body)),
    "a path exchanged": lambda body: entry(body)["inclusionProof"]["hashes"].reverse(),
    # https://github.com/advisories/GHSA-8gw7-4j42-w388 (CVE-2022-36056): an entry that is about something else
    "an entry about another envelope": lambda body: entry(body).update(canonicalizedBody=b64encode(b"{}").decode()),
}


@pytest.mark.parametrize("how", BAD.values(), ids=BAD)
def test_what_does_not_verify(how: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(Untrusted, match="the keyless signature does not verify"):
        verify_keyless(changed(how), ROOT, IDENTITY, ISSUER)


@pytest.mark.parametrize(
    ("root", "identity", "issuer"),
    [
        (ROOT, "someone@us.ibm.com", ISSUER),
        (ROOT, IDENTITY, "https://accounts.google.com"),
        (ROOT, IDENTITY, ISSUER + "/"),
        (STAGING, IDENTITY, ISSUER),
    ],
    ids=["identity", "issuer", "almost the issuer", "root"],
)
def test_who_is_not_trusted(root: bytes, identity: str, issuer: str) -> None:
    with pytest.raises(Untrusted):
        verify_keyless(RAW, root, identity, issuer)


@pytest.mark.parametrize(("identity", "issuer"), [("", ISSUER), (IDENTITY, "")])
def test_identity_and_issuer_are_demanded(identity: str, issuer: str) -> None:
    """The library takes any issuer where none is named."""
    with pytest.raises(UsageError, match="give both"):
        verify_keyless(RAW, ROOT, identity, issuer)


@pytest.mark.parametrize("root", [b"", b"{}", b"[]", b"null", b"noise", ROOT[:-100], RAW, b"\xff"])
def test_what_is_no_trust_root(root: bytes) -> None:
    with pytest.raises(UsageError, match=r"trusted_root\.json"):
        verify_keyless(RAW, root, IDENTITY, ISSUER)


def test_only_types_that_are_asked_for() -> None:
    with pytest.raises(Untrusted, match="payload type"):
        verify_keyless(RAW, ROOT, IDENTITY, ISSUER, frozenset({"text/plain"}))


def test_other_material_is_not_keyless() -> None:
    signed = bundle.sign(b"{}", generate("ecdsa-p256"))
    with pytest.raises(Untrusted, match="which is not trusted"):
        verify_keyless(signed, ROOT, IDENTITY, ISSUER)
    with pytest.raises(Untrusted, match="not signed through sigstore"):
        Sigstore.parse(ROOT, IDENTITY, ISSUER).verify(bundle.parse(signed))


def test_the_strict_reader_comes_first() -> None:
    twice = RAW.replace(b'"integratedTime"', b'"integratedTime": "1", "integratedTime"', 1)
    with pytest.raises(Malformed, match="duplicate key"):
        verify_keyless(twice, ROOT, IDENTITY, ISSUER)


def places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [found for at, inner in items for found in [(*path, at), *places(inner, (*path, at))]]


@pytest.mark.parametrize("value", [None, "", 0, [], {}, "99999999999999999999", [None]], ids=repr)
def test_any_other_value_anywhere_is_no_crash(value: object) -> None:
    """Only the times may be missing, as long as one remains."""
    for path in places(json.loads(RAW)):
        body = json.loads(RAW)
        holder = body
        for at in path[:-1]:
            holder = holder[at]
        holder[path[-1]] = value
        try:
            verify_keyless(json.dumps(body).encode(), ROOT, IDENTITY, ISSUER)
        except ModelwardError as error:
            assert "\n" not in str(error)
        else:
            assert {"integratedTime", "inclusionPromise", "timestampVerificationData"} & set(path)
