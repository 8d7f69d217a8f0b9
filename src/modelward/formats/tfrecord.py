"""TFRecord: records of any content one after the other, as data sets and event logs have them.

https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.formats.cursor import Cursor

HEADER = 12
_CHECKSUM = 4
_POLYNOMIAL = 0x82F63B78  # CRC-32C (Castagnoli), reflected


@dataclass(frozen=True, slots=True)
class Record:
    start: int
    """Of its content."""
    end: int


def is_record(head: bytes, size: int) -> bool:
    """Whether a record begins here: its length has the checksum that is written beside it."""
    if len(head) < HEADER:
        return False
    length, checksum = struct.unpack_from("<QI", head)
    return bool(length < size and masked_crc(head[:8]) == checksum)


def masked_crc(data: bytes) -> int:
    """For a few bytes: one bit after the other."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(source: Source) -> Iterator[Record]:
    """Raises Broken (cursor.py). The checksums of contents are left alone: they guard against accidents."""
    cursor = Cursor(source)
    while cursor.left:
        length = cursor.u64()
        cursor.skip(4)
        start = cursor.skip(length)
        cursor.skip(_CHECKSUM)
        yield Record(start, start + length)
