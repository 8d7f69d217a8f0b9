"""NVIDIA's bulletins in CSAF 2.0: which version texts of which product each vulnerability affects.

https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html#32210-vulnerabilities-property. NVIDIA writes no ranges:
below a branch of the category architecture, whose name is the platform, each product_version has the name of the
product, and the name of its product is the version text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from modelward.checks.deps.osv import Unreadable, document
from modelward.core.finding import Severity

_MOST = 20_000  # products, and rows
_DEEPEST = 12
_LONGEST = 500
_SUMMARY = 300
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,12}")
_WORDS = {str(severity).upper(): severity for severity in Severity} | {"NONE": Severity.INFO}
_STATUSES = {"known_affected", "fixed", "first_fixed", "recommended", "known_not_affected"}
"""Those that are understood. The others would leave it open whether a product is affected."""


class Product(NamedTuple):
    name: str
    platform: str = ""
    version: str = ""
    """As it is published; empty where the bulletin names the product alone."""


class Row(NamedTuple):
    """One version text that has one vulnerability."""

    bulletin: str
    cve: str
    severity: Severity | None
    """None where nothing rates it, which is not low."""
    score: str
    summary: str
    product: Product
    fixed: tuple[str, ...] = ()
    """The texts of the versions of it that are fixed, for the same platform."""


def read(raw: bytes) -> tuple[Row, ...] | None:
    """None for a bulletin of somebody else. Raises Unreadable for one of NVIDIA that is not understood as a whole."""
    body = document(raw)
    if not isinstance(body, dict):
        raise Unreadable("it is no security advisory in CSAF")
    head = _object(body.get("document"), "document")
    publisher = _object(head.get("publisher"), "publisher")
    if "nvidia" not in f"{publisher.get('name')} {publisher.get('namespace')}".lower():
        return None
    if head.get("csaf_version") != "2.0":
        raise Unreadable("it is in another version of CSAF than 2.0")
    bulletin = _text(_object(head.get("tracking"), "tracking").get("id"), "id")
    products: dict[str, Product] = {}
    for id_, product in _products(_object(body.get("product_tree"), "product_tree"), "", 0):
        if products.setdefault(id_, product) != product or len(products) > _MOST:
            raise Unreadable(f"it has two products of one id, or more than {_MOST:,}")
    rows = tuple(
        row for each in _list(body.get("vulnerabilities"), "vulnerabilities") for row in _rows(bulletin, each, products)
    )
    if len(rows) > _MOST:
        raise Unreadable(f"it has more than {_MOST:,} rows")
    return rows


def _products(node: Mapping[str, Any], platform: str, depth: int) -> Iterator[tuple[str, Product]]:
    if depth > _DEEPEST or "full_product_names" in node or "relationships" in node:
        raise Unreadable("its tree of products is not understood")
    for given in _list(node.get("branches", []), "branches"):
        branch = _object(given, "branch")
        name, category = _text(branch.get("name"), "name"), branch.get("category")
        if "product" in branch:
            product = _object(branch["product"], "product")
            version = "" if category == "product_name" else _text(product.get("name"), "name")
            yield _text(product.get("product_id"), "product_id"), Product(name, platform, version)
        yield from _products(branch, name if category == "architecture" else platform, depth + 1)


def _rows(bulletin: str, given: Any, products: Mapping[str, Product]) -> Iterator[Row]:
    flaw = _object(given, "vulnerability")
    cve = flaw.get("cve")
    if not isinstance(cve, str) or not _CVE.fullmatch(cve):
        raise Unreadable("a vulnerability of it has no CVE")
    status = _object(flaw.get("product_status"), "product_status")
    if not status.keys() <= _STATUSES:
        raise Unreadable(f"it says of products that they are {', '.join(sorted(status.keys() - _STATUSES))}")
    affected, fixed = (_named(status.get(key, []), products) for key in ("known_affected", "fixed"))
    severity, score = _rating(flaw)
    for product in affected:
        cleared = tuple(other.version for other in fixed if other[:2] == product[:2] and other.version)
        yield Row(bulletin, cve, severity, score, _summary(flaw), product, cleared)


def _named(ids: Any, products: Mapping[str, Product]) -> list[Product]:
    found = [products.get(id_) if isinstance(id_, str) else None for id_ in _list(ids, "list of products")]
    if None in found:
        raise Unreadable("it names a product that is not in its tree")
    return [each for each in dict.fromkeys(found) if each is not None]


def _rating(flaw: Mapping[str, Any]) -> tuple[Severity | None, str]:
    """The gravest that it gives."""
    best: tuple[Severity | None, str] = (None, "")
    for given in _list(flaw.get("scores", []), "scores"):
        for key, vector in _object(given, "score").items():
            word = vector.get("baseSeverity") if isinstance(vector, dict) and key.startswith("cvss") else None
            severity = _WORDS.get(word.upper()) if isinstance(word, str) else None
            if severity is not None and (best[0] is None or severity > best[0]):
                best = severity, _text(vector.get("vectorString"), "vectorString")
    return best


def _summary(flaw: Mapping[str, Any]) -> str:
    for given in _list(flaw.get("notes", []), "notes"):
        note = _object(given, "note")
        text = note.get("text")
        if note.get("category") in ("summary", "description") and isinstance(text, str):
            text = _clean(" ".join(text[: 4 * _SUMMARY].split()))
            return text if len(text) <= _SUMMARY else text[: _SUMMARY - 3] + "..."
    return ""


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(f"its {name} is not understood")
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST:
        raise Unreadable(f"its {name} is not understood")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise Unreadable(f"a {name} in it is not understood")
    return _clean(value)


def _clean(text: str) -> str:
    """Half a surrogate cannot be written."""
    return text.encode(errors="backslashreplace").decode()
