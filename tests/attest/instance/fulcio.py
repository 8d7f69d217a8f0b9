"""The certificate authority, and the transparency log of what it issues.

https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md
https://www.rfc-editor.org/rfc/rfc6962#section-3.2
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

_SCTS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_ISSUER_BEFORE = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_MINUTES = timedelta(minutes=10)
SIGNS = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
ISSUES = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Fulcio:
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    age: timedelta = timedelta(0)
    """How long ago the certificates seem to be issued."""
    purpose: ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING
    logs: bool = True

    @property
    def chain(self) -> tuple[bytes, ...]:
        return (self.root.public_bytes(Encoding.DER),)

    @cached_property
    def root(self) -> x509.Certificate:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        builder = unsigned(self.key.public_key(), name("test root"), now, now + timedelta(days=3650))
        for extension, critical in ((x509.BasicConstraints(True, 0), True), (ISSUES, True)):
            builder = builder.add_extension(extension, critical)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        return builder.subject_name(name("test root")).add_extension(identifier, False).sign(self.key, hashes.SHA256())

    @property
    def log_key(self) -> bytes:
        return self.log.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def log_id(self) -> bytes:
        return hashlib.sha256(self.log_key).digest()

    def certify(self, request: dict[str, str], identity: str, issuer: str) -> bytes:
        csr = x509.load_pem_x509_csr(b64decode(request["certificateSigningRequest"]))
        assert csr.is_signature_valid
        chain = self.issue(csr.public_key(), identity, issuer), self.root
        pem = [each.public_bytes(Encoding.PEM).decode() for each in chain]
        return json.dumps({"signedCertificateEmbeddedSct": {"chain": {"certificates": pem}}}).encode()

    def issue(self, key: object, identity: str, issuer: str) -> x509.Certificate:
        now = datetime.now(UTC).replace(microsecond=0) - self.age
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (
            (SIGNS, True),
            (x509.ExtendedKeyUsage([self.purpose]), False),
            (x509.SubjectKeyIdentifier.from_public_key(key), False),  # type: ignore[arg-type]
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
            (x509.SubjectAlternativeName([_general(identity)]), True),
            (x509.UnrecognizedExtension(_ISSUER_BEFORE, issuer.encode()), False),
            (x509.UnrecognizedExtension(_ISSUER, _der(0x0C, issuer.encode())), False),
        )
        builder = unsigned(key, name("test root"), now, now + _MINUTES).subject_name(x509.Name([]))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        precertificate = builder.sign(self.key, hashes.SHA256())
        if not self.logs:
            return precertificate
        scts = x509.UnrecognizedExtension(_SCTS, _der(0x04, self._logged(precertificate, now)))
        return builder.add_extension(scts, False).sign(self.key, hashes.SHA256())

    def _logged(self, precertificate: x509.Certificate, now: datetime) -> bytes:
        """The log's signature on the certificate without it, as a list of one."""
        issuer = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        body = precertificate.tbs_certificate_bytes
        time = int(now.timestamp() * 1000).to_bytes(8)
        signed = b"\0\0" + time + b"\0\1" + hashlib.sha256(issuer).digest() + len(body).to_bytes(3) + body + b"\0\0"
        signature = self.log.sign(signed, ec.ECDSA(hashes.SHA256()))
        sct = b"\0" + self.log_id + time + b"\0\0" + b"\4\3" + len(signature).to_bytes(2) + signature
        return (len(sct) + 2).to_bytes(2) + len(sct).to_bytes(2) + sct


def unsigned(key: object, issuer: x509.Name, start: datetime, end: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .public_key(key)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general(identity: str) -> x509.GeneralName:
    return x509.RFC822Name(identity) if "@" in identity else x509.UniformResourceIdentifier(identity)


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    return bytes([tag, length] if length < 0x80 else [tag, 0x82, *length.to_bytes(2)]) + content
