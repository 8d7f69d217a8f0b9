"""One file, read once: hashed while it is examined, or hashed alone where its result is known."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelward.checks.scan.model import FileScan
from modelward.checks.scan.trees.notes import Notes, notes_of
from modelward.checks.scan.walk import examine
from modelward.core.artifact import Blob
from modelward.core.errors import ReadError
from modelward.core.limits import Limits
from modelward.stores.files import BLOCK, FileSource

if TYPE_CHECKING:
    from modelward.app.cached import Known
    from modelward.stores.cache import Kept


@dataclass(frozen=True, slots=True)
class Job:
    path: str
    """As it is reported."""
    real: bytes
    noted: bool
    """Its name makes loaders take it for a document that speaks of other files."""


@dataclass(frozen=True, slots=True)
class Read:
    blob: Blob
    scan: FileScan
    notes: Notes | None = None
    news: Kept | None = None
    """What the cache is yet to be told."""


@dataclass(frozen=True, slots=True)
class Unread:
    why: str
    is_defect: bool = False
    """It is not the file that failed, but modelward."""


class Reader:
    """Reads files. *known* are the results of earlier runs; with *trust_stat* a file that the
    system calls unchanged is not opened."""

    def __init__(self, limits: Limits, known: Known | None = None, trust_stat: bool = False) -> None:
        self.limits = limits
        self.known = known
        self._trust_stat = trust_stat

    def recall(self, job: Job) -> Read | None:
        """The result of a file that need not be opened."""
        found = self.known.by_stat(job.real) if self.known and self._trust_stat and not job.noted else None
        return Read(*found) if found else None

    def read(self, job: Job) -> Read | Unread:
        """Raises nothing, whatever the file holds: one broken file must not keep the others from a result."""
        try:
            return (self._hashed(job, self.known) if self.known else None) or self._examined(job)
        except ReadError as error:
            return Unread(str(error))
        except Exception as error:  # the edge of one file: what fails here is said, and exits 4
            if os.environ.get("MODELWARD_DEBUG"):
                raise
            return defect(f"{type(error).__name__}: {error}")

    def _hashed(self, job: Job, known: Known) -> Read | None:
        from modelward.app.cached import hint_of, news_of

        began = time.time_ns()
        with FileSource(job.real) as source:
            hint = hint_of(source)
            if source.size > BLOCK and not known.expects(hint):
                return None  # it will be hashed while it is examined, and a large file is not read twice
            notes = notes_of(source) if job.noted else None
            blob = source.finish()
        found = known.find(blob.digest)
        return Read(blob, found, notes, news_of(source, hint, blob, None, began)) if found else None

    def _examined(self, job: Job) -> Read:
        began = time.time_ns()
        hint = b""
        with FileSource(job.real) as source:
            found = examine(source, self.limits)
            notes = notes_of(source) if job.noted else None
            if self.known:
                from modelward.app.cached import hint_of, news_of

                hint = hint_of(source)
            blob = source.finish()
        news = news_of(source, hint, blob, found, began) if hint else None
        return Read(blob, found, notes, news)


def defect(what: str) -> Unread:
    shown = " ".join(what.split())[:200]
    return Unread(f"this is a defect of modelward ({shown}); please report it", True)
