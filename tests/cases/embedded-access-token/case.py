"""https://huggingface.co/docs/hub/security-tokens"""

from __future__ import annotations

import json
import random
import string


def fires() -> bytes:
    letters = "".join(random.Random(1).choices(string.ascii_letters, k=34))
    return json.dumps({"token": "hf_" + letters}).encode()


def quiet() -> bytes:
    return json.dumps({"token": "hf_" + "x" * 34, "key": "AKIAIOSFODNN7EXAMPLE"}).encode()
