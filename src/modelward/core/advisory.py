"""What a feed says of packages: advisories as they are matched, whatever feed they came from."""

from __future__ import annotations

from typing import NamedTuple

from modelward.core.finding import Severity


class Event(NamedTuple):
    kind: str
    """introduced, fixed or last_affected: https://ossf.github.io/osv-schema/#affectedrangesevents-fields"""
    version: str


FROM_THE_FIRST = Event("introduced", "0")
"""Before every version, 0.dev0 too."""


class Affected(NamedTuple):
    """What one advisory says of one package: its versions are the union of *ranges* and *versions*."""

    id: str
    name: str
    """As dependency.canonical_name gives it."""
    ranges: tuple[tuple[Event, ...], ...] = ()
    """Those of the type ECOSYSTEM."""
    versions: tuple[str, ...] = ()
    unread: str = ""
    """Why part of it cannot be compared with a version (only commits are given, a shape that is not understood)."""


class Advisory(NamedTuple):
    """Withdrawn ones are no advisories: a reader leaves them out."""

    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: Severity | None = None
    """None where nothing rates it, which is not the same as low."""
    score: str = ""
    """The CVSS vector, or the word, that *severity* comes from."""
    modified: str = ""
    """RFC 3339, as the feed says it."""
    is_malicious: bool = False
    """Whether it says that the package itself is hostile: https://github.com/ossf/malicious-packages"""
    feed: str = ""
    """The name of the feed that it came from."""
    exploited: str = ""
    """The day that CISA's catalogue of known exploited vulnerabilities names for one of its ids."""
    epss: float | None = None
    """The probability of exploitation within 30 days that FIRST gives one of its ids, 0 to 1."""

    @property
    def ids(self) -> frozenset[str]:
        return frozenset((self.id, *self.aliases))
