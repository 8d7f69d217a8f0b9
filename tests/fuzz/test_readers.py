"""Whatever the bytes, each reader gives facts that fit the file, raises nothing, and does bounded work."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from tests.corpus.opcodes import build, mapping, name, new, stream
from tests.formats.zips import CountingSource
from tests.fuzz.inputs import LIMITS, NOT_UTF8, bounded, compressed, damaged, every_seed, programs, seeds

from modelward.checks.scan.examiners import EXAMINERS, NOT_READ
from modelward.checks.scan.model import Scan, decode, encode
from modelward.checks.scan.rules import RULES
from modelward.checks.scan.walk import HARMLESS, examine
from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.formats.compressed import KINDS, Compressed
from modelward.formats.json_text import JsonText
from modelward.formats.npy import MAGIC, read_npy
from modelward.formats.pickle.events import End
from modelward.formats.pickle.machine import Machine
from modelward.formats.safetensors import read_safetensors
from modelward.formats.sniff import looks_like_pickle_text, sniff
from modelward.formats.source import Budget, BytesSource, Slice
from modelward.formats.tar import TarAnomaly, TarMember, read_tar
from modelward.formats.zip import open_member, read_zip

READINGS = {*EXAMINERS, *NOT_READ, *HARMLESS, "shell-script", "empty", "unknown"}
DIGEST = Digest("sha256", "0" * 64)

# How many times over a file may be read, and a little more for headers that are asked for in whole blocks
TIMES, BLOCK = 30, 1 << 16


def assert_bounded(source: CountingSource, times: int = TIMES) -> None:
    assert source.given <= times * source.size + BLOCK


@bounded
@given(st.binary(max_size=300) | damaged(every_seed()))
def test_sniff(data: bytes) -> None:
    source = CountingSource(data)
    found = sniff(source)
    assert found
    assert len(set(found)) == len(found)
    assert set(found) <= READINGS
    looks_like_pickle_text(source)
    assert_bounded(source)


@bounded
@given(st.binary(max_size=300) | damaged(seeds("pickle")), st.integers(0, 50))
def test_pickle(data: bytes, start: int) -> None:
    source = CountingSource(data)
    machine = Machine(source, start, objects=LIMITS.objects)
    *events, end = machine.run()
    assert isinstance(end, End)
    assert not any(isinstance(event, End) for event in events)
    assert end.why or (end.at == machine.here and data[end.at - 1 : end.at] == b".")
    assert len(events) <= 4 * len(data) + 1
    assert_bounded(source)


@bounded
@given(st.binary(max_size=300) | damaged(seeds("zip")))
def test_zip(data: bytes) -> None:
    source, budget = CountingSource(data), Budget(LIMITS.expanded_bytes)
    facts = read_zip(source, LIMITS)
    assert_bounded(source)
    for member in facts.members:
        assert 0 <= member.header_at <= member.at <= len(data)
        assert member.at + member.compressed <= len(data) or facts.gaps or facts.anomalies
        opened = open_member(source, member, LIMITS, budget)
        if not isinstance(opened, str):
            opened.read(0, 100)
            assert opened.size >= 0
    assert all(0 <= anomaly.at <= anomaly.end <= len(data) for anomaly in facts.anomalies)
    assert all(0 <= gap.at <= gap.end for gap in facts.gaps)


@bounded
@given(st.binary(max_size=1_000) | damaged(seeds("tar")))
def test_tar(data: bytes) -> None:
    source, reached = CountingSource(data), 0
    for part in read_tar(source, LIMITS):
        if isinstance(part, TarMember):
            assert reached <= part.header < part.at
            assert part.at + part.size <= len(data) or part.size == 0
            reached = part.at + part.size
        elif isinstance(part, TarAnomaly):
            assert 0 <= part.at <= len(data)
        else:
            assert part.start >= 0
    assert_bounded(source)


@bounded
@given(st.sampled_from(KINDS), st.data())
def test_compressed(kind: str, draw: st.DataObject) -> None:
    data = draw.draw(st.binary(max_size=300) | damaged(compressed(kind)))
    content = Compressed(kind, BytesSource(data), LIMITS, Budget(LIMITS.expanded_bytes))
    start = content.read(0, 100)
    assert 0 <= content.size <= LIMITS.expanded_bytes
    assert content.read(0, 100) == start
    assert len(start) == min(100, content.size)
    assert content.trailing is None or 0 <= content.trailing < len(data)


@bounded
@given(st.binary(max_size=300) | damaged(seeds("safetensors")))
def test_safetensors(data: bytes) -> None:
    source = CountingSource(data)
    facts = read_safetensors(source, LIMITS)
    spans = [edge for span in facts.uncovered for edge in span]
    assert spans == sorted(spans)
    assert all(0 <= edge <= len(data) for edge in spans)
    assert all(tensor.start <= tensor.end for tensor in facts.tensors)
    assert facts.tensors or facts.uncovered or facts.violations or facts.gaps or data[8:].startswith(b"{")
    assert_bounded(source)


@bounded
@given(st.binary(max_size=300).map(lambda data: MAGIC + data) | damaged(seeds("npy")))
def test_npy(data: bytes) -> None:
    source = CountingSource(data)
    facts = read_npy(source, LIMITS)
    assert 0 <= facts.data_at <= len(data)
    assert facts.data_size is None or facts.data_size >= 0
    assert facts.problems or facts.gaps or facts.has_objects or facts.data_size is not None
    assert_bounded(source)


@bounded
@given(st.binary(max_size=300) | damaged(seeds("json")), st.integers(1, 20))
def test_json(data: bytes, piece: int) -> None:
    whole, pieces = JsonText(), JsonText()
    whole.feed(data)
    for at in range(0, len(data), piece):
        pieces.feed(data[at : at + piece])
    assert whole.finish() == pieces.finish()


@bounded
@given(st.binary(max_size=300) | damaged(every_seed()))
def test_walk(data: bytes) -> None:
    source = CountingSource(data)
    found = examine(source, LIMITS)
    assert found.size == len(data)
    assert 0 <= found.examined <= found.size
    assert len(found.findings) <= 2 * LIMITS.findings
    scan = Scan({DIGEST: found}, (), "rules", LIMITS)
    assert decode(canonical.decode(canonical.encode(encode(scan))), RULES) == scan
    assert_bounded(source, 10 * TIMES)


@bounded
@given(programs)
@example(stream(build(new(name("somewhere", "Thing")), mapping(_parse_arg_template=NOT_UTF8))))
def test_judgement(data: bytes) -> None:
    assert examine(BytesSource(data), LIMITS).formats[0] == "pickle"


@bounded
@given(st.sampled_from(sorted(EXAMINERS)), st.binary(max_size=300) | damaged(every_seed()))
def test_a_reader_that_was_misled(reader: str, data: bytes) -> None:
    """What a container says of its members, and what sniffing says, can be wrong."""
    from modelward.checks.scan.here import Here, Nested

    for word in EXAMINERS[reader](BytesSource(data), Here((), LIMITS, Budget(LIMITS.expanded_bytes))):
        if isinstance(word, Nested):
            Slice(word.source, 0, 100).read(0, 100)
