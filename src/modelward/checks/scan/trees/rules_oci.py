"""OCI image layouts, and the tars of `docker save`: a blob is named by the digest of its content.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.model import TreeFinding
from modelward.checks.scan.trees.tree import Tree, finding
from modelward.core.finding import Rule, Severity

_SPEC = "https://github.com/opencontainers/image-spec/blob/main/image-layout.md"
_BLOB = re.compile(r"(?:^|/)blobs/sha256[/-]([0-9a-fA-F]{64})\Z")
_WINDOW = 1 << 18

BLOB_DIGEST = Rule(
    "oci-blob-digest",
    Severity.HIGH,
    "a blob is not the content that its name promises",
    "Whoever verified the digest verified other bytes; tools that trust the name use these.",
    "Do not use it; pull the image again by its digest.",
    ("CWE-354", "CWE-345", _SPEC),
)


def judge_blob(member: Nested, here: Here) -> Iterator[Said]:
    """*member* of an archive has the path of a blob."""
    promised = _promised(member.name)
    if promised is None:
        return
    actual, at = hashlib.sha256(), 0
    while window := member.source.read(at, _WINDOW):
        actual.update(window)
        at += len(window)
    if actual.hexdigest() != promised:
        message = f"{member.name[-80:]} has the sha256 {actual.hexdigest()}"
        yield here.into(member.name).finding(BLOB_DIGEST, message)


def examine_blobs(tree: Tree) -> Iterator[TreeFinding]:
    """The blobs of a layout that is unpacked in a folder. Ollama writes sha256-<hex>."""
    for path, digest in sorted(tree.digests.items()):
        if _promised(path) not in (None, digest.value):
            yield finding(path, BLOB_DIGEST, f"{path} has the sha256 {digest.value}")


def _promised(path: str) -> str | None:
    found = _BLOB.search(path)
    return found[1].lower() if found else None


RULES: tuple[Rule, ...] = (BLOB_DIGEST,)
