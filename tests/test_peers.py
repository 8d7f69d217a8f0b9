"""A program that is not there: the tests that need it are named at the end, and fail where they must run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

CASE = """
import pytest

@pytest.mark.peer("no-such-program", "some-package")
@pytest.mark.parametrize("n", [1, 2])
def test_with_it(n): ...

@pytest.mark.peer("no-such-client", make="clients")
def test_with_another(): ...

def test_without_it(): ...
"""


@pytest.mark.parametrize(("peers", "code", "workers"), [("", 0, "1"), ("required", 1, "0")])
def test_an_absent_peer_is_named(tmp_path: Path, peers: str, code: int, workers: str) -> None:
    (tmp_path / "test_x.py").write_text(CASE)
    args = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "no:cacheprovider", "-n", workers]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", *args, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"MODELWARD_PEERS": peers},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    words = "absent peer: no-such-program, which the Debian package some-package has"
    assert (f"\n{words}: 2 tests did not run\n" if not code else words) in done.stdout
    words = "absent peer: no-such-client, which `make clients` installs"
    assert (f"\n{words}: 1 tests did not run\n" if not code else words) in done.stdout
    assert ("1 passed, 3 errors" if code else "1 passed, 3 skipped") in done.stdout
