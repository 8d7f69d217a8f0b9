"""Characters and their bytes."""

from __future__ import annotations

import pytest

from modelward.formats.decoded import Decoded


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "latin-1"])
def test_every_character_has_its_byte(codec: str) -> None:
    text = "aäb\xffc"
    raw = text.encode(codec)
    decoded = Decoded(raw)
    assert decoded.text == text
    start = 2 if codec == "utf-16" else 0
    little = "utf-16-le" if codec == "utf-16" else codec
    for at in (5, 3, 0, 1, 2, 4):
        assert decoded.byte(at) == start + len(text[:at].encode(little))


def test_a_character_that_is_cut_off_is_no_other_encoding() -> None:
    assert Decoded("ä€".encode()[:-1]).text.startswith("ä")


def test_a_declared_encoding() -> None:
    assert Decoded("\uff45".encode("gbk"), "gbk").text == "\uff45"
