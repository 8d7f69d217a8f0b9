"""What is in an evidence store: lines for people, canonical JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from modelward.core import canonical
from modelward.core.store import Kept, Listing
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count

_SHOWN = 200


def listing(found: Listing) -> Iterator[Line]:
    """The statements under what they are about; the last line holds the answer."""
    rows = found.statements[:_SHOWN]
    for about, statements in groupby(rows, key=lambda row: row[0].about):
        yield Line("", str(about))
        for kept, _ in statements:
            yield Line("  ", entry(kept))
    if len(found.statements) > _SHOWN:
        yield Line("", f"and {count(len(found.statements) - _SHOWN, 'more statement')}: --format json has them all")
    for problem in found.problems[:_SHOWN]:
        yield Line("", f"damaged: {visible(problem)}", "critical")
    if len(found.problems) > _SHOWN:
        yield Line("", f"and {count(len(found.problems) - _SHOWN, 'more problem')}: --format json has them all")
    if found.statements or found.problems:
        yield Line()
    yield Line("", _answer(found), "good" if not found.problems else "bad")


def entry(kept: Kept) -> str:
    """One statement, without what it is about."""
    how = "signed" if kept.is_signed else "unsigned"
    return f"{kept.statement}  {how:<8}  {visible(kept.predicate_type)}"


def _answer(found: Listing) -> str:
    artifacts = len({kept.about for kept, _ in found.statements})
    counts = f"{count(len(found.statements), 'statement')} about {count(artifacts, 'artifact')}"
    if found.problems:
        return f"damaged: {count(len(found.problems), 'problem')}, {counts} (exit {found.exit_code})"
    return f"{'sound: ' if found.is_verified else ''}{counts}"


def machine(found: Listing) -> bytes:
    """Canonical JSON, ends with a line break."""
    body = {
        "schema": "modelward/store/1",
        "statements": [_statement(kept, position) for kept, position in found.statements],
        "problems": [sound(problem) for problem in found.problems],
        "verified": found.is_verified,
    }
    return canonical.encode(body) + b"\n"


def _statement(kept: Kept, position: int | None) -> dict[str, Any]:
    return {
        "about": kept.about.to_json(),
        "digest": kept.statement.to_json(),
        "logged": position,
        "media_type": sound(kept.media_type),
        "predicate_type": sound(kept.predicate_type),
        "size": kept.size,
    }
