"""Hand-made results."""

from __future__ import annotations

from dataclasses import replace

from modelward.core.digest import Digest
from modelward.core.finding import Finding, Location, Rule, Severity, Unexamined
from modelward.core.result import CheckResult, Coverage, Place, Reason, ScanResult, Waived, place_order

TREE = Digest("sha3_256", "ab" * 32)
FILE = Digest("sha256", "cd" * 32)

CALL = Rule(
    "pickle-dangerous-call",
    Severity.CRITICAL,
    "loading calls something dangerous",
    "pickle.load makes this call before it returns.",
    "Do not load it; remove it and tell whoever published it.",
    ("CWE-502", "AML.T0011.000", "ML06:2023", "GHSA-655q-fx9r-782v", "https://docs.python.org/3/library/pickle.html"),
)
NAME = Rule("zip-name-mismatch", Severity.MEDIUM, "two names", "Readers differ.", "Get it again.", ("CVE-2025-1944",))
CLASS = Rule("pickle-unknown-class", Severity.LOW, "an unknown class", "Its code may do anything.", "Read it.")
CODE = Rule("tree-python-file", Severity.INFO, "code among weights", "It runs where it is asked for.", "Read it.")
RULES = {rule.id: rule for rule in (CALL, NAME, CLASS, CODE)}


def found(
    rule: Rule = CALL,
    file: str = "optimizer.pkl",
    at: int | None = 68,
    inside: tuple[str, ...] = (),
    message: str = "loading this file runs a shell command",
    **evidence: str,
) -> Place:
    span = None if at is None else (at, at + 1)
    return Place(file, Finding(rule, Location(None, inside, span), message, tuple(sorted(evidence.items()))))


def gap(
    file: str = "big.safetensors",
    why: str = "Git LFS pointer; the 123,456 bytes it names are not here",
    do: str = "git lfs pull --include big.safetensors",
    at: int | None = None,
    inside: tuple[str, ...] = (),
) -> Place:
    return Place(file, Unexamined(Location(None, inside, None if at is None else (at, at + 1)), why, do))


def scanned(*places: Place, label: str = "minilm", files: tuple[str, ...] = ("config.json", "model.bin")) -> ScanResult:
    """A folder of *files* and of what *places* name, 1,000 bytes each."""
    names = sorted({*files, *(place.file for place in places if place.file)})
    ordered = sorted(places, key=place_order)
    size = 1000 * len(names)
    return ScanResult(
        label=label,
        digest=TREE,
        is_tree=True,
        findings=tuple(place for place in ordered if isinstance(place.said, Finding)),
        unexamined=tuple(place for place in ordered if isinstance(place.said, Unexamined)),
        coverage=Coverage(len(names), size, size, (("json", 1), ("pickle", len(names) - 1))),
        digests=dict.fromkeys(names, FILE),
        sizes=dict.fromkeys(names, 1000),
        rules="0.1.0 sha256:" + "ef" * 32,
    )


def lone(*places: Place, label: str = "optimizer.pkl") -> ScanResult:
    """A single file, which has no name of its own: its places name "" as their file."""
    return replace(
        scanned(*places, label=label, files=()),
        digest=FILE,
        is_tree=False,
        digests={"": FILE},
        sizes={"": 1000},
        coverage=Coverage(1, 1000, 1000, (("pickle", 1),)),
    )


def checked(
    scan: ScanResult, *reasons: Reason, waived: tuple[Waived, ...] = (), policy: str = "baseline"
) -> CheckResult:
    """What a policy would say that denies on medium and worse, and on every reason that is a need."""
    accepted = {waiver.place for waiver in waived}
    left = replace(
        scan,
        findings=tuple(place for place in scan.findings if place not in accepted),
        unexamined=tuple(place for place in scan.unexamined if place not in accepted),
    )
    outcome = "flagged" if any(reason.kind == "need" for reason in reasons) else left.outcome()
    return CheckResult(
        scan=scan,
        decision={"flagged": "deny", "incomplete": "incomplete", "clean": "allow"}[outcome],  # type: ignore[arg-type]
        policy_name=policy,
        policy_digest=FILE,
        reasons=reasons,
        waived=waived,
        not_asked=("signature", "dependencies", "provenance"),
        statements=(("urn:modelward:predicate:scan:1", FILE), ("urn:modelward:predicate:manifest:1", FILE)),
    )
