"""What a run found, ready to be reported: the only thing that reports and exit codes depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from modelward.core.digest import Digest
from modelward.core.errors import Defect, one_line
from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.remote import Remote
from modelward.core.verdict import UNEXAMINED, Decision

Outcome = Literal["clean", "flagged", "incomplete"]

EXIT: Mapping[Outcome | Decision, int] = {"clean": 0, "allow": 0, "flagged": 1, "deny": 1, "incomplete": 3}

_GRAVITY = (4, 2, 1, 3)


def gravest(codes: Iterable[int]) -> int:
    """The exit code of a run over several targets: not having run weighs most, then a denial."""
    seen = set(codes)
    return next((code for code in _GRAVITY if code in seen), 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Something said about one file. *file* is its escaped path relative to the target (see
    canonical.escape_bytes), "" for the tree itself or a lone file."""

    file: str
    said: Finding | Unexamined

    def __str__(self) -> str:
        said = self.said
        if isinstance(said, Finding):
            what = f"{said.severity}[{said.rule.id}]: {said.message}"
        else:
            what = f"unexamined: {said.why}"
        where = [" > ".join(filter(None, (self.file, *said.at.inside)))]
        where += [f"byte {said.at.span[0]}"] if said.at.span else []
        return one_line(f"{what} ({', '.join(filter(None, where))})" if any(where) else what)


def place_order(place: Place) -> tuple[int, str, tuple[str, ...], tuple[int, int], str]:
    """Sort key: severest first, then file, then position. What is unexamined has no severity."""
    said = place.said
    severity, what = (said.severity, said.rule.id) if isinstance(said, Finding) else (Severity.INFO, said.why)
    return -severity, place.file, said.at.inside, said.at.span or (-1, -1), what


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was looked at. *formats* counts files by format, for people."""

    files: int
    bytes: int
    examined_bytes: int
    formats: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What the bytes of one target say. Findings and gaps are in place_order."""

    label: str
    """The target as it was named on the command line, escaped like a path. Never trusted."""
    digest: Digest | None
    """None where it is not known, since a target far away was read in part."""
    is_tree: bool
    findings: tuple[Place, ...]
    unexamined: tuple[Place, ...]
    coverage: Coverage
    digests: Mapping[str, Digest]
    """sha256 of each file by its path; "" is a lone file."""
    sizes: Mapping[str, int]
    rules: str
    """Version and digest of the rule set."""
    excluded: tuple[str, ...] = ()
    """Paths that --exclude matched; for a folder its own path alone."""
    left_out: tuple[str, ...] = ()
    """What never belongs to a tree and was there: .git, a download cache."""
    defects: tuple[str, ...] = ()
    """Files that modelward itself failed on. Each has a gap, too."""
    baselined: tuple[Place, ...] = ()
    """Those of the findings that a baseline lists, in the same order: they were there before."""
    remote: Remote | None = None
    """Of a target far away."""

    @property
    def is_partial(self) -> bool:
        """Whether bytes were left where they are: such a scan is about no digest, and never clean."""
        return self.digest is None

    @property
    def paths(self) -> frozenset[str]:
        """Every file that anything is known of, those included that could not be read."""
        gaps = {place.file for place in self.unexamined if place.file or not self.is_tree}
        return frozenset(self.digests) | gaps

    def outcome(self, fail_on: Severity = Severity.MEDIUM) -> Outcome:
        """Clean is only what was looked at whole, with no new finding of *fail_on* or worse."""
        if any(isinstance(place.said, Finding) and place.said.severity >= fail_on for place in self.new):
            return "flagged"
        return "incomplete" if self.unexamined or self.is_partial else "clean"

    def __str__(self) -> str:
        counts = f"findings {len(self.findings):,}, unexamined {len(self.unexamined):,}, files {len(self.paths):,}"
        return one_line(f"{self.outcome()}: {counts} ({self.label})")

    @property
    def new(self) -> tuple[Place, ...]:
        """The findings that no baseline lists."""
        known = set(self.baselined)
        return tuple(place for place in self.findings if place not in known)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is not an allow: a rule that fired, or a need of the policy that is not met.
    What was not examined is the need verdict.UNEXAMINED, once for each gap."""

    what: str
    kind: Literal["rule", "need"]
    file: str
    why: str


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding or a gap that the policy accepts for this very content, until a day, for a reason.
    *place* equals the one among the findings or the gaps of the scan."""

    place: Place
    until: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A file of evidence that does not count, and why."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict of a policy on one target, and what it rests on."""

    scan: ScanResult
    decision: Decision
    policy_name: str
    policy_digest: Digest
    reasons: tuple[Reason, ...] = ()
    waived: tuple[Waived, ...] = ()
    not_asked: tuple[str, ...] = ()
    """Kinds of evidence that exist and that this policy does not ask for."""
    statements: tuple[tuple[str, Digest], ...] = ()
    """Predicate type and sha256 of each statement that was made, or admitted."""
    refused: tuple[Refused, ...] = ()

    def __str__(self) -> str:
        return one_line(f"{self.decision}: reasons {len(self.reasons):,} (policy {self.policy_name}); {self.scan}")

    @property
    def unmet(self) -> tuple[Reason, ...]:
        """Needs other than that everything be examined: the gaps speak for themselves."""
        return tuple(reason for reason in self.reasons if reason.kind == "need" and reason.what != UNEXAMINED)


@dataclass(frozen=True, slots=True)
class Failure:
    """A target among several that could not be judged at all: the error, and its exit code."""

    label: str
    why: str
    exit_code: int


Report = ScanResult | CheckResult | Failure
"""What one target of a run came to."""


def exit_code(report: Report, fail_on: Severity = Severity.MEDIUM) -> int:
    """What the run exits with for this target alone."""
    if isinstance(report, Failure):
        return report.exit_code
    if (report.scan if isinstance(report, CheckResult) else report).defects:
        return Defect.exit_code
    return EXIT[report.decision if isinstance(report, CheckResult) else report.outcome(fail_on)]
