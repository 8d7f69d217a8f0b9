"""mypy over tests/cases: each folder has the id of its rule as its name, which is no module name."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

CASES = Path("tests/cases")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for case in sorted(CASES.glob("*/*.py")):
            copy = Path(folder) / f"case_{case.parent.name.replace('-', '_')}_{case.stem}.py"
            copy.write_bytes(case.read_bytes())
        return subprocess.run([sys.executable, "-m", "mypy", "--no-error-summary", folder]).returncode


if __name__ == "__main__":
    sys.exit(main())
