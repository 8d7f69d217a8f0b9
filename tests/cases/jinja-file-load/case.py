"""https://jinja.palletsprojects.com/en/stable/templates/#include"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"chat_template": "{% include '/etc/hostname' %}{{ messages }}"}).encode()


def quiet() -> bytes:
    return json.dumps({"chat_template": "{% block body %}{{ messages }}{% endblock %}"}).encode()
