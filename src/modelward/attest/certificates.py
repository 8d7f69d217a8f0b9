"""Certificates that sign: what they say, and whether a trusted root stands behind it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from modelward.attest.errors import BadKey, Untrusted, plain
from modelward.attest.keys import PublicKey
from modelward.core.errors import Malformed

IdentityKind = Literal["email", "uri", "dns", "username"]

_LONGEST = 1024 * 1024
# https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_ISSUER_BEFORE = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")  # the same without ASN.1 around it
_USERNAME = ObjectIdentifier("1.3.6.1.4.1.57264.1.7")
_SIGNING = {ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_AROUND = re.compile(r"^(?:(?:validation failed|candidates exhausted|Python extension validator failed|ValueError): )+")
UNREADABLE = (  # what `cryptography` raises where bytes of others are no certificate
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    CryptographyDeprecationWarning,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate claims. Nothing of it is true before `verify_chain`."""

    der: bytes
    subject: str  # RFC 4514, for people
    issuer: str
    public_key: PublicKey
    identities: tuple[tuple[IdentityKind, str], ...]  # its subject alternative names
    oidc_issuer: str | None  # who confirmed the identity to Fulcio
    not_before: datetime
    not_after: datetime
    _x509: x509.Certificate = field(repr=False, compare=False)

    def names(self, identity: str) -> bool:
        """Whether this is for *identity*: exactly, and as the kind of name that *identity* is. A URI that
        reads like an address is none: an authority that is confined to `@example.com` may issue any URI."""
        kinds = {"uri"} if ":" in identity else {"email"} if "@" in identity else {"dns", "username"}
        return any(kind in kinds and name == identity for kind, name in self.identities)


def parse_pem(raw: bytes) -> tuple[Certificate, ...]:
    """All certificates of a file that somebody gave to be trusted or to sign with. Raises BadKey where
    there are none, or anything else beside them."""
    blocks = raw.count(b"-----BEGIN ")
    if len(raw) > _LONGEST or not blocks or blocks != raw.count(b"-----BEGIN CERTIFICATE-----"):
        raise BadKey("expected certificates, as PEM blocks CERTIFICATE and no others")
    try:
        with strictly():
            return tuple(_certificate(each) for each in x509.load_pem_x509_certificates(raw))
    except UNREADABLE as error:
        raise BadKey(f"not a certificate that can be read: {plain(error)}") from error


def parse_der(raw: bytes) -> Certificate:
    """A certificate from a bundle. Raises Malformed, and Untrusted for a key that nothing here signs with."""
    try:
        with strictly():
            return _certificate(x509.load_der_x509_certificate(raw))
    except BadKey as error:
        raise Untrusted(f"the certificate is for a key that is not accepted: {error}") from error
    except UNREADABLE as error:
        raise Malformed(f"not a certificate that can be read: {plain(error)}") from error


def verify_chain(
    leaf: Certificate, intermediates: tuple[Certificate, ...], roots: tuple[Certificate, ...], now: datetime
) -> None:
    """That *leaf* may sign, and one of *roots* stands behind it at *now*. Raises Untrusted.

    A leaf that is itself one of *roots* is trusted as it is. Revocation is not looked at.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    if not roots:
        raise Untrusted("signed with a certificate, and no root is trusted; give the root certificate")

    # 1. The leaf was issued for signatures, and for signatures on code. Stops: the certificate of a web
    #    server or a mail user of the same authority. Both extensions are demanded, as sigstore does.
    usage = _find(leaf._x509, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise Untrusted("the signing certificate is not for digital signatures (keyUsage)")
    purposes = _find(leaf._x509, x509.ExtendedKeyUsage)
    if purposes is None or ExtendedKeyUsageOID.CODE_SIGNING not in purposes:
        raise Untrusted("the signing certificate is not for code signing (extendedKeyUsage)")

    # 2. It issues no certificates. Stops: the key of an authority, which answers to strangers, passing
    #    for a signer. CA:TRUE alone is no such key: without keyCertSign step 3 takes nothing that it
    #    issued, and certificates that OpenSSF's own test vectors are signed with are like that.
    if usage.key_cert_sign:
        raise Untrusted("the signing certificate is that of an authority (keyUsage keyCertSign)")

    # 3. A chain leads to a root that the caller gave. Stops: an authority that nobody trusts, web roots
    #    included; a link exchanged; and a key that was stolen after its certificate ran out, which
    #    model-signing 1.1.1 accepts, since it sets the clock to the leaf's first second. `cryptography`
    #    enforces on the way: every certificate valid now, CA:TRUE, path lengths, name constraints (those
    #    it does not know refuse), no unknown critical extension, P-256, P-384, P-521 or RSA of 2048 bits
    #    and more, no SHA-1. A leaf that is one of the roots is its own chain.
    trusted = {each.der for each in roots}
    authority = (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_issue(trusted))
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _may_issue_signers)
    )
    verifier = (
        PolicyBuilder()
        .store(Store([each._x509 for each in roots]))
        .time(now.astimezone(UTC))
        .extension_policies(ca_policy=authority, ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )
    try:
        verifier.verify(leaf._x509, [each._x509 for each in intermediates])
    except (VerificationError, *UNREADABLE) as error:
        why = _outside([leaf, *intermediates, *roots], now) or _AROUND.sub("", plain(error))
        if why == "all candidates exhausted with no interior errors":
            why = _without_issuer(leaf, intermediates, roots) or "no certificate that was given has issued it"
        raise Untrusted(f"no valid chain leads from the signing certificate to a trusted root: {why[:300]}") from error


def check_signer(chain: tuple[Certificate, ...], now: datetime) -> None:
    """That signatures with *chain*, the signer's certificate and others that lead on from it, verify at *now* for
    whoever trusts where it ends. Raises Untrusted."""
    leaf, *others = chain
    ends = [each for each in others if _issuer_of(each, others) is None] or others or [leaf]
    verify_chain(leaf, tuple(others), tuple(ends), now)


def _issuer_of(certificate: Certificate, others: Iterable[Certificate]) -> Certificate | None:
    """The one of *others* that has the name of its issuer."""
    found = (each for each in others if each.subject == certificate.issuer and each.der != certificate.der)
    return next(found, None)


def _without_issuer(
    leaf: Certificate, intermediates: tuple[Certificate, ...], roots: tuple[Certificate, ...]
) -> str | None:
    """Where the way up ends, by the names of the issuers, if that is before a root."""
    top, left = leaf, [*roots, *intermediates]
    while issuer := _issuer_of(top, left):
        left.remove(issuer)
        top = issuer
    if top in roots:
        return None
    return (
        f"{top.issuer} issued the certificate of {top.subject}, and is neither in the signature nor trusted: give the "
        "certificate of the issuer with --root, or with --chain when signing"
    )


def _may_issue(trusted: set[bytes]) -> Callable[[Policy, x509.Certificate, x509.KeyUsage | None], None]:
    """3a. Issuers have keyCertSign. Stops: a certificate that was issued to sign files issuing others; what
    `cryptography` leaves open with these policies. A root may lack the extension: OpenSSL writes none by
    default, and the caller trusts it by name."""

    def check(_policy: Policy, certificate: x509.Certificate, usage: x509.KeyUsage | None) -> None:
        if usage is None and certificate.public_bytes(Encoding.DER) in trusted:
            return
        if usage is None or not usage.key_cert_sign:
            raise ValueError("an issuer is not allowed to issue certificates (keyUsage keyCertSign)")

    return check


def _may_issue_signers(_policy: Policy, _certificate: x509.Certificate, purposes: x509.ExtendedKeyUsage | None) -> None:
    """3b. Issuers that are confined to purposes are confined to ours. Stops: an authority that was set up
    for web servers alone issuing signers."""
    if purposes is not None and not _SIGNING & set(purposes):
        raise ValueError("an issuer is confined to other purposes than code signing (extendedKeyUsage)")


@contextmanager
def strictly() -> Iterator[None]:
    """Within it, certificates that `cryptography` reads with a warning are UNREADABLE: RFC 5280 forbids what it
    warns of, such as a serial number below one."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        yield


def _certificate(loaded: x509.Certificate) -> Certificate:
    """Raises BadKey, or one of UNREADABLE."""
    names = _find(loaded, x509.SubjectAlternativeName)
    return Certificate(
        loaded.public_bytes(Encoding.DER),
        loaded.subject.rfc4514_string() or "without a name",
        loaded.issuer.rfc4514_string() or "without a name",
        PublicKey.of(loaded.public_key()),
        tuple(_identities(names)) if names is not None else (),
        _oidc_issuer(loaded),
        loaded.not_valid_before_utc,
        loaded.not_valid_after_utc,
        loaded,
    )


def _identities(names: Iterable[x509.GeneralName]) -> Iterable[tuple[IdentityKind, str]]:
    for name in names:
        match name:
            case x509.RFC822Name():
                yield "email", _ascii(name.value)
            case x509.UniformResourceIdentifier():
                yield "uri", _ascii(name.value)
            case x509.DNSName():
                yield "dns", _ascii(name.value)
            case x509.OtherName() if name.type_id == _USERNAME:
                yield "username", _utf8_string(name.value)


def _ascii(name: str) -> str:
    """RFC 5280, 4.2.1.6, knows no other (IA5String), and letters of other scripts look like these."""
    if not name.isascii():
        raise ValueError("a name in it is not ASCII")
    return name


def _oidc_issuer(loaded: x509.Certificate) -> str | None:
    """Extension 1.8, else its forerunner 1.1. A certificate with both must mean one issuer."""
    found = {
        each.oid: each.value.value for each in loaded.extensions if isinstance(each.value, x509.UnrecognizedExtension)
    }
    new = _utf8_string(found[_ISSUER]) if _ISSUER in found else None
    old = found[_ISSUER_BEFORE].decode() if _ISSUER_BEFORE in found else None
    if new is not None and old is not None and new != old:
        raise ValueError("it names two OIDC issuers")
    return old if new is None else new


def _utf8_string(der: bytes) -> str:
    """The text of a DER UTF8String. Raises ValueError."""
    tag, length, at = der[:1], der[1:2], 2
    if length in (b"\x81", b"\x82"):
        at = length[0] - 0x7F + 1
        length = der[2:at]
    if tag != b"\x0c" or int.from_bytes(length) != len(der) - at:
        raise ValueError("a name in it is not a UTF8String")
    return der[at:].decode()


def _find(loaded: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return loaded.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _outside(certificates: Iterable[Certificate], now: datetime) -> str | None:
    """Which of *certificates* is not valid at *now*, and why."""
    for each in certificates:
        if now < each.not_before:
            return f"the certificate {each.subject} is not valid before {each.not_before:%Y-%m-%d %H:%M:%S} UTC"
        if now > each.not_after:
            return f"the certificate {each.subject} expired on {each.not_after:%Y-%m-%d %H:%M:%S} UTC"
    return None
