"""Pickle streams: run each one symbolically, judge its events, say where the looking ended."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.pickle import rules_pickle as rules
from modelward.checks.scan.pickle.embedded import embedded_pickles
from modelward.checks.scan.pickle.judge import Judge, PersistentRule
from modelward.core.artifact import Source
from modelward.core.finding import Finding
from modelward.formats.pickle.events import ArrayData, End, Event, Invocation, ObjectArray, OddArray, Reference
from modelward.formats.pickle.machine import Machine
from modelward.formats.pickle.text import text_span
from modelward.formats.pickle.values import FLOAT, UNKNOWN, Call, Data, Extension, Global, Persistent, Text, Value
from modelward.formats.source import BytesSource, Slice

# What random bytes do not say by chance, as they do not spell names
_CERTAIN = frozenset(
    {
        rules.DANGEROUS_CALL,
        rules.DANGEROUS_NAME,
        rules.UNLISTED_STDLIB,
        rules.ATTRIBUTE_WALK,
        rules.PLANTED_METHOD,
        rules.EXECUTED_STATE,
    }
)
_MOST_STREAMS = 100_000
_LONGEST_NUMBER = 32


class Streams:
    """All streams of a source, one after another, as repeated pickle.load calls would read them."""

    def __init__(
        self, source: Source, here: Here, persistent: PersistentRule | None = None, *, arrays: bool = True
    ) -> None:
        """*arrays*: read as joblib does, and then also as pickle.load does, if that makes a difference."""
        self.source = source
        self.here = here
        self.judge = Judge(source, here, persistent)
        self.results: list[Value] = []
        """What the first streams gave."""
        self.at = 0
        """Where the next stream begins."""
        self.end: End | None = None
        """How the stream that was run last ended."""
        self._arrays = arrays

    def run(self, most: int = _MOST_STREAMS) -> Iterator[Said]:
        """Judge up to *most* streams. Afterwards `end.why` says what stopped it, if anything did."""
        for _ in range(most):
            if self.at > 0 and not self.source.read(self.at, 1):
                return
            yield from self._stream()
            if self.end is None or self.end.why:
                return

    def _stream(self) -> Iterator[Said]:
        start = self.at
        machine = Machine(self.source, start, objects=self.here.limits.objects, arrays=self._arrays)
        for event in machine.run():
            if isinstance(event, ArrayData | ObjectArray | OddArray) and self._arrays:
                self._arrays = False
                yield from self._as_opcodes(start, event.at)
            if isinstance(event, End):
                self.end = event
            elif not isinstance(event, ArrayData | ObjectArray):
                yield from self.judge.judge(event)
                yield from self._impossible(event)
        yield from self.judge.finish()
        yield from embedded_pickles(self.source, start, machine.here)
        if self.end is not None and self.end.why is None:
            yield from self._whole(start, machine, self.end.result)
            self.at = machine.here
            if len(self.results) < 8:
                self.results.append(self.end.result)

    # A byte too many can make an opcode take another value than it was meant to take, or turn all
    # that follows into a text or a number. What is left then loads, or fails, without harm; that it
    # was meant so is not known.

    def _impossible(self, event: Event) -> Iterator[Said]:
        if isinstance(event, Invocation) and not _can_be_called(event.call.func):
            yield self.here.unexamined("what is called here is no function: loading fails", event.at)
        elif isinstance(event, Reference) and not f"{event.target}".isprintable():
            yield self.here.unexamined("what is imported here has a name that nothing has: loading fails", event.at)

    def _whole(self, start: int, machine: Machine, result: Value) -> Iterator[Said]:
        if machine.stack or machine.marks:
            yield self.here.unexamined("the stream leaves values behind, as no pickler does", start, machine.here)
        if (result is FLOAT or isinstance(result, int)) and machine.here - start > _LONGEST_NUMBER:
            yield self.here.unexamined("the stream is one huge number", start, machine.here)
        elif isinstance(result, str):
            yield Nested(f"<text from {start}>", BytesSource(result.encode("utf-8", "surrogatepass")))
        elif isinstance(result, Text | Data):
            at, size = text_span(self.source, result.at) if isinstance(result, Text) else result
            yield Nested(f"<bytes at {at}>", Slice(self.source, at, size))

    def _as_opcodes(self, start: int, first: int) -> Iterator[Said]:
        """What pickle.load makes of the bytes from the *first* array on, which joblib alone skips."""
        plain = Streams(self.source, self.here, arrays=False)
        plain.at = start
        for word in plain.run():
            if isinstance(word, Finding) and word.rule in _CERTAIN and word.at.span and word.at.span[0] >= first:
                yield word
        if plain.end is not None and plain.end.limit:
            yield self.here.unexamined(f"{plain.end.why}, taken as pickle.load takes it", plain.end.at)


def _can_be_called(value: Value) -> bool:
    return isinstance(value, Global | Call | Persistent | Extension) or value is UNKNOWN


def examine_pickle(source: Source, here: Here) -> Iterator[Said]:
    """Content that announces itself as a pickle."""
    streams = Streams(source, here)
    yield here.finding(rules.CODE_FORMAT, "a pickle can carry code")
    yield from streams.run()
    yield from rest(streams)


def rest(streams: Streams) -> Iterator[Said]:
    """What stands behind the last stream that could be read, or where the first one broke."""
    end, here = streams.end, streams.here
    if end is None or end.why is None:
        if streams.source.read(streams.at, 1):
            yield here.unexamined("further pickles, which were not read", streams.at)
        return
    if streams.at > 0 and end.at <= streams.at + 1 and not end.truncated:
        yield here.unexamined("bytes after the last pickle that are no pickle", streams.at, do="ask what they are for")
        behind = Slice(streams.source, streams.at, streams.source.size - streams.at)
        yield Nested(f"<bytes from {streams.at}>", behind, raw=True)
        return
    do = "download it again and compare its sha256" if end.truncated else "ask its publisher what wrote it"
    yield here.unexamined(f"{end.why}; what was reached before that is reported", end.at, do=do)
