"""Every rule has a case that shows what it finds, and says what it must say."""

from __future__ import annotations

import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from tests.conformance.cases import Content, cased, load, write
from tests.conformance.packages import DAY, audited

from modelward import app
from modelward.app.source_audit import audit
from modelward.checks import deps, scan
from modelward.checks.deps.all_rules import RULES as DEPS
from modelward.checks.pins import rules as pins
from modelward.checks.scan.rules import RULES as SCANNED
from modelward.core.finding import Finding, Rule

RULES = {**SCANNED, **pins.RULES, **DEPS}
EVERY = sorted(RULES)


def modules(package: ModuleType) -> list[ModuleType]:
    return [import_module(found.name) for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


LISTS = {"scan": (modules(scan), SCANNED), "deps": (modules(deps), DEPS)}
"""The modules of a check, and the list of its rules."""


def test_every_rule_has_a_case() -> None:
    assert [rule for rule in EVERY if rule not in cased()] == []


def test_every_case_has_a_rule() -> None:
    assert [rule for rule in cased() if rule not in RULES] == []


def found_in(content: Content, target: Path, rule: str) -> set[str]:
    """What whoever has *rule* finds: the audit of sources, that of dependencies, or the scan."""
    write(content, target)
    if rule in DEPS:
        said = [one.said for one in audited(target).audit.findings]
    else:
        said = [one.said for one in (audit([str(target)]) if rule in pins.RULES else app.scan(str(target))).findings]
    return {finding.rule.id for finding in said if isinstance(finding, Finding)}


@pytest.fixture(autouse=True)
def the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)


@pytest.mark.parametrize("rule", EVERY)
def test_rule_fires(rule: str, tmp_path: Path) -> None:
    assert rule in found_in(load(rule).fires(), tmp_path / "target", rule)


@pytest.mark.parametrize("rule", EVERY)
def test_rule_stays_quiet(rule: str, tmp_path: Path) -> None:
    assert rule not in found_in(load(rule).quiet(), tmp_path / "target", rule)


# --- form ---

REFERENCE = re.compile(
    r"CWE-\d+"
    r"|CVE-\d{4}-\d{4,}"
    r"|GHSA(-[23456789cfghjmpqrvwx]{4}){3}"
    r"|AML\.T\d{4}(\.\d{3})?"  # MITRE ATLAS
    r"|(LLM|ML)\d\d(:20\d\d)?"  # OWASP
    r"|https://[^\s<>\"]+"
)
SENTENCES = re.compile(r"[A-Z_].*[.]", re.DOTALL)


@pytest.mark.parametrize("rule", EVERY)
def test_rule_is_well_formed(rule: str) -> None:
    body = RULES[rule]
    assert body.id == rule
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule)
    assert re.fullmatch(r"([A-Z]{2}|[a-z0-9]).{9,79}(?<![.,:;!])", body.title)  # a name in capitals stays so
    for text in (body.why, body.do):
        # a name of something, which keeps its own case, may stand first
        assert SENTENCES.fullmatch(text[0].upper() + text[1:])
        assert len(text) <= 300
        assert "\n" not in text and "  " not in text


@pytest.mark.parametrize("rule", EVERY)
def test_references_are_ids_and_links(rule: str) -> None:
    references = RULES[rule].references
    assert references
    assert [reference for reference in references if not REFERENCE.fullmatch(reference)] == []
    assert len(set(references)) == len(references)
    assert any(reference.startswith(("CWE-", "AML.", "CVE-", "GHSA-")) for reference in references)


def test_every_title_is_its_own() -> None:
    assert [title for title, count in Counter(rule.title for rule in RULES.values()).items() if count > 1] == []


# --- registration ---


def registered(module: ModuleType) -> tuple[Rule, ...]:
    listed = getattr(module, "RULES", ())
    return listed if isinstance(listed, tuple) else ()


def made(module: ModuleType) -> Iterator[Rule]:
    """The rules that a module holds, by name or in a table."""
    for value in vars(module).values():
        for item in value.values() if isinstance(value, dict) else (value,):
            if isinstance(item, Rule):
                yield item


@pytest.mark.parametrize("check", sorted(LISTS))
def test_every_rule_is_registered_in_exactly_one_module(check: str) -> None:
    found, rules = LISTS[check]
    times = Counter(rule.id for module in found for rule in registered(module))
    assert [rule for rule, count in times.items() if count > 1] == []
    assert sorted(times) == sorted(rules)


def test_every_rule_that_is_made_is_registered() -> None:
    found = [module for listed, _ in LISTS.values() for module in listed]
    assert {rule.id for module in (*found, pins) for rule in made(module)} - set(RULES) == set()


def test_no_rule_is_in_two_lists() -> None:
    assert len(RULES) == len(SCANNED) + len(pins.RULES) + len(DEPS)
