"""GGML and dlib: whole files are walked to their end, others are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus.formats import dlib, ggml

from modelward.core.limits import Limits
from modelward.formats.dlib import is_dlib, read_dlib
from modelward.formats.ggml import is_whole
from modelward.formats.source import BytesSource


@pytest.mark.parametrize("name", ggml.ordinary())
def test_a_known_layout_is_walked_to_its_end(name: str) -> None:
    data = ggml.ordinary()[name]
    assert is_whole(BytesSource(data), Limits())
    assert not is_whole(BytesSource(data[:-1]), Limits())
    assert not is_whole(BytesSource(data + b"x"), Limits())


def test_a_huge_tensor_is_not_there() -> None:
    head = ggml.llama()[: -len(ggml.tensor())]
    huge = ggml.numbers(4, 1, 0, 2**31 - 1, 2**31 - 1, 2**31 - 1, 2**31 - 1) + b"a"
    assert not is_whole(BytesSource(head + huge + bytes(64)), Limits())


@given(st.sampled_from([b"lmgg", b"fmgg", b"tjgg", b"algg"]), st.binary(max_size=200))
@settings(deadline=None)
def test_noise_is_read(magic: bytes, noise: bytes) -> None:
    is_whole(BytesSource(magic + noise), Limits())
    read_dlib(BytesSource(noise))


@pytest.mark.parametrize("name", dlib.ordinary())
def test_dlib_is_numbers_to_its_end(name: str) -> None:
    data = dlib.ordinary()[name]
    assert is_dlib(data)
    assert read_dlib(BytesSource(data)).broken_at is None
    assert read_dlib(BytesSource(data + b"\x7f")).broken_at == len(data)
    assert read_dlib(BytesSource(data[:-1])).broken_at is not None or data[-1:] == b"0"


def test_arrays_of_a_network_are_found() -> None:
    data = dlib.network()
    arrays = read_dlib(BytesSource(data)).arrays
    assert [end - start for start, end in arrays] == [12, 8, 12]
    assert data[arrays[0][0] : arrays[0][0] + 4] == b"\0\0\xc0\x3f"


def test_an_array_that_reaches_too_far() -> None:
    data = dlib.network()[:-20]
    assert read_dlib(BytesSource(data)).broken_at is not None
