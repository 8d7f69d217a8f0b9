"""Records in the format of OSV, assembled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelward.checks.deps import osv

EXCERPT = Path(__file__).parents[1] / "data" / "deps" / "osv"


def events(*given: tuple[str, str]) -> dict[str, Any]:
    return {"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in given]}


def entry(
    name: str = "torch", *ranges: dict[str, Any], versions: list[Any] | None = None, **more: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": list(ranges)}
    return made | ({} if versions is None else {"versions": versions}) | more


NOW = "2027-01-01T00:00:00Z"


def record(id_: str = "PYSEC-2026-1", *affected: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    entries = affected or (entry("torch", events(("introduced", "0"), ("fixed", "2.6.0"))),)
    return {"id": id_, "modified": "2026-01-02T03:04:05Z", "affected": list(entries)} | more


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def read(body: Any, now: str = NOW) -> osv.Record:
    found = osv.read(osv.document(raw(body)), now)
    assert found is not None
    return found


def excerpt() -> dict[str, osv.Record]:
    found = (osv.read(osv.document(path.read_bytes()), NOW) for path in sorted(EXCERPT.glob("*.json")))
    return {each.id: each for each in found if each is not None}
