"""https://attack.mitre.org/techniques/T1140/"""

from __future__ import annotations


def fires() -> bytes:
    return b"import base64\n\nexec(base64.b64decode('cGFzcw=='))\n"


def quiet() -> bytes:
    return b"import base64\n\n\ndef image(text):\n    return base64.b64decode(text)\n"
