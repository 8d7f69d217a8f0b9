"""Proves that a safetensors file holds the tensors of its input: the same names, types, shapes and bytes, both ways.

The input is resolved by expected.py, the output by formats/safetensors.py; the converter's code takes no part. Bytes
are compared as bytes, so that -0.0, the payloads of NaN and everything else that is equal by number alone count.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from modelward.checks.build.elements import elements
from modelward.checks.build.expected import Content, Expected, Unequal
from modelward.checks.build.inputs import content_of
from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.safetensors import SafetensorsFacts, Tensor, read_safetensors
from modelward.formats.torch.layout import OddFile

_AHEAD = 4
_LONGEST = 1_000


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class NoHash:
    """For whoever needs no digest of each tensor: taking them is a third of the work."""

    def update(self, data: bytes, /) -> None:
        pass

    def hexdigest(self) -> str:
        return ""


MakeHash = Callable[[], Hash]


@dataclass(frozen=True, slots=True)
class Proved:
    """A tensor that is the same on both sides."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str
    """Of its bytes; empty where nobody asked for it."""


def compare(
    given: Source, made: Source, left_out: Iterable[str], limits: Limits, digest: MakeHash = hashlib.sha256
) -> tuple[Proved, ...]:
    """Every tensor of *made*, once each was found in *given* and none of *given* is missing but those at the paths
    *left_out*. Raises Unequal with the first difference. *digest* makes what hashes each tensor."""
    try:
        content = content_of(given, limits)
        facts = read_safetensors(made, limits)
        _check_header(content, facts, frozenset(left_out))
        with _Lanes(digest) as lanes:
            return tuple(lanes.proved(tensor, content.tensors[tensor.name], made) for tensor in facts.tensors)
    except OddFile as error:
        raise Unequal(f"the input cannot be read again: {error}") from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise Unequal(f"the input does not resolve: {type(error).__name__}: {error}") from error


def _check_header(content: Content, facts: SafetensorsFacts, left_out: frozenset[str]) -> None:
    if facts.violations or facts.gaps or facts.uncovered:
        why = [*(each.message for each in facts.violations), *(gap.why for gap in facts.gaps), "bytes of no tensor"]
        raise Unequal(f"the output is no sound safetensors file: {why[0]}")
    made = {tensor.name for tensor in facts.tensors}
    for name in made - content.tensors.keys():
        raise Unequal(f"the output holds {name[:200]!r}, which is no tensor of the input")
    missing = (content.tensors.keys() - made) | content.others
    for name in missing:
        if _shown(name) not in left_out:
            raise Unequal(f"the tensor {name[:200]!r} of the input is missing, and is not named as left out")
    if facts.metadata != {"format": "pt"} | content.metadata:
        raise Unequal("the output's metadata is not what the input says")


def _shown(name: str) -> str:
    """As the statement can carry it, which has no lone surrogates and no name without end."""
    return name[:_LONGEST].encode("utf-8", "backslashreplace").decode()


class _Lanes:
    """Two threads beside the caller's: one reads the input, one takes the digests. Each keeps to the order."""

    def __init__(self, digest: MakeHash) -> None:
        self._digest = digest
        self._reader, self._hasher = ThreadPoolExecutor(1), ThreadPoolExecutor(1)

    def __enter__(self) -> _Lanes:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.shutdown(cancel_futures=True)
        self._hasher.shutdown(cancel_futures=True)

    def proved(self, tensor: Tensor, expected: Expected, made: Source) -> Proved:
        if (tensor.dtype, tensor.shape) != (expected.dtype, expected.shape):
            raise Unequal(f"{tensor.name[:200]!r} has another type or shape than in the input")
        digest, at = self._digest(), tensor.start
        hashing: deque[Future[None]] = deque()
        for piece in self._ahead(elements(expected)):
            if made.read(at, len(piece)) != piece:
                raise Unequal(f"{tensor.name[:200]!r} has other bytes than in the input, at {at - tensor.start:,}")
            at += len(piece)
            hashing.append(self._hasher.submit(digest.update, piece))
            if len(hashing) > _AHEAD:
                hashing.popleft().result()
        for each in hashing:
            each.result()
        if at != tensor.end:
            raise Unequal(f"{tensor.name[:200]!r} has another size than in the input")
        return Proved(tensor.name, tensor.dtype, tensor.shape, digest.hexdigest())

    def _ahead(self, items: Iterator[bytes]) -> Iterator[bytes]:
        """*items*, of which the next are made while one is looked at."""
        waiting = deque(self._reader.submit(next, items, b"") for _ in range(_AHEAD))
        while item := waiting.popleft().result():
            waiting.append(self._reader.submit(next, items, b""))
            yield item
