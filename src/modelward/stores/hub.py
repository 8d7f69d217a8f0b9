"""Files and folders of a Hugging Face hub, with what the hub says of them.

A name is resolved to a commit once. What the hub says (commit, sha256 of large files, git blob id
of small ones) are claims: they are compared with what arrives, never believed in its place.

https://huggingface.co/docs/hub/api
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from modelward.core import canonical
from modelward.core.content import Content
from modelward.core.errors import Malformed, ReadError, UsageError
from modelward.core.hub_name import COMMIT, EXPECTED, KINDS, Ref, checked, is_path, parse_short
from modelward.core.remote import named
from modelward.stores.http import refused
from modelward.stores.web import Answer, Hop, Web, check_url, origin_of

_SHA256 = re.compile(r"[0-9a-f]{64}")
# https://www.rfc-editor.org/rfc/rfc8288#section-3
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_NEXT = re.compile(r""";\s*rel\s*=\s*["']?(?:[^"',;]*\s)?next(?=[\s"',;]|$)""", re.I)
_SOME_ID = re.compile(r"[\w.:+-]{1,64}", re.ASCII)
_LINKS = ("120000", "160000")
"""Modes of git for what is no file: a symbolic link, a commit of another repository."""
BLOB_ID = 40
"""Digits of a git blob id, which is a SHA-1."""
_LARGEST = 1 << 53
_PAGES = 1000
_PAGE = 16 << 20
# https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/utils/_http.py
_ABSENT = {"RepoNotFound": "repository", "RevisionNotFound": "revision", "EntryNotFound": "file"}


class NotThere(ReadError):
    """The hub knows no such *what*: repository, revision or file; or shows it to nobody with this token."""

    def __init__(self, why: str, what: str) -> None:
        super().__init__(why)
        self.what = what


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

    @property
    def content(self) -> Content:
        is_git = len(self.claim.digest) == BLOB_ID
        known = {"git" if is_git else "sha256": self.claim.digest}
        return Content(self.claim.size, **known)


@dataclass(frozen=True, slots=True)
class Repository:
    """What the hub says of a repository: the commit that a revision of it is now, and which repository it is."""

    at: Ref
    """With the commit as its revision."""
    name: str
    """As the hub calls it; "" where it does not say."""
    identity: str
    """The hub's own id of it, which one that is registered anew under its name does not get; "" where it does
    not say."""
    created: str


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
        return parse_short(target)
    if origin_of(str(check_url(target))) != origin_of(endpoint()):
        return None
    return _parse_page(target, urlsplit(target).path.removeprefix(urlsplit(endpoint()).path))


def _parse_page(target: str, path: str) -> Ref:
    parts = [unquote(part) for part in path.strip("/").split("/")]
    kind = parts.pop(0) if parts[0] in KINDS else "models"
    if len(parts) < 2:
        raise UsageError(f"{named(target)!r} is a page of the hub and no repository: {EXPECTED}")
    repo, rest = "/".join(parts[:2]), parts[2:]
    if not rest:
        return checked(Ref(kind, repo), target)
    verb, *rest = rest
    revision = rest.pop(0) if rest else ""
    if revision == "refs":
        revision = "/".join([revision, *(rest.pop(0) for _ in rest[:2])])
    if not revision or verb not in ("resolve", "blob", "raw", "tree") or (verb == "tree") == bool(rest):
        raise UsageError(f"{named(target)!r} is a page of the hub and no file: {EXPECTED}")
    return checked(Ref(kind, repo, revision, "/".join(rest)), target)


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
            digest = digest or (etag if _SHA256.fullmatch(etag) or COMMIT.fullmatch(etag) else "")
            stated = stated or headers.get("x-linked-size", "")
    if not COMMIT.fullmatch(commit):
        raise ReadError(f"{wanted.path!r}: the hub does not say which commit it is from")
    if COMMIT.fullmatch(wanted.revision) and commit != wanted.revision:
        raise ReadError(f"{wanted.path!r}: the hub gives it from commit {commit}, not from {wanted.revision}")
    if stated and stated != str(size):
        raise ReadError(f"{wanted.path!r}: the hub says {stated[:20]} bytes, {size:,} are there")
    return Claim(commit, digest, size)


def listing(web: Web, ref: Ref) -> tuple[Ref, list[Item]]:
    """*ref* at the commit that its revision is now, and the files there. Raises ReadError."""
    found = resolve(web, ref)
    return found.at, tree(web, found.at)


def resolve(web: Web, ref: Ref) -> Repository:
    """Raises ReadError, NotThere among them."""
    said = _json(web, f"{_api(ref)}/revision/{quote(ref.revision, safe='')}")[0]
    commit = said.get("sha") if isinstance(said, dict) else None
    if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
        raise ReadError(f"{ref.repo}: the hub does not say which commit {ref.revision!r} is")
    if ref.is_commit and commit != ref.revision:
        raise ReadError(f"{ref.repo}: the hub gives commit {commit} for {ref.revision}")
    name, identity, created = (said.get(key) for key in ("id", "_id", "createdAt"))
    return Repository(
        replace(ref, revision=commit), name if isinstance(name, str) else "", _known(identity), _known(created)
    )


def _known(value: object) -> str:
    return value if isinstance(value, str) and _SOME_ID.fullmatch(value) else ""


def tree(web: Web, ref: Ref) -> list[Item]:
    """The files at a commit. Raises ReadError, NotThere among them."""
    entries = _pages(web, f"{_api(ref)}/tree/{ref.revision}?recursive=true&expand=false")
    items = [item for item in (_item(entry, ref.revision) for entry in entries) if item]
    if len({item.path for item in items}) != len(items):
        raise ReadError(f"{ref.repo}: the list of files names one twice")
    return items


def is_ancestor(web: Web, commit: str, ref: Ref) -> bool:
    """Whether *commit* is in the history of *ref*. Raises ReadError."""
    entries = _pages(web, f"{_api(ref)}/commits/{quote(ref.revision, safe='')}")
    return any(isinstance(entry, dict) and entry.get("id") == commit for entry in entries)


def _api(ref: Ref) -> str:
    return f"{endpoint()}/api/{ref.kind}/{ref.repo}"


def _pages(web: Web, url: str) -> Iterator[Any]:
    for _ in range(_PAGES):
        entries, headers = _json(web, url)
        if not isinstance(entries, list):
            raise ReadError(f"{url.partition('?')[0]}: not a list of files")
        yield from entries
        links = _LINK.findall(headers.get("link", ""))
        following = next((target for target, about in links if _NEXT.search(about)), None)
        if following is None:
            return
        try:
            at = check_url(url).join(following)
        except UsageError as error:
            raise ReadError(f"the list of files goes on at no address: {error}") from error
        if at.origin != origin_of(endpoint()):
            break
        url = str(at)
    raise ReadError("the list of files goes on elsewhere, or has no end")


def _item(entry: Any, commit: str) -> Item | None:
    match entry:
        case {"type": "directory"}:
            return None
        case {"mode": mode, "path": path} if str(mode) in _LINKS:
            raise ReadError(f"the list of files has a link, {str(path)[:100]!r}: links are not followed")
        case {"type": "file", "path": str(path), "lfs": {"oid": str(oid), "size": int(size)}}:
            pass
        case {"type": "file", "path": str(path), "oid": str(oid), "size": int(size)}:
            pass
        case _:
            raise ReadError(f"the list of files has an entry that is no file: {str(entry)[:100]}")
    can_be = type(size) is int and 0 <= size < _LARGEST and is_path(path)
    if not can_be or not (_SHA256.fullmatch(oid) or COMMIT.fullmatch(oid)):
        raise ReadError(f"the list of files has an entry that no repository can have: {path[:100]!r}")
    return Item(path, Claim(commit, oid, size))


def _json(web: Web, url: str) -> tuple[Any, Mapping[str, str]]:
    with web.get(url, {"accept": "application/json"}) as answer:
        if answer.status != 200:
            raise _absent(answer)
        try:
            return canonical.decode(answer.rest(_PAGE)), answer.headers
        except Malformed as error:
            raise answer.error(f"not what a hub answers: {error}") from error


def _absent(answer: Answer) -> ReadError:
    error = refused(answer)
    what = _ABSENT.get(answer.headers.get("x-error-code", ""), "repository" if answer.status in (404, 410) else "")
    return NotThere(error.args[0], what) if what else error
