"""What the evidence store costs: CPU and wall seconds.

.venv/bin/python bench/store.py [STATEMENTS]    (100,000 unless another number is given; 2 GB of disk)

Two statements an artifact, as `check` makes them. The large store is filled without waiting for the disk.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from modelward.core.digest import Digest
from modelward.core.statement import Statement
from modelward.core.store import IN_TOTO
from modelward.stores.evidence_store import Entry, EvidenceStore

BATCH = 5_000
ONE_BY_ONE = 1_000
REBUILT = 10_000
LOOKS = 1_000


def artifact(number: int) -> Digest:
    return Digest("sha3_256", hashlib.sha256(b"%d" % number).hexdigest())


def entry(number: int) -> Entry:
    about, kind = artifact(number // 2), f"urn:example:{'scan' if number % 2 else 'manifest'}:1"
    return Entry(Statement.make(about, kind, {"padding": "x" * 700, "number": number}).raw, IN_TOTO, kind, about)


@contextmanager
def row(what: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    print(f"| {what} | {time.process_time() - cpu:.2f} | {time.perf_counter() - wall:.2f} |", flush=True)


def milliseconds(run: Callable[[int], object]) -> str:
    took = []
    for number in range(LOOKS):
        began = time.perf_counter()
        run(number)
        took.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(took):.2f} ms in the median, 99 % within {statistics.quantiles(took, n=100)[-1]:.2f} ms"


def fill(folder: Path, count: int) -> None:
    with mock.patch("os.fsync"), EvidenceStore(str(folder), create=True) as store:
        for start in range(0, count, BATCH):
            store.add([entry(number) for number in range(start, min(count, start + BATCH))])


def look(folder: Path, number: int) -> None:
    """As a process does that has just begun."""
    with EvidenceStore(str(folder)) as store:
        for kept, _ in store.find(artifact(number * 47 % 1000)):
            store.read(kept)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        small, middle, large = (Path(place) / name for name in ("small", "middle", "large"))
        print("| what | CPU s | wall s |\n|-|-:|-:|")
        with (
            row(f"{ONE_BY_ONE:,} one at a time, each on the disk"),
            EvidenceStore(str(small), create=True) as store,
        ):
            for number in range(ONE_BY_ONE):
                store.add([entry(number)])
        with row(f"{REBUILT:,} statements at once, on the disk"), EvidenceStore(str(middle), create=True) as store:
            store.add([entry(number) for number in range(REBUILT)])
        with row(f"the index of {REBUILT:,} rebuilt"), EvidenceStore(str(middle)) as store:
            store.rebuild()
        with row(f"{REBUILT:,} verified, every byte"), EvidenceStore(str(middle)) as store:
            assert store.verify() == []
        with row(f"{count:,} statements in batches, without waiting for the disk"):
            fill(large, count)
        with EvidenceStore(str(large)) as store:
            with row(f"one more among {count:,}"):
                store.add([entry(count)])
            found = milliseconds(lambda number: store.find(artifact(number * 47 % (count // 2))))
            read = milliseconds(lambda number: [store.read(kept) for kept, _ in store.find(artifact(number))])
        print(f"\nevidence of a digest among {count:,} statements: found in {found}")
        print(f"found and read, two statements: {read}")
        print(f"store opened, found and read: {milliseconds(lambda number: look(large, number))}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
