"""CRFsuite: https://www.chokkan.org/software/crfsuite/"""

from __future__ import annotations

import struct
from collections.abc import Sequence

LABELS = ("B", "I", "O")
ATTRIBUTES = ("w=a", "w=b", "bias", "ünï")
WEIGHTS = [(0, 0, 1), (0, 1, 2), (0, 2, 0), (0, 3, 0), (1, 0, 1)]
"""Kind (of an attribute, of a label), from what, to which label."""


def numbers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def chunk(mark: bytes, body: bytes) -> bytes:
    return mark + numbers(len(body) + 8) + body


def weights(of: Sequence[tuple[int, int, int]]) -> bytes:
    return chunk(b"FEAT", numbers(len(of)) + b"".join(numbers(*one) + struct.pack("<d", 0.5) for one in of))


def names(of: Sequence[str]) -> bytes:
    """A CQDB; each name has a hash table of its own, of two places."""
    records, places, at = b"", [], 24 + 2048
    for index, one in enumerate(of):
        places.append(at + len(records))
        records += numbers(index, len(one.encode()) + 1) + one.encode() + b"\0"
    tables_at = at + len(records)
    tables = b"".join(numbers(index, place, 0, 0) for index, place in enumerate(places))
    refs = b"".join(numbers(tables_at + 16 * index, 2) for index in range(len(of))).ljust(2048, b"\0")
    head = numbers(0, 0x62445371, len(of), tables_at + len(tables))
    return chunk(b"CQDB", head + refs + records + tables + numbers(*places))


def lists(mark: bytes, start: int, of: Sequence[Sequence[int]], more: int = 0) -> bytes:
    at, places, body = start + 12 + 4 * (len(of) + more), [], b""
    for one in of:
        places.append(at + len(body))
        body += numbers(len(one), *one)
    return chunk(mark, numbers(len(of) + more, *places, *[0] * more) + body)


def model(of: Sequence[tuple[int, int, int]] = WEIGHTS, lead: int = 0) -> bytes:
    """*lead* is added to the number of a weight that an attribute leads to."""
    parts, starts, at = [], [], 48
    for part in (weights(of), names(LABELS), names(ATTRIBUTES)):
        parts.append(part)
        starts.append(at)
        at += len(part)
    parts.append(bytes(-at % 4))
    at += -at % 4
    for mark, count, more in ((b"LFRF", 1, 2), (b"AFRF", 0, 0)):
        owned = [[i for i, one in enumerate(of) if one[0] == count and one[1] == n] for n in range(3 + 1 - count)]
        if not count:
            owned[0][0] += lead
        parts.append(lists(mark, at, owned, more))
        starts.append(at)
        at += len(parts[-1])
    head = b"lCRF" + numbers(at) + b"FOMC" + numbers(100, 0, len(LABELS), len(ATTRIBUTES), *starts)
    return head + b"".join(parts)


def ordinary() -> dict[str, bytes]:
    return {"model": model()}


def hostile() -> dict[str, bytes]:
    from tests.corpus.files import zipped

    return {"zip-behind": model() + zipped({"data.pkl": b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."})}
