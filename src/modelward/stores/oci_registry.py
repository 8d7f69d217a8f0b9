"""One repository of an OCI registry: blobs, manifests, tags, and what refers to a manifest.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

Nothing that it answers is believed: bytes are compared with the digest and the size by which they were asked for,
lists are read within limits, and what they name is still to be fetched and compared by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urljoin

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ReadError
from modelward.stores.oci_documents import INDEX, MANIFEST, Descriptor, parse_document, sha256
from modelward.stores.oci_layout import LARGEST_MANIFEST
from modelward.stores.oci_name import Login, Repository
from modelward.stores.oci_wire import Reply, Wire, with_query
from modelward.stores.web import origin_of

MOST_TAGS = 1_000_000
_MOST_PAGES = 1_000
_MOST_IDLE = 3
"""Pages in a row that bring nothing new."""
_MOST_VALUES = 1 << 21
_LARGEST_PAGE = 1 << 24
MOST_REFERRERS = 100_000
_ACCEPT = {"accept": f"{MANIFEST}, {INDEX}"}
_NO_REFERRERS = (404, 405, 501)
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')

K = TypeVar("K")
V = TypeVar("V")


class Registry:
    """Methods raise ReadError for what cannot be had, and Refused for what is not what it must be."""

    def __init__(self, at: Repository, login: Login | None, *, writes: bool = False) -> None:
        self.at = at
        self._root = f"/v2/{at.name}"
        self._wire = Wire(at, login, writes=writes)
        self.has_referrers = True
        """Until `referrers` has found that it has not."""

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.close()

    # -- reading

    def read_blob(self, wanted: Descriptor) -> bytes:
        return self._read(wanted, "blobs")

    def read_manifest(self, wanted: Descriptor) -> bytes:
        """A manifest or an index. Raises ReadError for one of more than 4 MiB, which no registry takes."""
        if wanted.size > LARGEST_MANIFEST:
            raise ReadError(
                f"{self.at}: manifest {wanted.digest} is said to have {wanted.size:,} bytes; 4 MiB are read"
            )
        return self._read(wanted, "manifests")

    def _read(self, wanted: Descriptor, kind: str) -> bytes:
        headers = _ACCEPT if kind == "manifests" else {}
        with self._wire.ask("GET", f"{self._root}/{kind}/{wanted.digest}", headers) as reply:
            if reply.status != 200:
                raise reply.refusal()
            return b"".join(reply.checked(wanted))

    def tagged(self, tag: str) -> bytes | None:
        """The manifest or index that *tag* names now; None if it names nothing."""
        with self._wire.ask("GET", f"{self._root}/manifests/{tag}", _ACCEPT) as reply:
            if reply.status == 404:
                return None
            if reply.status != 200:
                raise reply.refusal()
            raw = reply.rest(LARGEST_MANIFEST)
            _same_digest(reply, sha256(raw))
            return raw

    def tags(self) -> set[str] | None:
        """Every tag; None where there is no such repository."""
        found = self._listed("tags", "tags/list", "application/json", _tags, MOST_TAGS)
        return None if found is None else set(found)

    def referrers(self, digest: Digest) -> list[Descriptor] | None:
        """What the registry says to refer to a manifest; None where it has no such list for any manifest:
        https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers"""
        found = self._listed("referrers", f"referrers/{digest}", INDEX, _referrers, MOST_REFERRERS)
        if found is None:
            self.has_referrers = False
            return None
        return list(found.values())

    def _listed(
        self, what: str, path: str, accept: str, read: Callable[[Reply], Mapping[K, V] | None], most: int
    ) -> Mapping[K, V] | None:
        """What *read* gives of all pages; None where it gives None for the first."""
        found: dict[K, V] = {}
        path, idle = f"{self._root}/{path}", 0
        for _ in range(_MOST_PAGES):
            with self._wire.ask("GET", path, {"accept": accept}) as reply:
                page, had = read(reply), len(found)
                if page is None and not found:
                    return None
                if page is None:
                    raise reply.refusal()
                found |= page
                if len(found) > most:
                    raise reply.error(f"more than {most:,} {what}")
                path = _following(reply)
                idle = idle + 1 if len(found) == had else 0
                if path and idle == _MOST_IDLE:
                    break
            if not path:
                return found
        raise ReadError(f"{self.at}: the list of {what} has no end")

    # -- writing

    def put_blob(self, raw: bytes) -> None:
        """Unless it is there. The registry compares it with its digest."""
        digest = sha256(raw)
        with self._wire.ask("HEAD", f"{self._root}/blobs/{digest}") as reply:
            if reply.status == 200:
                return
        with self._wire.ask("POST", f"{self._root}/blobs/uploads/") as reply:
            location = reply.headers.get("location", "")
            if reply.status != 202 or not location:
                raise reply.refusal()
        headers = {"content-type": "application/octet-stream"}
        with self._wire.ask("PUT", with_query(location, digest=str(digest)), headers, raw) as reply:
            _taken(reply, digest)

    def put_manifest(self, raw: bytes, kind: str = MANIFEST, tag: str = "") -> None:
        """Under its digest, and *tag* if one is given."""
        digest = sha256(raw)
        path = f"{self._root}/manifests/{tag or digest}"
        with self._wire.ask("PUT", path, {"content-type": kind}, raw) as reply:
            _taken(reply, digest)


def listed(raw: bytes) -> list[Descriptor]:
    """The entries of an index, without those whose digest is no sha256: they are not ours. Raises Malformed."""
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > _MOST_VALUES:
        raise Malformed(f"a list with more than {_MOST_VALUES:,} values")
    entries = parse_document(raw, INDEX).get("manifests")
    if not isinstance(entries, list):
        raise Malformed("an index without a list of manifests")
    return [Descriptor.parse(entry) for entry in entries if not _is_foreign(entry)]


def _is_foreign(entry: Any) -> bool:
    digest = entry.get("digest") if isinstance(entry, dict) else None
    return isinstance(digest, str) and re.fullmatch(r"sha(384|512):[0-9a-f]+", digest) is not None


def _referrers(reply: Reply) -> Mapping[Digest, Descriptor] | None:
    if reply.status in _NO_REFERRERS:
        return None
    if reply.status != 200:
        raise reply.refusal()
    try:
        return {each.digest: each for each in listed(reply.rest(_LARGEST_PAGE))}
    except Malformed as error:
        raise reply.lies(f"it lists no referrers: {error}") from error


def _tags(reply: Reply) -> Mapping[str, None] | None:
    return None if reply.status == 404 else dict.fromkeys(_texts(reply, "tags"))


def _texts(reply: Reply, name: str) -> Iterable[str]:
    if reply.status != 200:
        raise reply.refusal()
    try:
        body = canonical.decode(reply.rest(_LARGEST_PAGE))
    except Malformed as error:
        raise reply.lies(f"not what a registry answers: {error}") from error
    found = body.get(name) if isinstance(body, dict) else None
    if found is None and isinstance(body, dict) and name in body:  # as some write an empty list
        return ()
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise reply.lies(f"not what a registry answers: no list of {name}")
    return found


def _following(reply: Reply) -> str:
    """The next page, which must be at the registry too."""
    found = _NEXT.search(reply.headers.get("link", ""))
    if not found:
        return ""
    url: str = urljoin(reply.url, found[1])
    if reply.hops or origin_of(url) != origin_of(reply.url):
        raise reply.error("the list goes on elsewhere")
    return url


def _taken(reply: Reply, digest: Digest) -> None:
    if reply.status not in (201, 202):
        raise reply.refusal()
    _same_digest(reply, digest)


def _same_digest(reply: Reply, digest: Digest) -> None:
    said = reply.headers.get("docker-content-digest", "")
    if said.startswith("sha256:") and said != str(digest):
        raise reply.lies(f"the registry says {said[:80]} of what is {digest}")
