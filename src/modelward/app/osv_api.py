"""The OSV API over a database of advisories: what a request means, and what is answered.

https://google.github.io/osv.dev/api/ - the three calls that auditors make: query, querybatch and vulns. Only what the
database is about is answered: to say "nothing known" of another ecosystem would pass for "nothing there".
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from urllib.parse import unquote

from modelward.checks.deps.matching import match
from modelward.core import canonical
from modelward.core.advisory import Advisory
from modelward.core.dependency import canonical_name
from modelward.core.errors import Malformed, ModelwardError
from modelward.stores.advisories import Database

MOST_BODY = 1 << 20
_MOST_QUERIES = 1_000
"""As at the public server."""
_ECOSYSTEM = "PyPI"
_VULNS = "/v1/vulns/"
_PURL = re.compile(r"pkg:/*pypi/(?P<name>[^/@?#]+)(?:@(?P<version>[^?#]*))?(?:[?#]|$)", re.IGNORECASE)


class Answer(NamedTuple):
    status: int
    body: bytes
    """JSON."""


class _Refused(Exception):
    """A request that cannot be answered: its status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def answer(method: str, path: str, body: bytes, database: str) -> Answer:
    """*database* is a file, opened anew each time, so that one that was synced meanwhile is used. What it does not
    know whether it is affected is answered as affected. Never raises for anything in the request or the file."""
    try:
        with Database.open(database) as opened:
            if not opened.facts.records:  # "nothing known" of everything would pass for "nothing there"
                raise _Refused(500, "there is no advisory about a package in the database")
            return Answer(200, _answered(method, path.partition("?")[0], body, opened))
    except _Refused as error:
        return refused(error.status, str(error))
    except Malformed as error:
        return refused(400, f"the request: {error}")
    except ModelwardError as error:
        return refused(500, str(error))


def refused(status: int, why: str) -> Answer:
    code = {400: 3, 404: 5, 405: 12}.get(status, 13)  # https://grpc.io/docs/guides/status-codes/
    return Answer(status, json.dumps({"code": code, "message": why}).encode())


def _answered(method: str, path: str, body: bytes, database: Database) -> bytes:
    if path.startswith(_VULNS) and method == "GET":
        return _record(unquote(path.removeprefix(_VULNS)), database)
    if path == "/v1/query" and method == "POST":
        records = [_record(id_, database) for id_ in _found(canonical.decode(body), database)]
        return b'{"vulns":[' + b",".join(records) + b"]}" if records else b"{}"
    if path == "/v1/querybatch" and method == "POST":
        return _batch(canonical.decode(body), database)
    known = path in ("/v1/query", "/v1/querybatch") or path.startswith(_VULNS)
    raise _Refused(405 if known else 404, f"known are POST /v1/query, POST /v1/querybatch and GET {_VULNS}ID")


def _record(id_: str, database: Database) -> bytes:
    record = database.record(id_)
    if record is None:
        raise _Refused(404, "there is no record of that id in the database")
    return record


def _batch(body: Any, database: Database) -> bytes:
    queries = body.get("queries") if isinstance(body, dict) else None
    if not isinstance(queries, list) or len(queries) > _MOST_QUERIES:
        raise _Refused(400, f"queries must be a list of at most {_MOST_QUERIES:,}")
    results = []
    for query in queries:
        vulns = [{"id": id_, "modified": known.modified} for id_, known in _found(query, database).items()]
        results.append({"vulns": vulns} if vulns else {})
    return json.dumps({"results": results}).encode()


def _found(query: Any, database: Database) -> dict[str, Advisory]:
    """The records that may be about what is asked, by id, in their order."""
    name, version = _asked(query)
    rows = database.affected([name]).get(name, [])
    about = {row.id for row in rows if not version or match(version, row) != "not"}
    return dict(sorted(database.advisories(about).items()))


def _asked(query: Any) -> tuple[str, str]:
    """The canonical name and the version, which may be empty."""
    if not isinstance(query, dict) or not isinstance(query.get("package"), dict):
        raise _Refused(400, "a query needs a package; commits are not known here")
    package = query["package"]
    name, ecosystem, purl = (_text(package, key) for key in ("name", "ecosystem", "purl"))
    version = _text(query, "version")
    if purl:
        if name or ecosystem:
            raise _Refused(400, "a package is named by a purl, or by name and ecosystem")
        name, pinned = _named_by(purl)
        if version and pinned:
            raise _Refused(400, "the version is in the purl or beside the package, not in both")
        version = version or pinned
    elif ecosystem != _ECOSYSTEM:
        raise _Refused(400, f"the database is about the ecosystem {_ECOSYSTEM} alone, not {ecosystem[:80]!r}")
    if not name:
        raise _Refused(400, "a package needs a name")
    return canonical_name(name), version


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise _Refused(400, f"{key} must be a text")
    return value


def _named_by(purl: str) -> tuple[str, str]:
    """https://github.com/package-url/purl-spec/blob/main/PURL-SPECIFICATION.rst"""
    found = _PURL.match(purl)
    if not found:
        raise _Refused(400, f"the database is about pkg:pypi/NAME alone, not {purl[:80]!r}")
    return unquote(found["name"]), unquote(found["version"] or "")
