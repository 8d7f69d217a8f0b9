"""https://jinja.palletsprojects.com/en/stable/sandbox/"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"chat_template": "{{ 'a' * 10 ** 9 }}"}).encode()


def quiet() -> bytes:
    return json.dumps(
        {"chat_template": "{{ '-' * 40 }}{% for i in range(messages|length) %}{{ i }}{% endfor %}"}
    ).encode()
