"""The predicate of a scan and its strict codec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.finding import Finding, Location, Rule, Unexamined
from modelward.core.limits import Limits

PREDICATE_TYPE = "urn:modelward:predicate:scan:1"


@dataclass(frozen=True, slots=True)
class FileScan:
    """What one file's bytes say, whatever its name. Locations carry no digest (the key has it)."""

    formats: tuple[str, ...]
    """Every plausible reading, as sniff names them."""
    findings: tuple[Finding, ...]
    unexamined: tuple[Unexamined, ...]
    size: int
    examined: int
    """Bytes up to the first gap; all of them where there is none."""


@dataclass(frozen=True, slots=True)
class TreeFinding:
    """A finding, or a gap, that needs names: about a path of the tree, or the tree itself ("")."""

    path: str
    said: Finding | Unexamined


@dataclass(frozen=True, slots=True)
class Scan:
    files: Mapping[Digest, FileScan]
    tree: tuple[TreeFinding, ...]
    rules: str
    limits: Limits


def encode(scan: Scan) -> dict[str, Any]:
    return {
        "rules": scan.rules,
        "limits": scan.limits.to_json(),
        "files": {digest.value: _file_to_json(file) for digest, file in sorted(scan.files.items())},
        "tree": [{"path": entry.path} | _said_to_json(entry.said) for entry in scan.tree],
    }


def decode(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> Scan:
    """Raises Malformed for anything that encode would not have written with these *rules*."""
    try:
        scan = Scan(
            {Digest("sha256", key): _file_from_json(file, rules) for key, file in body["files"].items()},
            tuple(
                TreeFinding(entry["path"], _said_from_json({k: v for k, v in entry.items() if k != "path"}, rules))
                for entry in body["tree"]
            ),
            body["rules"],
            Limits(**body["limits"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Malformed(f"not a scan predicate: {error!r}") from error
    if canonical.encode(encode(scan)) != canonical.encode(body):
        raise Malformed("a scan predicate with unknown or missing parts")
    return scan


def encode_file(file: FileScan) -> bytes:
    """Canonical JSON. Raises Malformed for words that JSON cannot carry."""
    return canonical.encode(_file_to_json(file))


def decode_file(raw: bytes, rules: Callable[[], Mapping[str, Rule]]) -> FileScan:
    """Raises Malformed for anything that encode_file would not have written. *rules* are asked for only
    where there are findings."""
    try:
        body = canonical.decode(raw)
        file = _file_from_json(body, rules() if body["findings"] else {})
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Malformed(f"not the scan of a file: {error!r}") from error
    if _file_to_json(file) != body:
        raise Malformed("the scan of a file with unknown or missing parts")
    return file


def _file_to_json(file: FileScan) -> dict[str, Any]:
    return {
        "formats": list(file.formats),
        "findings": [_said_to_json(finding) for finding in file.findings],
        "unexamined": [_said_to_json(gap) for gap in file.unexamined],
        "size": canonical.integer(file.size),
        "examined": canonical.integer(file.examined),
    }


def _file_from_json(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> FileScan:
    said = [_said_from_json(entry, rules) for entry in (*body["findings"], *body["unexamined"])]
    return FileScan(
        tuple(map(_text, body["formats"])),
        tuple(entry for entry in said if isinstance(entry, Finding)),
        tuple(entry for entry in said if isinstance(entry, Unexamined)),
        int(body["size"]),
        int(body["examined"]),
    )


def _said_to_json(said: Finding | Unexamined) -> dict[str, Any]:
    span = said.at.span
    where = {
        "inside": list(said.at.inside),
        "span": None if span is None else [canonical.integer(edge) for edge in span],
    }
    if isinstance(said, Unexamined):
        return where | {"why": said.why, "do": said.do}
    return where | {"rule": said.rule.id, "message": said.message, "evidence": dict(said.evidence)}


def _said_from_json(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> Finding | Unexamined:
    span = body["span"]
    at = Location(None, tuple(map(_text, body["inside"])), None if span is None else (int(span[0]), int(span[1])))
    if "why" in body:
        return Unexamined(at, _text(body["why"]), _text(body["do"]))
    evidence = tuple(sorted((key, _text(value)) for key, value in body["evidence"].items()))
    return Finding(rules[body["rule"]], at, _text(body["message"]), evidence)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value
