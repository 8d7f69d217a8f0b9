"""https://huggingface.co/docs/transformers/chat_templating_writing"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"chat_template": "{{ fetch(messages) }}"}).encode()


def quiet() -> bytes:
    return json.dumps({"chat_template": "{{ raise_exception('no') if not messages else strftime_now('%Y') }}"}).encode()
