"""https://www.rfc-editor.org/rfc/rfc7468"""

from __future__ import annotations

import base64
import hashlib
import json


def fires() -> bytes:
    body = base64.b64encode(hashlib.sha512(b"no key at all").digest()).decode()
    return json.dumps({"key": f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"}).encode()


def quiet() -> bytes:
    return json.dumps({"key": "-----BEGIN PRIVATE KEY-----\n(your key here)\n-----END PRIVATE KEY-----\n"}).encode()
