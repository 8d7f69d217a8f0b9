"""The result of a verification: lines for people, canonical JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelward.core import canonical
from modelward.core.verification import Verification
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count

_SHOWN = 50
_TONES = {"verified": "good", "different": "bad", "uncovered": "open"}


def lines(verification: Verification) -> Iterator[Line]:
    """The last line holds the answer."""
    for difference in verification.differences[:_SHOWN]:
        place = visible(difference.path or verification.label)
        yield Line("", f"{difference.kind}: {place}", "critical")
        yield Line("  why  ", visible(difference.why))
    yield from _more(len(verification.differences), "difference")
    for path in verification.uncovered[:_SHOWN]:
        yield Line("", f"not covered: {visible(path)}", "gap")
    yield from _more(len(verification.uncovered), "uncovered path")
    if verification.differences or verification.uncovered:
        yield Line()
    yield Line("compared  ", f"{count(verification.files, 'listed file')} with {visible(verification.against)}")
    for signer in verification.signers:
        yield Line("signed by ", visible(signer))
    if not verification.signers:
        yield Line("signed by ", "nobody: whoever can change the files can change the manifest")
    yield Line()
    yield Line("", answer(verification), _TONES[verification.answer])


def answer(verification: Verification) -> str:
    counts = ", ".join(
        (
            count(len(verification.differences), "difference"),
            f"{len(verification.uncovered):,} not covered",
            count(verification.files, "listed file"),
        )
    )
    return f"{verification.answer}: {counts} (exit {verification.exit_code})"


def machine(verification: Verification) -> bytes:
    """Canonical JSON, ends with a line break."""
    body: dict[str, Any] = {
        "schema": "modelward/verify/1",
        "answer": verification.answer,
        "against": sound(verification.against),
        "signers": [sound(signer) for signer in verification.signers],
        "differences": [
            {"kind": difference.kind, "file": sound(difference.path), "why": sound(difference.why)}
            for difference in verification.differences
        ],
        "uncovered": [sound(path) for path in verification.uncovered],
        "files": canonical.integer(verification.files),
        "bytes": canonical.integer(verification.bytes),
    }
    return canonical.encode(body) + b"\n"


def _more(total: int, what: str) -> Iterator[Line]:
    if total > _SHOWN:
        yield Line("", f"and {count(total - _SHOWN, f'more {what}')}: --format json names them all")
