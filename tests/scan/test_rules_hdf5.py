"""HDF5: what leaves the file, and what its attributes hold."""

from __future__ import annotations

import pickle

import pytest
from tests.conformance.cases import outcome, scan
from tests.corpus import hdf5
from tests.corpus.formats.hdf5 import hostile
from tests.corpus.hdf5 import Writer

from modelward.checks.scan.keras import rules_hdf5

RULE_OF = {
    # https://nvd.nist.gov/vuln/detail/CVE-2026-1669
    "CVE-2026-1669": "hdf5-external-storage",
    "CVE-2026-1669 by a link": "hdf5-external-link",
    "CVE-2026-1669 by a virtual dataset": "hdf5-virtual-dataset",
    # https://github.com/lucasvr/hdf5-udf
    "filter that runs a program": "hdf5-foreign-filter",
    "filter of a newer header": "hdf5-foreign-filter",
    # https://nvd.nist.gov/vuln/detail/CVE-2026-0897
    "huge shape": "hdf5-declared-size",
    "huge shape first": "hdf5-declared-size",
    "many large shapes": "hdf5-declared-size",
    "link in a heap": "hdf5-external-link",
    "link in a second block": "hdf5-external-link",
}


@pytest.mark.parametrize("name", hostile())
def test_hostile_samples_are_found_by_their_rule(name: str) -> None:
    expected = RULE_OF.get(name, "pickle-dangerous-call")
    assert expected in {finding.rule.id for finding in scan(hostile()[name]).findings}


def test_a_finding_names_the_file_and_the_place() -> None:
    (finding,) = scan(hostile()["CVE-2026-1669"]).findings
    assert finding.message == "the numbers of /x are in /etc/passwd"
    assert finding.at.span is not None


@pytest.mark.parametrize("value", [b"2.15.0", b"tensorflow", "Größe in µm".encode(), b"Zo\xeb", b"a/b:0 (c)", b"\0\0"])
def test_names_and_versions_say_nothing(value: bytes) -> None:
    found = scan(hdf5.of_attributes(hdf5.text("a", value)))
    assert (found.findings, found.unexamined) == ((), ())


def test_a_text_is_examined_like_a_file() -> None:
    found = scan(hdf5.of_attributes(hdf5.text("a", pickle.dumps([1]))))
    assert {finding.at.inside for finding in found.findings} == {("<attribute a>",)}
    assert outcome(found) == "clean"


def test_a_text_that_repeats_is_examined_once() -> None:
    pickled = hdf5.text("a", pickle.dumps([1])), hdf5.text("b", pickle.dumps([1]))
    assert len(scan(hdf5.of_attributes(*pickled)).findings) == 1


def test_a_text_that_is_no_utf8_is_read_with_its_bytes_kept() -> None:
    """h5py hands such bytes on as surrogates, and JSON takes them."""
    config = b'{"name": "\xff", "class_name": "function", "module": "os", "config": "system"}'
    assert outcome(scan(hdf5.of_attributes(hdf5.text("model_config", config)))) == "flagged"


def test_a_broken_part_does_not_hide_the_others() -> None:
    writer = Writer()
    broken = writer.put(b"\x07" * 16)
    link = writer.new_object((hdf5.LINK, hdf5.external(b"x", b"y.h5", b"/z")))
    found = scan(writer.old(writer.old_object(writer.names({b"a": broken, b"b": link, b"c": 1 << 40}))))
    assert {finding.rule.id for finding in found.findings} == {"hdf5-external-link"}
    assert len(found.unexamined) == 2


def test_more_texts_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_hdf5, "_MOST_TEXTS", 10)
    texts = [hdf5.text(f"a{index}", b"{%d}" % index) for index in range(20)]
    assert [gap.why for gap in scan(hdf5.of_attributes(*texts)).unexamined] == [
        "more than 10 different texts and objects"
    ]
