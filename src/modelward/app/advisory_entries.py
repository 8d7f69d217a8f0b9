"""What one document of a feed is, and what it says."""

from __future__ import annotations

from typing import Any

from modelward.checks.deps import exploitation, osv, project_page
from modelward.core.moment import in_utc
from modelward.stores.advisory_writer import Entry


def read(raw: bytes, now: str) -> Entry | None:
    """None for a record about something else than packages of Python. *now* is a time in UTC. Raises Unreadable."""
    if exploitation.is_epss(raw):
        scores = exploitation.epss(raw)
        return Entry("epss", "epss", scores.date, raw, exploitation=scores.said)
    body = osv.document(raw)
    if exploitation.is_kev(body):
        known = exploitation.kev(body)
        return Entry("kev", "kev", known.date, raw, exploitation=known.said)
    if project_page.is_page(body):
        project = project_page.read(body)
        newest = max((release.uploaded for release in project.releases), default="")
        return Entry("page", project.name, newest, raw, project=project)
    if isinstance(body, dict) and isinstance(body.get("document"), dict) and "affected" not in body:
        return _bulletin(body["document"], raw)
    record = osv.read(body, now)
    if record is None:
        return None
    return Entry(
        "osv",
        record.id,
        record.modified,
        raw,
        record.advisory,
        record.affected,
        indexes=record.indexes,
        unread=record.unread,
    )


def _bulletin(document: dict[str, Any], raw: bytes) -> Entry:
    """CSAF, as it is: https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html"""
    tracking = document.get("tracking")
    id_ = tracking.get("id") if isinstance(tracking, dict) else None
    if "csaf_version" not in document or not isinstance(tracking, dict) or not osv.is_printable(id_):
        raise osv.Unreadable("it is no security advisory in CSAF", is_record="csaf_version" in document)
    return Entry("csaf", id_, in_utc(tracking.get("current_release_date")), raw)
