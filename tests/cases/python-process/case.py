"""https://docs.python.org/3/library/subprocess.html"""

from __future__ import annotations


def fires() -> bytes:
    return b"import subprocess\n\n\ndef convert(path):\n    subprocess.run(['ffmpeg', '-i', path])\n"


def quiet() -> bytes:
    return b"import shutil\n\n\ndef convert(path):\n    shutil.copy(path, path + '.bak')\n"
