"""https://huggingface.co/docs/transformers/main_classes/model"""

from __future__ import annotations


def fires() -> bytes:
    return b"from transformers import AutoModel\nAutoModel.from_pretrained('org/name', revision='main')\n"


def quiet() -> bytes:
    commit = b"0123456789abcdef" * 2 + b"01234567"
    return b"from transformers import AutoModel\nAutoModel.from_pretrained('org/name', revision='%s')\n" % commit
