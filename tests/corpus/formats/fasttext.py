"""fastText: https://fasttext.cc/docs/en/api.html"""

from __future__ import annotations

import struct
from collections.abc import Sequence

WIDTH = 4
WORDS = ((b"</s>", 9, 0), (b"the", 7, 0), ("ünï".encode(), 2, 0), (b"__label__en", 5, 1))


def numbers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def wide(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def head(words: Sequence[tuple[bytes, int, int]] = WORDS, pruned: int = -1, version: int = 12) -> bytes:
    settings = numbers(793712314, version, WIDTH, 5, 5, 1, 5, 1, 3, 3, 2000, 2, 4, 100) + struct.pack("<d", 1e-4)
    labels = sum(kind for _, _, kind in words)
    counts = numbers(len(words), len(words) - labels, labels) + wide(23, pruned)
    entries = b"".join(word + b"\0" + wide(count) + bytes([kind]) for word, count, kind in words)
    return settings + counts + entries + bytes(8 * max(pruned, 0))


def dense(rows: int) -> bytes:
    return b"\0" + wide(rows, WIDTH) + bytes(4 * rows * WIDTH)


def quantizer(width: int, parts: int) -> bytes:
    size = width // parts
    return numbers(width, parts, size, size) + bytes(4 * width * 256)


def quantized(rows: int) -> bytes:
    codes = b"\1\1" + wide(rows, WIDTH) + numbers(2 * rows) + bytes(2 * rows)
    return codes + quantizer(WIDTH, 2) + bytes(rows) + quantizer(1, 1)


def ordinary() -> dict[str, bytes]:
    return {
        "bin": head() + dense(6) + dense(1),
        "ftz": head(pruned=2) + quantized(6) + dense(1),
        "both quantized": head(version=11) + quantized(6) + quantized(1),
    }


def hostile() -> dict[str, bytes]:
    from tests.corpus.files import zipped

    behind = zipped({"data.pkl": b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."})
    return {"zip-behind": head() + dense(6) + dense(1) + behind}
