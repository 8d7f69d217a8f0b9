"""https://huggingface.co/docs/tokenizers/components"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps(
        {
            "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
            "added_tokens": [],
            "pre_tokenizer": {"type": "Shell"},
        }
    ).encode()


def quiet() -> bytes:
    return json.dumps(
        {
            "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
            "added_tokens": [],
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}]},
        }
    ).encode()
