from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.attest.encoding import decode_base64, encode_base64
from modelward.core.errors import Malformed


@given(st.binary(max_size=64))
def test_both_alphabets_mean_the_same(raw: bytes) -> None:
    assert decode_base64(encode_base64(raw)) == raw
    assert decode_base64(base64.urlsafe_b64encode(raw).decode()) == raw


@given(st.text(st.sampled_from("AQgw019+/-_= \n\x00é"), max_size=12))
def test_no_two_texts_mean_the_same_in_one_alphabet(text: str) -> None:
    try:
        raw = decode_base64(text)
    except Malformed:
        return
    assert text in (encode_base64(raw), base64.urlsafe_b64encode(raw).decode())


@pytest.mark.parametrize(
    "text",
    [
        "-_+/",  # both alphabets
        "-_-_?",
        "AAA",  # no padding
        "AAAA=",
        "AA==AAAA",
        "AAA=\n",
        " AAAA",
        "AB==",  # bits that no encoder leaves
        "AAB=",
        "АAAA",  # a Cyrillic letter
        "=",
        "====",
        "\ud800AAA",
    ],
)
def test_what_is_no_base64(text: str) -> None:
    with pytest.raises(Malformed):
        decode_base64(text)


@pytest.mark.parametrize("value", [None, 7, b"AAAA", ["AAAA"]])
def test_only_text_is_base64(value: object) -> None:
    with pytest.raises(Malformed, match="must be base64 text"):
        decode_base64(value)
