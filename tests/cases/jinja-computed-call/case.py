"""https://jinja.palletsprojects.com/en/stable/sandbox/"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"chat_template": "{{ tools[messages[0].role](messages[0].content) }}"}).encode()


def quiet() -> bytes:
    macro = "{% macro show(x) %}{{ x }}{% endmacro %}{% set parts = [show] %}"
    return json.dumps({"chat_template": macro + "{{ parts[i](tools[messages[0].role]) }}"}).encode()
