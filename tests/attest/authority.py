"""Certificates as real and as wrong as a test needs them, made anew in each run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from modelward.attest.certificates import Certificate, parse_pem
from modelward.attest.keys import PrivateKey

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CODE_SIGNING = [ExtendedKeyUsageOID.CODE_SIGNING]
WEB_SERVER = [ExtendedKeyUsageOID.SERVER_AUTH]
ISSUES = ["key_cert_sign"]
SIGNS = ["digital_signature"]
_USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign "
    "crl_sign encipher_only decipher_only"
).split()

Key = ec.EllipticCurvePrivateKey


@cache
def key(name: str, curve: str = "secp256r1") -> Key:
    """The key of that name, the same all through a run."""
    return ec.generate_private_key({"secp256r1": ec.SECP256R1(), "secp256k1": ec.SECP256K1()}[curve])


def issue(
    name: str,
    issuer: str,
    *,
    subject_key: Key | None = None,
    issuer_key: Key | None = None,
    ca: bool | None = False,
    length: int | None = None,
    usage: Sequence[str] | None = SIGNS,
    purposes: Sequence[ObjectIdentifier] | None = CODE_SIGNING,
    names: Sequence[x509.GeneralName] = (),
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
    start: datetime = NOW - DAY,
    end: datetime = NOW + DAY,
) -> x509.Certificate:
    extensions: list[tuple[x509.ExtensionType, bool]] = list(more)
    if ca is not None:
        extensions.append((x509.BasicConstraints(ca, length), True))
    if usage is not None:
        extensions.append((x509.KeyUsage(**{each: each in usage for each in _USAGES}), True))
    if purposes is not None:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    if names:
        extensions.append((x509.SubjectAlternativeName(names), False))
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key((subject_key or key(name)).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return builder.sign(issuer_key or key(issuer), hashes.SHA256())


def root(name: str = "root", **how: Any) -> x509.Certificate:
    return intermediate(name, name, **how)


def intermediate(name: str = "between", issuer: str = "root", **how: Any) -> x509.Certificate:
    usual: dict[str, Any] = {"ca": True, "usage": ISSUES, "purposes": None}
    return issue(name, issuer, **usual | how)


def read(*certificates: x509.Certificate) -> tuple[Certificate, ...]:
    return parse_pem(b"".join(each.public_bytes(Encoding.PEM) for each in certificates)) if certificates else ()


def der(*certificates: x509.Certificate) -> tuple[bytes, ...]:
    return tuple(each.public_bytes(Encoding.DER) for each in certificates)


def private(name: str) -> PrivateKey:
    return PrivateKey.of(key(name))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
