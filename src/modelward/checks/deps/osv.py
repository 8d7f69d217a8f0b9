"""Records of the Open Source Vulnerability format: https://ossf.github.io/osv-schema/ (1.7)

What a record says of Python packages, and nothing else. A part that is not understood is kept as such with the names of
the packages that it is about: nobody must take them for unaffected.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeGuard

from modelward.checks.deps.severity import rated
from modelward.core.advisory import FROM_THE_FIRST, Advisory, Affected, Event
from modelward.core.dependency import canonical_name
from modelward.core.moment import in_utc

LARGEST = 4 << 20
_LONGEST = 200  # of an id, a name, a version
_MOST = 20_000  # of anything in a list
_SUMMARY = 300
_ECOSYSTEMS = ("pypi", "pip")
"""The second is GitHub's word for it."""
_KINDS = ("introduced", "fixed", "last_affected")
_MALICIOUS_CODE = "CWE-506"
_PROJECT = re.compile(r"https://([a-z0-9.-]+)/project/([A-Za-z0-9._-]+)/?")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[A-Za-z0-9._:-]+")
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class Unreadable(ValueError):
    """The text says why; *is_record* whether it would be one. No package can be named."""

    def __init__(self, why: str, is_record: bool = True) -> None:
        super().__init__(why)
        self.is_record = is_record


class Record(NamedTuple):
    id: str
    modified: str
    """In UTC, so that it can be compared as text; empty where the record does not say it as it must."""
    advisory: Advisory | None
    """None: it was withdrawn."""
    affected: tuple[Affected, ...]
    indexes: frozenset[str]
    """Hosts where it says that one of its packages is to be had."""
    unread: str = ""
    """Why it may be about more packages than *affected* names."""


def document(raw: bytes) -> Any:
    """A JSON document in UTF-8 that is read in one way alone. Raises Unreadable."""
    if len(raw) > LARGEST:
        raise Unreadable(f"it is longer than {LARGEST:,} bytes")
    try:
        return json.loads(raw.decode(), object_pairs_hook=_object, parse_constant=_refused)
    except Unreadable:
        raise
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error
    except ValueError as error:
        raise Unreadable("it is not JSON") from error


def read(body: Any, now: str) -> Record | None:
    """*body* is a document; *now* the time in UTC, before which a record may be withdrawn. None where it is about no
    Python package. Raises Unreadable."""
    if not isinstance(body, dict) or not {"id", "modified", "affected"} & body.keys():
        raise Unreadable("it is no record of an advisory by itself", is_record=_holds_records(body))
    version = body.get("schema_version", "1.0.0")
    if not isinstance(version, str) or not version.startswith("1."):
        raise Unreadable("it is in another version of the format than 1")
    entries = body.get("affected") or []
    if not isinstance(entries, list) or len(entries) > _MOST:
        raise Unreadable("its list of what is affected is not understood")
    id_ = body.get("id")
    if not _is_id(id_):
        id_ = _made_up(body)
    missed: list[str] = []
    affected = tuple(found for entry in entries if (found := _entry(entry, id_, missed)))
    if not affected:
        if missed:
            raise Unreadable(missed[0])
        return None
    modified = in_utc(body.get("modified"))
    indexes = frozenset(_indexes(body, {each.name for each in affected}))
    if "" < in_utc(body.get("withdrawn")) <= now:
        return Record(id_, modified, None, (), indexes)
    return Record(id_, modified, _advisory(body, id_, modified), affected, indexes, missed[0] if missed else "")


def _made_up(body: Any) -> str:
    """An id that no other record has."""
    try:
        return f"unnamed-{hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]}"
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error


def _holds_records(body: Any) -> bool:
    """A list of them, or the answer of a server."""
    return any(
        isinstance(one, dict) and "id" in one and not one.keys().isdisjoint(("modified", "affected"))
        for listed in (body.values() if isinstance(body, dict) else (body,))
        for one in (listed if isinstance(listed, list) else (listed,))
    )


def _entry(entry: Any, id_: str, missed: list[str]) -> Affected | None:
    try:
        return _affected(entry, id_)
    except Unreadable as error:
        missed.append(str(error))
        return None


def _advisory(body: dict[str, Any], id_: str, modified: str) -> Advisory:
    given = body.get("aliases")
    aliases = {text for text in given if _is_id(text) and text != id_} if isinstance(given, list) else set[str]()
    severity, score = rated(body)
    return Advisory(
        id_,
        tuple(sorted(aliases)),
        _summary(body),
        severity,
        score,
        modified,
        _is_malicious(body, {id_, *aliases}),
    )


def _summary(body: dict[str, Any]) -> str:
    texts = (text for key in ("summary", "details") if isinstance(text := body.get(key), str) and text.strip())
    text = " ".join(next(texts, "")[: 4 * _SUMMARY].split()).encode(errors="backslashreplace").decode()
    return text if len(text) <= _SUMMARY else text[: _SUMMARY - 3] + "..."


def _is_malicious(body: dict[str, Any], ids: set[str]) -> bool:
    """OpenSSF's records have ids of their own; GitHub's say it by the weakness, or by a word."""
    more = body.get("database_specific")
    more = more if isinstance(more, dict) else {}
    weaknesses = more.get("cwe_ids")
    return (
        any(id_.startswith("MAL-") for id_ in ids)
        or more.get("malware") is True
        or more.get("type") == "malware"
        or "malicious-packages-origins" in more
        or (isinstance(weaknesses, list) and _MALICIOUS_CODE in weaknesses)
    )


def _affected(entry: Any, id_: str) -> Affected | None:
    """None for what is about no Python package."""
    if not isinstance(entry, dict):
        raise Unreadable("what it says is affected is not understood")
    name = _python_name(entry.get("package"))
    if name is None:
        return None
    missed: list[str] = []
    versions = _versions(entry.get("versions"), missed)
    ranges, others = _ranges(entry.get("ranges"), missed)
    if not ranges and not versions and not missed:
        missed.append(f"it gives {others} alone" if others else "it says nothing of versions")
    return Affected(id_, name, ranges, versions, "; ".join(dict.fromkeys(missed)))


def _python_name(package: Any) -> str | None:
    if package is None:  # of commits of a repository alone
        return None
    if not isinstance(package, dict):
        raise Unreadable("the package that it is about is not understood")
    ecosystem, name, purl = (package.get(key) for key in ("ecosystem", "name", "purl"))
    if not isinstance(ecosystem, str) or not ecosystem.strip():
        if not isinstance(purl, str):
            raise Unreadable("it does not say of which ecosystem its package is")
        ecosystem, _, name = purl.removeprefix("pkg:").partition("@")[0].partition("?")[0].strip("/").partition("/")
    if ecosystem.partition(":")[0].strip().lower() not in _ECOSYSTEMS:
        return None
    if not isinstance(name, str) or len(name) > _LONGEST or not NAME.fullmatch(name.strip()):
        raise Unreadable("its package has no name that a Python package can have")
    return canonical_name(name.strip())


def _versions(given: Any, missed: list[str]) -> tuple[str, ...]:
    if given is None:
        return ()
    if isinstance(given, list) and len(given) <= _MOST and _are_texts(given):
        return tuple(given)
    missed.append("its list of versions is not understood")
    texts = given[:_MOST] if isinstance(given, list) else []
    return tuple(each for each in texts if isinstance(each, str) and _are_texts([each]))


def _ranges(given: Any, missed: list[str]) -> tuple[tuple[tuple[Event, ...], ...], str]:
    """Those by version, and in a word what there is beside them."""
    if given is not None and (not isinstance(given, list) or len(given) > _MOST):
        missed.append("its ranges are not understood")
        return (), ""
    ranges: list[tuple[Event, ...]] = []
    others = ""
    for each in given or ():
        kind, events = (each.get("type"), _events(each.get("events"))) if isinstance(each, dict) else (None, ())
        if kind == "GIT":  # the versions that it leads to must be listed beside it
            others = "commits"
        elif events and (kind == "ECOSYSTEM" or (kind == "SEMVER" and {*events} == {FROM_THE_FIRST})):
            ranges.append(events)  # the two orders agree on what is everything
        else:
            missed.append("a range is not understood")
    return tuple(ranges), others


def _events(given: Any) -> tuple[Event, ...]:
    """Empty where it is not understood."""
    if not isinstance(given, list) or len(given) > _MOST:
        return ()
    events = []
    for each in given:
        if not isinstance(each, dict) or len(each) != 1:
            return ()
        for kind, version in each.items():
            if kind in _KINDS and isinstance(version, str) and 0 < len(version) <= _LONGEST:
                events.append(Event(kind, version))
            elif (kind, version) != ("limit", "*"):
                return ()
    return tuple(events) if any(event.kind == "introduced" for event in events) else ()


def _indexes(body: dict[str, Any], names: set[str]) -> Iterator[str]:
    given = body.get("references")
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict) and each.get("type") == "PACKAGE" and isinstance(each.get("url"), str):
            found = _PROJECT.fullmatch(each["url"])
            if found and canonical_name(found[2]) in names:
                yield found[1]


def _is_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= _LONGEST and bool(_ID.fullmatch(value))


def is_printable(value: Any) -> TypeGuard[str]:
    """Whether it can stand in a line."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()


def _are_texts(values: list[Any]) -> bool:
    """Some lists are long, and most records have one."""
    return set(map(type, values)) <= {str} and all(0 < length <= _LONGEST for length in set(map(len, values)))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Unreadable("a key stands in it twice")
    return made


def _refused(constant: str) -> Any:
    raise Unreadable(f"{constant} is not JSON")
