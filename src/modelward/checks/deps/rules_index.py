"""Which index a package comes from, whether it may, and whether the advisories are about that index.

No index is trusted by its address: the advisories name theirs, the policy names mirrors, and an index that mostly
carries well-known public names is taken for a mirror, which the audit says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from modelward.checks.deps.known import popular
from modelward.checks.deps.rules import ANY_INDEX, WRONG_INDEX
from modelward.core.dependency import Graph, Package
from modelward.core.dependency_policy import DependencyPolicy, IndexRule
from modelward.core.finding import Finding, Location

ELSEWHERE: Mapping[str, str] = {
    "torchtriton": "PyTorch's nightly index; whoever registered it on the public one stole data with it (2022-12)",
}
"""Names that are at home on one index, and dangerous on every other: https://pytorch.org/blog/compromised-nightly-dependency/"""


class Covered(NamedTuple):
    """Indexes whose packages the advisories are about."""

    urls: frozenset[str]
    notes: tuple[str, ...]
    """Why some of them are thought to be."""

    def why_not(self, package: Package, others: Iterable[str]) -> str:
        """Why it cannot be known whether the advisories are about *package*; empty if they are. *others* are indexes
        that its file names besides."""
        kind, url = package.origin
        if kind == "index":
            return "" if _normal(url) in self.urls else f"no advisories are known to be about the index {url}"
        if kind != "unstated":
            return f"it comes from {url or 'a folder'}, which no advisories are about"
        foreign = sorted(other for other in others if _normal(other) not in self.urls)
        return f"it may come from {foreign[0]}, which no advisories are known to be about" if foreign else ""


def covered(graph: Graph, hosts: frozenset[str], settings: DependencyPolicy) -> Covered:
    """*hosts* are those of the indexes that the advisories themselves name. Where the policy names mirrors, nothing
    else is taken for one."""
    names: dict[str, set[str]] = {}
    for package in graph.packages:
        if package.origin.kind == "index":
            names.setdefault(_normal(package.origin.url), set()).add(package.name)
    for _, url in graph.indexes:
        names.setdefault(_normal(url), set()).update(
            package.name for package in graph.packages if package.origin.kind == "unstated"
        )
    mirrors = {_normal(url) for url in settings.mirrors}
    urls, notes = set(mirrors), list[str]()
    for url, carried in sorted(names.items()):
        if url in mirrors:
            continue
        if (urlsplit(url).hostname or "") in hosts:
            urls.add(url)
        elif not mirrors:
            public = sum(name in popular() for name in carried)
            if 2 * public > len(carried):
                urls.add(url)
                notes.append(
                    f"{url} is taken for a mirror of the public index: {public:,} of the {len(carried):,} names from "
                    "it are well-known ones (a policy can name its mirrors instead)"
                )
    return Covered(frozenset(urls), tuple(notes))


def wrong_index(package: Package, settings: DependencyPolicy) -> Iterator[Finding]:
    """By the policy; and of the names that are known to belong elsewhere, whatever the policy."""
    rule = next((rule for rule in settings.indexes if rule.holds(package.name)), None)
    facts = [("package", package.name), ("version", package.version)]
    came = package.origin.url or "the index that the installer is set to"
    if rule is not None:
        if not _comes_from(package, rule):
            message = f"{package.name} comes from {came}; by the policy it may come from {rule.url} alone"
            yield Finding(WRONG_INDEX, Location(None), message, (*facts, ("index", came), ("expected", rule.url)))
    elif package.name in ELSEWHERE and package.origin.kind in ("index", "unstated"):
        message = f"{package.name} comes from {came}; it belongs on {ELSEWHERE[package.name]}"
        yield Finding(WRONG_INDEX, Location(None), message, (*facts, ("index", came)))


def any_index(package: Package, others: Iterable[str], settings: DependencyPolicy) -> Iterator[Finding]:
    """*others* are indexes that its file names beside the one that the installer is set to."""
    bound = any(rule.holds(package.name) for rule in settings.indexes)
    named = sorted(set(others))
    if named and package.origin.kind == "unstated" and not (package.is_hashed or package.is_installed or bound):
        message = f"{package.name} may come from {named[0]} or any other index, whichever has the highest version"
        facts = (("package", package.name), ("version", package.version), ("index", ", ".join(named)))
        yield Finding(ANY_INDEX, Location(None), message, facts)


def _comes_from(package: Package, rule: IndexRule) -> bool:
    return package.origin.kind == "index" and _normal(package.origin.url) == _normal(rule.url)


def _normal(url: str) -> str:
    """What tells two indexes apart: case of scheme and host, and a slash at the end, do not."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
