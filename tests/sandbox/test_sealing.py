"""The second stage: what a loader can do before it and not after."""

from __future__ import annotations

import errno
import json
import os

import pytest
from tests.sandbox.world import PYTHON, SOURCE, USER, drive, world

UID = USER if os.geteuid() == 0 else os.geteuid()

LOADER = """
import sys, os, threading, json, _thread, mmap, signal, time, zlib
sys.path.append(sys.argv[1])
waiting = threading.Event()
threading.Thread(target=waiting.wait, daemon=True).start()
output = open("result", "w")
held = open(sys.argv[2])

def tries():
    def attempt(action):
        try:
            return "done" if action() != -1 else "refused"
        except (OSError, RuntimeError):
            return "refused"
    return {
        "open": attempt(lambda: os.close(os.open(sys.argv[2], 0))),
        "list": attempt(lambda: os.listdir("/")),
        "stat": attempt(lambda: os.stat("/")),
        "shell": attempt(lambda: -1 if os.system("true") else 0),
        "fork": attempt(lambda: os.fork() or os._exit(0)),
        "thread": attempt(lambda: _thread.start_new_thread(int, ())),
        "code": attempt(lambda: mmap.mmap(-1, 4096, prot=7)),
        "signal": attempt(lambda: os.kill(os.getpid(), 0)),
        "pipe": attempt(os.pipe),
        "compute": attempt(lambda: len(bytearray(1 << 24)) + len(zlib.compress(bytes(1 << 20)))),
        "read": attempt(lambda: len(held.read(1))),
        "clock": attempt(lambda: time.sleep(0.001)),
    }

before = tries()
if sys.argv[3] == "seal":
    from modelward.sandbox.sealing import seal
    seal()
json.dump({"before": before, "after": tries()}, output)
output.close()
print("written")
"""


@pytest.mark.parametrize("tier", ["full", "partial"])
@pytest.mark.parametrize("sealed", ["seal", "open"])
def test_a_sealed_loader_computes_and_writes_and_does_nothing_else(tier: str, sealed: str) -> None:
    refused = {} if tier == "full" else {"unshare": errno.EPERM}
    with world(UID) as here:
        words = [PYTHON, "-I", "-S", "-c", LOADER, str(SOURCE), here.facts["input"], sealed]
        outcome = drive(here, words, require=tier.upper(), profile="load", refused=refused, inputs=(str(SOURCE),))
        assert outcome["stdout"] == "written\n", outcome
        assert outcome["ended"] == ["Exited", 0]
        found = json.loads((here.folder / "output" / "result").read_text())
    assert set(found["before"].values()) == {"done"} if tier == "full" else found["before"]["open"] == "done"
    done = {name for name, answer in found["after"].items() if answer == "done"}
    if sealed == "seal":
        assert done == {"compute", "read", "clock"}
    else:
        assert {name for name, answer in found["before"].items() if answer == "done"} == done
