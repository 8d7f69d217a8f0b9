"""The predicate of an OpenSSF Model Signing signature: which files it covers, and how they were hashed.

https://github.com/ossf/model-signing-spec (v1.0). A list of files like our own manifest, with another
subject: its digest binds the contents in their order, and no names, so everything here goes by the list.
Who signed it is not known here (attest).
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from modelward.core import canonical
from modelward.core.errors import Malformed

PREDICATE_TYPE = "https://model_signing/signature/v1.0"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"

LEFT_OUT = frozenset({".git", ".gitattributes", ".github", ".gitignore"})
"""What the format leaves out at the top level, by rule."""

LONE = "."
"""The name of a lone file in what the reference implementation writes, and all that it verifies. The
specification says the file's own name, which is taken, too."""

Algorithm = Literal["sha256", "blake2b"]

_ALGORITHMS: Mapping[str, Algorithm] = {"sha256": "sha256", "blake2b": "blake2b", "blake2": "blake2b"}
_LENGTHS: Mapping[Algorithm, int] = {"sha256": 64, "blake2b": 128}
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_SHARD = re.compile(r"(.+):(0|[1-9][0-9]{0,18}):([1-9][0-9]{0,18})", re.DOTALL)
_MOST_SHARDS = 1_000_000

Content = tuple[tuple[int, str], ...]
"""A content as (end, digest in hex) of each shard in turn; a whole file is one shard whose end is 0."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What one signature says. Paths are escaped (canonical.escape_bytes); "" is a lone file."""

    name: str
    files: Mapping[str, Content]
    algorithm: Algorithm = "sha256"
    shard: int | None = None
    follows_links: bool = False
    ignored: frozenset[str] = LEFT_OUT
    """Relative paths that were left out, with everything below them."""

    @property
    def left_out(self) -> frozenset[str]:
        """What to leave out when the files are looked at again: by rule and by the signature's own words, but
        nothing in which it lists a file."""
        listed = sorted(self.files)
        left_out = LEFT_OUT | self.ignored
        return frozenset(path for path in left_out if path not in self.files and not _is_folder(path, listed))


def encode(signed: Signed) -> bytes:
    """The statement in canonical JSON. Raises Malformed for no files, and for names that are not UTF-8."""
    if not signed.files:
        raise Malformed("there is no file to sign")
    resources = sorted(
        (_name(path, end, index, signed.shard), digest)
        for path, content in signed.files.items()
        for index, (end, digest) in enumerate(content)
    )
    root = hashlib.sha256(b"".join(bytes.fromhex(digest) for _, digest in resources)).hexdigest()
    serialization: dict[str, Any] = {
        "method": "files" if signed.shard is None else "shards",
        "hash_type": signed.algorithm,
        "allow_symlinks": signed.follows_links,
        "ignore_paths": sorted(_text(path) for path in signed.ignored),
    }
    if signed.shard is not None:
        serialization["shard_size"] = signed.shard
    predicate = {
        "serialization": serialization,
        "resources": [{"name": name, "digest": digest, "algorithm": signed.algorithm} for name, digest in resources],
    }
    subject = [{"name": signed.name, "digest": {"sha256": root}}]
    body = {"_type": STATEMENT_TYPE, "subject": subject, "predicateType": PREDICATE_TYPE, "predicate": predicate}
    return canonical.encode(body)


def parse(payload: bytes) -> Signed:
    """Raises Malformed for what the specification forbids: an empty list, names that repeat or lead out of
    the model, shards with gaps, a subject that is not the digest of the list, unknown keys or algorithms."""
    match canonical.decode(payload):
        case {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": "https://model_signing/signature/v1.0",
            "subject": [{"name": str(name), "digest": {"sha256": str(root), **others}}],
            "predicate": {"resources": list(resources), "serialization": dict(serialization), **rest},
        } if name and not rest and not others:
            pass
        case _:
            raise Malformed(
                "not a model signature of version 1.0: a statement with one subject, resources, serialization"
            )
    algorithm, shard = _serialization(serialization)
    digests = [_resource(entry, algorithm) for entry in resources]
    if not digests:
        raise Malformed("the model signature covers no file")
    concatenated = b"".join(bytes.fromhex(digest) for _, digest in digests)
    if hashlib.sha256(concatenated).hexdigest() != root:
        raise Malformed("the subject of the model signature is not the digest of its files")
    names = dict(digests)
    if len(names) != len(digests):
        raise Malformed("the model signature names a file twice")
    files = _lone(names) or (
        {_path(name): ((0, digest),) for name, digest in digests} if shard is None else _shards(names, shard)
    )
    ignored = frozenset(_path(path) for path in serialization.get("ignore_paths", []))
    return Signed(name, files, algorithm, shard, serialization["allow_symlinks"], ignored)


def _serialization(body: Mapping[str, Any]) -> tuple[Algorithm, int | None]:
    known = {"method", "hash_type", "allow_symlinks", "ignore_paths", "shard_size"}
    ignored = body.get("ignore_paths", [])
    if not set(body) <= known or not isinstance(ignored, list) or not isinstance(body.get("allow_symlinks"), bool):
        raise Malformed("the serialization of the model signature has unknown or wrong keys")
    algorithm = _ALGORITHMS.get(body["hash_type"]) if isinstance(body.get("hash_type"), str) else None
    if algorithm is None:
        raise Malformed(f"the model signature uses {body.get('hash_type')!r}: only sha256 and blake2b are supported")
    if body.get("method") == "files" and "shard_size" not in body:
        return algorithm, None
    shard: Any = body.get("shard_size")
    # the reference implementation writes 1000000000.0, which is the same number in JSON
    is_number = isinstance(shard, int | float) and not isinstance(shard, bool)
    if body.get("method") == "shards" and is_number and 0 < shard < 2**53 and shard == int(shard):
        return algorithm, int(shard)
    raise Malformed("the model signature hashes neither whole files nor shards of a size")


def _resource(entry: object, algorithm: Algorithm) -> tuple[str, str]:
    match entry:
        case {"name": str(name), "digest": str(digest), "algorithm": str(used)}:
            if _ALGORITHMS.get(used.partition("-sharded-")[0]) != algorithm:
                raise Malformed(f"a file of the model signature has a digest by {used!r}, not by {algorithm}")
            if len(digest) != _LENGTHS[algorithm] or not _HEX.fullmatch(digest):
                raise Malformed(f"a digest of the model signature is not {algorithm} in lower hexadecimal")
            return name, digest
    raise Malformed("a file of the model signature needs name, digest and algorithm")


def _lone(names: Mapping[str, str]) -> dict[str, Content] | None:
    return {"": ((0, names[LONE]),)} if set(names) == {LONE} else None


def _shards(names: Mapping[str, str], size: int) -> dict[str, Content]:
    parts: dict[str, list[tuple[int, int, str]]] = {}
    for name, digest in names.items():
        found = _SHARD.fullmatch(name)
        if found is None:
            raise Malformed(f"{name!r} in the model signature is not a path with the start and the end of a shard")
        parts.setdefault(_path(found[1]), []).append((int(found[2]), int(found[3]), digest))
    for path, shards in parts.items():
        shards.sort()
        starts = [start for start, _, _ in shards]
        whole = all(end == start + size for start, end, _ in shards[:-1]) and 0 < shards[-1][1] - shards[-1][0] <= size
        if starts != list(range(0, len(starts) * size, size)) or not whole or len(shards) > _MOST_SHARDS:
            raise Malformed(f"the shards of {path!r} in the model signature leave gaps or overlap")
    return {path: tuple((end, digest) for _, end, digest in shards) for path, shards in parts.items()}


def _path(name: object) -> str:
    """A plain relative path, checked before the disk is touched, in the escaped form."""
    if not isinstance(name, str) or "\0" in name or not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise Malformed(f"{name!r} in the model signature is not a relative path without '.' and '..'")
    return canonical.escape_bytes(name.encode())


def _text(path: str) -> str:
    try:
        return canonical.unescape_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"the format cannot carry a name that is not UTF-8: {path}") from error


def _name(path: str, end: int, index: int, shard: int | None) -> str:
    name = _text(path) or LONE
    return name if shard is None else f"{name}:{index * shard}:{end}"


def _is_folder(path: str, names: Sequence[str]) -> bool:
    """Whether the sorted *names* have one below *path*. It is looked up, and no list made of all their folders: a
    name may be thousands of folders deep."""
    at = bisect_left(names, f"{path}/")
    return at < len(names) and names[at].startswith(f"{path}/")
