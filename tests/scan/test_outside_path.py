"""Paths that a file names, as every system would read them."""

from __future__ import annotations

import pytest

from modelward.checks.scan.outside_path import leads_outside

INSIDE = [
    "model.onnx.data",
    "./model.data", "data/model.bin", "a..b", "v1..", "..data", "weights (1).bin",
    "model,fp16+int8.bin",
    "модель.bin", "模型.data", "50%.bin", "my%20model.bin", "console.bin", "a//b", "layer.0#weight", "e\u0301.bin",
]  # fmt: skip
OUTSIDE = [
    "", ".", "./", "..", "../x", "a/../../x", "a/..", "/x", "//host/share", "\\x", "a\\b", "..\\x", "C:x", "C:/x",
    "file:x", "x.bin:stream", "https://host/x",
    "~/x", "x\0y", "x\ny", "x\u202ey", "x\u200by", "%2e%2e/x",
    "%252e%252e%252fx",
    "%2fetc", "．．/x", "‥/x", "a／..／..／x", "... /x", ".. ./x", "...", "nul", "NUL.bin", "data/com1.txt",
    "CON ", "lpt9",
    "com¹.x", "%00",
]  # fmt: skip


@pytest.mark.parametrize("path", INSIDE)
def test_inside(path: str) -> None:
    assert leads_outside(path.encode()) == ""


@pytest.mark.parametrize("path", OUTSIDE)
def test_outside(path: str) -> None:
    assert leads_outside(path.encode())


def test_no_text_at_all() -> None:
    assert leads_outside(b"model\xff.data")
