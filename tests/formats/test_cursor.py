from __future__ import annotations

import pytest

from modelward.formats.cursor import Broken, Cursor
from modelward.formats.source import BytesSource


def test_numbers_follow_each_other() -> None:
    cursor = Cursor(BytesSource(bytes([1, 2, 0, 3, 0, 0, 0] + [0xFF] * 4 + [4] + [0] * 7 + [0xFE] + [0xFF] * 7)))
    assert (cursor.u8(), cursor.u16(), cursor.u32(), cursor.i32(), cursor.u64(), cursor.i64()) == (1, 2, 3, -1, 4, -2)
    assert cursor.left == 0


def test_order() -> None:
    assert Cursor(BytesSource(b"\0\1"), order=">").u16() == 1


@pytest.mark.parametrize("n", [-1, 4, 2**64])
def test_never_beyond_the_end(n: int) -> None:
    cursor = Cursor(BytesSource(b"abcdef"), 1, 4)
    with pytest.raises(Broken) as told:
        cursor.skip(n)
    assert (told.value.at, told.value.cut_short) == (1, True)
    assert cursor.take(3) == b"bcd"


def test_an_end_behind_the_file_is_the_end_of_the_file() -> None:
    assert Cursor(BytesSource(b"ab"), 0, 10).left == 2
