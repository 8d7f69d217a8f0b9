"""The copies that `transformers` makes of the code of a repository, to run them (`trust_remote_code`).

It makes them once, under the commit, and never compares them with the snapshot again: they are what is run.

https://huggingface.co/docs/transformers/custom_models
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from modelward.core.hub_name import Ref
from modelward.stores import hf_cache

_MARK = "__init__.py"
"""Of a package; made empty in each folder above the copies."""


def default() -> Path:
    """Where they are made: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables"""
    if modules := os.environ.get("HF_MODULES_CACHE"):
        return Path(modules).expanduser()
    return hf_cache.home() / "modules"


def copies(modules: Path, pinned: Ref) -> Iterator[tuple[Path, str]]:
    """What would be run of a commit: where it lies, and which path of the repository it has, "" for none; but the
    empty files that make packages. Raises ReadError."""
    folder = modules
    for name in ("", "transformers_modules", *map(_package, pinned.repo.split("/"))):
        folder = folder / name
        if not _is_empty(folder / _MARK):
            yield folder / _MARK, ""
    root = folder / pinned.revision
    for path in sorted(hf_cache.walk(root)) if root.is_dir() else ():
        if PurePosixPath(path).name != _MARK or not _is_empty(root / path):
            yield root / path, path


def _is_empty(place: Path) -> bool:
    """Or not there."""
    try:
        info = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return stat.S_ISREG(info.st_mode) and not info.st_size


def _package(name: str) -> str:
    """As `transformers` makes a package's name of a repository's."""
    safe = name.replace(".", "_dot_").replace("-", "_hyphen_")
    return f"_{safe}" if safe[:1].isdigit() else safe
