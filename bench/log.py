"""The transparency log: CPU of appends and proofs, and of verifying all of it.

.venv/bin/python bench/log.py
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from modelward.app.log import Asked, verify_log
from modelward.attest import merkle
from modelward.stores.log import Log

HOME = Path(__file__).resolve().parent.parent / ".bench" / "log"
RECORD = (
    '{"digest":"sha256:%064x","predicateType":"urn:modelward:predicate:scan:1","subject":"sha3_256:%064x"}'  # as stored
)
MANY = 100_000
PROOFS = 300


def main() -> None:
    print("| what | CPU ms | wall ms |")
    print("|-|-:|-:|")
    log = fresh()
    tell("1,000 records appended at once", lambda: log.append(records(1000)))
    log = fresh()
    tell(
        "1,000 records appended one at a time, each on the disk", lambda: [log.append([each]) for each in records(1000)]
    )
    log = fresh()
    log.append(records(MANY))
    picked = random.Random(0)
    log = Log.load(HOME)
    tell("an inclusion proof, the first", lambda: log.inclusion_proof(MANY // 3))
    tell("an inclusion proof", lambda: [log.inclusion_proof(picked.randrange(MANY)) for _ in range(PROOFS)], PROOFS)
    tell("a consistency proof", lambda: [prove(log, picked.randrange(MANY)) for _ in range(PROOFS)], PROOFS)
    tell(f"all {MANY:,} records read and proved", lambda: sum(map(len, log.records())))
    tell(f"all {MANY:,} records verified", lambda: verify_log(HOME, Asked()))
    shutil.rmtree(HOME)


def fresh() -> Log:
    shutil.rmtree(HOME, ignore_errors=True)
    return Log.open(HOME)


def records(count: int) -> list[bytes]:
    return [(RECORD % (number, number)).encode() for number in range(count)]


def prove(log: Log, old: int) -> list[bytes]:
    return merkle.consistency_proof(old, log.size, log.tree.node)


def tell(what: str, do: Callable[[], object], times: int = 1) -> None:
    cpu, wall = time.process_time(), time.perf_counter()
    do()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"| {what} | {cpu * 1000 / times:.2f} | {wall * 1000 / times:.2f} |")


if __name__ == "__main__":
    main()
