"""Keyless signatures, verified offline by the sigstore library (the extra `sigstore`).

Today's date plays no part: the certificate lived for some minutes, and a log or a timestamp authority
of the trusted root says that the signature was made in them. Nothing is fetched and nothing is written;
the trusted root is the caller's, never the library's cache, which it trusts without a signature.
"""

from __future__ import annotations

from modelward.attest import bundle, dsse
from modelward.attest.errors import Untrusted
from modelward.attest.verify import Signer, Verified
from modelward.core.errors import UsageError


def verify_keyless(
    raw: bytes,
    trusted_root: bytes,
    identity: str,
    issuer: str,
    payload_types: frozenset[str] = frozenset({dsse.PAYLOAD_TYPE}),
) -> Verified:
    """The payload of the bundle *raw*, signed by *identity* as *issuer* confirmed it, under the sigstore
    *trusted_root* (a `trusted_root.json`). Raises Malformed, Untrusted, and UsageError for a root that is
    none or a missing extra."""
    try:
        from sigstore.errors import Error
        from sigstore.models import Bundle, TrustedRoot
        from sigstore.verify import Verifier, policy
        from sigstore_models.trustroot.v1 import TrustedRoot as Root
    except ImportError as error:
        raise UsageError("keyless signatures need the extra sigstore: pip install 'modelward[sigstore]'") from error

    # 1. Read by our strict parser first. Stops: duplicate keys and the like, which the library reads.
    parsed = bundle.parse(raw)
    if not isinstance(parsed.material, bundle.Keyless):
        raise Untrusted("not signed through sigstore; it is verified with a key or a root certificate")

    # 2. The payload is of a type that the caller reads; the library leaves this to us.
    if parsed.envelope.payload_type not in payload_types:
        raise Untrusted(f"the payload type is {parsed.envelope.payload_type}; expected {sorted(payload_types)}")

    # 3. Identity and issuer are both demanded. Stops: anyone with the same address at a provider of their
    #    own; the library takes every issuer when none is named.
    if not identity or not issuer:
        raise UsageError("a keyless signature is verified for an identity and its issuer; give both")
    try:
        verifier = Verifier(trusted_root=TrustedRoot(Root.from_json(trusted_root)))
    except (Error, ValueError) as error:
        raise UsageError(f"the trusted root is not a sigstore trusted_root.json: {error}") from error

    # 4. The library verifies, in this order: a time from log or timestamp authority; the chain to Fulcio
    #    then; the certificate in a transparency log (SCT); its usages; identity and issuer; the log entry's
    #    inclusion under a signed checkpoint, and the log's promise; the time within the certificate's; the
    #    signature; and that the log entry is about this envelope (CVE-2022-36056).
    try:
        theirs = Bundle.from_json(raw)
        payload_type, payload = verifier.verify_dsse(theirs, policy.Identity(identity=identity, issuer=issuer))
    except (Error, ValueError) as error:
        raise Untrusted(f"the keyless signature does not verify: {error}") from error

    # 5. Both parsers read the same. Stops: a text that means one payload to the one and another to the other.
    if (payload_type, payload) != (parsed.envelope.payload_type, parsed.envelope.payload):
        raise Untrusted("two readers of the bundle read two payloads")
    from modelward.attest.certificates import parse_der

    key = parse_der(parsed.material.certificate).public_key.fingerprint
    return Verified(payload, payload_type, (Signer(key, identity, issuer),))
