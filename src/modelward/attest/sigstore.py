"""Signatures through sigstore, verified offline by its library (the extra `sigstore`).

Today's date plays no part: the certificate lived for some minutes, and a log or a timestamp authority
of the trusted root says that the signature was made in them. Nothing is fetched and nothing is written;
the trusted root is the caller's, never the library's cache, which it trusts without a signature.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from modelward.attest.bundle import Bundle, Chain, Keyless
from modelward.attest.errors import Untrusted
from modelward.attest.verify import Signer, Verified
from modelward.core.errors import UsageError

if TYPE_CHECKING:
    from sigstore.verify import Verifier

    from modelward.attest.certificates import Certificate


@dataclass(frozen=True, slots=True)
class Sigstore:
    """Whoever had a certificate of a sigstore instance in the name of *identity*, as *issuer* confirmed it. Raises
    UsageError without both: the library takes every issuer when none is named, so that anyone would do who has
    the same address at a provider of their own."""

    identity: str
    issuer: str
    _verifier: Verifier = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.identity or not self.issuer:
            raise UsageError("a keyless signature is verified for an identity and its issuer; give both")

    @classmethod
    def parse(cls, trusted_root: bytes, identity: str, issuer: str) -> Self:
        """From a `trusted_root.json`. Raises UsageError for what is none, and without the extra."""
        try:
            from sigstore.errors import Error
            from sigstore.models import TrustedRoot
            from sigstore.verify import Verifier
            from sigstore_models.trustroot.v1 import TrustedRoot as Root
        except ImportError as error:
            raise no_extra() from error
        try:
            verifier = Verifier(trusted_root=TrustedRoot(Root.from_json(trusted_root)))
        except (Error, ValueError) as error:
            raise UsageError(f"the trusted root is not a sigstore trusted_root.json: {str(error)[:300]}") from error
        return cls(identity, issuer, verifier)

    def verify(self, bundle: Bundle) -> Verified:
        """The payload of *bundle*, whose type the caller has checked: the library leaves that. Raises Untrusted."""
        from cryptography.x509 import ExtensionNotFound
        from sigstore.errors import Error
        from sigstore.models import Bundle as Theirs
        from sigstore.verify import policy

        from modelward.attest.certificates import UNREADABLE, strictly

        # 1. The certificate reads strictly and is for an ECDSA key. Stops: a crash, since the library takes
        #    every certificate that Fulcio issued for one.
        kind = leaf_of(bundle).public_key.type
        if not kind.startswith("ecdsa-"):
            raise Untrusted(f"signed with a key of type {kind}; keyless signatures are verified for ECDSA keys alone")

        # 2. The library verifies, in this order: a time from log or timestamp authority; the chain to Fulcio
        #    then; the certificate in a transparency log (SCT); its usages; identity and issuer; the log entry's
        #    inclusion under a signed checkpoint, and the log's promise; the time within the certificate's; the
        #    signature; and that the log entry is about this envelope (CVE-2022-36056).
        expected = policy.Identity(identity=self.identity, issuer=self.issuer)
        try:
            with strictly():
                payload_type, payload = self._verifier.verify_dsse(Theirs.from_json(bundle.raw), expected)
        except (Error, ExtensionNotFound, *UNREADABLE) as error:
            raise Untrusted(f"the keyless signature does not verify: {str(error)[:300]}") from error

        # 3. Both parsers read the same. Stops: a text that means one payload to the one and another to the other.
        if (payload_type, payload) != (bundle.envelope.payload_type, bundle.envelope.payload):
            raise Untrusted("two readers of the bundle read two payloads")
        return Verified(payload, payload_type, (Signer(None, self.identity, self.issuer),))


def leaf_of(bundle: Bundle) -> Certificate:
    """The certificate that *bundle* was signed with, not verified. Raises Malformed, Untrusted."""
    from modelward.attest.certificates import parse_der

    match bundle.material:
        case Keyless(certificate):
            return parse_der(certificate)
        case Chain(certificates):
            return parse_der(certificates[0])
    raise Untrusted("not signed through sigstore; it is verified with a key or a root certificate")


def no_extra() -> UsageError:
    return UsageError("keyless signatures need the extra sigstore: pip install 'modelward[sigstore]'")
