"""https://huggingface.co/docs/transformers/custom_models"""

from __future__ import annotations


def fires() -> bytes:
    return b"import os\n\nos.system('touch mark')\n"


def quiet() -> bytes:
    return b"import os\n\nif __name__ == '__main__':\n    os.system('touch mark')\n"
