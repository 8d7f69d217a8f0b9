"""What an index says of a project: its releases, and whether it should still be used."""

from __future__ import annotations

from typing import NamedTuple


class Release(NamedTuple):
    version: str
    """As its files spell it."""
    uploaded: str
    """When the youngest of its files was uploaded, RFC 3339; empty where one of them does not say."""
    yanked: str | None
    """Why all of its files were withdrawn, empty where nobody says why; None where one of them was not.
    https://peps.python.org/pep-0592/"""


class Project(NamedTuple):
    name: str
    """As dependency.canonical_name gives it."""
    status: str
    """active, archived, quarantined or deprecated: https://peps.python.org/pep-0792/; empty where nothing says so."""
    reason: str
    releases: tuple[Release, ...]
