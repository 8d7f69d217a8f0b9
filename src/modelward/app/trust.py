"""Whom the command line trusts to sign, and what they have signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from modelward.app.clock import now
from modelward.attest import bundle
from modelward.attest.errors import Untrusted
from modelward.attest.keys import PublicKey
from modelward.attest.verify import Trust, Verified, verify
from modelward.core.errors import UsageError
from modelward.stores.files import read_named

if TYPE_CHECKING:
    from modelward.attest.certificates import Certificate
    from modelward.core.verdict import Signer

_MOST = 16 << 20
T = TypeVar("T")


def opened(path: str, option: str, parse: Callable[[bytes], T]) -> T:
    """The key or the certificates in a file that the command line names. Raises UsageError, which says which."""
    raw = read_named(path, option, _MOST)
    try:
        return parse(raw)
    except UsageError as error:
        raise UsageError(f"{option} {path!r}: {error}") from error


def trust(
    keys: Sequence[str], roots: Sequence[str], trusted_root: str | None, identity: str | None, issuer: str | None
) -> Trust:
    """The files that the command line names. Raises UsageError for what is none of its kind, and where nobody
    would be trusted, an identity without those who vouch for it, or two ways to verify one certificate."""
    if roots and trusted_root:
        raise UsageError("--root and --trusted-root verify certificates in two ways: name one of them")
    _complete(keys, roots, trusted_root, identity, issuer)
    public = tuple(opened(path, "--pub", PublicKey.parse) for path in keys)
    if trusted_root is not None:
        from modelward.attest.sigstore import Sigstore

        sigstore = opened(trusted_root, "--trusted-root", lambda raw: Sigstore.parse(raw, identity or "", issuer or ""))
        return Trust(public, sigstore=sigstore)
    certificates: list[Certificate] = []
    if roots:
        from modelward.attest.certificates import parse_pem

        for path in roots:
            certificates += opened(path, "--root", parse_pem)
    return Trust(public, tuple(certificates), identity, issuer)


def _complete(
    keys: Sequence[str], roots: Sequence[str], trusted_root: str | None, identity: str | None, issuer: str | None
) -> None:
    for option, value in (("--trusted-root", trusted_root), ("--identity", identity), ("--issuer", issuer)):
        if value is not None and not value.strip():
            raise UsageError(f"{option} is empty, which names nobody: is a variable not set? Else leave it out")
    if not (keys or roots or trusted_root):
        raise UsageError(
            "nobody is trusted to sign: name a key with --pub, a root certificate with --root, or sigstore's trust "
            "root with --trusted-root"
        )
    if (identity or issuer) and not (roots or trusted_root):
        raise UsageError(
            "--identity and --issuer are about certificates: name the root certificate with --root, or --trusted-root"
        )
    if trusted_root and not (identity and issuer):
        raise UsageError("--trusted-root needs --identity and --issuer: everybody can have a certificate of sigstore")


def signers_of(
    keys: Sequence[str], roots: Sequence[str], trusted_root: str | None, identity: str | None, issuer: str | None
) -> list[Signer]:
    """The same as signers of a policy, who may sign what the policy says. Raises UsageError."""
    from modelward.core.verdict import Signer

    _complete(keys, roots, trusted_root, identity, issuer)
    named = Signer("", frozenset(), identity=identity, issuer=issuer)
    signers = [Signer(f"--pub {path}", frozenset(), key=_text(path, "--pub")) for path in keys]
    signers += [replace(named, name=f"--root {path}", root=_text(path, "--root")) for path in roots]
    if trusted_root:
        text = _text(trusted_root, "--trusted-root")
        signers.append(replace(named, name=f"--trusted-root {trusted_root}", trusted_root=text))
    for signer in signers:
        trust_of(signer)
    return signers


def _text(path: str, option: str) -> str:
    try:
        return read_named(path, option, _MOST).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{option} {path!r}: expected text, got bytes that are none") from error


def trust_of(signer: Signer) -> Trust:
    """Whom a signer of a policy means. Raises UsageError for a key, a root or a trusted root that is none."""
    try:
        if signer.key is not None:
            return Trust(keys=(PublicKey.parse(signer.key.encode()),))
        if signer.trusted_root is not None:
            from modelward.attest.sigstore import Sigstore

            identity, issuer = signer.identity or "", signer.issuer or ""
            return Trust(sigstore=Sigstore.parse(signer.trusted_root.encode(), identity, issuer))
        if signer.root is None:
            raise UsageError("expected a key or a root")
        from modelward.attest.certificates import parse_pem

        return Trust((), parse_pem(signer.root.encode()), signer.identity, signer.issuer)
    except UsageError as error:
        raise UsageError(f"the signer {signer.name!r}: {error}") from error


def open_signed(raw: bytes, trusted: Trust) -> Verified:
    """What *raw*, one or several bundles or envelopes, holds, signed by everybody in it who is trusted. Raises
    Malformed for what is neither, Untrusted where nobody is, or where those who are have signed different things."""
    verified: list[Verified] = []
    why: Untrusted | None = None
    for each in bundle.parse_each(raw):
        try:
            verified.append(verify(each, trusted, now()))
        except Untrusted as error:
            why = why or error
    if not verified:
        assert why
        raise why
    first = verified[0]
    if any((each.payload_type, each.payload) != (first.payload_type, first.payload) for each in verified):
        raise Untrusted("its trusted signatures are about different things; verify each in a file of its own")
    signers = dict.fromkeys(signer for each in verified for signer in each.signers)
    return Verified(first.payload, first.payload_type, tuple(signers))
