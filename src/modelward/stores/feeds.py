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
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
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
_SOURCE = re.compile(r"[A-Z][A-Za-z]+-[A-Za-z0-9-]+\.(?i:ya?ml|toml)")  # a record as its authors write it
_PACKED = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".tar", ".jsonl", ".ndjson")
_CHANGED = "modified_id.csv"
_ALL = "all.zip"


class Item(NamedTuple):
    """A document. *why* says why it was not read, if it was not."""

    name: str
    raw: bytes
    why: str = ""
    must_be: str = ""
    """The id that was asked for."""


class Had(NamedTuple):
    """What is already there of a feed."""

    modified: Callable[[], Mapping[str, str]]
    """When each record was, by id, in UTC."""
    items: Callable[[], Iterator[Item]]
    """Named by their ids."""


def is_url(origin: str) -> bool:
    return origin.lower().startswith(("https://", "http://"))


def name_of(origin: str) -> str:
    """What to call it. Raises UsageError for what is no address, though it begins as one."""
    path = origin
    if is_url(origin):
        try:
            host, path = urlsplit(origin)[1:3]
        except ValueError:
            host = ""
        if not host:
            raise UsageError(f"--from {origin!r} is no address: expected https://HOST/PATH")
    parts = [part for part in path.split("/") if part not in ("", ".")]
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
        with _opened(path) as file:
            head = file.read(len(_ZIP))
    except FileNotFoundError as error:
        raise UsageError(f"--from {str(path)!r} is not there") from error
    except (OSError, ValueError) as error:
        raise ReadError(f"--from {str(path)!r} cannot be read: {reason(error)}") from error
    if head == _ZIP:
        return _zip(path, str(path))
    if _SOURCE.fullmatch(path.name):
        raise ReadError(f"--from {str(path)!r}: {_why_not(path.name)}")
    return iter([Item(path.name, _unpacked(_file(path), str(path)))])


def _folder(path: Path) -> Iterator[Item]:
    """Hidden ones are left out; links are not followed."""

    def refuse(error: OSError) -> None:
        raise ReadError(f"--from {str(path)!r}: a folder in it cannot be read: {reason(error)}") from error

    for folder, folders, names in os.walk(path, onerror=refuse):
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted((*names, *linked)):
            here = Path(folder, name)
            shown = os.fsencode(here.relative_to(path)).decode(errors="backslashreplace")
            if name.startswith("."):
                continue
            if here.is_symlink():
                if name in linked or _is_read(name) or _why_not(name):
                    yield Item(shown, b"", "it is a link, which is not followed: name what it leads to with --from")
            elif _is_read(name):
                yield Item(shown, _unpacked(_file(here), str(here)))
            elif why := _why_not(name):
                yield Item(shown, b"", why)


def _is_read(name: str) -> bool:
    return name.lower().endswith(_READ)


def _why_not(name: str) -> str:
    """Of a file that holds records, and is not read. Empty for what is something else."""
    if _SOURCE.fullmatch(name.rpartition("/")[2]):
        return "only JSON is read: take the records as OSV exports them"
    if name.lower().endswith(_PACKED):
        return "it may hold many records: name it with --from if it is a zip, else unpack it"
    return ""


def _opened(path: Path) -> BinaryIO:
    # O_NONBLOCK: opening a pipe must not wait for a writer
    file = open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb")  # noqa: SIM115 (given to the caller)
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise ReadError(f"{str(path)!r} is no file")


def _file(path: Path) -> bytes:
    try:
        with _opened(path) as file:
            raw = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ReadError(f"{str(path)!r} cannot be read: {reason(error)}") from error
    if len(raw) > _MOST_BYTES:
        raise ReadError(f"{str(path)!r} is longer than {_MOST_BYTES:,} bytes")
    return raw


def _zip(path: Path, where: str) -> Iterator[Item]:
    import lzma
    import zipfile

    torn = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
    broken = (*torn, RuntimeError, OSError, ValueError, OverflowError)
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                shown = info.filename.encode(errors="backslashreplace").decode()
                if not _is_read(shown):
                    if why := _why_not(shown):
                        yield Item(shown, b"", why)
                    continue
                with archive.open(info) as member:
                    raw = member.read(_MOST_BYTES + 1)
                if len(raw) > _MOST_BYTES:
                    raise ReadError(f"{where!r}: a member is longer than {_MOST_BYTES:,} bytes")
                yield Item(shown, _unpacked(raw, where))
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
    # what is here cannot be younger than there, unless they took back what they had dated wrongly
    ahead = {id_ for id_, at in changed.items() if modified.get(id_, "") > at}
    wanted = [id_ for id_, at in changed.items() if at > modified.get(id_, "") or id_ in ahead]
    if not modified or len(wanted) > _SINGLY:
        there = set()
        for item in _served_zip(web, url + _ALL):
            there.add(item.name.rpartition("/")[2])
            yield item
        wanted = [id_ for id_ in changed if f"{id_}.json" not in there]  # the archive is made now and then
        if len(wanted) > _SINGLY:
            raise ReadError(f"{named(url)}{_ALL} lacks {len(wanted):,} of the records that {_CHANGED} names")
    else:
        yield from (item for item in had.items() if item.name not in ahead)
    for id_ in wanted:
        yield Item(id_, _get(web, f"{url}{quote(id_, safe='')}.json"), must_be=id_)


def _changed(web: Web, url: str) -> Mapping[str, str]:
    changed = dict[str, str]()
    for line in _get(web, url + _CHANGED).decode("ascii", "replace").splitlines():
        at, _, id_ = line.partition(",")
        found = in_utc(at)
        if not found or not id_ or "/" in id_:
            raise ReadError(
                f"{named(url)}{_CHANGED}: {line[:80]!r} is no time and id: name the folder of one ecosystem"
            )
        changed[id_] = max(found, changed.get(id_, ""))
    if not changed:
        raise ReadError(f"{named(url)}{_CHANGED} is empty")
    return changed
