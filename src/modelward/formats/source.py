"""Sources made from other sources: memory, slices, and blocks produced on demand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Protocol

from modelward.core.artifact import Source
from modelward.core.errors import NotFetched

BLOCK = 1 << 18


class BytesSource:
    """Bytes that are already in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    def read(self, at: int, n: int) -> bytes:
        return self._data[at : at + n]


class Slice:
    """Bytes [at, at+size) of another source. The part beyond the parent's end reads as absent."""

    def __init__(self, parent: Source, at: int, size: int) -> None:
        self._parent = parent
        self._at = at
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    def read(self, at: int, n: int) -> bytes:
        n = min(n, self._size - at)
        return self._parent.read(self._at + at, n) if at >= 0 and n > 0 else b""


class Producer(Protocol):
    """Makes the bytes of a stream from its beginning, in pieces of any size."""

    def __call__(self) -> Iterator[bytes]: ...


class Stream:
    """A forward-only stream (decompression) read by position.

    The newest blocks are kept; going further back starts the stream again, which gives the
    same bytes because its input is fixed. Every byte produced, repeats included, is charged
    to *budget*; when it is spent the stream ends there and `problem` says so. A stream that
    breaks ends at the break and `problem` says why: what came before it stays readable.
    """

    def __init__(self, produce: Producer, budget: Budget, keep: int = 24) -> None:
        self._produce = produce
        self._budget = budget
        self._keep = keep
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._pieces: Iterator[bytes] = iter(())
        self._next = -1  # index of the block that _pieces yields next; -1: not started
        self._rest = b""
        self._size: int | None = None
        self.problem: str | None = None

    @property
    def size(self) -> int:
        while self._size is None:
            self._block(max(self._next, 0))
        return self._size

    def read(self, at: int, n: int) -> bytes:
        if at < 0 or n <= 0:
            return b""
        parts = []
        while n > 0:
            index, offset = divmod(at, BLOCK)
            part = self._block(index)[offset : offset + n]
            if not part:
                break
            parts.append(part)
            at += len(part)
            n -= len(part)
        return b"".join(parts)

    def release(self) -> None:
        """Let go of the kept blocks. What was asked for last may live on in a cycle until it is collected."""
        self._blocks.clear()

    def _block(self, index: int) -> bytes:
        if self._size is not None and index * BLOCK >= self._size:
            return b""
        if index in self._blocks:
            return self._blocks[index]
        if self._next < 0 or index < self._next:
            self._pieces, self._next, self._rest = self._produce(), 0, b""
        while self._next <= index:
            block = self._produce_block()
            if block:
                self._blocks[self._next] = block
                if len(self._blocks) > self._keep:
                    self._blocks.popitem(last=False)
            if len(block) < BLOCK:
                self._size = self._next * BLOCK + len(block)
                self._next = -1
                return block if index * BLOCK < self._size else b""
            self._next += 1
        return self._blocks[index]

    def _produce_block(self) -> bytes:
        parts, have = [self._rest], len(self._rest)
        while have < BLOCK:
            try:
                piece = next(self._pieces, b"")
            except BrokenStream as error:
                self.problem = str(error)
                piece = b""
            except NotFetched:
                self._next = -1  # a producer that was left so gives nothing more, which is not its end
                raise
            if not piece:
                break
            if not self._budget.spend(len(piece)):
                self.problem = "decompresses to more than the limit"
                break
            parts.append(piece)
            have += len(piece)
        data = b"".join(parts)
        self._rest = data[BLOCK:]
        return data[:BLOCK]


class BrokenStream(Exception):
    """Raised by a Producer where its input stops making sense; the text says why."""


class Budget:
    """Work that may still be done for one file."""

    def __init__(self, amount: int) -> None:
        self.left = amount

    def spend(self, amount: int) -> bool:
        self.left -= amount
        return self.left >= 0
