"""One requirement, without the options behind it: what pip understands by it.

https://packaging.python.org/en/latest/specifications/dependency-specifiers/

Most lines of a lock are `name==version`, perhaps with a simple marker. Those are read by one expression that accepts
less than the specification does; for the rest `packaging` is imported.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from modelward.checks.deps.inputs import addresses, file_names, hashes
from modelward.core.dependency import Hash, Origin, canonical_name
from modelward.core.errors import Malformed

UNSTATED = Origin("unstated")

_ID = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_EXTRAS = rf"\[[ \t]*(?:{_ID}(?:[ \t]*,[ \t]*{_ID})*)?[ \t]*\]"
_VERSION = r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?(?:\+[a-z0-9]+(?:\.[a-z0-9]+)*)?"
_VARIABLE = (
    "python_version|python_full_version|os_name|sys_platform|platform_release|platform_system|platform_version|"
    "platform_machine|platform_python_implementation|implementation_name|implementation_version"
)
_CLAUSE = rf"(?:{_VARIABLE})[ ]?(?:==|!=|<=|>=|<|>|[ ]in[ ]|[ ]not in[ ])[ ]?(?:'[^'\"\\]*'|\"[^'\"\\]*\")"
_PIN = re.compile(
    rf"({_ID})[ ]?(?:{_EXTRAS})?[ ]?==[ ]?({_VERSION})(?:[ ]*;[ ]*({_CLAUSE}(?:[ ](?:and|or)[ ]{_CLAUSE})*))?", re.ASCII
)
_START = re.compile(rf"({_ID})[ \t]*(?:{_EXTRAS})?", re.ASCII)
_DIRECT = re.compile(rf"({_ID})[ \t]*(?:{_EXTRAS})?[ \t]*@[ \t]*(\S+)", re.ASCII)
_EXTRAS_BEHIND = re.compile(r"\[[^\[\]]*\]$")
_URL_SCHEMES = ("http", "https", "file", "ftp")
LONGEST = 10_000
"""Characters of a requirement, or of an address: some expressions take time that grows with the square of them."""

_NOT_ONE = "this is no requirement that pip understands"
_NAMELESS = "nothing here says which package it is: a folder, a repository or an archive can hold any"
_NOT_THE_NAME = "the line names one package, and the file at its address another"


class Requirement(NamedTuple):
    name: str
    """As canonical_name gives it."""
    version: str = ""
    specifier: str = ""
    marker: str = ""
    origin: Origin = UNSTATED
    hashes: tuple[Hash, ...] = ()
    """From the fragment of an address."""


def parse(text: str) -> Requirement:
    """Raises Malformed: why it cannot be understood, or which package it is cannot be said."""
    if len(text) > LONGEST:
        raise Malformed(f"a requirement of more than {LONGEST:,} characters is not read")
    if found := _PIN.fullmatch(text):
        return Requirement(canonical_name(found[1]), found[2], marker=found[3] or "")
    scheme = addresses.scheme_of(text)
    is_address = scheme in _URL_SCHEMES or "+" in scheme
    asked, marker = _split(text, "; " if is_address else ";")
    if is_address:
        return _at_address(asked, marker, "")
    if found := _DIRECT.fullmatch(asked):
        return _at_address(found[2], marker, canonical_name(found[1]))
    path = _EXTRAS_BEHIND.sub("", asked)
    if "===" not in asked and (re.search(r"[/\\]", path) or path.startswith(".") or file_names.is_distribution(path)):
        return _at_address(path, marker, "")
    return _from_index(asked, marker)


def parse_editable(text: str) -> Requirement:
    """What stands behind `-e`. As parse."""
    asked, marker = _split(text, ";")
    if found := _DIRECT.fullmatch(asked):
        return _at_address(found[2], marker, canonical_name(found[1]))
    return _at_address(asked, marker, "")


def _split(text: str, separator: str) -> tuple[str, str]:
    asked, _, marker = text.partition(separator)
    marker = marker.strip()
    if marker:
        from packaging.markers import InvalidMarker, Marker

        try:
            Marker(marker)
        except (InvalidMarker, RecursionError) as error:
            raise Malformed("the marker behind the semicolon is none") from error
    return asked.strip(), marker


def _at_address(address: str, marker: str, name: str) -> Requirement:
    """*name* is empty where the address alone says it."""
    if re.search(r"\s", address):
        raise Malformed(_NOT_ONE)
    origin = addresses.origin_of(address)
    said = addresses.fragment(address)
    egg = re.fullmatch(rf"({_ID})(?:{_EXTRAS})?", said.get("egg", ""), re.ASCII)
    of_file = file_names.parse(file_names.last_part(origin.url)) if origin.kind != "vcs" else None
    names = [one for one in (name, canonical_name(egg[1]) if egg else "", of_file.name if of_file else "") if one]
    if not names:
        raise Malformed(_NAMELESS)
    if len(set(names)) > 1:
        raise Malformed(_NOT_THE_NAME)
    found = [hashes.parse(key, said[key]) for key in ("sha256", "sha384", "sha512") if key in said]
    strong = tuple(one for one in found if one)
    return Requirement(names[0], of_file.version if of_file else "", "", marker, origin, strong)


def _from_index(asked: str, marker: str) -> Requirement:
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    try:
        parsed = Parsed(asked)
    except (InvalidRequirement, RecursionError) as error:
        raise Malformed(_NOT_ONE) from error
    exact = sorted(
        {one.version for one in parsed.specifier if one.operator in ("==", "===") and not one.version.endswith(".*")}
    )
    version = exact[0] if exact else ""
    if not all(file_names.is_same_version(one, version) for one in exact):
        raise Malformed("it demands several versions at once")
    start = _START.match(asked)
    specifier = asked[start.end() :].strip() if start and not version else ""
    return Requirement(canonical_name(parsed.name), version, specifier, marker)
