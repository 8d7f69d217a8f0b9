"""https://www.bamsoftware.com/hacks/zipbomb/"""

from __future__ import annotations

from tests.formats.zips import Record, end_record


def _listed(*names: bytes) -> bytes:
    """One member, with an entry for each name."""
    body = Record(b"a").local(b"x") + b"x"
    directory = b"".join(Record(name).entry(b"x", 0) for name in names)
    return body + directory + end_record(len(names), len(directory), len(body))


def fires() -> bytes:
    return _listed(b"a", b"b")


def quiet() -> bytes:
    return _listed(b"a")
