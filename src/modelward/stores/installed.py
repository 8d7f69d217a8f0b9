"""Environments and wheelhouses on disk: which folders hold packages, and the bytes that lie there.

Nothing of what is found is imported, and no file outside the folder that was given is opened.
"""

# Names on disk are bytes, which pathlib does not take.
# ruff: noqa: PTH112, PTH118

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from modelward.core.artifact import Blob
from modelward.core.canonical import escape_bytes, unescape_bytes
from modelward.core.errors import ReadError, UsageError
from modelward.stores.files import FileSource, reason
from modelward.stores.hashing import hash_files
from modelward.stores.tree import Gap, open_target

_SITES = (b"site-packages", b"dist-packages")
_LIBRARIES = (b"lib", b"lib64", b"Lib")
_INFO = ".dist-info"
_BEGINNING = 1 << 16


class Site(NamedTuple):
    """A folder that packages are installed in."""

    root: bytes
    """The environment, without links."""
    folder: str
    """The site below it, escaped; empty where it is the same."""
    is_given: bool = False
    """Whether the site itself was named, and not the environment."""


class Read(NamedTuple):
    raw: bytes
    blob: Blob


class Contents(NamedTuple):
    """What lies in a site. Paths count from the environment and are escaped."""

    files: Mapping[str, bytes]
    """Where each of them is."""
    infos: tuple[str, ...]
    """Names of the .dist-info folders."""
    legacy: tuple[str, ...]
    """Names of what older installers left, which has no RECORD."""
    gaps: tuple[Gap, ...]


def sites(path: str) -> list[Site]:
    """Those in the folder *path*: an environment, an installation of Python, or the folder of packages itself. None
    where it is neither. Raises ReadError where the system does not let us look, and UsageError where a link leads out
    of it."""
    root = os.path.realpath(os.fsencode(path))
    found = {}
    for library in _LIBRARIES:
        for inner in (b"", *_names(os.path.join(root, library), b"python")):
            for site in _SITES:
                real = os.path.realpath(os.path.join(root, library, inner, site))
                if not os.path.isdir(real):
                    continue
                if not real.startswith(root.rstrip(b"/") + b"/"):
                    raise UsageError(
                        f"a link in {path!r} leads to packages outside it: give {os.fsdecode(real)!r} itself"
                    )
                found[real] = Site(root, escape_bytes(real[len(root) :].lstrip(b"/")))
    if not found and any(name.endswith((b".dist-info", b".egg-info")) for name in _names(root, b"")):
        return [_alone(root)]
    return list(found.values())


def _alone(site: bytes) -> Site:
    """A folder of packages that is a part of an environment, which its scripts lie in; or one that is none."""
    parts = site.split(b"/")
    if parts[-1] in _SITES and len(parts) > 3 and parts[-2].startswith(b"python") and parts[-3] in _LIBRARIES:
        root = b"/".join(parts[:-3]) or b"/"
        return Site(root, escape_bytes(b"/".join(parts[-3:])), True)
    return Site(site, "", True)


def _names(folder: bytes, start: bytes) -> list[bytes]:
    try:
        return sorted(name for name in os.listdir(folder) if name.startswith(start))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ReadError(f"the folder {os.fsdecode(folder)!r} cannot be listed: {reason(error)}") from error


def names(folder: str) -> list[str]:
    """Raises ReadError."""
    return [os.fsdecode(name) for name in _names(os.fsencode(folder), b"")]


def contents(site: Site) -> Contents:
    """Raises what open_target raises."""
    folder = unescape_bytes(site.folder)
    tree = open_target(os.fsdecode(os.path.join(site.root, folder) if folder else site.root), left_out=frozenset())
    before = f"{site.folder}/" if site.folder else ""
    top = dict.fromkeys(entry.path.partition("/")[0] for entry in tree.entries)
    return Contents(
        {before + entry.path: entry.real for entry in tree.entries},
        tuple(name for name in top if name.endswith(_INFO)),
        tuple(name for name in top if name.endswith((".egg-info", ".egg-link", ".egg"))),
        tree.gaps,
    )


def configuration(site: Site) -> bytes | None:
    """pyvenv.cfg of a virtual environment; None where there is none. Raises ReadError."""
    found = _names(site.root, b"pyvenv.cfg")
    return read_whole(os.path.join(site.root, b"pyvenv.cfg"), _BEGINNING).raw if b"pyvenv.cfg" in found else None


def elsewhere(site: Site, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Those of *paths* that are files of the environment outside its site: scripts, and data. A path that leads
    through a link out of it is none."""
    for path in paths:
        real = os.path.join(site.root, unescape_bytes(path))
        folder, name = os.path.split(real)
        real = os.path.join(os.path.realpath(folder), name)
        try:
            is_file = stat.S_ISREG(os.lstat(real).st_mode)
        except (OSError, ValueError):
            continue
        if is_file and real.startswith(site.root.rstrip(b"/") + b"/"):
            yield path, real


def digests(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, ReadError]]:
    """The sha256 of each file, and why it cannot be had of the others."""
    by_real: dict[bytes, list[str]] = {}
    for path, real in files.items():
        by_real.setdefault(real, []).append(path)
    done, failed = dict[str, bytes](), dict[str, ReadError]()
    for real, outcome in hash_files(by_real):
        for path in by_real[real]:
            if isinstance(outcome, ReadError):
                failed[path] = outcome
            else:
                done[path] = outcome.digests[0]
    return done, failed


def read_whole(path: str | bytes, most: int) -> Read:
    """A file and its digest, links in its path followed. Raises ReadError, for one of more than *most* bytes, too."""
    try:
        real = os.path.realpath(os.fsencode(path))
    except (OSError, ValueError) as error:
        raise ReadError(reason(error)) from error
    with FileSource(real) as file:
        if file.size > most:
            raise ReadError(f"it has more than {most:,} bytes")
        raw = file.read(0, file.size)
        return Read(raw, file.finish())


def beginning(real: bytes) -> bytes:
    """Enough of a file to see what it is. Raises ReadError."""
    with FileSource(real) as file:
        return file.read(0, _BEGINNING)
