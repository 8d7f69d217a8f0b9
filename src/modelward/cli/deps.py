"""`modelward deps`: what is known of the packages that a lock, an environment or a wheel names."""

from __future__ import annotations

from functools import partial

import click

from modelward.cli import progress
from modelward.cli.output import check_writable, deliver, on_terminal, shown, write_file

_FORMS = ("text", "json", "sarif", "junit", "github", "vulns")
_SEVERITIES = ("info", "low", "medium", "high", "critical")


@click.command(short_help="Audit packages: advisories, pins, hashes, names, age.")
@click.argument("targets", nargs=-1, metavar="FILE|FOLDER...", type=click.Path(readable=False))
@click.option(
    "--database", type=click.Path(), metavar="DB", help="The advisories, as modelward advisories sync made them."
)
@click.option(
    "--host", multiple=True, type=click.Path(), metavar="FILE|FOLDER",
    help="Texts that say which NVIDIA driver, CUDA Toolkit and tools a host has. Repeatable.",
)  # fmt: skip
@click.option(
    "--approved", type=click.Path(), metavar="WHEEL|FOLDER",
    help="Say what wheels add to the ones that were approved before.",
)  # fmt: skip
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out what matches. Repeatable.")
@click.option("--policy", metavar="NAME|FILE", help="Take indexes, ages, ignores and what is denied from there.")
@click.option("--mirror", multiple=True, metavar="URL", help="An index that carries the public packages. Repeatable.")
@click.option("--max-age", type=click.IntRange(0), metavar="DAYS", help="Do not rely on older advisories.")
@click.option("--cool-down", type=click.IntRange(0), metavar="DAYS", help="Flag releases younger than that.")
@click.option(
    "--format", "form", type=click.Choice(_FORMS), default="text", metavar="FORM",
    help="text, json, sarif, junit, github or vulns (an in-toto statement).",
)  # fmt: skip
@click.option(
    "--output", type=click.Path(), metavar="FILE",
    help="Write the report there, whole or not at all; stdout gets the answer.",
)  # fmt: skip
@click.option("--statement", type=click.Path(), metavar="FILE", help="Write what was found as an in-toto statement.")
@click.option("--store", type=click.Path(), metavar="DIR", help="Keep the statement in that evidence store.")
@click.option(
    "--fail-on", type=click.Choice(_SEVERITIES), metavar="SEVERITY",
    help="Flag findings of at least this severity; else the policy's, else medium.",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="Print the answer alone; no progress.")
def deps(
    targets: tuple[str, ...],
    database: str | None,
    host: tuple[str, ...],
    approved: str | None,
    exclude: tuple[str, ...],
    policy: str | None,
    mirror: tuple[str, ...],
    max_age: int | None,
    cool_down: int | None,
    form: str,
    output: str | None,
    statement: str | None,
    store: str | None,
    fail_on: str | None,
    quiet: bool,
) -> int:
    """\b
    Examples:
      modelward deps requirements.txt --database advisories.db
      modelward deps pylock.toml wheelhouse --database advisories.db --cool-down 7
      modelward deps .venv --database advisories.db --format sarif --output deps.sarif
      modelward deps new-1.1-py3-none-any.whl --approved wheelhouse --database advisories.db
      modelward deps --host /proc/driver/nvidia --database advisories.db

    Reads requirements files, pylock.toml, uv.lock, wheels, folders of wheels and installed environments, and
    holds every package against a database of advisories. Nothing is installed, imported or asked of a server.
    What could not be looked up is unknown, and never passes.

    \b
    Exit codes: 0 all looked up and nothing found; 1 something is found; 3 something is unknown.
    """
    from modelward.app import deps as app
    from modelward.core.errors import UsageError
    from modelward.report import deps as report
    from modelward.report.escape import json_on_terminal
    from modelward.report.line import plain

    if not (targets or host):
        raise UsageError("nothing to audit: name a lock, an environment or a wheel, or texts of a host with --host")
    for path in (output, statement):
        if path is not None:
            check_writable(path)
    asked = app.question(policy, mirror, max_age, cool_down, fail_on)
    audit_with = partial(app.audit, targets, database, asked.policy, hosts=host, exclude=exclude, approved=approved)
    if quiet or not progress.wanted():
        done = audit_with()
    else:
        with progress.Progress() as line:
            done = audit_with(progress=line)
    audit = done.audit
    lines = list(report.lines(audit, asked.flags, done.when))
    made = {
        "text": lambda: plain(lines).encode(),
        "json": lambda: report.machine(audit, asked.flags),
        "sarif": lambda: report.sarif(audit),
        "junit": lambda: report.junit(audit, asked.flags).encode(),
        "github": lambda: report.github(audit, asked.flags).encode(),
        "vulns": lambda: report.vulns(audit, done.subject, done.when),
    }
    if statement is not None:
        write_file(statement, done.statement.raw)
    if store is not None:
        app.keep(done, store)
    if output is not None:
        write_file(output, made[form]())
    if form == "text" or output is not None:
        deliver(shown(lines[-1:] if quiet or output is not None else lines))
    else:
        data = made[form]()
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
    return audit.exit_code(asked.flags)
