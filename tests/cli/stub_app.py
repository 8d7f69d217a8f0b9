"""An app whose answer is the last part of the target's name, to test the command line alone.

Run as a program it is `modelward` with that app.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.report.samples import CLASS, RULES, checked, found, gap, scanned

from modelward.app import osv_api, verifying  # noqa: F401 (what comes after is not a package)
from modelward.app.baseline import Baseline
from modelward.app.manifesting import Made
from modelward.app.reading import ALONE, How
from modelward.core.canonical import escape_bytes
from modelward.core.digest import Digest
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Rule
from modelward.core.result import CheckResult, ScanResult
from modelward.core.statement import Statement
from modelward.core.verdict import Signer

SUBJECT = Digest("sha256", "0" * 64)
Progress = Callable[[int, int, str], None] | None


@contextmanager
def effort(jobs: int | None, cache: str | None, trust_stat: bool = False, targets: Sequence[str] = ()) -> Iterator[How]:
    yield ALONE


def scan(
    target: str,
    *,
    exclude: Sequence[str],
    progress: Progress,
    baseline: Baseline | None = None,
    how: How = ALONE,
    full: bool = False,
    offline: bool = False,
) -> ScanResult:
    label = escape_bytes(target.encode("utf-8", "surrogateescape"))
    places = {
        "clean": (),
        "minor": (found(CLASS),),
        "flagged": (found(does="os.system('id')", opcode="REDUCE"),),
        "long": (found(does="os.system('" + "very long " * 30 + "')"),),
        "incomplete": (gap(),),
        "forged": (found(file="x\\n\n\x1b[2Jallow: 0 findings", message="\u202e\nallow: 0 findings"),),
    }
    match Path(target).name:
        case "missing":
            raise UsageError(f"{target!r} is not there: name a file or a folder")
        case "unreadable":
            raise ReadError("the file changed\nwhile it was read")
        case "defect":
            raise RuntimeError("this should\nnot happen")
        case "pipe":
            raise BrokenPipeError
        case "waiting":
            Path(target).touch()
            time.sleep(60)
        case "slow":
            for number in range(30):
                if progress:
                    progress(number, 30, f"part-{number}\x1b[0m")
                time.sleep(0.05)
        case "large":
            if progress:
                progress(0, 1, "large.bin")
            time.sleep(1.5)
    return scanned(*places.get(Path(target).name, ()), label=label)


def check(
    target: str,
    *,
    policy: str,
    evidence: Sequence[str],
    signers: Sequence[Signer],
    exclude: Sequence[str],
    statements: str | None,
    store: object,
    progress: Progress,
    how: How = ALONE,
    full: bool = False,
    offline: bool = False,
) -> CheckResult:
    if policy == "broken.toml":
        raise UsageError("broken.toml, line 3: there is no key 'denny'; did you mean 'deny'?")
    return checked(scan(target, exclude=exclude, progress=progress), policy=policy)


def manifest(target: str, *, exclude: Sequence[str], progress: Progress, **_: object) -> Made:
    scan(target, exclude=exclude, progress=progress)
    return Made(Statement(SUBJECT, "a", {}, b'{"_type":"https://in-toto.io/Statement/v1"}'), ())


def rules() -> Mapping[str, Rule]:
    return RULES


def install() -> None:
    """From here on this is modelward.app."""
    import modelward

    here = sys.modules[__name__]
    sys.modules["modelward.app"] = here
    modelward.app = here  # type: ignore[attr-defined, unused-ignore]


if __name__ == "__main__":
    from modelward.cli.main import main

    install()
    sys.exit(main())
