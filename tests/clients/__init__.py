"""The clients that load what was fetched, `transformers` and `datasets`; `make clients` installs them.

    offline = Client(hub.server.url, home, HF_HUB_OFFLINE="1")
    offline("config", "org/model", revision=commit)  # what AutoConfig.from_pretrained gives

`program` has what can be asked for. *home* is HF_HOME: the cache of the hub is `hub` in it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

BIN = Path(__file__).parents[2] / ".clients/bin"
PROGRAM = Path(__file__).with_name("program.py")

# both: an install may have ended between the two
needs_clients = [pytest.mark.peer(command, make="clients") for command in ("transformers", "datasets-cli")]


class Failed(Exception):
    """What a client raised."""


class Client:
    """A process with the clients, begun when it is first asked."""

    def __init__(self, endpoint: str, home: Path, **environment: str) -> None:
        others = ("HF_", "HUGGINGFACE_", "SSL_CERT_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        told = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
        told["SSL_CERT_DIR"] = str(home)  # nothing is encrypted here, and to read all certificates takes its time
        self._environment = kept | told | environment
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, name: str, *args: object, **how: object) -> Any:
        """Raises Failed."""
        if self._process is None:
            self._process = subprocess.Popen(
                [BIN / "python", PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                text=True,
            )
        assert self._process.stdin and self._process.stdout
        print(json.dumps([name, args, how]), file=self._process.stdin, flush=True)
        said = json.loads(self._process.stdout.readline())
        if "error" in said:
            raise Failed(said["error"])
        return said["answer"]

    def end(self) -> None:
        if self._process:
            self._process.communicate()
