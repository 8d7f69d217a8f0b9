"""Sigstore bundles and bare DSSE envelopes, read and written.

A bundle is one envelope, one signature, and the material to check it with:
https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto, narrowed by OpenSSF
Model Signing v1.0, section 4. Reading trusts nothing: `verify` compares the material with what is trusted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from modelward.attest import dsse
from modelward.attest.dsse import Envelope, Signature, closed, text
from modelward.attest.encoding import decode_base64, encode_base64
from modelward.attest.errors import BadKey
from modelward.attest.keys import PrivateKey
from modelward.core import canonical
from modelward.core.errors import Malformed

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
LARGEST = 256 * 1024 * 1024
MOST_CERTIFICATES = 16
_MOST_VALUES = 10_000
_MOST_LINES = 100_000  # of a bundle with so many values, each in lines of its own

_MEDIA_TYPE = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(?:\.v0\.[123]\+json|\+json;version=0\.[123])", re.ASCII
)


@dataclass(frozen=True, slots=True)
class KeyHint:
    """Signed with the key of this name, which is not in the bundle."""

    hint: str


@dataclass(frozen=True, slots=True)
class LegacyKey:
    """Signed with this key, PEM or DER (model-signing before 1.1). A hint as well: it is trusted only
    when it is one of the trusted keys."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Chain:
    """Signed with the key of the first of these DER certificates, which the others lead to a root."""

    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Keyless:
    """Signed through sigstore: a certificate of some minutes, and the log entry that proves when. Only
    `attest.sigstore` can verify it."""

    certificate: bytes


@dataclass(frozen=True, slots=True)
class Bare:
    """No bundle: a DSSE envelope alone, with any number of signatures."""


Material = KeyHint | LegacyKey | Chain | Keyless | Bare


@dataclass(frozen=True, slots=True)
class Bundle:
    media_type: str | None  # None when bare
    material: Material
    envelope: Envelope
    raw: bytes


def parse(raw: bytes) -> Bundle:
    """A bundle, or an envelope alone. Raises Malformed for more than 256 MB, JSON that two parsers could
    read differently, a media type or key that is not known, material that fits no method or two, and a
    bundle with more than one signature (readers that look at the first alone would see another signer).

    Log entries and timestamps beside a key or a certificate chain are left unread: no verification
    relies on them, so they cannot make it weaker, and cosign writes them.
    """
    if len(raw) > LARGEST:
        raise Malformed(f"a signature of {len(raw):,} bytes; at most {LARGEST:,} are read")
    if raw.count(b",") + raw.count(b"[") > _MOST_VALUES:  # base64 has neither; a list of lists takes 30 times its size
        raise Malformed(f"a signature with more than {_MOST_VALUES:,} values, as none has; a bare statement may")
    body = canonical.decode(raw)
    if isinstance(body, dict) and "payloadType" in body:
        return Bundle(None, Bare(), dsse.parse(body), raw)
    if isinstance(body, dict) and "_type" in body:
        raise Malformed("this is a statement that nobody has signed (modelward sign does); a signature was expected")
    if isinstance(body, dict) and "messageSignature" in body:
        raise Malformed("this bundle signs a file as it is, and no statement about it; a dsseEnvelope was expected")
    fields = closed(body, "a bundle", {"mediaType", "verificationMaterial", "dsseEnvelope"})
    media_type = text(fields["mediaType"], "mediaType")
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise Malformed(f"the media type {media_type} is none of a sigstore bundle 0.1 to 0.3")
    envelope = dsse.parse(fields["dsseEnvelope"])
    if len(envelope.signatures) != 1:
        raise Malformed(f"a bundle holds one signature, and this one has {len(envelope.signatures)}")
    return Bundle(media_type, _material(fields["verificationMaterial"]), envelope, raw)


def parse_each(raw: bytes) -> tuple[Bundle, ...]:
    """One bundle or envelope, or several, each in a line of its own (JSON Lines). Raises Malformed if one of
    them is. No text is both, so that no reader takes for one what another takes for two."""
    lines = [line for line in raw.split(b"\n") if line.strip()] if raw.count(b"\n") <= _MOST_LINES else []
    try:
        first = parse(lines[0]) if len(lines) > 1 else None
    except Malformed:
        first = None  # one that was written in several lines, if it is one at all
    if first is None:
        return (parse(raw),)
    if len(lines) > dsse.MOST_SIGNATURES:
        raise Malformed(f"{len(lines):,} signatures; at most {dsse.MOST_SIGNATURES} are read")
    return (first, *map(parse, lines[1:]))


def sign(payload: bytes, key: PrivateKey, chain: Chain | None = None, payload_type: str = dsse.PAYLOAD_TYPE) -> bytes:
    """A bundle in which *key* signs *payload*; with *chain*, as the holder of its first certificate.
    Raises BadKey when that certificate is for another key."""
    if chain is not None:
        from modelward.attest.certificates import parse_der

        if parse_der(chain.certificates[0]).public_key != key.public:
            raise BadKey("the certificate is for another key than the private key; give the one that was issued for it")
    signature = Signature(key.sign(dsse.pae(payload_type, payload)))
    return encode(Envelope(payload_type, payload, (signature,)), chain or KeyHint(key.public.fingerprint))


def encode(envelope: Envelope, material: KeyHint | Chain) -> bytes:
    """A bundle as canonical JSON in the form that every OMS verifier reads."""
    if isinstance(material, KeyHint):
        how: dict[str, object] = {"publicKey": {"hint": material.hint}}
    else:
        how = {
            "x509CertificateChain": {"certificates": [{"rawBytes": encode_base64(c)} for c in material.certificates]}
        }
    body = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": how | {"tlogEntries": []},
        "dsseEnvelope": dsse.encode(envelope),
    }
    return canonical.encode(body)


def _material(body: object) -> Material:
    kinds = {"publicKey", "x509CertificateChain", "certificate"}
    fields = closed(body, "verificationMaterial", frozenset(), kinds | {"tlogEntries", "timestampVerificationData"})
    methods = kinds & fields.keys()
    if len(methods) != 1:
        raise Malformed(f"verificationMaterial names one of {', '.join(sorted(kinds))}, and this one {len(methods)}")
    entries = fields.get("tlogEntries", [])
    if not isinstance(entries, list):
        raise Malformed("tlogEntries must be a list")
    if "publicKey" in fields:
        return _public_key(fields["publicKey"])
    if "certificate" in fields:
        if not entries:
            raise Malformed("a lone certificate needs the log entry that proves when it was used")
        return Keyless(_certificate(fields["certificate"]))
    chain = closed(fields["x509CertificateChain"], "x509CertificateChain", {"certificates"})["certificates"]
    if not isinstance(chain, list) or not 0 < len(chain) <= MOST_CERTIFICATES:
        raise Malformed(f"x509CertificateChain must list 1 to {MOST_CERTIFICATES} certificates")
    return Chain(tuple(_certificate(each) for each in chain))


def _public_key(body: object) -> KeyHint | LegacyKey:
    fields = closed(body, "publicKey", frozenset(), {"hint", "rawBytes", "keyDetails"})
    if ("hint" in fields) == ("rawBytes" in fields):
        raise Malformed("publicKey needs either a hint or rawBytes")
    if "hint" in fields:
        return KeyHint(text(fields["hint"], "hint"))
    return LegacyKey(decode_base64(fields["rawBytes"], "rawBytes"))


def _certificate(body: object) -> bytes:
    return decode_base64(closed(body, "a certificate", {"rawBytes"})["rawBytes"], "rawBytes")
