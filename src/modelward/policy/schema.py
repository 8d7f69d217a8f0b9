"""The policy file: typed TOML, in which an unknown or misspelt key is an error.

Policy languages that ignore a misspelt field allow what they were written to deny.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from bisect import bisect_left
from collections.abc import Collection, Hashable, Iterable
from datetime import date, datetime
from importlib.resources import files
from typing import Any, NoReturn

from modelward.core.dependency import canonical_name
from modelward.core.dependency_policy import DependencyPolicy, Ignore, IndexRule
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, UsageError
from modelward.core.finding import Severity
from modelward.core.remote import named
from modelward.core.verdict import UNEXAMINED, Need, Policy, Signer, Waiver

SCHEMA = "modelward/policy/1"
SHIPPED = ("baseline", "safe-formats", "signed")

_SHOWN = 60  # characters of a wrong value inside a message

At = tuple[str | int, ...]
"""The way to a value: keys of tables and positions in arrays. Empty: the whole file."""


def shipped(name: str) -> bytes:
    """The bytes of a policy that comes with modelward."""
    return files("modelward.policy").joinpath("levels", f"{name}.toml").read_bytes()


def parse(raw: bytes, where: str, rules: Collection[str]) -> Policy:
    """*where* names the file in errors; *rules* are the ids that exist. Raises UsageError: one line
    that says which line is wrong, what was expected and what was found."""
    try:
        text = raw.decode("utf-8")
        body = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{where}, line {line}: expected UTF-8, got the byte 0x{raw[error.start]:02x}") from error
    except (ValueError, RecursionError) as error:  # ValueError alone: a number of more digits than Python takes
        raise UsageError(_no_toml(where, raw, str(error))) from error
    return _Reader(where, text, rules).policy(body, Digest("sha256", hashlib.sha256(raw).hexdigest()))


def _no_toml(where: str, raw: bytes, why: str) -> str:
    """tomllib ends its messages with "(at line 3, column 9)" or "(at end of document)", if it knows the place."""
    what, _, place = why.partition(" (at ")
    found = re.match(r"line (\d+)", place)
    line = int(found[1]) if found else raw.count(b"\n") + 1
    at = f", line {line}" if place else ""
    return f"{where}{at}: expected TOML, got: {what}"


class _Reader:
    def __init__(self, where: str, text: str, rules: Collection[str]) -> None:
        self._where = where
        self._lines = [line + "\n" for line in text.split("\n")]
        self._rules = rules

    def policy(self, body: dict[str, Any], digest: Digest) -> Policy:
        self._keys(body, (), {"schema", "name", "deny", "need"}, {"description", "waiver", "signer", "dependencies"})
        if body["schema"] != SCHEMA:
            self._fail(("schema",), f'schema must be "{SCHEMA}"', body["schema"])
        deny = body["deny"]
        if not isinstance(deny, dict):
            self._fail(("deny",), "deny must be a table", deny)
        self._keys(deny, ("deny",), {"severity"}, {"rules"})
        signers = self._signers(body)
        return Policy(
            self._text(body, (), "name"),
            digest,
            self._text(body, (), "description") if "description" in body else "",
            self._needs(body, {signer.name for signer in signers}),
            self._severity(deny),
            self._deny_rules(deny),
            self._waivers(body),
            signers,
            self._dependencies(body),
        )

    def _needs(self, body: dict[str, Any], signers: Collection[str]) -> tuple[Need, ...]:
        needs = [self._need(entry, ("need", n), signers) for n, entry in enumerate(self._tables(body, "need"))]
        if not needs:
            self._fail(("need",), "a policy needs at least one [[need]], or it would allow without evidence", [])
        self._once("need", "id", (need.id for need in needs))
        return tuple(needs)

    def _need(self, entry: dict[str, Any], at: At, signers: Collection[str]) -> Need:
        self._keys(entry, at, {"id", "predicate", "why"}, {"covers", "signatures", "signers"})
        if entry.get("covers", "every-file") != "every-file":
            self._fail((*at, "covers"), 'covers must be "every-file" where it is given', entry["covers"])
        name, predicate, why = (self._text(entry, at, key) for key in ("id", "predicate", "why"))
        if name == UNEXAMINED:
            self._fail((*at, "id"), "this id stands for what was not looked at; choose another", name)
        signatures = entry.get("signatures", 0)
        if "signatures" in entry and (type(signatures) is not int or signatures < 1):
            self._fail((*at, "signatures"), "signatures must be a whole number of keys, 1 or more", signatures)
        names = self._texts(entry, at, "signers")
        for n, signer in enumerate(names):
            if signer not in signers:
                self._fail((*at, "signers", n), "expected the name of a [[signer]]", signer)
            if signer in names[:n]:
                self._fail((*at, "signers", n), "expected each signer once", signer)
        if names and signatures > len(names):
            self._fail((*at, "signatures"), f"there are only {len(names)} signers who can sign", signatures)
        if names and not signatures:
            self._fail((*at, "signers"), "signers need the number of signatures beside them", names)
        return Need(name, predicate, "covers" in entry, why, signatures, frozenset(names))

    def _signers(self, body: dict[str, Any]) -> tuple[Signer, ...]:
        signers = [self._signer(entry, ("signer", n)) for n, entry in enumerate(self._tables(body, "signer"))]
        self._once("signer", "name", (signer.name for signer in signers))
        return tuple(signers)

    def _signer(self, entry: dict[str, Any], at: At) -> Signer:
        """A key, or a root with the identity that its certificates must name: everybody else whom the same
        authority knows must not count. Of sigstore, whom anybody knows, the issuer as well."""
        if "key" in entry:
            who = {"key"}
        elif "trusted-root" in entry:
            who = {"trusted-root", "identity", "issuer"}
        else:
            who = {"root", "identity"}
        self._keys(
            entry, at, {"name", "predicates"} | who, {"since", "until"} | ({"issuer"} if "root" in who else set())
        )
        predicates = self._texts(entry, at, "predicates")
        if not predicates:
            self._fail((*at, "predicates"), "predicates must name what this signer may sign", [])
        known = ("key", "root", "trusted-root", "identity", "issuer")
        text = {key: self._text(entry, at, key) if key in entry else None for key in known}
        since, until = (self._day(entry, at, key) if key in entry else None for key in ("since", "until"))
        if since and until and since > until:
            self._fail((*at, "until"), f"until must not be before since, {since}", str(until))
        return Signer(
            self._text(entry, at, "name"),
            frozenset(predicates),
            key=text["key"],
            root=text["root"],
            trusted_root=text["trusted-root"],
            identity=text["identity"],
            issuer=text["issuer"],
            since=since,
            until=until,
        )

    def _dependencies(self, body: dict[str, Any]) -> DependencyPolicy:
        at: At = ("dependencies",)
        entry = body.get("dependencies", {})
        if not isinstance(entry, dict):
            self._fail(at, "dependencies must be a table", entry)
        self._keys(entry, at, set(), {"max-age", "cool-down", "mirrors", "index", "ignore"})
        return DependencyPolicy(
            self._days(entry, at, "max-age"),
            self._days(entry, at, "cool-down"),
            tuple(self._address(url, (*at, "mirrors", n)) for n, url in enumerate(self._texts(entry, at, "mirrors"))),
            tuple(self._index(one, (*at, "index", n)) for n, one in enumerate(self._tables(entry, "index", at))),
            tuple(self._ignore(one, (*at, "ignore", n)) for n, one in enumerate(self._tables(entry, "ignore", at))),
        )

    def _index(self, entry: dict[str, Any], at: At) -> IndexRule:
        self._keys(entry, at, {"url", "names"}, set())
        names = tuple(map(canonical_name, self._texts(entry, at, "names")))
        if not names:
            self._fail((*at, "names"), "names must say which packages come from that index alone", [])
        return IndexRule(self._address(self._text(entry, at, "url"), (*at, "url")), names)

    def _address(self, url: str, at: At) -> str:
        """As a statement may name it: without a password."""
        if not url.startswith(("https://", "http://")):
            self._fail(at, "expected the address of an index, https://HOST/PATH", url)
        return named(url)

    def _ignore(self, entry: dict[str, Any], at: At) -> Ignore:
        self._keys(entry, at, {"advisory", "expires", "reason"}, {"package"})
        package = canonical_name(self._text(entry, at, "package")) if "package" in entry else ""
        advisory, reason = self._text(entry, at, "advisory"), self._text(entry, at, "reason")
        return Ignore(advisory, self._day(entry, at, "expires"), reason, package)

    def _days(self, entry: dict[str, Any], at: At, key: str) -> int | None:
        value = entry.get(key)
        if value is not None and (type(value) is not int or value < 0):
            self._fail((*at, key), f"{key} must be a whole number of days", value)
        return value

    def _waivers(self, body: dict[str, Any]) -> tuple[Waiver, ...]:
        waivers = [self._waiver(entry, ("waiver", n)) for n, entry in enumerate(self._tables(body, "waiver"))]
        self._once("waiver", "digest", ((waiver.rule, str(waiver.digest), waiver.file) for waiver in waivers))
        return tuple(waivers)

    def _waiver(self, entry: dict[str, Any], at: At) -> Waiver:
        self._keys(entry, at, {"rule", "digest", "expires", "reason"}, {"file"})
        rule, reason = self._text(entry, at, "rule"), self._text(entry, at, "reason")
        if rule != UNEXAMINED:
            self._known(rule, (*at, "rule"))
        expires = self._day(entry, at, "expires")
        digest = self._digest(entry, at)
        names_gap = rule == UNEXAMINED and digest.algorithm == "sha3_256"
        if names_gap != ("file" in entry):
            expected = 'file must name the gap that is accepted in a folder, "." for the folder itself, there alone'
            self._fail((*at, "file") if "file" in entry else (*at, "digest"), expected, entry.get("file"))
        return Waiver(rule, digest, expires, reason, self._text(entry, at, "file") if names_gap else "")

    def _digest(self, entry: dict[str, Any], at: At) -> Digest:
        text = self._text(entry, at, "digest")
        try:
            return Digest.parse(text)
        except Malformed:
            self._fail((*at, "digest"), "digest must be sha256: or sha3_256: and 64 lower-case hex digits", text)

    def _severity(self, deny: dict[str, Any]) -> Severity:
        value = deny["severity"]
        if value not in [str(severity) for severity in Severity]:
            self._fail(("deny", "severity"), "severity must be one of info, low, medium, high, critical", value)
        return Severity.parse(value)

    def _deny_rules(self, deny: dict[str, Any]) -> frozenset[str]:
        rules = self._texts(deny, ("deny",), "rules")
        for n, rule in enumerate(rules):
            self._known(rule, ("deny", "rules", n))
        return frozenset(rules)

    def _known(self, rule: str, at: At) -> None:
        if rule not in self._rules:
            self._fail(at, 'expected the id of a rule, as "modelward explain" lists them', rule)

    def _tables(self, body: dict[str, Any], key: str, at: At = ()) -> list[dict[str, Any]]:
        value = body.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            name = ".".join([*map(str, at), key])
            self._fail((*at, key), f"{key} must be written as [[{name}]] tables", value)
        return value

    def _day(self, body: dict[str, Any], at: At, key: str) -> date:
        value = body[key]
        if not isinstance(value, date) or isinstance(value, datetime):
            self._fail((*at, key), f"{key} must be a day, like 2027-01-31 (without quotes)", value)
        return value

    def _texts(self, body: dict[str, Any], at: At, key: str) -> list[str]:
        value = body.get(key, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            self._fail((*at, key), f"{key} must be a list of texts", value)
        return value

    def _text(self, body: dict[str, Any], at: At, key: str) -> str:
        value = body[key]
        if not isinstance(value, str) or not value.strip():
            self._fail((*at, key), f"{key} must be a text that is not empty", value)
        return value

    def _keys(self, body: dict[str, Any], at: At, needed: set[str], allowed: set[str]) -> None:
        for key in body:
            if key not in needed | allowed:
                known = ", ".join(sorted(needed | allowed))
                raise self._error((*at, key), f"unknown key {_short(key)}; known here: {known}")
        for key in sorted(needed - set(body)):
            raise self._error(at, f"the key {key!r} is missing{f' in {at[0]}' if at else ''}")

    def _once(self, table: str, key: str, values: Iterable[Hashable]) -> None:
        seen: set[Hashable] = set()
        for n, value in enumerate(values):
            if value in seen:
                self._fail((table, n, key), f"expected each {table} once", value)
            seen.add(value)

    def _fail(self, at: At, expected: str, got: object) -> NoReturn:
        raise self._error(at, f"{expected}; got {_short(got)}")

    def _error(self, at: At, why: str) -> UsageError:
        return UsageError(f"{self._where}, line {self._line(at)}: {why}")

    def _line(self, at: At) -> int:
        """Where the value at *at* begins: tomllib keeps no positions, but reads every beginning of the
        file that ends between two statements, so this is the first line that the value needs."""
        lengths = range(1, len(self._lines) + 1)
        return min(bisect_left(lengths, True, key=lambda length: self._holds(length, at)) + 1, len(lengths))

    def _holds(self, length: int, at: At) -> bool:
        """Whether the first *length* lines, and those that finish their last statement, hold a value at *at*."""
        for end in range(length, len(self._lines) + 1):
            try:
                return _is_there(tomllib.loads("".join(self._lines[:end])), at)
            except tomllib.TOMLDecodeError:
                continue
        return False


def _is_there(value: Any, at: At) -> bool:
    for step in at:
        there = step in value if isinstance(value, dict) else isinstance(step, int) and step < len(value)
        if not there:
            return False
        value = value[step]
    return True


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
