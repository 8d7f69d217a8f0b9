"""References of rules as links and as tags."""

from __future__ import annotations

import re

_LINKS = (
    (re.compile(r"CWE-(\d+)"), r"https://cwe.mitre.org/data/definitions/\1.html"),
    (re.compile(r"(AML\.T\d{4}(?:\.\d{3})?)"), r"https://atlas.mitre.org/techniques/\1"),
    (re.compile(r"(GHSA(?:-[0-9a-z]{4}){3})"), r"https://github.com/advisories/\1"),
    (re.compile(r"(CVE-\d{4}-\d{4,})"), r"https://www.cve.org/CVERecord?id=\1"),
    (re.compile(r"ML\d{2}(?::2023)?"), "https://owasp.org/www-project-machine-learning-security-top-10/"),
    (re.compile(r"LLM\d{2}(?::2025)?"), "https://genai.owasp.org/llm-top-10/"),
    (re.compile(r"(https://.+)"), r"\1"),
)


def link(reference: str) -> str:
    """Where a reference can be read, "" if it is of no kind that we know."""
    for pattern, target in _LINKS:
        found = pattern.fullmatch(reference)
        if found:
            return found.expand(target)
    return ""


def tags(references: tuple[str, ...]) -> list[str]:
    """The identifiers among the references. A CWE appears in the form that code scanning filters by, too."""
    plain = [reference for reference in references if not reference.startswith("https://")]
    weaknesses = [f"external/cwe/{reference.lower()}" for reference in plain if reference.startswith("CWE-")]
    return sorted({*plain, *weaknesses})
