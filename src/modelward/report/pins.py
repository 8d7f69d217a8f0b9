"""What became of the entries of a lock: lines for people, canonical JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelward.core import canonical
from modelward.core.pinning import EXIT, Fates
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count

_TONES = {0: "good", 1: "bad", 3: "open", 4: "bad"}
_SAID = {0: "as pinned", 1: "different", 3: "incomplete", 4: "failed"}
_PINNED = {0: "pinned", 1: "pinned, and to be looked at"}


def lines(fates: Fates) -> Iterator[Line]:
    """The last line holds the answer."""
    for fate in fates.entries:
        yield Line("", f"{fate.state}: {visible(fate.name)}", "" if EXIT[fate.state] == 0 else "critical")
        yield Line("  from  ", visible(fate.source))
        yield from (Line("        ", visible(said)) for said in fate.details)
    yield Line()
    yield Line("", answer(fates), _TONES[fates.exit_code])


def answer(fates: Fates) -> str:
    states = [fate.state for fate in fates.entries]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states), key=states.index))
    said = _SAID | _PINNED if fates.verb == "pin" else _SAID
    return f"{said[fates.exit_code]}: {counts or count(0, 'entry')} (exit {fates.exit_code})"


def machine(fates: Fates) -> bytes:
    """Canonical JSON, ends with a line break."""
    body: dict[str, Any] = {
        "schema": "modelward/pins/1",
        "verb": fates.verb,
        "exit": fates.exit_code,
        "pins": [
            {
                "name": sound(fate.name),
                "source": sound(fate.source),
                "state": fate.state,
                "details": [sound(said) for said in fate.details],
            }
            for fate in fates.entries
        ],
    }
    return canonical.encode(body) + b"\n"
