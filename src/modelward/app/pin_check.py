"""Whether what is pinned is still what its hub or server gives under the same name.

Listings and headers are asked, contents are not fetched again (of a web address without a strong ETag
they are): it tells what a hub says, and `fetch` whether that is true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from modelward.app.locking import LockFile
from modelward.app.threads import begun
from modelward.checks.pins.lock import Entry, HubSource, WebSource
from modelward.core.content import Content
from modelward.core.errors import ReadError
from modelward.core.pinning import Fate, Fates, State
from modelward.stores import hub
from modelward.stores.http import refused
from modelward.stores.tree import excluder
from modelward.stores.web import Web

if TYPE_CHECKING:
    from modelward.app.reading import Progress

_CONNECTIONS = 4
_SHOWN = 20

Word = tuple[State, str]

_GRAVITY: Sequence[State] = (
    "registered anew", "changed", "force-pushed", "deleted", "renamed", "moved", "not asked", "same",
)  # fmt: skip


def check(path: str, names: Sequence[str], progress: Progress | None) -> Fates:
    """Asks about the entries *names* of the lock, or about all. Raises ModelwardError."""
    entries = LockFile.read(path).chosen(names)
    fates = []
    with closing(hub.connect()) as web, begun(entries, lambda entry: _ask(web, entry), _CONNECTIONS) as results:
        for done, (entry, result) in enumerate(zip(entries, results, strict=True)):
            if progress:
                progress(done, len(entries), entry.name)
            fates.append(result())
    return Fates("pin --check", tuple(fates))


def _ask(web: Web, entry: Entry) -> Fate:
    words: list[Word] = []
    asking = _on_hub(web, entry, entry.source) if isinstance(entry.source, HubSource) else _on_web(web, entry)
    try:
        words.extend(asking)
    except ReadError as error:
        words.append(("not asked", str(error)))
    state: State = min((word[0] for word in words), key=_GRAVITY.index, default="same")
    return Fate(entry.name, str(entry.source), state, tuple(shortened([said for _, said in words])))


def shortened(details: list[str]) -> list[str]:
    return details if len(details) <= _SHOWN else [*details[:_SHOWN], f"and {len(details) - _SHOWN:,} more"]


# -- of a hub


def _on_hub(web: Web, entry: Entry, source: HubSource) -> Iterator[Word]:
    try:
        found = hub.resolve(web, source.ref)
    except hub.NotThere as error:
        yield "deleted", f"the {error.what} is gone, or hidden from this token: {error}"
        if error.what == "repository":
            return
    else:
        if found.name not in ("", source.ref.repo):
            yield (
                "renamed",
                f"the hub calls it {found.name[:100]!r} now: somebody else may take the old name; pin the new one",
            )
        now = replace(source, commit=found.at.revision, identity=found.identity, created=found.created)
        yield from since(web, source, now)
    yield from _same_files(web, entry, source)


def since(web: Web, source: HubSource, now: HubSource) -> Iterator[Word]:
    """What became of *source*, that its hub gives as *now*. Raises nothing: what nobody tells is said."""
    another = source.why_another(now)
    if another:
        yield "registered anew", another
    if now.commit != source.commit:
        yield _moved(web, source, now.commit)


def _moved(web: Web, source: HubSource, now: str) -> Word:
    revision = source.ref.revision
    try:
        is_ancestor = hub.is_ancestor(web, source.commit, source.ref)
    except ReadError as error:
        return "moved", f"{revision} is commit {now} now; whether its history was rewritten is not known: {error}"
    if is_ancestor:
        return "moved", f"{revision} is commit {now} now"
    return "force-pushed", f"{revision} is commit {now} now, and the pinned one is not in its history"


def _same_files(web: Web, entry: Entry, source: HubSource) -> Iterator[Word]:
    """At the commit, where nothing ever changes."""
    try:
        items = hub.tree(web, source.pinned)
    except hub.NotThere as error:
        yield "deleted", f"the pinned commit {source.commit} is gone: {error}"
        return
    is_excluded = excluder(source.exclude)
    there = {
        item.path: item.content for item in items if source.ref.path in ("", item.path) and not is_excluded(item.path)
    }
    for path in sorted(there.keys() | entry.files.keys()):
        why = _differs(entry.files.get(path), there.get(path))
        if why:
            yield "changed", f"{path!r} {why} at the same commit"


def _differs(pinned: Content | None, now: Content | None) -> str:
    if pinned is None or now is None:
        return "was added" if pinned is None else "is gone"
    return "" if pinned.is_same(now) else f"is {now.name} ({now.size:,} bytes)"


# -- of another server


def _on_web(web: Web, entry: Entry) -> Iterator[Word]:
    assert isinstance(entry.source, WebSource)
    content, etag = entry.files[""], entry.source.etag
    with web.get(entry.source.url, {"if-none-match": etag} if etag else {}) as answer:
        if answer.status == 304 and etag:
            return
        if answer.status in (404, 410):
            yield "deleted", str(refused(answer))
            return
        if answer.status != 200:
            raise refused(answer)
        stated = answer.headers.get("content-length", str(content.size))
        if stated != str(content.size):
            yield "changed", f"{stated[:20]} bytes are there where {content.size:,} are pinned"
            return
        hashing = hashlib.sha256()
        for piece in answer.body(content.size):
            hashing.update(piece)
    if hashing.hexdigest() != content.sha256:
        yield "changed", f"it is sha256:{hashing.hexdigest()}"
