"""Registries on this machine: Debian's docker-registry, which has no referrers API, and one of ours that has it, asks
for passwords, and can lie."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.stores.server import Asked, Reply, Server, json_reply

needs_registry = pytest.mark.peer("docker-registry", "docker-registry")

NAME = "team/models"
USER, PASSWORD = "ann", "open sesame"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
# bcrypt, of 16 rounds, of that password
HTPASSWD = f"{USER}:$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy\n"
_LISTENING = re.compile(r"listening on (127\.0\.0\.1:\d+)")
_CONFIG = """version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "127.0.0.1:0"}}
{more}
"""


@contextmanager
def docker_registry(folder: Path, more: str = "") -> Iterator[str]:
    """Its host and port."""
    (folder / "config.yml").write_text(_CONFIG.format(folder=folder, more=more))
    program = shutil.which("docker-registry")
    assert program
    log = folder / "log"
    with (
        log.open("wb") as said,
        subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=said, stderr=said) as process,
    ):
        try:
            while not (found := _LISTENING.search(log.read_text())):
                assert process.poll() is None, log.read_text()
                time.sleep(0.01)
            yield found[1]
        finally:
            process.kill()


class Registry:
    """https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md, as far as clients need it.

    *way* in: "", "basic" or "bearer"."""

    def __init__(self, server: Server, *, has_referrers: bool = True, way: str = "") -> None:
        self.server = server
        self.has_referrers = has_referrers
        self.way = way
        self.per_page = 1000
        self.least = 0
        """Bytes of a chunk."""
        self.uploads: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.blobs_elsewhere = ""
        """The origin to which it redirects for blobs."""
        server.otherwise = self._answer

    @property
    def at(self) -> str:
        return f"oci://{self.server.url.removeprefix('http://')}/{NAME}"

    def _answer(self, asked: Asked) -> Reply:
        path, _, query = asked.path.partition("?")
        if path == "/token":
            return self._token(asked)
        wanted = {"basic": BASIC, "bearer": "Bearer t0ken"}.get(self.way)
        if wanted and asked.headers.get("authorization") != wanted:
            realm = f'Bearer realm="{self.server.url}/token",service="here"'
            return Reply(401, {"www-authenticate": realm if self.way == "bearer" else 'Basic realm="x"'})
        where = path.removeprefix(f"/v2/{NAME}/")
        kind, _, rest = where.partition("/")
        match kind:
            case "blobs":
                return self._blob(asked, rest, query)
            case "manifests":
                return self._put_manifest(asked, rest) if asked.method == "PUT" else self._manifest(rest)
            case "tags":
                return self._paged(sorted(self.tags), path, query) if self.manifests else _error(404, "NAME_UNKNOWN")
            case "referrers" if self.has_referrers:
                return self._referrers(rest)
        return Reply(404, {}, b"404 page not found\n")

    def _token(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != BASIC or f"repository:{NAME}:pull" not in asked.path:
            return _error(401, "UNAUTHORIZED")
        return json_reply({"token": "t0ken"})

    def _blob(self, asked: Asked, rest: str, query: str) -> Reply:
        if asked.method == "POST":
            where = f"/v2/{NAME}/blobs/uploads/{asked.number}?state=x"
            return Reply(202, {"location": where, "oci-chunk-min-length": str(self.least)})
        if asked.method == "PATCH":
            have = self.uploads.get(rest, b"")
            if asked.headers["content-range"] != f"{len(have)}-{len(have) + len(asked.body) - 1}":
                return _error(416, "BLOB_UPLOAD_INVALID")
            self.uploads[rest] = have + asked.body
            return Reply(202, {"location": f"/v2/{NAME}/blobs/{rest}?state=x"})
        if asked.method == "PUT":
            content = self.uploads.pop(rest, b"") + asked.body
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            if f"state=x&digest={digest}" != query:
                return _error(400, "DIGEST_INVALID")
            self.blobs[digest] = content
            return Reply(201, {"docker-content-digest": digest})
        if rest not in self.blobs:
            return _error(404, "BLOB_UNKNOWN")
        if self.blobs_elsewhere and asked.method == "GET":
            return Reply(307, {"location": f"{self.blobs_elsewhere}/{rest}?Signature=secret"})
        return Reply(200, {"content-length": str(len(self.blobs[rest]))}, self.blobs[rest])

    def _put_manifest(self, asked: Asked, reference: str) -> Reply:
        digest = f"sha256:{hashlib.sha256(asked.body).hexdigest()}"
        body = json.loads(asked.body)
        needed = [each["digest"] for each in [*body.get("layers", ()), *filter(None, [body.get("config")])]]
        if not self.blobs.keys() >= set(needed):
            return _error(400, "MANIFEST_BLOB_UNKNOWN")
        if not self.manifests.keys() >= {each["digest"] for each in body.get("manifests", ())}:
            return _error(400, "MANIFEST_UNKNOWN")
        self.manifests[digest] = asked.body
        self.types[digest] = asked.headers["content-type"]
        if reference != digest:
            self.tags[reference] = digest
        return Reply(201, {"docker-content-digest": digest})

    def _manifest(self, reference: str) -> Reply:
        digest = self.tags.get(reference, reference)
        if digest not in self.manifests:
            return _error(404, "MANIFEST_UNKNOWN")
        about = {"content-type": self.types[digest], "docker-content-digest": digest}
        return Reply(200, about, self.manifests[digest])

    def _referrers(self, subject: str) -> Reply:
        found = []
        for digest, raw in sorted(self.manifests.items()):
            body = json.loads(raw)
            if body.get("subject", {}).get("digest") == subject:
                found.append(
                    {
                        "mediaType": self.types[digest],
                        "digest": digest,
                        "size": len(raw),
                        "artifactType": body["artifactType"],
                        "annotations": body.get("annotations", {}),
                    }
                )
        return index(*found)

    def _paged(self, tags: list[str], path: str, query: str) -> Reply:
        start = int(query.removeprefix("from=") or 0)
        page = json_reply({"name": NAME, "tags": tags[start : start + self.per_page]})
        if start + self.per_page >= len(tags):
            return page
        return page.having(link=f'<{path}?from={start + self.per_page}>; rel="next"')


def index(*entries: object) -> Reply:
    kind = "application/vnd.oci.image.index.v1+json"
    return json_reply({"schemaVersion": 2, "mediaType": kind, "manifests": entries}, content_type=kind)


def _error(status: int, code: str) -> Reply:
    body = {"errors": [{"code": code, "message": f"it is {code.lower()}\x1b[31m"}]}
    return Reply(status, {}, json.dumps(body).encode())
