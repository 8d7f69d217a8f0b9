"""https://attack.mitre.org/techniques/T1027/009/"""

from __future__ import annotations


def fires() -> bytes:
    return b"import base64, pickle\n\nmodel = pickle.loads(base64.b64decode('gARdlChLAUsCSwNlLgABAgMEBQYH'))\n"


def quiet() -> bytes:
    return b"import pickle\n\n\ndef load(path):\n    with open(path, 'rb') as file:\n        return pickle.load(file)\n"
