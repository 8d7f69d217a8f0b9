"""The cases of the rules about packages: trees that an audit of dependencies looks at (see cases.py)."""

from __future__ import annotations

from pathlib import Path

from modelward.app import deps
from modelward.app.advisories import sync

DAY = "1780272000"  # 2026-06-01
_GIVEN = {"osv", "policy.toml", "approved", "host"}


def audited(tree: Path) -> deps.Audited:
    """The audit of *tree*. Its database lies beside it, and is made if it is not there."""
    feed, policy, hosts, database = tree / "osv", tree / "policy.toml", tree / "host", f"{tree}.db"
    if feed.is_dir() and not Path(database).exists():
        sync([str(feed)], database)
    asked = deps.question(str(policy) if policy.exists() else None, (), None, None, None)
    targets = [str(path) for path in sorted(tree.iterdir()) if path.name not in _GIVEN]
    return deps.audit(
        targets,
        database if feed.is_dir() else None,
        asked.policy,
        hosts=[str(hosts)] if hosts.is_dir() else [],
        approved=approved(tree / "approved"),
    )


def approved(folder: Path) -> str | None:
    """A lone wheel is compared with whatever there is; of several, the one of the same package."""
    wheels = sorted(folder.iterdir()) if folder.is_dir() else []
    return str(wheels[0] if len(wheels) == 1 else folder) if wheels else None
