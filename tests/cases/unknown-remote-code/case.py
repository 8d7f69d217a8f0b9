"""https://huggingface.co/docs/transformers/custom_models"""

from __future__ import annotations

LOAD = b"""
from sentence_transformers import SentenceTransformer
def load(trust):
    return SentenceTransformer("org/name", revision="%s", trust_remote_code=%s)
"""


def fires() -> bytes:
    return LOAD % (b"89abcdef" * 5, b"trust")


def quiet() -> bytes:
    return LOAD % (b"89abcdef" * 5, b"False")
