"""The one door: a bundle and what is trusted in, the signed bytes and their signers out.

Each step names the attack that it stops; `tests/attest/test_verify.py` has for each an input that this
step alone refuses. Time is a parameter: a certificate is valid or not at *now*, since without sigstore
nothing proves when a signature was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from modelward.attest import dsse
from modelward.attest.bundle import Bare, Bundle, Chain, KeyHint, Keyless, LegacyKey
from modelward.attest.errors import BadKey, Untrusted
from modelward.attest.keys import PublicKey
from modelward.core.errors import Malformed

if TYPE_CHECKING:  # X.509 is imported when a bundle has certificates
    from modelward.attest.certificates import Certificate


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed: a key, and the name that a certificate gives its holder. Thresholds count *key*."""

    key: str  # PublicKey.fingerprint
    identity: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count: these keys, and whoever has a certificate that leads to one of *roots*;
    with *identity* and *issuer* only certificates that name exactly these."""

    keys: tuple[PublicKey, ...] = ()
    roots: tuple[Certificate, ...] = ()
    identity: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that trusted signers signed: parse these, never the bundle again. *signers* differ by key."""

    payload: bytes
    payload_type: str
    signers: tuple[Signer, ...]


def verify(
    bundle: Bundle, trust: Trust, now: datetime, payload_types: frozenset[str] = frozenset({dsse.PAYLOAD_TYPE})
) -> Verified:
    """The payload of *bundle*, signed by at least one whom *trust* names. Raises Untrusted, or Malformed
    when the material cannot be read. *now* must have a time zone."""
    envelope = bundle.envelope

    # 1. The payload is of a type that the caller reads. Stops: a signature that the signer made for
    #    another protocol, whose bytes happen to mean something in this one.
    if envelope.payload_type not in payload_types:
        raise Untrusted(
            f"the payload type is {envelope.payload_type or 'empty'}; expected {' or '.join(sorted(payload_types))}"
        )

    # 2. The candidates are trusted before the signature is looked at, and by the method that the bundle
    #    names. Stops: whoever brings their own key or certificate, and sending a verifier that demands
    #    certificates down another path.
    candidates = _candidates(bundle, trust, now)

    # 3. A signature covers type and payload, under the algorithm of the candidate's key. Stops: any
    #    changed byte, and the choice of a weaker algorithm. A keyid is never looked at; what is signed
    #    by a key that is not trusted counts for nothing, and does not take from those that are.
    message = dsse.pae(envelope.payload_type, envelope.payload)
    found = {
        key.pem: signer
        for signature in envelope.signatures
        for key, signer in candidates
        if key.verify(signature.sig, message)
    }

    # 4. At least one remains, each key once. Stops: an envelope that nobody trusted signed, and one key
    #    that signs twice to look like two.
    if not found:
        raise Untrusted(f"no signature verifies with {'the trusted key' if len(candidates) == 1 else 'a trusted key'}")
    return Verified(envelope.payload, envelope.payload_type, tuple(found.values()))


def _candidates(bundle: Bundle, trust: Trust, now: datetime) -> list[tuple[PublicKey, Signer]]:
    """The trusted keys that the bundle may have been signed with. Raises Untrusted when there are none."""
    match bundle.material:
        case Bare():
            keys = trust.keys
            if not keys:
                raise Untrusted("the envelope has no certificate, and no key is trusted; give a public key")
        case KeyHint(hint):
            # 2a. The hint names a trusted key. It proves nothing; it stops a mix-up of keys from
            #     being reported as a forgery.
            keys = tuple(key for key in trust.keys if hint in key.hints)
            if not keys:
                raise Untrusted(f"signed with the key {hint}, which is not trusted")
        case LegacyKey(raw):
            # 2b. A key in the bundle is one of the trusted ones. Stops: a forger who ships their own.
            theirs = _legacy(raw)
            keys = tuple(key for key in trust.keys if key == theirs)
            if not keys:
                raise Untrusted(f"signed with the key {theirs.fingerprint}, which is not trusted")
        case Chain(certificates):
            return [_holder(certificates, trust, now)]
        case Keyless():
            raise Untrusted("signed through sigstore; it is verified with a sigstore trust root, identity and issuer")
    return [(key, Signer(key.fingerprint)) for key in keys]


def _holder(chain: tuple[bytes, ...], trust: Trust, now: datetime) -> tuple[PublicKey, Signer]:
    """The key of the leaf and the name of its holder. Raises Untrusted."""
    from modelward.attest import certificates

    leaf, *intermediates = (certificates.parse_der(each) for each in chain)

    # 2c. The certificate leads to a trusted root and may sign; see there.
    certificates.verify_chain(leaf, tuple(intermediates), trust.roots, now)

    # 2d. It names the identity. Stops: any other customer of the same authority.
    identity = trust.identity
    if identity is None:
        identity = next((name for _, name in leaf.identities), None)
    elif not leaf.names(identity):
        others = ", ".join(name for _, name in leaf.identities) or "nobody"
        raise Untrusted(f"signed by {others[:200]}; expected {identity}")

    # 2e. It names the issuer. Stops: an account of the same name at another identity provider.
    if trust.issuer is not None and leaf.oidc_issuer != trust.issuer:
        raise Untrusted(f"the identity was confirmed by {leaf.oidc_issuer or 'no issuer'}; expected {trust.issuer}")
    return leaf.public_key, Signer(leaf.public_key.fingerprint, identity, leaf.oidc_issuer)


def _legacy(raw: bytes) -> PublicKey:
    try:
        return PublicKey.parse(raw) if raw.lstrip().startswith(b"-----") else PublicKey.parse_der(raw)
    except BadKey as error:
        raise Malformed(f"publicKey.rawBytes: {error}") from error
