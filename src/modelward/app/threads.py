"""Work that waits for servers, several pieces of it at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


@contextmanager
def begun(jobs: Sequence[Job], work: Callable[[Job], Result], most: int) -> Iterator[Sequence[Callable[[], Result]]]:
    """What gives, or raises, the result of each of *jobs*, at most so many of which are worked on at a time.

    Threads are left behind at the end, with what they were waiting for: a Ctrl-C waits for no server."""
    if min(len(jobs), most) < 2:
        yield [partial(work, job) for job in jobs]
        return
    todo: deque[tuple[Job, Future[Result]]] = deque((job, Future()) for job in jobs)
    results = [future.result for _, future in todo]

    def take() -> None:
        while todo:
            try:
                job, future = todo.popleft()
            except IndexError:  # another one took the last
                return
            try:
                future.set_result(work(job))
            except BaseException as error:  # noqa: BLE001 (it is raised where the result is asked for)
                future.set_exception(error)

    for _ in range(most):
        Thread(target=take, daemon=True).start()
    try:
        yield results
    finally:
        todo.clear()
