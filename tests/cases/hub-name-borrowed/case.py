from __future__ import annotations

LOAD = """
from huggingface_hub import snapshot_download
snapshot_download("%s", revision="0123456789012345678901234567890123456789")
"""


def fires() -> bytes:
    return (LOAD % "somebody/Llama-2-7b-hf").encode()


def quiet() -> bytes:
    return (LOAD % "TheBloke/Llama-2-7b-hf").encode()
