"""What a host has, held against NVIDIA's bulletins: pure, so that an audit can be repeated.

A driver is compared within its own branch alone. A bulletin that does not list the branch leaves it unknown: NVIDIA
says in its notes that branches which are not listed may be affected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from modelward.checks.deps.nvidia import csaf
from modelward.checks.deps.nvidia.components import COMPONENTS, branch_of, branches_said, component_of, systems_of
from modelward.checks.deps.nvidia.csaf import Row
from modelward.checks.deps.nvidia.host import Fact
from modelward.checks.deps.nvidia.rules import CONDITIONAL, VULNERABLE, rated
from modelward.checks.deps.nvidia.version_text import Answer, Unknown, bare, judge, read, version
from modelward.checks.deps.osv import Unreadable
from modelward.core.finding import Finding, Location, Severity, Unexamined
from modelward.core.source_audit import Spot, Spotted

_SHOWN = 5
_LOOK = "look at the bulletins; take a version that they name, or say more of the host in an inventory"
_VIRTUAL = {
    "gaming": "a driver for cloud gaming",
    "guest": "a driver in a vGPU guest",
    "virtual gpu": "a Virtual GPU Manager",
}
"""Products that a driver may be part of without saying so, by a word of their names, which differ over the years."""
_RANKS = ("affected", "conditional", "unknown", "not affected")
_UNLISTED = Answer("unknown", "")


class Bulletins(NamedTuple):
    rows: tuple[Row, ...] = ()
    unread: tuple[str, ...] = ()
    """Those of NVIDIA that were not understood, and why."""


class _Said(NamedTuple):
    """One vulnerability, and what it means for the host."""

    answer: Answer
    rows: tuple[Row, ...]


def bulletins(documents: Iterable[tuple[str, bytes]]) -> Bulletins:
    """Id and bytes of each document in CSAF; those of others than NVIDIA are left out."""
    rows, unread = list[Row](), list[str]()
    for id_, raw in documents:
        try:
            rows += csaf.read(raw) or ()
        except Unreadable as error:
            unread.append(f"{id_}: {error}")
    return Bulletins(tuple(rows), tuple(unread))


def audit(facts: Sequence[Fact], known: Bulletins) -> Iterator[Spotted]:
    """Findings for each bulletin that a fact is hit by, and a gap for whatever cannot be said of a fact."""
    if facts and known.unread:
        shown = "; ".join(known.unread[:_SHOWN])
        why = f"{len(known.unread):,} bulletins of NVIDIA cannot be read ({shown})"
        yield _gap(Spot("", 1, 1), why, "sync the database with a newer modelward")
    about: dict[str, list[Row]] = {}
    for row in known.rows:
        about.setdefault(component_of(row.product) or "", []).append(row)
    for fact in facts:
        yield from _of_fact(fact, about.get(fact.component, ()))


def _of_fact(fact: Fact, rows: Sequence[Row]) -> Iterator[Spotted]:
    if not rows:
        why = f"the database has no bulletin of NVIDIA about the {COMPONENTS[fact.component]}"
        yield _gap(fact.at, why, "sync it from github.com/NVIDIA/product-security, too")
        return
    if fact.component == "driver" and (why := _no_branch(fact)):
        yield _gap(fact.at, why, "name system, and the version as it is published, in an inventory")
        return
    by_flaw: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if fact.system is None or fact.system in systems_of(row.product.platform):
            by_flaw.setdefault((row.bulletin, row.cve), []).append(row)
    hit: dict[tuple[str, Answer], list[Row]] = {}
    unknown: dict[str, set[str]] = {}
    for (bulletin, _), those in by_flaw.items():
        said = _of_flaw(fact, those)
        if said.answer.said == "unknown":
            unknown.setdefault(said.answer.why, set()).add(bulletin)
        elif said.answer.said == "affected":
            hit.setdefault((bulletin, said.answer), []).extend(said.rows)
        elif said.answer.said == "conditional":
            # who knows that the condition does not hold has one finding to set aside, not one for each bulletin
            hit.setdefault(("", said.answer), []).extend(said.rows)
    for (_, answer), found in hit.items():
        yield Spotted(fact.at, _finding(fact, answer, found))
    for why, named in unknown.items():
        yield _gap(fact.at, _unknown(fact, why, sorted(named)), _LOOK)


def _no_branch(fact: Fact) -> str:
    if fact.system is None:
        return f"the driver {fact.version} may be one for Linux or for Windows, whose branches differ"
    if branch_of(fact.known.low, fact.system) is None:
        return f"the driver {fact.version} belongs to no branch that is known"
    return ""


def _of_flaw(fact: Fact, rows: Sequence[Row]) -> _Said:
    """Products, or platforms, are told apart: a host may be any of them where it does not say which."""
    answers: dict[str, tuple[Answer, list[Row]]] = {}
    for row in rows:
        answer = _of_row(fact, row)
        if answer is None:
            continue
        kind = _kind(fact, row)
        before, those = answers.get(kind, (None, list[Row]()))
        if answer == before:
            those.append(row)
        elif before is None or _rank(answer) < _rank(before):
            answers[kind] = (answer, [row])
    if not answers:
        return _Said(_UNLISTED, ())
    best = min((answer for answer, _ in answers.values()), key=_rank)
    kinds = [kind for kind, (answer, _) in answers.items() if answer == best]
    hit = tuple(row for kind in kinds for row in answers[kind][1])
    if best.said == "affected" and not _is_sure(fact, answers):
        best = Answer("conditional", f"it is {' or '.join(sorted(kinds))}")
    if best.said in ("affected", "conditional") and fact.part:
        best = Answer("conditional", "; ".join(filter(None, (best.why, fact.part))))
    return _Said(best, hit)


def _rank(answer: Answer) -> int:
    return _RANKS.index(answer.said)


def _kind(fact: Fact, row: Row) -> str:
    if fact.component != "driver":
        return row.product.platform.partition("(")[0]
    name = row.product.name
    return next((kind for word, kind in _VIRTUAL.items() if word in name.lower()), name)


def _is_sure(fact: Fact, answers: dict[str, tuple[Answer, list[Row]]]) -> bool:
    """Whether it is affected whichever of them the host is. Virtual products are set aside where there are others."""
    real = answers.keys() - _VIRTUAL.values()
    if not all(answers[kind][0].said == "affected" for kind in real or answers):
        return False
    if not real and fact.component == "driver" and not fact.product:
        return False
    systems = [systems_of(row.product.platform) for _, rows in answers.values() for row in rows]
    return fact.system is not None or len(frozenset().union(*systems)) > 1


def _of_row(fact: Fact, row: Row) -> Answer | None:
    """None where it is about another branch, or another product."""
    text = row.product.version
    condition = read(text, row.fixed)
    if fact.component == "driver":
        assert fact.system is not None
        if fact.product and fact.product.casefold() not in row.product.name.casefold():
            return None
        branches = branches_said(row.product, None if isinstance(condition, Unknown) else condition, fact.system)
        if branches and branch_of(fact.known.low, fact.system) not in branches:
            return None
        if len(branches) != 1:
            return Answer("unknown", f"it is not clear of which branch {text!r} is")
    return Answer("unknown", condition.why) if isinstance(condition, Unknown) else judge(condition, fact.known)


def _finding(fact: Fact, answer: Answer, rows: Sequence[Row]) -> Finding:
    cves, those = sorted({row.cve for row in rows}), sorted({row.bulletin for row in rows})
    worst = max(rows, key=lambda row: Severity.HIGH if row.severity is None else row.severity)
    fixed = _fixed(fact, rows)
    text = f"{COMPONENTS[fact.component]} {fact.version} has {_few(cves)} ({_named(those)})"
    text += f" on this condition: {answer.why}" if answer.why else ""
    text += f"; fixed in {fixed}" if fixed else "; no fixed version is named"
    text += f". {worst.summary}" if worst.summary else ""
    ids = ", ".join(f"NVIDIA-{one}" for one in those)
    facts = [("component", fact.component), ("version", fact.version), ("advisory", ids), ("cves", ", ".join(cves))]
    facts += [("score", worst.score)] if worst.score else []
    facts += [("condition", answer.why)] if answer.why else []
    facts += [("fixed_in", fixed)] if fixed else []
    rule = VULNERABLE if answer.said == "affected" else CONDITIONAL
    severity = Severity.HIGH if worst.severity is None else worst.severity
    return Finding(rated(rule, severity), Location(None), text, tuple(facts))


def _fixed(fact: Fact, rows: Iterable[Row]) -> str:
    """The version that has none of the flaws: the highest that is named, of a driver on its branch."""
    real = [row for row in rows if _kind(fact, row) not in _VIRTUAL.values()]
    texts = dict.fromkeys(text.strip() for row in real or rows for text in row.fixed)
    versions = {text: version(bare(text)) for text in texts}
    if fact.component == "driver" and fact.system:
        own = branch_of(fact.known.low, fact.system)
        versions = {
            text: one for text, one in versions.items() if one is not None and branch_of(one, fact.system) == own
        }
    best = max((one for one in versions.values() if one is not None), default=None)
    named = [bare(text) for text, one in versions.items() if one == best]
    return named[0] if best and named else ", ".join(list(texts)[:_SHOWN])


def _unknown(fact: Fact, why: str, those: Sequence[str]) -> str:
    name = f"{COMPONENTS[fact.component]} {fact.version}"
    if why:
        return f"{name}: {why} ({_named(those)})"
    branch = branch_of(fact.known.low, fact.system) if fact.system else None
    product = f" for {fact.product}" if fact.product else ""
    text = f"its branch R{branch} is not listed{product}, which is not to say that it is fixed"
    return f"{name}: {text} ({_named(those)})"


def _named(those: Sequence[str]) -> str:
    return f"NVIDIA's bulletin {those[0]}" if len(those) == 1 else f"NVIDIA's bulletins {_few(those)}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _gap(at: Spot, why: str, do: str) -> Spotted:
    return Spotted(at, Unexamined(Location(None), why, do))
