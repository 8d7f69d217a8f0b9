"""`modelward store push` and `pull`: statements in registries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from modelward.cli.output import complain, deliver, shown

_Option = Callable[[Callable[..., Any]], Callable[..., Any]]

_target: _Option = click.argument("target", metavar="oci://REGISTRY/NAME")
_wanted: _Option = click.argument("wanted", nargs=-1, metavar="[DIGEST|PATH]...")
_store: _Option = click.option(
    "--store", type=click.Path(), metavar="DIR", help="The store; else .modelward in the current folder."
)
_insecure: _Option = click.option("--insecure", is_flag=True, help="Speak plain HTTP, which anybody on the way reads.")


@click.command(short_help="Send statements to a registry.")
@_target
@_wanted
@_store
@_insecure
def push(target: str, wanted: tuple[str, ...], store: str | None, insecure: bool) -> int:
    """\b
    Examples:
      modelward store push oci://registry.example.org/team/models
      modelward store push oci://localhost:5000/models ./my-model

    Sends the statements about an artifact, or all, to a repository of an OCI registry, where others pull them from.
    Passwords come from MODELWARD_REGISTRY_USER and MODELWARD_REGISTRY_PASSWORD, or from where docker login wrote
    them. A registry on this machine is spoken to by plain HTTP.

    \b
    Exit codes: 0 the registry has and lists them; 1 it is caught lying; 4 it cannot be done.
    """
    from modelward.app import registry as app
    from modelward.app.store import named_store
    from modelward.report.line import Line, count
    from modelward.report.store import entry

    done = app.push(target, wanted, named_store(store), insecure=insecure)
    lines = [Line("", f"{entry(each)}  about {each.about}") for each in done.new]
    answer = f"pushed {count(len(done.new), 'statement')}" + (f", {done.there:,} were there" if done.there else "")
    deliver(shown([*lines, Line("", answer, "good")]))
    return 0


@click.command(short_help="Bring statements from a registry.")
@_target
@_wanted
@_store
@_insecure
@click.option("--log-key", type=click.Path(), metavar="FILE", help="The key of the log, if it is kept elsewhere.")
def pull(target: str, wanted: tuple[str, ...], store: str | None, insecure: bool, log_key: str | None) -> int:
    """\b
    Examples:
      modelward store pull oci://registry.example.org/team/models ./my-model
      modelward store pull oci://localhost:5000/models --store ./store

    Brings the statements about an artifact, or all, from a repository of an OCI registry into the store: all of
    them or none. Signatures are verified when modelward check reads them, not now.

    \b
    Exit codes: 0 all are there; 1 the registry gives something else than it says; 3 some say to be statements
    and are none, the others are there; 4 it cannot be done.
    """
    from modelward.app import registry as app
    from modelward.app.store import named_store
    from modelward.report.line import Line, count
    from modelward.report.store import entry

    done = app.pull(target, wanted, named_store(store), insecure=insecure, log_key=log_key)
    lines = [Line("", f"{entry(each)}  about {each.about}") for each in done.new]
    answer = f"pulled {count(len(done.new), 'statement')}" + (f", {done.there:,} were there" if done.there else "")
    if done.others:
        answer += f"; {count(done.others, 'other artifact')} left in the registry"
    for each in done.unread:
        complain(f"modelward: warning: not pulled: {each}", 0)
    deliver(shown([*lines, Line("", answer, "bad" if done.unread else "good")]))
    return done.exit_code
