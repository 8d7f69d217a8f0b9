"""Statements in a repository of a registry, in the very form that they have in a store.

What anchors an artifact has the tag modelward-<its digest>, so that it can be found and nothing removes it. The
statements about it are listed by the registry, if it can: the referrers API. Else clients keep the list themselves, as
an image index under the tag of the fall-back scheme. Registries have no compare-and-swap: of two who change such an
index at once, one overwrites the other. So each statement first gets a tag of its own, sha256-<subject>.<statement>,
which nobody else has a reason to change: a list of those tags has everything that anybody put there, and whoever has
written an index makes sure that it has too, or writes it again.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ReadError
from modelward.core.store import IN_TOTO, Kept
from modelward.stores import evidence_manifest as form
from modelward.stores.evidence_manifest import DSSE, Subject
from modelward.stores.fetch import Refused
from modelward.stores.oci_documents import (
    INDEX,
    MANIFEST,
    Descriptor,
    encode_document,
    parse_document,
    sha256,
)
from modelward.stores.oci_registry import Registry, listed

_BUNDLE = re.compile(r"application/vnd\.dev\.sigstore\.bundle(\.v0\.[123]\+json|\+json;version=0\.[123])")
_ANCHOR = re.compile(r"modelward-(sha256|sha3_256)-([0-9a-f]{64})")
_PREDICATE_TYPE = "in-toto.io/predicate-type"
_DIGITS = 56  # of a statement's manifest: a tag has 128 characters at most
_ATTEMPTS = 30
_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Referrer:
    """What a manifest that refers to an artifact turned out to be."""

    statements: tuple[Descriptor, ...]
    """The layers that say to be statements: none in what is something else."""
    predicate_types: frozenset[str]
    """What the list, and the manifest, say that they are."""


class RemoteEvidence:
    """Methods raise ReadError, and Refused for a registry that lies. `put` and `read` may be called by several threads
    at once, after the first `manifests`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._tags: set[str] | None = None

    # -- reading

    def artifacts(self) -> list[Digest]:
        """What there are statements about."""
        tags = self._registry.tags()
        if tags is None:
            raise ReadError(f"{self._registry.at}: there is no such repository, or it is not shown")
        found = (_ANCHOR.fullmatch(tag) for tag in tags)
        return sorted(Digest.parse(f"{each[1]}:{each[2]}") for each in found if each)

    def manifests(self, subject: Subject) -> dict[Digest, Descriptor]:
        """What is said to refer to *subject*."""
        found = self._registry.referrers(subject.descriptor.digest)
        if found is None:
            found = self._index(subject)[1]
            found += self._unlisted(subject, found)
        return {each.digest: each for each in found}

    def open(self, subject: Subject, said: Descriptor) -> Referrer:
        """Reads a manifest that is said to refer to *subject*."""
        if said.media_type != MANIFEST:
            return Referrer((), frozenset())
        raw = self._registry.read_manifest(said)
        try:
            body = parse_document(raw, MANIFEST)
            about = Descriptor.parse(body.get("subject"))
            layers = [Descriptor.parse(each) for each in body.get("layers", ())]
            made = _described(raw, body)
        except (Malformed, TypeError) as error:
            raise self._lie(f"{said.digest} is no manifest: {error}") from error
        ours = subject.descriptor
        if (about.digest, about.size) != (ours.digest, ours.size):
            raise self._lie(f"it lists {said.digest} for {ours.digest}, which refers to {about.digest}")
        if said.artifact_type not in ("", made.artifact_type):
            raise self._lie(f"it lists {said.digest} as {said.artifact_type[:200]!r}, which it is not")
        types = frozenset({each.annotations.get(_PREDICATE_TYPE, "") for each in (said, made)} - {""})
        return Referrer(tuple(layer for layer in layers if _is_statement(layer.media_type)), types)

    def read(self, layer: Descriptor) -> bytes:
        return self._registry.read_blob(layer)

    # -- writing

    def anchor(self, about: Digest) -> None:
        subject = Subject.of(about)
        self._registry.put_blob(form.EMPTY)
        self._registry.put_blob(subject.layer)
        self._registry.put_manifest(subject.manifest, tag=f"modelward-{about.algorithm}-{about.value}")

    def put(self, kept: Kept, raw: bytes) -> Descriptor:
        """A statement, from now on to be found by anybody who looks for it, whatever becomes of the index. That it was
        taken is a claim: it is read again."""
        subject = Subject.of(kept.about)
        self._registry.put_blob(raw)
        manifest = form.statement_manifest(kept, subject.descriptor)
        made = form.referrer(kept, manifest)
        if self._registry.has_referrers:
            self._registry.put_manifest(manifest)
        else:
            self._registry.put_manifest(manifest, tag=_own_tag(subject, made.digest))
        try:
            self._registry.read_manifest(made)
            self._registry.read_blob(Descriptor(kept.media_type, kept.statement, kept.size))
        except Refused:
            raise
        except ReadError as error:
            raise ReadError(f"{error}: the registry said that it took the statement, and does not give it") from error
        return made

    def settle(self, added: Mapping[Digest, Collection[Descriptor]]) -> None:
        """Returns once the list of every artifact has all that was added, and all that others have added."""
        for _ in range(_ATTEMPTS):
            self._tags = None
            lacking = sum(not self._is_settled(Subject.of(about), new) for about, new in added.items())
            if not lacking:
                return
            time.sleep(random.uniform(0, _PAUSE))
        raise ReadError(
            f"{self._registry.at}: the statements are there, and the registry does not list them all: push again"
        )

    def _is_settled(self, subject: Subject, new: Collection[Descriptor]) -> bool:
        if self._registry.has_referrers:
            return {each.digest for each in new} <= self.manifests(subject).keys()
        raw, known = self._index(subject)
        have = {each.digest for each in known}
        lacking = {each.digest: each for each in new if each.digest not in have}
        for found in self._unlisted(subject, [*known, *lacking.values()]):
            lacking[found.digest] = found
        if lacking:
            self._registry.put_manifest(_extended(raw, lacking.values()), INDEX, f"sha256-{subject.tag}")
        return not lacking

    # -- the fall-back

    def _index(self, subject: Subject) -> tuple[bytes | None, list[Descriptor]]:
        raw = self._registry.tagged(f"sha256-{subject.tag}")
        try:
            return raw, [] if raw is None else listed(raw)
        except Malformed as error:
            raise self._lie(f"sha256-{subject.tag} is no list of statements: {error}") from error

    def _unlisted(self, subject: Subject, known: Iterable[Descriptor]) -> list[Descriptor]:
        """The statements about *subject* that have a tag of their own and are not *known*."""
        if self._tags is None:
            self._tags = self._registry.tags() or set()
        own = {_own_tag(subject, each.digest) for each in known}
        start = f"sha256-{subject.tag}."
        tags = sorted(tag for tag in self._tags if tag.startswith(start) and tag not in own)
        return [found for tag in tags if (found := self._resolve(subject, tag))]

    def _resolve(self, subject: Subject, tag: str) -> Descriptor | None:
        raw = self._registry.tagged(tag)
        if raw is None:  # docker-registry lists a tag a moment before it has it: who makes it goes on to the index
            return None
        if _own_tag(subject, sha256(raw)) != tag:
            raise self._lie(f"what has the tag {tag} is not what the tag says")
        try:
            return _described(raw, parse_document(raw, MANIFEST))
        except Malformed as error:
            raise self._lie(f"what has the tag {tag} is no manifest: {error}") from error

    def _lie(self, why: str) -> Refused:
        return Refused(f"{self._registry.at}: {why}")


def _own_tag(subject: Subject, manifest: Digest) -> str:
    return f"sha256-{subject.tag}.{manifest.value[:_DIGITS]}"


def _described(raw: bytes, body: Mapping[str, Any]) -> Descriptor:
    """A manifest as a list of referrers has it. Raises Malformed.

    https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers"""
    config = body.get("config")
    kind = body.get("artifactType") or (config.get("mediaType", "") if isinstance(config, dict) else "")
    notes = body.get("annotations", {})
    return Descriptor.parse({**Descriptor.of(MANIFEST, raw).to_json(), "artifactType": kind, "annotations": notes})


def _is_statement(media_type: str) -> bool:
    return media_type in (IN_TOTO, DSSE) or _BUNDLE.fullmatch(media_type) is not None


def _extended(index: bytes | None, more: Iterable[Descriptor]) -> bytes:
    """*index* with these too. What others have put into it stays as it is."""
    added = [each.to_json() for each in sorted(more, key=lambda each: each.digest)]
    if index is None:
        return encode_document({"manifests": added, "mediaType": INDEX, "schemaVersion": 2})
    body = parse_document(index, INDEX)
    return encode_document({**body, "manifests": [*body["manifests"], *added]})
