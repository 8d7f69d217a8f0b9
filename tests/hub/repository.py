"""What a hub keeps of a repository: commits with their files, and the names that point to them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.stores.server import Content

from modelward.formats.source import BytesSource

COMMIT = "c0ffee" * 6 + "c0de"
"""The first commit of every repository."""


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class File:
    content: Content
    digest: str
    """As the hub says it: of a large file the sha256, else the git blob id."""
    is_large: bool
    """Git LFS: lies on another host."""

    @classmethod
    def of(cls, content: bytes | Content, digest: str = "", *, large: bool = False) -> File:
        if isinstance(content, bytes):
            digest = digest or (hashlib.sha256(content).hexdigest() if large else git_blob(content))
            content = BytesSource(content)
        return cls(content, digest or "a" * 64, large)

    def entry(self, path: str) -> dict[str, object]:
        """As a listing has it."""
        about: dict[str, object] = {"type": "file", "path": path, "oid": "b" * 40, "size": self.content.size}
        if not self.is_large:
            return about | {"oid": self.digest}
        return about | {"lfs": {"oid": self.digest, "size": self.content.size, "pointerSize": 130}}


@dataclass
class Repository:
    kind: str
    name: str
    identity: str = "621ffdc036468d709f17434d"
    created: str = "2022-03-02T23:29:04.000Z"
    commits: dict[str, dict[str, File]] = field(default_factory=lambda: {COMMIT: {}})
    parents: dict[str, str] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=lambda: {"main": COMMIT})
    gate: str = ""
    """Why nobody gets files."""

    def commit_at(self, revision: str) -> str | None:
        return self.refs.get(revision) or (revision if revision in self.commits else None)

    @property
    def files(self) -> dict[str, File]:
        return self.commits[self.refs["main"]]

    def commit(self, changes: Mapping[str, File | None], on: str = "main", *, orphan: bool = False) -> str:
        """A commit on a branch: *changes* replace files of the one before, None removes one. An *orphan* is what a
        force-push makes: it has no past."""
        before = self.refs[on]
        files = {path: file for path, file in {**self.commits[before], **changes}.items() if file}
        about = repr((before, sorted((path, file.digest) for path, file in files.items())))
        made = hashlib.sha1(about.encode(), usedforsecurity=False).hexdigest()
        self.commits[made] = files
        if not orphan:
            self.parents[made] = before
        self.refs[on] = made
        return made

    def history(self, commit: str) -> list[str]:
        found = [commit]
        while found[-1] in self.parents:
            found.append(self.parents[found[-1]])
        return found
