"""Whom the command line trusts to sign, and what they have signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelward.app.clock import now
from modelward.attest import bundle
from modelward.attest.keys import PublicKey
from modelward.attest.verify import Trust as Signers
from modelward.attest.verify import Verified, verify
from modelward.core.errors import UsageError
from modelward.core.verdict import Signer
from modelward.stores.files import read_named

if TYPE_CHECKING:
    from modelward.attest.certificates import Certificate

_MOST_KEY = 1 << 20
_MOST_ROOTS = 16 << 20


@dataclass(frozen=True, slots=True)
class Trust:
    signers: Signers
    trusted_root: bytes | None = None
    """Of sigstore, for keyless signatures."""


def trust(
    keys: Sequence[str], roots: Sequence[str], trusted_root: str | None, identity: str | None, issuer: str | None
) -> Trust:
    """The files that the command line names. Raises UsageError for what is none of its kind, and where nobody
    would be trusted, or an identity without those who vouch for it."""
    if not (keys or roots or trusted_root):
        raise UsageError("nobody is trusted to sign: name a key with --pub, or a root certificate with --root")
    if (identity or issuer) and not (roots or trusted_root):
        raise UsageError("--identity and --issuer are about certificates: name the root certificate with --root")
    if trusted_root and not (identity and issuer):
        raise UsageError("--trusted-root needs --identity and --issuer: everybody can have a certificate of sigstore")
    certificates: list[Certificate] = []
    if roots:
        from modelward.attest.certificates import parse_pem

        for path in roots:
            certificates += parse_pem(read_named(path, "--root", _MOST_ROOTS))
    public = tuple(PublicKey.parse(read_named(path, "--pub", _MOST_KEY)) for path in keys)
    raw = read_named(trusted_root, "--trusted-root", _MOST_ROOTS) if trusted_root else None
    return Trust(Signers(public, tuple(certificates), identity, issuer), raw)


def signers_of(keys: Sequence[str], roots: Sequence[str], identity: str | None, issuer: str | None) -> list[Signer]:
    """The same as signers of a policy, who may sign what the policy says. Raises UsageError."""
    trust(keys, roots, None, identity, issuer)
    named = {"--pub": keys, "--root": roots}
    signers = []
    for option, paths in named.items():
        for path in paths:
            pem = read_named(path, option, _MOST_ROOTS).decode("latin-1")
            name = f"{option} {path}"
            if option == "--pub":
                signers.append(Signer(name, frozenset(), key=pem))
            else:
                signers.append(Signer(name, frozenset(), root=pem, identity=identity or "", issuer=issuer or ""))
    return signers


def open_signed(raw: bytes, trusted: Trust) -> Verified:
    """What *raw*, a bundle or an envelope, holds, signed by somebody who is trusted. Raises Malformed for what
    is neither, Untrusted for the rest."""
    opened = bundle.parse(raw)
    if isinstance(opened.material, bundle.Keyless) and trusted.trusted_root is not None:
        from modelward.attest.sigstore import verify_keyless

        signers = trusted.signers
        assert signers.identity and signers.issuer
        return verify_keyless(raw, trusted.trusted_root, signers.identity, signers.issuer)
    return verify(opened, trusted.signers, now())
