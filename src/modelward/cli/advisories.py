"""`modelward advisories`: the database that packages are looked up in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from modelward.cli.output import check_writable, deliver, on_terminal, shown, write_file

_Option = Callable[[Callable[..., Any]], Callable[..., Any]]
_database: _Option = click.option(
    "--database", type=click.Path(), metavar="DB", required=True, help="The file of the database."
)
_quiet: _Option = click.option("--quiet", is_flag=True, help="Print the answer alone; no progress.")


@click.group(short_help="Keep the advisories that packages are looked up in.", invoke_without_command=True)
@click.pass_context
def advisories(context: click.Context) -> int:
    """\b
    Examples:
      modelward advisories sync --from ./osv --database advisories.db
      modelward advisories show --database advisories.db

    The database is one file, made of feeds that you name: it says what it was made from, and of when that is.
    modelward deps --database DB reads it, without asking anybody.
    """
    if context.invoked_subcommand is None:
        deliver(context.get_help().encode() + b"\n")
    return 2


@advisories.command(short_help="Make the database of what the feeds have now.")
@click.option("--from", "origins", multiple=True, required=True, metavar="FOLDER|FILE|URL", help="A feed. Repeatable.")
@_database
@_quiet
def sync(origins: tuple[str, ...], database: str, quiet: bool) -> int:
    """\b
    Examples:
      modelward advisories sync --from PyPI.zip --database advisories.db
      modelward advisories sync --from https://osv.example/PyPI/ --database advisories.db
      modelward advisories sync --from ./osv --from kev.json --from epss.csv.gz --database advisories.db

    A feed holds records of OSV (PyPA, GitHub, OpenSSF), CISA's KEV, the scores of EPSS, or security bulletins in CSAF:
    in a folder, a zip, a file, or at an https address. An address that ends with a slash is the folder of an
    ecosystem in a bucket of OSV, of which only what changed is fetched.

    The database then holds what these feeds have, and nothing else. Until then the old one stays as it is.

    \b
    Exit codes: 0 all of it was read; 3 some records could not be read, and are named;
    4 a feed could not be read to its end.
    """
    from modelward.app import advisories as app
    from modelward.app.clock import now
    from modelward.cli.progress import shown_progress
    from modelward.report import advisories as report

    with shown_progress(quiet) as progress:
        done = app.sync(origins, database, progress)
    lines = list(report.synced(done, now()))
    deliver(shown(lines[-1:] if quiet else lines))
    return 3 if done.held.facts.unread else 0


@advisories.command(short_help="Say what is in it, and of when.")
@click.argument("record", metavar="[ID]", required=False)
@_database
@click.option("--verify", is_flag=True, help="Read every record anew, and compare.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", metavar="FORM", help="text or json."
)
@click.option("--output", type=click.Path(), metavar="FILE", help="Write the report there, whole or not at all.")
@_quiet
def show(record: str | None, database: str, verify: bool, form: str, output: str | None, quiet: bool) -> int:
    """\b
    Examples:
      modelward advisories show --database advisories.db
      modelward advisories show PYSEC-2022-43059 --database advisories.db
      modelward advisories show --database advisories.db --format json

    Shows the feeds, their dates and the digest of all records; or the record ID, as its feed gave it.

    \b
    Exit codes: 0 shown; 2 there is no such database or record; 4 it is damaged.
    """
    from modelward.app import advisories as app
    from modelward.app.clock import now
    from modelward.report import advisories as report
    from modelward.report.escape import json_on_terminal
    from modelward.report.line import plain

    if output is not None:
        check_writable(output)
    if verify:
        app.verify(database)
    if record is not None:
        data, lines = app.record(database, record) + b"\n", []
    else:
        held = app.held(database)
        lines = list(report.contents(held, now()))
        data = report.machine(held) if form == "json" else plain(lines).encode()
    if output is not None:
        write_file(output, data)
        deliver(shown([] if quiet else lines[-1:]))
    elif record is not None or form == "json":
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
    else:
        deliver(shown(lines[-1:] if quiet else lines))
    return 0


@advisories.command(short_help="List artifacts that new advisories are about.")
@_database
@click.option("--store", type=click.Path(), metavar="DIR", help="The store; else .modelward in the current folder.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", metavar="FORM", help="text or json."
)
def affected(database: str, store: str | None, form: str) -> int:
    """\b
    Examples:
      modelward advisories affected --database advisories.db
      modelward advisories affected --database advisories.db --store ./store --format json

    Holds the packages of all audits that a store keeps (modelward deps --store) against the advisories of today, and
    lists what those audits did not know. Of each artifact the latest audit counts. Run it after every sync.

    \b
    Exit codes: 0 nothing new; 1 something is affected; 3 something could not be compared or read, or no audit is there.
    """
    from modelward.app.affected import affected as look
    from modelward.report import affected as report
    from modelward.report.escape import json_on_terminal

    done = look(database, store)
    if form == "text":
        deliver(shown(list(report.lines(done))))
    else:
        data = report.machine(done)
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
    return done.exit_code


@advisories.command(short_help="Answer the OSV API on this machine.")
@_database
@click.option("--port", type=click.IntRange(0, 65535), default=8480, show_default=True, metavar="N", help="0: any.")
def serve(database: str, port: int) -> int:
    """\b
    Examples:
      modelward advisories serve --database advisories.db
      pip-audit -r requirements.txt -s osv --osv-url http://127.0.0.1:8480/v1/query
      uv audit --frozen --service-url http://127.0.0.1:8480

    Answers /v1/query, /v1/querybatch and /v1/vulns/ID as the public OSV server does, from the database, to programs
    on this machine alone, until it is interrupted. A database that is synced meanwhile is used at once. What cannot
    be compared is answered as affected.
    """
    from modelward.app.advisories import held
    from modelward.cli.serving import Server
    from modelward.core.errors import ReadError
    from modelward.report import advisories as report
    from modelward.report.line import Line
    from modelward.stores.files import reason

    doubts = list(report.doubts(held(database)))  # what is wrong with it is said now, and not to the first who asks
    try:
        serving = Server(database, port)
    except OSError as error:
        raise ReadError(f"cannot listen on port {port}: {reason(error)}; name another with --port") from error
    with serving:
        deliver(shown([*doubts, Line("", f"serving http://127.0.0.1:{serving.port} until interrupted", "good")]))
        serving.serve_forever()
    return 0
