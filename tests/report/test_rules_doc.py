"""docs/rules.md says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.report.samples import CALL, CODE, RULES

from modelward.report.references import link, tags
from modelward.report.rules_doc import render, section

ROOT = Path(__file__).parents[2]


def test_a_section_holds_all_that_a_rule_says() -> None:
    assert (
        section(CALL)
        == """\
### pickle-dangerous-call

**critical**: loading calls something dangerous

Why: pickle.load makes this call before it returns.

Do: Do not load it; remove it and tell whoever published it.

- CWE-502: <https://cwe.mitre.org/data/definitions/502.html>
- AML.T0011.000: <https://atlas.mitre.org/techniques/AML.T0011.000>
- ML06:2023: <https://owasp.org/www-project-machine-learning-security-top-10/>
- GHSA-655q-fx9r-782v: <https://github.com/advisories/GHSA-655q-fx9r-782v>
- <https://docs.python.org/3/library/pickle.html>
"""
    )


def test_a_rule_without_references_has_no_empty_list() -> None:
    assert section(CODE).endswith("Do: Read it.\n")


def test_rules_are_grouped_by_prefix_and_every_id_is_an_anchor() -> None:
    document = render(RULES)
    assert re.findall(r"(?m)^## (.+)$", document) == ["pickle", "tree", "zip"]
    assert re.findall(r"(?m)^### (.+)$", document) == sorted(RULES)


def test_references_of_unknown_kinds_are_kept_without_a_link() -> None:
    assert link("RFC 1951") == ""
    assert tags(("RFC 1951", "https://example.org", "CWE-22")) == ["CWE-22", "RFC 1951", "external/cwe/cwe-22"]
