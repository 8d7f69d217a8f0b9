"""Where advisories come from: a folder, a file, a zip, or a server that has them; documents out of each, within limits.

A feed is read whole or not at all: one that breaks off raises, so that nobody takes half of it for all.
"""

from __future__ import annotations

import io
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from modelward.core.errors import ReadError, UsageError
from modelward.core.moment import in_utc
from modelward.core.remote import named
from modelward.stores.files import reason

if TYPE_CHECKING:
    from modelward.stores.web import Web

_MOST_BYTES = 64 << 20  # of one document
_MOST_IN_ALL = 8 << 30
_MOST = 1_000_000
_SINGLY = 1_000
"""So many records are fetched one by one; for more the whole export is."""
_ZIP = b"PK\3\4"
_GZIP = b"\x1f\x8b"
_READ = (".json", ".csv", ".json.gz", ".csv.gz")
_SOURCE = re.compile(r"[A-Z][A-Za-z]+-[A-Za-z0-9-]+\.(?:ya?ml|toml)")  # a record as its authors write it
_CHANGED = "modified_id.csv"
_ALL = "all.zip"


class Item(NamedTuple):
    """A document. *why* says why it was not read, if it was not."""

    name: str
    raw: bytes
    why: str = ""


class Had(NamedTuple):
    """What is already there of a feed."""

    modified: Callable[[], Mapping[str, str]]
    """When each record was, by id, in UTC."""
    items: Callable[[], Iterator[Item]]


def is_url(origin: str) -> bool:
    return origin.lower().startswith(("https://", "http://"))


def name_of(origin: str) -> str:
    """What to call it."""
    parts = [part for part in (urlsplit(origin).path if is_url(origin) else origin).split("/") if part not in ("", ".")]
    if len(parts) > 1 and parts[-1] == _ALL:
        parts.pop()
    return re.sub(r"(?:\.(?:json|csv|zip|gz))+$", "", parts[-1]) if parts else "feed"


def documents(origin: str, had: Had) -> Iterator[Item]:
    """Every document of a feed. An address that ends with a slash is the folder of an ecosystem in a bucket of OSV,
    of which only what changed since *had* is fetched. Raises UsageError for what is not there on this machine, and
    ReadError for what cannot be read to its end."""
    items = _served(origin, had) if is_url(origin) else _local(Path(origin))
    size = 0
    for count, item in enumerate(items):
        size += len(item.raw)
        if count >= _MOST or size > _MOST_IN_ALL:
            raise ReadError(f"{named(origin)!r} holds more than {_MOST:,} documents or {_MOST_IN_ALL:,} bytes")
        yield item


# -- on this machine


def _local(path: Path) -> Iterator[Item]:
    try:
        if path.is_dir():
            return _folder(path)
        with path.open("rb") as file:
            head = file.read(len(_ZIP))
    except FileNotFoundError as error:
        raise UsageError(f"--from {str(path)!r} is not there") from error
    except (OSError, ValueError) as error:
        raise ReadError(f"--from {str(path)!r} cannot be read: {reason(error)}") from error
    if head == _ZIP:
        return _zip(path, str(path))
    return iter([Item(path.name, _unpacked(_file(path), str(path)))])


def _folder(path: Path) -> Iterator[Item]:
    """Hidden ones are left out, and links."""

    def refuse(error: OSError) -> None:
        raise ReadError(f"--from {str(path)!r}: a folder in it cannot be read: {reason(error)}") from error

    for folder, folders, names in os.walk(path, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            here = Path(folder, name)
            if name.startswith(".") or here.is_symlink():
                continue
            shown = os.fsencode(here.relative_to(path)).decode(errors="backslashreplace")
            if name.endswith(_READ):
                yield Item(shown, _unpacked(_file(here), str(here)))
            elif _SOURCE.fullmatch(name):
                yield Item(shown, b"", "only JSON is read: take the records as OSV exports them")


def _file(path: Path) -> bytes:
    try:
        # O_NONBLOCK: opening a pipe must not wait for a writer
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ReadError(f"{str(path)!r} is no file")
            raw = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ReadError(f"{str(path)!r} cannot be read: {reason(error)}") from error
    if len(raw) > _MOST_BYTES:
        raise ReadError(f"{str(path)!r} is longer than {_MOST_BYTES:,} bytes")
    return raw


def _zip(path: Path, where: str) -> Iterator[Item]:
    import zipfile

    broken = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError)
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.is_dir() or not info.filename.endswith(_READ):
                    continue
                with archive.open(info) as member:
                    raw = member.read(_MOST_BYTES + 1)
                if len(raw) > _MOST_BYTES:
                    raise ReadError(f"{where!r}: a member is longer than {_MOST_BYTES:,} bytes")
                yield Item(info.filename.encode(errors="backslashreplace").decode(), _unpacked(raw, where))
    except broken as error:
        what = reason(error) if isinstance(error, (OSError, ValueError)) else str(error) or type(error).__name__
        raise ReadError(f"{where!r} cannot be read to its end: {what}") from error


def _unpacked(raw: bytes, where: str) -> bytes:
    if not raw.startswith(_GZIP):
        return raw
    import gzip

    try:
        with gzip.open(io.BytesIO(raw)) as file:
            raw = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(f"{where!r} cannot be unpacked to its end: {error}") from error
    if len(raw) > _MOST_BYTES:
        raise ReadError(f"{where!r} holds more than {_MOST_BYTES:,} bytes")
    return raw


# -- on a server


def _served(url: str, had: Had) -> Iterator[Item]:
    from modelward.stores.web import Web

    with closing(Web()) as web:
        if url.endswith("/"):
            yield from _bucket(web, url, had)
        elif urlsplit(url).path.endswith(".zip"):
            yield from _served_zip(web, url)
        else:
            yield Item(name_of(url), _unpacked(_get(web, url), named(url)))


def _served_zip(web: Web, url: str) -> Iterator[Item]:
    from modelward.stores.http import download

    with download(web, url) as got:
        yield from _zip(got.path, named(url))


def _get(web: Web, url: str) -> bytes:
    from modelward.stores.http import refused

    with web.get(url) as answer:
        if answer.status != 200:
            raise refused(answer)
        return answer.rest(_MOST_BYTES)


def _bucket(web: Web, url: str, had: Had) -> Iterator[Item]:
    """A list of all ids with the time of the last change, each record by itself, and all of them in one archive. What
    the list no longer names is kept: a record is withdrawn by saying so. https://google.github.io/osv.dev/data/"""
    changed, modified = _changed(web, url), had.modified()
    wanted = [id_ for id_, at in changed.items() if at > modified.get(id_, "")]
    if not modified or len(wanted) > _SINGLY:
        yield from _served_zip(web, url + _ALL)
        return
    yield from had.items()
    for id_ in wanted:
        yield Item(f"{id_}.json", _get(web, f"{url}{quote(id_, safe='')}.json"))


def _changed(web: Web, url: str) -> Mapping[str, str]:
    changed = {}
    for line in _get(web, url + _CHANGED).decode("ascii", "replace").splitlines():
        at, _, id_ = line.partition(",")
        found = in_utc(at)
        if not found or not id_ or "/" in id_:
            raise ReadError(
                f"{named(url)}{_CHANGED}: {line[:80]!r} is no time and id: name the folder of one ecosystem"
            )
        changed[id_] = found
    if not changed:
        raise ReadError(f"{named(url)}{_CHANGED} is empty")
    return changed
