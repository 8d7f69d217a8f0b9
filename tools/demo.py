"""Check a published model, then a copy of it that holds a hostile pickle. Nothing is ever loaded.

Exits 0 exactly when the first is allowed and the second is denied.

    python tools/demo.py FOLDER     # FOLDER/model-package holds the unpacked package
"""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

MODELWARD = Path(sys.executable).with_name("modelward")


def hostile_pickle(command: str) -> bytes:
    """A pickle that runs *command* when it is loaded, put together from opcodes."""
    return b"".join(
        (
            pickle.PROTO + b"\x04",
            pickle.EMPTY_DICT + pickle.MARK,
            _text("lr") + pickle.BININT1 + b"\x03",
            _text("hook") + _text("os") + _text("system") + pickle.STACK_GLOBAL,
            _text(command) + pickle.TUPLE1 + pickle.REDUCE,
            pickle.SETITEMS + pickle.STOP,
        )
    )


def _text(text: str) -> bytes:
    return pickle.SHORT_BINUNICODE + bytes([len(text)]) + text.encode()


def find_model(package: Path) -> Path:
    (config,) = package.glob("*/model/config.json")
    return config.parent


def check(folder: Path, target: str, expected: str, code: int) -> bool:
    """Show the report of *target*; True if both its exit code and its JSON say *expected*."""
    print(f"\n$ modelward check {target}", flush=True)
    shown = subprocess.run([MODELWARD, "check", target], cwd=folder)
    machine = subprocess.run([MODELWARD, "check", target, "--format", "json"], cwd=folder, stdout=subprocess.PIPE)
    decision = json.loads(machine.stdout)["decision"]
    as_expected = (decision, shown.returncode, machine.returncode) == (expected, code, code)
    if not as_expected:
        print(f"demo: expected {expected} ({code}), got {decision} ({shown.returncode}, {machine.returncode})")
    return as_expected


def main() -> int:
    folder = Path(sys.argv[1])
    copies = {name: folder / name for name in ("minilm", "minilm-evil")}
    for copy in copies.values():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(find_model(folder / "model-package"), copy)
    hostile = hostile_pickle("echo this line could have been any program")
    (copies["minilm-evil"] / "optimizer.pkl").write_bytes(hostile)

    results = [check(folder, "minilm", "allow", 0), check(folder, "minilm-evil", "deny", 1)]
    if not all(results):
        return 1
    print("\ndemo: one allow, one deny, as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
