"""https://nvd.nist.gov/vuln/detail/CVE-2022-25882"""

from __future__ import annotations

from tests.corpus.formats.onnx import external, with_tensor


def fires() -> bytes:
    return with_tensor(external("../../secret"))


def quiet() -> bytes:
    return with_tensor(external("data/..model.bin"))
