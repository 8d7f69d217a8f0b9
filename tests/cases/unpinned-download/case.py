"""https://pytorch.org/docs/stable/hub.html#torch.hub.load_state_dict_from_url"""

from __future__ import annotations

LOAD = b"from torch.hub import load_state_dict_from_url as load\nload('https://example.org/a-12345678.pth'%s)\n"


def fires() -> bytes:
    return LOAD % b""


def quiet() -> bytes:
    return LOAD % b", check_hash=True"
