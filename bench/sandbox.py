"""What the sandbox adds to the start of a program: `true` and python, bare and inside, the least of several runs.

python bench/sandbox.py [RUNS]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from modelward.sandbox.model import Exited, Plan, Profile
from modelward.sandbox.running import run

PROGRAMS = {"true": ("true",), "python": (sys.executable, "-I", "-c", "pass")}


def least(times: int, action: Callable[[], object]) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return 1000 * min(found)


def bare(argv: tuple[str, ...]) -> None:
    process = os.posix_spawnp(argv[0], argv, os.environ)
    os.waitpid(process, 0)


def inside(argv: tuple[str, ...], profile: Profile, folder: Path) -> str:
    outcome = run(Plan(argv, folder / "out", profile=profile))
    if outcome.ended != Exited(0):
        raise SystemExit(f"{argv[0]}: {outcome.ended} {outcome.stderr.decode(errors='replace')}")
    return str(outcome.tier)


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, argv in PROGRAMS.items():
            alone = least(times, partial(bare, argv))
            for profile in Profile:
                tier = inside(argv, profile, folder)
                took = least(times, partial(inside, argv, profile, folder))
                adds = f"bare {alone:6.1f} ms, inside {took:6.1f}, adds {took - alone:5.1f}"
                print(f"{name:8}{profile.value:6}{tier:8} {adds}")
        ours = (sys.executable, "-m", "modelward")
        version = least(times, partial(bare, (*ours, "--version")))
        took = least(times, partial(bare, (*ours, "run", "--output", f"{folder}/out", "--", "true")))
        print(f"command line: --version {version:.1f} ms, run -- true {took:.1f}, adds {took - version:.1f}")


if __name__ == "__main__":
    main()
