"""Keys are made, and opened to sign with."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelward.app.clock import now
from modelward.app.trust import opened
from modelward.core.errors import UsageError
from modelward.stores.files import read_named, reason
from modelward.stores.write import create_file

if TYPE_CHECKING:
    from modelward.attest.certificates import Certificate
    from modelward.attest.keyless import KeylessSigner
    from modelward.attest.keys import KeyType, PrivateKey

_MOST_TOKEN = 1 << 20
_MOST_CONFIG = 16 << 20


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the certificates that vouch for it in DER, its own first."""

    key: PrivateKey
    file: bytes
    """The sha256 of its file, which must not be found in what is signed."""
    certificates: tuple[bytes, ...] = ()
    warnings: tuple[str, ...] = ()

    def sign(self, statement: bytes) -> tuple[bytes, None]:
        from modelward.attest import bundle

        return bundle.sign(statement, self.key, bundle.Chain(self.certificates) if self.certificates else None), None


def make_keys(name: str, kind: KeyType, password: bytes | None) -> str:
    """Writes *name*.key and *name*.pub and gives the fingerprint. Raises UsageError if one of them exists, and for
    a *name* that would make hidden files of them."""
    from modelward.attest.keys import generate

    if name.rpartition("/")[2] in ("", ".", ".."):
        raise UsageError(f"--out {name!r} names no file: give a name, like {Path(name, 'release')}")
    made = generate(kind)
    try:
        public, private = Path(f"{name}.pub"), Path(f"{name}.key")
        if os.path.lexists(private):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        create_file(public, made.public.pem, 0o644)
        try:
            create_file(private, made.pem(password), 0o600)
        except BaseException:
            public.unlink()
            raise
    except FileExistsError as error:
        raise UsageError(f"--out {name!r}: there are keys of that name already; choose another") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"--out {name!r}: cannot write: {reason(error)}") from error
    return made.public.fingerprint


def open_signer(key: str, certificate: str | None, chain: Sequence[str], ask: Callable[[], bytes]) -> SigningKey:
    """*ask* gives the password of an encrypted key. Raises UsageError for what is no key or certificate, for the
    certificate of another key, and for one whose signatures no verifier would take."""
    from modelward.attest.errors import PasswordNeeded
    from modelward.attest.keys import PrivateKey

    def parse(raw: bytes) -> tuple[PrivateKey, bytes]:
        digest = hashlib.sha256(raw).digest()
        try:
            return PrivateKey.parse(raw, None), digest
        except PasswordNeeded:
            return PrivateKey.parse(raw, ask()), digest

    private, digest = opened(key, "--key", parse)
    if certificate is None:
        return SigningKey(private, digest, (), _open_to_all(key))
    from modelward.attest.certificates import parse_pem

    certificates = list(opened(certificate, "--cert", parse_pem))
    if certificates[0].public_key != private.public:
        raise UsageError(f"--cert {certificate!r} is the certificate of another key than --key {key!r}")
    for path in chain:
        certificates += opened(path, "--chain", parse_pem)
    _check(certificates, certificate)
    return SigningKey(private, digest, tuple(each.der for each in certificates), _open_to_all(key))


def _check(certificates: list[Certificate], path: str) -> None:
    from modelward.attest.bundle import MOST_CERTIFICATES
    from modelward.attest.certificates import check_signer
    from modelward.attest.errors import Untrusted

    if len(certificates) > MOST_CERTIFICATES:
        raise UsageError(
            f"--cert and --chain hold {len(certificates)} certificates, and no signature has more than "
            f"{MOST_CERTIFICATES}: give those that lead from --cert to its root"
        )
    try:
        check_signer(tuple(certificates), now())
    except Untrusted as error:
        raise UsageError(f"--cert {path!r}: nobody would take its signatures: {error}") from error


def _open_to_all(path: str) -> tuple[str, ...]:
    """Of a pipe, as the shell makes one for `--key <(...)`, the permissions say nothing."""
    mode = os.stat(path).st_mode  # noqa: PTH116
    if stat.S_ISREG(mode) and mode & (stat.S_IROTH | stat.S_IWOTH):
        return (f"--key {path!r} is open to everybody on this machine: chmod 600",)
    return ()


def open_keyless(token: str | None, given: str | None, trust_config: str | None, staging: bool) -> KeylessSigner:
    """*token* is a file with an identity token, *given* a token itself; without both it is the CI service's.
    Raises UsageError and NotSigned."""
    from modelward.attest.keyless import KeylessSigner, ambient_token

    if token is not None:
        raw: bytes | None = read_named(token, "--identity-token", _MOST_TOKEN)
    else:
        raw = given.encode() if given else ambient_token()
    if not raw:
        raise UsageError(
            "--keyless needs an identity token: name a file with --identity-token, or set SIGSTORE_IDENTITY_TOKEN; "
            "`sigstore get-identity-token` gives one"
        )
    # an empty name is no wish for the public instance, whose log forgets nothing
    config = None if trust_config is None else read_named(trust_config, "--trust-config", _MOST_CONFIG)
    return KeylessSigner.open(raw, config, staging=staging)
