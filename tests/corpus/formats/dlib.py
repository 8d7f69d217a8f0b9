"""dlib: http://dlib.net/dlib/serialize.h.html"""

from __future__ import annotations

import struct

from tests.corpus.files import zipped


def number(value: int) -> bytes:
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def numbers(*values: int) -> bytes:
    return b"".join(map(number, values))


def text(value: bytes) -> bytes:
    return number(len(value)) + value


def array(*floats: float) -> bytes:
    return numbers(2, len(floats), 1, 1, 1) + struct.pack(f"<{len(floats)}f", *floats)


def predictor() -> bytes:
    points = b"".join(numbers(15096909 + index, -25) for index in range(10))
    return numbers(1, -10, -1) + points + numbers(15, 500, 1, *range(200))


def network() -> bytes:
    layer = numbers(1) + text(b"affine_") + array(1.5, -2.25, 0.1) + numbers(1, 16, -4) + b"110"
    return numbers(1) + text(b"loss_metric_2") + numbers(3, *[2] * 40) + layer + array(0.0, 0.0) + layer


def ordinary() -> dict[str, bytes]:
    return {"predictor": predictor(), "network": network()}


def hostile() -> dict[str, bytes]:
    pickle = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."
    return {
        "zip-behind": predictor() + zipped({"data.pkl": pickle}),
        "pickle-for-an-array": network() + numbers(2, len(pickle) // 4 + 1, 1, 1, 1) + pickle.ljust(32, b"\0"),
    }
