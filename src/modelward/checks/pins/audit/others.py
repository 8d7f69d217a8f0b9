"""Loads from elsewhere, and in other ways: GitHub, addresses, registries, names of weights, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping

from modelward.checks.pins import rules
from modelward.checks.pins.audit import commands, wanted
from modelward.checks.pins.audit.load import TRUST, Load, finding, is_unknown
from modelward.checks.pins.audit.loaders import How
from modelward.checks.pins.audit.proposals import Pins
from modelward.checks.pins.audit.repositories import hub, of_address, of_name
from modelward.checks.pins.audit.values import Known, Several, Text, Values
from modelward.core.finding import Finding


def torch_hub(load: Load) -> Iterator[Finding]:
    if Known("local") in load.arguments.get("source"):
        return
    values, expression = load.names()
    for value in values:
        if is_unknown(value):
            message = f"{load.callee} runs the code of a repository that is not known here ({expression})"
            yield finding(rules.UNKNOWN_LOAD, message, loads=expression)
        text = value.value if isinstance(value, Known) else None
        if not isinstance(text, str) or wanted.where(text.partition(":")[0]) == "here":
            continue
        repo, _, ref = text.partition(":")
        if not wanted.is_commit(ref):
            said = wanted.moving(ref) if ref else "without a commit: what its default branch is by then"
            pin = f'"{repo}:<commit>", of git ls-remote https://github.com/{repo}'
            yield finding(rules.UNPINNED_CODE, f"{load.callee} runs the code of {repo!r} {said}", loads=text, pin=pin)


def address(load: Load) -> Iterator[Finding]:
    hashes = [value for pin in load.loader.pin.split(",") if pin for value in load.arguments.get(pin)]
    given = [value for value in hashes if not (isinstance(value, Known) and not value.value)]
    if given and not any(isinstance(value, Text) for value in hashes) and len(given) == len(hashes):
        return
    values, expression = load.names()
    for value in values:
        text = value.value if isinstance(value, Known) else None
        if not isinstance(text, str):
            if is_unknown(value) and load.loader.pin:
                rule = rules.UNKNOWN_LOAD if given else rules.UNPINNED_DOWNLOAD
                message = (
                    f"{load.callee} downloads an address that is not known here ({expression}), with no known hash"
                )
                yield finding(rule, message, loads=expression, pin=f"{load.loader.pin.partition(',')[0]}=...")
        elif (ref := wanted.on_hub(text)) is not None:
            yield from of_address(load.callee, ref, load.pins)
        elif re.match(r"(?:https?|ftp)://", text):
            yield _unhashed(load, text, bool(given))


def _unhashed(load: Load, url: str, may_have_hash: bool) -> Finding:
    if may_have_hash:
        return finding(
            rules.UNKNOWN_LOAD, f"{load.callee} downloads {url!r} with a hash that is not known here", loads=url
        )
    pin = load.pins.of_address(load.loader.pin.partition(",")[0], url)
    return finding(rules.UNPINNED_DOWNLOAD, f"{load.callee} downloads {url!r} without its hash", loads=url, pin=pin)


def version(load: Load) -> Iterator[Finding]:
    values, expression = load.names()
    for value in values:
        text = value.value if isinstance(value, Known) else None
        if isinstance(text, str) and re.match(load.loader.prefix, text) and not re.fullmatch(load.loader.fixed, text):
            message = f"{load.callee} loads {text!r}, which names no version by its number"
            yield finding(rules.MOVING_VERSION, message, loads=text, pin="the number of the version in the name")
        elif isinstance(value, Text) and (not value.start or re.match(load.loader.prefix, value.start)):
            message = f"{load.callee} loads a name that is not known here ({expression})"
            yield finding(rules.UNKNOWN_LOAD, message, loads=expression)


def weights(load: Load) -> Iterator[Finding]:
    """A name that the library maps to weights somewhere, if it is told to."""
    values, expression = load.names()
    pretrained = (Known(True),) if load.loader.runs_code else load.arguments.get("pretrained", 1)
    for value in values:
        text = value.value if isinstance(value, Known) else None
        if isinstance(text, str) and load.loader.prefix and re.match(load.loader.prefix, text):
            yield from of_name(load, text, load.state(), "no")
        elif isinstance(text, str) or is_unknown(value):
            what = repr(text) if isinstance(text, str) else expression
            yield from _mapped(load, what, pretrained)


def _mapped(load: Load, what: str, pretrained: Values) -> Iterator[Finding]:
    told = [one.value for one in pretrained if isinstance(one, Known) and one.value]
    if any(not isinstance(one, str) or wanted.where(one) != "here" for one in told):
        rule = rules.UNPINNED_CODE if load.loader.runs_code else rules.UNPINNED_LOAD
        message = f"{load.callee} loads the weights of {what} from where the library has them"
        pin = "fetch them by modelward.lock, and load the file"
        yield finding(rule, message, loads=what, pin=pin)
    elif not all(isinstance(one, Known) for one in pretrained):
        message = f"{load.callee} loads the weights of {what}, if an argument that is not known here says so"
        yield finding(rules.UNKNOWN_LOAD, message, loads=what)


def path(load: Load) -> Iterator[Finding]:
    values, expression = load.names()
    for value in values:
        if isinstance(value, Known) and isinstance(value.value, str):
            ref = wanted.on_hub(f"hf://{value.value.removeprefix('hf://')}")
            yield from of_address(load.callee, ref, load.pins) if ref else ()
        elif is_unknown(value):
            message = f"{load.callee} reads a path on the hub that is not known here ({expression})"
            yield finding(rules.UNKNOWN_LOAD, message, loads=expression)


def command(load: Load) -> Iterator[Finding]:
    for value in load.arguments.get(load.loader.name, 0):
        parts = value.items if isinstance(value, Several) else (value,)
        words = [str(one.value) if isinstance(one, Known) else getattr(one, "start", "") + "{}" for one in parts]
        text = words[0] if len(parts) == 1 and words else shlex.join(words).replace("'", "")
        yield from (found for _, found in examine_command(f"{load.loader.prefix} {text}".lstrip(), load.pins))


def examine_command(text: str, pins: Pins) -> Iterator[tuple[int, Finding]]:
    """What commands of a shell load by name, with the place of each in *text*."""
    for program, ref, at, runs in commands.fetched(text):
        if ref is None:
            yield at, finding(rules.TRUSTED_CODE, f"a command or a configuration sets {TRUST}")
        for found in of_address(program, ref, pins, runs) if ref else ():
            yield at, found


WAYS: Mapping[How, Callable[[Load], Iterator[Finding]]] = {
    "hub": hub,
    "torch-hub": torch_hub,
    "address": address,
    "version": version,
    "weights": weights,
    "path": path,
    "command": command,
}
