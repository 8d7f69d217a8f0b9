"""How a model is written in OCI: pure, bytes in and bytes out.

A CNCF ModelPack manifest with one raw layer a file, so that the manifest is the file list of the model: the digest of
the artifact follows from it before anything else is fetched. It refers to what anchors that artifact, as every
statement about it does, so that each is found from the other.

https://github.com/modelpack/model-spec/blob/main/docs/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from modelward.core.artifact import Blob, tree_digest
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.stores.evidence_manifest import Subject
from modelward.stores.oci_documents import MANIFEST, Descriptor, encode_document, parse_document, sha256

MODEL = "application/vnd.cncf.model.manifest.v1+json"

_CONFIG = "application/vnd.cncf.model.config.v1+json"
_PATH = "org.cncf.model.filepath"
_TITLE = "org.opencontainers.image.title"  # by which other clients of registries name what they write
_UNTESTED = "org.cncf.model.file.mediatype.untested"
_LAYER = re.compile(r"application/vnd\.cncf\.model\.(weight|weight\.config|doc|code|dataset)\.v1\.(.*)")
_KINDS = (
    ("code", re.compile(r".*\.(?:py|ipynb|sh|js|c|cc|cpp|cu|h)")),
    ("doc", re.compile(r"(?:.*/)?(?:readme|licen[cs]e|notice|use_policy|copying)(?:\..*)?|.*\.(?:md|rst|pdf)")),
    ("weight.config", re.compile(r".*\.(?:json|jinja|txt|ya?ml|toml|model|tiktoken|vocab|merges|cfg|ini)")),
)


@dataclass(frozen=True, slots=True)
class Pack:
    """A model as a registry has it. *config* is what the manifest calls so."""

    manifest: bytes
    config: bytes

    @classmethod
    def of(cls, about: Digest, files: Mapping[str, Blob]) -> Pack:
        """*files* by their paths in the model, at least one. The same files always make the same bytes."""
        layers = [_layer(path, blob) for path, blob in sorted(files.items())]
        # a raw layer is what it is without compression
        diffs = [str(layer.digest) for layer in layers]
        config = encode_document({"config": {}, "descriptor": {}, "modelfs": {"diffIds": diffs, "type": "layers"}})
        body = {
            "artifactType": MODEL,
            "config": Descriptor.of(_CONFIG, config).to_json(),
            "layers": [layer.to_json() for layer in layers],
            "mediaType": MANIFEST,
            "schemaVersion": 2,
            "subject": Subject.of(about).descriptor.to_json(),
        }
        return cls(encode_document(body), config)

    @property
    def descriptor(self) -> Descriptor:
        """As a list of what refers to the anchor has it."""
        return Descriptor(MANIFEST, sha256(self.manifest), len(self.manifest), MODEL)


@dataclass(frozen=True, slots=True)
class Packed:
    """What a manifest says that a model is."""

    about: Digest
    """Follows from *files* alone."""
    files: Mapping[str, Blob]
    """By their paths: one alone that is no tree has one too."""
    manifest: Digest

    @property
    def is_tree(self) -> bool:
        return self.about.algorithm == "sha3_256"

    @classmethod
    def parse(cls, raw: bytes) -> Packed:
        """Whoever packed it, in raw layers. Which names can be written is not judged here. Raises Malformed."""
        body = parse_document(raw, MANIFEST)
        if body.get("artifactType") != MODEL:
            raise Malformed(f"it is {str(body.get('artifactType') or 'an image')[:200]!r}; a model is {MODEL!r}")
        listed = body.get("layers")
        if not isinstance(listed, list) or not listed:
            raise Malformed("a model without layers")
        files: dict[str, Blob] = {}
        for layer in map(Descriptor.parse, listed):
            path = _path(layer)
            if path in files:
                raise Malformed(f"two layers are the file {path[:200]!r}")
            files[path] = Blob(layer.digest, layer.size)
        subject = Descriptor.parse(body["subject"]) if "subject" in body else None
        return cls(_about(files, subject), files, sha256(raw))


def tag_of(about: Digest) -> str:
    """By which a model is found from its digest. Whoever has the right to set it can make it name anything."""
    return f"modelward-model-{about.algorithm}-{about.value}"


def _about(files: Mapping[str, Blob], subject: Descriptor | None) -> Digest:
    """A lone file, which lies in no folder, and a folder with this one file are the same layers, and two artifacts."""
    made = [tree_digest(files), *(blob.digest for path, blob in files.items() if len(files) == 1 and "/" not in path)]
    meant = (about for about in made if subject and Subject.of(about).descriptor.digest == subject.digest)
    return next(meant, made[0])


def _layer(path: str, blob: Blob) -> Descriptor:
    kind = next((kind for kind, names in _KINDS if names.fullmatch(path.lower())), "weight")
    notes = {_PATH: path, _TITLE: path, _UNTESTED: "true"}  # by the name alone
    return Descriptor(f"application/vnd.cncf.model.{kind}.v1.raw", blob.digest, blob.size, "", notes)


def _path(layer: Descriptor) -> str:
    found = _LAYER.fullmatch(layer.media_type)
    if not found or found[2] != "raw":
        raise Malformed(f"a layer of the type {layer.media_type[:200]!r}; only files as they are (raw) are understood")
    path = layer.annotations.get(_PATH) or layer.annotations.get(_TITLE, "")
    if not path:
        raise Malformed(f"a layer without the annotation {_PATH!r}")
    return path
