from __future__ import annotations

LOAD = b"import sys\nfrom datasets import load_dataset\nload_dataset(%s)\n"


def fires() -> bytes:
    return LOAD % b"sys.argv[1]"


def quiet() -> bytes:
    return LOAD % b"'./' + sys.argv[1]"
