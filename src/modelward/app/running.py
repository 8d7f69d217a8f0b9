"""A command in the sandbox: what a command line says becomes a plan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from modelward.core.errors import UsageError
from modelward.sandbox import running
from modelward.sandbox.launch import Printed
from modelward.sandbox.model import Limits, Outcome, Plan, Tier

_SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_TIMES = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_UNITS = {"wall": _TIMES, "cpu": _TIMES, "memory": _SIZES, "disk": _SIZES, "printed": _SIZES}


def run(
    command: Sequence[str],
    *,
    inputs: Iterable[str],
    output: str,
    tier: str,
    limits: Iterable[str],
    environment: Iterable[str],
    printed: Printed,
) -> Outcome:
    """Raises as `sandbox.running.run` does, and UsageError for words that it cannot read."""
    plan = Plan(
        tuple(command),
        Path(output),
        tuple(dict.fromkeys(shown for path in inputs for shown in _with_blobs(Path(path)))),
        limits=_limits(limits),
        environment=dict(_variable(word) for word in environment),
        require=Tier[tier.upper()],
    )
    return running.run(plan, printed)


def _with_blobs(path: Path) -> list[Path]:
    """A snapshot of a Hugging Face cache consists of links to the blobs of its repository."""
    place = Path(os.path.abspath(path))  # noqa: PTH100 (a link is kept: its name is what the command is told)
    for folder in (place, *place.parents):
        blobs = folder.parent.parent / "blobs"
        if folder.parent.name == "snapshots" and blobs.is_dir():
            return [path, blobs]
    return [path]


def _limits(words: Iterable[str]) -> Limits:
    found = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in Limits.__slots__:
            raise UsageError(f"--limit {word!r}: there is no limit {name!r}: {', '.join(Limits.__slots__)}")
        units = _UNITS.get(name, {})
        number, unit = (value[:-1], units[value[-1]]) if value[-1:] in units else (value, 1)
        if not (number.isascii() and number.isdigit() and 0 < int(number) * unit < 1 << 62):
            forms = f"a number above 0, which {' or '.join(units)} may follow" if units else "a number above 0"
            raise UsageError(f"--limit {word!r}: expected {forms}, as in {name}=10{next(iter(units), '')}")
        found[name] = int(number) * unit
    return Limits(**found)


def _variable(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name:
        raise UsageError(f"--env {word!r}: expected NAME=VALUE, or NAME for the value that it has here")
    if not equals and name not in os.environ:
        raise UsageError(f"--env {word!r}: it is not set here: write NAME=VALUE")
    return name, value if equals else os.environ[name]
