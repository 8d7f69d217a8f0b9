"""Signing and verifying beside model-signing: CPU seconds over one sha256 of the same bytes, and memory.

.venv/bin/python bench/signing.py    (after bench/run.py, which installs the peers)
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench"
PEER = HOME / "venv-peers/bin/model_signing"
OURS = (sys.executable, "-m", "modelward")
RUNS = 5
_FLOOR = """
import hashlib, os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb", buffering=0) as file:
            hashlib.file_digest(file, "sha256")
"""


@dataclass(frozen=True, slots=True)
class Cost:
    cpu: float
    wall: float
    megabytes: float


def main() -> None:
    key = HOME / "signing"
    for ending in (".key", ".pub"):
        key.with_suffix(ending).unlink(missing_ok=True)
    run([*OURS, "keygen", "--out", str(key)])
    print("| input | tool | verb | CPU s | over the floor | wall s | peak MB |")
    print("|-|-|-|-:|-:|-:|-:|")
    for name, make in INPUTS.items():
        folder = HOME / f"signing-{name.replace(' ', '-')}"
        if not folder.exists():
            folder.mkdir(parents=True)
            make(folder)
        floor = measured([sys.executable, "-c", _FLOOR, str(folder)])
        show(name, "sha256 of every file (floor)", "", floor, floor)
        for tool, verb, command in commands(folder, key):
            show(name, tool, verb, measured(command), floor)


def commands(folder: Path, key: Path) -> Sequence[tuple[str, str, list[str]]]:
    ours, theirs = (str(HOME / f"signing-{who}.sig") for who in ("ours", "theirs"))
    public, private = f"{key}.pub", f"{key}.key"
    made = [
        ("modelward", "sign", [*OURS, "sign", str(folder), "--output", ours, "--key", private]),
        ("modelward", "verify", [*OURS, "verify", str(folder), "--signature", ours, "--pub", public]),
    ]
    if PEER.exists():
        peer = str(PEER)
        more = ["key", str(folder)]
        made += [
            ("model-signing", "sign", [peer, "sign", *more, "--signature", theirs, "--private_key", private]),
            ("model-signing", "verify", [peer, "verify", *more, "--signature", theirs, "--public_key", public]),
        ]
    return made


def show(name: str, tool: str, verb: str, cost: Cost, floor: Cost) -> None:
    over = f"{cost.cpu - floor.cpu:+.2f}"
    print(
        f"| {name} | {tool} | {verb} | {cost.cpu:.2f} | {over} | {cost.wall:.2f} | {cost.megabytes:.0f} |", flush=True
    )


def measured(command: Sequence[str]) -> Cost:
    costs = [run(command) for _ in range(RUNS)]
    return Cost(*(statistics.median(getattr(cost, each) for cost in costs) for each in Cost.__slots__))


def run(command: Sequence[str]) -> Cost:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} exited {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024)


# --- inputs ---


def one_file(folder: Path) -> None:
    (folder / "tiny.json").write_text("{}")


def small_files(folder: Path) -> None:
    noise = random.Random(0)
    for number in range(5000):
        (folder / f"{number:04}.bin").write_bytes(noise.randbytes(4096))


def large_files(folder: Path) -> None:
    noise = random.Random(0).randbytes(1 << 20)
    for number in range(4):
        with (folder / f"model-{number}.bin").open("wb") as file:
            for _ in range(250):
                file.write(noise)


INPUTS: dict[str, Callable[[Path], None]] = {
    "a tiny model": one_file,
    "5,000 files of 4 KiB": small_files,
    "1 GB in 4 files": large_files,
}


if __name__ == "__main__":
    main()
