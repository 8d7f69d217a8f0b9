"""How evidence is written in OCI: pure, bytes in and bytes out.

An artifact is anchored by its *subject manifest*, whose bytes follow from its digest alone, since OCI knows no digest
of a tree. A statement is an artifact manifest that refers to it as its subject; all statements about one artifact
are listed in an image index under the tag of the fall-back scheme, where other tools look too:
https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema

The manifest of a statement has one form: what parses is what would be written, byte for byte, so equal statements are
one manifest. A list of them is only a list: other programs write one anew when they copy it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.store import IN_TOTO, Kept
from modelward.stores.oci_documents import INDEX, MANIFEST, Descriptor, encode_document, parse_document, sha256

DSSE = "application/vnd.dsse.envelope.v1+json"
SUBJECT = "application/vnd.modelward.subject.v1+json"
EMPTY = b"{}"
LARGEST_STATEMENT = 1 << 28
LONGEST_TYPE = 1024
"""Characters of a predicate type."""

_EMPTY = Descriptor.of("application/vnd.oci.empty.v1+json", EMPTY)
_PREDICATE_TYPE = "in-toto.io/predicate-type"


@dataclass(frozen=True, slots=True)
class Subject:
    """What anchors an artifact: a manifest and its one layer."""

    manifest: bytes
    layer: bytes
    descriptor: Descriptor
    """Of the manifest."""

    @classmethod
    def of(cls, about: Digest) -> Subject:
        layer = encode_document({"digest": str(about)})
        manifest = _manifest(SUBJECT, Descriptor.of(SUBJECT, layer))
        return cls(manifest, layer, Descriptor.of(MANIFEST, manifest))

    @property
    def tag(self) -> str:
        """sha256 of the manifest; the tag under which its statements are listed is sha256-<this>."""
        return self.descriptor.digest.value


def subject_layer(manifest: bytes) -> Descriptor:
    """The layer of a subject manifest, in which the digest is. Raises Malformed."""
    layers = parse_document(manifest, MANIFEST).get("layers")
    if not isinstance(layers, list) or len(layers) != 1:
        raise Malformed("a subject manifest has one layer")
    return Descriptor.parse(layers[0])


def parse_subject(layer: bytes) -> Digest:
    """The digest of the artifact. Raises Malformed."""
    body = canonical.decode(layer)
    if not isinstance(body, dict) or not isinstance(body.get("digest"), str):
        raise Malformed("a subject names a digest")
    return Digest.parse(body["digest"])


def statement_manifest(kept: Kept, subject: Descriptor) -> bytes:
    layer = Descriptor(kept.media_type, kept.statement, kept.size)
    return _manifest(IN_TOTO, layer, subject, {_PREDICATE_TYPE: kept.predicate_type})


def parse_statement(manifest: bytes, about: Digest, subject: Descriptor) -> Kept:
    """What a statement manifest says, which must be about *about*, whose *subject* that is. Raises Malformed."""
    match parse_document(manifest, MANIFEST):
        case {"layers": [layer], "annotations": {"in-toto.io/predicate-type": str(predicate_type)}}:
            found = Descriptor.parse(layer)
            kept = Kept(about, predicate_type, found.media_type, found.digest, found.size)
            if len(predicate_type) <= LONGEST_TYPE and manifest == statement_manifest(kept, subject):
                return kept
    raise Malformed(f"a statement manifest that is not written as one about {about} is")


def referrer(kept: Kept, manifest: bytes) -> Descriptor:
    """A statement manifest as the list of its subject has it."""
    return Descriptor(MANIFEST, sha256(manifest), len(manifest), IN_TOTO, {_PREDICATE_TYPE: kept.predicate_type})


def referrers(entries: Iterable[Descriptor]) -> bytes:
    """The image index of those, each once, in the order of their digests."""
    once = {entry.digest: entry for entry in entries}
    manifests = [once[digest].to_json() for digest in sorted(once)]
    return encode_document({"manifests": manifests, "mediaType": INDEX, "schemaVersion": 2})


def record(kept: Kept) -> bytes:
    """The entry of the log: https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md#log-entries allows 65,535 bytes."""
    body = {"digest": str(kept.statement), "predicateType": kept.predicate_type, "subject": str(kept.about)}
    return encode_document(body)


def parse_record(raw: bytes) -> tuple[Digest, Digest, str]:
    """(subject, statement, predicate type) of an entry of the log. Raises Malformed."""
    match canonical.decode(raw):
        case {"digest": str(digest), "predicateType": str(predicate_type), "subject": str(subject)}:
            return Digest.parse(subject), Digest.parse(digest), predicate_type
    raise Malformed("an entry of the log that is no record of a statement")


def _manifest(
    kind: str, layer: Descriptor, subject: Descriptor | None = None, annotations: dict[str, str] | None = None
) -> bytes:
    body: dict[str, Any] = {
        "artifactType": kind,
        "config": _EMPTY.to_json(),
        "layers": [layer.to_json()],
        "mediaType": MANIFEST,
        "schemaVersion": 2,
    }
    if subject:
        body |= {"subject": subject.to_json(), "annotations": annotations}
    return encode_document(body)
