"""Scans a file far away by fetching what a verdict needs, and names what was not fetched.

Guaranteed: nothing is found that a scan of the whole file would not find, and every byte that was
not fetched lies in the span of an Unexamined, whatever the file says of itself. Which bytes are
worth fetching is a guess of ours that only decides how much can be said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from modelward.checks.scan.here import UNREAD
from modelward.checks.scan.model import FileScan
from modelward.checks.scan.torch.archive import storage_names
from modelward.checks.scan.walk import examine, examine_as
from modelward.core.errors import NotFetched
from modelward.core.finding import Location, Unexamined
from modelward.core.limits import Limits
from modelward.formats.gguf import read_gguf
from modelward.formats.parts import Parts, Span
from modelward.formats.safetensors import read_safetensors
from modelward.formats.sniff import sniff_ends
from modelward.formats.zip import ZipFacts, read_zip
from modelward.formats.zip_records import find_ends, read_end

Fetch = Callable[[int, int], bytes | bytearray]
"""Bytes [start, end), all of them, by one request."""

FIRST = 32 << 10
"""What to fetch before it is known what the file is."""
REQUESTS = 4
"""As many may follow."""
MOST = 32 << 20
"""Bytes fetched of one file, since they are kept in memory."""

_TAIL = 32 << 10
_DIRECTORY = 8 << 20
_NEAR = 4 << 10  # bytes between two spans that cost less than another request
_MEMBERS = 1000
_SHOWN = 100  # characters of a name in a message
_FULL = "add --full to read and hash all of it"


def examine_parts(parts: Parts, fetch: Fetch, limits: Limits) -> FileScan:
    """*parts* holds at least the beginning of the file, FIRST bytes if there are so many. If all of it
    was fetched in the end, this is what `examine` says."""
    if not parts.missing():
        return examine(parts, limits)
    reach = _Reach(parts, fetch)
    formats = reach.recognise()
    if "zip" in formats:
        reach.take_zip(limits)
    elif "safetensors" in formats:
        reach.take_header()
    elif "gguf" not in formats and parts.size <= MOST:
        reach.take((0, parts.size))
    if not parts.missing():
        return examine(parts, limits)
    scan = examine_as(parts, formats, limits)
    while not {"zip", "safetensors"} & set(formats) and reach.go_on(scan):
        scan = examine_as(parts, formats, limits)
    if not parts.missing():
        return examine(parts, limits)
    gaps = tuple(_gaps(parts, formats, limits))
    unread = sum(end - start for start, end in parts.missing())
    return replace(scan, unexamined=scan.unexamined + gaps, examined=parts.size - unread)


class _Reach:
    """What is fetched, within REQUESTS and MOST."""

    def __init__(self, parts: Parts, fetch: Fetch) -> None:
        self._parts = parts
        self._fetch = fetch
        self._requests = REQUESTS
        self._bytes = MOST

    def recognise(self) -> tuple[str, ...]:
        parts = self._parts
        head = parts.read(0, min(FIRST, parts.size))
        formats = sniff_ends(head, b"")
        if "zip" in formats or (formats == ("unknown",) and parts.size > MOST):
            start = max(0, parts.size - _TAIL)
            self.take((start, parts.size))
            return sniff_ends(head, parts.read(start, _TAIL))
        return formats

    def take(self, *spans: Span) -> None:
        for start, end in (gap for span in spans for gap in self._parts.missing(*span)):
            if self._requests and end - start <= self._bytes:
                self._requests -= 1
                self._bytes -= end - start
                self._parts.put(start, self._fetch(start, end))

    def take_header(self) -> None:
        """https://github.com/huggingface/safetensors#format"""
        self.take((0, 8 + int.from_bytes(self._parts.read(0, 8), "little")))

    def go_on(self, scan: FileScan) -> bool:
        """Fetch more of the beginning, if *scan* ended for want of it. Whether there is more now."""
        asked, missing = self._parts.asked, self._parts.missing()
        self._parts.asked = None
        wanting = any(gap.why == UNREAD for gap in scan.unexamined)
        if not missing or not wanting or asked is None or asked[0] != missing[0][0]:
            return False
        start = asked[0]
        self.take((start, min(max(asked[1], 8 * start), MOST, missing[0][1])))
        return self._parts.missing() != missing

    def take_zip(self, limits: Limits) -> None:
        """The directory, then what it lists: pickles first, small members before large ones, and none
        of what lies where a torch archive has its storages."""
        try:
            ends = find_ends(self._parts)
            if not ends:
                return
            end = read_end(self._parts, ends[-1])
            directory = end.first - end.directory_size
            if directory >= 0 and end.directory_size <= _DIRECTORY:
                self.take((directory, end.first))
            facts = read_zip(self._parts, limits)
        except NotFetched:
            return
        is_storage = storage_names(facts)
        spans = [
            (not name.endswith(".pkl"), stop - start, start, stop)
            for start, stop, name in _members(facts, self._parts.size)
            if not is_storage(name) and self._parts.missing(start, stop)
        ]
        self._take_most([(start, stop) for *_, start, stop in sorted(spans)[:_MEMBERS]])

    def _take_most(self, spans: list[Span]) -> None:
        """As many of *spans* as the requests that are left can fetch, the first ones first."""
        chosen: list[Span] = []
        for span in spans:
            joined = _join([*chosen, span])
            if len(joined) <= self._requests and sum(stop - start for start, stop in joined) <= self._bytes:
                chosen = joined
        self.take(*chosen)


def _join(spans: list[Span]) -> list[Span]:
    """Neighbours made one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + _NEAR:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


# -- what was not fetched


@dataclass(frozen=True, slots=True)
class _Names:
    """What lies where in a file, by position."""

    noun: str
    items: list[tuple[int, int, str]]


def _gaps(parts: Parts, formats: tuple[str, ...], limits: Limits) -> Iterator[Unexamined]:
    try:
        names = _names(parts, formats, limits)
    except NotFetched:
        names = _Names("", [])
    for start, end in parts.missing():
        inside = [name for first, stop, name in names.items if first < end and start < stop]
        what = ""
        if len(inside) == 1:
            what = f": {inside[0][:_SHOWN]}"
        elif inside:
            what = f": {len(inside):,} {names.noun}, {inside[0][:_SHOWN]} to {inside[-1][:_SHOWN]}"
        yield Unexamined(Location(None, (), (start, end)), f"{end - start:,} bytes were not read{what}", _FULL)


def _names(parts: Parts, formats: tuple[str, ...], limits: Limits) -> _Names:
    if "zip" in formats:
        return _Names("members", list(_members(read_zip(parts, limits), parts.size)))
    if "safetensors" in formats:
        tensors = read_safetensors(parts, limits).tensors
        return _Names("tensors", [(tensor.start, tensor.end, tensor.name) for tensor in tensors])
    if "gguf" in formats:
        return _Names("tensors", [(t.start, t.start + (t.size or 1), t.name) for t in read_gguf(parts, limits).tensors])
    return _Names("", [])


def _members(facts: ZipFacts, size: int) -> Iterator[tuple[int, int, str]]:
    """Each member with all that belongs to it: to where the next one begins."""
    starts = sorted({member.header_at for member in facts.members})
    for member in facts.members:
        place = bisect_right(starts, member.header_at)
        least = member.at + member.compressed
        end = starts[place] if place < len(starts) else least + _NEAR
        yield member.header_at, min(max(end, least), size), member.name
