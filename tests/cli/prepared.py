"""A process that has everything imported and forks for each command: what most of a short run costs is paid once.

What is forked is a process like any other, with its own streams, folder, environment and exit code, and it ends as
interpreters end. Only its start is not what a user sees.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import threading
from typing import NoReturn

LARGEST = 1 << 17
LONGEST = 60  # seconds


def _serve(channel: socket.socket) -> None:
    """Returns in the forked processes alone, which then are what was asked for."""
    while True:
        request, streams, _, _ = socket.recv_fds(channel, LARGEST, 3)
        if not request:
            sys.exit()
        if (child := os.fork()) == 0:
            channel.close()
            arguments, folder, environment = json.loads(request)
            _become(arguments, folder, environment, streams)
            return
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(child, 0)
        channel.send(b"%d" % os.waitstatus_to_exitcode(status))


def _become(arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    signal.alarm(LONGEST)  # and it is killed
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["modelward", *arguments]
    by_lines = 1 if os.isatty(1) else -1
    sys.stdout = open(  # noqa: SIM115 (as long as the process)
        1, "w", by_lines, encoding=sys.stdout.encoding, errors=sys.stdout.errors, closefd=False
    )


def _import_all(package: str) -> None:
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _main(app: str, channel: int) -> NoReturn:
    if app == "stub":
        from tests.cli import stub_app

        stub_app.install()
        _import_all("modelward.report")
        _import_all("modelward.cli")
    else:
        _import_all("modelward")
    from modelward.cli.main import main

    gc.freeze()
    _serve(socket.socket(fileno=channel))
    _end(main())


def _end(code: int) -> NoReturn:
    """As interpreters end, up to the taking apart of modules, which takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120  # https://docs.python.org/3/library/sys.html#sys.exit
    os._exit(code)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
