"""https://huggingface.co/docs/transformers/custom_models"""

from __future__ import annotations

LOAD = b"""
import transformers as t
how = {"revision": "%s", "trust_remote_code": %s}
t.AutoModel.from_pretrained("org/name", **how)
"""


def fires() -> bytes:
    return LOAD % (b"89abcdef" * 5, b"True")


def quiet() -> bytes:
    return LOAD % (b"89abcdef" * 5, b"False")
