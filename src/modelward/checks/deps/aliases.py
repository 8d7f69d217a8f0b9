"""Advisories that are one under several ids."""

from __future__ import annotations

from collections.abc import Iterable

from modelward.core.advisory import Advisory


def merged(advisories: Iterable[Advisory]) -> list[tuple[Advisory, ...]]:
    """Those that share an id, directly or through others, together: aliases are symmetric and transitive, while
    `related` and `upstream` name other vulnerabilities (https://ossf.github.io/osv-schema/#aliases-field). Ordered by
    id, and so is each group."""
    leader: dict[str, str] = {}

    def find(id_: str) -> str:
        while (above := leader.setdefault(id_, id_)) != id_:
            leader[id_] = id_ = leader[above]
        return id_

    ordered = sorted(set(advisories), key=lambda each: each.id)
    for advisory in ordered:
        for alias in advisory.aliases:
            leader[find(alias)] = find(advisory.id)
    groups: dict[str, list[Advisory]] = {}
    for advisory in ordered:
        groups.setdefault(find(advisory.id), []).append(advisory)
    return [tuple(group) for group in groups.values()]
