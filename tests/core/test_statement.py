from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.statement import STATEMENT_TYPE, Statement

HEX = "ab" * 32
FILE, TREE = Digest("sha256", HEX), Digest("sha3_256", HEX)
VALUES = st.dictionaries(
    st.text("abc\u20ac", max_size=3), st.integers(0, 9) | st.booleans() | st.text("xyz", max_size=3)
)


@given(st.sampled_from([FILE, TREE]), st.text("urn:x", max_size=9), VALUES)
def test_a_statement_is_read_back(subject: Digest, predicate_type: str, predicate: dict[str, Any]) -> None:
    made = Statement.make(subject, predicate_type, predicate)
    assert Statement.parse(made.raw) == made
    assert made.raw == canonical.encode(canonical.decode(made.raw))


def test_the_bytes_of_a_statement() -> None:
    assert Statement.make(TREE, "urn:x", {"a": 1}).raw.decode() == (
        '{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":1},"predicateType":"urn:x",'
        f'"subject":[{{"digest":{{"sha3_256":"{HEX}"}},"name":"sha3_256:{HEX}"}}]}}'
    )


def test_a_predicate_without_canonical_form_makes_no_statement() -> None:
    with pytest.raises(Malformed):
        Statement.make(FILE, "urn:x", {"size": 2**53})


def test_foreign_fields_are_ignored() -> None:
    """https://github.com/in-toto/attestation/blob/main/spec/v1/README.md#parsing-rules"""
    raw = canonical.encode(body() | {"more": 1})
    assert Statement.parse(raw) == Statement(FILE, "urn:x", {}, raw)


def body() -> dict[str, Any]:
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"digest": {"sha256": HEX}}],
        "predicateType": "urn:x",
        "predicate": {},
    }


@pytest.mark.parametrize(
    "change",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"_type": None},
        {"subject": []},
        {"subject": [{"digest": {"sha256": HEX}}] * 2},
        {"subject": {"digest": {"sha256": HEX}}},
        {"subject": [{"digest": {}}]},
        {"subject": [{"digest": {"sha256": HEX, "sha512": HEX * 2}}]},
        {"subject": [{"digest": {"sha512": HEX * 2}}]},
        {"subject": [{"digest": {"sha256": HEX.upper()}}]},
        {"subject": [{"digest": {"sha256": int("1" * 64)}}]},
        {"subject": [{"digest": {"sha256": None}}]},
        {"subject": [{"digest": HEX}]},
        {"subject": [{"name": "x"}]},
        {"predicateType": 1},
        {"predicate": []},
        {"predicate": None},
    ],
)
def test_a_statement_about_anything_but_one_digest(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Statement.parse(canonical.encode(body() | change))


@pytest.mark.parametrize("key", ["_type", "subject", "predicateType", "predicate"])
def test_a_statement_with_a_part_missing(key: str) -> None:
    with pytest.raises(Malformed):
        Statement.parse(canonical.encode({name: value for name, value in body().items() if name != key}))


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b'"x"', b"\xff", b'{"_type":1,"_type":2}'])
def test_bytes_that_are_no_statement(raw: bytes) -> None:
    with pytest.raises(Malformed):
        Statement.parse(raw)


@given(st.data())
def test_a_truncated_statement_is_malformed(data: st.DataObject) -> None:
    raw = Statement.make(FILE, "urn:x", {"a": [1, 2]}).raw
    with pytest.raises(Malformed):
        Statement.parse(raw[: data.draw(st.integers(0, len(raw) - 1))])
