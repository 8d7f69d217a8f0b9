"""What an SBOM in a package says that was built into it: https://peps.python.org/pep-0770/

CycloneDX (https://cyclonedx.org/docs/1.6/json/) and SPDX 2 (https://spdx.github.io/spdx-spec/v2.3/), both as JSON.
It is the word of whoever built the package: what it leaves out is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from modelward.checks.deps.inputs.file_names import is_same_version
from modelward.checks.deps.inputs.said import gap
from modelward.core import canonical
from modelward.core.dependency import Bundled, Gap, Origin, Package, canonical_name
from modelward.core.errors import Malformed
from modelward.core.source_audit import Spot

_MOST = 100_000
_PYPI = re.compile(r"pkg:/*pypi/([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:@([^?#]*))?(?:[?#].*)?", re.IGNORECASE)
"""https://github.com/package-url/purl-spec/blob/main/types-doc/pypi-definition.md"""
_IS_PYPI = re.compile(r"pkg:/*pypi/", re.IGNORECASE)
_DO = "ask those who build the package for an SBOM in CycloneDX or SPDX 2 as JSON"


class Sbom(NamedTuple):
    packages: tuple[Package, ...] = ()
    """Copies of Python packages, which advisories can be about."""
    others: tuple[Bundled, ...] = ()
    gaps: tuple[Gap, ...] = ()


class _Component(NamedTuple):
    name: str
    version: str
    purl: str
    is_there: bool = True
    """Whether it says that this is a part of what runs."""


def read(raw: bytes, file: str, owner: Package | None) -> Sbom:
    """*owner* is the package that has it, which is no library in itself."""
    try:
        return _sorted(list(dict.fromkeys(_components(canonical.decode(raw)))), file, owner)
    except Malformed as error:
        return Sbom(gaps=(gap(file, 1, f"the SBOM cannot be read: {error}", _DO),))


def _sorted(found: list[_Component], file: str, owner: Package | None) -> Sbom:
    packages, others = list[Package](), list[Bundled]()
    for one in found:
        if not one.name:
            raise Malformed("a component in it has no name")
        match = _PYPI.fullmatch(one.purl)
        if match is None and _IS_PYPI.match(one.purl):
            raise Malformed("it names a Python package by a name that none can have")
        version = (unquote(match[2] or "") or one.version) if match else ""
        if match is None or not version or not one.is_there:
            others.append(Bundled(one.name, one.version, one.purl, file))
            continue
        name = canonical_name(match[1])
        if owner is None or (name, is_same_version(version, owner.version)) != (owner.name, True):
            packages.append(Package(name, version, Spot(file, 1, 1), Origin("unstated"), is_installed=True))
    return Sbom(tuple(dict.fromkeys(packages)), tuple(others))


def _components(body: object) -> Iterator[_Component]:
    if isinstance(body, dict) and body.get("bomFormat") == "CycloneDX":
        return _cyclonedx(body)
    if isinstance(body, dict) and str(body.get("spdxVersion", "")).startswith("SPDX-2."):
        return _spdx(body)
    raise Malformed("it is neither CycloneDX nor SPDX 2")


def _cyclonedx(body: dict[str, Any]) -> Iterator[_Component]:
    """All of them, those inside others too, but for what stands for a file. What `metadata` names is the package."""
    left = _objects(body, "components")
    for _ in range(_MOST):
        if not left:
            return
        one = left.pop()
        left += _objects(one, "components")
        if one.get("type") != "file" or "purl" in one:
            is_there = one.get("scope") != "excluded"
            yield _Component(_text(one, "name"), _text(one, "version"), _text(one, "purl"), is_there)
    raise Malformed(f"more than {_MOST:,} components are not read")


def _spdx(body: dict[str, Any]) -> Iterator[_Component]:
    packages = _objects(body, "packages")
    if len(packages) > _MOST:
        raise Malformed(f"more than {_MOST:,} packages are not read")
    for one in packages:
        refs = _objects(one, "externalRefs")
        purls = [_text(ref, "referenceLocator") for ref in refs if ref.get("referenceType") == "purl"]
        version = _text(one, "versionInfo").replace("NOASSERTION", "")
        for purl in purls or [""]:
            yield _Component(_text(one, "name"), version, purl)


def _objects(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = body.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Malformed(f"its {key!r} is no list of objects")
    return list(reversed(found))


def _text(body: dict[str, Any], key: str) -> str:
    found = body.get(key, "")
    if not isinstance(found, str):
        raise Malformed(f"a {key!r} in it is no text")
    return found
