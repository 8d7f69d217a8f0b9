"""Statements made elsewhere: opened, verified, bound to the artifact, and only then admitted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelward.checks import manifest as manifest_check
from modelward.checks import scan as scan_check
from modelward.checks.manifest import model_signing
from modelward.checks.manifest.differences import Listing, differences
from modelward.core import canonical
from modelward.core.artifact import Artifact
from modelward.core.check import Check
from modelward.core.errors import Malformed, ModelwardError, UsageError
from modelward.core.finding import Finding, Unexamined
from modelward.core.result import Refused
from modelward.core.statement import Evidence, Statement
from modelward.core.verdict import Policy, Signer
from modelward.stores.files import reason
from modelward.stores.tree import Tree

if TYPE_CHECKING:
    from modelward.attest.verify import Trust, Verified

_MOST_FILES = 10_000
_MOST_BYTES = 256 << 20
_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_CHECKS: dict[str, Check[Any, Any]] = {each.predicate_type: each for each in (manifest_check.CHECK, scan_check.CHECK)}


@dataclass(frozen=True, slots=True)
class About:
    """What the evidence must be about."""

    artifact: Artifact
    tree: Tree


class _NotAdmitted(ModelwardError):
    """Why a statement does not count."""


def admit(
    paths: Sequence[str], about: About, policy: Policy, now: datetime
) -> tuple[tuple[Evidence, ...], tuple[Refused, ...]]:
    """The statements in *paths*, files and folders, that a signer of *policy* has signed and that are about the
    artifact; and those that are not admitted, with the reason. What is not admitted changes nothing: a policy
    asks for what it needs. Raises UsageError for a path that is not there and a signer whose key is none."""
    opened = [(signer, _trust(signer)) for signer in policy.signers]
    admitted, refused = [], []
    for path in paths:
        for file in _files(path):
            try:
                admitted.append(_admit(_read(file), about, opened, now))
            except ModelwardError as error:
                refused.append(Refused(canonical.escape_bytes(bytes(file)), str(error)))
    return tuple(admitted), tuple(refused)


def _files(path: str) -> Iterator[Path]:
    try:
        place = Path(path)
        found = sorted(each for each in place.rglob("*") if each.is_file()) if place.is_dir() else [place]
        if not place.exists():
            raise UsageError(f"--evidence {path!r} does not exist: name a file or a folder with statements")
    except (OSError, ValueError) as error:
        raise UsageError(f"--evidence {path!r} cannot be read: {reason(error)}") from error
    if len(found) > _MOST_FILES:
        raise UsageError(f"--evidence {path!r} holds more than {_MOST_FILES:,} files")
    yield from found


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _NotAdmitted(f"it cannot be read: {reason(error)}") from error
    if len(raw) > _MOST_BYTES:
        raise _NotAdmitted(f"it has more than {_MOST_BYTES:,} bytes")
    return raw


# -- 1. who signed it


def _trust(signer: Signer) -> Trust:
    from modelward.attest.keys import PublicKey
    from modelward.attest.verify import Trust

    try:
        if signer.key:
            return Trust(keys=(PublicKey.parse(signer.key.encode()),))
        from modelward.attest.certificates import parse_pem

        return Trust((), parse_pem(signer.root.encode()), signer.identity or None, signer.issuer or None)
    except ModelwardError as error:
        raise UsageError(f"the signer {signer.name!r} of the policy: {error}") from error


def _admit(raw: bytes, about: About, signers: Iterable[tuple[Signer, Trust]], now: datetime) -> Evidence:
    from modelward.attest import bundle

    opened = bundle.parse(raw)
    body = canonical.decode(opened.envelope.payload)
    kind = body.get("predicateType") if isinstance(body, dict) else None
    signed_by: set[tuple[str, str]] = set()
    payload = b""
    why = f"no signer of the policy may sign {kind}"
    for signer, trust in signers:
        if kind in signer.predicates:
            verified, why = _verify(opened, trust, now)
            if verified:
                payload = verified.payload
                signed_by |= {(signer.name, each.key) for each in verified.signers}
    if not signed_by:
        raise _NotAdmitted(why)
    # from here on, of the bytes that were signed
    read = _READERS.get(str(kind), _other)
    return read(canonical.decode(payload), payload, about, frozenset(signed_by))


def _verify(opened: Any, trust: Trust, now: datetime) -> tuple[Verified | None, str]:
    from modelward.attest.errors import Untrusted
    from modelward.attest.verify import verify

    try:
        return verify(opened, trust, now), ""
    except Untrusted as error:
        return None, str(error)


# -- 2. whether it is about this artifact, and what it says


def _model_signature(body: Any, payload: bytes, about: About, signed_by: frozenset[tuple[str, str]]) -> Evidence:
    """A model signature names files: all that it lists must be there and the same, and nothing besides
    but what its format leaves out. That is then not covered."""
    signed = model_signing.parse(payload)
    if signed.algorithm != "sha256" or signed.shard is not None:
        raise _NotAdmitted(f"it hashes {signed.algorithm} of parts: modelward verify compares that, check does not")
    left_out = {*signed.left_out, *about.tree.left_out}
    listed = {path: content[0][1] for path, content in signed.files.items() if not _is_below(path, about.tree.left_out)}
    if not about.tree.is_tree and len(listed) == 1:
        listed = dict.fromkeys([""], *listed.values())  # a lone file has no name
    found = {path: blob.digest.value for path, blob in about.artifact.files.items() if not _is_below(path, left_out)}
    links = None if signed.follows_links else {link.path: link.target for link in about.tree.links}
    differs = differences(Listing(listed, None if links is None else {}), Listing(found, links))
    if differs:
        first = differs[0]
        raise _NotAdmitted(
            f"it is about other files: {first.path or 'the file'} ({first.kind}), {len(differs):,} in all"
        )
    covered = frozenset(about.artifact.files[path].digest for path in found)
    statement = Statement(about.artifact.digest, model_signing.PREDICATE_TYPE, body["predicate"], payload)
    return Evidence(statement, covers=covered, signed_by=signed_by)


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _ours(body: Any, payload: bytes, about: About, signed_by: frozenset[tuple[str, str]]) -> Evidence:
    statement = Statement.parse(payload)
    if statement.subject != about.artifact.digest:
        raise _NotAdmitted(f"it is about {statement.subject}")
    check = _CHECKS[statement.predicate_type]
    predicate = check.decode(statement.predicate)
    said = list(check.read(predicate))
    return Evidence(
        statement,
        tuple(word for word in said if isinstance(word, Finding)),
        tuple(word for word in said if isinstance(word, Unexamined)),
        check.files(predicate),
        check.covers(predicate),
        signed_by,
    )


def _other(body: Any, payload: bytes, about: About, signed_by: frozenset[tuple[str, str]]) -> Evidence:
    """A statement of a type that nobody here reads: that it was made by somebody who is trusted is all that
    counts. Subjects match by digest alone; a predicate may be absent."""
    digest = about.artifact.digest
    match body:
        case {"_type": str(kind), "subject": list(subjects), "predicateType": str(predicate_type)} if (
            kind in _STATEMENTS
        ):
            digests = [each.get("digest") for each in subjects if isinstance(each, dict)]
        case _:
            raise Malformed("it is no in-toto statement")
    if not any(isinstance(each, dict) and each.get(digest.algorithm) == digest.value for each in digests):
        raise _NotAdmitted("it is about something else")
    return Evidence(Statement(digest, predicate_type, body.get("predicate") or {}, payload), signed_by=signed_by)


_Reader = Callable[[Any, bytes, About, frozenset[tuple[str, str]]], Evidence]
_READERS: Mapping[str, _Reader] = {model_signing.PREDICATE_TYPE: _model_signature, **dict.fromkeys(_CHECKS, _ours)}
