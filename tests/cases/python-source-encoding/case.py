"""https://peps.python.org/pep-0263/"""

from __future__ import annotations


def fires() -> bytes:
    return b"# coding: unicode_escape\n# \\u000aimport os\n"


def quiet() -> bytes:
    return b"# -*- coding: utf-8 -*-\nimport os\n"
