"""`modelward store`: the statements that are kept, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from modelward.cli import registry
from modelward.cli.output import check_writable, deliver, on_terminal, shown, write_file

_Option = Callable[[Callable[..., Any]], Callable[..., Any]]

_store: _Option = click.option(
    "--store", type=click.Path(), metavar="DIR", help="The store; else .modelward in the current folder."
)
_format: _Option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", metavar="FORM", help="text or json."
)
_output: _Option = click.option(
    "--output", type=click.Path(), metavar="FILE", help="Write the list there, whole or not at all."
)


@click.group(short_help="Keep statements, and find them again by digest.")
def store() -> None:
    """\b
    Examples:
      modelward store add scan.sigstore.json
      modelward store list ./my-model
      modelward store list --verify
      modelward store export ./my-model --output evidence

    A store is a folder: an OCI image layout that holds statements and what they are about, and a log of all that
    entered. modelward check --store DIR writes to it and reads from it. Where a project has a folder .modelward,
    that is its store.
    """


@store.command(short_help="Keep statements.")
@click.argument("statements", nargs=-1, required=True, metavar="STATEMENT...", type=click.Path(readable=False))
@_store
@click.option("--about", metavar="TARGET|DIGEST", help="What they are about, where they do not say it.")
@click.option("--log-key", type=click.Path(), metavar="FILE", help="The key of the log, if it is kept elsewhere.")
def add(statements: tuple[str, ...], store: str | None, about: str | None, log_key: str | None) -> int:
    """\b
    Examples:
      modelward store add scan.sigstore.json
      modelward store add evidence/ --store ./store
      modelward store add model.sig --about ./my-model

    Keeps statements, DSSE envelopes and sigstore bundles, byte for byte, under the digests that they are about: all of
    them or none, for good when this ends. Signatures are verified when modelward check reads them, not now.
    """
    from modelward.app import store as app
    from modelward.report.line import Line, count
    from modelward.report.store import entry

    done = app.add(statements, app.named_store(store), about, log_key)
    lines = [Line("", f"{entry(each)}  about {each.about}") for each in sorted(done.new)]
    there = len(done.kept) - len(done.new)
    answer = f"added {count(len(done.new), 'statement')}"
    answer += f", {there:,} {'was' if there == 1 else 'were'} there" if there else ""
    deliver(shown([*lines, Line("", answer, "good")]))
    return 0


@store.command("list", short_help="Say what is in it.")
@click.argument("wanted", nargs=-1, metavar="[TARGET|DIGEST]...")
@_store
@click.option("--verify", is_flag=True, help="Read every byte, and name what is damaged or missing.")
@_format
@_output
@click.option("--quiet", is_flag=True, help="Print the answer alone.")
def list_(wanted: tuple[str, ...], store: str | None, verify: bool, form: str, output: str | None, quiet: bool) -> int:
    """\b
    Examples:
      modelward store list
      modelward store list ./my-model
      modelward store list sha256:9f86d081 --format json
      modelward store list --verify

    Lists the statements about an artifact, or all.

    \b
    Exit codes: 0 listed; 1 something that should be there is damaged or missing; 4 it cannot be read.
    """
    from modelward.app import store as app
    from modelward.report import store as report
    from modelward.report.escape import json_on_terminal
    from modelward.report.line import plain

    if output is not None:
        check_writable(output)
    found = app.listing(app.named_store(store), wanted, verify=verify)
    lines = list(report.listing(found))
    data = report.machine(found) if form == "json" else plain(lines).encode()
    if output is not None:
        write_file(output, data)
        deliver(shown([] if quiet else lines[-1:]))
    elif form == "json":
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
    else:
        deliver(shown(lines[-1:] if quiet else lines))
    return found.exit_code


@store.command(short_help="Show a statement.")
@click.argument("wanted", metavar="DIGEST|TARGET")
@_store
def show(wanted: str, store: str | None) -> int:
    """\b
    Examples:
      modelward store show 9f86d081
      modelward store show ./my-model

    Shows what a statement says, or every statement about an artifact. A DIGEST may be cut short to six digits. What is
    shown is not verified.
    """
    from modelward.app import store as app
    from modelward.report.escape import visible
    from modelward.report.line import Line
    from modelward.report.store import entry

    for each in app.show(app.named_store(store), wanted):
        logged = "no" if each.position is None else f"record {each.position}"
        head = [
            Line("statement ", entry(each.kept)),
            Line("about     ", str(each.kept.about)),
            Line("kept as   ", f"{visible(each.kept.media_type)}, {each.kept.size:,} bytes; logged: {logged}"),
        ]
        deliver(shown([*head, *(Line("", visible(line)) for line in each.body.split("\n")), Line()]))
    return 0


@store.command(short_help="Write statements into files.")
@click.argument("wanted", nargs=-1, metavar="[TARGET|DIGEST]...")
@_store
@click.option("--output", type=click.Path(), metavar="DIR", required=True, help="The folder to write them to.")
def export(wanted: tuple[str, ...], store: str | None, output: str) -> int:
    """\b
    Examples:
      modelward store export --output evidence
      modelward store export ./my-model --output evidence

    Writes the statements about an artifact, or all, byte for byte as they came, one in each file.
    modelward check --evidence DIR reads them.
    """
    from modelward.app import store as app
    from modelward.report.line import Line, count

    done = app.export(app.named_store(store), wanted, output)
    deliver(shown([Line("", f"wrote {count(len(done), 'statement')}", "good")]))
    return 0


@store.command(short_help="Remove what nothing refers to.")
@_store
def gc(store: str | None) -> int:
    """\b
    Examples:
      modelward store gc

    Removes blobs that nothing refers to, and what a process that was killed has left half-written. Never a statement.
    Other programs do not know the lock of the store: let none write to it meanwhile.
    """
    from modelward.app import store as app
    from modelward.report.line import Line, count

    done = app.gc(app.named_store(store))
    what = f"{count(done.blobs, 'blob')} of {count(done.bytes, 'byte')}, {count(done.temporary, 'unfinished file')}"
    deliver(shown([Line("", f"removed {what}", "good")]))
    return 0


@store.command(short_help="Make its index anew.")
@_store
def rebuild(store: str | None) -> int:
    """\b
    Examples:
      modelward store rebuild

    Makes the index of the store anew from the layout and the log, which are the truth, and names what is wrong there.

    \b
    Exit codes: 0 made; 1 something that should be there is damaged or missing; 4 it cannot be read.
    """
    from modelward.app import store as app
    from modelward.report import store as report

    found = app.rebuild(app.named_store(store))
    lines = list(report.listing(found))
    deliver(shown(lines if found.problems else lines[-1:]))
    return found.exit_code


for _verb in (registry.push, registry.pull):
    store.add_command(_verb)
