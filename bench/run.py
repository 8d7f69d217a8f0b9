"""Measure modelward and its peers over the same inputs in one run, and print a table.

CPU seconds (user and system), wall seconds and peak memory are the kernel's own account of each
process (wait4). Short runs are repeated and their median is shown. Nothing is asserted: the
table says what happened, exit codes and last words of every tool included.

    python3 bench/run.py [--quick] [--only INPUT]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench"
DATA = HOME / "data"
OWN = HOME / "venv"
PEERS = HOME / "venv-peers"
TIMEOUT = 600.0
SHORT = 5.0  # a run of fewer seconds than this is repeated
RUNS = 5
FLOOR = """
import hashlib, sys
with open(sys.argv[1], "rb", buffering=0) as file:
    print(hashlib.file_digest(file, "sha256").hexdigest())
"""


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    command: tuple[str, ...]
    """What comes before the target, which is named relative to the folder of the inputs."""


@dataclass(frozen=True, slots=True)
class Run:
    cpu: float
    wall: float
    peak: float  # megabytes
    exit: str
    said: str


SHA256 = Tool("sha256 of 1 GB (floor)", (sys.executable, "-I", "-S", "-c", FLOOR))
MODELWARD = Tool("modelward scan", (str(OWN / "bin/modelward"), "scan"))
RIVALS = (
    Tool("picklescan", (str(PEERS / "bin/picklescan"), "-p")),
    Tool("modelscan", (str(PEERS / "bin/modelscan"), "-p")),
    Tool("hayward", (str(PEERS / "bin/hayward"), "scan")),
    Tool("fickling", (str(PEERS / "bin/fickling"), "--check-safety", "-p")),
    Tool("modelaudit", (str(PEERS / "bin/modelaudit"), "scan", "--no-cache")),
)
INPUTS = (
    ("a tiny pickle", "tiny.pkl"),
    ("2,000 small pickles", "many"),
    ("1 GB torch zip, 250 tensors", "torch.pt"),
    ("1 GB safetensors, 250 tensors", "weights.safetensors"),
    ("1 GB ONNX, 250 initializers", "model.onnx"),
    ("1 GB GGUF, 250 tensors, 128,000 tokens", "model.gguf"),
    ("28 million opcodes", "long.pkl"),
)
FLOOR_INPUT = "torch.pt"
HEAVY = "long.pkl"  # the peers need minutes and gigabytes


def main() -> None:
    options = arguments()
    install()
    subprocess.run([sys.executable, "-m", "bench.inputs", DATA], check=True, cwd=ROOT)
    print_machine()
    print("\n| input | tool | CPU s | wall s | peak MB | x modelward | x floor | exit | last words |")
    print("|-|-|-:|-:|-:|-:|-:|-:|-|")
    for title, name in INPUTS:
        if options.only in (None, name):
            show(title, name, quick=options.quick)
    if options.only is None:
        show_start_up()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure modelward and its peers in one run.")
    parser.add_argument("--quick", action="store_true", help="leave the peers out where they need minutes")
    parser.add_argument("--only", choices=[name for _, name in INPUTS], help="measure this input alone")
    return parser.parse_args()


def show(title: str, name: str, quick: bool) -> None:
    warm(DATA / name)
    floor = measure_floor(title)
    own = repeat(MODELWARD, name)
    print_row(title, MODELWARD.name, own, own.cpu, floor)
    if name == HEAVY and quick:
        return
    for rival in RIVALS:
        print_row(title, rival.name, repeat(rival, name), own.cpu, floor)


def measure_floor(title: str) -> float:
    """Anew for each input, since the machine may be busier than it was for the last one."""
    warm(DATA / FLOOR_INPUT)
    floor = repeat(SHA256, FLOOR_INPUT)
    print_row(title, SHA256.name, floor, None, floor.cpu)
    return floor.cpu


def show_start_up() -> None:
    floor = measure_floor("start-up")
    own = repeat(Tool("modelward", MODELWARD.command[:1]), "--version")
    print_row("start-up: --version", "modelward", own, own.cpu, floor)
    for rival in RIVALS:
        print_row("start-up: --help", rival.name, repeat(Tool(rival.name, rival.command[:1]), "--help"), own.cpu, floor)


def print_row(title: str, tool: str, run: Run, own: float | None, floor: float) -> None:
    to_own = "" if own is None else f"{run.cpu / own:.2f}"
    figures = f"{run.cpu:.2f} | {run.wall:.2f} | {run.peak:,.0f} | {to_own} | {run.cpu / floor:.2f}"
    print(f"| {title} | {tool} | {figures} | {run.exit} | {run.said} |", flush=True)


def repeat(tool: Tool, target: str) -> Run:
    """The median of several runs, or the only run of a long one."""
    runs = [measure(tool, target)]
    while runs[0].wall < SHORT and len(runs) < RUNS:
        runs.append(measure(tool, target))
    return Run(
        statistics.median(run.cpu for run in runs),
        statistics.median(run.wall for run in runs),
        statistics.median(run.peak for run in runs),
        "/".join(sorted({run.exit for run in runs})),
        runs[-1].said,
    )


def measure(tool: Tool, target: str) -> Run:
    log = HOME / "last-output.txt"
    with log.open("wb") as output:
        start = time.monotonic()
        process = subprocess.Popen(
            [*tool.command, target], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=DATA
        )
        timer = threading.Timer(TIMEOUT, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    code = f"over {TIMEOUT:.0f} s" if wall >= TIMEOUT else str(process.returncode)
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024 / 1e6, code, last_words(log))


def last_words(log: Path) -> str:
    """The last line with a word in it: what a person who reads the end of the output believes."""
    with log.open("rb") as output:
        output.seek(max(0, log.stat().st_size - 10_000))
        lines = output.read().decode(errors="replace").splitlines()
    lines = [line.strip() for line in lines if any(char.isalnum() for char in line)]
    text = "".join(char if char.isprintable() else "?" for char in lines[-1]) if lines else "(nothing)"
    return text.replace("|", "/")[:80]


def warm(path: Path) -> None:
    """Read everything once, so that no tool pays for the disk."""
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        for _ in blocks(file):
            pass


def blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb", buffering=0) as source:
        while block := source.read(1 << 20):
            yield block


def install() -> None:
    """Two environments. The peers' is kept while its requirements are the same; modelward is always installed anew."""
    requirements = ROOT / "requirements/bench.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = PEERS / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        pip(PEERS, "--require-hashes", "-r", str(requirements))
        stamp.write_text(wanted)
    pip(OWN, str(ROOT))


def pip(environment: Path, *wanted: str) -> None:
    if not (environment / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run(pip_command(environment, wanted), check=True)


def pip_command(environment: Path, wanted: Sequence[str]) -> list[str]:
    python = str(environment / "bin/python")
    return [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]


def print_machine() -> None:
    print(f"python {sys.version.split()[0]}, {os.cpu_count()} cores, {processor()}")
    for environment in (OWN, PEERS):
        listing = subprocess.run(
            [environment / "bin/python", "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        print("  ".join(line for line in listing if line.partition("==")[0] in TOOLS))


TOOLS = ("modelward", "picklescan", "modelscan", "hayward", "fickling", "modelaudit")


def processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else "processor unknown"


if __name__ == "__main__":
    main()
