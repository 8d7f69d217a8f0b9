"""Where a command lies, and what it needs to be executed: its interpreter, and the prefix of that."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from modelward.sandbox.model import ProgramMissing

_SHEBANG = 4096
_HOPS = 8  # a script whose interpreter is a script, or a link to a link


def executable(name: str, path: str) -> str:
    """The absolute path of a command that is looked for as a shell does. Raises ProgramMissing."""
    found = shutil.which(name, path=path)
    if found is None:
        raise ProgramMissing(f"there is no program {name!r} on the PATH, or it may not be executed")
    return os.path.abspath(found)  # noqa: PTH100 (links are kept: a virtual environment is found through them)


def needed(program: str) -> tuple[str, ...]:
    """The program, what it links to, the interpreters that it names, and their prefixes; each as it is reached."""
    found: dict[str, None] = {}
    todo = [program]
    while todo and len(found) < 4 * _HOPS:
        step = todo.pop()
        if step in found:
            continue
        found[step] = None
        found.update(dict.fromkeys(_prefixes(step)))
        todo += _next(step)
    return tuple(found)


def _next(step: str) -> Iterator[str]:
    if os.path.islink(step):  # noqa: PTH114
        place = os.path.realpath(os.path.dirname(step))  # noqa: PTH120
        yield os.path.normpath(os.path.join(place, os.readlink(step)))  # noqa: PTH115, PTH118
        return
    try:
        with open(step, "rb") as file:
            head = file.read(_SHEBANG)
    except OSError:  # may be executed and not read
        return
    words = os.fsdecode(head[2:].partition(b"\n")[0]).split() if head.startswith(b"#!") else []
    if words and words[0].startswith("/"):
        yield words[0]
    if len(words) > 1 and words[0].endswith("/env"):
        other = shutil.which(words[-1])
        if other:
            yield os.path.abspath(other)  # noqa: PTH100


def _prefixes(step: str) -> Iterator[str]:
    """The folder above `bin`, where it is that of a Python; no other folder is shown because a program lies in it."""
    above = Path(step).parent
    prefix = above.parent
    if above.name not in ("bin", "sbin", "condabin") or str(prefix) in ("/", "/usr", os.path.expanduser("~")):  # noqa: PTH111 (which raises where a user has none)
        return
    settings = prefix / "pyvenv.cfg"
    if settings.is_file():
        yield str(prefix)
        yield from _home(settings)
    elif any(prefix.glob("lib/python3*/os.py")):
        yield str(prefix)


def _home(settings: Path) -> Iterator[str]:
    """The prefix that a virtual environment was made from; it matters where its python is no link."""
    for line in settings.read_text(errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home" and value.strip().endswith("/bin"):
            yield value.strip().removesuffix("/bin")
