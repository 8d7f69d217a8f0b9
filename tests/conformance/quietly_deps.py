"""Run as a script: audits the trees of a folder twice, and says what that did besides. See quietly.py; what a database
is read with may be used, to read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.conformance import quietly
from tests.conformance.packages import audited

quietly.OURS |= {"packaging"}


def hook(event: str, arguments: tuple[Any, ...]) -> None:
    opens = event.startswith("sqlite3.connect")
    if not opens or (event == "sqlite3.connect" and "mode=ro&immutable=1" not in str(arguments[0])):
        quietly.hook(event, arguments)


def main() -> None:
    trees = [path for path in sorted(Path(sys.argv[1]).iterdir()) if path.is_dir()]
    sys.addaudithook(hook)
    for again in (False, True):
        quietly.warm = again
        for tree in trees:
            before = len(quietly.seen)
            audited(tree)
            quietly.seen[before:] = [f"{tree.name}: {event}" for event in quietly.seen[before:]]
    done, quietly.warm = list(quietly.seen), False
    print(json.dumps(done))


if __name__ == "__main__":
    main()
