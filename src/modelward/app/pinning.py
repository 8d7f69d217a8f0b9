"""Pins: names on hubs and servers become commits and digests once; later it is asked whether they still are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from modelward.app.locking import LockFile
from modelward.app.threads import begun
from modelward.checks.pins.auto_map import foreign_code
from modelward.checks.pins.lock import Entry, HubSource, WebSource
from modelward.checks.pins.names import look_alikes
from modelward.checks.pins.paths import refusals
from modelward.core.content import Content, blob_hash
from modelward.core.errors import Malformed, ReadError, UsageError
from modelward.core.finding import Severity
from modelward.core.hub_name import Ref
from modelward.core.limits import Limits
from modelward.core.pinning import Fate, Fates, State, files
from modelward.core.remote import named
from modelward.stores import hub
from modelward.stores.fetch import STRONG
from modelward.stores.http import length_of, refused
from modelward.stores.tree import excluder
from modelward.stores.web import Web, check_url

if TYPE_CHECKING:
    import httpx

    from modelward.app.reading import Progress

_CONNECTIONS = 4
_SMALL = 32 << 20
"""Bytes of a file that is fetched for its sha256. Hubs keep larger ones in LFS, with a sha256 of their own:
https://huggingface.co/docs/hub/repositories-getting-started"""
_CONFIGURATIONS = frozenset(
    "config.json tokenizer_config.json preprocessor_config.json processor_config.json generation_config.json "
    "model_index.json".split()
)
_LARGEST_CONFIGURATION = 4 << 20
_SECRET = ("sig", "token", "key", "credential", "password", "secret", "auth")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be pinned, and how."""

    target: str
    name: str = ""
    exclude: tuple[str, ...] = ()


def pin(asked: Sequence[Asked], path: str, progress: Progress | None, waiting: Callable[[], None]) -> Fates:
    """Resolves every target and puts all of them into the lock *path*, or none. Raises ModelwardError."""
    for glob in (glob for one in asked for glob in one.exclude if not glob.isprintable()):
        raise UsageError(f"--exclude {glob!r} has characters that do not print: a lock cannot keep it")
    file = LockFile.read(path)
    with closing(hub.connect()) as web:
        made = [_resolve(web, one, file, progress) for one in asked]
        code = {entry.name: _code(web, entry) for entry in made}
    for name in (entry.name for n, entry in enumerate(made) if entry.name in {one.name for one in made[:n]}):
        raise UsageError(f"two of them would be called {name!r}: pin one of them with --name")
    file.add(made, waiting)
    before = {entry.name: entry for entry in file.lock.entries}
    known = {each.source.ref.repo for each in (*file.lock.entries, *made) if isinstance(each.source, HubSource)}
    return Fates("pin", tuple(_pinned(entry, before.get(entry.name), code[entry.name], known) for entry in made))


def _resolve(web: Web, asked: Asked, file: LockFile, progress: Progress | None) -> Entry:
    if "://" not in asked.target:
        raise UsageError(
            f"{asked.target!r} is no address: expected hf://org/name, hf://datasets/org/name or https://..."
        )
    ref = hub.parse(asked.target)
    if ref is None:
        url = check_url(asked.target)
        name = asked.name or url.path.rstrip("/").rpartition("/")[2]
        _before(name, WebSource(str(url)), file)
        return Entry(name, *_on_web(web, url))
    name = asked.name or ref.folder
    before = _before(name, HubSource(ref, ""), file)
    source, items = _listed(web, ref, asked.exclude)
    return Entry(name, source, _contents(web, source.pinned, items, before, progress))


def _before(name: str, source: HubSource | WebSource, file: LockFile) -> Mapping[str, Content]:
    """The files that the lock has under that name, which must be of the same thing. Raises UsageError."""
    there = next((entry for entry in file.lock.entries if entry.name == name), Entry(name, source, {}))
    if _of(there.source) != _of(source):
        raise UsageError(f"{file.path!r} has {str(there.source)!r} as {name!r}: give this one another --name")
    return there.files


def _of(source: HubSource | WebSource) -> object:
    """What is pinned, at whatever revision."""
    match source:
        case HubSource(ref=ref):
            return replace(ref, revision="")
        case WebSource(url=url):
            return url


# -- from a hub


def _listed(web: Web, ref: Ref, exclude: Sequence[str]) -> tuple[HubSource, list[hub.Item]]:
    found = hub.resolve(web, ref)
    if found.name not in ("", ref.repo):  # whoever takes the old name gets what is asked for under it
        raise ReadError(f"{ref.repo!r} is called {found.name[:100]!r} by the hub: pin it by that name")
    items = hub.tree(web, found.at)
    is_excluded = excluder(exclude)
    items = [item for item in items if ref.path in ("", item.path) and not is_excluded(item.path)]
    if not items:
        raise ReadError(f"{ref}: there is no such file, or none is left")
    if len(items) > Limits().entries:
        raise ReadError(f"{ref.repo}: more than {Limits().entries:,} files: leave some out with --exclude")
    for path, why in refusals(item.path for item in items):
        raise ReadError(f"{ref.repo}: {path!r} is not pinned: {why}: leave it out with --exclude")
    source = HubSource(ref, found.at.revision, found.identity, found.created, tuple(exclude))
    return source, items


def _contents(
    web: Web, at: Ref, items: Sequence[hub.Item], before: Mapping[str, Content], progress: Progress | None
) -> Mapping[str, Content]:
    """Large files have a sha256 in the listing. Of the others it has a SHA-1, for which somebody may have made
    two contents: they are fetched, unless the lock has them."""
    contents = {item.path: item.content for item in items}
    for path, content in contents.items():
        known = before.get(path)
        if known and known.sha256 and content.git and (known.git, known.size) == (content.git, content.size):
            contents[path] = known
    jobs = [path for path, content in contents.items() if not content.sha256 and content.size <= _SMALL]
    with begun(jobs, lambda path: _fetched(web, replace(at, path=path), contents[path]), _CONNECTIONS) as results:
        for done, (path, result) in enumerate(zip(jobs, results, strict=True)):
            if progress:
                progress(done, len(jobs), path)
            contents[path] = result()
    return contents


def _fetched(web: Web, at: Ref, content: Content) -> Content:
    """*content* with its sha256 besides its git blob id. Raises ReadError."""
    sha256, git = hashlib.sha256(), blob_hash(content.size)
    with web.get(at.url(hub.endpoint())) as answer:
        if answer.status != 200:
            raise refused(answer)
        claim = hub.claim_in((*answer.hops, (answer.url, answer.headers)), at, content.size)
        for piece in answer.body(content.size):
            sha256.update(piece)
            git.update(piece)
    if claim.digest not in ("", content.git) or git.hexdigest() != content.git:
        raise ReadError(f"{at}: what came is not what the hub claims, git blob {content.git}")
    return replace(content, sha256=sha256.hexdigest())


class _Code(NamedTuple):
    """What the configurations of an entry say of code elsewhere."""

    repos: tuple[str, ...]
    unread: tuple[str, ...]
    """Those that could not be read for it."""


def _code(web: Web, entry: Entry) -> _Code:
    """Raises ReadError."""
    repos: dict[str, None] = {}
    unread = []
    if isinstance(entry.source, HubSource):
        for path, content in entry.files.items():
            if path.rpartition("/")[2] not in _CONFIGURATIONS:
                continue
            if not content.sha256 or content.size > _LARGEST_CONFIGURATION:
                unread.append(path)
                continue
            try:
                repos |= dict.fromkeys(foreign_code(_body(web, replace(entry.source.pinned, path=path), content)))
            except Malformed:
                unread.append(path)
    return _Code(tuple(repos), tuple(unread))


def _body(web: Web, at: Ref, content: Content) -> bytes:
    with web.get(at.url(hub.endpoint())) as answer:
        if answer.status != 200:
            raise refused(answer)
        body = b"".join(answer.body(content.size))
    if hashlib.sha256(body).hexdigest() != content.sha256:
        raise ReadError(f"{at}: it changed while it was pinned")
    return body


# -- from another server


def _on_web(web: Web, url: httpx.URL) -> tuple[WebSource, Mapping[str, Content]]:
    secret = next((key for key in url.params if any(word in key.lower() for word in _SECRET)), None)
    if secret:
        raise UsageError(f"{named(str(url))!r}: its query holds a secret ({secret[:40]}), and a lock is shared")
    with web.get(str(url)) as answer:
        if answer.status != 200:
            raise refused(answer)
        size, hashing = length_of(answer), hashlib.sha256()
        for piece in answer.body(size):
            hashing.update(piece)
        etag = answer.headers.get("etag", "")
    content = Content(size, hashing.hexdigest())
    return WebSource(str(url), etag if STRONG.fullmatch(etag) else ""), {"": content}


# -- what is told


def _pinned(entry: Entry, before: Entry | None, code: _Code, known: Collection[str]) -> Fate:
    state: State = "unchanged" if entry == before else "pinned"
    found = list(look_alikes(entry.source.ref.repo)) if isinstance(entry.source, HubSource) else []
    said = [f"{each.severity.name.lower()}[{each.rule.id}]: {each.message}" for each in found]
    doubts = [f"it takes code from {repo!r}: pin hf://{repo} too" for repo in code.repos if repo not in known]
    doubts += [f"{path!r} cannot be read: whether it takes code from elsewhere is not known" for path in code.unread]
    if doubts or any(each.severity >= Severity.MEDIUM for each in found):
        state = "doubtful"
    return Fate(entry.name, str(entry.source), state, (*said, *doubts, *_details(entry, before)))


def _details(entry: Entry, before: Entry | None) -> Iterator[str]:
    if isinstance(entry.source, HubSource):
        yield f"commit {entry.source.commit}"
    yield f"{files(len(entry.files))}, {sum(file.size for file in entry.files.values()):,} bytes"
    weak = [path for path, file in entry.files.items() if not file.sha256]
    if weak:
        yield f"{files(len(weak))} by SHA-1 alone, larger than {_SMALL:,} bytes, like {weak[0]!r}"
    if before is not None and before != entry:
        added, gone = (len(entry.files.keys() - before.files.keys()), len(before.files.keys() - entry.files.keys()))
        changed = sum(before.files[path] != file for path, file in entry.files.items() if path in before.files)
        yield f"{files(changed)} changed, {added:,} added, {gone:,} gone"
