"""Run as a script: examines the files of a folder twice, and says what that did besides.

The first pass may import readers of modelward; the second may do nothing but read and compute.
Audit events: https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from modelward.app import judging as app

OURS = sys.stdlib_module_names | {"modelward", "rfc8785"}
NEVER = (
    "socket.", "subprocess.", "ctypes.", "pickle.find_class", "os.system", "os.exec", "os.fork", "os.posix_spawn",
    "os.spawn", "os.startfile", "os.kill", "os.putenv", "os.remove", "os.rename", "os.mkdir", "os.link", "os.symlink",
    "os.truncate", "os.chmod", "os.chown", "shutil.", "tempfile.", "urllib.", "ftplib.", "smtplib.", "webbrowser.",
    "pty.", "sqlite3.", "builtins.input", "sys.settrace", "sys.setprofile",
)  # fmt: skip
NEVER_AGAIN = ("import", "exec", "compile", "marshal.", "code.", "function.", "cpython.")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

seen: list[str] = []
warm = False


def hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(NEVER) or (warm and event.startswith(NEVER_AGAIN)):
        seen.append(f"{event} {arguments!r}"[:300])
    elif event == "import" and arguments[0].partition(".")[0] not in OURS:
        seen.append(f"import {arguments[0]}")
    elif event == "open" and arguments[2] & WRITING:
        seen.append(f"open for writing {arguments[0]!r}")


def examine(folder: str) -> None:
    for path in sorted(Path(folder).iterdir()):
        before = len(seen)
        app.scan(str(path))
        seen[before:] = [f"{path.name}: {event}" for event in seen[before:]]
    app.scan(folder)


def main() -> None:
    global warm
    sys.addaudithook(hook)
    examine(sys.argv[1])
    warm = True
    examine(sys.argv[1])
    done, warm = list(seen), False
    print(json.dumps(done))


if __name__ == "__main__":
    main()
