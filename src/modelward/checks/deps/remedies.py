"""The version to go to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from modelward.checks.deps.matching import match
from modelward.checks.deps.versions import parsed
from modelward.core.advisory import Affected

if TYPE_CHECKING:
    from packaging.version import Version


def smallest_clear(version: str, affected: Sequence[Affected], releases: Collection[str] = ()) -> str | None:
    """The smallest version above *version* that none of *affected* is about, which is everything that is known of the
    package: of *releases*, or where those are not known of the versions in which something was fixed. None where there
    is none, or *version* has no order. A pre-release is named only where nothing else is, or it is one that it
    replaces."""
    here = parsed(version)
    if here is None:
        return None
    fixed = {event.version for each in affected for events in each.ranges for event in events if event.kind == "fixed"}
    above = {at: text for text in sorted(releases or fixed) if (at := parsed(text)) is not None and at > here}

    def late(at: Version) -> tuple[bool, Version]:
        return at.is_prerelease and not here.is_prerelease, at

    for at in sorted(above, key=late):
        if all(match(above[at], each) == "not" for each in affected):
            return above[at]
    return None
