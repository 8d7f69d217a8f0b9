"""One call of a loader: what it names, what pins it, and whether it trusts code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from modelward.checks.pins.audit import wanted
from modelward.checks.pins.audit.arguments import Arguments, each
from modelward.checks.pins.audit.loaders import PACKAGES, Loader
from modelward.checks.pins.audit.proposals import Pins
from modelward.checks.pins.audit.values import Known, Ref, Text, Value, Values
from modelward.core.finding import Finding, Location, Rule

TRUST = "trust_remote_code"

Trust = Literal["yes", "maybe", "no"]


class State(NamedTuple):
    """What the revision of a call is."""

    is_pinned: bool | None
    """None: that is not known."""
    said: str
    revision: str = "main"
    is_given: bool = False
    """It stands in the call."""


@dataclass(frozen=True, slots=True)
class Load:
    loader: Loader
    callee: str
    """For people."""
    arguments: Arguments
    pins: Pins
    saved: frozenset[str] = frozenset()
    """Folders that the same module writes models to."""

    def names(self) -> tuple[Values, str]:
        """What the name may be, and the expression for people."""
        for name in self.loader.name.split(","):
            if name in self.arguments.words:
                return each(self.arguments.get(name)), self.arguments.shown(name)
        first = self.loader.name.partition(",")[0]
        return each(self.arguments.get(first, self.loader.position)), self.arguments.shown(first, self.loader.position)

    def state(self, pin: str = "") -> State:
        """Of the argument that pins the call, or of *pin*."""
        names = [name for name in (pin or self.loader.pin).split(",") if name]
        if not names:
            return State(False, "and takes no commit")
        values = [value for name in names for value in self.arguments.get(name)]
        values = values or [value for name in names for value in self.arguments.inside(self.loader.nested, name)]
        texts = [one.value for one in values if isinstance(one, Known) and one.value is not None]
        loose = [text for text in texts if not (isinstance(text, str) and wanted.is_commit(text))]
        if loose:
            return State(False, wanted.moving(str(loose[0])), str(loose[0]), True)
        if any(not isinstance(one, Known) for one in values):
            return State(None, f"at a {names[0]} that is not known here: {self.arguments.shown(names[0])}")
        if not values or len(texts) < len(values):
            return State(False, f"without a {names[0]}: what its main branch is by then")
        return State(True, "", str(texts[0]))

    def trust(self) -> Trust:
        values = (*self.arguments.get(TRUST), *self.arguments.inside(self.loader.nested, TRUST))
        if TRUST not in self.arguments.words:  # what an unknown ** may bring is not held against the call
            values = tuple(value for value in values if not isinstance(value, Text))
        if any(isinstance(one, Known) and one.value for one in values):
            return "yes"
        return "maybe" if any(not isinstance(one, Known) for one in values) else "no"

    def where(self, text: str, is_sure: bool) -> wanted.Where:
        return "here" if text in self.saved and not is_sure else wanted.where(text, is_sure)

    def is_doubtful(self, value: Value) -> bool:
        """A name that may be that of a folder."""
        text = value.value if isinstance(value, Known) else None
        sure = not self.loader.is_local or bool(self.loader.prefix)
        return isinstance(text, str) and not self.loader.prefix and self.where(text.partition("@")[0], sure) == "either"


def is_unknown(value: Value) -> bool:
    if isinstance(value, Text):
        return not value.start or wanted.where(value.start + "x") != "here"
    if not isinstance(value, Ref):
        return False
    called, is_called, more = value.path.partition("()")
    is_attribute = more.startswith(".") and not more.endswith("()")
    is_made = called.rpartition(".")[2][:1].isupper() and not is_attribute
    return not (is_called and (called.startswith(PACKAGES) or is_made))


def finding(rule: Rule, message: str, **evidence: str) -> Finding:
    return Finding(rule, Location(None), message, tuple(evidence.items()))
