"""Pins: names on hubs and servers become commits and digests once; later it is asked whether they still are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from modelward.app.locking import LockFile, place_of
from modelward.app.pin_check import Word, shortened, since
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
from modelward.stores.address import Address
from modelward.stores.fetch import STRONG
from modelward.stores.http import length_of, refused
from modelward.stores.tree import excluder
from modelward.stores.web import Web, check_url

if TYPE_CHECKING:
    from modelward.app.reading import Progress

_CONNECTIONS = 4
_SMALL = 1 << 30
"""Bytes of a file that is fetched for its sha256. Hubs keep files far below that in LFS, with a sha256 of their own:
https://huggingface.co/docs/hub/repositories-getting-started"""
_CONFIGURATIONS = frozenset(
    "config.json tokenizer_config.json preprocessor_config.json processor_config.json generation_config.json "
    "model_index.json".split()
)
_LARGEST_CONFIGURATION = 4 << 20
_SHOWN = 100
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
    place_of(path)
    file = LockFile.read(path)
    with closing(hub.connect()) as web:
        made = [_resolve(web, one, file, progress) for one in asked]
        code = {entry.name: _code(web, entry) for entry in made}
        before = {entry.name: file.before(entry.name, entry.source) for entry in made}
        history = {entry.name: tuple(_since(web, before[entry.name], entry)) for entry in made}
    for name in (entry.name for n, entry in enumerate(made) if entry.name in {one.name for one in made[:n]}):
        raise UsageError(f"two of them would be called {name!r}: pin one of them with --name")
    file.add(made, waiting)
    known = {each.source.ref.repo for each in (*file.lock.entries, *made) if isinstance(each.source, HubSource)}
    told = {name: (*history[name], *code[name].doubts(known)) for name in code}
    return Fates("pin", tuple(_pinned(entry, before[entry.name], told[entry.name]) for entry in made))


def _resolve(web: Web, asked: Asked, file: LockFile, progress: Progress | None) -> Entry:
    if "://" not in asked.target:
        raise UsageError(
            f"{asked.target!r} is no address: expected hf://org/name, hf://datasets/org/name or https://..."
        )
    ref = hub.parse(asked.target)
    if ref is None:
        url = check_url(asked.target)
        name = asked.name or url.path.rstrip("/").rpartition("/")[2]
        file.before(name, WebSource(str(url)))
        return Entry(name, *_on_web(web, url))
    name = asked.name or ref.folder
    before = file.before(name, HubSource(ref, ""))
    source, items = _listed(web, ref, asked.exclude)
    return Entry(name, source, _contents(web, source.pinned, items, before.files if before else {}, progress))


def _since(web: Web, before: Entry | None, entry: Entry) -> Iterator[Word]:
    """What happened to a repository that was pinned already. Whoever pins it anew sees it here for the last time."""
    if not (before and isinstance(before.source, HubSource) and isinstance(entry.source, HubSource)):
        return
    now = entry.source
    if before.source.ref.revision != now.ref.revision:  # another commit was asked for
        now = replace(now, commit=before.source.commit)
    yield from since(web, before.source, now)
    if before.source.commit == entry.source.commit:
        both = sorted(before.files.keys() & entry.files.keys())
        yield from (
            ("changed", f"{path!r} was {before.files[path].name} at the same commit")
            for path in both
            if not before.files[path].is_same(entry.files[path])
        )


# -- from a hub


def _listed(web: Web, ref: Ref, exclude: Sequence[str]) -> tuple[HubSource, list[hub.Item]]:
    found = hub.resolve(web, ref)
    if found.name not in ("", ref.repo):  # whoever takes the old name gets what is asked for under it
        raise ReadError(f"{ref.repo!r} is called {found.name[:100]!r} by the hub: pin it by that name")
    listed = hub.tree(web, found.at)
    is_excluded = excluder(exclude)
    items = [item for item in listed if ref.path in ("", item.path)]
    if not items:
        raise ReadError(f"{ref}: there is no such file" if listed else f"{ref}: there are no files to pin")
    items = [item for item in items if not is_excluded(item.path)]
    if not items:
        raise ReadError(f"{ref}: --exclude leaves no file")
    if len(items) > Limits().entries:
        raise ReadError(f"{ref.repo}: more than {Limits().entries:,} files: leave some out with --exclude")
    for path, why in refusals(item.path for item in items):
        raise ReadError(f"{ref.repo}: {path[:_SHOWN]!r} is not pinned: {why}: leave it out with --exclude")
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

    def doubts(self, known: Collection[str]) -> Iterator[Word]:
        """Beyond the repositories that are *known*."""
        for repo in self.repos:
            if repo not in known:
                yield "doubtful", f"it takes code from {repo!r}: pin hf://{repo} too"
        for path in self.unread:
            yield "doubtful", f"{path!r} cannot be read: whether it takes code from elsewhere is not known"


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


def _on_web(web: Web, url: Address) -> tuple[WebSource, Mapping[str, Content]]:
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


def _pinned(entry: Entry, before: Entry | None, words: Sequence[Word]) -> Fate:
    state: State = "unchanged" if entry == before else "pinned"
    found = list(look_alikes(entry.source.ref.repo)) if isinstance(entry.source, HubSource) else []
    said = [f"{each.severity.name.lower()}[{each.rule.id}]: {each.message}" for each in found]
    weak = [path for path, file in entry.files.items() if not file.sha256]
    if weak:
        many = f"{files(len(weak))} by SHA-1 alone, larger than {_SMALL:,} bytes, like {weak[0]!r}"
        words = (*words, ("doubtful", f"{many}: whoever made them can have made others with the same"))
    if any(state != "moved" for state, _ in words) or any(each.severity >= Severity.MEDIUM for each in found):
        state = "doubtful"
    said += shortened([text for _, text in words])
    return Fate(entry.name, str(entry.source), state, (*said, *_details(entry, before)))


def _details(entry: Entry, before: Entry | None) -> Iterator[str]:
    if isinstance(entry.source, HubSource):
        yield f"commit {entry.source.commit}"
    yield f"{files(len(entry.files))}, {sum(file.size for file in entry.files.values()):,} bytes"
    if before is not None and before != entry:
        added, gone = (len(entry.files.keys() - before.files.keys()), len(before.files.keys() - entry.files.keys()))
        changed = sum(before.files[path] != file for path, file in entry.files.items() if path in before.files)
        yield f"{files(changed)} changed, {added:,} added, {gone:,} gone"
