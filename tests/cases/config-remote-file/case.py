"""https://huggingface.co/docs/timm/models"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"_name_or_path": "https://example.org/model.bin"}).encode()


def quiet() -> bytes:
    return json.dumps({"_name_or_path": "org/model", "license": "https://example.org/licence"}).encode()
