"""What the zip examiner says, and what it hands on to be examined."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.zips import CountingSource, Part, Record, archive, end64, end_record, plain, zipped

from modelward.checks.scan.archives.rules_zip import RULES, examine_zip, nested_members, zip_findings
from modelward.checks.scan.here import Here, Nested
from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.limits import Limits
from modelward.formats.source import Budget, BytesSource, Slice
from modelward.formats.zip import read_zip

PICKLE = b"cbuiltins\nprint\n(S'this would have run'\ntR."
DATA = plain(b"archive/data.pkl", PICKLE)
OTHER = plain(b"archive/version", b"3\n")


@dataclass
class Heard:
    findings: list[Finding] = field(default_factory=list)
    unexamined: list[Unexamined] = field(default_factory=list)
    nested: list[tuple[str, bytes, bool]] = field(default_factory=list)

    @property
    def rules(self) -> set[str]:
        return {finding.rule.id for finding in self.findings}

    @property
    def contents(self) -> list[bytes]:
        return [content for _, content, _ in self.nested]


def here(limits: Limits | None = None) -> Here:
    limits = limits or Limits()
    return Here((), limits, Budget(limits.expanded_bytes))


def hear(raw: bytes, limits: Limits | None = None, read: int = 1 << 20) -> Heard:
    """Listens to the examiner and reads, as its caller does, of each nested source the beginning."""
    heard = Heard()
    for said in examine_zip(BytesSource(raw), here(limits)):
        if isinstance(said, Finding):
            heard.findings.append(said)
        elif isinstance(said, Unexamined):
            heard.unexamined.append(said)
        else:
            heard.nested.append((said.name, said.source.read(0, read), said.raw))
    return heard


def deflated(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


def with_local(record: Record) -> bytes:
    return archive(replace(DATA, local=record), OTHER)


def with_both(record: Record) -> bytes:
    return archive(replace(DATA, local=record, entry=record), OTHER)


def wrong_locator() -> bytes:
    assert DATA.local and DATA.entry
    body, listed = DATA.local.local(PICKLE) + PICKLE, DATA.entry.entry(PICKLE, 0)
    return body + listed + end64(1, len(listed), len(body), 3) + end_record(1, len(listed), len(body))


def overlapping() -> bytes:
    assert DATA.local and DATA.entry
    body, listed = DATA.local.local(PICKLE) + PICKLE, DATA.entry.entry(PICKLE, 0)
    other = Record(b"archive/data.pkl2").entry(PICKLE, 0)
    return body + listed + other + end_record(2, len(listed + other), len(body))


NAME = b"archive/data.pkl"
CASES: dict[str, Callable[[], bytes]] = {
    # CVE-2025-1944: https://github.com/advisories/GHSA-7q5r-7gvp-wc82
    "zip-name-mismatch": lambda: with_local(Record(b"archive/data.txt")),
    # CVE-2025-1945: https://github.com/advisories/GHSA-w8jq-xcqf-f792
    "zip-header-mismatch": lambda: with_local(Record(NAME, flags=1)),
    "zip-odd-flags": lambda: with_both(Record(NAME, flags=0x20)),
    "zip-encrypted-member": lambda: with_both(Record(NAME, flags=1)),
    # CVE-2025-10156: https://github.com/advisories/GHSA-mjqp-26hc-grxg
    "zip-bad-crc": lambda: with_both(Record(NAME, crc=1)),
    # CVE-2025-8291: https://github.com/google/security-research/security/advisories/GHSA-hhv7-p4pg-wm6p
    "zip-ambiguous-directory": wrong_locator,
    "zip-unlisted-member": lambda: archive(replace(DATA, entry=None), OTHER),
    "zip-missing-member": lambda: archive(OTHER, replace(DATA, local=None)),
    "zip-overlapping-members": overlapping,
    "zip-duplicate-name": lambda: archive(DATA, DATA),
    "zip-case-duplicate": lambda: archive(DATA, plain(b"archive/DATA.pkl", b"x")),
    "zip-path-escape": lambda: archive(plain(b"../data.pkl", PICKLE)),
    "zip-odd-name": lambda: archive(plain(b"archive/data.pkl\0.txt", PICKLE)),
    "zip-backslash-name": lambda: archive(plain(b"archive\\data.pkl", PICKLE)),
    "zip-special-file": lambda: archive(plain(b"archive/link", b"../../x", 0o120777)),
    "zip-unknown-method": lambda: with_both(Record(NAME, method=93)),
    "zip-odd-extra": lambda: with_both(Record(NAME, extra=b"\1\0\xff\xff")),
    "zip-prepended-data": lambda: archive(OTHER, before=PICKLE),
    "zip-hidden-data": lambda: archive(replace(OTHER, after=PICKLE), OTHER),
    "zip-trailing-data": lambda: archive(OTHER) + PICKLE,
}
LOW = {"zip-trailing-data", "zip-case-duplicate", "zip-backslash-name"}


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == {rule.id for rule in RULES}
    assert len(RULES) == len({rule.id for rule in RULES})


@pytest.mark.parametrize("rule", CASES)
def test_rules_fire(rule: str) -> None:
    found = [finding for finding in hear(CASES[rule]()).findings if finding.rule.id == rule]
    assert found
    assert found[0].severity == (Severity.LOW if rule in LOW else Severity.MEDIUM)
    assert found[0].message
    span = found[0].at.span
    assert span is not None
    assert 0 <= span[0] <= span[1]


@pytest.mark.parametrize("rule", CASES)
def test_nothing_is_hidden_by_what_fires(rule: str) -> None:
    """Either the hostile content is handed on, or what kept it from being read is said."""
    if rule == "zip-special-file":
        return
    heard = hear(CASES[rule]())
    assert PICKLE in heard.contents or heard.unexamined


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_rules_stay_quiet(method: int) -> None:
    heard = hear(zipped({"a/data.pkl": PICKLE, "a/empty": b"", "a/": b""}, method))
    assert heard == Heard(nested=[("a/data.pkl", PICKLE, False)])


def test_torch_archives_are_quiet() -> None:
    buffer = io.BytesIO()
    torch.save({"weight": torch.ones(3000), "empty": torch.empty(0)}, buffer)
    heard = hear(buffer.getvalue())
    assert not heard.findings
    assert not heard.unexamined
    assert {"archive/data.pkl", "archive/data/0"} <= {name for name, _, _ in heard.nested}


# --- what is handed on


def test_encrypted_and_unknown_members_are_unexamined() -> None:
    for record in (Record(NAME, flags=1), Record(NAME, method=93)):
        heard = hear(with_both(record))
        assert heard.contents == [b"3\n"]
        assert len(heard.unexamined) == 1
        assert "archive/data.pkl" in heard.unexamined[0].why


def test_a_member_that_only_the_directory_calls_encrypted_is_read() -> None:
    """CVE-2025-1945: a flag in one of the two places must not keep us from what a loader reads."""
    heard = hear(archive(replace(DATA, entry=Record(NAME, flags=1)), OTHER))
    assert PICKLE in heard.contents
    assert heard.unexamined


def test_a_wrong_crc_does_not_stop_the_examination() -> None:
    heard = hear(with_both(Record(NAME, crc=1)))
    assert heard.rules == {"zip-bad-crc"}
    assert PICKLE in heard.contents
    packed = deflated(PICKLE)
    record = Record(NAME, method=8, size=len(PICKLE), crc=1)
    heard = hear(archive(Part(packed, record, record)))
    assert heard.rules == {"zip-bad-crc"}
    assert heard.contents == [PICKLE]


@pytest.mark.parametrize("read", [1, 1 << 20])
def test_broken_streams_are_unexamined_even_if_nobody_reads_them(read: int) -> None:
    packed = deflated(PICKLE * 20)
    for data, size in ((packed[:-3], 20 * len(PICKLE)), (packed, 5), (packed + b"tail", 20 * len(PICKLE))):
        record = Record(NAME, method=8, size=size, crc=zlib.crc32(PICKLE * 20))
        heard = hear(archive(Part(data, record, record)), read=read)
        assert len(heard.unexamined) == 1
        assert heard.contents[0].startswith(PICKLE[:read])


def test_both_readings_are_handed_on() -> None:
    packed = deflated(PICKLE)
    local = Record(NAME, method=8, size=len(PICKLE), crc=zlib.crc32(PICKLE))
    heard = hear(archive(Part(packed, local, Record(NAME))))
    assert heard.contents == [packed, PICKLE]


def test_folders_with_content_are_handed_on() -> None:
    assert PICKLE in hear(archive(plain(b"archive/data.pkl/", PICKLE))).contents


def test_empty_streams_are_quiet() -> None:
    """As the jar tool writes folders."""
    record = Record(b"folder/", method=8, size=0, crc=0)
    assert hear(archive(Part(deflated(b""), record, record), DATA)) == Heard(nested=[(NAME.decode(), PICKLE, False)])


def test_bytes_of_nobody_are_handed_on_unless_they_are_zero() -> None:
    raw = archive(replace(OTHER, after=b"hidden"), OTHER, before=PICKLE) + b"behind"
    names = [name for name, _, _ in hear(raw).nested]
    assert [content for content in hear(raw).contents if content != b"3\n"] == [PICKLE, b"hidden", b"behind"]
    assert f"<bytes 0-{len(PICKLE)}>" in names
    zeros = hear(archive(OTHER, before=bytes(600)) + bytes(600))
    assert zeros.rules == {"zip-prepended-data", "zip-trailing-data"}
    assert zeros.contents == [b"3\n"]


def test_truncated_archives_are_incomplete_and_not_accused() -> None:
    raw = archive(DATA, OTHER)
    heard = hear(raw[: raw.index(b"PK\1\2")])
    assert heard.contents == [PICKLE, b"3\n"]
    assert not heard.findings
    assert heard.unexamined


def test_raw_members_are_marked_and_their_bulk_is_not_read() -> None:
    members = {"archive/data.pkl": PICKLE} | {f"archive/data/{i}": bytes(200_000) for i in range(40)}
    source = CountingSource(zipped(members))
    facts = read_zip(source, Limits())
    assert list(zip_findings(facts, here())) == []
    said = nested_members(source, facts, here(), lambda member: "/data/" in member.name)
    raws = [one.name for one in said if isinstance(one, Nested) and one.raw]
    assert len(raws) == 40
    assert source.given < source.size / 10


def test_shared_bytes_are_read_within_the_limits() -> None:
    """Without compression too, members that overlap are a bomb: each entry reads all that follows."""
    headers = [Record(b"%d" % i) for i in range(200)]
    body = bytes([1]) * 5000
    contents = []
    for record in reversed(headers):
        contents.append(body)
        body = record.local(body) + body
    directory, at = b"", 0
    for record, content in zip(headers, reversed(contents), strict=True):
        directory += record.entry(content, at)
        at = len(body) - len(content)
    raw = body + directory + end_record(len(headers), len(directory), len(body))
    heard = hear(raw, Limits(expanded_bytes=100_000))
    assert len(heard.nested) < 30
    assert any("shares more bytes" in gap.why for gap in heard.unexamined)
    assert "zip-overlapping-members" in heard.rules


def test_one_content_under_two_names_is_handed_on_once() -> None:
    assert hear(overlapping()).contents == [PICKLE]


def test_long_names_are_cut_in_messages() -> None:
    heard = hear(archive(plain(b"../" + b"n" * 60_000, b"x")))
    assert len(heard.findings[0].message) < 300


def test_examining_twice_says_the_same() -> None:
    for make in CASES.values():
        assert hear(make()) == hear(make())


# --- laws


def cleaner(raw: bytes) -> bool:
    """Whether the hostile content is gone without a word."""
    heard = hear(raw)
    return not any(PICKLE in content for content in heard.contents) and not heard.findings and not heard.unexamined


HOSTILE = [
    archive(DATA, OTHER),
    zipped({"archive/data.pkl": PICKLE, "archive/version": b"3\n"}, zipfile.ZIP_DEFLATED),
    archive(OTHER, before=PICKLE),
]


@settings(max_examples=300)
@given(raw=st.sampled_from(HOSTILE), data=st.data())
def test_no_change_makes_a_hostile_archive_cleaner(raw: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(raw) - 1))
    noise = data.draw(st.binary(min_size=1, max_size=8))
    if at:
        assert not cleaner(raw[:at])
    assert not cleaner(raw[:at] + noise + raw[at:])
    assert not cleaner(raw + noise)
    changed = raw[:at] + noise[:1] + raw[at + 1 :]
    assert PICKLE not in raw or PICKLE not in changed or not cleaner(changed)


@settings(max_examples=200)
@given(raw=st.sampled_from(HOSTILE), noise=st.binary(max_size=60), data=st.data())
def test_nothing_contains_itself(raw: bytes, noise: bytes, data: st.DataObject) -> None:
    """What is handed on without being expanded is smaller than the file: examining it ends
    (an archive that inflates to itself ends at the limit of depth)."""
    at = data.draw(st.integers(0, len(raw)))
    changed = raw[:at] + noise
    for said in examine_zip(BytesSource(changed), here()):
        if isinstance(said, Nested) and isinstance(said.source, Slice):
            assert said.source.size < len(changed)
