"""modelward.lock: which files come from where, and what their bytes must be.

One line a file, in the order of the names, so that a change of what is trusted shows as a change of
these lines and nothing else. All of it is ASCII: a character that looks like another one shows as
its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from modelward.checks.pins.paths import refusals
from modelward.core.artifact import Blob, tree_digest
from modelward.core.content import Content
from modelward.core.digest import Digest
from modelward.core.hub_name import Ref

SCHEMA = "modelward/lock/1"
HEAD = "# Written by modelward pin. What it names is trusted: review a change of it like code."


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of a Hugging Face hub, or one file of it. Which hub is not said: mirrors give the same bytes."""

    ref: Ref
    """As it was asked for: a branch, a tag."""
    commit: str
    """What that was."""
    identity: str = ""
    """The hub's own id of the repository, where it says one."""
    created: str = ""
    """When the repository was registered, as the hub says it."""
    exclude: tuple[str, ...] = ()
    """Patterns of files that were left out."""

    @property
    def pinned(self) -> Ref:
        return Ref(self.ref.kind, self.ref.repo, self.commit, self.ref.path)

    def why_another(self, now: HubSource) -> str:
        """What shows that *now*, which has the same name, is another repository; "" where nothing does."""
        pairs = (("id", self.identity, now.identity), ("date", self.created, now.created))
        found = next(((what, old, new) for what, old, new in pairs if old and new and old != new), None)
        if not found:
            return ""
        what, old, new = found
        return f"it is another repository under the same name: its {what} was {old}, now {new}"

    def __str__(self) -> str:
        return str(self.ref)


@dataclass(frozen=True, slots=True)
class WebSource:
    """A file under an address of its own."""

    url: str
    etag: str = ""
    """A strong one, where the server gives one."""

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    """By which it is fetched, and the folder or the file that it becomes."""
    source: HubSource | WebSource
    files: Mapping[str, Content]
    """By path; a lone file has none and stands under ""."""

    @property
    def digest(self) -> Digest | None:
        """Of the artifact, once it is fetched; None while a file is known by its git blob id alone."""
        if not all(content.sha256 for content in self.files.values()):
            return None
        blobs = {path: Blob(Digest("sha256", file.sha256), file.size) for path, file in self.files.items()}
        return blobs[""].digest if "" in blobs else tree_digest(blobs)


@dataclass(frozen=True, slots=True)
class Lock:
    entries: tuple[Entry, ...] = ()
    """Whether they agree is what `conflicts` says."""

    def having(self, added: Iterable[Entry]) -> Lock:
        """With *added* instead of the entries of the same names."""
        by_name = {entry.name: entry for entry in (*self.entries, *added)}
        return Lock(tuple(by_name[name] for name in sorted(by_name)))

    def at_commit_of(self, entry: Entry) -> Mapping[str, Content]:
        """What all its entries together have of the same commit of the same repository."""
        if not isinstance(entry.source, HubSource):
            return entry.files
        commit = replace(entry.source.pinned, path="")
        files: dict[str, Content] = {}
        for each in self.entries:
            if isinstance(each.source, HubSource) and replace(each.source.pinned, path="") == commit:
                files |= each.files
        return files


class Conflict(NamedTuple):
    """*at* is the place in the *number*-th entry."""

    number: int
    at: tuple[str, ...]
    why: str
    got: str


def conflicts(entries: Sequence[Entry]) -> Iterator[Conflict]:
    """What keeps *entries* from being one lock."""
    numbers: dict[str, int] = {}
    sources: dict[str, str] = {}
    contents: dict[Ref, Mapping[str, Content]] = {}
    for number, entry in enumerate(entries):
        source = str(entry.source)
        if entry.name in numbers:
            yield Conflict(number, ("name",), "expected each name once", entry.name)
        if entry.name.startswith("."):
            yield Conflict(number, ("name",), "expected a name that begins with no dot", entry.name)
        if source in sources:
            yield Conflict(number, ("source",), f"{sources[source]!r} has this source", source)
        numbers[entry.name] = number
        sources[source] = entry.name
        if isinstance(entry.source, HubSource):
            commit = replace(entry.source.pinned, path="")
            known = contents.get(commit, {})
            other = next((path for path, file in entry.files.items() if known.get(path, file) != file), None)
            if other is not None:
                why = "another entry has other content of the same commit"
                yield Conflict(number, ("files", other), why, other)
            contents[commit] = {**known, **entry.files}
    for name, why in refusals(entry.name for entry in entries):
        yield Conflict(numbers[name], ("name",), f"nothing can be written under that name: {why}", name)


# -- writing


def render(lock: Lock) -> bytes:
    """The file. The same lock always gives the same bytes."""
    blocks = [f"{HEAD}\nschema = {_text(SCHEMA)}\n"]
    blocks += (_entry(entry) for entry in sorted(lock.entries, key=lambda entry: entry.name))
    return "\n".join(blocks).encode("ascii")


def _entry(entry: Entry) -> str:
    digest = entry.digest
    values = {"name": entry.name, "source": str(entry.source)}
    match entry.source:
        case HubSource(commit=commit, identity=identity, created=created):
            values |= {"commit": commit, "repository": identity, "created": created}
            values |= {"digest": str(digest) if digest else ""}
        case WebSource(etag=etag):
            values |= {"etag": etag}
    lines = ["[[pin]]", *(f"{key} = {_text(value)}" for key, value in values.items() if value)]
    if isinstance(entry.source, HubSource) and entry.source.exclude:
        lines.append(f"exclude = [{', '.join(map(_text, entry.source.exclude))}]")
    if "" in entry.files:
        lines += _content(entry.files[""])
    else:
        lines += ["", "[pin.files]"]
        lines += (
            f"{_text(path)} = {{ {', '.join(_content(content))} }}" for path, content in sorted(entry.files.items())
        )
    return "\n".join(lines) + "\n"


def _content(content: Content) -> list[str]:
    known = {"sha256": content.sha256, "git": content.git}
    return [f"size = {content.size}", *(f"{key} = {_text(value)}" for key, value in known.items() if value)]


_SPECIAL = re.compile(r"[^ !#-\[\]-~]")


def _text(value: str) -> str:
    """A basic string: https://toml.io/en/v1.0.0#string"""
    return f'"{_SPECIAL.sub(_escaped, value)}"'


def _escaped(found: re.Match[str]) -> str:
    point = ord(found[0])
    if found[0] in '"\\':
        return f"\\{found[0]}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
