"""Processes that write to a store and are killed. Run as a program, because it forks: nothing else may run beside it.

    python -m tests.stores.killed steps|moments|writers FOLDER

Prints what was wrong, and "done" with the number of kills or statements.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.stores.evidence import entry, tree

from modelward.stores.evidence_store import Entry, EvidenceStore

STEPS = frozenset(
    {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.listdir", "os.scandir", "sqlite3.connect"}
)


def fork(run: Callable[[], None]) -> int:
    child = os.fork()
    if not child:
        try:
            run()
        finally:
            os._exit(3)
    return child


def ends(child: int) -> int:
    """The signal that ended it, or 0."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    assert os.WEXITSTATUS(status) == 0, "a writer failed"
    return 0


def wrong_with(folder: str, acknowledged: set[Entry]) -> list[str]:
    """After a kill, as the next one finds it."""
    with EvidenceStore(folder) as opened:
        there = {kept for kept, _ in opened.find()}
        lost = [f"{each.raw.decode()} is lost" for each in acknowledged if each.kept not in there]
        return lost + opened.verify()


def steps(folder: str) -> None:
    """Killed before every single thing that it asks the system for, until there is none left."""
    acknowledged = {entry(0)}
    number = killed = 0
    with EvidenceStore(folder, create=True) as opened:
        opened.add([entry(0)])
    while True:
        number += 1
        child = fork(partial(killed_at, killed, folder, number))
        if not ends(child):
            break
        killed += 1
        for each in wrong_with(folder, acknowledged) if killed % 6 == 0 else ():
            print(f"killed before step {killed}: {each}")
        if number % 9 == 0:  # some it finds again, some it never does
            with EvidenceStore(folder) as opened:
                opened.add([alternating(number)])
            acknowledged.add(alternating(number))
    with EvidenceStore(folder) as opened:
        opened.gc()
        left = [path.name for path in Path(folder).rglob(".modelward-*")]
    for each in [*wrong_with(folder, acknowledged | {alternating(number)}), *left]:
        print(f"in the end: {each}")
    print("done", killed)


def alternating(number: int) -> Entry:
    """About an artifact that has statements, or about one that has none."""
    return entry(number, about=tree(0) if number % 2 else None)


def killed_at(step: int, folder: str, number: int) -> None:
    count = 0

    def watch(event: str, args: tuple[object, ...]) -> None:
        nonlocal count
        if event in STEPS and folder in str(args[0]):
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1

    with EvidenceStore(folder) as opened:
        opened.find()
        sys.addaudithook(watch)
        opened.add([alternating(number)])
    os._exit(0)


def moments(folder: str) -> None:
    """Killed at any moment, wherever it is then: in the system, or in SQLite."""
    random.seed(5)
    acknowledged: set[Entry] = set()
    with EvidenceStore(folder, create=True):
        pass
    for kill in range(10):
        reads, writes = os.pipe()
        child = fork(partial(writer, folder, writes, kill * 1000))
        os.close(writes)
        with os.fdopen(reads) as told:
            told.readline()
            time.sleep(random.uniform(0, 0.1))
            os.kill(child, signal.SIGKILL)
            assert ends(child) == signal.SIGKILL
            acknowledged |= {written(int(line)) for line in told if line.endswith("\n")}
        for each in wrong_with(folder, acknowledged):
            print(f"kill {kill}: {each}")
    print("done", len(acknowledged))


def written(number: int) -> Entry:
    return entry(number, about=tree(number % 3))


def writer(folder: str, pipe: int, first: int) -> None:
    with EvidenceStore(folder) as opened:
        os.write(pipe, b"\n")
        for number in range(first, first + 1000):
            opened.add([written(number)])
            os.write(pipe, b"%d\n" % number)


def writers(folder: str) -> None:
    """Several at once, each with artifacts of its own and one that all know; one removes what is not needed."""
    each, count = 6, 3

    def one(first: int) -> None:
        with EvidenceStore(folder, create=True) as opened:
            for number in range(first, first + each):
                opened.add([entry(number), entry(number + 10_000, about=tree(0)), entry(9999)])
                if first == 0:
                    opened.gc()
        os._exit(0)

    children = [fork(partial(one, first)) for first in range(0, 1000 * count, 1000)]
    for child in children:
        assert ends(child) == 0
    added = {entry(first + number) for first in range(0, 1000 * count, 1000) for number in range(each)}
    for problem in wrong_with(folder, {*added, entry(9999)}):
        print(problem)
    with EvidenceStore(folder) as opened:
        positions = sorted(position for _, position in opened.find() if position is not None)
        about = opened.find(tree(0))
    if positions != list(range(2 * each * count + 1)):
        print("the log has", positions)
    print("done", len(about))


if __name__ == "__main__":
    os.fsync = lambda fd: None  # a process that is killed takes nothing with it that the system has
    {"steps": steps, "moments": moments, "writers": writers}[sys.argv[1]](sys.argv[2])
