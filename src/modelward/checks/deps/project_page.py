"""The page of a project in the JSON of an index: https://packaging.python.org/en/latest/specifications/simple-repository-api/"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelward.checks.deps.inputs.file_names import parse
from modelward.checks.deps.osv import NAME, Unreadable
from modelward.core.dependency import canonical_name
from modelward.core.moment import in_utc
from modelward.core.project import Project, Release

_LONGEST = 500


def is_page(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("meta"), dict) and "api-version" in body["meta"]


def read(body: Mapping[str, Any]) -> Project:
    """Raises Unreadable. Files that belong to no release by their name are left out, as installers do."""
    name, files, version = body.get("name"), body.get("files"), body["meta"]["api-version"]
    if not isinstance(version, str) or not version.startswith("1."):
        raise Unreadable("it is a page of an index in another version than 1")
    if not isinstance(name, str) or not NAME.fullmatch(name) or not isinstance(files, list):
        raise Unreadable("it is no page of a project: it has no name that one can have, or no list of files")
    said: dict[str, list[Mapping[str, Any]]] = {}
    for file in files:
        if not isinstance(file, dict) or not isinstance(file.get("filename"), str):
            raise Unreadable("a file on the page of the project has no name")
        named = parse(file["filename"])
        if named is not None and named.name == canonical_name(name):
            said.setdefault(named.version, []).append(file)
    status = body.get("project-status")
    status = status if isinstance(status, dict) else {}
    releases = tuple(Release(version, _uploaded(found), _yanked(found)) for version, found in sorted(said.items()))
    return Project(canonical_name(name), _text(status.get("status")), _text(status.get("reason")), releases)


def _uploaded(files: list[Mapping[str, Any]]) -> str:
    times = [in_utc(file.get("upload-time")) for file in files]
    return max(times) if all(times) else ""


def _yanked(files: list[Mapping[str, Any]]) -> str | None:
    reasons = [file.get("yanked", False) for file in files]
    if not all(reasons):
        return None
    return next((_text(reason) for reason in reasons if isinstance(reason, str)), "")


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
