"""Scans of files far away: what they fetch, and that they are never cleaner than a scan of the whole."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save
from tests.corpus.sparse import File, gguf_file, safetensors_file, state_pickle, torch_file
from tests.formats.zips import Part, Record, archive, plain, zipped

from modelward.checks.scan.here import UNREAD
from modelward.checks.scan.model import FileScan
from modelward.checks.scan.partial import FIRST, MOST, REQUESTS, examine_parts
from modelward.checks.scan.torch.archive import storage_names
from modelward.checks.scan.walk import examine, examine_as
from modelward.core.artifact import Source
from modelward.core.finding import Severity
from modelward.core.limits import Limits
from modelward.formats.parts import Parts
from modelward.formats.sniff import sniff_ends
from modelward.formats.source import BytesSource
from modelward.formats.zip import read_zip

GB = 10**9
EVIL = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."


class Far:
    """A file whose fetches are counted."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.requests: list[tuple[int, int]] = []
        self.parts = Parts(source.size)
        self.parts.put(0, source.read(0, FIRST))

    def fetch(self, start: int, end: int) -> bytes:
        self.requests.append((start, end))
        data = self.source.read(start, end - start)
        assert len(data) == end - start > 0
        return data

    @property
    def fetched(self) -> int:
        return min(FIRST, self.source.size) + sum(end - start for start, end in self.requests)

    def scan(self) -> FileScan:
        scan = examine_parts(self.parts, self.fetch, Limits())
        assert len(self.requests) <= REQUESTS
        unread = self.source.size - self.fetched
        assert scan.examined == self.fetched or not unread
        spans = [gap.at.span for gap in scan.unexamined if "were not read" in gap.why]
        assert sum(end - start for start, end in filter(None, spans)) == unread
        return scan


def rules(scan: FileScan) -> set[str]:
    return {finding.rule.id for finding in scan.findings}


# --- how much is fetched ---


def test_a_torch_file_costs_its_directory_its_pickle_and_64_kib(tmp_path: Path) -> None:
    far = Far(torch_file(tmp_path / "model.pt", 250, GB))
    scan = far.scan()
    assert far.fetched <= 128 << 10
    assert far.fetched <= 250 * 80 + len(state_pickle(250, 1)) + (64 << 10)
    assert {finding.severity for finding in scan.findings} == {Severity.INFO}
    (gap,) = scan.unexamined
    assert "250 members, archive/data/0 to archive/data/249" in gap.why
    assert gap.do


def test_a_long_directory_and_a_long_pickle_are_fetched_whole(tmp_path: Path) -> None:
    data = state_pickle(1500, 1000, "a.rather.long.name.for.a.tensor.of.a.mixture.of.experts.number.{}")
    far = Far(torch_file(tmp_path / "model.pt", 1500, GB, data))
    scan = far.scan()
    assert len(data) > FIRST
    assert far.fetched <= 1504 * 80 + len(data) + (64 << 10)
    assert "torch-storage-size" in rules(scan)  # the pickle was read to its end: its sizes are not those of the file


def test_a_hostile_pickle_in_a_large_file_is_found(tmp_path: Path) -> None:
    assert "pickle-dangerous-call" in rules(Far(torch_file(tmp_path / "model.pt", 250, GB, EVIL)).scan())


def test_a_safetensors_file_costs_its_header(tmp_path: Path) -> None:
    file = safetensors_file(tmp_path / "model.safetensors", 700, GB)
    far = Far(file)
    scan = far.scan()
    header = 8 + int.from_bytes(file.read(0, 8), "little")
    assert header > FIRST
    assert (far.fetched, len(far.requests)) == (header, 1)
    assert scan.findings == ()
    (gap,) = scan.unexamined
    assert "700 tensors" in gap.why


def test_a_safetensors_file_with_a_hole_is_flagged_without_it(tmp_path: Path) -> None:
    far = Far(safetensors_file(tmp_path / "model.safetensors", 2, GB))
    entry = {"dtype": "F16", "shape": [1], "data_offsets": [500_000_000, 500_000_002]}
    text = json.dumps({"a": entry}).encode()
    head = struct.pack("<Q", len(text)) + text
    far.parts = Parts(far.source.size)
    far.parts.put(0, head + bytes(FIRST - len(head)))
    assert {"safetensors-uncovered-bytes", "safetensors-trailing-bytes"} <= rules(far.scan())


def test_a_gguf_file_costs_its_header(tmp_path: Path) -> None:
    small = Far(gguf_file(tmp_path / "small.gguf", 250, GB))
    small.scan()
    assert (small.fetched, small.requests) == (FIRST, [])
    large = Far(gguf_file(tmp_path / "large.gguf", 250, GB, 150_000))
    large.scan()
    assert large.fetched <= MOST


@pytest.mark.parametrize("size", [0, 1, FIRST - 1, FIRST, FIRST + 1, 3 * FIRST])
@pytest.mark.parametrize("fill", [b"\0", b"a", b"PK\3\4", b"\x80\x04", b"GGUF", b"{", b"\x08"])
def test_any_beginning_and_any_size(size: int, fill: bytes) -> None:
    Far(BytesSource((fill * size)[:size])).scan()


@pytest.mark.parametrize("legacy", [False, True])
def test_a_small_file_is_read_whole(legacy: bool) -> None:
    out = io.BytesIO()
    torch.save({"w": torch.arange(8.0)}, out, _use_new_zipfile_serialization=not legacy)
    far = Far(BytesSource(out.getvalue()))
    assert far.scan() == examine(far.source, Limits())
    assert far.requests == []


def test_a_file_that_has_no_short_cut_is_read_whole_by_one_request() -> None:
    far = Far(BytesSource(pickle.dumps(list(range(100_000)))))
    assert far.scan() == examine(far.source, Limits())
    assert len(far.requests) == 1


def test_a_large_file_that_has_no_short_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04\x8e" + struct.pack("<Q", GB) + bytes(100))
    with path.open("r+b") as file:
        file.truncate(GB + 20)
    far = Far(File(path))
    scan = far.scan()
    assert scan.formats == ("pickle",)
    assert scan.unexamined
    assert far.fetched <= MOST + FIRST


def test_a_legacy_torch_file_is_judged_by_its_beginning(tmp_path: Path) -> None:
    out = io.BytesIO()
    torch.save({"w": torch.zeros(1000)}, out, _use_new_zipfile_serialization=False)
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(out.getvalue())
    with path.open("r+b") as file:
        file.truncate(GB)
    far = Far(File(path))
    assert far.scan().unexamined
    assert far.fetched < MOST


def test_torchscript_code_is_read(tmp_path: Path) -> None:
    code = b"def forward(self, x: Tensor) -> Tensor:\n  torch.save(x, 'x')\n  return x\n"
    numbers = bytes(1 << 20)
    members = {f"m/data/{number}": numbers for number in range(4)}
    members |= {"m/data.pkl": pickle.dumps({}), "m/code/__torch__.py": code}
    members |= {f"m/data/{number}": numbers for number in range(4, 8)}
    far = Far(BytesSource(zipped(members | {"m/version": b"3\n"})))
    assert "torchscript-file-operator" in rules(far.scan())
    assert far.fetched < 128 << 10


# --- what is not there ---


def as_parts(data: bytes, spans: list[tuple[int, int]]) -> Parts:
    parts = Parts(len(data))
    for start, end in spans:
        parts.put(start, data[start:end])
    return parts


def _streamed(name: bytes, data: bytes) -> Part:
    """As torch writes members: the sizes stand behind the data, too."""
    entry = Record(name, flags=8)
    local = Record(name, flags=8, crc=0, compressed=0, size=0)
    crc = zipfile.crc32(data)  # type: ignore[attr-defined]
    return Part(data, local, entry, b"PK\7\x08" + struct.pack("<III", crc, len(data), len(data)))


def _saved() -> bytes:
    out = io.BytesIO()
    torch.save({"w": torch.arange(40.0), "b": torch.arange(3.0)}, out)
    return out.getvalue()


ARCHIVES = {
    "torch": _saved(),
    "deflated": zipped({"a/data.pkl": EVIL, "a/data/0": bytes(900)}, zipfile.ZIP_DEFLATED),
    "bz2": zipped({"config.json": b"{}" * 300, "m.pkl": EVIL}, zipfile.ZIP_BZIP2),
    "lzma": zipped({"config.json": b"{}" * 300, "m.pkl": EVIL}, zipfile.ZIP_LZMA),
    "streamed": archive(_streamed(b"a/data.pkl", EVIL), _streamed(b"a/data/0", bytes(500)), plain(b"a/version", b"3")),
    "nested": zipped({"inner.zip": zipped({"m.pkl": EVIL, "n.txt": b"text " * 90}), "outer.txt": b"word " * 50}),
    "hidden": archive(Part(b"one", Record(b"one"), Record(b"one"), after=EVIL), plain(b"two", b"2" * 300)),
    "two sizes": archive(
        Part(EVIL + bytes(300), Record(b"m.pkl", compressed=len(EVIL)), Record(b"m.pkl")), plain(b"n", b"x" * 200)
    ),
}


@pytest.mark.parametrize("name", ARCHIVES)
@given(st.data())
def test_nothing_is_found_in_a_part_that_the_whole_does_not_have(name: str, data: st.DataObject) -> None:
    """An absent part never looks like a damaged one: what is found is found in the whole as well."""
    whole = ARCHIVES[name]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), min_size=1, max_size=5)))
    spans = [(start, end) for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True) if start < end]
    kept = [span for span in spans if data.draw(st.booleans())]
    parts = as_parts(whole, kept)
    if not parts.missing():
        return
    scan = examine_as(parts, ("zip",), Limits())
    known = examine(BytesSource(whole), Limits())
    assert rules(scan) <= rules(known) | {"code-capable-format"}
    grave = {finding for finding in known.findings if finding.severity >= Severity.MEDIUM}
    assert grave <= set(scan.findings) or scan.unexamined or parts.missing()


def test_a_member_that_is_not_there_is_said_to_be_unread() -> None:
    data = zipped({"weights.bin": bytes(200_000), "model.pkl": EVIL})
    parts = as_parts(data, [(0, 100), (190_000, len(data))])
    scan = examine_as(parts, ("zip",), Limits())
    assert ("weights.bin",) in [gap.at.inside for gap in scan.unexamined if gap.why == UNREAD]
    assert "pickle-dangerous-call" in rules(scan)


def test_a_name_among_the_storages_hides_nothing() -> None:
    """Such a member is left on the server; then it is named."""
    members = {"a/data.pkl": pickle.dumps({}), "a/data/0": EVIL + bytes(1 << 20), "a/data/1": bytes(1 << 20)}
    scan = Far(BytesSource(zipped(members))).scan()
    assert any("a/data/0" in gap.why for gap in scan.unexamined)


@pytest.mark.parametrize("size", [FIRST - 1, FIRST, FIRST + 1, FIRST + 9, 2 * FIRST])
def test_the_size_of_the_first_part_makes_no_difference(size: int) -> None:
    data = zipped({"model.pkl": EVIL.ljust(size - 200, b"\0")}, zipfile.ZIP_STORED)
    assert "pickle-dangerous-call" in rules(Far(BytesSource(data)).scan())


def test_ends_promise_nothing_of_what_lies_between() -> None:
    assert sniff_ends(b"plain words " * 100, b"") == ("unknown",)
    assert "zip" in sniff_ends(b"#!/bin/sh\n" * 10, zipped({"a": b"b"})[-100:])
    assert sniff_ends(save({"w": torch.zeros(3)}), b"") == ("safetensors",)


def test_many_pickles_and_many_members_take_no_longer_than_few() -> None:
    """Comparing each name with each folder of storages would take hours."""
    members = {f"a/{number}.pkl": b"N." for number in range(4000)} | {f"b/{n}": b"" for n in range(4000)}
    members |= {"a/data.pkl": b"N.", "big": bytes(1 << 20)}
    is_storage = storage_names(read_zip(BytesSource(zipped(members)), Limits()))
    assert [name for name in members if is_storage(name)] == []
    assert is_storage("a/data/0")
    assert is_storage("a/3999/key")
    assert not is_storage("b/data/0")
