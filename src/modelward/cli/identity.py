"""The verbs that say what an artifact is and who vouches for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from modelward.cli.output import check_writable, complain, deliver, on_terminal, shown, write_file
from modelward.core.errors import UsageError

if TYPE_CHECKING:
    from modelward.attest.keys import KeyType
    from modelward.core.verification import Verification

PASSWORD = "MODELWARD_KEY_PASSWORD"
TOKEN = "SIGSTORE_IDENTITY_TOKEN"

_Option = Callable[[Callable[..., Any]], Callable[..., Any]]


def _file(name: str, help: str, **more: Any) -> _Option:
    return click.option(name, type=click.Path(), metavar="FILE", help=help, **more)


@click.command(short_help="Compare a model with its manifest or signature.")
@click.argument("target", type=click.Path(readable=False))
@_file("--manifest", "The manifest, as modelward manifest writes it.")
@_file("--signature", "The signature: of the model, or of a statement about it.")
@_file("--pub", "A public key that may have signed. Repeatable.", multiple=True)
@_file("--root", "A root certificate of whoever may have signed. Repeatable.", multiple=True)
@_file("--trusted-root", "The trust root of sigstore, for keyless signatures.")
@click.option("--identity", metavar="NAME", help="Who the certificate must name.")
@click.option("--issuer", metavar="URL", help="Who must have vouched for that name.")
@click.option("--allow-uncovered", is_flag=True, help="Accept files that the list leaves out by its own words.")
@click.option(
    "--cache", type=click.Path(), metavar="DIR", envvar="MODELWARD_CACHE", help="Keep digests for --trust-stat there."
)
@click.option("--trust-stat", is_flag=True, help="With a cache: do not read files with unchanged times.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", metavar="FORM", help="text or json."
)
@click.option("--output", type=click.Path(), metavar="FILE", help="Write the report there, whole or not at all.")
@click.option("--quiet", is_flag=True, help="Print the answer alone.")
def verify(
    target: str,
    manifest: str | None,
    signature: str | None,
    pub: tuple[str, ...],
    root: tuple[str, ...],
    trusted_root: str | None,
    identity: str | None,
    issuer: str | None,
    allow_uncovered: bool,
    cache: str | None,
    trust_stat: bool,
    form: str,
    output: str | None,
    quiet: bool,
) -> int:
    """\b
    Examples:
      modelward verify ./my-model --manifest manifest.json
      modelward verify ./my-model --signature model.sig --pub release.pub
      modelward verify ./my-model --signature model.sig --root ca.pem

    Hashes TARGET and names everything that differs: changed, added, missing, renamed, link, type.

    \b
    Exit codes: 0 verified; 1 it differs, or the signer is not trusted;
    3 it matches, but the list leaves out files that are there; 4 it cannot be read.
    """
    if (manifest is None) == (signature is None):
        raise UsageError("verify needs one of --manifest and --signature")
    if trust_stat and cache is None:
        raise UsageError("--trust-stat needs a cache to compare with: name one with --cache DIR")
    if output is not None:
        check_writable(output)
    from modelward.app import verifying
    from modelward.cli.progress import shown_progress

    with verifying.remember(target, cache, trust_stat) as remembered, shown_progress(quiet) as progress:
        question = verifying.Question(
            target,
            manifest or signature or "",
            "manifest" if manifest else "signature",
            allow_uncovered,
            remembered,
            progress,
        )
        if signature is None:
            if pub or root or trusted_root or identity or issuer:
                raise UsageError("--pub, --root, --identity and --issuer are for --signature: a manifest has no signer")
            done = verifying.verify_manifest(question)
        else:
            from modelward.app.trust import trust

            done = verifying.verify_signature(question, trust(pub, root, trusted_root, identity, issuer))
        if remembered and remembered.cache.trouble:
            complain(f"modelward: warning: {remembered.cache.trouble}", 0)
    _tell(done, form, output, quiet)
    return done.exit_code


def _tell(done: Verification, form: str, output: str | None, quiet: bool) -> None:
    from modelward.report import verification as report
    from modelward.report.escape import json_on_terminal
    from modelward.report.line import plain

    lines = list(report.lines(done))
    data = report.machine(done) if form == "json" else plain(lines).encode()
    if output is not None:
        write_file(output, data)
        lines = lines[-1:] if not quiet else []
        deliver(shown(lines))
    elif form == "json":
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
    else:
        deliver(shown(lines[-1:] if quiet else lines))


@click.command(short_help="Sign a model, or a statement about one.")
@click.argument("target", type=click.Path(readable=False))
@_file("--output", "Write the signature there, whole or not at all.", required=True)
@_file("--key", "The private key.")
@_file("--cert", "The certificate of the key: it goes into the signature.")
@_file("--chain", "A certificate between that and its root. Repeatable.", multiple=True)
@click.option("--keyless", is_flag=True, help="Sign through sigstore: asks servers; your name gets public for ever.")
@_file("--identity-token", f"Who you are, for --keyless; else {TOKEN}, or what the CI service gives.")
@_file("--trust-config", "The sigstore instance; else the public one.")
@click.option("--staging", is_flag=True, help="The public instance for trying things out.")
@_file("--pub", "To add a signature: a public key that made the first one. Repeatable.", multiple=True)
@_file("--root", "The same: a root certificate of whoever made it. Repeatable.", multiple=True)
@_file("--trusted-root", "The same: the trust root of sigstore.")
@click.option("--identity", metavar="NAME", help="The same: who the certificate must name.")
@click.option("--issuer", metavar="URL", help="The same: who must have vouched for that name.")
@click.option("--ignore", multiple=True, metavar="PATH", help="A file or folder of the model that is not signed.")
@click.option("--allow-symlinks", is_flag=True, help="Sign what links inside a model lead to, under their names.")
def sign(
    target: str,
    output: str,
    key: str | None,
    cert: str | None,
    chain: tuple[str, ...],
    keyless: bool,
    identity_token: str | None,
    trust_config: str | None,
    staging: bool,
    pub: tuple[str, ...],
    root: tuple[str, ...],
    trusted_root: str | None,
    identity: str | None,
    issuer: str | None,
    ignore: tuple[str, ...],
    allow_symlinks: bool,
) -> int:
    """\b
    Examples:
      modelward sign ./my-model --output model.sig --key release.key
      modelward sign ./my-model --output model.sig --key my.key --cert my.pem
      modelward sign manifest.json --output manifest.sig --key release.key
      modelward sign manifest.sig --output both.sig --key second.key --pub release.pub
      modelward sign ./my-model --output model.sig --keyless

    Signs every file of a model in the OpenSSF Model Signing format, which other tools verify.
    A file that is an in-toto statement is signed as that. To a signature one more is added, if that
    verifies for whom --pub, --root or --trusted-root name.
    An encrypted key asks for its password, or takes it from MODELWARD_KEY_PASSWORD.

    --keyless needs the network and no key: whoever the identity token names gets a certificate of some
    minutes. The name, the time and a digest go into public logs, from which nothing is ever removed; the
    statement, names of files included, is sent there.
    """
    if keyless == (key is not None):
        raise UsageError("sign needs one of --key and --keyless")
    if key is None and (cert is not None or chain):
        raise UsageError("--cert and --chain belong to a --key")
    if not keyless and (staging or (identity_token, trust_config) != (None, None)):
        raise UsageError("--identity-token, --trust-config and --staging belong to --keyless")
    if trust_config is not None and staging:
        raise UsageError("--trust-config and --staging name two sigstore instances; name one")
    if chain and cert is None:
        raise UsageError("--chain needs --cert, the certificate of the key itself")
    check_writable(output)
    from modelward.app import keys, signing
    from modelward.app.trust import trust
    from modelward.cli.progress import shown_progress
    from modelward.report.escape import visible
    from modelward.report.line import Line

    names_somebody = pub or root or (trusted_root, identity, issuer) != (None, None, None)
    trusted = trust(pub, root, trusted_root, identity, issuer) if names_somebody else None
    signer = (
        keys.open_keyless(identity_token, os.environ.get(TOKEN), trust_config, staging)
        if key is None
        else keys.open_signer(key, cert, chain, lambda: _password(key))
    )
    with shown_progress(quiet=False) as progress:
        made = signing.sign(
            target, output, signer, trust=trusted, follows_links=allow_symlinks, ignored=ignore, progress=progress
        )
    write_file(output, made.signature)
    for warning in made.warnings:
        complain(f"modelward: warning: {warning}", 0)
    deliver(shown([Line("", visible(line)) for line in made.lines]))
    return 0


@click.command(short_help="Make a pair of keys.")
@_file("--out", "NAME.key and NAME.pub are written; neither may exist.", required=True)
@click.option(
    "--type",
    "kind",
    type=click.Choice(["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"]),
    default="ecdsa-p256",
    show_default=True,
    metavar="TYPE",
    help="ecdsa-p256, ecdsa-p384, ecdsa-p521, or ed25519 (for statements only).",
)
@click.option("--encrypt", is_flag=True, help=f"Ask for a password; {PASSWORD} gives one, too.")
def keygen(out: str, kind: KeyType, encrypt: bool) -> int:
    """\b
    Examples:
      modelward keygen --out release
      modelward keygen --out release --type ed25519 --encrypt

    Writes the private key NAME.key, which only you can read, and the public key NAME.pub.
    """
    from modelward.app import keys
    from modelward.report.escape import visible
    from modelward.report.line import Line

    # whoever has set a password does not expect a key that needs none
    password = _password(f"{out}.key", confirm=True) if encrypt or PASSWORD in os.environ else None
    fingerprint = keys.make_keys(out, kind, password)
    how = "not encrypted" if password is None else "encrypted"
    names = f"{visible(out)}.key ({how}) and {visible(out)}.pub"
    deliver(shown([Line("", f"wrote {names}, {kind}, sha256:{fingerprint}")]))
    return 0


def _password(key: str, confirm: bool = False) -> bytes:
    """Raises UsageError where nobody can be asked."""
    given = os.environ.get(PASSWORD)
    if given is not None:
        if not given:
            raise UsageError(f"{PASSWORD} is empty: set it to the password, or unset it")
        return os.fsencode(given)
    import sys

    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError(f"a password for it is needed: set {PASSWORD}, or run this on a terminal")
    try:
        answer: str = click.prompt(f"password for {key}", hide_input=True, confirmation_prompt=confirm, err=True)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return os.fsencode(answer)
