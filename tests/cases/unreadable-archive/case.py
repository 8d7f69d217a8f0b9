"""https://www.reversinglabs.com/blog/rl-identifies-malware-ml-model-hosted-on-hugging-face"""

from __future__ import annotations


def fires() -> bytes:
    return b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24)


def quiet() -> bytes:
    return b"7z\xbc\xaf\x27\x1d\0\4" + bytes(24)
