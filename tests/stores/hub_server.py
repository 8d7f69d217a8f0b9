"""A Hugging Face hub as its clients see it: revisions, listings in pages, files behind redirects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

from tests.stores.server import Asked, Content, Page, Reply, Server, json_reply

from modelward.formats.source import BytesSource

COMMIT = "c0ffee" * 6 + "c0de"
REPO = "org/model"


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass
class Stored:
    content: Content
    digest: str
    is_large: bool
    """Git LFS: lies on another host, and its digest is a sha256."""


@dataclass
class Hub:
    server: Server
    store: Server
    files: dict[str, Stored] = field(default_factory=dict)
    commit: str = COMMIT
    per_page: int = 1000

    def add(self, path: str, content: bytes | Content, digest: str = "", *, large: bool = False) -> None:
        if isinstance(content, bytes):
            digest = digest or (hashlib.sha256(content).hexdigest() if large else git_blob(content))
            content = BytesSource(content)
        self.files[path] = Stored(content, digest or "a" * 64, large)
        self.store.pages[f"/{path}"] = Page(content, etag='"store"')
        for revision in ("main", self.commit):
            self.server.pages[f"/{REPO}/resolve/{revision}/{path}"] = partial(self._file, path)
        self.server.pages[f"/api/models/{REPO}/revision/main"] = lambda asked: json_reply({"sha": self.commit})
        self.server.pages[f"/api/models/{REPO}/revision/{self.commit}"] = lambda asked: json_reply({"sha": self.commit})
        self.server.pages[f"/api/models/{REPO}/tree/{self.commit}"] = self._tree

    def _file(self, path: str, asked: Asked) -> Reply:
        stored = self.files[path]
        about = {"X-Repo-Commit": self.commit, "X-Linked-Size": str(stored.content.size)}
        if not stored.is_large:
            return Page(stored.content, f'"{stored.digest}"', about).reply(asked)
        about |= {"X-Linked-Etag": f'"{stored.digest}"', "Location": f"{self.store.url}/{quote(path)}?Signature=secret"}
        return Reply(302, about)

    def _tree(self, asked: Asked) -> Reply:
        start = int(asked.path.partition("cursor=")[2] or 0)
        entries = list(map(self._entry, sorted(self.files)))
        folders = sorted({path.rpartition("/")[0] for path in self.files if "/" in path})
        entries += [{"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in folders]
        page = json_reply(entries[start : start + self.per_page])
        if start + self.per_page >= len(entries):
            return page
        path = f"/api/models/{REPO}/tree/{self.commit}"
        return page.having(link=f'<{self.server.url}{path}?cursor={start + self.per_page}>; rel="next"')

    def _entry(self, path: str) -> Mapping[str, object]:
        stored = self.files[path]
        entry = {"type": "file", "path": path, "oid": "b" * 40, "size": stored.content.size}
        if not stored.is_large:
            return entry | {"oid": stored.digest}
        return entry | {"lfs": {"oid": stored.digest, "size": stored.content.size, "pointerSize": 130}}


def hub() -> Iterator[Hub]:
    with Server() as server, Server() as store:
        yield Hub(server, store)
