"""Models and statements are signed, and signatures are added to others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from modelward.app.contents import Contents, Progress, path_inside, read_contents
from modelward.app.keys import SigningKey
from modelward.app.trust import open_signed
from modelward.app.verifying import content_of, parse_manifest
from modelward.attest.bundle import LARGEST, parse_each
from modelward.attest.dsse import MOST_SIGNATURES
from modelward.attest.verify import MODEL_SIGNATURES, Trust, is_model_signature
from modelward.checks import manifest as manifest_check
from modelward.checks.manifest import model_signing
from modelward.checks.manifest.model_signing import Signed
from modelward.core import canonical
from modelward.core.canonical import escape_bytes, unescape_bytes
from modelward.core.errors import Malformed, ModelwardError, ReadError
from modelward.core.statement import STATEMENT_TYPE, Statement
from modelward.stores.files import FileSource
from modelward.stores.tree import Gap, Tree, open_target
from modelward.stores.write import check_replaceable

if TYPE_CHECKING:
    from modelward.attest.bundle import Bundle
    from modelward.attest.keyless import KeylessSigner

_MOST_DOCUMENT = 256 << 20
_STATEMENTS = (STATEMENT_TYPE, "https://in-toto.io/Statement/v0.1")
_DOCUMENT = re.compile(
    rb'"_type"\s*:\s*"https?://in-toto\.io/|"payloadType"\s*:\s*"|"(?:dsseEnvelope|messageSignature)"\s*:\s*\{'
)
"""What a statement or a signature has, cut short or damaged too, and the configuration of a model has not."""
_OURS = "urn:modelward:"
_SUBJECTS = 5  # that are named
_KEY_FILES = frozenset({"", ".key", ".pem", ".p8", ".pk8"})
_LONGEST_KEY = 64 << 10
_PRIVATE = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")


class Refused(ModelwardError):
    """What was asked for would make a signature that says less, or more, than it seems to."""

    exit_code = 2


class Made(NamedTuple):
    signature: bytes
    lines: tuple[str, ...]
    """What was signed, and what was not."""
    warnings: tuple[str, ...]


class _Payload(NamedTuple):
    content: bytes
    lines: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    before: bytes = b""
    """The signatures that there are of it."""


def sign(
    target: str,
    output: str,
    signer: SigningKey | KeylessSigner,
    *,
    trust: Trust | None = None,
    follows_links: bool = False,
    ignored: Sequence[str] = (),
    progress: Progress | None = None,
) -> Made:
    """The signature of *target*, a model or an in-toto statement, as a sigstore bundle. If *target* is a signature
    itself, the same with one more, of what somebody whom *trust* names has signed. *output*, where it will lie, is
    no part of the model, nor are the files and folders *ignored*, which the signature names.

    Raises UsageError for what is not there, and an *output* that holds something else than a signature. Refused
    for a signature that does not verify, for a list of the files of another model, for a key that the format does
    not know, and for a model without files, with links (unless *follows_links*), or with names or files that the
    format cannot carry; ReadError for what cannot be read; NotSigned where the servers of sigstore fail.
    """
    if "://" in target and not os.path.lexists(target):
        raise Refused(f"{target!r} is not here: what is signed lies on this machine (modelward fetch gets it)")
    check_replaceable(output, lambda raw: _is_free(raw, target, output), "signature")
    document = _document(target)
    if document is not None and (earlier := _signatures(document)):
        wanted = _counter(target, document, earlier, trust)
    elif trust is not None:
        raise Refused(f"{target!r} is no signature: --pub, --root and --trusted-root say who made one that is added to")
    elif document is not None:
        wanted = _statement(target, document)
    else:
        wanted = _model(target, output, signer, follows_links, ignored, progress)
    if is_model_signature(wanted.content) and isinstance(signer, SigningKey) and not signer.key.public.is_ecdsa:
        raise Refused(_NOT_ECDSA.format(signer.key.public.type))
    made, who = signer.sign(wanted.content)
    if len(wanted.before) + len(made) > LARGEST:
        raise Refused(f"a signature of {len(wanted.before) + len(made):,} bytes, and no more than {LARGEST:,} are read")
    public = (f"in public logs for ever: {who.identity}, as {who.issuer} says",) if who else ()
    warnings = wanted.warnings + (signer.warnings if isinstance(signer, SigningKey) else ())
    return Made(wanted.before + made, wanted.lines + public, warnings)


_NOT_ECDSA = (
    "the OpenSSF Model Signing format knows ECDSA keys only, and this one is {}: sign the model's manifest with it "
    "(modelward manifest), or take another key"
)


def _is_free(raw: bytes, target: str, output: str) -> bool:
    """Whether what lies at *output* may go: a signature, or nothing yet, unless that is part of what is signed."""
    if raw:
        return bool(_signatures(raw))
    return path_inside(target, output) is None and os.path.realpath(target) != os.path.realpath(output)


# -- documents


def _document(target: str) -> bytes | None:
    """The content of *target* if it is a statement or a signature, or was meant to be one."""
    path = Path(target)
    try:
        if not path.is_file() or path.stat().st_size > _MOST_DOCUMENT:
            return None
        with path.open("rb") as file:
            head = file.read(16)
            raw = head + file.read() if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"") else b""
    except (OSError, ValueError):
        return None  # then it is a model, of which the walk says what is wrong
    return raw if _DOCUMENT.search(raw) else None


def _signatures(raw: bytes) -> tuple[Bundle, ...]:
    """None for what is no signature."""
    try:
        return parse_each(raw)
    except Malformed:
        return ()


def _no_signature(raw: bytes) -> Malformed | None:
    try:
        parse_each(raw)
    except Malformed as error:
        return error
    return None


def _statement(target: str, raw: bytes) -> _Payload:
    try:
        kind, about = _said(raw)
        if kind.startswith(_OURS):  # no verifier of ours takes one that does not hold together
            parse_manifest(raw) if kind == manifest_check.CHECK.predicate_type else Statement.parse(raw)
    except Malformed as error:
        why = error if b'"_type"' in raw else _no_signature(raw)
        raise Refused(f"{target!r} looks like a statement or a signature and cannot be read as one: {why}") from error
    if kind.startswith(MODEL_SIGNATURES):
        raise Refused(
            f"{target!r} is the list of files of {about}, as a model signature has it: sign the model itself, since "
            "whoever wrote this list says what its files are"
        )
    return _Payload(raw, (f"signed the statement {kind} about {about}",))


def _counter(target: str, raw: bytes, earlier: tuple[Bundle, ...], trust: Trust | None) -> _Payload:
    if trust is None:
        raise Refused(
            f"{target!r} is a signature, and one is added only to one that verifies: say who made it with --pub, "
            "--root or --trusted-root"
        )
    try:
        verified = open_signed(raw, trust)
        kind, about = _said(verified.payload)
    except ModelwardError as error:
        raise Refused(f"nothing is added to {target!r}, which does not verify: {error}") from error
    if any(each.envelope.payload != verified.payload for each in earlier):
        raise Refused(f"nothing is added to {target!r}: its signatures are of different statements")
    if len(earlier) >= MOST_SIGNATURES:
        raise Refused(f"{target!r} holds {len(earlier)} signatures, and no more are read")
    before = b"".join(_in_a_line(each.raw) + b"\n" for each in earlier)
    return _Payload(verified.payload, (f"added a signature to {len(earlier)}, of {kind} about {about}",), before=before)


def _said(raw: bytes) -> tuple[str, str]:
    """The type of the in-toto statement *raw*, ours or another, and what it is about. Raises Malformed."""
    match canonical.decode(raw):
        case {"_type": str(kind), "subject": [_, *_] as subjects, "predicateType": str(said)} if kind in _STATEMENTS:
            more = f" and {len(subjects) - _SUBJECTS:,} more" if len(subjects) > _SUBJECTS else ""
            return said, ", ".join(map(_subject, subjects[:_SUBJECTS])) + more
    raise Malformed("an in-toto statement has a _type, one subject or more, and a predicateType")


def _subject(subject: object) -> str:
    match subject:
        case {"digest": dict(digests), **rest}:
            name = rest.get("name")
            values = [f"{algorithm}:{value}" for algorithm, value in digests.items()]
            return " ".join([name, *values] if isinstance(name, str) and name not in values else values)[:300]
        case {"name": str(name)}:
            return name[:300]
    raise Malformed("a subject has a digest or a name")


def _in_a_line(raw: bytes) -> bytes:
    raw = raw.strip()
    return canonical.encode(canonical.decode(raw)) if b"\n" in raw else raw


# -- models


def _model(
    target: str,
    output: str,
    signer: SigningKey | KeylessSigner,
    follows_links: bool,
    more: Sequence[str],
    progress: Progress | None,
) -> _Payload:
    itself = path_inside(target, output)
    wanted = {escape_bytes(os.fsencode(path)).rstrip("/") for path in more}
    ignored = model_signing.LEFT_OUT | wanted | ({itself} if itself else frozenset())
    tree = open_target(target, left_out=ignored)
    for path in sorted(wanted):
        is_there = any(path == left_out or path.startswith(f"{left_out}/") for left_out in tree.left_out)
        if not is_there or not {"*", "?", "["}.isdisjoint(path):  # OpenSSF Model Signing v1.0, section 6.2.1
            raise Refused(f"--ignore {path!r} must be the path of a file or folder within the model, without * ? [")
    if tree.links and not follows_links:
        link = tree.links[0]
        raise Refused(f"{link.path!r} is a link: --allow-symlinks signs what it leads to, under the link's name")
    files = {entry.path for entry in tree.entries}
    for link in tree.links:
        if link.path not in files:  # the reference implementation lists nothing below it, and takes nothing either
            raise Refused(f"{link.path!r} is a link to a folder, which the format cannot say: --ignore it, or copy it")
    if tree.gaps:
        raise _gap(target, tree.gaps[0])
    contents = read_contents(tree, progress=progress)
    if contents.unreadable:
        path, why = next(iter(contents.unreadable.items()))
        raise ReadError(f"cannot read {path or tree.label!r}: {why}")
    signed = _signed(target, contents, follows_links, ignored)
    lines = [f"not covered: {path}" for path in tree.left_out if path != itself]
    lines.append(f"signed {len(signed.files):,} file{'s' if len(signed.files) > 1 else ''} of {signed.name}")
    _refuse_key(contents, signer)
    try:
        return _Payload(model_signing.encode(signed), tuple(lines), tuple(_private_keys(tree, contents)))
    except Malformed as error:
        raise Refused(f"{target!r} cannot be signed: {error}") from error


def _gap(target: str, gap: Gap) -> ModelwardError:
    """What the format cannot carry is refused; what the system keeps from us could not be read."""
    place = os.path.join(os.fsencode(target), unescape_bytes(gap.path))  # noqa: PTH118
    try:
        if os.path.isdir(place):  # noqa: PTH112
            os.scandir(place).close()
        else:
            os.lstat(place)
    except OSError:
        return ReadError(f"cannot read {gap.path or target!r}: {gap.why}")
    return Refused(f"{gap.path or target!r} cannot be signed: {gap.why}")


def _signed(target: str, contents: Contents, follows_links: bool, ignored: frozenset[str]) -> Signed:
    name = os.path.realpath(os.fsencode(target)).rpartition(b"/")[2]
    files = {path: content_of(file, None) for path, file in contents.hashed.items()}
    try:
        return Signed(name.decode() or "/", files, follows_links=follows_links, ignored=ignored)
    except UnicodeDecodeError as error:
        raise Refused(f"the format cannot carry the name {escape_bytes(name)!r}: it is not UTF-8") from error


def _refuse_key(contents: Contents, signer: SigningKey | KeylessSigner) -> None:
    """Whoever gets the model must not get the key that signs it."""
    for path, file in contents.hashed.items():
        if isinstance(signer, SigningKey) and file.digests == (signer.file,):
            raise Refused(f"{path or 'what is to be signed'!r} is the private key itself: keep it outside the model")


def _private_keys(tree: Tree, contents: Contents) -> Iterator[str]:
    """Warnings of other private keys, by the names that such files have: a scan looks into all."""
    for entry in tree.entries:
        ending = os.path.splitext(entry.path)[1]  # noqa: PTH122
        if ending in _KEY_FILES and contents.hashed[entry.path].identity.size <= _LONGEST_KEY:
            with FileSource(entry.real) as source:
                if _PRIVATE.search(source.read(0, _LONGEST_KEY)):
                    yield f"{entry.path or tree.label!r} holds a private key, and whoever gets the model gets it"
