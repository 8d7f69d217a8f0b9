"""Bulletins: what is read of them, and that one which is not understood as a whole is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deps.bulletins import CUDA, GEFORCE, TESLA, bulletin, flaw, raw

from modelward.checks.deps.nvidia import csaf
from modelward.checks.deps.nvidia.csaf import Product
from modelward.checks.deps.osv import Unreadable
from modelward.core.finding import Severity

BODY = bulletin(
    "5551",
    flaw(
        "CVE-2024-0001",
        [f"{GEFORCE}|All driver versions prior to 535.2", f"{CUDA}|12.1"],
        [f"{GEFORCE}|535.2"],
        word="LOW",
    ),
    flaw("CVE-2024-0002", [f"{TESLA}|All driver versions"], word="CRITICAL"),
)


def broken(change: Callable[[Any], object]) -> bytes:
    body = json.loads(json.dumps(BODY))
    change(body)
    return raw(body)


def test_rows_are_read() -> None:
    rows = csaf.read(broken(lambda body: None))
    assert rows is not None
    assert [(row.bulletin, row.cve, row.severity, row.product, row.fixed) for row in rows] == [
        (
            "5551",
            "CVE-2024-0001",
            Severity.LOW,
            Product("GeForce", "Linux(R535)", "All driver versions prior to 535.2"),
            ("535.2",),
        ),
        ("5551", "CVE-2024-0001", Severity.LOW, Product("NVIDIA CUDA Toolkit", "Windows, Linux", "12.1"), ()),
        ("5551", "CVE-2024-0002", Severity.CRITICAL, Product("Tesla", "Linux(R535)", "All driver versions"), ()),
    ]
    assert rows[0].summary == "It may lead to code execution."


def test_a_product_without_a_version_is_kept_without_one() -> None:
    def bare(body: Any) -> None:
        body["product_tree"]["branches"][0]["branches"][1]["branches"][0]["category"] = "product_name"

    rows = csaf.read(broken(bare))
    assert rows is not None and rows[0].product == Product("GeForce", "Linux(R535)", "")


def test_what_nothing_rates_has_no_rating() -> None:
    rows = csaf.read(broken(lambda body: body["vulnerabilities"][0].pop("scores")))
    assert rows is not None and (rows[0].severity, rows[0].score) == (None, "")


def test_bulletins_of_others_are_left_out() -> None:
    assert csaf.read(raw(bulletin("1", publisher={"name": "Red Hat", "namespace": "https://vendor.example"}))) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["document"].update(csaf_version="2.1"),
        lambda body: body["document"].pop("publisher"),
        lambda body: body["document"]["tracking"].update(id=5),
        lambda body: body.update(product_tree=[]),
        lambda body: body["product_tree"].update(relationships=[]),
        lambda body: body["product_tree"]["branches"][0]["branches"][1]["branches"].pop(),
        lambda body: body["product_tree"]["branches"][0]["branches"][1]["branches"][0]["product"].update(name=""),
        lambda body: body["vulnerabilities"][0].update(cve="CVE-x"),
        lambda body: body["vulnerabilities"][0].pop("product_status"),
        lambda body: body["vulnerabilities"][0]["product_status"].update(under_investigation=[]),
        lambda body: body["vulnerabilities"][0]["product_status"]["known_affected"].append("another"),
        lambda body: body["vulnerabilities"][0].update(scores={}),
        lambda body: body.pop("vulnerabilities"),
    ],
)
def test_what_is_not_understood_is_refused(change: Callable[[Any], object]) -> None:
    with pytest.raises(Unreadable):
        csaf.read(broken(change))


def test_one_id_is_one_product() -> None:
    def twice(body: Any) -> None:
        versions = body["product_tree"]["branches"][0]["branches"][1]["branches"]
        versions.append(versions[0] | {"product": versions[0]["product"] | {"name": "535.1"}})

    with pytest.raises(Unreadable, match="two products of one id"):
        csaf.read(broken(twice))


def test_a_tree_is_read_to_a_depth() -> None:
    deep: dict[str, Any] = {"branches": []}
    for _ in range(20):
        deep = {"branches": [{"category": "vendor", "name": "x", **deep}]}
    with pytest.raises(Unreadable):
        csaf.read(broken(lambda body: body.update(product_tree=deep)))


def test_half_a_surrogate_is_escaped() -> None:
    rows = csaf.read(broken(lambda body: body["vulnerabilities"][0]["notes"][0].update(text="\ud800")))
    assert rows is not None and rows[0].summary == "\\ud800"


JSON = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3))
PATHS = st.lists(st.integers(0, 5), max_size=7)


@given(PATHS, JSON)
def test_any_change_is_read_or_refused(path: list[int], value: Any) -> None:
    def put(body: Any) -> None:
        node = body
        for step in path:
            keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
            if not keys:
                return
            key = keys[step % len(keys)]
            if not isinstance(node[key], dict | list) or step == path[-1]:
                node[key] = value
                return
            node = node[key]

    try:
        rows = csaf.read(broken(put))
    except Unreadable:
        return
    assert rows is None or all(isinstance(row.product, Product) for row in rows)
