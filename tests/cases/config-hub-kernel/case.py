"""https://github.com/huggingface/transformers/pull/44395"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"model_type": "llama", "_attn_implementation_internal": "someone/kernel"}).encode()


def quiet() -> bytes:
    return json.dumps({"model_type": "llama", "attn_implementation": "flash_attention_2"}).encode()
