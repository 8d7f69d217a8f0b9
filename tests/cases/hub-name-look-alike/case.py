from __future__ import annotations

LOAD = """
from huggingface_hub import snapshot_download
snapshot_download("%s", revision="0123456789012345678901234567890123456789")
"""


def fires() -> bytes:
    return (LOAD % "meta-Ilama/Llama-2-7b").encode()


def quiet() -> bytes:
    return (LOAD % "meta-llama/Llama-2-7b").encode()
