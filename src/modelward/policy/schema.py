"""The policy file: typed TOML, in which an unknown or misspelt key is an error.

Policy languages that ignore a misspelt field allow what they were written to deny.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection
from datetime import date, datetime
from importlib.resources import files
from typing import Any, NoReturn

from modelward.core.digest import Digest
from modelward.core.errors import Malformed, UsageError
from modelward.core.finding import Severity
from modelward.core.verdict import UNEXAMINED, Need, Policy, Waiver

SCHEMA = "modelward/policy/1"
SHIPPED = ("baseline", "safe-formats")


def shipped(name: str) -> bytes:
    """The bytes of a policy that comes with modelward."""
    return files("modelward.policy").joinpath("levels", f"{name}.toml").read_bytes()


def parse(raw: bytes, where: str, rules: Collection[str]) -> Policy:
    """*where* names the file in errors; *rules* are the ids that exist. Raises UsageError: one line
    that says which line is wrong, what was expected and what was found."""
    try:
        text = raw.decode("utf-8")
        body = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{where}: not TOML: {error}") from error
    return _Reader(where, text, rules).policy(body, Digest("sha256", hashlib.sha256(raw).hexdigest()))


class _Reader:
    def __init__(self, where: str, text: str, rules: Collection[str]) -> None:
        self._where = where
        self._lines = text.split("\n")
        self._rules = rules

    def policy(self, body: dict[str, Any], digest: Digest) -> Policy:
        self._keys(body, "", 0, {"schema", "name", "deny", "need"}, {"description", "waiver"})
        if body["schema"] != SCHEMA:
            self._fail("schema", "", 0, f'schema must be "{SCHEMA}"')
        deny = body["deny"]
        if not isinstance(deny, dict):
            self._fail("deny", "", 0, "deny must be a table")
        self._keys(deny, "deny", 0, {"severity"}, {"rules"})
        needs = tuple(self._need(entry, n) for n, entry in enumerate(self._tables(body, "need")))
        if not needs:
            self._fail("need", "", 0, "a policy needs at least one [[need]], or it would allow without evidence")
        return Policy(
            self._text(body, "name", "", 0),
            digest,
            self._text(body, "description", "", 0) if "description" in body else "",
            needs,
            self._severity(deny),
            self._deny_rules(deny),
            tuple(self._waiver(entry, n) for n, entry in enumerate(self._tables(body, "waiver"))),
        )

    def _need(self, entry: dict[str, Any], n: int) -> Need:
        self._keys(entry, "need", n, {"id", "predicate", "why"}, {"covers"})
        covers = entry.get("covers", "")
        if covers not in ("", "every-file"):
            self._fail("covers", "need", n, 'covers must be "every-file" where it is given')
        name, predicate, why = (self._text(entry, key, "need", n) for key in ("id", "predicate", "why"))
        return Need(name, predicate, covers == "every-file", why)

    def _waiver(self, entry: dict[str, Any], n: int) -> Waiver:
        self._keys(entry, "waiver", n, {"rule", "digest", "expires", "reason"}, set())
        rule, reason = self._text(entry, "rule", "waiver", n), self._text(entry, "reason", "waiver", n)
        if rule != UNEXAMINED and rule not in self._rules:
            self._fail("rule", "waiver", n, f'{rule!r} is no rule; see "modelward explain"')
        expires = entry["expires"]
        if not isinstance(expires, date) or isinstance(expires, datetime):
            self._fail("expires", "waiver", n, "expires must be a day, like 2027-01-31 (without quotes)")
        try:
            return Waiver(rule, Digest.parse(self._text(entry, "digest", "waiver", n)), expires, reason)
        except Malformed as error:
            self._fail("digest", "waiver", n, str(error))

    def _severity(self, deny: dict[str, Any]) -> Severity:
        value = deny["severity"]
        if value not in [str(severity) for severity in Severity]:
            self._fail("severity", "deny", 0, "severity must be one of info, low, medium, high, critical")
        return Severity.parse(value)

    def _deny_rules(self, deny: dict[str, Any]) -> frozenset[str]:
        value = deny.get("rules", [])
        if not isinstance(value, list) or not all(isinstance(rule, str) for rule in value):
            self._fail("rules", "deny", 0, "rules must be a list of rule ids")
        for rule in value:
            if rule not in self._rules:
                self._fail("rules", "deny", 0, f'{rule!r} is no rule; see "modelward explain"')
        return frozenset(value)

    def _tables(self, body: dict[str, Any], key: str) -> list[dict[str, Any]]:
        value = body.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self._fail(key, "", 0, f"{key} must be written as [[{key}]] tables")
        return value

    def _text(self, body: dict[str, Any], key: str, table: str, n: int) -> str:
        value = body[key]
        if not isinstance(value, str) or not value.strip():
            self._fail(key, table, n, f"{key} must be a text that is not empty")
        return value

    def _keys(self, body: dict[str, Any], table: str, n: int, needed: set[str], allowed: set[str]) -> None:
        known = ", ".join(sorted(needed | allowed))
        for key in body:
            if key not in needed | allowed:
                self._fail(key, table, n, f"unknown key {key!r}; known here: {known}")
        for key in sorted(needed - set(body)):
            self._fail("", table, n, f"the key {key!r} is missing{f' in {table}' if table else ''}")

    def _fail(self, key: str, table: str, n: int, why: str) -> NoReturn:
        raise UsageError(f"{self._where}, line {self._line(key, table, n)}: {why}")

    def _line(self, key: str, table: str, n: int) -> int:
        """Where *key* stands in the n-th *table*; tomllib keeps no positions."""
        current, count, header = "", -1, 1
        for number, line in enumerate(self._lines, 1):
            opened = re.match(r"\s*\[{1,2}\s*([\w.\"'-]+)\s*\]{1,2}", line)
            if opened:
                name = opened[1].strip("\"'")
                count = count + 1 if name == table else count
                current = name
                header = number if name == table and count == n else header
                if not table and name == key:
                    return number
            here = current == table and count == n if table else current == ""
            if key and here and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
                return number
        return header
