"""Which CUDA Toolkit packages belong to, by their names and versions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from modelward.checks.deps.nvidia.version_text import Known, Version, exact, series, version

_TORCH = re.compile(r"\+cu([0-9]{2})([0-9])")
_TOOLKIT = re.compile(r"cuda-toolkit")
_RUNTIME = re.compile(r"nvidia-cuda-runtime(?:-cu[0-9]+)?")
_OTHERS = re.compile(r"nvidia-(?:cuda-(?:nvrtc|cupti|nvcc)|nvjitlink|nvtx)(?:-cu[0-9]+)?")
"""They count their builds anew in each version, whose first two numbers are those of the toolkit."""


class Wheel(NamedTuple):
    known: Known
    rank: int
    """Of several that say it the one with the lowest is the closest."""


def of_wheel(name: str, text: str) -> Wheel | None:
    """*name* is canonical. None for what says nothing of CUDA."""
    if name == "torch":
        tag = _TORCH.search(text)
        return Wheel(series(int(tag[1]), int(tag[2])), 2) if tag else None
    said = version(text)
    if said is None:
        return None
    if _TOOLKIT.fullmatch(name):
        return Wheel(Known(said, said), 0)
    if _RUNTIME.fullmatch(name):
        return Wheel(of_runtime(said), 1)
    return Wheel(of_part(said), 3) if _OTHERS.fullmatch(name) else None


def of_runtime(build: Version) -> Known:
    """The releases after the last with a lower build and before the first with a higher one: builds grow, and two
    releases may share one."""
    own, whole = _minor(build), of_part(build)
    near = [(toolkit[2], runtime) for toolkit, runtime in _runtimes() if toolkit[:2] == own]
    first = max((update for update, runtime in near if runtime < build.numbers), default=-1) + 1
    after = min((update for update, runtime in near if runtime > build.numbers), default=None)
    low = exact(*own, first)
    if after is None:
        return Known(low, whole.high)
    return Known(low, exact(*own, after - 1)) if first < after else whole


def of_part(one: Version) -> Known:
    """Any release of the version that *one* begins with: 12.9 of 12.9.86."""
    return series(*_minor(one))


def _minor(one: Version) -> tuple[int, ...]:
    return (*one.numbers, 0, 0)[:2]


@cache
def _runtimes() -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    text = (Path(__file__).parents[1] / "data" / "cuda_runtimes.txt").read_text(encoding="ascii")
    rows: Iterable[list[str]] = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return tuple((_numbers(toolkit), _numbers(runtime)) for toolkit, runtime in rows)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def shown(known: Known) -> str:
    """12.9 Update 1, "12.9 Update 1 or later", or 12.1 where the update is not known."""
    major, minor, update = (*known.low.numbers, 0, 0, 0)[:3]
    text = f"{major}.{minor}" + (f" Update {update}" if update else "")
    if known.low == known.high:
        return text
    return f"{text} or a later update" if known.low.stage else f"{text} (of an unknown update)"
