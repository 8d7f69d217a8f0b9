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

    with verifying.remember(target, cache, trust_stat) as remembered:
        if manifest is not None:
            if pub or root or trusted_root or identity or issuer:
                raise UsageError("--pub, --root, --identity and --issuer are for --signature: a manifest has no signer")
            done = verifying.verify_manifest(target, manifest, accepts_uncovered=allow_uncovered, remembered=remembered)
        else:
            from modelward.app.trust import trust

            assert signature is not None
            done = verifying.verify_signature(
                target,
                signature,
                trust(pub, root, trusted_root, identity, issuer),
                accepts_uncovered=allow_uncovered,
                remembered=remembered,
            )
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
@_file("--key", "The private key.", required=True)
@_file("--cert", "The certificate of the key: it goes into the signature.")
@_file("--chain", "A certificate between that and its root. Repeatable.", multiple=True)
@click.option("--allow-symlinks", is_flag=True, help="Sign what links inside a model lead to, under their names.")
def sign(target: str, output: str, key: str, cert: str | None, chain: tuple[str, ...], allow_symlinks: bool) -> int:
    """\b
    Examples:
      modelward sign ./my-model --output model.sig --key release.key
      modelward sign ./my-model --output model.sig --key my.key --cert my.pem
      modelward sign manifest.json --output manifest.sig --key release.key
      modelward sign manifest.sig --output both.sig --key second.key

    Signs every file of a model in the OpenSSF Model Signing format, which other tools verify.
    A file that is an in-toto statement is signed as that; to a signature one more is added.
    An encrypted key asks for its password, or takes it from MODELWARD_KEY_PASSWORD.
    """
    if chain and cert is None:
        raise UsageError("--chain needs --cert, the certificate of the key itself")
    check_writable(output)
    from modelward.app import signing
    from modelward.report.escape import visible
    from modelward.report.line import Line

    signer = signing.open_signer(key, cert, chain, lambda: _password(key))
    made, done = signing.sign(target, output, signer, follows_links=allow_symlinks)
    write_file(output, made)
    deliver(shown([Line("", visible(line)) for line in done]))
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
@click.option("--encrypt", is_flag=True, help=f"Ask for a password, or take it from {PASSWORD}.")
def keygen(out: str, kind: KeyType, encrypt: bool) -> int:
    """\b
    Examples:
      modelward keygen --out release
      modelward keygen --out release --type ed25519 --encrypt

    Writes the private key NAME.key, which only you can read, and the public key NAME.pub.
    """
    from modelward.app import signing
    from modelward.report.escape import visible
    from modelward.report.line import Line

    password = _password(f"{out}.key", confirm=True) if encrypt else None
    fingerprint = signing.make_keys(out, kind, password)
    deliver(shown([Line("", f"wrote {visible(out)}.key and {visible(out)}.pub, {kind}, sha256:{fingerprint}")]))
    return 0


def _password(key: str, confirm: bool = False) -> bytes:
    """Raises UsageError where nobody can be asked."""
    given = os.environ.get(PASSWORD)
    if given is not None:
        return os.fsencode(given)
    import sys

    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError(f"a password for {key!r} is needed: set {PASSWORD}, or run this on a terminal")
    try:
        answer: str = click.prompt(f"password for {key}", hide_input=True, confirmation_prompt=confirm, err=True)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return os.fsencode(answer)
