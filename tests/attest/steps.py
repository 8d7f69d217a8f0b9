"""A module with one of its steps taken out: what the rest alone lets through."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


@contextmanager
def without(module: ModuleType, step: str, instead: str) -> Iterator[ModuleType]:
    """A copy of *module* in which *step*, a piece of its source, is *instead*. Other modules that are
    imported meanwhile find the copy."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(step) == 1, f"the source has changed, and {step!r} is there {source.count(step)} times"
    copy = ModuleType(module.__name__)
    sys.modules[module.__name__] = copy
    try:
        exec(compile(source.replace(step, instead), str(module.__file__), "exec"), copy.__dict__)  # noqa: S102
        yield copy
    finally:
        sys.modules[module.__name__] = module
