"""Audits of dependencies beside pip-audit and uv audit, which ask our server: CPU seconds and peak memory of each, in
one run; and what a database, an environment and a look at a name cost.

.venv/bin/python bench/deps.py [FEED...]    (after make clients, which installs the peers)

300 pins, of which 285 are of well-known names, against 30,000 records made up here, the excerpts in tests/data, and any
FEED of OSV. Every run is cold and offline; what the server takes to answer the peers is not in their figures.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench/deps"
EXCERPT = ROOT / "tests/data/deps/osv"
PEERS = ROOT / ".clients/bin"
OURS = str(Path(sys.executable).with_name("modelward"))
KNOWN = ROOT / "src/modelward/checks/deps/data/popular_packages.txt"
RECORDS, NAMES, PINS, UNKNOWN = 30_000, 10_000, 300, 15
VERSIONS = 25
RUNS = 5
FILES, SIZE = 400, 500_000  # of the environment
REAL = {"aiohttp": "3.9.3", "gradio": "4.36.0", "jinja2": "3.1.3", "numpy": "1.26.4", "transformers": "4.41.2"}
QUIET = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")  # a user's modelward is compiled once


@dataclass(frozen=True, slots=True)
class Cost:
    cpu: float
    wall: float
    megabytes: float
    exit: int


def main(feeds: Sequence[str]) -> None:
    for stage in ("records", "locks", "environment"):  # by processes of their own: memory is counted from the parent's
        subprocess.run([sys.executable, __file__, "make", stage], check=True)
    database = str(HOME / "advisories.db")
    print("| what | tool | CPU s | x modelward | wall s | peak MB | exit |\n|-|-|-:|-:|-:|-:|-:|")
    sources = [part for feed in (HOME / "osv", EXCERPT, *feeds) for part in ("--from", str(feed))]
    built = cost([OURS, "advisories", "sync", *sources, "--database", database, "--quiet"])
    show(f"a database of {RECORDS:,} records and more", "modelward advisories sync", built, built)
    with served(database) as url:
        audits(database, url)
    floor = cost([sys.executable, "-c", _FLOOR, str(HOME / "venv")])
    own = cost([OURS, "deps", str(HOME / "venv"), "--database", database, "--quiet"])
    what = f"{FILES} files, {FILES * SIZE / 1e6:.0f} MB, against RECORD"
    show(what, "sha256 of every file (floor)", floor, own)
    show(what, "modelward deps", own, own)
    print(f"\n{FILES * SIZE / 1e6 / own.cpu:.0f} MB a CPU second are held against RECORD", flush=True)
    subprocess.run([sys.executable, __file__, "names"], check=True)


def audits(database: str, url: str) -> None:
    lock, project = str(HOME / "requirements.txt"), HOME / "project"
    (project / "uv.lock").write_text((HOME / "uv.lock").read_text().replace("INDEX", f"{url}/simple"))
    pip_audit = [str(PEERS / "pip-audit"), "-r", lock, "-s", "osv", "--osv-url", f"{url}/v1/query", "--disable-pip"]
    uv = [str(PEERS / "uv"), "audit", "--frozen", "--service-url", url, "--no-progress", "--project", str(project)]
    ours = [OURS, "deps", lock, "--database", database, "--quiet"]
    commands = {
        "modelward deps requirements.txt": ours,
        "modelward deps uv.lock": [*ours[:2], str(HOME / "uv.lock"), *ours[3:]],
        "pip-audit requirements.txt": [*pip_audit, "--require-hashes", "--progress-spinner", "off"],
        "uv audit uv.lock": [*uv, "--preview-features", "audit"],
    }
    costs: dict[str, list[Cost]] = {tool: [] for tool, command in commands.items() if shutil.which(command[0])}
    for _ in range(RUNS + 1):  # in turns, so that a busy moment hits all
        for tool in costs:
            costs[tool].append(cost(commands[tool]))
    medians = {tool: median(found[1:]) for tool, found in costs.items()}  # what the first compiles is kept
    for tool, found in medians.items():
        show(f"{PINS} pins, {RECORDS:,} records", tool, found, next(iter(medians.values())))
    if len(costs) < len(commands):
        print("\nthe peers are absent: make clients\n")


def median(costs: Sequence[Cost]) -> Cost:
    rows = [(each.cpu, each.wall, each.megabytes) for each in costs]
    cpu, wall, megabytes = map(statistics.median, zip(*rows, strict=True))
    return Cost(cpu, wall, megabytes, costs[-1].exit)


def show(what: str, tool: str, found: Cost, own: Cost) -> None:
    figures = f"{found.cpu:.2f} | {found.cpu / own.cpu:.1f} | {found.wall:.2f} | {found.megabytes:.0f}"
    print(f"| {what} | {tool} | {figures} | {found.exit} |", flush=True)


def environment() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name not in QUIET} | {"HOME": str(HOME)}


def cost(command: Sequence[str]) -> Cost:
    began = time.monotonic()
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall, peak = time.monotonic() - began, usage.ru_maxrss * 1024 / 1e6
    return Cost(usage.ru_utime + usage.ru_stime, wall, peak, process.returncode)


@contextmanager
def served(database: str) -> Iterator[str]:
    command = [OURS, "advisories", "serve", "--database", database, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found
        yield found[0]
        server.send_signal(signal.SIGINT)


_FLOOR = """
import hashlib, os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb", buffering=0) as file:
            hashlib.file_digest(file, "sha256")
"""


# -- what is measured, made by a process of its own


def names() -> list[str]:
    return [line for line in KNOWN.read_text().splitlines() if line and not line.startswith("#")][:NAMES]


def versions(picked: random.Random) -> list[str]:
    return [f"{picked.randrange(4)}.{minor}.{picked.randrange(6)}" for minor in range(VERSIONS)]


def make_records() -> None:
    """Like those of the public database: a range, and most versions in it, an alias, a vector, a text."""
    picked, folder, known = random.Random(0), HOME / "osv", names()
    shutil.rmtree(HOME, ignore_errors=True)
    folder.mkdir(parents=True)
    for number in range(RECORDS):
        name, listed = known[number % NAMES], versions(picked)
        events = [{"introduced": "0"}, {"fixed": f"{picked.randrange(1, 5)}.{picked.randrange(VERSIONS)}"}]
        affected = {
            "package": {"ecosystem": "PyPI", "name": name, "purl": f"pkg:pypi/{name}"},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
            "versions": listed,
        }
        body = {
            "id": f"GHSA-made-up-{number:05}",
            "aliases": [f"CVE-2026-{10_000 + number}"],
            "modified": f"2026-{picked.randrange(1, 10):02}-{picked.randrange(1, 29):02}T00:00:00Z",
            "summary": f"{name} does what it should not",
            "details": "Lorem ipsum dolor sit amet. " * picked.randrange(10, 60),
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:L/A:N"}],
            "references": [{"type": "PACKAGE", "url": f"https://index.example/project/{name}/"}],
            "affected": [affected],
        }
        (folder / f"{body['id']}.json").write_text(json.dumps(body))


def make_locks() -> None:
    """One in eight pins is of an old version, and each has as many hashes as one of a lock of 2026 on average."""
    picked = random.Random(1)
    chosen = [*REAL, *picked.sample(names(), PINS)][: PINS - UNKNOWN] + [f"made-up-{n:05}" for n in range(UNKNOWN)]
    pins = {name: f"{picked.randrange(32)}.{picked.randrange(VERSIONS)}" for name in chosen} | REAL
    digests = {name: [picked.randbytes(32).hex() for _ in range(17)] for name in pins}
    lines = [requirement(name, version, digests[name]) for name, version in sorted(pins.items())]
    (HOME / "requirements.txt").write_text("".join(lines))
    needs = ", ".join(f'{{ name = "{name}" }}' for name in pins)
    own = f'[[package]]\nname = "bench"\nversion = "0"\nsource = {{ virtual = "." }}\ndependencies = [{needs}]\n'
    tables = [table(name, version, digests[name][:5]) for name, version in sorted(pins.items())]
    head = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n'
    (HOME / "uv.lock").write_text("\n".join([head, own, *tables]))
    (HOME / "project").mkdir()
    project = '[project]\nname = "bench"\nversion = "0"\nrequires-python = ">=3.11"\n'
    (HOME / "project/pyproject.toml").write_text(project)


def requirement(name: str, version: str, digests: Sequence[str]) -> str:
    return (
        " \\\n    ".join([f"{name}=={version}", *(f"--hash=sha256:{digest}" for digest in digests)]) + "\n    # via x\n"
    )


def table(name: str, version: str, digests: Sequence[str]) -> str:
    stem = f"https://files.example/{name.replace('-', '_')}-{version}"
    wheels = "".join(
        f'    {{ url = "{stem}-cp31{n}-none-any.whl", hash = "sha256:{digest}", size = 1, '
        'upload-time = "2025-01-01T00:00:00Z" },\n'
        for n, digest in enumerate(digests)
    )
    head = f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "INDEX" }}\n'
    return f"{head}wheels = [\n{wheels}]\n"


def make_environment() -> None:
    site = HOME / "venv/lib/python3.11/site-packages"
    info = "made_up_00000-9.0.dist-info"
    (site / info).mkdir(parents=True)
    (site / "made_up").mkdir()
    block, rows = random.Random(2).randbytes(SIZE + FILES), []
    for number in range(FILES):
        rows.append(put(site, f"made_up/{number}.py", block[number : number + SIZE]))
    rows.append(put(site, f"{info}/METADATA", b"Metadata-Version: 2.1\nName: made-up-00000\nVersion: 9.0\n"))
    (site / info / "RECORD").write_text("\n".join([*rows, f"{info}/RECORD,,", ""]))


def put(site: Path, name: str, data: bytes) -> str:
    (site / name).write_bytes(data)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}"


def look_alikes() -> None:
    """Names one edit away from well-known ones, and names like nothing."""
    from modelward.checks.deps import rules_names
    from modelward.checks.deps.known import ranked
    from modelward.core.dependency import Origin, Package
    from modelward.core.source_audit import Spot

    picked = random.Random(3)
    near = [name[:2] + name[3:] for name in picked.sample(ranked()[:5000], 1000)]
    far = ["".join(picked.choices("abcdefghijklmnopqrstuvwxyz-", k=picked.randrange(4, 20))) for _ in range(1000)]
    looked = [Package(name, "1", Spot("", 1, 1), Origin("unstated")) for name in ("first", *near, *far)]
    began = time.process_time()
    list(rules_names.look_alikes(looked[0]))
    ready = time.process_time()
    found = sum(bool(list(rules_names.look_alikes(one))) for one in looked[1:])
    took = (time.process_time() - ready) / (len(looked) - 1)
    print(
        f"{took * 1000:.2f} ms to look at a name ({found:,} of {len(looked) - 1:,} look like another), after ", end=""
    )
    print(f"{(ready - began) * 1000:.0f} ms for the first")


STAGES: Mapping[str, Callable[[], None]] = {
    "records": make_records, "locks": make_locks, "environment": make_environment,
}  # fmt: skip

if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        STAGES[sys.argv[2]]()
    elif sys.argv[1:] == ["names"]:
        look_alikes()
    else:
        main(sys.argv[1:])
