"""The laws of the gate, for any evidence under any policy, and what a waiver and a manifest are worth."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.artifact import Blob, tree_digest
from modelward.core.digest import Digest
from modelward.core.evidence import Evidence
from modelward.core.finding import Finding, Location, Rule, Severity, Unexamined
from modelward.core.statement import Statement
from modelward.core.verdict import UNEXAMINED, Need, Policy, Signer, Verdict, Waiver
from modelward.policy.evaluate import evaluate

MANIFEST, SCAN, OTHER = (f"urn:modelward:predicate:{name}:1" for name in ("manifest", "scan", "other"))
NOW = datetime(2030, 6, 15, 12, tzinfo=UTC)
TODAY = NOW.date()


def blob(text: str) -> Blob:
    return Blob(Digest("sha256", hashlib.sha256(text.encode()).hexdigest()), len(text))


A, B, C = blob("a"), blob("bb"), blob("ccc")
TREE = {"a": A, "b/b": B}
TREES: tuple[Mapping[str, Blob], ...] = (TREE, {"a": A}, {"a": A, "b": B}, {"": A}, {})
WHOLE = tree_digest(TREE)
SUBJECTS = (WHOLE, tree_digest({"a": A}), tree_digest({}), A.digest)
SUBJECT = st.sampled_from([WHOLE] * 6 + [*SUBJECTS])  # most of the time evidence meets its subject
RULES = tuple(Rule(f"{severity}-rule", severity, "t", "w.", "d.") for severity in Severity)
MEDIUM = RULES[Severity.MEDIUM]


def rule(severity: Severity) -> Rule:
    return RULES[severity]


LOCATIONS = [
    Location(*each)
    for each in product([None, A.digest, B.digest, C.digest], [(), ("a",), ("a", "b")], [None, (0, 1), (3, 9)])
]
FINDINGS = st.sampled_from([Finding(*each) for each in product(RULES, LOCATIONS, ["one", "two"])])
GAPS = st.sampled_from([Unexamined(*each) for each in product(LOCATIONS, ["why", "because"], ["", "look"])])


@cache
def statement(subject: Digest, kind: str) -> Statement:
    return Statement.make(subject, kind, {})


EVIDENCE = st.builds(
    Evidence,
    st.sampled_from([statement(*each) for each in product([WHOLE] * 6 + [*SUBJECTS], [MANIFEST, SCAN, OTHER])]),
    st.lists(FINDINGS, max_size=3).map(tuple),
    st.lists(GAPS, max_size=2).map(tuple),
    st.none() | st.just(TREE) | st.sampled_from(TREES),
    st.frozensets(st.sampled_from([A.digest, B.digest, C.digest])),
)
PILES = st.lists(EVIDENCE, max_size=5)

NEEDS = (
    Need("manifest", MANIFEST, False, "why"),
    Need("scan", SCAN, False, "why"),
    Need("coverage", SCAN, True, "why"),
    Need("other", OTHER, True, "why"),
)
WAIVERS = st.sampled_from(
    [
        Waiver(rule_id, digest, TODAY + timedelta(days), "reason")
        for rule_id in (UNEXAMINED, *(each.id for each in RULES))
        for digest in (*SUBJECTS, B.digest)
        for days in (-1, 0, 30)
    ]
)
POLICIES = st.builds(
    Policy,
    st.just("policy"),
    st.just(C.digest),
    st.just(""),
    st.lists(st.sampled_from(NEEDS), min_size=1, unique=True).map(tuple),
    st.sampled_from(Severity),
    st.frozensets(st.sampled_from([each.id for each in RULES])),
    st.lists(WAIVERS, max_size=4).map(tuple),
)
BASELINE = Policy("policy", C.digest, "", (NEEDS[0], NEEDS[2]), Severity.MEDIUM, frozenset(), ())

RANK = {"allow": 0, "incomplete": 1, "deny": 2}


def judge(
    evidence: Sequence[Evidence], policy: Policy = BASELINE, subject: Digest = WHOLE, now: datetime = NOW
) -> Verdict:
    return evaluate(subject, evidence, policy, now)


def pile(
    *said: Finding | Unexamined,
    files: Mapping[str, Blob] | None = TREE,
    covers: frozenset[Digest] = frozenset({A.digest, B.digest}),
    subject: Digest = WHOLE,
) -> list[Evidence]:
    """A manifest and a scan, as an ordinary run makes them."""
    findings = tuple(word for word in said if isinstance(word, Finding))
    gaps = tuple(word for word in said if isinstance(word, Unexamined))
    return [
        Evidence(statement(subject, MANIFEST), files=files),
        Evidence(statement(subject, SCAN), findings, gaps, None, covers),
    ]


def waive(rule_id: str, digest: Digest, expires: date = TODAY, file: str = "") -> Policy:
    return replace(BASELINE, waivers=(Waiver(rule_id, digest, expires, "reason", file),))


# Laws


@given(POLICIES, SUBJECT)
def test_without_evidence_it_denies(policy: Policy, subject: Digest) -> None:
    assert judge([], policy, subject).decision == "deny"
    assert judge([], replace(policy, needs=()), subject).decision == "deny"


@given(PILES, POLICIES, SUBJECT, st.data())
def test_order_and_repetition_never_matter(
    evidence: list[Evidence], policy: Policy, subject: Digest, data: st.DataObject
) -> None:
    again = data.draw(st.permutations([*evidence, *evidence]))
    assert judge(again, policy, subject) == judge(evidence, policy, subject)


@given(PILES, PILES, POLICIES, SUBJECT)
def test_a_finding_is_never_undone_by_more_evidence(
    evidence: list[Evidence], more: list[Evidence], policy: Policy, subject: Digest
) -> None:
    before, after = judge(evidence, policy, subject), judge([*evidence, *more], policy, subject)
    assert set(before.denied) <= set(after.denied)
    assert set(before.unexamined) <= set(after.unexamined)
    if before.denied:
        assert after.decision == "deny"


@given(PILES, POLICIES, SUBJECT)
def test_evidence_about_another_digest_is_ignored(evidence: list[Evidence], policy: Policy, subject: Digest) -> None:
    about = [item for item in evidence if item.statement.subject == subject]
    assert judge(evidence, policy, subject) == judge(about, policy, subject)


@given(PILES, POLICIES, SUBJECT)
def test_what_is_unexamined_never_allows_unless_it_is_waived_by_digest(
    evidence: list[Evidence], policy: Policy, subject: Digest
) -> None:
    verdict = judge(evidence, policy, subject)
    accepted = {waiver.digest for waiver in policy.waivers if waiver.rule == UNEXAMINED and waiver.expires >= TODAY}
    listed = [item for item in evidence if item.statement.subject == subject and item.files is None]
    open_gaps = {gap for item in listed for gap in item.unexamined if (gap.at.blob or subject) not in accepted}
    assert open_gaps <= set(verdict.unexamined)
    if open_gaps:
        assert verdict.decision != "allow"


@given(PILES, POLICIES, SUBJECT)
def test_what_an_allow_rests_on(evidence: list[Evidence], policy: Policy, subject: Digest) -> None:
    verdict = judge(evidence, policy, subject)
    if verdict.decision != "allow":
        return
    about = [item for item in evidence if item.statement.subject == subject]
    assert about
    assert subject != tree_digest({})
    assert not verdict.denied and not verdict.unmet and not verdict.unexamined
    for need in policy.needs:
        found = [item for item in about if item.statement.predicate_type == need.predicate_type]
        assert found
        if need.covers_files:
            covered = frozenset[Digest]().union(*(item.covers for item in found))
            wanted = {A.digest} if subject != WHOLE else {A.digest, B.digest}
            assert wanted <= covered
    for said, waiver in verdict.waived:
        assert waiver in policy.waivers
        assert waiver.expires >= TODAY
        assert waiver.digest == (said.at.blob or subject)
        assert waiver.rule == (said.rule.id if isinstance(said, Finding) else UNEXAMINED)


@given(PILES, POLICIES, SUBJECT, st.integers(0, 60), st.integers(0, 60))
def test_time_never_makes_it_milder(
    evidence: list[Evidence], policy: Policy, subject: Digest, first: int, more: int
) -> None:
    early, late = (NOW + timedelta(days) for days in (first, first + more))
    assert (
        RANK[judge(evidence, policy, subject, early).decision] <= RANK[judge(evidence, policy, subject, late).decision]
    )


@given(PILES, POLICIES, SUBJECT, st.sampled_from(Severity), st.sampled_from(RULES))
def test_a_stricter_policy_is_never_milder(
    evidence: list[Evidence], policy: Policy, subject: Digest, severity: Severity, denied: Rule
) -> None:
    verdict = judge(evidence, policy, subject)
    for stricter in (
        replace(policy, deny_severity=min(severity, policy.deny_severity)),
        replace(policy, deny_rules=policy.deny_rules | {denied.id}),
        replace(policy, waivers=policy.waivers[1:]),
        replace(policy, needs=NEEDS),
    ):
        assert RANK[judge(evidence, stricter, subject).decision] >= RANK[verdict.decision]


@given(PILES, POLICIES)
def test_a_tree_without_files_is_never_allowed(evidence: list[Evidence], policy: Policy) -> None:
    assert judge(evidence, policy, tree_digest({})).decision == "deny"


# Findings and gaps


def test_an_ordinary_run_without_findings_is_allowed() -> None:
    assert judge(pile()) == Verdict("allow", (), (), (), ())


@pytest.mark.parametrize("severity", Severity)
def test_a_finding_denies_from_the_severity_of_the_policy_on(severity: Severity) -> None:
    finding = Finding(rule(severity), Location(A.digest), "x")
    for threshold in Severity:
        verdict = judge(pile(finding), replace(BASELINE, deny_severity=threshold))
        assert (verdict.decision == "deny") == (severity >= threshold)


def test_a_rule_that_the_policy_names_denies_whatever_its_severity() -> None:
    finding = Finding(rule(Severity.INFO), Location(A.digest), "x")
    assert judge(pile(finding)).decision == "allow"
    assert judge(pile(finding), replace(BASELINE, deny_rules=frozenset({"info-rule"}))).denied == (finding,)


def test_a_gap_alone_is_incomplete_and_a_finding_is_graver() -> None:
    gap = Unexamined(Location(A.digest), "why")
    assert judge(pile(gap)).decision == "incomplete"
    assert judge(pile(gap, Finding(MEDIUM, Location(B.digest), "x"))).decision == "deny"
    assert judge(pile(gap, covers=frozenset({A.digest}))).decision == "deny"


def test_what_differs_in_words_alone_is_kept_and_in_order() -> None:
    """In one set each, they would come out as their hashes fall, and those differ from run to run."""
    at = Location(A.digest)
    gaps = [Unexamined(at, "why", f"do {n}") for n in range(8)]
    findings = [Finding(MEDIUM, at, "x", (("n", f"{n}"),)) for n in range(8)]
    assert list(judge(pile(*gaps)).unexamined) == gaps
    assert list(judge(pile(*findings)).denied) == findings
    policy = replace(BASELINE, waivers=tuple(waive(name, A.digest).waivers[0] for name in (UNEXAMINED, MEDIUM.id)))
    assert [said for said, _ in judge(pile(*gaps, *findings), policy).waived] == [*findings, *gaps]


# Signers

SIGNED = Need("signed", OTHER, False, "why", 2)
SIGNERS = tuple(Signer(name, frozenset({OTHER}), key="pem") for name in ("ann", "bob", "cy"))


def signing(*pairs: tuple[str, str], need: Need = SIGNED, signers: Sequence[Signer] = SIGNERS) -> str:
    """The decision where each pair (name, key) has signed a statement of its own."""
    policy = replace(BASELINE, needs=(*BASELINE.needs, need), signers=tuple(signers))
    signed = [Evidence(statement(WHOLE, OTHER), signed_by=frozenset({pair})) for pair in pairs]
    return judge([*pile(), *signed], policy).decision


def test_a_threshold_counts_signers_who_differ_in_name_and_key() -> None:
    assert signing(("ann", "1"), ("bob", "2")) == "allow"
    assert signing(("ann", "1"), ("ann", "2")) == "deny"
    assert signing(("ann", "1"), ("bob", "1")) == "deny"
    assert signing(("ann", "1"), ("ann", "2"), ("bob", "1")) == "allow"
    three = replace(SIGNED, signatures=3)
    assert signing(("ann", "1"), ("bob", "1"), ("cy", "1"), ("cy", "2"), ("cy", "3"), need=three) == "deny"
    assert signing(("ann", "1"), ("bob", "1"), ("bob", "2"), ("cy", "2"), ("cy", "3"), need=three) == "allow"
    assert signing() == "deny"


def test_one_statement_may_have_all_the_signatures() -> None:
    policy = replace(BASELINE, needs=(*BASELINE.needs, SIGNED), signers=SIGNERS)
    both = Evidence(statement(WHOLE, OTHER), signed_by=frozenset({("ann", "1"), ("bob", "2")}))
    assert judge([*pile(), both], policy).decision == "allow"
    elsewhere = replace(both, statement=statement(B.digest, OTHER))
    assert judge([*pile(), elsewhere], policy).decision == "deny"


def test_only_signers_of_the_policy_whom_the_need_names_count_and_on_their_predicates() -> None:
    pairs = (("ann", "1"), ("bob", "2"))
    assert signing(*pairs, signers=SIGNERS[:1]) == "deny"
    assert signing(*pairs, need=replace(SIGNED, signers=frozenset({"ann", "bob"}))) == "allow"
    assert signing(*pairs, need=replace(SIGNED, signers=frozenset({"ann", "cy"}))) == "deny"
    elsewhere = replace(SIGNERS[0], predicates=frozenset({SCAN}))
    assert signing(*pairs, signers=(elsewhere, SIGNERS[1])) == "deny"


@pytest.mark.parametrize(
    ("since", "until", "decision"),
    [(0, 0, "allow"), (-1, 1, "allow"), (1, None, "deny"), (None, -1, "deny"), (None, 0, "allow"), (0, None, "allow")],
)
def test_a_signer_counts_from_the_first_day_through_the_last(
    since: int | None, until: int | None, decision: str
) -> None:
    first, last = (None if days is None else TODAY + timedelta(days) for days in (since, until))
    signer = replace(SIGNERS[0], since=first, until=last)
    assert signing(("ann", "1"), ("bob", "2"), signers=(signer, SIGNERS[1])) == decision


def test_what_nobody_signed_covers_nothing_where_signatures_are_needed() -> None:
    need = Need("signed", OTHER, True, "why", 1)
    policy = replace(BASELINE, needs=(*BASELINE.needs, need), signers=SIGNERS)
    part = Evidence(statement(WHOLE, OTHER), covers=frozenset({A.digest}), signed_by=frozenset({("ann", "1")}))
    rest = Evidence(statement(WHOLE, OTHER), covers=frozenset({B.digest}))
    assert judge([*pile(), part, rest], policy).decision == "deny"
    assert judge([*pile(), part, replace(rest, signed_by=part.signed_by)], policy).decision == "allow"


# Waivers

IN_A = Finding(MEDIUM, Location(A.digest, ("member",), (1, 2)), "x")
IN_TREE = Finding(MEDIUM, Location(None, ("b/b",)), "x")
GAP_IN_A = Unexamined(Location(A.digest, ("member",)), "why")
GAP_IN_TREE = Unexamined(Location(None, ("link",)), "why")


@pytest.mark.parametrize(
    ("said", "content"), [(IN_A, A.digest), (IN_TREE, WHOLE), (GAP_IN_A, A.digest), (GAP_IN_TREE, WHOLE)]
)
def test_a_waiver_needs_rule_and_digest_both(said: Finding | Unexamined, content: Digest) -> None:
    right = MEDIUM.id if isinstance(said, Finding) else UNEXAMINED
    file = "link" if said == GAP_IN_TREE else ""
    verdict = judge(pile(said), waive(right, content, file=file))
    assert verdict == Verdict("allow", (), (), (), ((said, waive(right, content, file=file).waivers[0]),))
    for name in (UNEXAMINED, *(each.id for each in RULES)):
        for digest in (A.digest, B.digest, C.digest, WHOLE, *SUBJECTS):
            allowed = judge(pile(said), waive(name, digest, file=file)).decision == "allow"
            assert allowed == ((name, digest) == (right, content))


@pytest.mark.parametrize(("inside", "file"), [(("link",), "link"), ((), "."), (("a", "b"), "a")])
def test_a_waiver_for_a_gap_of_a_tree_names_the_gap(inside: tuple[str, ...], file: str) -> None:
    """The digest of a tree binds nothing of what could not be read: another gap may be anything."""
    gap = Unexamined(Location(None, inside), "why")
    assert judge(pile(gap), waive(UNEXAMINED, WHOLE, file=file)).decision == "allow"
    for other in {"", ".", "link", "a", "b", "a/b"} - {file}:
        assert judge(pile(gap), waive(UNEXAMINED, WHOLE, file=other)).decision == "incomplete"


def test_a_waiver_covers_its_content_wherever_it_lies_and_no_other() -> None:
    twin = {"x": A, "y/z": A}
    verdict = judge(
        pile(IN_A, files=twin, subject=tree_digest(twin)), waive(MEDIUM.id, A.digest), subject=tree_digest(twin)
    )
    assert verdict.decision == "allow"
    in_b = replace(IN_A, at=replace(IN_A.at, blob=B.digest))
    assert judge(pile(IN_A, in_b), waive(MEDIUM.id, A.digest)).denied == (in_b,)


def test_a_waived_finding_of_a_rule_that_the_policy_names() -> None:
    policy = replace(waive(MEDIUM.id, A.digest), deny_rules=frozenset({MEDIUM.id}))
    assert judge(pile(IN_A), policy).decision == "allow"


@pytest.mark.parametrize(
    ("now", "decision"),
    [
        ("2030-06-14T00:00:00+00:00", "allow"),
        ("2030-06-15T00:00:00+00:00", "allow"),
        ("2030-06-15T23:59:59.999999+00:00", "allow"),
        ("2030-06-16T00:00:00+00:00", "deny"),
        ("2030-06-16T13:59:59+14:00", "allow"),
        ("2030-06-16T14:00:00+14:00", "deny"),
        ("2030-06-15T11:59:59-12:00", "allow"),
        ("2030-06-15T12:00:00-12:00", "deny"),
    ],
)
def test_a_waiver_holds_through_its_last_day_in_utc(now: str, decision: str) -> None:
    policy = waive(MEDIUM.id, A.digest, date(2030, 6, 15))
    assert judge(pile(IN_A), policy, now=datetime.fromisoformat(now)).decision == decision


@given(st.datetimes(), st.integers(-14, 14))
def test_a_waiver_ends_at_one_moment_everywhere(moment: datetime, hours: int) -> None:
    policy = waive(MEDIUM.id, A.digest, date(2030, 6, 15))
    here = timezone(timedelta(hours=hours))
    try:
        elsewhere = moment.replace(tzinfo=UTC).astimezone(here)
    except OverflowError:
        return
    assert judge(pile(IN_A), policy, now=moment.replace(tzinfo=UTC)) == judge(pile(IN_A), policy, now=elsewhere)


def test_an_expired_waiver_does_not_hide_one_that_holds() -> None:
    waivers = tuple(Waiver(MEDIUM.id, A.digest, TODAY + timedelta(days), "r") for days in (-1, 0, 1))
    policy = replace(BASELINE, waivers=waivers)
    assert judge(pile(IN_A), policy).waived == ((IN_A, waivers[1]),)


def test_no_waiver_stands_for_evidence() -> None:
    policy = replace(BASELINE, waivers=(*waive(UNEXAMINED, WHOLE).waivers, *waive(UNEXAMINED, B.digest).waivers))
    assert judge(pile(covers=frozenset({A.digest})), policy).decision == "deny"
    assert judge([], policy).decision == "deny"


# Coverage


def unmet(evidence: Sequence[Evidence], policy: Policy = BASELINE, subject: Digest = WHOLE) -> dict[str, str]:
    verdict = judge(evidence, policy, subject)
    assert verdict.decision == "deny"
    return {need.id: why for need, why in verdict.unmet}


def test_a_scan_that_leaves_out_a_file() -> None:
    assert unmet(pile(covers=frozenset({A.digest, C.digest}))) == {
        "coverage": "1 of 2 files were not looked at, the first is 'b/b'"
    }


def test_two_scans_cover_together() -> None:
    both = [*pile(covers=frozenset({A.digest})), *pile(covers=frozenset({B.digest}))]
    assert judge(both).decision == "allow"


def test_the_coverage_of_another_kind_of_statement_does_not_count() -> None:
    manifest, scan = pile()
    foreign = replace(scan, statement=statement(WHOLE, OTHER))
    assert unmet([manifest, replace(scan, covers=frozenset()), foreign])["coverage"].startswith("2 of 2 files")


@pytest.mark.parametrize(
    "files", [{}, {"a": A}, TREE | {"c": C}, {"a": A, "b/c": B}, {"a": B, "b/b": A}, {"a": A, "b/b": Blob(B.digest, 3)}]
)
def test_a_manifest_of_another_tree_is_not_believed(files: Mapping[str, Blob]) -> None:
    """The statement says that it is about the subject; the list of its files is that of something else."""
    assert set(unmet(pile(files=files))) == {"manifest", "coverage"}
    assert judge([*pile(files=files), *pile()]).decision == "allow"


def test_without_a_manifest_nothing_is_known_to_be_covered() -> None:
    manifest, scan = pile()
    assert set(unmet([scan])) == {"manifest", "coverage"}
    assert unmet([replace(manifest, files=None), scan]) == {
        "coverage": "no manifest lists its files, so it cannot be known that all were looked at"
    }
    assert set(unmet([manifest])) == {"coverage"}


def test_a_lone_file() -> None:
    lone = pile(files={"": A}, covers=frozenset({A.digest}), subject=A.digest)
    assert judge(lone, subject=A.digest).decision == "allow"
    uncovered = pile(files={"": A}, covers=frozenset({B.digest}), subject=A.digest)
    assert set(unmet(uncovered, subject=A.digest)) == {"coverage"}


@pytest.mark.parametrize("files", [{"a": A}, {"": B}, {"": A, "a": A}, {}])
def test_what_is_no_list_of_a_lone_file(files: Mapping[str, Blob]) -> None:
    evidence = pile(files=files, covers=frozenset({A.digest}), subject=A.digest)
    assert set(unmet(evidence, subject=A.digest)) == {"manifest", "coverage"}


def test_a_file_is_no_tree_of_that_file() -> None:
    named = tree_digest({"": A})
    assert unmet(pile(files={"": A}, covers=frozenset({A.digest}), subject=named), subject=named)


def test_a_tree_without_files_says_so() -> None:
    nothing = tree_digest({})
    evidence = pile(files={}, subject=nothing)
    assert unmet(evidence, subject=nothing) == {"coverage": "it has no files"}
    lax = replace(BASELINE, needs=(NEEDS[0],))
    assert unmet(evidence, lax, nothing) == {"files": "it has no files"}
