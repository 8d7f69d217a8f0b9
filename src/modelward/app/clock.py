"""The one time of a run."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from modelward.core.errors import UsageError


def now() -> datetime:
    """SOURCE_DATE_EPOCH, else the clock."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH is {epoch!r}, expected whole seconds since 1970") from error
