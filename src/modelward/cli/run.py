"""`modelward run`: a command in the sandbox."""

from __future__ import annotations

import click

from modelward.cli.output import complain

_STOPPED, _NOT_MADE, _NOT_EXECUTABLE, _NOT_FOUND, _SIGNAL = 124, 125, 126, 127, 128  # as of timeout(1) and env(1)


@click.command(
    short_help="Run a command where it can do no harm.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--input", "inputs", multiple=True, type=click.Path(), metavar="PATH", help="Show it, to read. Repeatable."
)
@click.option("--output", required=True, type=click.Path(), metavar="DIR", help="A new or empty folder for its files.")
@click.option(
    "--require-tier", "tier", type=click.Choice(["full", "external", "partial", "none"]), default="partial",
    show_default=True, metavar="TIER", help="The weakest sandbox that will do: full, external, partial or none.",
)  # fmt: skip
@click.option(
    "--limit", "limits", multiple=True, metavar="NAME=VALUE",
    help="wall, cpu (90, 15m, 2h), memory, disk, printed (500M, 8G), processes, descriptors, inodes. Repeatable.",
)  # fmt: skip
@click.option("--env", "environment", multiple=True, metavar="NAME[=VALUE]", help="Set it for the command. Repeatable.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def run(
    inputs: tuple[str, ...],
    output: str,
    tier: str,
    limits: tuple[str, ...],
    environment: tuple[str, ...],
    command: tuple[str, ...],
) -> int:
    """\b
    Examples:
      modelward run --input data --input $PWD/train.py --output out -- python $PWD/train.py
      modelward run --require-tier full --limit wall=2h --output out -- make -C /src

    Runs COMMAND without network. It sees the system's programs and libraries, its own interpreter and every --input
    read-only under their own paths, and nothing else of your files, processes, environment or terminal. It starts in
    the output folder, which with a private temporary folder is all that it can write to. When it ends, all that it
    started ends, and regular files alone are left in the output.

    The strongest sandbox that this system allows is taken, never a weaker one than --require-tier says; what is less
    than full is warned of, and docs/sandbox.md says what it cannot keep. none is no sandbox at all.

    \b
    Exit codes: the command's own; 124 stopped at a limit, 125 no such sandbox can be made here,
    126 not executable, 127 not found, 128+N ended by signal N; 2 usage.
    """
    import signal
    import sys

    from modelward.app import running
    from modelward.core.errors import ModelwardError
    from modelward.sandbox.model import ProgramMissing, SandboxError, Tier

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(_SIGNAL + number))  # so that all is tidied
    _warn_of_relative(command, output)
    try:
        outcome = running.run(
            command, inputs=inputs, output=output, tier=tier, limits=limits, environment=environment, printed=_pass_on
        )
    except ProgramMissing as error:
        return complain(f"modelward: error: {error}", _NOT_FOUND)
    except SandboxError as error:
        return complain(f"modelward: error: {error}", _NOT_MADE)
    except OSError as error:
        raise ModelwardError(f"cannot tidy the output {output!r}: {error.strerror}") from error
    if outcome.tier is not Tier.FULL:
        whys = "; ".join(f"{missed}: {why}" for missed, why in outcome.missed)
        complain(f"modelward: warning: the sandbox was {outcome.tier}: {'; '.join(outcome.gaps)} ({whys})", 0)
    for path, why in outcome.left_out:
        complain(f"modelward: warning: removed from the output: {path}: {why}", 0)
    return _exit_code(outcome.ended, command[0])


def _exit_code(ended: object, program: str) -> int:
    from modelward.sandbox.model import Exited, Limited, Signalled, Unstarted

    match ended:
        case Exited(code):
            return code
        case Signalled(number):
            return _SIGNAL + number
        case Limited(limit):
            return complain(f"modelward: error: stopped: it reached its limit of {limit} (see --limit)", _STOPPED)
        case Unstarted(why, missing):
            return complain(f"modelward: error: {program}: {why}", _NOT_FOUND if missing else _NOT_EXECUTABLE)
    raise TypeError(ended)


def _pass_on(number: int, data: bytes) -> None:
    """A reader who left changes nothing: the command runs to its end."""
    import contextlib
    import sys

    stream = sys.stdout if number == 1 else sys.stderr
    if stream is not None:
        with contextlib.suppress(BrokenPipeError):
            stream.buffer.write(data)
            stream.buffer.flush()


def _warn_of_relative(command: tuple[str, ...], output: str) -> None:
    from pathlib import Path

    for word in command[1:]:
        if not word.startswith(("/", "-")) and Path(word).is_file():
            complain(
                f"modelward: warning: {word!r} will be looked for in {output!r}, where the command starts; "
                f"for the one here write {str(Path(word).absolute())!r}, and give it as --input",
                0,
            )
