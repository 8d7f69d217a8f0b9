"""Zip archives, read from both of their descriptions at once.

A zip file describes its members twice: in a local header before each one, and in the central
directory at the end. Some readers believe the one, some the other, and an archive that tells
them different things shows each another content. So this reader takes every member that either
description leads to, and states each way in which they disagree.

Guaranteed: every byte of the file belongs to a member, to a record, or to a span named by an
anomaly or a gap (runs of zeros between members excepted). Not read: comments, and extra fields
other than zip64 and the Unicode name.
"""

from __future__ import annotations

import re
import stat
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b

from modelward.core.artifact import Source
from modelward.core.errors import NotFetched
from modelward.core.limits import Limits
from modelward.formats.source import BLOCK, Budget
from modelward.formats.zip_data import METHODS, STORED, Member, crc_matches, open_member
from modelward.formats.zip_records import (
    ENCRYPTED,
    SHORTEST_LOCAL,
    STREAMED,
    UTF8,
    End,
    Header,
    Window,
    comment_end,
    descriptors,
    find_descriptor,
    find_ends,
    read_end,
    read_entry,
    read_local,
)

__all__ = ("Anomaly", "Gap", "Kind", "Member", "ZipFacts", "crc_matches", "is_zero", "open_member", "read_zip")

_REFUSED = 0x0020 | 0x0040 | 0x2000  # patch data, strong encryption, masked headers (4.4.4): readers stop or ignore it
_HEADERS = 48 << 20  # bytes of all headers, and of their names in memory: 480 for each of 100,000 members
_SEARCH = 16 << 20
_NOT_HERE = "bytes that no entry accounts for were not read"
_SHOWN = 200  # characters of a name inside a message
_SUSPECT = re.compile(r"\0|\\\\|\.\.|^/|^[A-Za-z]:|^$")
_ESCAPE = re.compile(r"^(?:/|\\\\|[A-Za-z]:)|(?:^|/|\\\\)\.\.(?:/|\\\\|$)")  # a backslash is doubled in an escaped name
_SPECIAL = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Kind(StrEnum):
    """In which ways an archive can be read as two different ones, or mean harm when it is unpacked."""

    NAME_MISMATCH = "name-mismatch"
    HEADER_MISMATCH = "header-mismatch"
    UNLISTED_MEMBER = "unlisted-member"
    MISSING_MEMBER = "missing-member"
    OVERLAP = "overlap"
    DUPLICATE_NAME = "duplicate-name"
    CASE_DUPLICATE = "case-duplicate"
    PATH_ESCAPE = "path-escape"
    ODD_NAME = "odd-name"
    BACKSLASH_NAME = "backslash-name"
    SPECIAL_FILE = "special-file"
    ENCRYPTED_MEMBER = "encrypted-member"
    UNKNOWN_METHOD = "unknown-method"
    ODD_FLAGS = "odd-flags"
    ODD_EXTRA = "odd-extra"
    AMBIGUOUS_END = "ambiguous-end"
    PREPENDED_DATA = "prepended-data"
    HIDDEN_DATA = "hidden-data"
    TRAILING_DATA = "trailing-data"


@dataclass(frozen=True, slots=True)
class Anomaly:
    kind: Kind
    at: int
    end: int
    detail: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be read: bytes [at, end), and why."""

    at: int
    end: int
    why: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class ZipFacts:
    members: tuple[Member, ...]
    """Ordered by header_at. Where local header and directory lead to different data, both are here."""
    anomalies: tuple[Anomaly, ...]
    gaps: tuple[Gap, ...]
    base: int
    """What must be added to the offsets that the archive states: bytes prepended after it was made."""


def read_zip(source: Source, limits: Limits) -> ZipFacts:
    """Reads headers alone: the data of stored members is not touched. Of a file that is here in part
    (NotFetched), a member whose local header is not here is described by the directory, and its `at` is
    a byte that is not here, so that whoever opens it meets that. Raises NotFetched where the directory
    is not here."""
    walk = _Walk(source, limits)
    walk.archive()
    walk.members.sort(key=lambda member: member.header_at)
    return ZipFacts(tuple(walk.members), tuple(walk.anomalies), tuple(walk.gaps), walk.base)


def is_zero(source: Source, at: int, end: int) -> bool:
    """Whether bytes [at, end) are all there and all zero: padding, in which nothing can hide."""
    while at < end:
        data = source.read(at, min(BLOCK, end - at))
        if not data or data.count(0) != len(data):
            return False
        at += len(data)
    return True


class _Walk:
    """One pass over the archive, in the order of offsets."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.members: list[Member] = []
        self.anomalies: list[Anomaly] = []
        self.gaps: list[Gap] = []
        self.base = 0
        self._directory = 0
        self._source = source
        self._limits = limits
        self._window = Window(source, 1 << 12)
        self._entries: list[Header] = []  # those still to come, the last one first
        self._whole = False  # the directory was read to its end: what it does not list is an anomaly, not a gap
        self._full = False  # of anomalies
        self._headers = Budget(_HEADERS)
        self._search = Budget(_SEARCH + source.size)
        self._names: set[str] = set()
        self._folded: set[bytes] = set()

    def archive(self) -> None:
        size = self._source.size
        ends = find_ends(self._source)
        if not ends:
            self._gap(size, size, "there is no end of central directory: the archive is cut short")
            self._unclaimed(0, size)
            return
        end = read_end(self._source, ends[-1])
        self._judge_end(end, ends[:-1])
        directory = self._find_directory(end)
        if directory is None:
            self._gap(end.first, min(end.end, size), "there is no central directory where the end record says")
            self._unclaimed(0, end.first)
        else:
            self._directory = directory
            stop = self._read_directory(directory, end)
            reach = self._listed()
            if reach > directory:
                self._note(Kind.OVERLAP, directory, reach, "member data reaches into the central directory")
            self._unclaimed(reach, directory)
            self._unclaimed(max(reach, stop), end.first)
        if end.end < size:
            self._note(Kind.TRAILING_DATA, end.end, size, f"{size - end.end:,} bytes follow the end of the archive")

    # -- the end and the directory

    def _judge_end(self, end: End, rivals: list[int]) -> None:
        size = self._source.size
        for odd in end.odd:
            self._note(Kind.AMBIGUOUS_END, end.first, end.at, odd)
        if end.end > size:
            self._note(Kind.AMBIGUOUS_END, end.at, size, "the archive's comment is longer than the file")
        for rival in rivals:
            # a stored zip inside this one has an end record too, but its comment does not end with our file
            if comment_end(self._source, rival) == size:
                self._note(Kind.AMBIGUOUS_END, rival, end.at, "two end records fit this file: readers see two archives")
                self._gap(rival, end.at, "the archive that belongs to the first of two end records was not read")

    def _find_directory(self, end: End) -> int | None:
        """zipfile goes back from the end by the directory's size and corrects all offsets by what is
        prepended; other readers trust the offset. Both ways must lead to one place."""
        by_size, by_offset = end.first - end.directory_size, end.directory_offset
        if not end.count and not end.directory_size:
            return by_size
        places = [at for at in dict.fromkeys((by_size, by_offset)) if read_entry(self._window, at)]
        if not places:
            return None
        if places[0] != by_size:
            detail = "the size of the central directory does not lead to it, its offset does"
            self._note(Kind.AMBIGUOUS_END, end.first, end.at, detail)
        elif len(places) == 2:
            detail = "the size and the offset of the central directory lead to two different directories"
            self._note(Kind.AMBIGUOUS_END, end.first, end.at, detail)
            self._gap(by_offset, by_offset + end.directory_size, "the second of two central directories was not read")
        self.base = places[0] - by_offset
        # CVE-2025-8291: the offset in the zip64 locator counts from the same base
        if end.shift is not None and end.shift != self.base:
            self._note(Kind.AMBIGUOUS_END, end.first, end.at, "the zip64 locator contradicts the end record")
        return places[0]

    def _read_directory(self, at: int, end: End) -> int:
        """Collects the entries; returns where they stop."""
        entries, window = self._entries, Window(self._source, 1 << 16)
        stop = min(at + end.directory_size, end.first)
        while at < stop:
            entry = read_entry(window, at)
            if entry is None or entry.end > stop:
                self._gap(at, stop, f"the central directory breaks after {len(entries):,} entries")
                return stop
            if len(entries) >= self._limits.entries or not self._afford(entry):
                self._gap(at, stop, f"more entries than the limit: {end.count:,} are announced")
                return stop
            entries.append(entry)
            at = entry.end
        self._whole = True
        if len(entries) != end.count:
            detail = f"the directory has {len(entries):,} entries, the end record says {end.count:,}"
            self._note(Kind.AMBIGUOUS_END, end.first, end.at, detail)
        return stop

    # -- members that the directory lists

    def _listed(self) -> int:
        """Adds them all; returns where the last one ends. Entries are dropped on the way, to save memory."""
        self._entries.sort(key=lambda entry: entry.offset)
        self._entries.reverse()
        local, reach = None, 0
        while self._entries:
            entry = self._entries.pop()
            start = self.base + entry.offset
            if local is not None and local.at < start < local.end:
                # reading headers inside headers would take time without end
                self._note(Kind.OVERLAP, start, local.end, "its header lies inside another one", entry.name)
                self._gap(start, local.end, "it was not read", entry.name)
                continue
            absent = None
            if local is None or local.at != start:
                local, absent = self._local(start)
            if local is None and absent is None:
                self._note(Kind.MISSING_MEMBER, entry.at, entry.end, "there is no local header", entry.name)
                self._gap(entry.at, entry.end, "its data was not found", entry.name)
                continue
            if local is not None and not self._afford(local):
                self._whole = False
                self._gap(start, self._source.size, "the headers are longer than the limit")
                break
            if start < reach:
                self._note(Kind.OVERLAP, start, reach, "shares bytes with the member before it", entry.name)
            else:
                self._unclaimed(reach, start)
            if local is not None:
                reach = max(reach, self._add_listed(entry, local))
            elif absent is not None:
                reach = max(reach, self._add_unread(entry, start, absent))
        return reach

    def _local(self, at: int) -> tuple[Header | None, int | None]:
        """The local header, if there is one; or which of its bytes is not here."""
        try:
            return read_local(self._window, at), None
        except NotFetched as missing:
            return None, missing.start

    def _add_listed(self, entry: Header, local: Header) -> int:
        """Where the member ends, its data descriptor included."""
        local = _filled(local, entry)
        self._compare(entry, local)
        self._add(_member(entry, local), entry)
        if _content(local) != _content(entry):
            # the same member as those see it who do not look into the directory, and what they see next
            self.members.append(replace(_member(local, local), name=entry.name))
            if local.compressed != entry.compressed:
                self._chain(local.end + local.compressed, self._source.size)
        end = local.end + entry.compressed
        if end > self._source.size:
            self._gap(local.end, self._source.size, "its data is cut short", entry.name)
            return self._source.size
        if not (local.flags | entry.flags) & STREAMED:
            return end
        try:
            behind = self._descriptor_end(end, entry)
        except NotFetched:
            return self._up_to_next(end)
        if behind is None:
            self._note(Kind.HEADER_MISMATCH, end, end + 16, "no data descriptor agrees with the directory", entry.name)
        return behind or end

    def _add_unread(self, entry: Header, start: int, absent: int) -> int:
        """A member whose local header is not here, as the directory alone describes it."""
        self._add(_member(entry, entry._replace(at=start, end=absent)), entry)
        end = self._up_to_next(start + SHORTEST_LOCAL + entry.compressed)
        if end > self._source.size:
            self._gap(start, self._source.size, "its data is cut short", entry.name)
        return min(end, self._source.size)

    def _up_to_next(self, end: int) -> int:
        """Where the bytes of a member end that was not read to its end: not before the next one begins."""
        return max(end, self.base + self._entries[-1].offset if self._entries else self._directory)

    def _descriptor_end(self, at: int, header: Header) -> int | None:
        stated = (header.crc, header.compressed, header.size)
        return next((found.end for found in descriptors(self._window, at) if found[:3] == stated), None)

    def _compare(self, entry: Header, local: Header) -> None:
        plain = entry.name.isascii() and "\\" not in entry.name
        if entry.name != local.name:
            detail = f"the local header names it {local.name[:_SHOWN]}"
            self._note(Kind.NAME_MISMATCH, local.at, local.end, detail, entry.name)
            self._judge_name(local.name, local.at)
        for alias in dict.fromkeys((entry.alias, local.alias)):
            if alias not in ("", entry.name):
                # honest where the plain name cannot hold the characters (4.6.9)
                if plain:
                    detail = f"a Unicode name field calls it {alias[:_SHOWN]}"
                    self._note(Kind.NAME_MISMATCH, local.at, local.end, detail, entry.name)
                self._judge_name(alias, local.at)
        # of the flags, those that change how a reader finds the data or the name
        meant = ENCRYPTED | STREAMED | _REFUSED | (0 if plain else UTF8)
        pairs = (
            ("flags", local.flags & meant, entry.flags & meant),
            ("method", local.method, entry.method),
            ("CRC", local.crc, entry.crc),
            ("compressed size", local.compressed, entry.compressed),
            ("size", local.size, entry.size),
        )
        for what, first, second in pairs:
            if first != second:
                detail = f"{what} {first:#x} in the local header, {second:#x} in the directory"
                self._note(Kind.HEADER_MISMATCH, local.at, local.end, detail, entry.name)
        if local.odd:
            self._note(Kind.ODD_EXTRA, local.at, local.end, local.odd, entry.name)

    # -- members and bytes that it does not

    def _unclaimed(self, at: int, end: int) -> None:
        """Bytes [at, end) that no entry accounts for: members by their local headers, then what is left."""
        at = self._chain(at, end)
        if at >= end or (at > 0 and self._is_padding(at, end)):
            return
        if not self._whole:
            self._gap(at, end, "these bytes belong to no member that could be read")
        elif at == 0:
            self._note(Kind.PREPENDED_DATA, at, end, f"{end - at:,} bytes stand before the first member")
        else:
            self._note(Kind.HIDDEN_DATA, at, end, f"{end - at:,} bytes belong to no member")

    def _is_padding(self, at: int, end: int) -> bool:
        try:
            return is_zero(self._source, at, end)
        except NotFetched:
            self._gap(at, end, _NOT_HERE)
            return True

    def _chain(self, at: int, end: int) -> int:
        """Follows local headers from *at* until one is listed; returns where the chain stops."""
        try:
            return self._follow(at, end)
        except NotFetched as missing:
            self._gap(missing.start, end, _NOT_HERE)
            return end

    def _follow(self, at: int, end: int) -> int:
        while at < end and len(self.members) < self._limits.entries and self._headers.left > 0:
            local = None if self._is_listed(at) else read_local(self._window, at)
            if local is None or local.end > end or not self._afford(local):
                break
            at = self._add_unlisted(local, end)
        return at

    def _is_listed(self, at: int) -> bool:
        """Whether an entry still to come names the local header at *at*."""
        place = bisect_left(self._entries, self.base - at, key=lambda entry: -entry.offset)
        return place < len(self._entries) and self._entries[place].offset == at - self.base

    def _add_unlisted(self, local: Header, end: int) -> int:
        if self._whole:
            detail = "has a local header, and the central directory does not list it"
            self._note(Kind.UNLISTED_MEMBER, local.at, local.end, detail, local.name)
        stop = local.end + local.compressed
        if local.flags & STREAMED and not local.compressed:
            found = find_descriptor(self._source, local.end, end, self._search)
            if found is None:
                self._gap(local.end, end, "its size is not known: no data descriptor follows", local.name)
                stop, length = end, end - local.end
                local = local._replace(compressed=length, size=length)
            else:
                stop = found.end
                local = local._replace(crc=found.crc, compressed=found.compressed, size=found.size)
        elif stop > end:
            self._gap(local.end, end, "its data is cut short", local.name)
            stop = end
        elif local.flags & STREAMED:
            stop = self._descriptor_end(stop, local) or stop
        self._add(_member(local, local), local)
        return stop

    # -- each member by itself

    def _afford(self, header: Header) -> bool:
        """Python keeps text in one byte a character, or up to four, with the bytes that it came from."""
        name = len(header.name) if header.name.isascii() else 5 * len(header.name)
        return self._headers.spend(header.end - header.at + name)

    def _add(self, member: Member, header: Header) -> None:
        """*header* is the record that describes it."""
        self.members.append(member)
        header_at, at = member.header_at, member.at
        self._judge_name(member.name, header_at)
        # torch looks members up regardless of the case of ASCII letters; digests take less memory than names
        folded = blake2b(member.name.encode().lower(), digest_size=16).digest()
        if member.name in self._names:
            self._note(Kind.DUPLICATE_NAME, header_at, at, "is there more than once", member.name)
        elif folded in self._folded:
            self._note(Kind.CASE_DUPLICATE, header_at, at, "differs from another name in case alone", member.name)
        self._names.add(member.name)
        self._folded.add(folded)
        for kind, detail in _oddities(header, member):
            self._note(kind, header_at, at, detail, member.name)

    def _judge_name(self, name: str, at: int) -> None:
        if not _SUSPECT.search(name):
            return
        if _ESCAPE.search(name):
            self._note(Kind.PATH_ESCAPE, at, at + 30, "leads out of the folder it is unpacked to", name)
        elif "\\\\" in name:
            self._note(Kind.BACKSLASH_NAME, at, at + 30, "has a backslash, which is a folder on some systems", name)
        if "\0" in name or not name:
            self._note(Kind.ODD_NAME, at, at + 30, "ends at a NUL for some readers" if name else "has no name", name)

    def _note(self, kind: Kind, at: int, end: int, detail: str, member: str = "") -> None:
        if len(self.anomalies) < self._limits.findings:
            self.anomalies.append(Anomaly(kind, at, end, detail, member))
        elif not self._full:
            self._full = True
            self._gap(at, end, "the archive has more anomalies than the limit")

    def _gap(self, at: int, end: int, why: str, member: str = "") -> None:
        if len(self.gaps) < self._limits.findings:
            self.gaps.append(Gap(at, end, why, member))


def _filled(local: Header, entry: Header) -> Header:
    """In the local header of a streamed member zeros stand for the values behind its data (4.4.4)."""
    if not local.flags & STREAMED:
        return local
    crc, size = local.crc or entry.crc, local.size or entry.size
    return local._replace(crc=crc, compressed=local.compressed or entry.compressed, size=size)


def _content(header: Header) -> tuple[int, int, int]:
    """What decides which content a reader of this header gets."""
    return header.compressed, header.method, header.flags & ENCRYPTED


def _member(header: Header, local: Header) -> Member:
    """As *header* describes it, where *local* says that it lies."""
    crc, flags = header.crc, header.flags
    return Member(header.name, local.at, local.end, header.compressed, header.size, crc, header.method, flags)


def _oddities(header: Header, member: Member) -> Iterator[tuple[Kind, str]]:
    """What is odd about one member, whoever describes it."""
    if header.odd:
        yield Kind.ODD_EXTRA, header.odd
    if member.encrypted:
        yield Kind.ENCRYPTED_MEMBER, "is encrypted"
    elif member.method not in METHODS:
        yield Kind.UNKNOWN_METHOD, f"has compression method {member.method}"
    if member.flags & _REFUSED:
        yield Kind.ODD_FLAGS, f"has flags {member.flags:#x}, which some readers refuse and others ignore"
    if member.method == STORED and not member.encrypted and member.size != member.compressed:
        yield Kind.HEADER_MISMATCH, f"is stored as {member.compressed:,} bytes and declared as {member.size:,}"
    if member.is_directory and member.size:
        yield Kind.ODD_NAME, f"is a folder by its name, and holds {member.size:,} bytes"
    special = _SPECIAL.get(stat.S_IFMT(header.mode))
    if special:
        yield Kind.SPECIAL_FILE, f"is unpacked as {special}"
