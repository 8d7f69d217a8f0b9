"""Statements made elsewhere: opened, verified, bound to the artifact, and only then admitted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from modelward.app.trust import trust_of
from modelward.checks import deps as deps_check
from modelward.checks import foreign
from modelward.checks import manifest as manifest_check
from modelward.checks import scan as scan_check
from modelward.checks.manifest import model_signing
from modelward.checks.manifest.differences import Listing, differences
from modelward.core import canonical
from modelward.core.artifact import Artifact
from modelward.core.check import Check
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ModelwardError
from modelward.core.evidence import Evidence
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.result import Refused
from modelward.core.statement import Statement, subjects
from modelward.core.verdict import Policy, Signer
from modelward.stores.statements import Document, Unread, documents
from modelward.stores.tree import Tree

if TYPE_CHECKING:
    from modelward.attest.verify import Trust, Verified

_MOST_VALUES = 1_000_000
_LONGEST_TYPE = 1024
_CHECKS: dict[str, Check[Any, Any]] = {
    each.predicate_type: each for each in (manifest_check.CHECK, scan_check.CHECK, deps_check.CHECK)
}


@dataclass(frozen=True, slots=True)
class About:
    """What the evidence must be about."""

    artifact: Artifact
    tree: Tree
    signatures: frozenset[Digest] = frozenset()
    """Files that hold the evidence itself, as far as it is signed by somebody who is trusted."""
    contents: Mapping[tuple[str, str], Digest] = field(init=False)
    """Those of its files by algorithm and value, as subjects name them."""

    def __post_init__(self) -> None:
        digests = (blob.digest for blob in self.artifact.files.values())
        object.__setattr__(self, "contents", {(each.algorithm, each.value): each for each in digests})


class _NotAdmitted(ModelwardError):
    """Why a statement does not count."""


def admit(
    paths: Sequence[str], about: About, policy: Policy, now: datetime, more: Iterable[Document] = ()
) -> tuple[tuple[Evidence, ...], tuple[Refused, ...]]:
    """The statements in *paths*, files and folders, and *more*, that a signer of *policy* has signed and that are about
    the artifact; and those that are not admitted, with the reason. What is not admitted changes nothing: a policy
    asks for what it needs. Raises UsageError for a path that cannot be read and a signer whose key is none."""
    trusted = [(signer, trust_of(signer)) for signer in policy.signers]
    opened: list[tuple[str, _Opened]] = []
    admitted, refused = [], []
    for found in chain(*map(documents, paths), more):
        try:
            if isinstance(found, Unread):
                raise _NotAdmitted(found.why)
            opened.append((found.where, _open(found.raw, trusted, now)))
        except ModelwardError as error:
            refused.append(Refused(found.where, str(error)))
    about = replace(about, signatures=frozenset(each.digest for _, each in opened))
    for where, each in opened:
        try:
            admitted.append(_read(each, about))
        except ModelwardError as error:
            refused.append(Refused(where, str(error)))
    return tuple(admitted), tuple(sorted(refused, key=attrgetter("file")))


# -- 1. who signed it


@dataclass(frozen=True, slots=True)
class _Opened:
    digest: Digest
    """Of the bundle."""
    kind: str
    payload: bytes
    signed_by: frozenset[tuple[str, str]]


def _open(raw: bytes, signers: Iterable[tuple[Signer, Trust]], now: datetime) -> _Opened:
    from modelward.attest import bundle

    opened = bundle.parse(raw)
    kind = _kind(opened.envelope.payload)
    signed_by: set[tuple[str, str]] = set()
    payload = b""
    why = f"no signer of the policy may sign {kind}"
    for signer, trust in signers:
        if kind in signer.predicates:
            verified, why = _verify(opened, trust, now)
            if verified:
                payload = verified.payload
                signed_by |= {(signer.name, each.holder) for each in verified.signers}
    if not signed_by:
        raise _NotAdmitted(why)
    return _Opened(Digest("sha256", hashlib.sha256(raw).hexdigest()), kind, payload, frozenset(signed_by))


def _verify(opened: Any, trust: Trust, now: datetime) -> tuple[Verified | None, str]:
    from modelward.attest.errors import Untrusted
    from modelward.attest.verify import verify

    try:
        return verify(opened, trust, now), ""
    except Untrusted as error:
        return None, str(error)


# -- 2. whether it is about this artifact, and what it says: from here on, of the bytes that were signed


def _read(opened: _Opened, about: About) -> Evidence:
    read = _READERS.get(opened.kind, _other)
    return read(_decode(opened.payload), opened.payload, about, opened.signed_by)


def _decode(payload: bytes) -> Any:
    """A list of empty lists takes thirty times its size, before anybody has signed it."""
    if payload.count(b",") + payload.count(b"[") + payload.count(b"{") > _MOST_VALUES:
        raise Malformed(f"a statement with more than {_MOST_VALUES:,} values")
    return canonical.decode(payload)


def _kind(payload: bytes) -> str:
    match _decode(payload):
        case {"predicateType": str(kind)} if len(kind) <= _LONGEST_TYPE:
            return kind
    raise Malformed("it is no in-toto statement")


def _model_signature(body: Any, payload: bytes, about: About, signed_by: frozenset[tuple[str, str]]) -> Evidence:
    """A model signature names files: all that it lists must be there and the same, and nothing besides
    but signatures, this one among them, and what its format leaves out. That is then not covered."""
    signed = model_signing.parse(payload)
    if signed.algorithm != "sha256" or signed.shard is not None:
        raise _NotAdmitted(f"it hashes {signed.algorithm} of parts: modelward verify compares that, check does not")
    below = {*signed.left_out, *about.tree.left_out}
    listed = {path: content[0][1] for path, content in signed.files.items() if not _is_below(path, about.tree.left_out)}
    if not about.tree.is_tree and len(listed) == 1:
        listed = dict.fromkeys([""], *listed.values())  # a lone file has no name
    files = {path: blob.digest for path, blob in about.artifact.files.items()}
    left_out = frozenset(path for path in files if _is_below(path, below))
    beside = {path for path, digest in files.items() if digest in about.signatures and path not in listed}
    found = {path: digest.value for path, digest in files.items() if path not in left_out | beside}
    links = None if signed.follows_links else {link.path: link.target for link in about.tree.links}
    differs = differences(Listing(listed, None if links is None else {}), Listing(found, links))
    if differs:
        first = differs[0]
        raise _NotAdmitted(
            f"it is about other files: {first.path or 'the file'} ({first.kind}), {len(differs):,} in all"
        )
    named = {path: files[path] for path in {*found, *beside}}
    statement = Statement(about.artifact.digest, model_signing.PREDICATE_TYPE, {}, payload)
    return Evidence(statement, names=named, left_out=left_out - beside, signed_by=signed_by)


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
    """A statement of a type that is not ours. Subjects match by digest alone, and each stands for itself. What it
    has found counts, if that can be read here; else that it was made by somebody who is trusted is all.
    Tools that know no digest of a tree name its files: then it is about those, and about the tree in part."""
    named, predicate_type = subjects(body), str(body["predicateType"])
    subject = about.artifact.digest
    is_whole = (subject.algorithm, subject.value) in named
    parts = frozenset(about.contents[pair] for pair in named if pair in about.contents)
    if not is_whole and not parts:
        raise _NotAdmitted("it is about something else")
    alone = next(iter(parts)) if len(parts) == 1 and not is_whole else None
    said = foreign.read(predicate_type, body.get("predicate"), Location(alone))
    if said is None and not is_whole:
        raise _NotAdmitted("it is about some of the files, and of a type that is not read here")
    findings, unexamined = said or ((), ())
    return Evidence(
        Statement(subject, predicate_type, {}, payload),
        findings,
        unexamined,
        covers=parts if said else frozenset(),
        signed_by=signed_by,
        in_part=not is_whole,
    )


_Reader = Callable[[Any, bytes, About, frozenset[tuple[str, str]]], Evidence]
_READERS: Mapping[str, _Reader] = {model_signing.PREDICATE_TYPE: _model_signature, **dict.fromkeys(_CHECKS, _ours)}
