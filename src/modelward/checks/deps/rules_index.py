"""Which index a package comes from, whether it may, and whether the advisories are about that index.

No index is trusted by its address: the advisories name theirs, the policy names mirrors, and the one index that most of
a lock is from is taken for a mirror where it carries well-known public names alone, which the audit says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from modelward.checks.deps.known import machine_learning, popular
from modelward.checks.deps.rules import ANY_INDEX, WRONG_INDEX
from modelward.core.dependency import Graph, Origin, Package
from modelward.core.dependency_policy import DependencyPolicy, IndexRule
from modelward.core.finding import Finding, Location

ELSEWHERE: Mapping[str, str] = {
    "torchtriton": "PyTorch's nightly index; whoever registered it on the public one stole data with it (2022-12)",
}
"""Names that are at home on one index, and dangerous on every other: https://pytorch.org/blog/compromised-nightly-dependency/"""

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?P<path>/[!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
"""Of an index or a file there, as everybody reads it. Clients disagree on others, such as those with a backslash."""
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_MIRRORS_CARRY = 0.9
"""Of the names from an index, those that must be well-known."""
_ENOUGH = 3
"""Names that say something: any index may carry a copy of a well-known package or two."""


class Covered(NamedTuple):
    """Indexes whose packages the advisories are about."""

    urls: frozenset[str]
    hosts: Mapping[tuple[str, Origin], str]
    """For each document and index in it, where most of its packages have their files."""
    mirrors: frozenset[str]
    """Hosts that the policy names."""
    guess: str = ""
    """That of *urls* which only the names speak for."""
    known: frozenset[str] = frozenset()
    """Names of the packages in question that are well-known."""
    notes: tuple[str, ...] = ()

    def why_not(self, package: Package, others: Iterable[str]) -> str:
        """Why it cannot be known whether the advisories are about *package*; empty if they are. *others* are indexes
        that its file names besides."""
        kind, url = package.origin
        if kind not in ("index", "unstated"):
            return f"it comes from {url or 'a folder'}, which no advisories are about"
        if kind == "index":
            if _normal(url) not in self.urls:
                return f"no advisories are known to be about the index {url}"
            if _normal(url) == self.guess and package.name not in self.known:
                return f"it is no well-known package, and {url} is only taken for a mirror of the public index"
        elif foreign := sorted(other for other in others if _normal(other) not in self.urls):
            return f"it may come from {foreign[0]}, which no advisories are known to be about"
        return self._astray(package)

    def _astray(self, package: Package) -> str:
        """Installers fetch the address that a lock has for a file, and ask no index."""
        usual = self.hosts.get((package.at.file, package.origin), "")
        allowed = {usual, _host(package.origin.url), *self.mirrors}
        stray = next((host for host in _file_hosts(package) if host not in allowed), None)
        where = f"those of most others from its index at {usual}" if usual else "those of others elsewhere"
        return "" if stray is None else f"a file of it lies at {stray}, {where}"


def covered(
    graph: Graph, hosts: frozenset[str], settings: DependencyPolicy, named: Collection[str] = frozenset()
) -> Covered:
    """*hosts* are those of the indexes that the advisories themselves name, and *named* the packages that they name.
    Where the policy names mirrors, nothing else is taken for one."""
    mirrors = frozenset(map(_normal, settings.mirrors))
    stated = {url for _, url in graph.indexes} | {
        one.origin.url for one in graph.packages if one.origin.kind == "index"
    }
    urls = mirrors | {_normal(url) for url in stated if url.startswith("https:") and _host(url) in hosts}
    known = frozenset(
        one.name
        for one in graph.packages
        if one.name in popular() or one.name in named or one.name in machine_learning()
    )
    found = Covered(urls, _usual_hosts(graph.packages), frozenset(map(_host, mirrors)), known=known)
    reserved = {_normal(rule.url) for rule in settings.indexes}
    guess = None if urls else _main_index(graph, known)
    if guess is None or guess.url in reserved:
        return found
    note = (
        f"{guess.url} is taken for a mirror of the public index: {guess.known:,} of the {guess.names:,} names from it "
        "are well-known ones (a policy can name its mirrors instead)"
    )
    return found._replace(urls=frozenset({guess.url}), guess=guess.url, notes=(note,))


class _Guess(NamedTuple):
    url: str
    names: int
    known: int


def _main_index(graph: Graph, known: Collection[str]) -> _Guess | None:
    """The index that most names with one are from, where nearly all of these are known. Any second index may be there
    to put a package of its own under a known name, and is never taken for a mirror."""
    carried: dict[str, set[str]] = {}
    for package in graph.packages:
        if package.origin.kind == "index" and _host(package.origin.url):
            carried.setdefault(_normal(package.origin.url), set()).add(package.name)
    if not carried:
        return None
    url, names = max(carried.items(), key=lambda item: len(item[1]))
    public = len(names.intersection(known))
    is_main = 2 * len(names) > sum(map(len, carried.values()))
    are_public = public >= max(_ENOUGH, _MIRRORS_CARRY * len(names))
    return _Guess(url, len(names), public) if is_main and are_public else None


def _usual_hosts(packages: Iterable[Package]) -> dict[tuple[str, Origin], str]:
    found: dict[tuple[str, Origin], Counter[str]] = {}
    for package in packages:
        if package.files:
            found.setdefault((package.at.file, package.origin), Counter()).update(_file_hosts(package))
    usual = {}
    for place, hosts in found.items():
        (host, times), *_ = hosts.most_common(1) or [("", 0)]
        if 2 * times > hosts.total() and _host(f"https://{host}"):
            usual[place] = host
    return usual


def _file_hosts(package: Package) -> list[str]:
    """Each once; none of files that lie beside the lock."""
    addresses = {file.url for file in package.files if "//" in file.url or "\\" in file.url}
    return sorted({_host(address) or address for address in addresses})


def wrong_index(package: Package, settings: DependencyPolicy) -> Iterator[Finding]:
    """By the policy; and of the names that are known to belong elsewhere, whatever the policy."""
    rule = _rule(package, settings)
    facts = [("package", package.name), ("version", package.version)]
    came = package.origin.url or "the index that the installer is set to"
    if rule is not None:
        if not _comes_from(package, rule) and not _is_nowhere_said(package):
            message = f"{package.name} comes from {came}; by the policy it may come from {rule.url} alone"
            yield Finding(WRONG_INDEX, Location(None), message, (*facts, ("index", came), ("expected", rule.url)))
    elif package.name in ELSEWHERE and package.origin.kind in ("index", "unstated"):
        message = f"{package.name} comes from {came}; it belongs on {ELSEWHERE[package.name]}"
        yield Finding(WRONG_INDEX, Location(None), message, (*facts, ("index", came)))


def unsaid_index(package: Package, settings: DependencyPolicy) -> str:
    """Why it is not known whether *package* comes from where the policy wants it from; empty if it is."""
    rule = _rule(package, settings)
    if rule is None or not _is_nowhere_said(package):
        return ""
    return f"nothing says from which index it came; by the policy it may come from {rule.url} alone"


def any_index(package: Package, others: Iterable[str], settings: DependencyPolicy) -> Iterator[Finding]:
    """*others* are indexes that its file names beside the one that the installer is set to."""
    bound = _rule(package, settings) is not None
    named = sorted(set(others))
    if named and package.origin.kind == "unstated" and not (package.is_hashed or package.is_installed or bound):
        message = f"{package.name} may come from {named[0]} or any other index, whichever has the highest version"
        facts = (("package", package.name), ("version", package.version), ("index", ", ".join(named)))
        yield Finding(ANY_INDEX, Location(None), message, facts)


def _rule(package: Package, settings: DependencyPolicy) -> IndexRule | None:
    return next((rule for rule in settings.indexes if rule.holds(package.name)), None)


def _is_nowhere_said(package: Package) -> bool:
    """What lies in an environment or a wheelhouse does not say where it came from, and may have come from anywhere."""
    return package.origin.kind == "unread" or (package.is_installed and package.origin.kind == "unstated")


def _comes_from(package: Package, rule: IndexRule) -> bool:
    return package.origin.kind == "index" and _normal(package.origin.url) == _normal(rule.url)


def _normal(url: str) -> str:
    """What tells two indexes apart: case of scheme and host, the usual port, and a slash at the end, do not."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return url
    scheme = found["scheme"].lower()
    port = f":{found['port']}" if found["port"] not in (None, _DEFAULT_PORTS[scheme]) else ""
    return f"{scheme}://{found['host'].lower()}{port}{(found['path'] or '').rstrip('/')}"


def _host(url: str) -> str:
    """With its port, if that is not the usual one; empty for what is no plain address."""
    return _normal(url).partition("://")[2].partition("/")[0] if _ADDRESS.fullmatch(url) else ""
