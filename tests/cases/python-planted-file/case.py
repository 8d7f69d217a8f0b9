"""https://docs.python.org/3/library/site.html"""

from __future__ import annotations


def fires() -> bytes:
    return b"import os\n\nopen(os.path.expanduser('~/.bashrc'), 'a').write('touch mark')\n"


def quiet() -> bytes:
    return b"import os\n\nopen(os.path.expanduser('~/.cache/x.json'), 'w').write('{}')\n"
