"""What differs between the files that a manifest or a signature lists and those that are there."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from modelward.core.verification import Difference


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of one artifact by their escaped path. What stands for a content is equal for equal contents."""

    files: Mapping[str, Hashable]
    links: Mapping[str, str] | None = field(default_factory=dict)
    """Those of the files, and the folders, that are links, and where they lead. None: it is not known."""
    others: Mapping[str, str] = field(default_factory=dict)
    """What is there and is no file that can be read, and why."""


def differences(listed: Listing, found: Listing) -> tuple[Difference, ...]:
    """Sorted by path; empty if and only if both say the same of everything that *listed* speaks of, and
    *found* has nothing besides."""
    return tuple(
        sorted({*_in_files(listed, found), *_in_links(listed, found)}, key=lambda item: (item.path, item.kind))
    )


def _in_files(listed: Listing, found: Listing) -> Iterator[Difference]:
    added = {path for path in found.files if path not in listed.files}
    homes: dict[Hashable, list[str]] = {}
    for path in sorted(added, reverse=True):
        homes.setdefault(found.files[path], []).append(path)
    above = {folder for path in (*found.files, *found.others) for folder in folders(path)}
    for path, content in sorted(listed.files.items()):
        if path in found.files:
            if found.files[path] != content:
                yield Difference("changed", path, "its content is another")
        elif path in found.others:
            yield Difference("type", path, found.others[path])
        elif path in above:
            yield Difference("type", path, "a folder, not a file")
        elif homes.get(content):
            home = homes[content].pop()
            added.remove(home)
            yield Difference("renamed", path, f"its content is now at {home}")
        else:
            yield Difference("missing", path, "it is not there")
    for path in added:
        leads = (found.links or {}).get(path)
        yield Difference("added", path, "it is not listed" if leads is None else f"a link to {leads or '.'}")
    for path, why in found.others.items():
        if path not in listed.files and listed.others.get(path) != why:
            yield Difference("added", path, why)
    for path, why in listed.others.items():
        if path not in found.others and path not in found.files:
            yield Difference("missing", path, f"it was there and could not be read: {why}")


def _in_links(listed: Listing, found: Listing) -> Iterator[Difference]:
    if listed.links is None or found.links is None:
        return
    for path in listed.links.keys() | found.links.keys():
        was, now = listed.links.get(path), found.links.get(path)
        if was == now:
            continue
        if now is None:
            if path in found.files or path not in listed.files:
                yield Difference("link", path, f"no link any more; it was one to {was or '.'}")
        elif was is not None or path in listed.files or path not in found.files:
            before = "no link" if was is None else f"one to {was or '.'}"
            yield Difference("link", path, f"a link to {now or '.'}; it was {before}")


def folders(path: str) -> Iterator[str]:
    """All that *path* lies in, the nearest first."""
    while path := path.rpartition("/")[0]:
        yield path
