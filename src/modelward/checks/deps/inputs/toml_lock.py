"""What the two TOML locks share: a strict look at the values that a file must have, and at the files of a package."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from modelward.checks.deps.inputs import file_names
from modelward.core.dependency import DistFile, Origin, Package, canonical_name
from modelward.core.errors import Malformed
from modelward.core.source_audit import Spot

Table = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class Torn(Malformed):
    """It is no TOML from *line* on."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def load(raw: bytes) -> tuple[str, Table]:
    """The text and its body. Raises Torn."""
    try:
        text = raw.decode("utf-8")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise Torn(raw.count(b"\n", 0, error.start) + 1, "it is not UTF-8") from error
    except (ValueError, RecursionError) as error:  # ValueError alone: a number of more digits than Python takes
        found = re.search(r"\(at (?:line (\d+)|(end of document))", str(error))
        if found and found[2]:
            raise Torn(text.count("\n") + 1, "it breaks off here: the rest of the file is missing") from error
        raise Torn(int(found[1]) if found else 1, "it is no TOML from here on: damaged, or cut off") from error


def table(value: object, what: str) -> Table:
    if not isinstance(value, dict):
        raise Malformed(f"{what} must be a table")
    return value


def tables(value: object, what: str) -> list[Table]:
    """Of an array of tables; none where it is missing."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Malformed(f"{what} must be an array of tables")
    return value


def string(body: Table, key: str, default: str | None = None) -> str:
    """Without *default* it must be there."""
    value = body.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise Malformed(f"{key} must be a text")
    return value


def name(body: Table) -> str:
    found = string(body, "name")
    if not _NAME.fullmatch(found):
        raise Malformed("the name is none that a package can have")
    return found


def size(body: Table) -> int | None:
    value = body.get("size")
    if value is not None and (type(value) is not int or value < 0):
        raise Malformed("size must be a number of bytes")
    return value


def uploaded(body: Table) -> datetime | None:
    """None where nothing says so. Both forms are taken: a TOML time, and its text."""
    value = body.get("upload-time")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise Malformed("upload-time is no time") from error
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Malformed("upload-time must be a time with its zone")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise Malformed("upload-time is no time") from error


def unread(entry: Table, at: Spot) -> list[Package]:
    """The package of an entry that is not understood, which is held against the advisories all the same; none where
    it has no name."""
    try:
        named = canonical_name(name(entry))
    except Malformed:
        return []
    version = entry.get("version")
    return [Package(named, version if isinstance(version, str) else "", at, Origin("unread"))]


def check_address(package: Package, address: str) -> None:
    """As check_name, of an address that may have any name, and says nothing then."""
    file = file_names.last_part(address)
    if file_names.parse(file):
        check_name(package, DistFile(file))


def check_name(package: Package, file: DistFile) -> None:
    """An installer believes the name of the file. Raises Malformed where it is of another package, or says nothing."""
    named = file_names.parse(file.name)
    if named is None:
        raise Malformed("it has a file whose name is not that of a wheel or a source distribution")
    if named.name != package.name:
        raise Malformed(f"it has a file that its name calls {named.name}")
    if package.version and not file_names.is_same_version(named.version, package.version):
        raise Malformed(f"it has a file that its name calls version {named.version}")
