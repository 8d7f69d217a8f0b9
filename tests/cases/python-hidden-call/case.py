"""https://attack.mitre.org/techniques/T1027/"""

from __future__ import annotations


def fires() -> bytes:
    return b"import os\n\ngetattr(os, 'sys' + 'tem')('true')\n"


def quiet() -> bytes:
    return b"import os\n\n\ndef size(path):\n    return getattr(os, 'stat')(path)\n"
