"""The outermost edge: whatever happens becomes an exit code and at most one line of error.

Next to nothing is imported before `main` runs, so that `--version` is quick and an early Ctrl-C is caught.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing itself takes milliseconds
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> int:
    """Runs the command line of this process. Returns its exit code; never raises. An interrupt ends the process."""
    try:
        return _main()
    except KeyboardInterrupt:
        _interrupted()


def _main() -> int:
    from modelward.cli.output import complain, settle
    from modelward.core.errors import ModelwardError

    try:
        code = _run()
    except ModelwardError as error:
        code = complain(f"modelward: error: {error}", error.exit_code)
    except Exception as error:  # noqa: BLE001 (here, and at the edge of one file)
        code = _defect(error)
    settle()
    return code


def _interrupted() -> NoReturn:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the second Ctrl-C of an impatient person
    from modelward.cli.output import complain, settle

    code = complain("interrupted", 130)
    settle()
    # not by returning: after an interrupt within exec(), which defines dataclasses, Python ends itself by SIGINT even
    # where it was caught (unhandled_keyboard_interrupt in Python/pythonrun.c)
    os._exit(code)


def _run() -> int:
    from modelward.cli.commands import run

    try:
        return run(sys.argv[1:])
    except BrokenPipeError:
        # click prints these itself; what a verb has to say goes through output.deliver
        if {"-h", "--help", "--version"} & set(sys.argv):
            return 0
        raise


def _defect(error: Exception) -> int:
    """A bug of ours must not look like a verdict: exit code 1 would say that something was denied."""
    from modelward.cli.output import complain

    if os.environ.get("MODELWARD_DEBUG"):
        import traceback

        traceback.print_exception(error)
    what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return complain(
        f"modelward: error: this is a defect of modelward ({what}); please report it, "
        "with what the same command prints under MODELWARD_DEBUG=1",
        4,
    )


if __name__ == "__main__":
    sys.exit(main())
