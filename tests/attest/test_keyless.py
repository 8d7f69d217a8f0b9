"""Keyless signatures, made by the real sigstore library with servers on loopback, and what was changed in them."""

from __future__ import annotations

import json
import socket
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from operator import getitem
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.attest.authority import NOW
from tests.attest.instance import IDENTITY, ISSUER, Instance, serving, token
from tests.attest.instance.fulcio import Fulcio
from tests.attest.instance.rekor import Rekor
from tests.attest.instance.timestamps import Timestamps
from tests.attest.steps import without

from modelward.attest import bundle, sigstore
from modelward.attest.bundle import Chain, Keyless
from modelward.attest.errors import NotSigned, Untrusted
from modelward.attest.keyless import KeylessSigner
from modelward.attest.sigstore import Sigstore
from modelward.attest.verify import Signer, Trust, Verified, verify
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ModelwardError, UsageError
from modelward.core.statement import Statement

pytest.importorskip("sigstore", reason="the extra sigstore is not installed")

PAYLOAD = Statement.make(Digest("sha256", "0" * 64), "urn:test", {}).raw
CONNECT = socket.socket.connect


@pytest.fixture(autouse=True, scope="module")
def loopback() -> Iterator[None]:
    def connect(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", address
        CONNECT(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with serving(Instance()) as served:
        yield served


@pytest.fixture(scope="module")
def raw(instance: Instance) -> bytes:
    return signed(instance)


def signed(instance: Instance, statement: bytes = PAYLOAD, identity: str = IDENTITY) -> bytes:
    return KeylessSigner.open(token(identity).encode(), instance.trust_config()).sign(statement)[0]


def unchecked(instance: Instance) -> bytes:
    """What the library makes, before we verify it."""
    from sigstore.dsse import Statement as Theirs

    with serving(instance) as served:
        return KeylessSigner.open(token().encode(), served.trust_config())._made(Theirs(PAYLOAD))


def opened(raw: bytes, instance: Instance, identity: str = IDENTITY, issuer: str = ISSUER) -> Verified:
    trust = Trust(sigstore=Sigstore.parse(instance.trusted_root(), identity, issuer))
    return verify(bundle.parse(raw), trust, NOW)


def changed(raw: bytes, how: Callable[[dict[str, Any]], object]) -> bytes:
    body = json.loads(raw)
    how(body)
    return json.dumps(body).encode()


# --- what was signed verifies ---


def test_what_was_signed_verifies_without_any_server(raw: bytes, instance: Instance) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda *_: pytest.fail("nothing may be fetched"))
        assert opened(raw, instance).payload == PAYLOAD
        assert opened(raw, instance).signers == (Signer(None, IDENTITY, ISSUER),)


def test_an_identity_may_be_a_workflow(instance: Instance) -> None:
    workflow = "https://example.org/a/b/.github/workflows/release.yml@refs/heads/main"
    made = signed(instance, identity=workflow)
    assert opened(made, instance, workflow).signers[0].identity == workflow


def in_a_chain(raw: bytes, version: str = "+json;version=0.2") -> bytes:
    """As cosign 2 and sigstore-js before 3 wrote it."""

    def change(body: dict[str, Any]) -> None:
        body["mediaType"] = f"application/vnd.dev.sigstore.bundle{version}"
        leaf = body["verificationMaterial"].pop("certificate")
        body["verificationMaterial"]["x509CertificateChain"] = {"certificates": [leaf]}

    return changed(raw, change)


def test_a_bundle_of_version_0_2(raw: bytes, instance: Instance) -> None:
    old = in_a_chain(raw)
    assert isinstance(bundle.parse(old).material, Chain)
    assert opened(old, instance) == opened(raw, instance)
    with pytest.raises(Untrusted):
        opened(old, instance, "bob@example.org")
    with pytest.raises(Untrusted, match="inclusion promise"):
        opened(in_a_chain(raw, "+json;version=0.1"), instance)
    with pytest.raises(Untrusted, match="expected certificate"):
        opened(in_a_chain(raw, ".v0.3+json"), instance)


def test_its_authority_as_a_root_does_not_verify_it(raw: bytes, instance: Instance) -> None:
    """The certificate has expired since, and nothing but the log says that the signature has not."""
    from modelward.attest.certificates import parse_pem

    roots = Trust(roots=parse_pem(instance.fulcio.root.public_bytes(Encoding.PEM)))
    for form, why in ((raw, "signed through sigstore"), (in_a_chain(raw), "expired")):
        with pytest.raises(Untrusted, match=why):
            verify(bundle.parse(form), roots, NOW.replace(year=2030))


# --- who is not trusted ---


@pytest.mark.parametrize(
    ("identity", "issuer"),
    [("bob@example.org", ISSUER), (IDENTITY, "https://accounts.example.com"), (IDENTITY, ISSUER + "/"), ("", ISSUER)],
)
def test_another_identity_or_issuer(raw: bytes, instance: Instance, identity: str, issuer: str) -> None:
    with pytest.raises((Untrusted, UsageError)):
        opened(raw, instance, identity, issuer)


FOREIGN: dict[str, Callable[[Instance], Instance]] = {
    "another authority": lambda ours: replace(ours, fulcio=Fulcio(log=ours.fulcio.log)),
    "another log of certificates": lambda ours: replace(ours, fulcio=Fulcio(key=ours.fulcio.key)),
    "another log of signatures": lambda ours: replace(ours, rekor=Rekor()),
    "another time": lambda ours: replace(ours, timestamps=Timestamps()),
}


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_one_server_of_another_instance(instance: Instance, foreign: Callable[[Instance], Instance]) -> None:
    with serving(foreign(instance)) as other:
        made = signed(other)
    assert opened(made, other).payload == PAYLOAD
    with pytest.raises(Untrusted):
        opened(made, instance)


WRONG: dict[str, tuple[Callable[[Instance], Instance], str]] = {
    "used before it was issued": (
        lambda ours: replace(ours, fulcio=replace(ours.fulcio, age=-timedelta(minutes=2))),
        "not valid at validation time",
    ),
    "stamped when it had expired": (
        lambda ours: replace(ours, timestamps=Timestamps(late=timedelta(hours=1))),
        "not valid at validation time",
    ),
    "for web servers": (
        lambda ours: replace(ours, fulcio=replace(ours.fulcio, purpose=ExtendedKeyUsageOID.SERVER_AUTH)),
        "code signing",
    ),
}


@pytest.mark.parametrize(("wrong", "why"), WRONG.values(), ids=WRONG)
def test_an_instance_that_misbehaves(instance: Instance, wrong: Callable[[Instance], Instance], why: str) -> None:
    other = wrong(instance)
    made = unchecked(other)
    with pytest.raises(Untrusted, match=why):
        opened(made, other)
    with serving(other) as served, pytest.raises(NotSigned):
        signed(served)


@pytest.mark.parametrize("how", [{"logs": False}, {"age": timedelta(minutes=11)}], ids=["not logged", "expired"])
def test_a_certificate_that_the_library_does_not_use(instance: Instance, how: dict[str, Any]) -> None:
    with serving(replace(instance, fulcio=replace(instance.fulcio, **how))) as other, pytest.raises(NotSigned):
        signed(other)


# --- what was changed ---


def entry(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["verificationMaterial"]["tlogEntries"][0]
    return found


def flip(text: str) -> str:
    raw = bytearray(b64decode(text))
    raw[-1] ^= 1
    return b64encode(raw).decode()


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "the payload": lambda body: body["dsseEnvelope"].update(payload=b64encode(PAYLOAD + b" ").decode()),
    "the type": lambda body: body["dsseEnvelope"].update(payloadType="application/vnd.in-toto+json "),
    "the signature": lambda body: body["dsseEnvelope"]["signatures"][0].update(
        sig=flip(body["dsseEnvelope"]["signatures"][0]["sig"])
    ),
    "no log entry": lambda body: body["verificationMaterial"].pop("tlogEntries"),
    "no entry in the list": lambda body: body["verificationMaterial"].update(tlogEntries=[]),
    "no time": lambda body: body["verificationMaterial"].pop("timestampVerificationData"),
    "no proof": lambda body: entry(body).pop("inclusionProof"),
    "no checkpoint": lambda body: entry(body)["inclusionProof"].pop("checkpoint"),
    "a checkpoint that nobody signed": lambda body: entry(body)["inclusionProof"]["checkpoint"].update(
        envelope=entry(body)["inclusionProof"]["checkpoint"]["envelope"].partition("—")[0]
    ),
    "another place in the log": lambda body: entry(body)["inclusionProof"].update(logIndex="0"),
    "the entry": lambda body: entry(body).update(canonicalizedBody=b64encode(b"{}").decode()),
    "its kind": lambda body: entry(body)["kindVersion"].update(kind="dsse", version="0.0.1"),
    # what the log says of the time itself binds nothing without its promise
    "a time of its own": lambda body: (
        entry(body).update(integratedTime="1"),
        body["verificationMaterial"].pop("timestampVerificationData"),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed(raw: bytes, instance: Instance, change: Callable[[dict[str, Any]], object]) -> None:
    for form in (raw, in_a_chain(raw)):
        with pytest.raises((Untrusted, Malformed)):
            opened(changed(form, change), instance)


PARTS = ["certificate", "tlogEntries", "timestampVerificationData"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_another_signature_by_the_same_signer(raw: bytes, instance: Instance, part: str) -> None:
    """https://github.com/sigstore/cosign/security/advisories/GHSA-8gw7-4j42-w388 (CVE-2022-36056)"""
    another = json.loads(signed(instance, Statement.make(Digest("sha256", "1" * 64), "urn:test", {}).raw))
    material = another["verificationMaterial"]
    with pytest.raises(Untrusted):
        opened(changed(raw, lambda body: body["verificationMaterial"].update({part: material[part]})), instance)


# --- the steps of attest/sigstore.py that the library does not do ---


def two_readings(raw: bytes) -> bytes:
    """The library drops what is not of its alphabet; in the other alphabet four hyphens are three bytes."""

    def change(body: dict[str, Any]) -> None:
        payload = body["dsseEnvelope"]["payload"]
        assert "+" not in payload and "/" not in payload
        body["dsseEnvelope"]["payload"] = "----" + payload

    return changed(raw, change)


def test_a_payload_that_two_readers_read_differently(raw: bytes, instance: Instance) -> None:
    twofold = two_readings(raw)
    assert bundle.parse(twofold).envelope.payload != PAYLOAD
    with pytest.raises(Untrusted, match="two payloads"):
        opened(twofold, instance)
    step = "if (payload_type, payload) != (bundle.envelope.payload_type, bundle.envelope.payload):"
    with without(sigstore, step, "if False:") as lax:
        trust = Trust(sigstore=lax.Sigstore.parse(instance.trusted_root(), IDENTITY, ISSUER))
        assert verify(bundle.parse(twofold), trust, NOW).payload == PAYLOAD


def test_a_certificate_for_another_kind_of_key(raw: bytes, instance: Instance) -> None:
    """Fulcio issues them; the library takes every key for ECDSA."""
    key = rsa.generate_private_key(65537, 2048)
    fulcio = replace(instance.fulcio, age=timedelta(minutes=1))
    certificate = fulcio.issue(key.public_key(), IDENTITY, ISSUER).public_bytes(Encoding.DER)
    given = changed(
        raw, lambda body: body["verificationMaterial"]["certificate"].update(rawBytes=b64encode(certificate).decode())
    )
    with pytest.raises(Untrusted, match="for ECDSA keys alone"):
        opened(given, instance)
    with without(sigstore, 'if not kind.startswith("ecdsa-"):', "if False:") as lax:
        trust = Trust(sigstore=lax.Sigstore.parse(instance.trusted_root(), IDENTITY, ISSUER))
        with pytest.raises(TypeError):
            verify(bundle.parse(given), trust, NOW)


# --- signing ---


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"noise",
        b"a.b.c",
        b"\xff",
        token(lives=-60).encode(),
        token(audience="another service").encode(),
    ],
)
def test_what_is_no_token(instance: Instance, given: bytes) -> None:
    with pytest.raises(UsageError, match="identity token") as caught:
        KeylessSigner.open(given, instance.trust_config())
    assert given.decode("latin-1") not in str(caught.value) or not given


@pytest.mark.parametrize("config", [b"", b"{}", b"[]", b"\xff", b"noise", Instance().trusted_root()])
def test_what_is_no_instance(config: bytes) -> None:
    with pytest.raises(UsageError, match="trust configuration"):
        KeylessSigner.open(token().encode(), config)


@pytest.mark.parametrize(
    "statement", [b"{}", b"noise", PAYLOAD.replace(b'"name"', b'"nam"'), PAYLOAD.replace(b'"sha256"', b'"sha1"')]
)
def test_a_statement_that_sigstore_does_not_sign(instance: Instance, statement: bytes) -> None:
    with pytest.raises(UsageError, match="does not sign this statement"):
        signed(instance, statement)


@pytest.mark.parametrize("answer", [b"noise", b"{}", b"[]", b"null"])
@pytest.mark.parametrize("broken", ["fulcio", "rekor", "timestamps"])
def test_a_server_that_fails(instance: Instance, broken: str, answer: bytes) -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            if name in ("certify", "append", "stamp"):
                return lambda *_: answer
            return getattr(getattr(instance, broken), name)

    server: dict[str, Any] = {broken: Broken()}
    with serving(replace(instance, **server)) as other, pytest.raises(NotSigned) as caught:
        signed(other)
    assert "\n" not in str(caught.value)


def test_no_server_at_all(instance: Instance) -> None:
    with serving(instance) as gone:
        pass
    with pytest.raises(NotSigned, match="keyless signing failed"):
        signed(gone)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, instance: Instance) -> None:
    for name in ("sigstore.errors", "sigstore.models", "sigstore.oidc"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(UsageError, match=r"pip install 'modelward\[sigstore\]'"):
        KeylessSigner.open(token().encode(), instance.trust_config())
    with pytest.raises(UsageError, match=r"pip install 'modelward\[sigstore\]'"):
        Sigstore.parse(instance.trusted_root(), IDENTITY, ISSUER)


def places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [found for at, inner in items for found in [(*path, at), *places(inner, (*path, at))]]


@pytest.mark.parametrize("value", [None, "", 0, [], {}, "9" * 18, [None], "AAAA"], ids=repr)
def test_any_other_value_anywhere_is_no_crash(raw: bytes, instance: Instance, value: object) -> None:
    for path in places(json.loads(raw)):
        body = json.loads(raw)
        holder = body
        for at in path[:-1]:
            holder = holder[at]
        holder[path[-1]] = value
        try:
            opened(json.dumps(body).encode(), instance)
        except ModelwardError as error:
            assert "\n" not in str(error)
        else:
            assert path[-1] in ("logIndex", "keyid", "integratedTime", "inclusionPromise"), path


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_byte_anywhere_is_no_crash(raw: bytes, instance: Instance, data: st.DataObject) -> None:
    """In the certificate, the timestamp, the log entry: what is signed stays what it was."""
    body = json.loads(raw)
    texts = [path for path in places(body) if isinstance(reduce(getitem, path, body), str)]
    *way, last = data.draw(st.sampled_from(texts))
    holder = reduce(getitem, way, body)
    try:
        content = bytearray(b64decode(holder[last], validate=True))
    except ValueError:
        content = bytearray(holder[last].encode())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    holder[last] = b64encode(content).decode()
    try:
        assert opened(json.dumps(body).encode(), instance).payload == PAYLOAD
    except ModelwardError as error:
        assert "\n" not in str(error)


def test_a_timestamp_with_a_certificate_that_is_none(raw: bytes, instance: Instance) -> None:
    """The library lets the error of `cryptography` through."""

    def change(body: dict[str, Any]) -> None:
        (stamp,) = body["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
        content = b64decode(stamp["signedTimestamp"])
        version = b"\xa0\x03\x02\x01\x02"
        stamp["signedTimestamp"] = b64encode(content.replace(version, version[:-1] + b"\x62")).decode()

    with pytest.raises(Untrusted, match="not a valid X509 version"):
        opened(changed(raw, change), instance)


def test_the_material_of_our_signatures(raw: bytes) -> None:
    assert isinstance(bundle.parse(raw).material, Keyless)
