"""What a database of advisories holds, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from modelward.core import canonical
from modelward.core.advisory_database import Held, Synced
from modelward.core.dependency_audit import Feed
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count


def contents(held: Held, now: datetime) -> Iterator[Line]:
    """The last line holds the answer."""
    facts, made = held.facts, held.made
    for feed in facts.feeds:
        yield Line("feed      ", _feed(feed))
    yield Line("digest    ", facts.digest)
    yield Line("made      ", f"{visible(made.at)} by modelward {visible(made.program)}")
    if made.withdrawn:
        yield Line("withdrawn ", f"{count(made.withdrawn, 'record')}, which count as nothing")
    yield from doubts(held)
    yield Line("", f"{count(facts.records, 'advisory record')}, {_age(held, now)}", "open" if facts.unread else "good")


def synced(done: Synced, now: datetime) -> Iterator[Line]:
    """The last line holds the answer."""
    facts, before = done.held.facts, done.before
    for feed in facts.feeds:
        yield Line("feed      ", _feed(feed))
    gone = {feed.origin for feed in before.feeds} - {feed.origin for feed in facts.feeds} if before else set[str]()
    for origin in sorted(gone):
        yield Line("left out  ", f"{visible(origin)}, which the database held before: it holds what --from names")
    yield from doubts(done.held)
    change = "nothing changed" if before and before.digest == facts.digest else facts.digest
    said = f"synced: {count(facts.records, 'advisory record')}, {_age(done.held, now)} ({change})"
    yield Line("", said, "open" if facts.unread else "good")


def machine(held: Held) -> bytes:
    """Canonical JSON, ends with a line break."""
    facts, made = held.facts, held.made
    body = {
        "schema": "modelward/advisories/1",
        "digest": facts.digest,
        "newest": facts.newest,
        "records": facts.records,
        "withdrawn": made.withdrawn,
        "unread": facts.unread,
        "problems": [{"where": sound(where), "why": sound(why)} for where, why in made.problems],
        "feeds": [feed._asdict() | {"name": sound(feed.name), "origin": sound(feed.origin)} for feed in facts.feeds],
        "indexes": sorted(facts.indexes),
        "made": made.at,
        "from_the_future": held.is_from_the_future,
    }
    return canonical.encode(body) + b"\n"


def _feed(feed: Feed) -> str:
    newest = f", the youngest of {feed.newest[:10]}" if feed.newest else ""
    return f"{visible(feed.name)}  {count(feed.records, 'record')}{newest}, from {visible(feed.origin)}"


def doubts(held: Held) -> Iterator[Line]:
    """Why something may be known that is not in it."""
    facts, made = held.facts, held.made
    if held.is_from_the_future:
        yield Line("date      ", f"the youngest is of {facts.newest}, which is still to come: see to the clock", "open")
    for where, why in made.problems:
        yield Line("unread    ", f"{visible(where)}: {visible(why)}", "open")
    if facts.unread > len(made.problems):
        yield Line("unread    ", f"and {facts.unread - len(made.problems):,} more", "open")
    if not facts.records:
        yield Line("unread    ", "no advisory about a package is in it: no package can be looked up", "open")


def _age(held: Held, now: datetime) -> str:
    newest = held.facts.newest
    if not newest or held.is_from_the_future:
        return "of unknown age"
    days = (now - datetime.fromisoformat(newest)).days
    return f"the youngest of {newest[:10]}, {count(days, 'day')} ago"
