"""Documents of OCI: descriptors, manifests, indexes, and index.json as it is written here. Pure.

https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md

What is parsed is parsed strictly and within limits: whoever wrote it is not trusted.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import le
from typing import Any

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
REF_NAME = "org.opencontainers.image.ref.name"

_MOST_VALUES = 1 << 24
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

# index.json as it is written here: a descriptor a line, ours last and sorted by tag. So one can be replaced among
# 100,000 without parsing the others, and equal content is equal bytes in whatever order it came.
_HEAD, _TAIL = b'{"manifests":[\n', b'\n],"mediaType":"' + INDEX.encode() + b'","schemaVersion":2}\n'
_TAG = re.compile(r"sha256-[0-9a-f]{64}")
_TAGGED = re.compile(
    rb'\{"annotations":\{"org\.opencontainers\.image\.ref\.name":"sha256-([0-9a-f]{64})"\},'
    rb'"digest":"sha256:([0-9a-f]{64})","mediaType":"application/vnd\.oci\.image\.index\.v1\+json",'
    rb'"size":(0|[1-9][0-9]*)\}'
)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What some document says of a blob: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md"""

    media_type: str
    digest: Digest
    size: int
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, media_type: str, data: bytes) -> Descriptor:
        return cls(media_type, sha256(data), len(data))

    @classmethod
    def parse(cls, body: object) -> Descriptor:
        """Other fields are left unread. Raises Malformed."""
        match body:
            case {"mediaType": str(media_type), "digest": str(digest), "size": int(size), **more} if (
                not isinstance(size, bool) and 0 <= size < 2**53
            ):
                annotations = more.get("annotations", {})
                kind = more.get("artifactType", "")
                if isinstance(kind, str) and isinstance(annotations, dict):
                    if not all(isinstance(value, str) for value in annotations.values()):
                        raise Malformed("a descriptor with an annotation that is no text")
                    if not digest.startswith("sha256:"):
                        raise Malformed(f"a descriptor with the digest {digest[:100]!r}; sha256 was expected")
                    return cls(media_type, Digest("sha256", digest[7:]), size, kind, annotations)
        raise Malformed("a descriptor needs a mediaType, a digest and a size")

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size}
        if self.artifact_type:
            body["artifactType"] = self.artifact_type
        if self.annotations:
            body["annotations"] = dict(self.annotations)
        return body


def sha256(data: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(data).hexdigest())


def encode_document(body: object) -> bytes:
    """Canonical JSON of text, whole numbers below 2^53, lists, and objects with ASCII names: of these RFC 8785 makes
    the same bytes, five times slower."""
    return _ENCODER.encode(body).encode()


def parse_document(raw: bytes, kind: str) -> Mapping[str, Any]:
    """A manifest or an index. Raises Malformed."""
    # A list of lists takes thirty times its size once it is parsed
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > _MOST_VALUES:
        raise Malformed(f"a document with more than {_MOST_VALUES:,} values")
    body = canonical.decode(raw)
    if not isinstance(body, dict) or body.get("schemaVersion") != 2 or body.get("mediaType", kind) != kind:
        raise Malformed(f"no document of the type {kind}")
    return body


def parse_index(raw: bytes) -> tuple[Descriptor, ...]:
    """The descriptors of an image index. Raises Malformed."""
    return tuple(Descriptor.parse(entry) for entry in _manifests(raw))


def _manifests(raw: bytes) -> list[Any]:
    entries = parse_document(raw, INDEX).get("manifests")
    if not isinstance(entries, list):
        raise Malformed("an index without a list of manifests")
    return entries


def descriptors(raw: bytes, kind: str) -> list[Descriptor]:
    """All blobs that an index or a manifest refers to. Raises Malformed."""
    body = parse_document(raw, kind)
    entries: list[Any] = [body[name] for name in ("config", "subject") if name in body]
    for name in ("manifests", "layers", "blobs"):
        more = body.get(name, [])
        if not isinstance(more, list):
            raise Malformed(f"{name} must be a list")
        entries += more
    return [Descriptor.parse(entry) for entry in entries]


# -- index.json


def with_tags(raw: bytes, changes: Mapping[str, Descriptor]) -> bytes:
    """index.json in which each tag, a sha256 in hex, names an index. What else it names stays as it is. Raises
    Malformed."""
    others, lines = _lines(raw)
    for tag, descriptor in sorted(changes.items()):
        line = encode_document({**descriptor.to_json(), "annotations": {REF_NAME: f"sha256-{tag}"}})
        end = line.index(b'"digest"')
        at = bisect_left(lines, line[:end])
        lines[at : at + (at < len(lines) and lines[at].startswith(line[:end]))] = [line]
    return _joined(others + lines)


def is_written_here(raw: bytes) -> bool:
    """Whether *raw*, an index.json, has the bytes that `with_tags` gives it."""
    try:
        others, tags = _lines(raw)
        return raw == _joined(others + tags)
    except Malformed:
        return False


def tagged(raw: bytes) -> dict[str, Descriptor]:
    """The indexes in index.json whose tag is a sha256, as the fall-back scheme of the referrers API has it, by that
    sha256. Raises Malformed, also where two have one tag."""
    found: dict[str, Descriptor] = {}
    for entry in parse_index(raw):
        name = entry.annotations.get(REF_NAME, "")
        if entry.media_type == INDEX and _TAG.fullmatch(name):
            if name[7:] in found:
                raise Malformed(f"index.json names {name} twice")
            found[name[7:]] = entry
    return found


def find_tag(raw: bytes, tag: str) -> Descriptor | None:
    """What `tagged` gives for *tag*, without parsing the rest where index.json is as it is written here. Raises
    Malformed."""
    line = b'\n{"annotations":{"%b":"sha256-%b"},' % (REF_NAME.encode(), tag.encode())
    at = raw.find(line)
    found = _TAGGED.match(raw, at + 1) if at >= 0 else None
    if found and raw.startswith(_HEAD) and raw.find(line, found.end()) < 0:
        return Descriptor.parse(canonical.decode(found[0]))
    return tagged(raw).get(tag)


def _lines(raw: bytes) -> tuple[list[bytes], list[bytes]]:
    """The descriptors of index.json: those of others, and ours, sorted by tag. Raises Malformed."""
    if raw.startswith(_HEAD) and raw.endswith(_TAIL):
        lines = [line for line in raw[len(_HEAD) : -len(_TAIL)].split(b",\n") if line]
        start = next((at for at, line in enumerate(lines) if _TAGGED.fullmatch(line)), len(lines))
        others, tags = lines[:start], lines[start:]
        if all(map(_TAGGED.fullmatch, tags)) and all(map(le, tags, tags[1:])) and all(map(_is_normal, others)):
            return others, tags
    lines = [_normal(entry) for entry in _manifests(raw)]
    tags = sorted(line for line in lines if _TAGGED.fullmatch(line))
    return [line for line in lines if not _TAGGED.fullmatch(line)], tags


def _is_normal(line: bytes) -> bool:
    try:
        return _normal(canonical.decode(line)) == line
    except Malformed:
        return False


def _normal(entry: Any) -> bytes:
    """The line of a descriptor. That of a tag of ours keeps nothing that would tell it from another of this tag."""
    found = Descriptor.parse(entry)
    if _TAG.fullmatch(found.annotations.get(REF_NAME, "")) and found.media_type == INDEX:
        entry = Descriptor(INDEX, found.digest, found.size, "", {REF_NAME: found.annotations[REF_NAME]}).to_json()
    return encode_document(entry)


def _joined(lines: list[bytes]) -> bytes:
    return _HEAD + b",\n".join(lines) + _TAIL


NO_TAGS = _joined([])
