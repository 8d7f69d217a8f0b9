from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from tests.attest import authority
from tests.attest.authority import NOW

from modelward.attest import bundle, dsse
from modelward.attest.bundle import MEDIA_TYPE, Bare, Chain, KeyHint, Keyless, LegacyKey
from modelward.attest.dsse import Envelope, Signature
from modelward.attest.errors import BadKey, Untrusted
from modelward.attest.keys import generate
from modelward.attest.verify import Trust, verify
from modelward.core import canonical
from modelward.core.errors import Malformed

VECTORS = Path(__file__).parent / "vectors"
KEY = generate("ecdsa-p256")
PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'
CHAIN = Chain(authority.der(authority.issue("signer", "root")))


def vector(name: str) -> bundle.Bundle:
    return bundle.parse((VECTORS / f"{name}.json").read_bytes())


# --- bundles that others wrote ---


def test_a_model_signature_of_1_1_0() -> None:
    found = vector("oms-1.1.0-key")
    assert found.media_type == MEDIA_TYPE
    assert found.material == KeyHint("e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e")
    assert json.loads(found.envelope.payload)["predicateType"] == "https://model_signing/signature/v1.0"


def test_a_model_signature_of_1_0_0_holds_its_key() -> None:
    material = vector("oms-1.0.0-key").material
    assert isinstance(material, LegacyKey)
    assert material.raw.startswith(b"-----BEGIN PUBLIC KEY-----\n")


def test_a_model_signature_with_certificates() -> None:
    material = vector("oms-1.1.0-certificate").material
    assert isinstance(material, Chain)
    leaf = x509.load_der_x509_certificate(material.certificates[0])
    leaf.verify_directly_issued_by(x509.load_der_x509_certificate(material.certificates[1]))


def test_a_keyless_model_signature() -> None:
    material = vector("oms-1.1.0-sigstore").material
    assert isinstance(material, Keyless)
    x509.load_der_x509_certificate(material.certificate)


def test_a_log_entry_beside_a_key_is_no_obstacle() -> None:
    """cosign writes one; nothing is taken from it."""
    assert vector("cosign-key-with-log-entry").material == KeyHint("rJuYlKqs5PMzdPzjkZBg4BveZRpD97PBnngUXPZSlr8=")


def test_an_envelope_alone() -> None:
    envelope = Envelope(dsse.PAYLOAD_TYPE, PAYLOAD, (Signature(b"x"), Signature(b"y", "k")))
    raw = json.dumps(dsse.encode(envelope)).encode()
    assert bundle.parse(raw) == bundle.Bundle(None, Bare(), envelope, raw)


# --- what we write ---


def test_our_bundles_are_canonical_and_name_the_key() -> None:
    raw = bundle.sign(PAYLOAD, KEY)
    assert raw == canonical.encode(json.loads(raw))
    found = bundle.parse(raw)
    assert found.media_type == MEDIA_TYPE
    assert found.material == KeyHint(KEY.public.fingerprint)
    assert found.envelope.payload == PAYLOAD
    assert bundle.encode(found.envelope, found.material) == raw


def test_our_bundles_with_certificates() -> None:
    raw = bundle.sign(PAYLOAD, authority.private("signer"), CHAIN)
    assert bundle.parse(raw).material == CHAIN
    with pytest.raises(BadKey, match="for another key"):
        bundle.sign(PAYLOAD, KEY, CHAIN)


# --- several in one file ---


def test_several_lines_are_several_bundles() -> None:
    bare = json.dumps(dsse.encode(Envelope(dsse.PAYLOAD_TYPE, PAYLOAD, (Signature(b"x"),)))).encode()
    lines = [bundle.sign(PAYLOAD, KEY), bare, bundle.sign(PAYLOAD, authority.private("signer"), CHAIN)]
    expected = tuple(bundle.parse(line) for line in lines)
    for between in (b"\n", b"\r\n", b"\n \n"):
        assert bundle.parse_each(between.join(lines)) == bundle.parse_each(between.join(lines) + b"\n")
        assert [each.material for each in bundle.parse_each(between.join(lines))] == [e.material for e in expected]
    assert bundle.parse_each(lines[0]) == expected[:1]


def test_one_bundle_may_have_lines() -> None:
    raw = json.dumps(GOOD, indent=2).encode()
    assert bundle.parse_each(raw) == (bundle.parse(raw),)
    raw = json.dumps({"verificationMaterial": MATERIAL} | GOOD).replace("}, ", "},\n").encode()
    assert bundle.parse_each(raw) == (bundle.parse(raw),)


@pytest.mark.parametrize("more", [b"{}", b"x", b"[]", b"{", b'{"a": 1, "a": 1}'])
def test_one_line_that_is_none_spoils_all(more: bytes) -> None:
    good = bundle.sign(PAYLOAD, KEY)
    for lines in ((good, more), (more, good), (good, more, good)):
        with pytest.raises(Malformed):
            bundle.parse_each(b"\n".join(lines))


def test_lines_without_end_are_not_read() -> None:
    with pytest.raises(Malformed, match="65 signatures; at most 64"):
        bundle.parse_each(b"\n".join([bundle.sign(PAYLOAD, KEY)] * 65))


# --- what is no bundle ---

GOOD: dict[str, Any] = json.loads(bundle.sign(PAYLOAD, KEY))
MATERIAL = GOOD["verificationMaterial"]
ENVELOPE = GOOD["dsseEnvelope"]
LONE = {"certificate": {"rawBytes": "AAAA"}}
CERTIFICATES = [{"rawBytes": "AAAA"}]


def chain(certificates: object) -> dict[str, Any]:
    return GOOD | {"verificationMaterial": {"x509CertificateChain": {"certificates": certificates}}}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (None, "must be a JSON object"),
        ([GOOD], "must be a JSON object"),
        ({"garbage": True}, "lacks"),
        (GOOD | {"extra": 1}, "not known: extra"),
        (GOOD | {"messageSignature": {}}, "signs a file as it is"),
        ({k: v for k, v in GOOD.items() if k != "dsseEnvelope"}, "lacks dsseEnvelope"),
        (GOOD | {"mediaType": "application/json"}, "media type application/json"),
        (GOOD | {"mediaType": "application/vnd.dev.sigstore.bundle.v9+json"}, "media type"),
        (GOOD | {"mediaType": MEDIA_TYPE + "\n"}, "media type"),
        (GOOD | {"mediaType": None}, "mediaType must be text"),
        (GOOD | {"dsseEnvelope": ENVELOPE | {"extra": 1}}, "not known: extra"),
        (GOOD | {"dsseEnvelope": ENVELOPE | {"signatures": ENVELOPE["signatures"] * 2}}, "holds one signature"),
        (GOOD | {"verificationMaterial": None}, "must be a JSON object"),
        (GOOD | {"verificationMaterial": {}}, "names one of"),
        (GOOD | {"verificationMaterial": MATERIAL | LONE}, "names one of"),
        (GOOD | {"verificationMaterial": MATERIAL | {"extra": 1}}, "not known: extra"),
        (GOOD | {"verificationMaterial": MATERIAL | {"tlogEntries": {}}}, "must be a list"),
        (GOOD | {"verificationMaterial": LONE}, "needs the log entry"),
        (GOOD | {"verificationMaterial": LONE | {"tlogEntries": []}}, "needs the log entry"),
        (GOOD | {"verificationMaterial": {"publicKey": {}}}, "either a hint or rawBytes"),
        (GOOD | {"verificationMaterial": {"publicKey": {"hint": "a", "rawBytes": "AAAA"}}}, "either a hint"),
        (GOOD | {"verificationMaterial": {"publicKey": {"hint": 7}}}, "hint must be text"),
        (GOOD | {"verificationMaterial": {"publicKey": {"rawBytes": "A"}}}, "not base64"),
        (chain([]), "1 to 16 certificates"),
        (chain(CERTIFICATES * 17), "1 to 16 certificates"),
        (chain({}), "1 to 16 certificates"),
        (chain([{}]), "lacks rawBytes"),
        (chain([{"rawBytes": 7}]), "base64 text"),
    ],
)
def test_what_is_no_bundle(body: object, why: str) -> None:
    with pytest.raises(Malformed, match=re.escape(why)):
        bundle.parse(json.dumps(body).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe{\x00}\x00",
        b"NaN",
        json.dumps(GOOD).encode()[:100],
        b"[" * 100_000,
        json.dumps(GOOD).replace('"payload":', '"payload":"e30=","payload":', 1).encode(),
        json.dumps(GOOD).replace('"mediaType":', '"mediaType":"x","mediaType":', 1).encode(),
        json.dumps(GOOD).replace('"tlogEntries": []', '"tlogEntries": [NaN]').encode(),
    ],
    ids=["empty", "UTF-16", "NaN", "cut short", "deep", "payload twice", "media type twice", "NaN inside"],
)
def test_what_two_parsers_would_read_differently(raw: bytes) -> None:
    with pytest.raises(Malformed):
        bundle.parse(raw)


def test_a_huge_file_is_not_even_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LARGEST", 1000)
    with pytest.raises(Malformed, match="1,001 bytes; at most 1,000"):
        bundle.parse(b" " * 1001)


def test_a_list_of_lists_is_not_even_decoded() -> None:
    """A million empty lists would take 60 MB."""
    with pytest.raises(Malformed, match="more than 10,000 values"):
        bundle.parse(b"[" + b"[]," * 1_000_000 + b"[]]")


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_every_media_type_of_sigstore(version: str) -> None:
    """https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto"""
    for media_type in (f"{MEDIA_TYPE[:35]}+json;version={version}", f"{MEDIA_TYPE[:35]}.v{version}+json"):
        assert bundle.parse(json.dumps(GOOD | {"mediaType": media_type}).encode()).media_type == media_type


@given(st.data())
def test_any_other_value_anywhere_is_read_or_malformed(data: st.DataObject) -> None:
    source = json.loads(data.draw(st.sampled_from(sorted(VECTORS.glob("oms-*.json")))).read_text(encoding="utf-8"))
    holder: Any = source
    at: Any = data.draw(st.sampled_from(sorted(source)))
    while isinstance(holder[at], dict | list) and holder[at] and data.draw(st.booleans()):
        holder = holder[at]
        at = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    holder[at] = data.draw(st.none() | st.integers() | st.text(max_size=3) | st.just([]) | st.just({}))
    try:
        found = bundle.parse(json.dumps(source).encode())
        verify(found, Trust(keys=(KEY.public,), roots=authority.read(authority.root())), NOW)
    except (Malformed, Untrusted) as error:
        assert "\n" not in str(error)
    else:
        pytest.fail("nobody whom we trust signed this")
