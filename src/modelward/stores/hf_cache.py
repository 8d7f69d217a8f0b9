"""The cache that Hugging Face libraries share: where its files lie, and what a client would find there.

A client with a cached snapshot does not ask the hub again, so what lies here is what is loaded.

https://huggingface.co/docs/hub/local-cache
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from modelward.core.content import Content
from modelward.core.errors import ReadError, UsageError
from modelward.core.hub_name import COMMIT, Ref, is_path
from modelward.stores.files import reason
from modelward.stores.write import replace_file


def default() -> Path:
    """Where clients look: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables"""
    if cache := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(cache).expanduser()
    return home() / "hub"


def home() -> Path:
    """Where clients keep everything."""
    above = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or Path(above, "huggingface")).expanduser()


def folder(ref: Ref) -> str:
    """Of the repository, in the cache. Raises UsageError for a name whose folder is that of another one, too."""
    if "--" in ref.repo:
        raise UsageError(f"{ref.repo!r}: no cache keeps a repository with -- in its name, and no client asks for it")
    return "--".join((ref.kind, *ref.repo.split("/")))


def blob(ref: Ref, content: Content) -> str:
    """Where the bytes lie: under the ETag that a hub gives them, which is the git blob id where it has one."""
    return f"{folder(ref)}/blobs/{content.git or content.sha256}"


def hand_over(cache: Path, pinned: Ref, files: Mapping[str, Content], aside: Path) -> None:
    """Lets the snapshot of the commit have *files*, whose blobs are there: all at once where there was none, since
    clients take what they find of one for all there is. What is not done yet lies in *aside*. Raises ReadError."""
    place = snapshot(cache, pinned)
    made = place if place.is_dir() else aside / f"{folder(pinned)}--{pinned.revision}"
    try:
        aside.mkdir(exist_ok=True)
        if made != place:
            shutil.rmtree(made, ignore_errors=True)
        for path, content in files.items():
            _link(made / path, os.path.relpath(cache / blob(pinned, content), (place / path).parent), aside)
        if made != place:
            place.parent.mkdir(parents=True, exist_ok=True)
            made.rename(place)
        for path in files:
            absence(cache, pinned, path).unlink(missing_ok=True)
    except OSError as error:
        raise ReadError(f"{str(place)!r} cannot be written: {reason(error)}") from error


def _link(place: Path, target: str, aside: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = aside / os.urandom(8).hex()
    beside.symlink_to(target)
    beside.replace(place)


def snapshot(cache: Path, pinned: Ref) -> Path:
    return cache / folder(pinned) / "snapshots" / pinned.revision


def absence(cache: Path, pinned: Ref, path: str) -> Path:
    """What makes clients believe that the commit has no such file."""
    return cache / folder(pinned) / ".no_exist" / pinned.revision / path


def point(cache: Path, ref: Ref, commit: str, aside: Path) -> None:
    """Lets the branch or tag of *ref* be *commit*, for clients that ask for it by name. Raises ReadError."""
    place = _named(cache, ref)
    if ref.is_commit or _commit_at(place) == commit:
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = aside / "ref"
        replace_file(beside, commit.encode())
        beside.replace(place)
    except OSError as error:
        raise ReadError(f"{str(place)!r} cannot be written: {reason(error)}") from error


def commit_of(cache: Path, ref: Ref) -> str:
    """What the cache takes the branch or tag of *ref* for; "" where it knows none."""
    return "" if ref.is_commit else _commit_at(_named(cache, ref))


def _named(cache: Path, ref: Ref) -> Path:
    if not is_path(ref.revision):
        raise UsageError(f"{str(ref)!r}: no branch or tag has that name")
    return cache / folder(ref) / "refs" / ref.revision


def _commit_at(place: Path) -> str:
    try:
        said = place.read_bytes()[:80].decode("ascii", "replace").strip()
    except OSError:
        return ""
    return said if COMMIT.fullmatch(said) else "something that is no commit"


def walk(root: Path) -> Iterator[str]:
    """The paths of all files in a snapshot, links among them. Raises ReadError."""

    def fail(error: OSError) -> None:
        raise ReadError(f"{str(root)!r}: {reason(error)}") from error

    for place, folders, names in os.walk(root, onerror=fail):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in (*names, *links):
            yield (Path(place) / name).relative_to(root).as_posix()
