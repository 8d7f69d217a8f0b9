"""The verbs that pin what comes from hubs and servers, and fetch it by the pins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from modelward.cli import progress
from modelward.cli.output import check_writable, complain, deliver, on_terminal, shown
from modelward.core.errors import UsageError

if TYPE_CHECKING:
    from modelward.core.pinning import Fates

_names = click.argument("names", nargs=-1, metavar="[NAME]...")
_lock = click.option(
    "--lock",
    type=click.Path(),
    default="modelward.lock",
    show_default=True,
    metavar="FILE",
    help="The lock.",
)
_format = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", metavar="FORM", help="text or json."
)
_quiet = click.option("--quiet", is_flag=True, help="Print the answer alone; no progress.")


@click.command(short_help="Pin models and datasets by their content.")
@click.argument("targets", nargs=-1, metavar="TARGET...")
@_lock
@click.option("--name", metavar="NAME", help="Call it so in the lock; else as its source does.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out what matches. Repeatable.")
@click.option("--check", is_flag=True, help="Ask whether the entries, or those named, are still as pinned.")
@_format
@_quiet
def pin(
    targets: tuple[str, ...],
    lock: str,
    name: str | None,
    exclude: tuple[str, ...],
    check: bool,
    form: str,
    quiet: bool,
) -> int:
    """\b
    Examples:
      modelward pin hf://org/name@main
      modelward pin hf://datasets/org/name@v1 --exclude '*.bin'
      modelward pin https://example.org/model.safetensors --name my-model
      modelward pin --check

    Resolves each TARGET to a commit, once, and writes its files with their sizes and digests into the lock.
    HF_ENDPOINT names another hub, HF_TOKEN lets in. Asks servers.

    \b
    Exit codes: 0 pinned; 1 pinned, and to be looked at: its name is almost a well-known one,
    it takes code from a repository that is not pinned, or since it was pinned last its history was rewritten,
    its files changed under the same commit, or somebody else registered its name; 4 it could not be asked.
    --check tells of each entry: same, moved, force-pushed, deleted, renamed, changed under the same commit,
    or registered anew by somebody else.
    Exit codes of --check: 0 all as pinned, 1 something changed, 3 something could not be asked.
    """
    if not (targets or check):
        raise UsageError("pin needs a TARGET, as hf://org/name@main, or --check (see modelward pin --help)")
    if check and (name or exclude):
        raise UsageError("--name and --exclude are for pinning: --check goes by the lock")
    if name and len(targets) > 1:
        raise UsageError("--name is for one TARGET")
    check_writable(lock, "--lock")
    with _progress(quiet) as line:
        if check:
            from modelward.app import pin_check

            done = pin_check.check(lock, targets, line)
        else:
            from modelward.app import pinning

            asked = [pinning.Asked(target, name or "", exclude) for target in targets]
            done = pinning.pin(asked, lock, line, _waiting)
    return _tell(done, form, quiet)


@click.command(short_help="Fetch what is pinned, verified.")
@_names
@click.option("--output", type=click.Path(), required=True, metavar="DIR", help="Each entry becomes DIR/NAME.")
@_lock
@click.option(
    "--layout",
    type=click.Choice(["plain", "hf-cache"]),
    default="plain",
    show_default=True,
    metavar="LAYOUT",
    help="plain, or hf-cache: DIR is the cache of Hugging Face clients, who find it there offline.",
)
@_format
@_quiet
def fetch(names: tuple[str, ...], output: str, lock: str, layout: str, form: str, quiet: bool) -> int:
    """\b
    Examples:
      modelward fetch --output ./models
      modelward fetch org/name --output ./models
      modelward fetch org/name --layout hf-cache --output ~/.cache/huggingface/hub

    Fetches the entries of the lock, or those named. A file gets its name once its bytes are what is pinned.
    What is there already stays; what was interrupted goes on.

    \b
    Exit codes: 0 all is there as pinned; 1 something else came, or more is there than is pinned;
    4 it could not be fetched.
    """
    from modelward.app import fetching

    with _progress(quiet) as line:
        done = fetching.fetch(lock, names, output, "hf-cache" if layout == "hf-cache" else "plain", line, _waiting)
    return _tell(done, form, quiet)


@click.command("verify-cache", short_help="Compare a Hugging Face cache with the lock.")
@_names
@_lock
@click.option("--cache", type=click.Path(), metavar="DIR", help="The cache; else where Hugging Face clients look.")
@_format
@_quiet
def verify_cache(names: tuple[str, ...], lock: str, cache: str | None, form: str, quiet: bool) -> int:
    """\b
    Examples:
      modelward verify-cache
      modelward verify-cache org/name --cache /shared/huggingface/hub

    Hashes what the cache has of the entries of the lock, or of those named. A client with a cached snapshot
    never asks the hub again: what lies in the cache is what it loads. So are the copies of code that transformers
    keeps beside it, in HF_MODULES_CACHE. Asks no server.

    \b
    Exit codes: 0 what is there is as pinned, 1 it is not,
    3 the cache has nothing of an entry, or compiled code that cannot be compared.
    """
    from modelward.app import fetching

    with _progress(quiet) as line:
        done = fetching.verify_cache(lock, names, cache, line)
    return _tell(done, form, quiet)


@contextmanager
def _progress(quiet: bool) -> Iterator[progress.Progress | None]:
    if quiet or not progress.wanted():
        yield None
        return
    with progress.Progress() as line:
        yield line


def _waiting() -> None:
    complain("modelward: another process is at work there; waiting for it", 0)


def _tell(done: Fates, form: str, quiet: bool) -> int:
    from modelward.report import pins as report
    from modelward.report.escape import json_on_terminal

    if form == "json":
        data = report.machine(done)
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
    else:
        lines = list(report.lines(done))
        deliver(shown(lines[-1:] if quiet else lines))
    return done.exit_code
