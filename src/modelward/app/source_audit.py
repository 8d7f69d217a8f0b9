"""Source code that is looked through for what it loads by name: files, notebooks and folders, read and never run."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelward.app.locking import FILE, LockFile
from modelward.checks.pins.audit import (
    MOST_NOTEBOOK,
    MOST_SOURCE,
    Pins,
    audit_notebook,
    audit_python,
    audit_script,
    is_notebook,
)
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.source_audit import SourceAudit, Spot, Spotted
from modelward.stores.files import FileSource
from modelward.stores.tree import Entry, Tree, open_target

if TYPE_CHECKING:
    from modelward.app.reading import Progress

_MOST_NAMES = 1_000_000
_PYTHON = (".py", ".pyw")
_NOTEBOOK = (".ipynb",)
_SCRIPT = re.compile(rb"#!.*\b(?:python[\d.]*|(?:ba|da|k|z)?sh)\b")
"""https://en.wikipedia.org/wiki/Shebang_(Unix)"""
_COMMANDS = re.compile(
    r".*\.(?:(?:ba|k|z)?sh|slurm|sbatch|ya?ml|dockerfile|mk)"
    r"|(?:docker|container)file(?:\..+)?|(?:gnu)?makefile|justfile"
)
"""What holds commands: of a shell, of a build, of a workflow."""
_ENVIRONMENT = "pyvenv.cfg"
"""What stands in the folder of a virtual environment: https://docs.python.org/3/library/venv.html"""


def audit(
    sources: Sequence[str], lock: str | None = None, exclude: Sequence[str] = (), progress: Progress | None = None
) -> SourceAudit:
    """What Python files, notebooks, and commands in scripts and YAML in *sources* load by name. *lock* names a file of
    pins; without it modelward.lock is taken, if it is there. Virtual environments inside a folder are left out,
    and named. Raises UsageError for a source that is not there, and ReadError for one that cannot be looked at."""
    pins = _pins(lock)
    trees = [_listed(source, exclude) for source in sources]
    said: dict[Spotted, None] = {}
    files = size = 0
    for (tree, jobs), source in zip(trees, sources, strict=True):
        said.update(dict.fromkeys(_gaps(tree, jobs, source)))
        for done, entry in enumerate(jobs):
            name = _named(tree, entry)
            if progress:
                progress(done, len(jobs), name)
            read, spotted = _examined(tree, entry, name, pins)
            files, size = files + (read is not None), size + (read or 0)
            said.update(dict.fromkeys(spotted))
    ordered = sorted(said, key=lambda one: (one.at.order, _rule(one)))
    return SourceAudit(
        tuple(one for one in ordered if isinstance(one.said, Finding)),
        tuple(one for one in ordered if isinstance(one.said, Unexamined)),
        files,
        size,
        tuple(sorted({f"{tree.label}/{path}" for tree, _ in trees for path in tree.left_out})),
    )


def _rule(one: Spotted) -> tuple[str, str]:
    return (one.said.rule.id, one.said.message) if isinstance(one.said, Finding) else ("", one.said.why)


def _pins(lock: str | None) -> Pins:
    if lock is None and not Path(FILE).exists():
        return Pins()
    file = LockFile.read(lock or FILE)
    if not file.raw:
        raise UsageError(f"there is no lock {file.path!r}: modelward pin hf://org/name makes one")
    return Pins.of(file.lock)


# -- which files


def _listed(source: str, exclude: Sequence[str]) -> tuple[Tree, list[Entry]]:
    tree = open_target(source, exclude, _MOST_NAMES, frozenset({".git", *_environments(source)}))
    return tree, [entry for entry in tree.entries if not tree.is_tree or _is_source(entry)]


def _environments(source: str) -> Iterator[str]:
    """The virtual environments at the top of the folder, and one folder further down, where people keep them."""
    try:
        for folder in ("", *(child.name for child in os.scandir(source) if child.is_dir(follow_symlinks=False))):
            for child in os.scandir(Path(source) / folder):
                if child.is_dir(follow_symlinks=False) and (Path(child) / _ENVIRONMENT).exists():
                    yield f"{folder}/{child.name}" if folder else child.name
    except OSError:
        return  # open_target says what is the matter


def _is_source(entry: Entry) -> bool:
    name = entry.path.rpartition("/")[2].lower()
    if name.endswith((*_PYTHON, *_NOTEBOOK)) or _COMMANDS.fullmatch(name):
        return True
    return "." not in name and _is_script(entry.real)


def _is_script(path: bytes) -> bool:
    """A file without an ending whose first line says what runs it."""
    try:
        with open(path, "rb") as file:
            return bool(_SCRIPT.match(file.read(100)))
    except OSError:
        return True  # reading it will say why


def _named(tree: Tree, entry: Entry) -> str:
    return f"{tree.label.rstrip('/')}/{entry.path}" if entry.path else tree.label


def _gaps(tree: Tree, jobs: Sequence[Entry], source: str) -> Iterator[Spotted]:
    for gap in tree.gaps:
        yield _gap(f"{tree.label}/{gap.path}".rstrip("/"), gap.why, gap.do)
    if not jobs:
        yield _gap(tree.label, "no Python file, notebook or script is in there", "name the folder that holds the code")


def _gap(file: str, why: str, do: str) -> Spotted:
    return Spotted(Spot(file, 1, 1), Unexamined(Location(None), why, do))


# -- one file


def _examined(tree: Tree, entry: Entry, name: str, pins: Pins) -> tuple[int | None, list[Spotted]]:
    """How many bytes were read, None where they could not be, and what they say."""
    try:
        with FileSource(entry.real) as file:
            most = MOST_NOTEBOOK if file.size > MOST_SOURCE else MOST_SOURCE
            raw = file.read(0, min(file.size, most + 1))
            file.finish() if file.size <= most else None
    except ReadError as error:
        if not tree.is_tree:
            raise ReadError(f"cannot read {tree.label!r}: {error}") from error
        return None, [_gap(name, f"it cannot be read: {error}", "make it readable, or leave it out with --exclude")]
    return len(raw), list(_reader(entry.path or name, raw, not entry.path)(raw, name, pins))


def _reader(name: str, raw: bytes, is_alone: bool) -> Callable[[bytes, str, Pins], Iterator[Spotted]]:
    """Who reads a file of that name; what is named alone may be a notebook whatever it is called."""
    name = name.rpartition("/")[2].lower()
    if name.endswith(_NOTEBOOK) or (is_alone and is_notebook(raw)):
        return audit_notebook
    first = _SCRIPT.match(raw[:100])
    is_shell = first is not None and b"python" not in first[0]
    return audit_script if _COMMANDS.fullmatch(name) or (is_shell and "." not in name) else audit_python
