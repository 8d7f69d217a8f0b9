"""A small database of advisories, and locks that it knows something of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.deps.records import entry, events, raw, record

from modelward.app.advisories import sync

INDEX = "https://index.example/simple"
HASH = "sha256:" + "a" * 64
NEWEST = "2026-01-02T03:04:05Z"
EPOCH = "1768000000"  # 2026-01-09T23:06:40Z

_PAGE = [{"type": "PACKAGE", "url": "https://index.example/project/torch/"}]
_CRITICAL = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
_LOW = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]

RECORDS = (
    record("PYSEC-2026-1", aliases=["CVE-2026-1"], severity=_CRITICAL, references=_PAGE, summary="it loads too much"),
    record("GHSA-aaaa-bbbb-cccc", aliases=["CVE-2026-1"]),
    record("PYSEC-2026-2", entry("torch", events(("introduced", "2.7.0"), ("fixed", "2.7.1"))), severity=_LOW),
    record("MAL-2026-1", entry("hostile", versions=["1.0"])),
    record("PYSEC-2026-3", entry("odd", events(("introduced", "one"), ("fixed", "two")))),
    record("PYSEC-2026-4", withdrawn="2026-01-01T00:00:00Z"),
)


def database(folder: Path, records: Iterable[object] = RECORDS) -> str:
    """Made in *folder* of one feed, by the name `osv`."""
    feed = folder / "osv"
    feed.mkdir(parents=True)
    for number, each in enumerate(records):
        (feed / f"{number}.json").write_bytes(raw(each))
    path = str(folder / "advisories.db")
    sync([str(feed)], path)
    return path


def uv_lock(*packages: tuple[str, str], index: str = INDEX, uploaded: str = "2025-01-01T00:00:00Z") -> str:
    """Of a project in the same folder, each package with one wheel; the first at line 10, each next 7 lines below."""
    tables = [
        f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "{index}" }}\nwheels = [\n'
        f'    {{ url = "https://files.example/{name}-{version}-py3-none-any.whl", hash = "{HASH}", size = 1, '
        f'upload-time = "{uploaded}" }},\n]\n'
        for name, version in sorted(packages)
    ]
    needed = ", ".join(f'{{ name = "{name}" }}' for name, _ in sorted(packages))
    project = '[[package]]\nname = "a-project"\nversion = "0"\nsource = { virtual = "." }\n'
    head = f'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n{project}dependencies = [{needed}]\n'
    return head + "".join(tables)
