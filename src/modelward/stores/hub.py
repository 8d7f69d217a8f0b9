"""Files and folders of a Hugging Face hub, with what the hub says of them.

A name is resolved to a commit once. What the hub says (commit, sha256 of large files, git blob id
of small ones) are claims: they are compared with what arrives, never believed in its place.

https://huggingface.co/docs/hub/api
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

from modelward.core import canonical
from modelward.core.errors import Malformed, ReadError, UsageError
from modelward.core.remote import named
from modelward.stores.http import refused
from modelward.stores.web import Hop, Web, check_url, origin_of

_KINDS = ("models", "datasets", "spaces")
_NAME = re.compile(r"(?!.*\.\.)[\w.-]{1,96}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="next"')
_REVISION = r"refs/(?:pr|convert)/[^/@]+|[^/@]+"
_SHORT = re.compile(
    rf"(?:({'|'.join(_KINDS)})/)?([^/@]+(?:/[^/@]+)?)(?:@({_REVISION}))?(?:/(.*?))?(?:@({_REVISION}))?", re.DOTALL
)
BLOB_ID = 40
"""Digits of a git blob id, which is a SHA-1."""
_PAGES = 1000
_PAGE = 16 << 20
_EXPECTED = "expected hf://org/name, hf://org/name/path@revision"


@dataclass(frozen=True, slots=True)
class Ref:
    """A repository at a revision, or with a *path* a file in it."""

    kind: str
    repo: str
    revision: str = "main"
    path: str = ""

    def url(self, endpoint: str) -> str:
        """Where the file is had."""
        kind = "" if self.kind == "models" else f"{self.kind}/"
        return f"{endpoint}/{kind}{self.repo}/resolve/{quote(self.revision, safe='')}/{quote(self.path)}"


@dataclass(frozen=True, slots=True)
class Claim:
    """What the hub says of a file. *digest* is the sha256 of its bytes, or the id of a git blob."""

    commit: str
    digest: str
    size: int

    def __str__(self) -> str:
        return f"{'sha256' if _SHA256.fullmatch(self.digest) else 'git blob'}:{self.digest}" if self.digest else ""


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a repository, as its listing has it."""

    path: str
    claim: Claim


def endpoint() -> str:
    """https://huggingface.co, or what HF_ENDPOINT names."""
    return str(check_url(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")).rstrip("/")


def connect() -> Web:
    """With the token that HF_TOKEN holds. Raises UsageError."""
    token = os.environ.get("HF_TOKEN", "").strip()
    if not re.fullmatch(r"[!-~]*", token):
        raise UsageError("HF_TOKEN holds more than a token: expected letters and digits")
    return Web(endpoint(), token)


def parse(target: str) -> Ref | None:
    """What *target* names on the hub; None for an address elsewhere. Raises UsageError."""
    if target[:5].lower() == "hf://":
        return _parse_short(target[5:])
    if origin_of(str(check_url(target))) != origin_of(endpoint()):
        return None
    return _parse_page(target, urlsplit(target).path.removeprefix(urlsplit(endpoint()).path))


def _parse_short(text: str) -> Ref:
    """[datasets/]org/name[@revision][/path], or with the revision at the end. An @ in a path is %40."""
    found = _SHORT.fullmatch(text.rstrip("/"))
    if not found or (found[3] and found[5]):
        raise UsageError(f"{'hf://' + text!r} names no repository: {_EXPECTED}")
    revision = unquote(found[3] or found[5] or "main")
    return _checked(Ref(found[1] or "models", found[2], revision, unquote(found[4] or "")), f"hf://{text}")


def _parse_page(target: str, path: str) -> Ref:
    parts = [unquote(part) for part in path.strip("/").split("/")]
    kind = parts.pop(0) if parts[0] in _KINDS else "models"
    if len(parts) < 2:
        raise UsageError(f"{named(target)!r} is a page of the hub and no repository: {_EXPECTED}")
    repo, rest = "/".join(parts[:2]), parts[2:]
    if not rest:
        return _checked(Ref(kind, repo), target)
    verb, *rest = rest
    revision = rest.pop(0) if rest else ""
    if revision == "refs":
        revision = "/".join([revision, *(rest.pop(0) for _ in rest[:2])])
    if not revision or verb not in ("resolve", "blob", "raw", "tree") or (verb == "tree") == bool(rest):
        raise UsageError(f"{named(target)!r} is a page of the hub and no file: {_EXPECTED}")
    return _checked(Ref(kind, repo, revision, "/".join(rest)), target)


def _checked(ref: Ref, target: str) -> Ref:
    names = ref.repo.split("/")
    if len(names) > 2 or not all(_NAME.fullmatch(name) for name in names) or not ref.revision.isprintable():
        raise UsageError(f"{named(target)!r} names no repository: {_EXPECTED}")
    if ref.path and not _is_path(ref.path):
        raise UsageError(f"{named(target)!r} names no file: {_EXPECTED}")
    return ref


def _is_path(path: str) -> bool:
    return "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))


# -- what the hub says


def claim_in(hops: Sequence[Hop], wanted: Ref, size: int) -> Claim:
    """What the hub's own answers among *hops* say of a file of *size* bytes. Raises ReadError where
    they contradict what was *wanted*, or each other."""
    ours = origin_of(endpoint())
    commit = digest = stated = ""
    for url, headers in hops:
        if origin_of(url) == ours:
            commit = commit or headers.get("x-repo-commit", "")
            etag = (headers.get("x-linked-etag") or headers.get("etag", "")).removeprefix("W/").strip('"')
            digest = digest or (etag if _SHA256.fullmatch(etag) or _COMMIT.fullmatch(etag) else "")
            stated = stated or headers.get("x-linked-size", "")
    if not _COMMIT.fullmatch(commit):
        raise ReadError(f"{wanted.path!r}: the hub does not say which commit it is from")
    if _COMMIT.fullmatch(wanted.revision) and commit != wanted.revision:
        raise ReadError(f"{wanted.path!r}: the hub gives it from commit {commit}, not from {wanted.revision}")
    if stated and stated != str(size):
        raise ReadError(f"{wanted.path!r}: the hub says {stated[:20]} bytes, {size:,} are there")
    return Claim(commit, digest, size)


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


def blob_hash(size: int) -> Hash:
    """By which git names a blob of that size, whose bytes are still to come."""
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


def listing(web: Web, ref: Ref) -> tuple[Ref, list[Item]]:
    """*ref* at the commit that its revision is now, and the files there. Raises ReadError."""
    api = f"{endpoint()}/api/{ref.kind}/{ref.repo}"
    revision = _json(web, f"{api}/revision/{quote(ref.revision, safe='')}")[0]
    commit = revision.get("sha") if isinstance(revision, dict) else None
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise ReadError(f"{ref.repo}: the hub does not say which commit {ref.revision!r} is")
    if _COMMIT.fullmatch(ref.revision) and commit != ref.revision:
        raise ReadError(f"{ref.repo}: the hub gives commit {commit} for {ref.revision}")
    items = [_item(entry, commit) for entry in _pages(web, f"{api}/tree/{commit}?recursive=true&expand=false")]
    return replace(ref, revision=commit), [item for item in items if item]


def _pages(web: Web, url: str) -> Iterator[Any]:
    for _ in range(_PAGES):
        entries, headers = _json(web, url)
        if not isinstance(entries, list):
            raise ReadError(f"{url.partition('?')[0]}: not a list of files")
        yield from entries
        following = _NEXT.search(headers.get("link", ""))
        if not following:
            return
        url = str(check_url(url).join(following[1]))
        if origin_of(url) != origin_of(endpoint()):
            break
    raise ReadError("the list of files goes on elsewhere, or has no end")


def _item(entry: Any, commit: str) -> Item | None:
    match entry:
        case {"type": "directory"}:
            return None
        case {"type": "file", "path": str(path), "lfs": {"oid": str(oid), "size": int(size)}}:
            pass
        case {"type": "file", "path": str(path), "oid": str(oid), "size": int(size)}:
            pass
        case _:
            raise ReadError(f"the list of files has an entry that is no file: {str(entry)[:100]}")
    if size < 0 or not _is_path(path) or not (_SHA256.fullmatch(oid) or _COMMIT.fullmatch(oid)):
        raise ReadError(f"the list of files has an entry that no repository can have: {path[:100]!r}")
    return Item(path, Claim(commit, oid, size))


def _json(web: Web, url: str) -> tuple[Any, Mapping[str, str]]:
    with web.get(url, {"accept": "application/json"}) as answer:
        if answer.status != 200:
            raise refused(answer)
        try:
            return canonical.decode(answer.rest(_PAGE)), answer.headers
        except Malformed as error:
            raise answer.error(f"not what a hub answers: {error}") from error
