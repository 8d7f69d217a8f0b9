"""https://cwe.mitre.org/data/definitions/1333.html"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps(
        {
            "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
            "added_tokens": [],
            "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(\\w+)+!"}},
        }
    ).encode()


def quiet() -> bytes:
    return json.dumps(
        {
            "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
            "added_tokens": [],
            "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(?:\\w+|\\s+)!?"}},
        }
    ).encode()
