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


def record(id_: str = "PYSEC-2026-1", *affected: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    entries = affected or (entry("torch", events(("introduced", "0"), ("fixed", "2.6.0"))),)
    return {"id": id_, "modified": "2026-01-02T03:04:05Z", "affected": list(entries)} | more


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def read(body: Any, where: str = "here.json") -> osv.Record:
    found = osv.read(osv.document(raw(body)), where)
    assert found is not None
    return found


def excerpt() -> dict[str, osv.Record]:
    found = (osv.read(osv.document(path.read_bytes()), path.name) for path in sorted(EXCERPT.glob("*.json")))
    return {each.id: each for each in found if each is not None}
