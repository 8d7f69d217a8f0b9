"""https://huggingface.co/docs/transformers/custom_models"""

from __future__ import annotations


def fires() -> bytes:
    return b"import json\n\nexec(json.load(open('config.json'))['a'])\n"


def quiet() -> bytes:
    return b"about = {}\nwith open('x/version.py') as f:\n    exec(f.read(), about)\n"
