"""The verbs: their options, their help, and what they call in the app."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem, get_completion_class, shell_complete

from modelward import __version__
from modelward.cli import identity
from modelward.cli.advisories import advisories
from modelward.cli.convert import convert
from modelward.cli.deps import deps
from modelward.cli.log import log
from modelward.cli.output import check_writable, complain, deliver, on_terminal, shown, write_file
from modelward.cli.pins import fetch, pin, verify_cache
from modelward.cli.pins_audit import pins
from modelward.cli.run import run as run_command
from modelward.cli.store import store
from modelward.core.errors import UsageError

if TYPE_CHECKING:
    from modelward.app.reading import How
    from modelward.stores.evidence_store import EvidenceStore

_COMPLETE = "_MODELWARD_COMPLETE"
_POLICIES = ("baseline", "safe-formats", "signed")
_SEVERITIES = ("info", "low", "medium", "high", "critical")


def run(args: Sequence[str]) -> int:
    """The exit code of a command line. Raises ModelwardError and KeyboardInterrupt.

    click's own `main` is left out: it prints several lines for one error, and turns a closed pipe into exit 1.
    """
    instruction = os.environ.get(_COMPLETE)
    if instruction:
        return shell_complete(modelward, {}, "modelward", _COMPLETE, instruction)
    try:
        with modelward.make_context("modelward", list(args)) as context:
            code: int = modelward.invoke(context)
            return code
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "modelward"
        raise UsageError(f"{error.format_message()} (see {path} --help)") from error


def _complete_policy(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    names = [CompletionItem(name) for name in _POLICIES if name.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


def _complete_rule(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [rule for rule in sorted(_rules()) if rule.startswith(incomplete)]


def _refuse_baseline(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError(
            "check takes no baseline: what a policy denies is accepted only by a waiver in the policy file "
            "(rule, digest, expires, reason). scan takes one.",
            context,
        )


_targets = click.argument("targets", nargs=-1, required=True, metavar="TARGET...", type=click.Path(readable=False))
_exclude = click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out what matches. Repeatable.")
_quiet = click.option("--quiet", is_flag=True, help="Print the answer alone; no progress.")
_jobs = click.option("--jobs", type=click.IntRange(1), metavar="N", help="Read by at most N processes.")
_cache = click.option(
    "--cache",
    type=click.Path(),
    metavar="DIR",
    envvar="MODELWARD_CACHE",
    help="Reuse results from there, and keep new ones.",
)
_no_cache = click.option("--no-cache", is_flag=True, help="Do not, even if MODELWARD_CACHE names one.")
_full = click.option("--full", is_flag=True, help="Fetch all of a URL, and hash it; else a part is read.")
_offline = click.option("--offline", is_flag=True, help="Refuse URLs.")
_format = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "junit", "github", "markdown", "html"]),
    default="text",
    metavar="FORM",
    help="text, json, sarif, junit, github, markdown or html.",
)
_output = click.option(
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="Write the report there, whole or not at all; stdout gets the answer.",
)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="modelward %(version)s")
@click.pass_context
def modelward(context: click.Context) -> int:
    """\b
    Examples:
      modelward check ./my-model
      modelward scan model.pkl --format json
      modelward explain pickle-dangerous-call

    May this model go further, and on what evidence? Reads the bytes of models before they are
    loaded; executes nothing, and asks no server unless a URL, a pin or a registry is named.

    \b
    Exit codes:
      0  allowed, or clean              3    incomplete: a part is unexamined
      1  denied, or flagged             4    failed to run
      2  wrong command line or policy   130  interrupted
    """
    if context.invoked_subcommand is None:
        deliver(context.get_help().encode() + b"\n")
        return 2
    return 0


@modelward.command(short_help="Decide by a policy whether a model may be used.")
@_targets
@click.option(
    "--policy",
    default="baseline",
    show_default=True,
    metavar="NAME|FILE",
    shell_complete=_complete_policy,
    help="baseline, safe-formats (weights without code only), signed, or a policy file.",
)
@click.option("--evidence", multiple=True, metavar="PATH", help="Signed statements to admit: files, folders.")
@click.option("--pub", multiple=True, metavar="FILE", help="A public key whose signatures count. Repeatable.")
@click.option("--root", multiple=True, metavar="FILE", help="A root certificate of those whose signatures count.")
@click.option("--trusted-root", metavar="FILE", help="The trust root of sigstore, for keyless signatures.")
@click.option("--identity", metavar="NAME", help="Whom their certificates must name.")
@click.option("--issuer", metavar="URL", help="Who must have vouched for that name.")
@_format
@_output
@click.option("--statements", type=click.Path(), metavar="DIR", help="Keep the statements that were made there.")
@click.option(
    "--store",
    "kept_in",
    type=click.Path(),
    metavar="DIR",
    help="Read signed statements there, and keep those made; else .modelward, if there.",
)
@_exclude
@_jobs
@_cache
@_no_cache
@_full
@_offline
@click.option("--baseline", hidden=True, callback=_refuse_baseline, expose_value=False)
@_quiet
def check(
    targets: tuple[str, ...],
    policy: str,
    evidence: tuple[str, ...],
    pub: tuple[str, ...],
    root: tuple[str, ...],
    trusted_root: str | None,
    identity: str | None,
    issuer: str | None,
    form: str,
    output: str | None,
    statements: str | None,
    kept_in: str | None,
    exclude: tuple[str, ...],
    jobs: int | None,
    cache: str | None,
    no_cache: bool,
    full: bool,
    offline: bool,
    quiet: bool,
) -> int:
    """\b
    Examples:
      modelward check ./my-model
      modelward check model.safetensors --policy safe-formats
      modelward check a.pkl b.pt --format sarif --output modelward.sarif
      modelward check ./my-model --policy signed --evidence my.sig --pub my.pub

    Scans every TARGET, lists its files, lets a policy judge both, and prints the verdict with its reasons.
    A TARGET is a file or a folder: a Hugging Face repository or cache snapshot, a wheel, a zip, a tar.

    Exit codes: 0 allow, 1 deny, 3 incomplete. Of several targets the gravest counts.
    """
    from modelward import app
    from modelward.cli.judge import Wanted, judge
    from modelward.core.canonical import escape_bytes
    from modelward.report.view import Asked

    signers = []
    if pub or root or (trusted_root, identity, issuer) != (None, None, None):
        from modelward.app.trust import signers_of

        signers = signers_of(pub, root, trusted_root, identity, issuer)
    if kept_in is not None and not full and any(map(app.is_far, targets)):
        raise UsageError("--store needs --full with a URL: of a part no statement can be made")
    with app.effort(jobs, None if no_cache else cache, targets=targets) as how, _opened(targets, kept_in) as kept:
        place = statements or (str(kept.folder) if kept else None)
        folder = None if place is None else escape_bytes(os.fsencode(place))
        code = judge(
            targets,
            lambda target, progress: app.check(
                target,
                policy=policy,
                evidence=evidence,
                signers=signers,
                exclude=exclude,
                statements=statements,
                store=kept,
                progress=progress,
                how=how,
                full=full,
                offline=offline,
            ),
            Wanted(form, output, quiet, Asked(statements=folder)),
        )
        _warn(how)
    return code


@modelward.command(short_help="Look for malicious code and unsafe structure.")
@_targets
@_format
@_output
@_exclude
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="medium",
    show_default=True,
    metavar="SEVERITY",
    help=f"Flag findings of at least this severity: {', '.join(_SEVERITIES)}.",
)
@click.option("--baseline", type=click.Path(), metavar="FILE", help="Flag only what is not listed there.")
@click.option("--write-baseline", type=click.Path(), metavar="FILE", help="List there what would be flagged.")
@_jobs
@_cache
@_no_cache
@_full
@_offline
@click.option("--trust-stat", is_flag=True, help="With a cache: skip files with unchanged times.")
@_quiet
def scan(
    targets: tuple[str, ...],
    form: str,
    output: str | None,
    exclude: tuple[str, ...],
    fail_on: str,
    baseline: str | None,
    write_baseline: str | None,
    jobs: int | None,
    cache: str | None,
    no_cache: bool,
    full: bool,
    offline: bool,
    trust_stat: bool,
    quiet: bool,
) -> int:
    """\b
    Examples:
      modelward scan model.pkl
      modelward scan ./my-model --format json
      modelward scan ./my-model --fail-on low --exclude 'docs/**'

    Reads every file of every TARGET by its content, says what loading it would do, and what could
    not be examined. Nothing is loaded or executed.

    Exit codes: 0 clean, 1 flagged, 3 incomplete. Of several targets the gravest counts.
    """
    from modelward import app
    from modelward.cli.judge import Wanted, judge
    from modelward.core.finding import Severity
    from modelward.report.view import Asked

    folder = _folder(cache, no_cache, trust_stat)
    known = None if baseline is None else app.read_baseline(baseline)
    with app.effort(jobs, folder, trust_stat, targets) as how:
        code = judge(
            targets,
            lambda target, progress: app.scan(
                target, exclude=exclude, baseline=known, progress=progress, how=how, full=full, offline=offline
            ),
            Wanted(form, output, quiet, Asked(Severity.parse(fail_on)), write_baseline),
        )
        _warn(how)
    return code


@modelward.command(short_help="List the files of a model with their digests.")
@click.argument("target", type=click.Path(readable=False))
@click.option("--output", type=click.Path(), metavar="FILE", help="Write the manifest there, whole or not at all.")
@_exclude
@_cache
@_no_cache
@click.option("--trust-stat", is_flag=True, help="With a cache: do not read files with unchanged times.")
def manifest(
    target: str, output: str | None, exclude: tuple[str, ...], cache: str | None, no_cache: bool, trust_stat: bool
) -> int:
    """\b
    Examples:
      modelward manifest ./my-model
      modelward manifest ./my-model --output manifest.json

    Makes the manifest of TARGET: an in-toto statement, in canonical JSON, that names every file
    with its size and sha256, and the digest of them all.

    \b
    Exit codes: 0 every file is listed; 3 something there could not be read,
    and the manifest says so.
    """
    import hashlib

    from modelward import app
    from modelward.app.manifesting import is_manifest
    from modelward.app.verifying import remember
    from modelward.cli.progress import shown_progress
    from modelward.report.escape import visible
    from modelward.report.line import Line
    from modelward.stores.write import check_replaceable

    if output is not None:
        check_writable(output)
        check_replaceable(output, is_manifest, "manifest")
    folder = _folder(cache, no_cache, trust_stat)
    with remember(target, folder, trust_stat) as remembered, shown_progress(quiet=False) as progress:
        made = app.manifest(target, exclude=exclude, output=output, remembered=remembered, progress=progress)
        if remembered and remembered.cache.trouble:
            complain(f"modelward: warning: {remembered.cache.trouble}", 0)
    raw = made.statement.raw
    if output is None:
        deliver(raw + b"\n" if on_terminal() else raw)
    else:
        write_file(output, raw)
        deliver(shown([Line("", f"manifest sha256:{hashlib.sha256(raw).hexdigest()}")]))
    for path, why in made.unreadable:
        complain(f"modelward: warning: not listed: {visible(path or target)}: {why}", 0)
    return 3 if made.unreadable else 0


@modelward.command(short_help="Say what a rule means and what to do.")
@click.argument("rule", required=False, shell_complete=_complete_rule)
@click.option("--all", "everything", is_flag=True, help="Explain every rule, as in docs/rules.md.")
def explain(rule: str | None, everything: bool) -> int:
    """\b
    Examples:
      modelward explain                          (lists the rules)
      modelward explain pickle-dangerous-call

    Says what a RULE finds, why it matters, what to do next, and where to read more.
    """
    from modelward.report import rules_doc
    from modelward.report.line import Line

    rules = _rules()
    if everything:
        text = rules_doc.render(rules)
    elif rule is None:
        text = "\n".join(f"{name}  {rules[name].severity}: {rules[name].title}" for name in sorted(rules))
    elif rule in rules:
        text = rules_doc.section(rules[rule])
    else:
        raise UsageError(f"there is no rule {rule!r}{_meant(rule, rules)}: modelward explain lists them")
    deliver(shown([Line("", line) for line in text.splitlines()]))
    return 0


@modelward.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """\b
    Examples:
      eval "$(modelward completion bash)"                      (in ~/.bashrc)
      eval "$(modelward completion zsh)"                       (in ~/.zshrc)
      modelward completion fish > ~/.config/fish/completions/modelward.fish

    Prints the script that lets SHELL complete verbs, options, rules and file names.
    """
    made = get_completion_class(shell)
    if made is None:
        raise UsageError(f"no completion for {shell}")
    deliver(made(modelward, {}, "modelward", _COMPLETE).source().encode() + b"\n")
    return 0


for _command in (identity.keygen, identity.sign, identity.verify):
    modelward.add_command(_command)
modelward.add_command(log)
modelward.add_command(store)
modelward.add_command(pins)
modelward.add_command(advisories)
modelward.add_command(convert)
modelward.add_command(run_command)
for _command in (pin, fetch, verify_cache, deps):
    modelward.add_command(_command)


def _folder(cache: str | None, no_cache: bool, trust_stat: bool) -> str | None:
    """That of the cache. Raises UsageError."""
    folder = None if no_cache else cache
    if trust_stat and folder is None:
        raise UsageError("--trust-stat needs a cache to compare with: name one with --cache DIR")
    return folder


@contextmanager
def _opened(targets: Sequence[str], store: str | None) -> Iterator[EvidenceStore | None]:
    """The store of a check, which is the project's where none is named."""
    if store is None and not os.path.isdir(".modelward"):  # noqa: PTH112 (pathlib is not imported for it)
        yield None
        return
    from modelward.app.store import opened_for

    with opened_for(targets, store) as (kept, trouble):
        if trouble:
            complain(f"modelward: warning: {trouble}", 0)
        yield kept


def _warn(how: How) -> None:
    if how.known and how.known.trouble:
        complain(f"modelward: warning: {how.known.trouble}", 0)


def _rules() -> Mapping[str, Any]:
    from modelward import app

    return app.rules()


def _meant(rule: str, rules: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(rule, rules, 1)
    return f" (did you mean {close[0]}?)" if close else ""
