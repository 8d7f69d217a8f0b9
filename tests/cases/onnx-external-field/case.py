"""https://github.com/advisories/GHSA-538c-55jv-c5g9"""

from __future__ import annotations

from tests.corpus.formats.onnx import external, with_tensor


def fires() -> bytes:
    return with_tensor(external("model.data", ("tensor_name", "x")))


def quiet() -> bytes:
    return with_tensor(external("model.data", ("checksum", "da39"), ("prepacked_0", "k|0;8;0")))
