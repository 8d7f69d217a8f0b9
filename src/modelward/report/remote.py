"""How a target far away was read, for people: how much of it, and what held it in place meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from modelward.core.remote import Held, Remote
from modelward.core.result import ScanResult
from modelward.report.escape import visible
from modelward.report.line import Line, count


def remote_lines(scan: ScanResult) -> Iterator[Line]:
    remote = scan.remote
    if remote is None:
        return
    extent = "partial" if scan.is_partial else "full"
    yield Line("coverage  ", f"{extent}: {remote.fetched:,} bytes in {count(remote.requests, 'request')}")
    if remote.commit or remote.files:
        yield Line("pinned by ", "; ".join(_pins(remote)))
    claims = [held for held in remote.files.values() if held.claim]
    if claims:
        what = visible(claims[0].claim) if len(claims) == 1 else count(len(claims), "digest")
        yield Line("claimed   ", f"{what}, by the hub: {_verified(claims)}")


def _pins(remote: Remote) -> Iterator[str]:
    if remote.commit:
        yield f"commit {visible(remote.commit)}"
    pins = [held.pin for held in remote.files.values()]
    if len(pins) == 1:
        yield visible(pins[0])
        return
    kinds = Counter("a strong ETag" if pin.startswith("ETag ") else pin for pin in pins)
    yield from (f"{visible(kind)} ({count(number, 'file')})" for kind, number in sorted(kinds.items()))


def _verified(claims: list[Held]) -> str:
    verified = sum(held.is_verified for held in claims)
    if verified == len(claims):
        return "what came is that"
    return f"{verified:,} of {len(claims):,} verified" if verified else "not verified, since not all was read"
