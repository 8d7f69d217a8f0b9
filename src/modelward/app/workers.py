"""Files read by several processes. What comes out is the same as from one, whatever their number.

A worker is this program again, not a fork (the progress line is a thread) and not `multiprocessing`
(which runs the caller's main module once more). It takes one line of JSON for each file and answers
with one. A worker that is killed takes one file with it, which is then said.
"""

from __future__ import annotations

import contextlib
import json
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from modelward.app.one_file import Job, Read, Reader, Unread, defect
from modelward.checks import scan as scan_check
from modelward.checks.scan.model import decode_file, encode_file
from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.limits import Limits
from modelward.stores.files import Identity

# -P: the folder that the command runs in may be a stranger's, and is no place to import from
_PROGRAM = "import sys; sys.path[:] = {path!r}; from modelward.app.workers import serve; serve({setting!r})"


def read_all(jobs: Iterable[Job], reader: Reader, number: int) -> Iterator[tuple[Job, Read | Unread]]:
    """As they are done. The next of *jobs* is taken when one of *number* workers is free for it."""
    crew = _Crew(reader, number)
    try:
        for job in jobs:
            outcome = reader.recall(job) or (reader.read(job) if job.noted else None)
            if outcome is not None:
                yield job, outcome
                continue
            if crew.is_full():
                yield crew.next_done()
            crew.give(job)
        while crew.busy:
            yield crew.next_done()
    finally:
        crew.end()


class _Crew:
    def __init__(self, reader: Reader, number: int) -> None:
        self._reader = reader
        self._number = number
        self._idle: list[_Worker] = []
        self.busy: list[_Worker] = []

    def is_full(self) -> bool:
        return len(self.busy) >= self._number

    def give(self, job: Job) -> None:
        worker = self._idle.pop() if self._idle else _Worker(self._reader)
        self.busy.append(worker)
        worker.give(job)

    def next_done(self) -> tuple[Job, Read | Unread]:
        ready, _, _ = select.select([worker.answers for worker in self.busy], [], [])
        worker = next(worker for worker in self.busy if worker.answers is ready[0])
        outcome = worker.take()
        self.busy.remove(worker)
        if worker.is_alive():
            self._idle.append(worker)
        # None: it could not say it in a line of JSON, or did not get as far as reading
        return worker.job, outcome or self._reader.read(worker.job)

    def end(self) -> None:
        for worker in (*self._idle, *self.busy):
            worker.end()


class _Worker:
    def __init__(self, reader: Reader) -> None:
        known = reader.known
        setting = {"limits": reader.limits.to_json(), "cache": known.folder if known and not known.trouble else None}
        self.job = Job("", b"", False)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM.format(path=sys.path, setting=json.dumps(setting))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,  # a Ctrl-C is for the one who started them
        )
        assert self._process.stdin and self._process.stdout
        self._orders, self.answers = self._process.stdin, self._process.stdout

    def give(self, job: Job) -> None:
        self.job = job
        with contextlib.suppress(BrokenPipeError):  # then there is no answer either
            self._orders.write(job.real.hex().encode() + b"\n")
            self._orders.flush()

    def take(self) -> Read | Unread | None:
        line = self.answers.readline()
        if line.endswith(b"\n"):
            return _parse(line)
        status = self.end()
        if status >= 0:
            return None
        name = signal.Signals(-status).name
        return defect(f"the process that read it was ended by {name}; perhaps there was too little memory")

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> int:
        """The exit status: its own if it has ended already."""
        self._process.kill()
        for pipe in (self._orders, self.answers):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        return self._process.wait()


# -- what is said between them


def serve(setting: str) -> None:
    """The whole life of a worker: a file for each line, until there are no more."""
    body = json.loads(setting)
    limits = Limits(**body["limits"])
    known = None
    if body["cache"]:
        from modelward.app.cached import Known

        known = Known(body["cache"], limits)
    reader = Reader(limits, known)
    for line in sys.stdin.buffer:
        answer = _answer(reader.read(Job("", bytes.fromhex(line.decode()), False)))
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _answer(outcome: Read | Unread) -> dict[str, Any] | None:
    if isinstance(outcome, Unread):
        return {"why": outcome.why, "is_defect": outcome.is_defect}
    try:
        body = encode_file(outcome.scan).decode()
    except Malformed:
        return None
    news = outcome.news
    identity = tuple(news.identity) if news and news.identity else None
    told = {"is_new": bool(news.body), "hint": news.hint.hex(), "identity": identity} if news else None
    return {"digest": outcome.blob.digest.value, "size": outcome.blob.size, "scan": body, "news": told}


def _parse(line: bytes) -> Read | Unread | None:
    body = json.loads(line)
    if body is None:
        return None
    if "why" in body:
        return Unread(body["why"], body["is_defect"])
    raw = body["scan"].encode()
    blob = Blob(Digest("sha256", body["digest"]), body["size"])
    news = None
    if body["news"]:
        from modelward.stores.cache import Kept

        told = body["news"]
        identity = Identity(*told["identity"]) if told["identity"] else None
        news = Kept(blob, raw if told["is_new"] else b"", bytes.fromhex(told["hint"]), identity)
    return Read(blob, decode_file(raw, lambda: scan_check.CHECK.rules), None, news)
