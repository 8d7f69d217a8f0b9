"""Keys are made, and models and statements signed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelward.app.contents import read_contents
from modelward.app.verifying import content_of, path_inside
from modelward.checks.manifest import model_signing
from modelward.checks.manifest.model_signing import Signed
from modelward.core.canonical import escape_bytes
from modelward.core.errors import Malformed, ModelwardError, UsageError
from modelward.core.statement import Statement
from modelward.stores.files import read_named, reason
from modelward.stores.tree import open_target
from modelward.stores.write import create_file

if TYPE_CHECKING:
    from modelward.attest.bundle import Bundle
    from modelward.attest.keys import KeyType, PrivateKey

_MOST_KEY = 1 << 20
_MOST_STATEMENT = 256 << 20


class Refused(ModelwardError):
    """What was asked for would make a signature that says less, or more, than it seems to."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the certificates that vouch for it in DER, its own first."""

    key: PrivateKey
    certificates: tuple[bytes, ...] = ()


def make_keys(name: str, kind: KeyType, password: bytes | None) -> str:
    """Writes *name*.key and *name*.pub and gives the fingerprint. Raises UsageError if one of them exists."""
    from modelward.attest.keys import generate

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
    """*ask* gives the password of an encrypted key. Raises UsageError for what is no key or certificate, and
    for the certificate of another key."""
    from modelward.attest.errors import PasswordNeeded
    from modelward.attest.keys import PrivateKey

    raw = read_named(key, "--key", _MOST_KEY)
    try:
        private = PrivateKey.parse(raw, None)
    except PasswordNeeded:
        private = PrivateKey.parse(raw, ask())
    if certificate is None:
        return SigningKey(private)
    from modelward.attest.certificates import parse_pem

    certificates = list(parse_pem(read_named(certificate, "--cert", _MOST_KEY)))
    if certificates[0].public_key != private.public:
        raise UsageError(f"--cert {certificate!r} is the certificate of another key than --key {key!r}")
    for path in chain:
        certificates += parse_pem(read_named(path, "--chain", _MOST_KEY))
    return SigningKey(private, tuple(each.der for each in certificates))


def sign(target: str, output: str, signer: SigningKey, *, follows_links: bool = False) -> tuple[bytes, tuple[str, ...]]:
    """The signature of *target*, a model or an in-toto statement, as a sigstore bundle, and lines that say
    what was signed. If *target* is a signature, the same with one more: it is not verified. *output*, where it
    will lie, is no part of the model.

    Raises UsageError for what is not there, Refused for a key that the format does not know, and for a model
    without files, with links (unless *follows_links*), with names that are not UTF-8, or with parts that
    cannot be read.
    """
    raw = _document(target)
    if raw is not None and (earlier := _signature(raw)) is not None:
        from modelward.attest.bundle import countersign

        if signer.certificates:
            raise Refused("a second signature is made with a key alone: an envelope has no place for certificates")
        return countersign(earlier, signer.key), (f"added a signature to {len(earlier.envelope.signatures)}",)
    statement = _statement(raw) if raw is not None else None
    if statement is not None:
        said = f"signed the statement {statement.predicate_type} about {statement.subject}"
        return _bundle(statement.raw, signer), (said,)
    if not signer.key.public.type.startswith("ecdsa-"):
        raise Refused(
            f"the OpenSSF Model Signing format knows ECDSA keys only, and this one is {signer.key.public.type}: "
            "sign the model's manifest with it (modelward manifest), or take another key"
        )
    signed, uncovered = _look(target, output, follows_links)
    lines = [f"not covered: {path}" for path in uncovered]
    lines.append(f"signed {len(signed.files):,} file{'s' if len(signed.files) > 1 else ''} of {signed.name}")
    return _bundle(model_signing.encode(signed), signer), tuple(lines)


def _document(target: str) -> bytes | None:
    """The content of *target*, if it could be a statement or a signature."""
    path = Path(target)
    try:
        if not path.is_file() or path.stat().st_size > _MOST_STATEMENT:
            return None
        with path.open("rb") as file:
            head = file.read(1)
            return head + file.read() if head == b"{" else None
    except (OSError, ValueError):
        return None  # then it is a model, of which the walk says what is wrong


def _statement(raw: bytes) -> Statement | None:
    try:
        return Statement.parse(raw)
    except Malformed:
        return None


def _signature(raw: bytes) -> Bundle | None:
    from modelward.attest.bundle import parse

    try:
        return parse(raw)
    except Malformed:
        return None


def _look(target: str, output: str, follows_links: bool) -> tuple[Signed, tuple[str, ...]]:
    itself = path_inside(target, output)
    ignored = model_signing.LEFT_OUT | ({itself} if itself else frozenset())
    tree = open_target(target, left_out=ignored)
    if tree.links and not follows_links:
        link = tree.links[0]
        raise Refused(f"{link.path!r} is a link: --allow-symlinks signs what it leads to, under the link's name")
    contents = read_contents(tree)
    for path, why in contents.unreadable.items():
        raise Refused(f"{path or tree.label!r} cannot be signed: {why}")
    name = os.path.realpath(os.fsencode(target)).rpartition(b"/")[2]
    files = {path: content_of(file, None) for path, file in contents.hashed.items()}
    try:
        signed = Signed(name.decode() or "/", files, follows_links=follows_links, ignored=ignored)
    except UnicodeDecodeError as error:
        raise Refused(f"the format cannot carry the name {escape_bytes(name)!r}: it is not UTF-8") from error
    return signed, tuple(path for path in tree.left_out if path != itself)


def _bundle(payload: bytes, signer: SigningKey) -> bytes:
    from modelward.attest import bundle

    return bundle.sign(payload, signer.key, bundle.Chain(signer.certificates) if signer.certificates else None)
