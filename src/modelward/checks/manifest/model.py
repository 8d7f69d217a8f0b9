"""The predicate of a manifest, its strict codec, and what the gate reads in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from modelward.core.artifact import Blob, file_list, parse_file_list
from modelward.core.errors import Malformed

if TYPE_CHECKING:
    from modelward.core.finding import Finding, Unexamined

PREDICATE_TYPE = "urn:modelward:predicate:manifest:1"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Paths are escaped and relative to the root, as Artifact has them; "" is a lone file, and
    among the unreadable the root itself."""

    files: Mapping[str, Blob]
    links: tuple[tuple[str, str], ...] = ()
    """(path, target): links that were followed, and where they end relative to the root."""
    left_out: tuple[str, ...] = ()
    """What a tree does not include by rule."""
    excluded: tuple[str, ...] = ()
    """What the command line excluded."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """(path, why): what is there and could not be read."""


def encode(manifest: Manifest) -> dict[str, Any]:
    """Sorted and without repetition, whatever order the manifest was put together in."""
    return {
        "files": file_list(manifest.files),
        "links": [{"path": path, "target": target} for path, target in sorted(set(manifest.links))],
        "left_out": sorted(set(manifest.left_out)),
        "excluded": sorted(set(manifest.excluded)),
        "unreadable": [{"path": path, "why": why} for path, why in sorted(set(manifest.unreadable))],
    }


def decode(body: Mapping[str, Any]) -> Manifest:
    """Raises Malformed for anything that encode would not have written, and for a path that is no
    plain relative one: it could name a file outside the tree."""
    match body:
        case {
            "files": list(files),
            "links": list(links),
            "left_out": list(left_out),
            "excluded": list(excluded),
            "unreadable": list(unreadable),
            **rest,
        } if not rest:
            manifest = Manifest(
                parse_file_list(files),
                tuple(_pair(entry, "target") for entry in links),
                tuple(_text(path) for path in left_out),
                tuple(_text(path) for path in excluded),
                tuple(_pair(entry, "why") for entry in unreadable),
            )
        case _:
            raise Malformed("a manifest has exactly the lists files, links, left_out, excluded and unreadable")
    _check_order(manifest.links, manifest.left_out, manifest.excluded, manifest.unreadable)
    _check_paths(manifest)
    return manifest


def read(manifest: Manifest) -> Iterator[Finding | Unexamined]:
    """What could not be read was not examined. A manifest finds nothing."""
    from modelward.core.finding import Location, Unexamined  # a manifest is verified without a gate

    for path, why in manifest.unreadable:
        yield Unexamined(Location(None, (path,) if path else ()), why)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Malformed("the paths and words of a manifest are text")
    return value


def _pair(entry: object, key: str) -> tuple[str, str]:
    if not isinstance(entry, Mapping) or set(entry) != {"path", key}:
        raise Malformed(f"the entry of a manifest has exactly the keys path and {key}")
    return _text(entry["path"]), _text(entry[key])


def _check_order(*parts: Sequence[Any]) -> None:
    for part in parts:
        if any(not before < after for before, after in pairwise(part)):
            raise Malformed("the lists of a manifest are sorted and without duplicates")


def _check_paths(manifest: Manifest) -> None:
    if "" in manifest.files and len(manifest.files) > 1:
        raise Malformed("a lone file has no other files beside it")
    named = (path for path, _ in (*manifest.links, *manifest.unreadable))
    for path in (*manifest.files, *manifest.left_out, *manifest.excluded, *named):
        if path and not {"", ".", ".."}.isdisjoint(path.split("/")):
            raise Malformed(f"{path!r} is not a relative path without '.' and '..'")
