"""`modelward log`: the transparency log of a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from modelward.cli.output import check_writable, deliver, on_terminal, shown, write_file

if TYPE_CHECKING:
    from modelward.report.line import Line

_LATEST = 20
_Option = Callable[[Callable[..., Any]], Callable[..., Any]]

_store: _Option = click.option(
    "--store", type=click.Path(), metavar="DIR", help="The store; else .modelward in the current folder."
)
_pub: _Option = click.option(
    "--pub", type=click.Path(), metavar="FILE", help="The log's public key, kept elsewhere than in the store."
)
_format: _Option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", metavar="FORM", help="text or json."
)
_output: _Option = click.option(
    "--output", type=click.Path(), metavar="FILE", help="Write the report there, whole or not at all."
)


@click.group(short_help="Prove that the log of a store was only appended to.", invoke_without_command=True)
@click.pass_context
def log(context: click.Context) -> int:
    """\b
    Examples:
      modelward log verify
      modelward log verify --store ./evidence --since kept.checkpoint --pub log.pub
      modelward log show

    Every statement that enters a store is recorded in its log: an RFC 6962 tree under a signed
    checkpoint, as C2SP tlog-tiles. Whoever has the log's key can rewrite it and sign again: keep a
    copy of DIR/log/checkpoint and DIR/log/key.pub elsewhere, and verify with --since and --pub.
    """
    if context.invoked_subcommand is None:
        deliver(context.get_help().encode() + b"\n")
    return 2


@log.command(short_help="Verify all of it; name what was removed or rewritten.")
@_store
@click.option("--since", type=click.Path(), metavar="FILE", help="An earlier checkpoint that the log must continue.")
@_pub
@click.option("--witness", multiple=True, metavar="KEY", help="A witness that must have signed: name+id+base64.")
@_format
@_output
@click.option("--quiet", is_flag=True, help="Print the answer alone.")
def verify(
    store: str | None,
    since: str | None,
    pub: str | None,
    witness: tuple[str, ...],
    form: str,
    output: str | None,
    quiet: bool,
) -> int:
    """\b
    Examples:
      cp .modelward/log/checkpoint kept.checkpoint     (somewhere else)
      modelward log verify --since kept.checkpoint

    Computes every hash of the log anew, and compares the root with the signed checkpoint, the log with
    the earlier checkpoint, and its records with the statements of the store.

    \b
    Exit codes: 0 consistent; 1 a statement or record was removed or rewritten, or the checkpoint is
    not signed by the log's key; 4 it cannot be read.
    """
    from modelward.app import log as app
    from modelward.app.store import named_store
    from modelward.report import log as report

    if output is not None:
        check_writable(output)
    result = app.verify_store(named_store(store), app.Asked.read(pub, since, witness))
    lines = list(report.verification(result))
    _tell(report.machine_verification(result) if form == "json" else None, lines[-1:] if quiet else lines, output)
    return result.exit_code


@log.command(short_help="Show its checkpoint, its key and its records.")
@_store
@_pub
@_format
@_output
def show(store: str | None, pub: str | None, form: str, output: str | None) -> int:
    """\b
    Examples:
      modelward log show
      modelward log show --format json

    Shows what the log has signed. Every record that is shown is proved to be under the checkpoint.
    """
    from modelward.app import log as app
    from modelward.app.store import named_store
    from modelward.report import log as report

    if output is not None:
        check_writable(output)
    found = app.show_log(named_store(store), app.Asked.read(pub, None, ()), _LATEST if form == "text" else None)
    _tell(report.machine_contents(found) if form == "json" else None, list(report.contents(found)), output)
    return 0


@log.command(short_help="Write the proof that a statement is recorded.")
@click.argument("statement", metavar="DIGEST")
@_store
@_pub
@click.option("--output", type=click.Path(), metavar="FILE", help="Write the proof there, whole or not at all.")
def prove(statement: str, store: str | None, pub: str | None, output: str | None) -> int:
    """\b
    Examples:
      modelward log prove sha256:1f2e... --output scan.tlog-proof

    The proof (C2SP tlog-proof) shows that the log has recorded the statement, to whoever has the log's public key
    and nothing else of the store.
    """
    from modelward.app import log as app
    from modelward.app.store import named_store

    if output is not None:
        check_writable(output)
    _tell(app.prove(named_store(store), app.Asked.read(pub, None, ()), statement), [], output)
    return 0


@log.command("verify-proof", short_help="Verify the proof that a statement is recorded.")
@click.argument("proof", metavar="PROOF", type=click.Path())
@click.option("--pub", type=click.Path(), metavar="FILE", required=True, help="The public key of the log.")
@_format
@_output
def verify_proof(proof: str, pub: str, form: str, output: str | None) -> int:
    """\b
    Examples:
      modelward log verify-proof scan.tlog-proof --pub log.pub

    Says which statement the log has recorded, by the proof alone.

    \b
    Exit codes: 0 proved; 1 the proof does not show it, or another key has signed; 4 it is no proof.
    """
    from modelward.app import log as app
    from modelward.report import log as report

    if output is not None:
        check_writable(output)
    found = app.verify_proof(proof, pub)
    _tell(report.machine_contents(found) if form == "json" else None, list(report.proved(found)), output)
    return 0


def _tell(data: bytes | None, lines: Sequence[Line], output: str | None) -> None:
    from modelward.report.escape import json_on_terminal
    from modelward.report.line import plain

    if output is not None:
        write_file(output, plain(lines).encode() if data is None else data)
        deliver(shown(lines[-1:]))
    elif data is None:
        deliver(shown(lines))
    else:
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
