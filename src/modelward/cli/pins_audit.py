"""`modelward pins`: what is said of code and its pins."""

from __future__ import annotations

import click

from modelward.cli import progress
from modelward.cli.output import check_writable, deliver, on_terminal, shown, write_file

_SEVERITIES = ("info", "low", "medium", "high", "critical")


@click.group(short_help="Find code that loads by name without a pin.", invoke_without_command=True)
@click.pass_context
def pins(context: click.Context) -> int:
    """\b
    Examples:
      modelward pins audit src notebooks

    What code loads from hubs, and whether it is pinned. modelward pin makes the pins.
    """
    if context.invoked_subcommand is None:
        deliver(context.get_help().encode() + b"\n")
    return 2


@pins.command(short_help="Find what loads by name, and propose the pin.")
@click.argument("sources", nargs=-1, required=True, metavar="SRC...", type=click.Path(readable=False))
@click.option("--lock", type=click.Path(), metavar="FILE", help="Take pins from there; else modelward.lock, if there.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    metavar="FORM",
    help="text, json, sarif or github.",
)
@click.option(
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="Write the report there, whole or not at all; stdout gets the answer.",
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out what matches. Repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="low",
    show_default=True,
    metavar="SEVERITY",
    help="Flag findings of at least this severity; low are those of which a part is not known here.",
)
@click.option("--quiet", is_flag=True, help="Print the answer alone; no progress.")
def audit(
    sources: tuple[str, ...],
    lock: str | None,
    form: str,
    output: str | None,
    exclude: tuple[str, ...],
    fail_on: str,
    quiet: bool,
) -> int:
    """\b
    Examples:
      modelward pins audit train.py
      modelward pins audit src notebooks --exclude tests --fail-on medium
      modelward pins audit . --format sarif --output pins.sarif

    Finds calls that load a model, a dataset or code by a name, without the 40 digits of a commit, or
    with trust_remote_code, in Python files, notebooks, and the commands of shell scripts, Dockerfiles,
    Makefiles and YAML, and proposes the pin. Nothing is run or imported, and no server is asked.

    Exit codes: 0 nothing found, 1 something is, 3 something could not be read.
    """
    from modelward.app.source_audit import audit as look
    from modelward.core.finding import Severity
    from modelward.report import source_audit as report
    from modelward.report.escape import json_on_terminal
    from modelward.report.line import plain

    if output is not None:
        check_writable(output)
    if quiet or not progress.wanted():
        done = look(sources, lock, exclude)
    else:
        with progress.Progress() as line:
            done = look(sources, lock, exclude, line)
    severity = Severity.parse(fail_on)
    lines = list(report.lines(done, severity))
    made = {
        "text": lambda: plain(lines).encode(),
        "json": lambda: report.machine(done, severity),
        "sarif": lambda: report.sarif(done),
        "github": lambda: report.github(done, severity).encode(),
    }
    if output is not None:
        write_file(output, made[form]())
    if form == "text" or output is not None:
        deliver(shown(lines[-1:] if quiet or output is not None else lines))
    else:
        data = made[form]()
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
    return done.exit_code(severity)
