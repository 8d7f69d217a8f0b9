"""The predicates that carry a result, and where in them it lies.

VULNS, test-result, SVR: https://github.com/in-toto/attestation/tree/main/spec/predicates
VSA: https://slsa.dev/spec/v1.0/verification_summary
cosign: https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md, COSIGN_PREDICATE_SPEC.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from modelward.checks.foreign.reports import by, read_result, recognised
from modelward.checks.foreign.rules import FAILED_TEST, FAILED_VERIFICATION, TEST_WARNING
from modelward.checks.foreign.said import Gap, Object, Result, Said, each, listed, text, within
from modelward.core import canonical
from modelward.core.errors import Malformed

_SHOWN = 8
_MOST_VALUES = 1_000_000


def read_predicate(predicate_type: str, predicate: object) -> Said | None:
    """What *predicate* says; None where it holds no result that is read here. Raises Malformed, at once or while
    it is read, for what its type forbids and a result cannot be found without."""
    read = _READERS.get(predicate_type)
    if read is not None:
        if not isinstance(predicate, dict):
            raise Malformed(f"the predicate of a {predicate_type} is an object")
        return read(predicate)
    if predicate_type in _CUSTOM:
        predicate = _data(predicate)
    reports = [said for report in _within(predicate) if (said := recognised(report)) is not None]
    return chain.from_iterable(reports) if reports else None


def _within(predicate: object) -> Iterator[Object]:
    """A predicate that is a report itself (cosign attest --type URI --predicate report.json), or in which Witness
    has put one: https://witness.dev/docs/docs/attestors/sarif/"""
    for part in (predicate, *(within(one, "attestation") for one in listed(within(predicate, "attestations")))):
        for candidate in (part, within(part, "report")):
            if isinstance(candidate, dict):
                yield candidate


def _data(predicate: object) -> object:
    """The text that cosign attests as `custom`, if it is JSON."""
    data = within(predicate, "Data")
    if not isinstance(data, str) or data.count(",") + data.count("[") + data.count("{") > _MOST_VALUES:
        return data
    try:
        return canonical.decode(data)
    except Malformed:
        return data


def _scan(predicate: Object) -> Said:
    """One scanner, or as in the first version of cosign's specification a list of them; or the report of a scanner
    as it is, under a type that it has no right to."""
    scanners = predicate.get("scanners", [predicate.get("scanner")])
    if isinstance(scanners, list) and scanners and all(isinstance(one, dict) for one in scanners):
        return each(scanners, "scanners", lambda one: by(text(one.get("uri")), read_result(one.get("result"))))
    said = recognised(predicate)
    if said is None:
        raise Malformed("the result of a scan is in an object scanner")
    return said


def _test_result(predicate: Object) -> Said:
    answer = predicate.get("result")
    if not isinstance(answer, str):
        raise Malformed("a test result is PASSED, WARNED or FAILED")
    yield from _lists(predicate, "failedTests", "warnedTests")
    failed, warned = (listed(predicate.get(key)) for key in ("failedTests", "warnedTests"))
    if answer == "FAILED" or failed:
        yield Result(FAILED_TEST, f"the test {_tests(answer, failed)}")
    if answer == "WARNED" or warned:
        yield Result(TEST_WARNING, f"the test {_tests(answer, warned)}")
    if answer not in ("PASSED", "WARNED", "FAILED"):
        yield Gap(f"the test ended with {text(answer, 'nothing')}, which is not PASSED, WARNED or FAILED")


def _lists(predicate: Object, *keys: str) -> Said:
    """A gap and no refusal: what the statement says besides still counts. Go writes null for an empty list."""
    for key in keys:
        if not isinstance(predicate.get(key), list | None):
            yield Gap(f"{key} is no list")


def _tests(answer: str, tests: list[object]) -> str:
    names = ", ".join(text(name, "?") for name in tests[:_SHOWN])
    more = f" and {len(tests) - _SHOWN:,} more" if len(tests) > _SHOWN else ""
    return f"ended with {text(answer, 'nothing')}{': ' if names else ''}{names}{more}"


def _summary(predicate: Object) -> Said:
    verifier = text(within(predicate, "verifier", "id"), "a verifier without a name")
    answer = predicate.get("verificationResult", predicate.get("verification_result"))  # before version 1
    if not isinstance(answer, str):
        raise Malformed("a verification summary says whether it has PASSED or FAILED")
    yield from _lists(predicate, "verifiedLevels")
    if answer == "FAILED" or "FAILED" in listed(predicate.get("verifiedLevels")):
        yield Result(FAILED_VERIFICATION, f"{verifier} has refused it")
    elif answer != "PASSED":
        yield Gap(f"{verifier} says {text(answer, 'nothing')}, which is neither PASSED nor FAILED")


def _properties(predicate: Object) -> Said:
    """Only what has passed is in it."""
    properties = predicate.get("properties")
    if not isinstance(properties, list) or not all(isinstance(one, str) for one in properties):
        raise Malformed("a verification result lists the properties that have passed")
    if not properties:
        yield Gap("no property of it has passed the verification")


_CUSTOM = ("https://cosign.sigstore.dev/attestation/v1", "cosign.sigstore.dev/attestation/v1")
_READERS: Mapping[str, Callable[[Object], Said]] = {
    "https://in-toto.io/attestation/vulns/v0.1": _scan,
    "https://in-toto.io/attestation/vulns/v0.2": _scan,
    "https://in-toto.io/attestation/vulns": _scan,
    "https://cosign.sigstore.dev/attestation/vuln/v1": _scan,
    "cosign.sigstore.dev/attestation/vuln/v1": _scan,
    "https://in-toto.io/attestation/test-result/v0.1": _test_result,
    "https://in-toto.io/attestation/svr/v0.1": _properties,
    "https://in-toto.io/attestation/svr/v0.2": _properties,
    "https://slsa.dev/verification_summary/v0.1": _summary,
    "https://slsa.dev/verification_summary/v0.2": _summary,
    "https://slsa.dev/verification_summary/v1": _summary,
}
