"""What is known of public packages as data: each file in data/ says where it is from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path


@cache
def popular() -> frozenset[str]:
    """Canonical names. A name that is not among them is not thereby unknown to the public index."""
    return frozenset(ranked())


@cache
def ranked() -> tuple[str, ...]:
    """The most downloaded first."""
    return tuple(_lines("popular_packages.txt"))


@cache
def machine_learning() -> tuple[str, ...]:
    """Names of machine learning, whether or not they are among the popular ones."""
    return tuple(_lines("machine_learning.txt"))


@cache
def launchers() -> frozenset[str]:
    """sha256 of programs that packaging tools ship for Windows in wheels of pure Python."""
    return frozenset(line.partition(" ")[0] for line in _lines("launchers.txt"))


@cache
def environment_files() -> frozenset[tuple[str, str]]:
    """Names and sha256 of what virtualenv and uv leave beside the packages of every environment, in no RECORD."""
    rows = (line.split() for line in _lines("environment_files.txt"))
    return frozenset((row[3], row[0]) for row in rows)


def _lines(name: str) -> Iterator[str]:
    # importlib.resources takes 15 ms to import
    text = (Path(__file__).with_name("data") / name).read_text(encoding="ascii")
    return (line for line in text.splitlines() if line and not line.startswith("#"))
