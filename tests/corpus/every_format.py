"""The files of all modules in tests/corpus/formats, by format and name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

FORMATS = sorted(path.stem for path in (Path(__file__).parent / "formats").glob("*.py"))


@cache
def _files(side: str) -> Mapping[tuple[str, str], bytes]:
    return {
        (name, label): data
        for name in FORMATS
        for label, data in getattr(import_module(f"tests.corpus.formats.{name}"), side)().items()
    }


def ordinary() -> Mapping[tuple[str, str], bytes]:
    return _files("ordinary")


def hostile() -> Mapping[tuple[str, str], bytes]:
    return _files("hostile")
