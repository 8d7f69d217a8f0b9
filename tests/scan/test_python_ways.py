"""Every way to a function that runs things, from import time on: none of them is clean."""

from __future__ import annotations

import pytest
from tests.conformance.cases import outcome, scan

from modelward.checks.scan.python.names import is_ordinary_command
from modelward.core.finding import Severity

WAYS = {
    "through another module": "import glob\nglob.os.popen('touch x')",
    "through another module's private name": "from random import _os as o\no.system('touch x')",
    "through a package that is not known": "import torch\ntorch.os.system('touch x')",
    "through a star": "from glob import *\nos.system('touch x')",
    "through an unknown object": "f = lambda m: m.system('touch x')\nimport os\nf(os)",
    "through what a function gives back": "def f(n):\n    return __import__(n)\nf('os').system('touch x')",
    "through a loader": "__loader__.load_module('os').system('touch x')",
    "through a frame": "import sys\nsys._getframe().f_builtins['__import__']('os').system('x')",
    "through the globals of a function": "for c in x.y:\n    c.__init__.__globals__['f']('touch x')\nimport a",
    "through __call__": "import os\nos.system.__call__('touch x')",
    "through a table": "import os\nos.__dict__['sy%sem' % 'st']('x')",
    "as a method that subscripts": "import os\nclass A:\n    __class_getitem__ = os.system\nA['touch x']",
    "as an operator": "import os\nclass A:\n    def __add__(self, o): return os.system(o)\nA() + 'touch x'",
    "as what a comprehension calls": "import os\n[f('touch x') for f in (os.system,)]",
    "as an attribute by a computed name": "import os\nfor n in dir(os):\n    getattr(os, n)('touch x')",
    "as a pattern": "import os\nmatch os:\n    case object(system=f):\n        f('touch x')",
    "as a text": "import pkgutil\npkgutil.resolve_name('os:system')('touch x')",
    "as an annotation": "import os\nx: os.system('touch x') = 1",
    "as a name bound twice": "try:\n    import os\nexcept ImportError:\n    import x as os\nos.system('touch x')",
    "by a function of our own": "import os\ndef run(c):\n    os.system(c)\nrun('touch x')",
    "by a method of our own": "import os\nclass A:\n    def run(self):\n        os.system('touch x')\nA().run()",
    "at exit": "import os, atexit\n@atexit.register\ndef bye():\n    os.system('touch x')",
    "in a method that a library calls": (
        "import os\nfrom a import Base\nclass A(Base):\n    def any_name(self):\n        os.system('touch x')"
    ),
    "in a guard that is none": "if __name__ == '__main__' or 1:\n    import os\n    os.system('touch x')",
    "with a command that is put together": "import os\nos.system(f'touch {__name__}')",
    "with a command from elsewhere": "import json, os\nos.system(json.load(open('config.json'))['x'])",
    "by a runner of the standard library": "import timeit\ntimeit.timeit('touch()', number=1)",
    "by an installer": "import pip\npip.main(['install', 'x'])",
    "by native code": "import ctypes\nctypes.CDLL(None).system(b'touch x')",
    "from a file that is no source": "import importlib.machinery as m\nm.SourceFileLoader('x', 'a.txt').load_module()",
    "from an archive": "import zipimport\nzipimport.zipimporter('weights.bin').load_module('x')",
    "from a folder that was downloaded": (
        "import sys\nfrom huggingface_hub import snapshot_download as get\nsys.path.insert(0, get('a/b'))\nimport c"
    ),
    "from an object of YAML": "import yaml\nyaml.unsafe_load('!!python/object/apply:os.system [\"touch x\"]')",
    "by a decoder of its own": "def d(s):\n    return ''.join(chr(ord(c) - 1) for c in s)\nexec(d('upvdi'))",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_is_flagged(way: str) -> None:
    assert outcome(scan(WAYS[way].encode() + b"\n")) == "flagged"


ORDINARY = {
    "a method of a parameter": "def f(platform):\n    return platform.system()\n",
    "what the platform is": "import platform\nif platform.system() == 'Windows':\n    x = 1\n",
    "asking a module": "import os\nif hasattr(os, 'fork') and getattr(os, 'O_BINARY', 0):\n    x = 1\n",
    "a version": "import os\nabout = {}\nexec(open(os.path.join('x', 'version.py')).read(), about)\n",
    "settings of the user": "import os\nDEBUG = eval(os.environ.get('DEBUG', 'False'))\n",
    "an alternative import": (
        "try:\n    from urllib.request import urlopen\nexcept ImportError:\n    from urllib2 import urlopen\n"
    ),
    "a registry": "class A:\n    pass\nfor c in A.__subclasses__():\n    c.register()\n",
    "compiled parts": "import torch\n@torch.jit.script\ndef f(x: torch.Tensor):\n    return x\ng = torch.compile(f)\n",
    "a handler with a tool": (
        "import subprocess\nfrom a import Base\nclass A(Base):\n    def read(self, path):\n"
        "        return subprocess.run(['ffmpeg', '-i', path, 'x.wav'])\n"
    ),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_source_is_not(name: str) -> None:
    found = scan(ORDINARY[name].encode())
    assert [one for one in found.findings if one.severity >= Severity.MEDIUM] == []
    assert found.unexamined == ()


@pytest.mark.parametrize(
    "command",
    [
        "git -c core.fsmonitor=x status",
        "nvidia-smi\ntouch x",
        "tar xf x --to-command=touch",
        "gcc -wrapper touch,x a.c",
        "cmake -P x.cmake",
        "node -e x",
        "java -jar x.jar",
    ],
)
def test_programs_that_run_others_are_no_ordinary_commands(command: str) -> None:
    assert not is_ordinary_command(command)


@pytest.mark.parametrize(
    "head", [b"x = 1\n" * 90_000, b"D = [" + b"1," * 300_000 + b"]\n", b"D = [\n" + b"1,\n" * 200_000 + b"]\n"]
)
def test_what_stands_behind_much_data_is_not_passed_over(head: bytes) -> None:
    assert scan(head + b"import os\nos.system('touch x')\n").unexamined != ()
    assert scan(head).unexamined == ()
