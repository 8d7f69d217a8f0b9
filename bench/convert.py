"""What a conversion costs, beside a copy with sha256 of the same bytes and beside torch.load and save_file.

.venv/bin/python -m bench.convert [ROUNDS]    (3 unless another number is given; 5 GB of disk)

The peer unpickles with weights_only=True and saves with safetensors; it proves nothing and hashes nothing. Each is a
process of its own; the fastest of its rounds counts, in which the input is in the page cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.weights import FLOATS, TENSORS, weights

COPY = """
import hashlib, sys
digest = hashlib.sha256()
with open(sys.argv[1], "rb") as given, open(sys.argv[2], "wb") as made:
    while piece := given.read(1 << 20):
        digest.update(piece)
        made.write(piece)
"""
PEER = """
import sys, torch
from safetensors.torch import save_file
save_file(torch.load(sys.argv[1], weights_only=True), sys.argv[2])
"""
CONVERT = (sys.executable, "-m", "modelward", "convert")


def make(folder: Path) -> None:
    """1 GB as torch.save writes it, and the same in five shards."""
    import json

    import torch

    state = {
        f"layers.{number}.weight": torch.frombuffer(bytearray(raw), dtype=torch.float32)
        for number, raw in enumerate(weights(TENSORS, FLOATS))
    }
    torch.save(state, folder / "model.pt")
    shards = folder / "shards"
    shards.mkdir()
    names = list(state)
    places: dict[str, str] = {}
    for number in range(5):
        file = f"pytorch_model-{number + 1:05}-of-00005.bin"
        part = {name: state[name] for name in names[number::5]}
        torch.save(part, shards / file)
        places |= dict.fromkeys(part, file)
    (shards / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))


def measured(command: list[str], output: Path, rounds: int) -> tuple[float, float, float]:
    """Wall and CPU seconds of the fastest round, and the most memory that any child has had, in MB."""
    best = (1e9, 0.0)
    for _ in range(rounds):
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        if status:
            raise SystemExit(f"{command} failed: {status}")
        best = min(best, (wall, usage.ru_utime + usage.ru_stime))
        peak = usage.ru_maxrss / 1000
        shutil.rmtree(output) if output.is_dir() else output.unlink()
    return *best, peak


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "make", name], check=True)  # a child counts its parent's memory
        given, out, said = str(folder / "model.pt"), folder / "out", folder / "said"
        to = ["--to", "safetensors", "--output", str(out)]
        program = 'rm -f "$1"; shift; exec "$@"'
        rows = {
            "copy and sha256": [sys.executable, "-c", COPY, given, str(out)],
            "torch.load, save_file": [sys.executable, "-c", PEER, given, str(out)],
            "modelward convert": [*CONVERT, given, *to],
            "with a statement": ["sh", "-c", program, "sh", str(said), *CONVERT, given, *to, "--statement", str(said)],
            "of five shards": [*CONVERT, str(folder / "shards"), *to],
        }
        print("| | wall s | CPU s | MB | speed of the copy |\n|---|---|---|---|---|")
        copy = 0.0
        for what, command in rows.items():
            wall, cpu, peak = measured(command, out, rounds)
            copy = copy or wall
            print(f"| {what} | {wall:.2f} | {cpu:.2f} | {peak:,.0f} | {copy / wall:.0%} |", flush=True)


if __name__ == "__main__":
    make(Path(sys.argv[2])) if sys.argv[1:2] == ["make"] else main()
