"""https://nvd.nist.gov/vuln/detail/CVE-2026-24747"""

from __future__ import annotations

from tests.cases.build import storage, torch_members
from tests.corpus.files import zipped
from tests.corpus.opcodes import stream


def fires() -> bytes:
    return zipped(torch_members(stream(storage("0", 2))) | {"m/data/0": bytes(4)})


def quiet() -> bytes:
    return zipped(torch_members(stream(storage("0", 1))) | {"m/data/0": bytes(4)})
