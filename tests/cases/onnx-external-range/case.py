"""https://github.com/advisories/GHSA-538c-55jv-c5g9"""

from __future__ import annotations

from tests.corpus.formats.onnx import external, with_tensor


def fires() -> bytes:
    return with_tensor(external("model.data", ("offset", "-8")))


def quiet() -> bytes:
    return with_tensor(*[external("model.data", ("offset", "8"), ("length", "8"), name=name) for name in ("a", "tied")])
