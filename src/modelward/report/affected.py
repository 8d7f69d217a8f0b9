"""Which artifacts new advisories are about, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from modelward.core import canonical
from modelward.core.affected import Affected, Hit
from modelward.report.blocks import shorten
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count

_WORDS = {0: "clean", 1: "flagged", 3: "incomplete"}
_TONES = {0: "good", 1: "bad", 3: "open"}


def lines(done: Affected) -> Iterator[Line]:
    """The last line holds the answer."""
    for about, hits in groupby(done.hits, lambda hit: hit.about):
        yield Line("", str(about), "bad")
        for hit in hits:
            yield Line("  ", _said(hit))
    for why in done.unread:
        yield Line("unread    ", shorten(why), "gap")
    if not done.audits:
        yield Line("", "there is no audit in the store: modelward deps FILE --store DIR keeps one", "gap")
    artifacts = len({hit.about for hit in done.hits})
    said = f"{count(artifacts, 'artifact')} hit by {count(len(done.hits), 'new record')}"
    said += f", {count(done.audits, 'audit')} of {count(done.packages, 'package')}"
    yield Line("", f"{_WORDS[done.exit_code]}: {said} (exit {done.exit_code})", _TONES[done.exit_code])


def _said(hit: Hit) -> str:
    ids = ", ".join((hit.advisory, *hit.aliases))
    kind = "is hostile" if hit.is_malicious else "has" if hit.is_certain else "may have"
    version = f" {visible(hit.version)}" if hit.version else ""
    return shorten(f"{visible(hit.package)}{version} {kind} {ids}{f': {hit.summary}' if hit.summary else ''}")


def machine(done: Affected) -> bytes:
    """Canonical JSON, ends with a line break."""
    body = {
        "schema": "modelward/affected/1",
        "outcome": _WORDS[done.exit_code],
        "hits": [
            {
                "digest": hit.about.to_json(),
                "package": sound(hit.package),
                "version": sound(hit.version),
                "advisory": sound(hit.advisory),
                "aliases": [sound(id_) for id_ in hit.aliases],
                "summary": sound(hit.summary),
                "malicious": hit.is_malicious,
                "certain": hit.is_certain,
            }
            for hit in done.hits
        ],
        "audits": done.audits,
        "packages": done.packages,
        "unread": [sound(why) for why in done.unread],
    }
    return canonical.encode(body) + b"\n"
