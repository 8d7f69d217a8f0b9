from __future__ import annotations

from tests.cases.build import torch_members
from tests.corpus.files import zipped
from tests.corpus.opcodes import NONE, stream


def fires() -> bytes:
    return zipped(torch_members(stream(NONE), b"t = torch\nt.save(x, path)"))


def quiet() -> bytes:
    return zipped(torch_members(stream(NONE), b"t = torch.add(x, y)"))
