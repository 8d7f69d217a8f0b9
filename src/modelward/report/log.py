"""A transparency log, verified or shown: lines for people, canonical JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelward.core import canonical
from modelward.core.log import Head, LogContents, LogVerification
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count

_SHOWN = 50
_TONES = {"consistent": "good", "inconsistent": "bad"}


def verification(result: LogVerification) -> Iterator[Line]:
    """The last line holds the answer."""
    for problem in result.problems[:_SHOWN]:
        yield Line("", f"{problem.kind}: {visible(problem.where)}", "critical")
        yield Line("  why  ", visible(problem.why))
    if len(result.problems) > _SHOWN:
        yield Line("", f"and {count(len(result.problems) - _SHOWN, 'more problem')}: --format json names them all")
    if result.head:
        if result.problems:
            yield Line()
        yield from _head(result.head)
    if result.statements is not None:
        yield Line("statements ", f"{result.statements:,} in the store, compared with the log")
    if result.since is not None:
        yield Line("since      ", f"a checkpoint of {count(result.since, 'record')}")
    elif result.head and not result.problems:
        yield Line("since      ", "none was named: that all was put back to an earlier state would not show")
    for path in result.unused[:_SHOWN]:
        yield Line("unused     ", f"{visible(path)}: no part of the log; a writer was killed, or put it there")
    yield Line()
    yield Line("", answer(result), _TONES[result.answer])


def answer(result: LogVerification) -> str:
    counts = [count(len(result.problems), "problem")]
    if result.head:
        counts.append(count(result.head.size, "record"))
    return f"{result.answer}: {', '.join(counts)} (exit {result.exit_code})"


def contents(log: LogContents) -> Iterator[Line]:
    """The latest record comes last."""
    yield from _head(log.head)
    yield Line()
    if earlier := log.head.size - len(log.records):
        yield Line("", f"{count(earlier, 'earlier record')}: --format json has them all")
    for record in log.records:
        yield Line(f"{record.number:<10} ", visible(record.summary))


def proved(log: LogContents) -> Iterator[Line]:
    """The last line holds the answer."""
    yield from _head(log.head)
    (record,) = log.records
    yield Line("record     ", visible(record.summary))
    yield Line()
    yield Line("", f"proved: record {record.number} of {count(log.head.size, 'record')} (exit 0)", "good")


def machine_verification(result: LogVerification) -> bytes:
    """Canonical JSON, ends with a line break."""
    body = {
        "schema": "modelward/log-verify/1",
        "answer": result.answer,
        "log": _json(result.head) if result.head else None,
        "problems": [
            {"kind": problem.kind, "where": sound(problem.where), "why": sound(problem.why)}
            for problem in result.problems
        ],
        "since": None if result.since is None else canonical.integer(result.since),
        "statements": result.statements,
        "unused": [sound(path) for path in result.unused],
    }
    return canonical.encode(body) + b"\n"


def machine_contents(log: LogContents) -> bytes:
    """Canonical JSON, ends with a line break."""
    records = [sound(record.text) for record in log.records]
    return canonical.encode({"schema": "modelward/log/1", "log": _json(log.head), "records": records}) + b"\n"


def _head(head: Head) -> Iterator[Line]:
    yield Line("log        ", visible(head.origin))
    yield Line("signed     ", f"{count(head.size, 'record')}, root sha256:{head.root}")
    yield Line("key        ", visible(head.key))
    if not head.is_named:
        yield Line("           ", "that lies beside the log: whoever wrote the store may have it; --pub names yours")
    for name in head.witnesses:
        yield Line("witness    ", visible(name))


def _json(head: Head) -> dict[str, Any]:
    return {
        "key": sound(head.key),
        "key_named": head.is_named,
        "origin": sound(head.origin),
        "root": head.root,
        "size": canonical.integer(head.size),
        "witnesses": [sound(name) for name in head.witnesses],
    }
