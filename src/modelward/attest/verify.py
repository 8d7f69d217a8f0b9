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
from modelward.core import canonical
from modelward.core.errors import Malformed, UsageError

if TYPE_CHECKING:  # imported when certificates are looked at
    from modelward.attest.certificates import Certificate
    from modelward.attest.sigstore import Sigstore

MODEL_SIGNATURES = "https://model_signing/"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed: a key, and the name that a certificate gives its holder."""

    key: str | None  # PublicKey.fingerprint; None: keyless, with a key that was made for one signature
    identity: str | None = None
    issuer: str | None = None

    @property
    def holder(self) -> str:
        """What thresholds count: the name, and without one the key. One person gets as many certificates as
        they ask for, and the same name from two issuers."""
        return self.identity or str(self.key)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count: these keys, and whoever has a certificate that leads to one of *roots*,
    with *identity* and *issuer* only one that names exactly these; or that *sigstore* vouches for.
    Where *sigstore* is given, *roots* verify nothing."""

    keys: tuple[PublicKey, ...] = ()
    roots: tuple[Certificate, ...] = ()
    identity: str | None = None
    issuer: str | None = None
    sigstore: Sigstore | None = None

    def __post_init__(self) -> None:
        """Raises UsageError for an empty name, which is no word for everybody: a variable was not set."""
        if "" in (self.identity, self.issuer):
            raise UsageError("the identity and the issuer of a certificate cannot be empty; leave out what may be any")


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

    # 2. What is trusted says how certificates are verified, never the bundle. Stops: a certificate of
    #    sigstore, which everybody can have, verified without the log that says when it was used.
    if trust.sigstore is not None and isinstance(bundle.material, Keyless | Chain):
        return trust.sigstore.verify(bundle)

    # 3. The candidates are trusted before the signature is looked at, and by the method that the bundle
    #    names. Stops: whoever brings their own key or certificate, and sending a verifier that demands
    #    certificates down another path.
    candidates = _candidates(bundle, trust, now)

    # 4. A signature covers type and payload, under the algorithm of the candidate's key. Stops: any
    #    changed byte, and the choice of a weaker algorithm. A keyid is never looked at; what is signed
    #    by a key that is not trusted counts for nothing, and does not take from those that are.
    message = dsse.pae(envelope.payload_type, envelope.payload)
    found = {
        key: signer
        for signature in envelope.signatures
        for key, signer in candidates
        if key.verify(signature.sig, message)
    }

    # 5. OpenSSF Model Signing knows ECDSA alone. Stops: a model that passes here and is refused by everybody else,
    #    and a key that was given out for other statements signing models.
    others = [key for key in found if not key.is_ecdsa]
    if others and is_model_signature(envelope.payload):
        found = {key: signer for key, signer in found.items() if key.is_ecdsa}

    # 6. At least one remains, each key once. Stops: an envelope that nobody trusted signed, and one key
    #    that signs twice to look like two.
    if not found:
        raise Untrusted(_why_none([key for key, _ in candidates], others))
    return Verified(envelope.payload, envelope.payload_type, tuple(found.values()))


def _why_none(tried: list[PublicKey], others: list[PublicKey]) -> str:
    if others:
        return f"a model signature by a key of type {others[0].type}: its format knows ECDSA keys alone"
    only = " (RSA keys verify RSASSA-PSS alone)" if any(key.type == "rsa-pss" for key in tried) else ""
    return f"no signature verifies with {'the' if len(tried) == 1 else 'a'} trusted key{only}"


def is_model_signature(payload: bytes) -> bool:
    """Whether *payload* speaks in the format of OpenSSF Model Signing, of this version or another."""
    try:
        body = canonical.decode(payload)
    except Malformed:
        return False
    kind = body.get("predicateType") if isinstance(body, dict) else None
    return isinstance(kind, str) and kind.startswith(MODEL_SIGNATURES)


def _candidates(bundle: Bundle, trust: Trust, now: datetime) -> list[tuple[PublicKey, Signer]]:
    """The trusted keys that the bundle may have been signed with. Raises Untrusted when there are none."""
    match bundle.material:
        case Bare():
            keys = trust.keys
            if not keys:
                raise Untrusted("the envelope has no certificate, and no key is trusted; give a public key")
        case KeyHint(hint):
            # 3a. The hint names a trusted key. It proves nothing; it stops a mix-up of keys from
            #     being reported as a forgery.
            keys = tuple(key for key in trust.keys if hint in key.hints)
            if not keys:
                raise Untrusted(f"signed with the key {hint}, which is not trusted")
        case LegacyKey(raw):
            # 3b. A key in the bundle is one of the trusted ones. Stops: a forger who ships their own.
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

    # 3c. The certificate leads to a trusted root and may sign; see there.
    certificates.verify_chain(leaf, tuple(intermediates), trust.roots, now)

    # 3d. It names the identity. Stops: any other customer of the same authority.
    identity = trust.identity
    if identity is None:
        identity = next((name for _, name in leaf.identities), None)
    elif not leaf.names(identity):
        others = ", ".join(_shown(name, kind, identity) for kind, name in leaf.identities) or "nobody"
        raise Untrusted(f"signed by {others[:200]}; expected {identity}")

    # 3e. It names the issuer. Stops: an account of the same name at another identity provider.
    if trust.issuer is not None and leaf.oidc_issuer != trust.issuer:
        raise Untrusted(f"the identity was confirmed by {leaf.oidc_issuer or 'no issuer'}; expected {trust.issuer}")
    return leaf.public_key, Signer(leaf.public_key.fingerprint, identity, leaf.oidc_issuer)


def _shown(name: str, kind: str, expected: str) -> str:
    """A name as it cannot be taken for the one that was expected."""
    plain = name.encode("ascii", "backslashreplace").decode()
    return f"{plain} (as {kind})" if plain == expected else plain


def _legacy(raw: bytes) -> PublicKey:
    try:
        return PublicKey.parse(raw) if raw.lstrip().startswith(b"-----") else PublicKey.parse_der(raw)
    except BadKey as error:
        raise Malformed(f"publicKey.rawBytes: {error}") from error
