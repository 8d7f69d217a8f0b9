"""A zip at the end of a tar is no second file only if it is a whole member."""

from __future__ import annotations

import pytest
from tests.cases.build import member, tar
from tests.corpus.files import zipped

from modelward.formats.sniff import sniff
from modelward.formats.source import BytesSource

ZIP = zipped({"a": b"b"})


@pytest.mark.parametrize(
    ("data", "formats"),
    [
        (tar(member(b"x", b"y"), member(b"m.ckpt", ZIP)), ("tar",)),
        (tar(member(b"m.ckpt", ZIP), member(b"x", b"y")), ("tar",)),
        (tar(member(b"x", b"y")) + ZIP, ("tar", "zip")),
        (tar(member(b"x", b"prefix" + ZIP)), ("tar", "zip")),
        (tar(member(b"x", ZIP + b"more")), ("tar", "zip")),
        (tar(member(b"x", ZIP[:10]), member(b"y", ZIP[-40:])), ("tar", "zip")),
    ],
)
def test_readings(data: bytes, formats: tuple[str, ...]) -> None:
    assert sniff(BytesSource(data)) == formats
