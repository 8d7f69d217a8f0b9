"""https://docs.python.org/3/library/functions.html#exec"""

from __future__ import annotations


def fires() -> bytes:
    return b"def run(text):\n    exec(text)\n"


def quiet() -> bytes:
    return b"def run(model):\n    model.eval()\n"
