"""The hostile samples are hostile: each is loaded in a process of its own, in an empty directory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.corpus.abuse import TOOLS, TOOLS_SOURCE
from tests.corpus.hostile import samples
from tests.corpus.opcodes import mark

_RUNNER = """
import atexit, gc, gzip, io, os, pickle, signal, sys, threading, warnings
import joblib, numpy
warnings.simplefilter("ignore")
sys.path.append(os.getcwd())
def streams(load):
    def run(path):
        file = io.BytesIO(open(path, "rb").read())
        while file.read(1):
            file.seek(-1, 1)
            load(file)
    return run
def whole_and_streams(path):
    try:
        pickle.loads(open(path, "rb").read())  # as bytes, what a frame says does not matter
    finally:
        streams(lambda file: pickle.Unpickler(file).load())(path)
def arrays(path):
    found = numpy.load(path, allow_pickle=True)
    for key in getattr(found, "files", ()):
        found[key]
LOADERS = {
    "pickle": whole_and_streams,
    "pure": streams(lambda file: pickle._Unpickler(file).load()),
    "gzip": lambda path: pickle.load(gzip.open(path)),
    "numpy": arrays,
    "joblib": joblib.load,
}
gc.freeze()
for path in sys.argv[1:]:
    child = os.fork()
    if not child:
        signal.alarm(10)
        try:
            LOADERS[path.partition(".")[0]](path)
        except BaseException:
            pass
        threading._shutdown()
        atexit._run_exitfuncs()
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_names_are_unique() -> None:
    names = [sample.name for sample in samples()]
    assert len(set(names)) == len(names)


def test_every_sample_fires(tmp_path: Path) -> None:
    (tmp_path / f"{TOOLS}.py").write_text(TOOLS_SOURCE)
    chosen = [sample for sample in samples() if sample.runs]
    files = []
    for sample in chosen:
        files.append(f"{sample.loader}.{sample.name}")
        (tmp_path / files[-1]).write_bytes(sample.data)
    subprocess.run(
        [sys.executable, "-I", "-c", _RUNNER, *files],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
        check=True,
    )
    assert [sample.name for sample in chosen if not (tmp_path / mark(sample.name)).exists()] == []
