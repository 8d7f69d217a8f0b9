"""`modelward store push` and `pull`: statements, and models, in registries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from modelward.cli.output import complain, deliver, on_terminal, shown
from modelward.cli.progress import shown_progress
from modelward.core.errors import UsageError

if TYPE_CHECKING:
    from modelward.report.line import Line

_Option = Callable[[Callable[..., Any]], Callable[..., Any]]

_target: _Option = click.argument("target", metavar="oci://REGISTRY/NAME[:TAG]")
_wanted: _Option = click.argument("wanted", nargs=-1, metavar="[DIGEST|PATH]...")
_store: _Option = click.option(
    "--store", type=click.Path(), metavar="DIR", help="The store; else .modelward in the current folder."
)
_insecure: _Option = click.option("--insecure", is_flag=True, help="Speak plain HTTP, which anybody on the way reads.")
_format: _Option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", metavar="FORM", help="text or json."
)
_quiet: _Option = click.option("--quiet", is_flag=True, help="Print the answer alone; no progress.")


@click.command(short_help="Send statements, and models, to a registry.")
@_target
@_wanted
@click.option("--with-model", is_flag=True, help="Send the file or folder PATH too, under the TAG if one is given.")
@_store
@_insecure
@_format
@_quiet
def push(
    target: str, wanted: tuple[str, ...], with_model: bool, store: str | None, insecure: bool, form: str, quiet: bool
) -> int:
    """\b
    Examples:
      modelward store push oci://registry.example.org/team/models
      modelward store push oci://localhost:5000/models ./my-model
      modelward store push oci://localhost:5000/models:v1 ./my-model --with-model

    Sends the statements about an artifact, or all, to a repository of an OCI registry, where others pull them from;
    the model itself, where that is asked for, as a CNCF ModelPack. Passwords come from MODELWARD_REGISTRY_USER and
    MODELWARD_REGISTRY_PASSWORD, or from where docker login has left them. A registry on this machine is spoken to by
    plain HTTP.

    \b
    Exit codes: 0 the registry has and lists them; 1 it is caught lying; 4 it cannot be done.
    """
    from modelward.app import registry as app
    from modelward.report import registry as report

    with shown_progress(quiet) as progress:
        if with_model:
            if len(wanted) != 1:
                raise UsageError("--with-model needs one PATH, that of the model")
            done = app.push_model(target, wanted[0], _found(store), insecure=insecure, progress=progress)
        else:
            done = app.push(target, wanted, _needed(store), insecure=insecure, progress=progress)
    _tell(report.pushed(done), report.machine_pushed(done), form, quiet)
    return 0


@click.command(short_help="Bring statements, and models, from a registry.")
@_target
@_wanted
@click.option("--output", type=click.Path(), metavar="DIR", help="Bring the model too, into this folder.")
@_store
@_insecure
@click.option("--log-key", type=click.Path(), metavar="FILE", help="The key of the log, if it is kept elsewhere.")
@_format
@_quiet
def pull(
    target: str,
    wanted: tuple[str, ...],
    output: str | None,
    store: str | None,
    insecure: bool,
    log_key: str | None,
    form: str,
    quiet: bool,
) -> int:
    """\b
    Examples:
      modelward store pull oci://registry.example.org/team/models ./my-model
      modelward store pull oci://localhost:5000/models --store ./store
      modelward store pull oci://localhost:5000/models:v1 --output ./my-model

    Brings the statements about an artifact, or all, from a repository of an OCI registry into the store: all of
    them or none. Signatures are verified when modelward check reads them, not now. With --output the model that a
    DIGEST or the TAG names comes too: a file gets its name once its bytes are what they must be, and what was
    interrupted goes on. A TAG can be moved: which model it is now, is told; a DIGEST says which one it must be.

    \b
    Exit codes: 0 all are there; 1 the registry gives something else than it says; 3 some say to be statements
    and are none, the others are there; 4 it cannot be done.
    """
    from modelward.app import registry as app
    from modelward.report import registry as report

    with shown_progress(quiet) as progress:
        if output is not None:
            done = app.pull_model(
                target, wanted, _found(store), output, insecure=insecure, log_key=log_key,
                progress=progress, waiting=_waiting,
            )  # fmt: skip
        else:
            done = app.pull(
                target, wanted, _needed(store), insecure=insecure, log_key=log_key, progress=progress
            )  # fmt: skip
    for each in done.unread:
        complain(f"modelward: warning: not pulled: {each}", 0)
    _tell(report.pulled(done), report.machine_pulled(done), form, quiet)
    return done.exit_code


def _needed(store: str | None) -> str:
    from modelward.app.store import named_store

    return named_store(store)


def _found(store: str | None) -> str | None:
    """A model can go without statements, where there is no store."""
    from modelward.app.store import PROJECT

    return PROJECT if store is None and os.path.isdir(PROJECT) else store  # noqa: PTH112 (as named_store asks)


def _waiting() -> None:
    complain("modelward: another process is at work there; waiting for it", 0)


def _tell(lines: Iterable[Line], data: bytes, form: str, quiet: bool) -> None:
    from modelward.report.escape import json_on_terminal

    if form == "json":
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
    else:
        every = list(lines)
        deliver(shown(every[-1:] if quiet else every))
