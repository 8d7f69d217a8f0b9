"""https://pytorch.org/docs/stable/hub.html"""

from __future__ import annotations

LOAD = b"import torch\ntorch.hub.load('owner/repository:%s', 'model')\n"


def fires() -> bytes:
    return LOAD % b"v1.0"


def quiet() -> bytes:
    return LOAD % (b"89abcdef" * 5)
