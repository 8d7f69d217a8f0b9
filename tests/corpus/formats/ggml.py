"""GGML, before GGUF: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

from __future__ import annotations

import struct
from collections.abc import Sequence

TOKENS = [b"<unk>", b"a", b"b"]


def numbers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def vocabulary(tokens: Sequence[bytes] = TOKENS, scores: bool = False) -> bytes:
    return b"".join(numbers(len(token)) + token + bytes(4 * scores) for token in tokens)


def tensor(before: int = 0, aligned: bool = False, kind: int = 0, size: int = 4) -> bytes:
    """One of 32 elements of *size* bytes; *before* bytes stand before it."""
    head = numbers(1, 6, kind, 32) + b"weight"
    pad = -(before + len(head)) % 32 if aligned else 0
    return head + bytes(pad) + bytes(32 * size)


def whisper() -> bytes:
    filters = numbers(2, 4) + bytes(32)
    return b"lmgg" + numbers(3, *range(10)) + filters + numbers(3) + vocabulary() + tensor() + tensor(kind=1, size=2)


def llama(magic: bytes = b"lmgg", version: int | None = None, aligned: bool = False) -> bytes:
    settings = () if version is None else (version,)
    head = magic + numbers(*settings, 3, 8, 2, 2, 1, 4, 0) + vocabulary(scores=version is not None)
    return head + tensor(len(head), aligned)


def adapter() -> bytes:
    head = b"algg" + numbers(1, 8, 16)
    return head + tensor(len(head), True)


def voice_detector() -> bytes:
    sizes = numbers(129, 128, 3, 128, 64, 3, 128, 128, 128, 1)
    head = b"lmgg" + numbers(10) + b"silero-16k" + numbers(6, 2, 0, 512, 64, 2) + sizes
    return head + tensor() + numbers(0, 4, 0) + b"bias" + bytes(4)


def ordinary() -> dict[str, bytes]:
    return {
        "voice detector": voice_detector(),
        "whisper": whisper(),
        "llama": llama(),
        "ggmf": llama(b"fmgg", 1),
        "ggjt": llama(b"tjgg", 3, True),
        "adapter": adapter(),
    }


def hostile() -> dict[str, bytes]:
    pickle = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."
    return {"zip-behind": whisper() + _zip(pickle)}


def _zip(data: bytes) -> bytes:
    from tests.corpus.files import zipped

    return zipped({"data.pkl": data})
