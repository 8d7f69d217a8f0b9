"""Results of other tools: read, never made.

What they say becomes findings and gaps like ours. It can add to what a policy denies and take nothing away: no rule
here lowers anything, and a statement that says PASSED has no findings, which is all that it is worth.
"""

from __future__ import annotations

from collections.abc import Mapping

from modelward.checks.foreign.rules import RULES as _ALL
from modelward.core.evidence import SCHEME
from modelward.core.finding import Finding, Location, Rule, Unexamined
from modelward.core.limits import Limits

__all__ = ["RULES", "read"]

RULES: Mapping[str, Rule] = {rule.id: rule for rule in _ALL}

_DO = "have the other tool look at all of it, or accept the gap with a waiver"


def read(
    predicate_type: str, predicate: object, at: Location
) -> tuple[tuple[Finding, ...], tuple[Unexamined, ...]] | None:
    """What a statement made elsewhere says of what is *at*; None for one that no reader here knows. Raises Malformed
    for a predicate that its type forbids. Of more than the limit of findings the gravest are kept."""
    from modelward.checks.foreign.predicates import read_predicate  # the rules are listed without the readers
    from modelward.checks.foreign.said import Gap, Result

    said = read_predicate(predicate_type, predicate)
    if said is None:
        return None
    words = list(dict.fromkeys(said))
    results = sorted((word for word in words if isinstance(word, Result)), key=lambda one: -one.rule.severity)
    gaps = [word for word in words if isinstance(word, Gap)]
    most = Limits().findings
    if len(results) > most or len(gaps) > most:
        gaps = [*gaps[:most], Gap(f"only {most:,} of its {len(results):,} results and {len(gaps):,} gaps are kept")]
    stated = ("stated in", predicate_type)
    where = Location(None, (f"{SCHEME}{predicate_type}",))
    return (
        tuple(Finding(one.rule, at, one.message, (*one.facts, stated)) for one in results[:most]),
        tuple(Unexamined(where, gap.why, _DO) for gap in gaps),
    )
