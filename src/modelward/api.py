"""The Python API, which docs/api.md describes. What is here stays as it is; other modules may change."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from modelward import app
from modelward.app.reading import How
from modelward.core.digest import Digest
from modelward.core.errors import Defect, ModelwardError, ReadError, UsageError
from modelward.core.finding import Finding, Location, Rule, Severity, Unexamined
from modelward.core.result import CheckResult, Place, ScanResult

__all__ = [
    "CheckResult",
    "Defect",
    "Digest",
    "Finding",
    "Location",
    "ModelwardError",
    "Place",
    "ReadError",
    "Rule",
    "ScanResult",
    "Severity",
    "Unexamined",
    "UsageError",
    "check",
    "scan",
]

StrPath = str | os.PathLike[str]


def scan(
    path: StrPath,
    *,
    exclude: Sequence[str] = (),
    baseline: StrPath | None = None,
    jobs: int | None = 1,
    cache: StrPath | None = None,
    trust_stat: bool = False,
    full: bool = False,
    offline: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> ScanResult:
    """What the bytes of a file, a folder or a URL say. Nothing is loaded or executed.

    *exclude*: patterns of what to leave out of a folder, as for the command. *baseline*: a file that
    `modelward scan --write-baseline` wrote; its findings are in `baselined`, and do not flag. *jobs*:
    how many processes may read (None: one for each processor, at most 8). *cache*: a folder for
    results; with *trust_stat*, files whose size and times are as before are not read again. *full*:
    all of a URL is fetched, and not only a part; *offline*: a URL is an error. *progress* is called
    before each file with the number of files done, their total, and the escaped path.

    Raises UsageError for a path or an argument that is wrong, ReadError for a file that cannot be read,
    Defect for one that modelward fails on. In a folder, such files are in `unexamined`.
    """
    known = None if baseline is None else app.read_baseline(os.fspath(baseline))
    with _effort(path, jobs, cache, trust_stat) as how:
        return app.scan(
            os.fspath(path),
            exclude=exclude,
            baseline=known,
            progress=progress,
            how=how,
            full=full,
            offline=offline,
        )


def check(
    path: StrPath,
    *,
    policy: StrPath = "baseline",
    exclude: Sequence[str] = (),
    statements: StrPath | None = None,
    jobs: int | None = 1,
    cache: StrPath | None = None,
    full: bool = False,
    offline: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> CheckResult:
    """The verdict of *policy*, "baseline", "safe-formats" or a file, on a file or folder.

    *statements*: a folder into which the evidence is written. The rest is as for scan. Raises as scan
    does, and UsageError for a policy that does not parse. A verdict is about `result.scan.digest`:
    what lies at *path* later may be something else.
    """
    folder = None if statements is None else os.fspath(statements)
    with _effort(path, jobs, cache) as how:
        return app.check(
            os.fspath(path),
            policy=os.fspath(policy),
            exclude=exclude,
            statements=folder,
            progress=progress,
            how=how,
            full=full,
            offline=offline,
        )


@contextmanager
def _effort(path: StrPath, jobs: int | None, cache: StrPath | None, trust_stat: bool = False) -> Iterator[How]:
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs is {jobs}, expected 1 or more, or None")
    if trust_stat and cache is None:
        raise UsageError("trust_stat needs a cache to compare with: give a folder as cache")
    folder = None if cache is None else os.fspath(cache)
    with app.effort(jobs, folder, trust_stat, [os.fspath(path)]) as how:
        yield how
        if how.known and how.known.trouble:
            warnings.warn(how.known.trouble, RuntimeWarning, stacklevel=4)
