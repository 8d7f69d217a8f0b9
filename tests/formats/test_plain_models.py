"""CRFsuite and fastText: whole models are walked to their end, and nothing in them leads elsewhere."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus.formats import crfsuite, fasttext

from modelward.formats.crfsuite import read_crfsuite
from modelward.formats.fasttext import read_fasttext
from modelward.formats.gap import Gap
from modelward.formats.source import BytesSource


def crf(data: bytes) -> Gap | None:
    return read_crfsuite(BytesSource(data))


def fast(data: bytes) -> Gap | None:
    return read_fasttext(BytesSource(data))


def test_a_model_of_crfsuite_is_whole() -> None:
    assert crf(crfsuite.model()) is None


def sized(data: bytes) -> bytes:
    return data[:4] + struct.pack("<I", len(data)) + data[8:]


def test_a_part_of_one_is_not() -> None:
    data = crfsuite.model()
    for end in range(len(data)):
        assert crf(data[:end]) is not None
        assert crf(sized(data[:end].ljust(8))) is not None
    assert crf(sized(data + b"\0")) is not None


@pytest.mark.parametrize("weight", [(2, 0, 0), (0, 4, 0), (1, 3, 0), (0, 0, 3)])
def test_a_weight_of_nothing(weight: tuple[int, int, int]) -> None:
    """The tagger writes to the place of the label that a weight names."""
    assert crf(crfsuite.model([*crfsuite.WEIGHTS[:4], weight])) is not None


@pytest.mark.parametrize("lead", [5, 2**31, 2**32 - 1])
def test_a_list_that_leads_to_no_weight(lead: int) -> None:
    assert crf(crfsuite.model(lead=lead)) is not None


def test_every_number_of_a_table_counts() -> None:
    """No place of four bytes that leads somewhere can be changed unseen."""
    data = crfsuite.model()
    start = data.index(b"CQDB")
    names = crfsuite.names(crfsuite.LABELS)
    leads = [*range(4, 24, 4), *range(24, 48, 4), len(names) - 4, len(names) - 8, len(names) - 12]
    for at in leads:
        changed = data[: start + at] + b"\x99\0\0\0" + data[start + at + 4 :]
        assert crf(changed) is not None, at


def test_bytes_between_the_parts() -> None:
    data = crfsuite.model()
    assert data[-1:] == b"\0"
    at = data.index(b"LFRF") - 1
    assert data[at : at + 1] == b"\0"
    assert crf(data[:at] + b"\1" + data[at + 1 :]) is not None


@pytest.mark.parametrize("name", fasttext.ordinary())
def test_a_model_of_fasttext_is_whole(name: str) -> None:
    data = fasttext.ordinary()[name]
    assert fast(data) is None
    assert fast(data + b"\0") is not None
    for end in range(len(data) - 1, 0, -97):
        assert fast(data[:end]) is not None


class Hollow:
    """A head and a tail, and a hole of any size between them, which must not be read."""

    def __init__(self, head: bytes, hole: int, tail: bytes) -> None:
        self._head, self._tail, self._at = head, tail, len(head) + hole
        self.size = self._at + len(tail)

    def read(self, at: int, n: int) -> bytes:
        assert at >= self._at or at + n <= len(self._head) + (1 << 20)
        return self._tail[at - self._at :][:n] if at >= self._at else self._head[at : at + n].ljust(n, b"\0")


def test_a_large_model_is_not_read() -> None:
    """The floats are passed over."""
    rows = 10_000_000
    head = fasttext.head() + b"\0" + fasttext.wide(rows, fasttext.WIDTH)
    assert read_fasttext(Hollow(head, 16 * rows, fasttext.dense(1))) is None


def test_many_words_are_read_in_windows() -> None:
    words = tuple((b"word%d" % number, number, 0) for number in range(150_000))
    assert fast(fasttext.head(words) + fasttext.dense(1) + fasttext.dense(1)) is None


@pytest.mark.parametrize("count", [-1, 5, 2**31 - 1])
def test_numbers_of_words_that_do_not_fit(count: int) -> None:
    data = fasttext.ordinary()["bin"]
    assert fast(data[:64] + struct.pack("<i", count) + data[68:]) is not None


def test_a_huge_matrix_is_not_there() -> None:
    for rows in (2**40, -1, 2**62):
        assert fast(fasttext.head() + b"\0" + fasttext.wide(rows, fasttext.WIDTH) + bytes(64)) is not None


def test_a_hostile_part_stays_small_in_memory() -> None:
    size = 24 << 20
    data = bytearray(b"lCRF" + crfsuite.numbers(size) + b"FOMC" + crfsuite.numbers(100, 0, 3, 4, 48, 48, 48, 48, 48))
    data += b"FEAT" + crfsuite.numbers(size - 48, (size - 60) // 20)
    source = BytesSource(bytes(data.ljust(size, b"\0")))
    tracemalloc.start()
    assert read_crfsuite(source) is not None
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
@settings(deadline=None)
def test_damage_raises_nothing(at: int, noise: bytes) -> None:
    for data in (crfsuite.model(), fasttext.ordinary()["ftz"]):
        place = at % len(data)
        damaged = data[:place] + noise + data[place + len(noise) :]
        crf(damaged)
        fast(damaged)
