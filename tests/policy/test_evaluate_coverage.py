"""What covers a file: a scan by content, a signature by name and content, and neither by what is said of another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.artifact import Blob, tree_digest
from modelward.core.digest import Digest
from modelward.core.evidence import Evidence
from modelward.core.finding import Finding, Location, Rule, Severity, Unexamined
from modelward.core.statement import Statement
from modelward.core.verdict import Need, Policy, Signer, Verdict
from modelward.policy.evaluate import evaluate

MANIFEST, KIND, OTHER = "manifest", "signature", "other"
NOW = datetime(2030, 6, 15, 12, tzinfo=UTC)


def blob(text: str) -> Blob:
    return Blob(Digest("sha256", hashlib.sha256(text.encode()).hexdigest()), len(text))


A, B = blob("a"), blob("bb")
BLOBS = (A, B)
PATHS = ("a", "b/b", ".gitattributes")
SIGNERS = tuple(Signer(name, frozenset({KIND}), key="pem") for name in ("ann", "bob", "cy"))
LAID_OUT = [dict(zip(PATHS, laid, strict=False)) for number in (1, 2, 3) for laid in product(BLOBS, repeat=number)]
TREES = st.sampled_from(LAID_OUT)
NAMES = st.sampled_from([{}, *({path: each.digest for path, each in laid.items()} for laid in LAID_OUT)])
HOLDERS = [(name, key) for name in ("ann", "bob", "eve") for key in ("1", "2")]
PAIRS = st.sampled_from([frozenset(pairs) for number in (0, 1, 2) for pairs in combinations(HOLDERS, number)])
RULE = Rule("a-rule", Severity.HIGH, "t", "w.", "d.")
FOUND = ((), (Finding(RULE, Location(A.digest), "x"),), (Finding(RULE, Location(None), "x"),))
GAPS = ((), (Unexamined(Location(None, ("evidence://x",)), "why"),))
COVERED = [frozenset(each.digest for each in some) for some in ((), (A,), (B,), BLOBS)]
Parts = tuple[str, tuple[Finding, ...], tuple[Unexamined, ...], frozenset[Digest], bool]
EVIDENCE = st.tuples(st.sampled_from(list(product([KIND, OTHER], FOUND, GAPS, COVERED, [False, True]))), PAIRS, NAMES)
Drawn = tuple[Parts, frozenset[tuple[str, str]], Mapping[str, Digest]]


def signed(
    files: Mapping[str, Blob],
    names: Mapping[str, Digest] | None = None,
    *pairs: tuple[str, str],
    covers: frozenset[Digest] = frozenset(),
    in_part: bool = False,
) -> Evidence:
    statement = Statement.make(tree_digest(files), KIND, {})
    return Evidence(statement, covers=covers, signed_by=frozenset(pairs), names=names or {}, in_part=in_part)


def policy(signatures: int = 1, covers: bool = True, signers: tuple[Signer, ...] = SIGNERS) -> Policy:
    need = Need("signed", KIND, covers, "why", signatures)
    return Policy("p", A.digest, "", (need,), Severity.MEDIUM, frozenset(), (), signers)


def judge(files: Mapping[str, Blob], judged_by: Policy, *evidence: Evidence) -> Verdict:
    listed = Evidence(Statement.make(tree_digest(files), MANIFEST, {}), files=files)
    return evaluate(tree_digest(files), [listed, *evidence], judged_by, NOW)


def all_names(files: Mapping[str, Blob]) -> dict[str, Digest]:
    return {path: each.digest for path, each in files.items()}


def about(files: Mapping[str, Blob], drawn: Drawn, kind: str = "", in_part: bool = False) -> Evidence:
    (drawn_kind, findings, gaps, covers, in_parts), pairs, names = drawn
    statement = Statement.make(tree_digest(files), kind or drawn_kind, {})
    return Evidence(statement, findings, gaps, None, covers, pairs, names, in_part or in_parts)


# --- laws ---


@given(TREES, NAMES)
def test_a_signature_covers_exactly_the_names_that_it_signed(
    files: Mapping[str, Blob], names: Mapping[str, Digest]
) -> None:
    verdict = judge(files, policy(), signed(files, names, ("ann", "1")))
    assert (verdict.decision == "allow") == (all_names(files).items() <= names.items())


@given(TREES, st.lists(st.tuples(NAMES, PAIRS), max_size=4), st.integers(1, 2))
def test_each_file_needs_as_many_signers_as_the_policy(
    files: Mapping[str, Blob], signatures: list[tuple[Mapping[str, Digest], frozenset[tuple[str, str]]]], number: int
) -> None:
    """Two who each signed another half have not both signed anything."""
    if judge(files, policy(number), *(signed(files, names, *pairs) for names, pairs in signatures)).decision != "allow":
        return
    for path, each in files.items():
        holding = [pairs for names, pairs in signatures if names.get(path) == each.digest]
        known = {pair for pairs in holding for pair in pairs if pair[0] != "eve"}
        assert len({name for name, _ in known}) >= number
        assert len({key for _, key in known}) >= number


@given(TREES, st.lists(EVIDENCE, max_size=4), st.lists(EVIDENCE, max_size=4), st.integers(0, 2), st.booleans())
def test_more_statements_undo_no_finding_and_no_gap(
    files: Mapping[str, Blob],
    some: list[Drawn],
    more: list[Drawn],
    number: int,
    covers: bool,
) -> None:
    judged_by = policy(number, covers)
    before = judge(files, judged_by, *(about(files, each) for each in some))
    after = judge(files, judged_by, *(about(files, each) for each in [*some, *more]))
    assert set(before.denied) <= set(after.denied)
    assert set(before.unexamined) <= set(after.unexamined)
    if before.denied:
        assert after.decision == "deny"


@given(TREES, st.lists(EVIDENCE, max_size=4), st.integers(0, 2))
def test_what_is_said_of_a_part_alone_never_meets_a_need_for_the_whole(
    files: Mapping[str, Blob], some: list[Drawn], number: int
) -> None:
    parts = [about(files, each, in_part=True) for each in some]
    assert judge(files, policy(number, covers=False), *parts).decision == "deny"


@given(TREES, EVIDENCE, st.lists(EVIDENCE, max_size=3), st.integers(0, 2), st.booleans())
def test_a_statement_of_one_type_never_meets_the_need_for_another(
    files: Mapping[str, Blob], one: Drawn, more: list[Drawn], number: int, covers: bool
) -> None:
    others = [about(files, each, OTHER) for each in [one, *more]]
    assert judge(files, policy(number, covers), *others).unmet


@given(TREES, st.lists(st.tuples(NAMES, PAIRS, st.frozensets(st.sampled_from(PATHS))), max_size=3), st.integers(1, 2))
def test_what_a_signature_leaves_out_is_a_gap_and_never_covered(
    files: Mapping[str, Blob],
    signatures: list[tuple[Mapping[str, Digest], frozenset[tuple[str, str]], frozenset[str]]],
    number: int,
) -> None:
    plain = [signed(files, names, *pairs) for names, pairs, _ in signatures]
    wider = [replace(each, left_out=left_out) for each, (_, _, left_out) in zip(plain, signatures, strict=True)]
    before, after = judge(files, policy(number), *plain), judge(files, policy(number), *wider)
    assert (before.decision == "allow") == (after.decision == "allow")
    assert after.decision == before.decision or (before.decision, after.decision) == ("deny", "incomplete")
    left = {path for *_, left_out in signatures for path in left_out}
    assert {gap.at.blob for gap in after.unexamined} <= {each.digest for path, each in files.items() if path in left}


# --- cases ---


def test_an_equal_content_under_another_name_is_not_signed() -> None:
    files = {"a": A, ".gitattributes": A}
    assert judge(files, policy(), signed(files, {"a": A.digest}, ("ann", "1"))).decision == "deny"
    assert judge(files, policy(), signed(files, all_names(files), ("ann", "1"))).decision == "allow"


def test_a_scan_covers_a_content_under_every_name() -> None:
    files = {"a": A, "copy": A}
    assert judge(files, policy(), signed(files, {}, ("ann", "1"), covers=frozenset({A.digest}))).decision == "allow"


def test_the_halves_of_two_signers_are_not_two_signatures() -> None:
    files = {"a": A, "b": B}
    halves = (signed(files, {"a": A.digest}, ("ann", "1")), signed(files, {"b": B.digest}, ("bob", "2")))
    assert judge(files, policy(1), *halves).decision == "allow"
    verdict = judge(files, policy(2), *halves)
    assert [why for _, why in verdict.unmet] == ["2 of 2 files are not covered by 2 of the signers, the first is 'a'"]


def test_statements_about_each_file_are_one_about_all() -> None:
    files = {"a": A, "b": B}
    each = [signed(files, {}, ("ann", "1"), covers=frozenset({each.digest}), in_part=True) for each in (A, B)]
    assert judge(files, policy(), *each).decision == "allow"
    assert judge(files, policy(), each[0]).decision == "deny"
    assert judge(files, policy(covers=False), *each).decision == "deny"


@pytest.mark.parametrize("number", [0, 1])
def test_a_signer_out_of_time_meets_no_need_even_where_no_number_is_wanted(number: int) -> None:
    files = {"a": A}
    late = tuple(Signer(each.name, each.predicates, key="pem", until=date(2030, 6, 14)) for each in SIGNERS)
    statement = signed(files, all_names(files), ("ann", "1"))
    assert judge(files, policy(number, False, late), statement).decision == "deny"
    assert judge(files, policy(number, False), statement).decision == "allow"


def test_what_a_signer_out_of_time_has_found_still_counts() -> None:
    files = {"a": A}
    late = tuple(Signer(each.name, each.predicates, key="pem", until=date(2030, 6, 14)) for each in SIGNERS)
    found = replace(signed(files, {}, ("ann", "1")), findings=FOUND[1])
    assert judge(files, policy(0, False, late), found).denied


def test_many_statements_about_many_files_are_judged_in_no_time() -> None:
    """Each file has its own; to compare each with each would be millions of comparisons."""
    files = {f"{n}": blob(f"{n}") for n in range(2_000)}
    one = Evidence(Statement.make(tree_digest(files), KIND, {}), signed_by=frozenset({("ann", "1")}), in_part=True)
    parts = [replace(one, covers=frozenset({each.digest})) for each in files.values()]
    assert judge(files, policy(), *parts).decision == "allow"
