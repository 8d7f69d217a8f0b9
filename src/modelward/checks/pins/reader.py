"""modelward.lock, read strictly: an unknown key, a duplicate or a contradiction is an error, and names its line.

What is misspelt would otherwise not be compared, and pass.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, NoReturn

from modelward.checks.pins.lock import SCHEMA, Entry, HubSource, Lock, WebSource, conflicts
from modelward.checks.pins.paths import refusals
from modelward.core.content import Content
from modelward.core.errors import Malformed, UsageError
from modelward.core.hub_name import COMMIT, Ref, parse_short

_SHOWN = 60  # characters of a wrong value inside a message
_CONTENT = {"size", "sha256", "git"}
_ON_HUB = {"name", "source", "commit", "repository", "created", "digest", "exclude", "files"}
_ON_WEB = {"name", "source", "etag", "size", "sha256"}

_MERGING = re.compile(r"^(?:<{7}|={7}|>{7})(?: |\r?$)", re.M)

At = tuple[str | int, ...]
"""The way to a value: keys of tables and positions in arrays. Empty: the whole file."""


def parse(raw: bytes, where: str) -> Lock:
    """*where* names the file in errors. Raises UsageError: one line that says which line is wrong, what was
    expected and what was found."""
    try:
        text = raw.decode("utf-8")
        body = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{where}, line {line}: expected UTF-8, got the byte 0x{raw[error.start]:02x}") from error
    except (ValueError, RecursionError) as error:  # ValueError alone: a number of more digits than Python takes
        raise UsageError(f"{where}{_no_toml(text, error)}") from error
    return _Reader(where, text).lock(body)


def _no_toml(text: str, error: ValueError | RecursionError) -> str:
    if text.startswith("\ufeff"):
        return ", line 1: it begins with a byte order mark: save it as UTF-8 without one"
    merging = _MERGING.search(text)
    if merging:
        line = text.count("\n", 0, merging.start()) + 1
        return f", line {line}: a merge was left half-way: take one side, and pin what differs anew"
    what, _, place = str(error).partition(" (at ")
    found = re.match(r"line (\d+)", place)
    return f"{f', line {found[1]}' if found else ''}: expected TOML, got: {what}"


class _Reader:
    def __init__(self, where: str, text: str) -> None:
        self._where = where
        self._text = text

    def lock(self, body: dict[str, Any]) -> Lock:
        self._keys(body, (), {"schema"}, {"pin"})
        if body["schema"] != SCHEMA:
            self._fail(("schema",), f'schema must be "{SCHEMA}"', body["schema"])
        pins = body.get("pin", [])
        if not isinstance(pins, list) or not all(isinstance(pin, dict) for pin in pins):
            self._fail(("pin",), "pin must be written as [[pin]] tables", pins)
        entries = tuple(self._entry(pin, ("pin", n)) for n, pin in enumerate(pins))
        for number, at, why, got in conflicts(entries):
            self._fail(("pin", number, *at), why, got)
        return Lock(tuple(sorted(entries, key=lambda entry: entry.name)))

    def _entry(self, pin: dict[str, Any], at: At) -> Entry:
        name, source = (self._string(pin, at, key) for key in ("name", "source"))
        if source.startswith("hf://"):
            entry = Entry(name, self._hub_source(pin, at, source), self._files(pin, at))
        elif re.fullmatch(r"https?://[!-~]+", source):
            self._keys(pin, at, _ON_WEB - {"etag"}, {"etag"})
            etag = self._string(pin, at, "etag") if "etag" in pin else ""
            entry = Entry(name, WebSource(source, etag), {"": self._content(pin, at)})
        else:
            self._fail((*at, "source"), "expected hf:// or https://", source)
        if isinstance(entry.source, HubSource):
            self._digest(pin, at, entry)
            path = entry.source.ref.path
            if path and set(entry.files) != {path}:
                self._fail((*at, "files"), f"the source is the file {path!r} alone", sorted(entry.files))
        return entry

    def _hub_source(self, pin: dict[str, Any], at: At, source: str) -> HubSource:
        self._keys(pin, at, {"name", "source", "commit", "files"}, _ON_HUB)
        ref = self._ref(source, at)
        commit = self._string(pin, at, "commit")
        if not COMMIT.fullmatch(commit):
            self._fail((*at, "commit"), "a commit has 40 lower-case hex digits", commit)
        if ref.is_commit and commit != ref.revision:
            self._fail((*at, "commit"), f"the source is at commit {ref.revision}", commit)
        identity, created = (self._string(pin, at, key) if key in pin else "" for key in ("repository", "created"))
        exclude = pin.get("exclude", [])
        if not isinstance(exclude, list) or not all(isinstance(glob, str) and glob for glob in exclude):
            self._fail((*at, "exclude"), "exclude must be a list of patterns", exclude)
        return HubSource(ref, commit, identity, created, tuple(exclude))

    def _ref(self, source: str, at: At) -> Ref:
        try:
            ref = parse_short(source)
        except UsageError as error:
            raise self._error((*at, "source"), str(error)) from error
        if str(ref) != source:
            self._fail((*at, "source"), f"expected it written as {ref}", source)
        return ref

    def _files(self, pin: dict[str, Any], at: At) -> Mapping[str, Content]:
        files, at = pin["files"], (*at, "files")
        if not isinstance(files, dict) or not files:
            self._fail(at, "files must be a table of paths", files)
        for path, why in refusals(files):
            self._fail((*at, path), f"no file can be written under that name: {why}", path)
        return {path: self._file(files[path], (*at, path)) for path in sorted(files)}

    def _file(self, body: Any, at: At) -> Content:
        if not isinstance(body, dict):
            self._fail(at, "expected { size = ..., sha256 = ... }", body)
        self._keys(body, at, {"size"}, _CONTENT)
        return self._content(body, at)

    def _content(self, body: dict[str, Any], at: At) -> Content:
        known = {key: self._string(body, at, key) for key in ("sha256", "git") if key in body}
        try:
            return Content(body["size"], **known)
        except Malformed as error:
            raise self._error(at, str(error)) from error

    def _digest(self, pin: dict[str, Any], at: At, entry: Entry) -> None:
        """A change of a file that leaves this as it was was made by hand, or by a merge."""
        digest = entry.digest
        found = str(digest) if digest else None
        if pin.get("digest") != found:
            self._fail((*at, "digest"), f"the digest of these files is {found or 'not known'}", pin.get("digest"))

    def _string(self, body: dict[str, Any], at: At, key: str) -> str:
        if key not in body:
            raise self._error(at, f"the key {key!r} is missing")
        value = body[key]
        if not isinstance(value, str) or not value:
            self._fail((*at, key), f"{key} must be a text that is not empty", value)
        return value

    def _keys(self, body: dict[str, Any], at: At, needed: set[str], allowed: set[str]) -> None:
        for key in body:
            if key not in needed | allowed:
                known = ", ".join(sorted(needed | allowed))
                raise self._error((*at, key), f"unknown key {_short(key)}; known here: {known}")
        for key in sorted(needed - set(body)):
            raise self._error(at, f"the key {key!r} is missing")

    def _fail(self, at: At, expected: str, got: object) -> NoReturn:
        raise self._error(at, f"{expected}; got {_short(got)}")

    def _error(self, at: At, why: str) -> UsageError:
        return UsageError(f"{self._where}, line {self._line(at)}: {why}")

    def _line(self, at: At) -> int:
        """Where the value at *at* begins. tomllib keeps no positions, but each line of a lock is a statement of its
        own; of a lock that was written otherwise it is the nearest line above that is one."""
        found, depth, pins, table = 1, 0, -1, ()
        steps: At
        for number, line in enumerate(self._text.split("\n"), 1):
            said = _alone(line)
            if not said:
                continue
            steps = (*table, *said)
            if line.lstrip().startswith("["):
                (name, inner) = next(iter(said.items()))
                pins += isinstance(inner, list)
                steps = table = (name, pins, *inner) if isinstance(inner, dict) else (name, pins)
            if steps == at[: len(steps)] and len(steps) > depth:
                found, depth = number, len(steps)
        return found


def _alone(line: str) -> dict[str, Any]:
    try:
        return tomllib.loads(line)
    except (ValueError, RecursionError):
        return {}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
