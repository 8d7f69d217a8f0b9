"""A file on a server, by ranges of one and the same object, or whole.

The first answer pins the object: by its strong ETag where it has one, which every later request
demands (If-Match); else by Last-Modified and length, and if need be by length alone, which is said.
Refused are servers that change the object, ignore the range, or send something else than they say.

https://www.rfc-editor.org/rfc/rfc9110#section-14 (ranges) and #section-13 (conditions)
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelward.core.errors import ReadError
from modelward.stores.files import reason
from modelward.stores.web import Answer, Hop, Web

_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
_EMPTY = "bytes */0"
_STRONG = re.compile(r'"[^"]*"')
_SPARE = 64 << 20  # of the disk, which others need too
_LOGIN = (401, 403)
_REASONS = {
    401: "it wants credentials",
    403: "it is not for everyone",
    404: "it is not there",
    410: "it is gone",
    412: "it changed while it was read: scan it again",
    429: "the server wants fewer requests: try again later",
}


@dataclass(frozen=True, slots=True)
class Pin:
    """What tells one object from the next under the same address."""

    size: int
    etag: str
    modified: str

    @classmethod
    def of(cls, headers: Mapping[str, str], size: int) -> Pin:
        return cls(size, headers.get("etag", ""), headers.get("last-modified", ""))

    @property
    def is_strong(self) -> bool:
        return bool(_STRONG.fullmatch(self.etag))

    def conditions(self) -> dict[str, str]:
        if self.is_strong:
            return {"if-match": self.etag}
        return {"if-unmodified-since": self.modified} if self.modified else {}

    def holds(self, other: Pin) -> bool:
        return other == self if not self.is_strong else (other.size, other.etag) == (self.size, self.etag)

    def __str__(self) -> str:
        if self.is_strong:
            return f"ETag {self.etag}"
        weak = "its length and Last-Modified alone" if self.modified else "its length alone"
        return f"{weak}: the server gives no strong ETag"


class HttpFile:
    """One object, whose first bytes are fetched at once."""

    def __init__(self, web: Web, url: str, first: int) -> None:
        """Raises ReadError for what is not there, and for a server that does not give ranges."""
        self._web = web
        with web.get(url, {"range": f"bytes=0-{first - 1}"}) as answer:
            self.hops: tuple[Hop, ...] = (*answer.hops, (answer.url, answer.headers))
            self.url = answer.url
            size = _size(answer, first)
            self.pin = Pin.of(answer.headers, size)
            self.head = bytes(answer.whole(min(first, size))) if size else b""

    @property
    def size(self) -> int:
        return self.pin.size

    def fetch(self, start: int, end: int) -> bytearray:
        """Bytes [start, end) of the object that the first answer was about. Raises ReadError."""
        asked = {"range": f"bytes={start}-{end - 1}"} | self.pin.conditions()
        with self._web.get(self.url, asked) as answer:
            if answer.status == 200:
                raise answer.error("it changed while it was read, or the server stopped giving ranges: scan it again")
            if _range(answer) != (start, end, self.size):
                raise answer.error(f"other bytes came than the {end - start:,} from {start:,} on that were asked for")
            if not self.pin.holds(Pin.of(answer.headers, self.size)):
                raise answer.error(_REASONS[412])
            return answer.whole(end - start)


def _size(answer: Answer, first: int) -> int:
    """Of the whole object, as the first answer says it."""
    if answer.status == 416 and answer.headers.get("content-range") == _EMPTY:
        return 0
    if answer.status == 200:
        length = length_of(answer)
        if length > first:
            raise answer.error(f"the server does not give ranges, only all {length:,} bytes: add --full")
        return length
    start, end, size = _range(answer)
    if (start, end) != (0, min(first, size)):
        raise answer.error(f"bytes {start:,} to {end:,} of {size:,} came instead of the first {first:,}")
    return size


def length_of(answer: Answer) -> int:
    stated = answer.headers.get("content-length", "")
    if not re.fullmatch(r"[0-9]{1,18}", stated):
        raise answer.error("the server does not say how long it is")
    return int(stated)


def _range(answer: Answer) -> tuple[int, int, int]:
    """(start, end, size) of a 206 with one range."""
    if answer.status != 206:
        raise refused(answer)
    if answer.headers.get("content-type", "").lower().startswith("multipart/"):
        raise answer.error("the server answers one range with several parts")
    stated = answer.headers.get("content-range", "")
    found = _RANGE.fullmatch(stated)
    if not found:
        raise answer.error(f"the server does not say which bytes it sends, but {stated[:100]!r}")
    start, last, size = map(int, found.groups())
    return start, last + 1, size


def refused(answer: Answer) -> ReadError:
    """For an answer that is no file: what its status means, and what the server says to it."""
    why = _REASONS.get(answer.status, "the server cannot give it")
    if answer.status in _LOGIN and "x-error-code" in answer.headers:  # a hub: it may be there for others
        why = f"{why}; set HF_TOKEN to a token that may read it, once its page lets you in"
    said = answer.headers.get("x-error-message", "")[:200]
    return answer.error(f"{why} (status {answer.status}{f': {said}' if said else ''})")


@dataclass(frozen=True, slots=True)
class Download:
    path: Path
    pin: Pin
    hops: tuple[Hop, ...]


@contextmanager
def download(web: Web, url: str) -> Iterator[Download]:
    """The whole object in a file of its own, which is gone afterwards. Raises ReadError."""
    with tempfile.TemporaryDirectory(prefix="modelward-") as folder:
        path = Path(folder) / "download"
        with web.get(url) as answer:
            if answer.status != 200:
                raise refused(answer)
            size = length_of(answer)
            if shutil.disk_usage(folder).free < size + _SPARE:
                raise answer.error(f"there is no room for {size:,} bytes in {folder}: set TMPDIR")
            try:
                with path.open("wb") as file:
                    for piece in answer.body(size):
                        file.write(piece)
            except OSError as error:
                raise answer.error(f"cannot keep it: {reason(error)}") from error
            hops = (*answer.hops, (answer.url, answer.headers))
        yield Download(path, Pin.of(answer.headers, size), hops)
