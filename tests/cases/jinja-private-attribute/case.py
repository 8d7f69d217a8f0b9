"""https://jinja.palletsprojects.com/en/stable/sandbox/"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"chat_template": "{{ messages._internal }}"}).encode()


def quiet() -> bytes:
    return json.dumps({"chat_template": "{% set _ = messages.append(1) %}{{ messages.inner_ }}"}).encode()
