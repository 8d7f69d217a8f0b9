"""Times as others write them."""

from __future__ import annotations

from datetime import UTC, datetime


def in_utc(text: object) -> str:
    """An RFC 3339 time to the second, in UTC, so that texts can be compared; without an offset it is taken for UTC.
    Empty for what is no time."""
    if not isinstance(text, str):
        return ""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return ""
