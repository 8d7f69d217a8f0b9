"""tar archives: ustar, pax, GNU and the nameless format before them, read as Python's tarfile does.

https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13
https://www.gnu.org/software/tar/manual/html_node/Standard.html

tarfile stops without a word at the first block that is no header; here that is a gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from modelward.core.artifact import Source
from modelward.core.canonical import escape_bytes
from modelward.core.limits import Limits

BLOCK = 512
_WINDOW = 1 << 18
_LONGEST_EXTENSION = 1 << 20
_LONGEST_NAME = 4096  # PATH_MAX: nothing can be created under a longer one
_MOST_NAME_BYTES = 16 << 20

Kind = Literal["file", "directory", "symlink", "hardlink", "device", "fifo", "sparse", "other"]
_KINDS: dict[bytes, Kind] = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"1": "hardlink",
    b"2": "symlink",
    b"3": "device",
    b"4": "device",
    b"5": "directory",
    b"6": "fifo",
    b"S": "sparse",
}
_DATALESS = (b"1", b"2", b"3", b"4", b"5", b"6")
_EXTENSIONS = (b"L", b"K", b"x", b"X", b"g")

Oddity = Literal[
    "path-escape",  # its name leaves the folder that it is unpacked into
    "link-escape",  # it is a link to somewhere outside
    "planted-link",  # its path goes through a link that came before it
    "duplicate-name",
    "special-file",
    "ambiguous-header",  # readers disagree on its name, or on where the next header is
    "data-after-end",
]


@dataclass(frozen=True, slots=True)
class TarMember:
    name: str
    """Escaped (canonical.escape_bytes)."""
    kind: Kind
    header: int
    """Where the first of its headers begins."""
    at: int
    size: int
    """Bytes of data that are there, from *at* on."""
    link: str = ""


@dataclass(frozen=True, slots=True)
class TarAnomaly:
    oddity: Oddity
    name: str
    at: int
    detail: str


@dataclass(frozen=True, slots=True)
class TarGap:
    """What stands from *start* on (up to *end*, where that is known) was not read."""

    why: str
    start: int
    end: int | None = None


TarPart = TarMember | TarAnomaly | TarGap


def read_tar(source: Source, limits: Limits) -> Iterator[TarPart]:
    """Members in their order, the anomalies of each before it.

    The next header is read when it is asked for, so a forward-only source is passed only once
    while its members are looked at. Every byte up to the first gap belongs to a header, to a
    member, or is padding (which is not looked at).
    """
    try:
        yield from _parts(source, limits)
    except _Broken as broken:
        yield TarGap(broken.why, broken.at)


class _Broken(Exception):
    def __init__(self, why: str, at: int) -> None:
        self.why, self.at = why, at


def _parts(source: Source, limits: Limits) -> Iterator[TarPart]:
    at, names, given = 0, _Names(), _Given()
    for _ in range(limits.entries):
        block = source.read(at, BLOCK)
        if not block.strip(b"\0"):
            if given.start is not None:
                raise _Broken("the archive ends where a member was announced", given.start)
            if len(block) < BLOCK:
                raise _Broken("the archive has no end mark: it may be cut off", at)
            yield from _after_end(source, at + BLOCK)
            return
        header = _Header.parse(block)
        if header is None:
            raise _Broken("no tar header where one must be" if len(block) == BLOCK else "the archive is cut off", at)
        if header.type in _EXTENSIONS:
            at = given.take(header, source, at)
            continue
        stored = given.stored(header, at)
        member = _member(source, at, header, given, stored)
        yield from names.oddities(member, given.name(header), given.link(header), header.odd or given.odd)
        yield member
        if member.size < stored:
            raise _Broken("the archive is cut off", member.at + member.size)
        if member.kind == "sparse":
            yield TarGap("a sparse file: its holes are not filled in", member.at, member.at + stored)
        at, given = member.at + _padded(stored), _Given()
        if names.full:
            raise _Broken("the names of the members take more than 16 MiB", at)
    raise _Broken(f"more than {limits.entries} members", at)


def number(field: bytes) -> int | None:
    """A number as tarfile reads it, the most generous of the readers: octal text up to a NUL,
    or base 256 when the first byte says so. None: not a number."""
    if field[:1] in (b"\x80", b"\xff"):
        return int.from_bytes(field[1:], "big") - (256 ** (len(field) - 1) if field[0] == 0xFF else 0)
    try:
        return int(_text(field).decode("ascii").strip() or "0", 8)
    except ValueError:
        return None


def is_header(block: bytes) -> bool:
    """Whether its checksum fits, over unsigned or (some old writers) signed bytes."""
    stored = number(block[148:156])
    if len(block) != BLOCK or stored is None or not any(block):
        return False
    others = block[:148] + block[156:]
    unsigned = 8 * 0x20 + sum(others)
    return stored == unsigned or stored == unsigned - 256 * sum(byte > 0x7F for byte in others)


@dataclass(frozen=True, slots=True)
class _Header:
    name: bytes
    type: bytes
    size: int
    link: bytes
    continued: bool
    """A sparse file whose map goes on in the next block."""
    odd: str

    @classmethod
    def parse(cls, block: bytes) -> _Header | None:
        size = number(block[124:136]) if is_header(block) else None
        if size is None or size < 0:
            return None
        name, kind, prefix = _text(block[:100]), block[156:157], _text(block[345:500])
        odd = ""
        if kind == b"\0" and name.endswith(b"/"):
            kind = b"5"
        if prefix and kind not in (b"L", b"K", b"S"):
            name = prefix + b"/" + name
            # tarfile joins them in every format, others only where POSIX's mark stands
            odd = "" if block[257:263] == b"ustar\0" else "a prefix in a format that has none"
        if size and kind in _DATALESS:
            odd = "a size where there is no data"
        return cls(name, kind, size, _text(block[157:257]), kind == b"S" and block[482] != 0, odd)


# <length> <key>=<value>\n, the length counting itself
_RECORD = re.compile(rb"([0-9]{1,9}) ([^=\0]+)=")
_NAMING = (b"path", b"linkpath", b"size")


class _Given:
    """What extension headers say about the member that follows them."""

    def __init__(self) -> None:
        self.start: int | None = None
        self.values: dict[bytes, bytes] = {}
        self.odd = ""

    def take(self, header: _Header, source: Source, at: int) -> int:
        """Remember what the extension says; where the next header is."""
        if header.size > _LONGEST_EXTENSION:
            raise _Broken(f"an extension header of {header.size} bytes", at)
        payload = source.read(at + BLOCK, _padded(header.size))
        if len(payload) < header.size:
            raise _Broken("the archive is cut off", at)
        self.start = at if self.start is None else self.start
        if payload[header.size :].strip(b"\0"):
            self.odd = "text in the padding of an extension header"
        if header.type in (b"L", b"K"):
            self._set(b"path" if header.type == b"L" else b"linkpath", _text(payload))
        else:
            self._take_records(payload[: header.size], header.type == b"g", at)
        return at + BLOCK + _padded(header.size)

    def _take_records(self, payload: bytes, common: bool, at: int) -> None:
        position = 0
        while position < len(payload):
            record = _RECORD.match(payload, position)
            end = position + int(record[1]) if record else 0
            if record is None or record.end() >= end or payload[end - 1 : end] != b"\n":
                raise _Broken("a pax header that does not consist of records", at)
            if not common:
                self._set(record[2], payload[record.end() : end - 1])
            elif record[2] in _NAMING or record[2].startswith(b"GNU."):
                raise _Broken("a global pax header that names or sizes all members", at)
            position = end

    def name(self, header: _Header) -> bytes:
        return self.values.get(b"GNU.sparse.name", self.values.get(b"path", header.name))

    def link(self, header: _Header) -> bytes:
        return self.values.get(b"linkpath", header.link)

    def stored(self, header: _Header, at: int) -> int:
        """Bytes of data behind the header."""
        if header.type in _DATALESS:
            return 0
        size = self.values.get(b"size", b"%d" % header.size)
        if not re.fullmatch(rb"[0-9]{1,99}", size):
            raise _Broken("a pax header whose size is no number", at)
        return int(size)

    @property
    def sparse(self) -> bool:
        return any(key.startswith(b"GNU.sparse.") for key in self.values)

    def _set(self, key: bytes, value: bytes) -> None:
        if key in _NAMING and self.values.get(key, value) != value:
            self.odd = f"two extension headers with a {key.decode()}"
        self.values.setdefault(key, value)


def _member(source: Source, at: int, header: _Header, given: _Given, stored: int) -> TarMember:
    data, more = at + BLOCK, header.continued
    while more:
        sparse_map = source.read(data, BLOCK)
        data, more = data + BLOCK, len(sparse_map) == BLOCK and sparse_map[504] != 0
    # the size of the source is asked for only once its end is behind us
    whole = stored == 0 or source.read(data + stored - 1, 1) != b""
    return TarMember(
        escape_bytes(given.name(header)),
        "sparse" if given.sparse else _KINDS.get(header.type, "other"),
        at if given.start is None else given.start,
        data,
        stored if whole else max(0, source.size - data),
        escape_bytes(given.link(header)) if header.type in (b"1", b"2") else "",
    )


class _Names:
    """The paths that the members so far would have created."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._links: set[bytes] = set()
        self._bytes = 0

    @property
    def full(self) -> bool:
        return self._bytes > _MOST_NAME_BYTES

    def oddities(self, member: TarMember, name: bytes, link: bytes, odd: str) -> Iterator[TarAnomaly]:
        if len(name) > _LONGEST_NAME or len(link) > _LONGEST_NAME:
            name, link, odd = b"", b"", "a path that is longer than any path may be"
        if odd:
            yield _odd(member, "ambiguous-header", odd)
        if member.kind in ("device", "fifo"):
            yield _odd(member, "special-file", member.kind)
        path, planted = self._follow(name)
        if path is None:
            yield _odd(member, "path-escape", "its path leaves the folder")
            return
        if member.kind in ("symlink", "hardlink"):
            folder = b"" if member.kind == "hardlink" else name.rstrip(b"/").rpartition(b"/")[0]
            target, through = self._follow(folder + b"/" + link if folder and not _absolute(link) else link)
            planted = planted or through
            if target is None:
                yield _odd(member, "link-escape", f"it leads to {member.link}")
        if planted is not None:
            yield _odd(member, "planted-link", f"its path goes through the link {escape_bytes(planted)}")
        if member.kind != "directory" and path in self._seen:
            yield _odd(member, "duplicate-name", "a member of this name came before")
        self._seen.add(path)
        if member.kind == "symlink":
            self._links.add(path)
        self._bytes += len(path)

    def _follow(self, name: bytes) -> tuple[bytes | None, bytes | None]:
        """Where *name* is below the root (None: outside), and the first link on the way. Both
        separators count, since the archive may be unpacked where both are."""
        if _absolute(name):
            return None, None
        parts: list[bytes] = []
        planted = None
        for part in name.replace(b"\\", b"/").split(b"/"):
            if part in (b"", b"."):
                continue
            if self._links and planted is None and b"/".join(parts) in self._links:
                planted = b"/".join(parts)
            if part != b"..":
                parts.append(part)
            elif parts:
                parts.pop()
            else:
                return None, planted
        return b"/".join(parts), planted


_ABSOLUTE = re.compile(rb"[/\\]|[A-Za-z]:[/\\]")


def _absolute(name: bytes) -> bool:
    return _ABSOLUTE.match(name) is not None


def _odd(member: TarMember, oddity: Oddity, detail: str) -> TarAnomaly:
    return TarAnomaly(oddity, member.name, member.header, detail)


def _after_end(source: Source, at: int) -> Iterator[TarAnomaly]:
    """Readers stop at the first block of zeros (some ask for two), unless told to go on."""
    while window := source.read(at, _WINDOW):
        content = window.lstrip(b"\0")
        if content:
            start = at + len(window) - len(content)
            yield TarAnomaly("data-after-end", "", start - start % BLOCK, "data after the end of the archive")
            return
        at += len(window)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
