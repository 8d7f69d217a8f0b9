"""What one line pins for another: constraints, and other requirements of the same name.

https://pip.pypa.io/en/stable/user_guide/#constraints-files
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from modelward.checks.deps.inputs.addresses import union
from modelward.checks.deps.inputs.file_names import is_same_version
from modelward.checks.deps.inputs.markers import can_both_hold
from modelward.checks.deps.inputs.said import gap
from modelward.core.dependency import Gap, Hash, Package

_MOST = 100
"""Lines of one name that are held against each other that asks for it."""
_DO = "let both say the same version"


def constrain(packages: Sequence[Package], constraints: Iterable[Package]) -> Iterator[Package | Gap]:
    """*packages* as they are installed: pinned by a constraint, or by another of them, wherever both hold. Two that are
    pinned otherwise are compared in conflicts.py."""
    constraining, pinned = _by_name(constraints), _by_name(package for package in packages if package.version)
    for package in packages:
        by_which = constraining.get(package.name, [])
        if len(by_which) > _MOST:
            yield gap(package.at.file, package.at.line, f"more than {_MOST} lines constrain {package.name}", _DO)
        pins = [] if package.version else pinned.get(package.name, [])
        first = next((by for by in pins[:_MOST] if _holds(by, package)), None)
        yield from _constrained(package, (*by_which[:_MOST], *((first,) if first else ())))


def _holds(by: Package, package: Package) -> bool:
    return by.marker in ("", package.marker)


def _by_name(packages: Iterable[Package]) -> Mapping[str, list[Package]]:
    found: dict[str, list[Package]] = {}
    for package in packages:
        found.setdefault(package.name, []).append(package)
    return found


def _constrained(package: Package, by_which: Iterable[Package]) -> Iterator[Package | Gap]:
    for by in by_which:
        # an address takes the package away from its index wherever its marker holds, be it in a single environment
        is_elsewhere = by.origin.kind != "unstated" and can_both_hold(by.marker, package.marker)
        if not (_holds(by, package) or is_elsewhere):
            continue
        if contradiction := _contradiction(package, by):
            yield contradiction
        elif package.origin.kind == "unstated":
            version = package.version or by.version
            specifier = "" if version else package.specifier
            shared = _either(package.hashes, by.hashes)
            package = package._replace(version=version, specifier=specifier, origin=by.origin, hashes=shared)
    yield package


def _either(one: tuple[Hash, ...], other: tuple[Hash, ...]) -> tuple[Hash, ...]:
    """pip takes the hashes that both allow, or those of the one line that has any. Where nothing has both it fails."""
    if not one or not other:
        return union(one, other)
    return tuple(hash for hash in one if hash in other) or one


def _contradiction(package: Package, by: Package) -> Gap | None:
    if not by.version or (package.version and is_same_version(package.version, by.version)):
        return None
    if package.version or (package.specifier and not _allows(package.specifier, by.version)):
        why = f"line {by.at.line:,} of {by.at.file} pins {package.name} to {by.version}, which this line excludes"
        return gap(package.at.file, package.at.line, why, _DO)
    return None


def _allows(specifier: str, version: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(specifier.strip("()")).contains(version, prereleases=True)
    except InvalidSpecifier:
        return False
