"""The cases of the rules, tests/cases/<rule-id>/case.py. The folders' names are no module names.

What a case makes is written into a folder, and what has the rule looks at that. For a rule about packages it is a tree,
in which `osv/` is the feed that a database is made of, `policy.toml` the policy, `approved/` the wheels that were
approved, and `host/` the texts about the host. Everything else at its top is what the audit is about: see packages.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from tests.corpus.hostile import samples

from modelward.checks.scan.model import FileScan
from modelward.checks.scan.walk import examine
from modelward.core.digest import Digest
from modelward.core.finding import Severity
from modelward.core.limits import Limits
from modelward.core.result import Outcome
from modelward.formats.source import BytesSource

FOLDER = Path(__file__).parent.parent / "cases"
LIMITS = Limits()
Content = bytes | Mapping[str, bytes]
"""A lone file, or the files of a tree by path."""


@dataclass(frozen=True, slots=True)
class Case:
    fires: Callable[[], Content]
    quiet: Callable[[], Content]


@cache
def load(rule: str) -> Case:
    spec = spec_from_file_location(f"case_{rule.replace('-', '_')}", FOLDER / rule / "case.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return Case(module.fires, module.quiet)


def cased() -> list[str]:
    """The rules that have a case."""
    return sorted(path.parent.name for path in FOLDER.glob("*/case.py"))


@cache
def files() -> Mapping[str, bytes]:
    """Every file there is, by a name for people: what fires, what stays quiet, and the hostile samples."""
    found = {sample.name: sample.data for sample in samples()}
    for rule in cased():
        for side, make in (("fires", load(rule).fires), ("quiet", load(rule).quiet)):
            content = make()
            tree = {"": content} if isinstance(content, bytes) else content
            found |= {f"{rule}.{side}{path and '.' + path}": data for path, data in tree.items()}
    return found


def write(content: Content, target: Path) -> None:
    for path, data in {"": content}.items() if isinstance(content, bytes) else content.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(data)


def scan(data: bytes) -> FileScan:
    return examine(BytesSource(data), LIMITS)


def digest(data: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(data).hexdigest())


def outcome(found: FileScan) -> Outcome:
    """As the application sees it."""
    if any(finding.severity >= Severity.MEDIUM for finding in found.findings):
        return "flagged"
    return "incomplete" if found.unexamined else "clean"
