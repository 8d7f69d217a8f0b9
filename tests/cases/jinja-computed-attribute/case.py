"""https://jinja.palletsprojects.com/en/stable/sandbox/"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"chat_template": "{{ messages|attr(names[0] ~ names[1]) }}"}).encode()


def quiet() -> bytes:
    return json.dumps(
        {"chat_template": "{{ messages|map(attribute='content')|join }}{{ roles[message.role] }}"}
    ).encode()
