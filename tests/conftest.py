"""Property tests draw the same examples on every run, so that a red suite means a changed project;
`make fuzz` draws new ones.

A test marked `peer(command, package)` talks to a program that a Debian package has; `peer(command, make=target)` to one
that `make TARGET` puts into an environment of its own, `.TARGET/`. Where the program is absent, the run says so at its
end; with MODELWARD_PEERS=required, as in CI, it fails.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# there is a test worker for each core already
os.environ.setdefault("OMP_NUM_THREADS", "1")

# a run in the background may have it ignored, and so would every program that a test interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)

_ABSENT = "absent peer: "
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])  # where servers are


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("peer"):
        why = _absent(*marker.args, **marker.kwargs)
        if why:
            if os.environ.get("MODELWARD_PEERS") == "required":
                pytest.fail(why, pytrace=False)
            pytest.skip(why)


def _absent(command: str, package: str = "", make: str = "") -> str:
    """Where it could be had from; "" where it is there."""
    path = str(Path(__file__).parent.parent / f".{make}" / "bin") if make else _PATH
    if shutil.which(command, path=path):
        return ""
    return f"{_ABSENT}{command}, which {f'`make {make}` installs' if make else f'the Debian package {package} has'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = (report.longrepr for report in terminalreporter.stats.get("skipped", []))
    whys = [why[2].removeprefix("Skipped: ") for why in skipped if isinstance(why, tuple)]
    for why, number in sorted(Counter(why for why in whys if why.startswith(_ABSENT)).items()):
        terminalreporter.write_line(f"{why}: {number} tests did not run")
