"""What an audit says of packages: laws, and one test for each way to be unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.deps import CHECK, Audited
from modelward.checks.deps.judge import audit
from modelward.core.advisory import Advisory, Affected, Event
from modelward.core.artifact import Artifact
from modelward.core.dependency import DistFile, Gap, Graph, Hash, Origin, Package
from modelward.core.dependency_audit import DatabaseFacts, DependencyAudit, Flags
from modelward.core.dependency_policy import DependencyPolicy, Ignore, IndexRule
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.evidence import Evidence
from modelward.core.finding import Finding, Location, Severity, Unexamined
from modelward.core.project import Project, Release
from modelward.core.source_audit import Spot
from modelward.core.statement import Statement
from modelward.core.verdict import Need, Policy
from modelward.policy.evaluate import evaluate

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PUBLIC = "https://index.example/simple"
HASHED = (Hash("sha256", "a" * 64),)
FLAGS = Flags(Severity.MEDIUM)


class Rows:
    """A database that is these rows."""

    def __init__(self, rows: Sequence[Affected], newest: str = "2026-11-19T00:00:00Z", unread: int = 0) -> None:
        self._rows = rows
        self.facts = DatabaseFacts("sha256:00", newest, 1 + len(rows), (), frozenset({"index.example"}), unread)
        self.known = {row.id: Advisory(row.id) for row in rows}
        self.pages: dict[str, Project] = {}

    def affected(self, names: frozenset[str]) -> Mapping[str, list[Affected]]:
        return {name: found for name in names if (found := [row for row in self._rows if row.name == name])}

    def advisories(self, ids: frozenset[str]) -> Mapping[str, Advisory]:
        return {id_: self.known[id_] for id_ in ids}

    def projects(self, names: frozenset[str]) -> Mapping[str, Project]:
        return {name: self.pages[name] for name in names if name in self.pages}


def below(fixed: str, name: str = "torch", id_: str = "GHSA-1") -> Affected:
    return Affected(id_, name, ((Event("introduced", "0"), Event("fixed", fixed)),))


def package(
    name: str = "torch", version: str = "2.5.1", *, url: str = PUBLIC, line: int = 1, uploaded: datetime | None = None
) -> Package:
    origin = Origin("index", url) if url else Origin("unstated")
    files = (DistFile(f"{name}.whl", hashes=HASHED, uploaded=uploaded),)
    return Package(name, version, Spot("uv.lock", line, 1), origin, files=files)


def judged(
    *packages: Package, rows: Sequence[Affected] = (), policy: DependencyPolicy | None = None, **more: object
) -> DependencyAudit:
    return audit(Graph(packages), Rows(rows), policy or DependencyPolicy(), NOW)


def rules(done: DependencyAudit) -> list[str]:
    return [one.said.rule.id for one in done.findings if isinstance(one.said, Finding)]


def whys(done: DependencyAudit) -> str:
    return "\n".join(one.said.why for one in done.unexamined if isinstance(one.said, Unexamined))


def test_a_package_that_is_looked_up_and_not_affected_is_clean() -> None:
    done = judged(package(version="2.6.0"), rows=[below("2.6.0")])
    assert (done.exit_code(FLAGS), done.matched, rules(done), whys(done)) == (0, 1, [], "")


def test_an_affected_version_is_a_finding_at_its_line_with_the_version_to_take() -> None:
    done = judged(package(line=7), rows=[below("2.6.0"), below("2.8.0", id_="GHSA-2")])
    assert [dict(one.said.evidence)["fixed"] for one in done.findings if isinstance(one.said, Finding)] == [
        "2.6.0",
        "2.8.0",
    ]
    assert {dict(one.said.evidence)["clear"] for one in done.findings if isinstance(one.said, Finding)} == {"2.8.0"}
    assert {one.at.line for one in done.findings} == {7}
    assert done.packages[0].advisories == ("GHSA-1", "GHSA-2")
    assert done.exit_code(FLAGS) == 1


def test_a_local_version_is_the_public_one_with_something_added() -> None:
    assert rules(judged(package(version="2.5.1+cu121"), rows=[Affected("GHSA-1", "torch", (), ("2.5.1",))])) == [
        "package-vulnerable"
    ]


def test_records_that_mean_one_flaw_are_one_finding() -> None:
    database = Rows([below("2.6.0"), below("2.6.0", id_="PYSEC-1"), below("2.6.0", id_="CVE-9")])
    database.known["GHSA-1"] = Advisory("GHSA-1", ("CVE-1",))
    database.known["PYSEC-1"] = Advisory("PYSEC-1", ("CVE-1",), severity=Severity.LOW)
    done = audit(Graph((package(),)), database, DependencyPolicy(), NOW)
    assert len(done.findings) == 2
    assert [one.said.severity for one in done.findings if isinstance(one.said, Finding)] == [
        Severity.HIGH,  # nobody rated it, which is not low
        Severity.LOW,
    ]


def test_a_record_of_a_hostile_release_is_critical_whatever_its_rating() -> None:
    database = Rows([Affected("MAL-1", "litellm", (), ("1.82.7",))])
    database.known["MAL-1"] = Advisory("MAL-1", severity=Severity.LOW, is_malicious=True)
    hostile, other = package("litellm", "1.82.7"), package("litellm", "1.82.6")
    ignore = Ignore("MAL-1", date(2027, 1, 1), "we know")
    done = audit(Graph((hostile, other)), database, DependencyPolicy(ignores=(ignore,)), NOW)
    assert [(one.said.rule.id, one.said.severity) for one in done.findings if isinstance(one.said, Finding)] == [
        ("package-malicious", Severity.CRITICAL)
    ]


def test_known_exploitation_makes_a_vulnerability_critical() -> None:
    database = Rows([below("2.6.0")])
    database.known["GHSA-1"] = Advisory("GHSA-1", severity=Severity.LOW, exploited="2026-01-02")
    (one,) = audit(Graph((package(),)), database, DependencyPolicy(), NOW).findings
    assert isinstance(one.said, Finding) and one.said.severity == Severity.CRITICAL


# -- unknown is never a pass


def test_without_a_database_every_package_is_unknown() -> None:
    done = audit(Graph((package(), package("numpy", "2.0.0"))), None, DependencyPolicy(), NOW)
    assert (done.exit_code(FLAGS), done.matched, len(done.unexamined)) == (3, 0, 1)


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        (Origin("url", "https://files.example/en_core_web_sm-3.7.1.whl"), "no advisories are about"),
        (Origin("vcs", "git+https://code.example/a.git@" + "0" * 40), "no advisories are about"),
        (Origin("path", "../lib"), "no advisories are about"),
        (Origin("index", "https://private.example/simple"), "private.example"),
    ],
)
def test_a_package_from_elsewhere_is_unknown_and_held_against_the_advisories_all_the_same(
    origin: Origin, why: str
) -> None:
    elsewhere = package("acme-models", "1.0")._replace(origin=origin)
    done = judged(elsewhere)
    assert (done.exit_code(FLAGS), why in whys(done)) == (3, True)
    assert "package-vulnerable" in rules(judged(elsewhere, rows=[below("2", "acme-models")]))


def test_a_version_that_nothing_fixes_is_unknown_and_a_finding() -> None:
    loose = package(version="")._replace(specifier=">=2")
    done = judged(loose)
    assert rules(done) == ["package-unpinned"]
    assert done.packages[0].status == "unknown"


def test_an_advisory_that_cannot_be_compared_is_a_gap() -> None:
    done = judged(package(), rows=[Affected("GHSA-1", "torch", unread="it names commits alone")])
    assert done.exit_code(FLAGS) == 3
    assert "GHSA-1" in whys(done) and "commits" in whys(done)


def test_what_a_reader_could_not_understand_is_a_gap() -> None:
    gap = Gap(Spot("requirements.txt", 3, 1), Unexamined(Location(None), "what is this"))
    done = audit(Graph((), (gap,)), Rows([]), DependencyPolicy(), NOW)
    assert done.exit_code(FLAGS) == 3


@pytest.mark.parametrize(
    ("newest", "limit", "why"),
    [
        ("2026-11-01T00:00:00Z", 7, "19 days"),
        ("2027-11-01T00:00:00Z", None, "still to come"),
        ("", 7, "how old"),
        ("yesterday", 7, "how old"),
    ],
)
def test_advisories_that_are_too_old_from_the_future_or_undated_are_a_gap(
    newest: str, limit: int | None, why: str
) -> None:
    done = audit(Graph((package(),)), Rows([], newest), DependencyPolicy(max_age=limit), NOW)
    assert why in whys(done)
    assert done.exit_code(FLAGS) == 3


def test_records_that_could_not_be_read_are_a_gap() -> None:
    assert "2 records" in whys(audit(Graph((package(),)), Rows([], unread=2), DependencyPolicy(), NOW))


# -- indexes


MIRROR = "https://mirror.example/simple"
KNOWN = ("numpy", "requests", "torch", "tqdm", "pandas", "scipy", "pyyaml", "jinja2", "urllib3", "certifi", "idna")


def many(url: str, *names: str) -> list[Package]:
    return [package(name, "99", url=url) for name in names]


def test_the_index_of_a_lock_with_well_known_names_is_taken_for_a_mirror_and_said_to_be() -> None:
    done = judged(*many(MIRROR, *KNOWN))
    assert done.matched == len(KNOWN) and "mirror.example" in done.notes[0]
    named = DependencyPolicy(mirrors=("https://other.example/simple/",))
    assert judged(*many(MIRROR, *KNOWN), policy=named).matched == 0
    assert judged(package("numpy", "2.0.0", url="https://OTHER.example:443/simple"), policy=named).matched == 1


def test_a_name_that_nobody_knows_is_unknown_on_an_index_that_is_only_taken_for_a_mirror() -> None:
    done = judged(*many(MIRROR, *KNOWN, "acme-x"))
    assert {one.package.name for one in done.packages if one.status == "unknown"} == {"acme-x"}
    named = judged(*many(MIRROR, *KNOWN, "acme-x"), rows=[below("2", "acme-x")])
    assert {one.status for one in named.packages} == {"matched"}  # the advisories know it


@pytest.mark.parametrize(
    ("packages", "policy"),
    [
        (many(MIRROR, *KNOWN[:2]), DependencyPolicy()),
        (many(MIRROR, *KNOWN, "acme-x", "acme-y"), DependencyPolicy()),
        ([*many(MIRROR, *KNOWN), *many(PUBLIC, "attrs")], DependencyPolicy()),
        (many(MIRROR, *KNOWN), DependencyPolicy(indexes=(IndexRule(MIRROR + "/", ("torch",)),))),
        (many("https://[mirror/simple", *KNOWN), DependencyPolicy()),
    ],
    ids=["few names", "names of its own", "beside the index of the advisories", "kept for some names", "no address"],
)
def test_what_is_not_taken_for_a_mirror(packages: Sequence[Package], policy: DependencyPolicy) -> None:
    done = judged(*packages, policy=policy)
    assert {one.status for one in done.packages if one.package.origin.url != PUBLIC} == {"unknown"}
    assert not done.notes and done.exit_code(FLAGS) in (1, 3)


def test_a_second_index_is_never_taken_for_a_mirror() -> None:
    done = judged(*many(MIRROR, *KNOWN[2:4]), *many("https://evil.example/simple", "numpy", "requests"))
    assert done.matched == 0  # fewer names than are enough
    enough = ("attrs", "six", "wheel")
    done = judged(*many(MIRROR, *KNOWN[2:], *enough), *many("https://evil.example/simple", "numpy", "requests"))
    assert {one.package.name for one in done.packages if one.status == "unknown"} == {"numpy", "requests"}


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example\\@index.example/simple", "https://\\@index.example/simple", "https://[x/simple",
        "https://index.example:8443/simple", "http://index.example/simple", "https://index.example.evil.example/simple",
        "https://ind\uff45x.example/simple", "https://ev\uff03il/simple", "https://index.example:x/simple",
        "https:index.example/simple", "https://index.example\t/simple", "//index.example/simple", "https://",
        "https://%69ndex.example/simple",
    ],
)  # fmt: skip
def test_an_address_that_is_not_plainly_that_of_a_known_index(url: str) -> None:
    done = judged(package(url=url))
    assert done.matched == 0 and done.exit_code(FLAGS) == 3


def at(name: str, *urls: str, index: str = PUBLIC) -> Package:
    files = tuple(DistFile(f"{name}-1.whl", url, HASHED) for url in urls)
    return Package(
        name, "1", Spot("uv.lock", 1, 1), Origin("index", index) if index else Origin("unstated"), files=files
    )


@pytest.mark.parametrize("index", [PUBLIC, ""])
def test_a_file_at_another_address_than_those_beside_it_is_not_from_the_index(index: str) -> None:
    """Installers fetch the address in the lock; the index beside it is only said."""
    usual = [at(name, f"https://files.example/{name}", index=index) for name in KNOWN[:3]]
    stray = at("evil", "https://files.example/a", "https://evil.example/files.example/b", index=index)
    done = judged(*usual, stray)
    assert [one.package.name for one in done.packages if one.status == "unknown"] == ["evil"]
    assert "evil.example" in whys(done)
    named = DependencyPolicy(mirrors=("https://evil.example/simple", PUBLIC))
    assert judged(*usual, stray, policy=named).matched == 4
    assert judged(*usual, at("b", f"{PUBLIC}/b.whl"), at("c", "wheels/c.whl")).matched == 5
    assert judged(at("a", "https://one.example/a"), at("b", "https://two.example/b")).matched == 0
    assert judged(at("b", "https://evil.example\\@files.example/b", index=index)).matched == 0


def test_a_requirement_beside_a_private_index_may_come_from_it() -> None:
    loose = package("acme-models", "1.0", url="")._replace(files=())
    graph = Graph((loose,), (), ((Spot("uv.lock", 1, 1), "https://private.example/simple"),))
    done = audit(graph, Rows([]), DependencyPolicy(), NOW)
    assert "package-any-index" in rules(done) and done.exit_code(FLAGS) == 1
    hashed = audit(graph._replace(packages=(loose._replace(hashes=HASHED),)), Rows([]), DependencyPolicy(), NOW)
    assert rules(hashed) == [] and hashed.exit_code(FLAGS) == 3


def test_a_name_comes_from_the_index_that_the_policy_binds_it_to() -> None:
    """https://pytorch.org/blog/compromised-nightly-dependency/"""
    own = "https://wheels.example/nightly"
    policy = DependencyPolicy(mirrors=(own,), indexes=(IndexRule(own, ("torch", "torch-*")),))
    assert rules(judged(package("torch", url=own + "/"), policy=policy)) == []
    assert rules(judged(package("torch-nightly", "1"), policy=policy)) == ["package-wrong-index"]
    assert rules(judged(package("torchtriton", "2.0.0"))) == ["package-wrong-index"]
    assert rules(judged(package("torch", url="", line=2), policy=policy)) == ["package-wrong-index"]
    there = judged(package("torch", url="")._replace(is_installed=True), policy=policy)
    assert rules(there) == [] and "nothing says from which index" in whys(there)  # what lies there does not say it


def test_what_could_not_be_read_of_a_package_does_not_hide_what_is_known_of_it() -> None:
    done = judged(package()._replace(origin=Origin("unread")), rows=[below("2.6.0")])
    assert rules(done) == ["package-vulnerable"] and done.matched == 0
    assert done.exit_code(FLAGS) == 1 and done.exit_code(Flags(Severity.CRITICAL)) == 3


# -- age


def test_what_lies_there_has_an_age_too() -> None:
    cool, there = DependencyPolicy(cool_down=7), package(url="")._replace(is_installed=True, files=())
    assert "when 1 of its packages" in whys(judged(there, policy=cool))
    assert not judged(there).unexamined
    locked = package(version="2.5.1.0", uploaded=NOW - timedelta(days=9))
    assert not judged(there, locked, policy=cool).unexamined


def test_a_lock_does_not_make_a_release_older_than_its_page_does() -> None:
    database = Rows([])
    database.pages["torch"] = Project("torch", "", "", (Release("2.5.1", "2026-11-19T00:00:00Z", None),))
    graph = Graph((package(uploaded=NOW - timedelta(days=900)),))
    assert rules(audit(graph, database, DependencyPolicy(cool_down=7), NOW)) == ["package-too-new"]


def test_days_and_dates_without_end() -> None:
    forever = datetime(9999, 12, 31, tzinfo=UTC)
    assert rules(judged(package(uploaded=forever), policy=DependencyPolicy(cool_down=7))) == ["package-too-new"]
    assert rules(judged(package(uploaded=NOW), policy=DependencyPolicy(cool_down=10**30))) == ["package-too-new"]
    assert judged(package(), policy=DependencyPolicy(max_age=10**30)).exit_code(FLAGS) == 0


def test_a_young_release_is_flagged_unless_it_fixes_an_advisory() -> None:
    cool = DependencyPolicy(cool_down=7)
    young, old = NOW - timedelta(days=6), NOW - timedelta(days=7)
    assert rules(judged(package(version="2.6.0", uploaded=young), policy=cool)) == ["package-too-new"]
    assert rules(judged(package(version="2.6.0", uploaded=old), policy=cool)) == []
    assert rules(judged(package(version="2.6.0", uploaded=young), rows=[below("2.6.0")], policy=cool)) == []
    assert rules(judged(package(version="2.6.0", uploaded=young))) == []


def test_the_youngest_file_counts_and_a_missing_time_is_unknown() -> None:
    times = [NOW - timedelta(days=400), NOW - timedelta(days=1)]
    files = tuple(DistFile(f"{n}.whl", hashes=HASHED, uploaded=time) for n, time in enumerate(times))
    added = package()._replace(files=files)
    assert rules(judged(added, policy=DependencyPolicy(cool_down=7))) == ["package-too-new"]
    undated = package()._replace(files=(files[0], files[1]._replace(uploaded=None)))
    done = judged(undated, policy=DependencyPolicy(cool_down=7))
    assert "uploaded" in whys(done) and done.exit_code(FLAGS) == 3


# -- what the index says of the project


def paged(status: str = "active", *releases: Release) -> Rows:
    database = Rows([below("2.6.0")])
    database.pages["torch"] = Project("torch", status, "see the blog", releases)
    return database


def test_a_yanked_release_and_a_project_that_should_not_be_used() -> None:
    yanked = paged("active", Release("2.6", "2026-01-01T00:00:00Z", "broken wheels"), Release("2.7.0", "", None))
    done = audit(Graph((package(version="2.6.0"),)), yanked, DependencyPolicy(), NOW)
    assert rules(done) == ["package-yanked"] and "broken wheels" in done.findings[0].said.message  # type: ignore[union-attr]
    assert rules(audit(Graph((package(version="2.7.0"),)), yanked, DependencyPolicy(), NOW)) == []
    for status, rule in [("quarantined", "package-quarantined"), ("archived", "package-abandoned"), ("active", None)]:
        done = audit(Graph((package(version="2.7.0"),)), paged(status), DependencyPolicy(), NOW)
        assert rules(done) == ([rule] if rule else [])


def test_the_page_gives_upload_times_and_versions_to_go_to() -> None:
    page = paged("active", Release("2.6.0", "", ""), Release("2.6.1", "2026-11-19T00:00:00Z", None))
    loose = package(version="2.6.1")._replace(files=(), hashes=HASHED)
    done = audit(Graph((loose,)), page, DependencyPolicy(cool_down=7), NOW)
    assert rules(done) == ["package-too-new"]
    done = audit(Graph((package(version="2.5.1"),)), page, DependencyPolicy(), NOW)
    assert [dict(one.said.evidence)["fixed"] for one in done.findings if isinstance(one.said, Finding)] == [
        "2.6.1"  # 2.6.0 was yanked
    ]


# -- ignores


def test_an_ignored_advisory_is_shown_and_comes_back_after_its_day() -> None:
    database = Rows([below("2.6.0")])
    database.known["GHSA-1"] = Advisory("GHSA-1", ("CVE-1",))
    for expires, names, count in [
        (NOW.date(), ("CVE-1", ""), 0),
        (NOW.date(), ("GHSA-1", "torch"), 0),
        (NOW.date(), ("GHSA-1", "numpy"), 1),
        (NOW.date() - timedelta(days=1), ("GHSA-1", ""), 1),
    ]:
        ignore = Ignore(names[0], expires, "no tensors from outside", names[1])
        done = audit(Graph((package(),)), database, DependencyPolicy(ignores=(ignore,)), NOW)
        assert (len(done.findings), len(done.ignored)) == (count, 1 - count)


# -- laws

_versions = st.sampled_from(["1.0", "1.5", "2.0", "2.0+cu121", "2.0rc1", "", "not a version"])
_packages = st.builds(
    lambda name, version, url: package(name, version, url=url),
    st.sampled_from(["torch", "numpy", "acme"]),
    _versions,
    st.sampled_from([PUBLIC, "https://private.example/simple", ""]),
)
_rows = st.builds(
    lambda name, fixed, number: below(fixed, name, f"GHSA-{number}"),
    st.sampled_from(["torch", "numpy", "acme"]),
    st.sampled_from(["1.0", "1.7", "2.0", "3.0", "x"]),
    st.integers(1, 9),
)


@given(st.lists(_packages, max_size=5), st.lists(_rows, max_size=5, unique_by=lambda row: row.id), _rows)
def test_more_advisories_never_make_an_audit_cleaner(
    packages: list[Package], rows: list[Affected], another: Affected
) -> None:
    fewer = audit(Graph(tuple(packages)), Rows(rows), DependencyPolicy(), NOW)
    rows = [row for row in rows if row.id != another.id]
    fewer = audit(Graph(tuple(packages)), Rows(rows), DependencyPolicy(), NOW)
    more = audit(Graph(tuple(packages)), Rows([*rows, another]), DependencyPolicy(), NOW)
    for one, other in zip(fewer.packages, more.packages, strict=True):
        assert set(one.advisories) <= set(other.advisories)
        assert not (one.status == "unknown" and other.status == "matched")


@given(st.lists(_packages, max_size=5), st.lists(_rows, max_size=5, unique_by=lambda row: row.id))
def test_every_package_is_accounted_for_and_nothing_unknown_passes(
    packages: list[Package], rows: list[Affected]
) -> None:
    done = audit(Graph(tuple(packages)), Rows(rows), DependencyPolicy(), NOW)
    assert [one.package for one in done.packages] == packages
    assert done.exit_code(FLAGS) != 0 or all(one.status == "matched" for one in done.packages)
    assert bool(done.unexamined) == any(one.status == "unknown" for one in done.packages)


def test_the_same_audit_whatever_the_order_of_the_packages() -> None:
    packages = [package(name, "1.0", line=line) for line, name in enumerate(["torch", "numpy", "acme", "torch"], 1)]
    rows = [below("2.0"), below("3.0", "acme", "GHSA-2")]
    one, other = judged(*packages, rows=rows), judged(*reversed(packages), rows=rows)
    assert (one.findings, one.matched) == (other.findings, other.matched)
    assert replace(one, packages=()).exit_code(FLAGS) == replace(other, packages=()).exit_code(FLAGS)


# -- at the gate


def gate(policy: Policy, done: DependencyAudit, when: datetime = NOW) -> str:
    subject = Digest("sha256", "a" * 64)
    said = CHECK.examine(Artifact(subject, {}, "uv.lock"), Audited(done, policy.dependencies, NOW))
    again = CHECK.decode(CHECK.encode(said))
    words = list(CHECK.read(again))
    evidence = Evidence(
        Statement.make(subject, CHECK.predicate_type, CHECK.encode(said)),
        tuple(word for word in words if isinstance(word, Finding)),
        tuple(word for word in words if isinstance(word, Unexamined)),
    )
    return evaluate(subject, [evidence], policy, when).decision


def test_what_an_auditor_ignored_is_decided_anew_by_the_policy_of_the_gate() -> None:
    ignore = Ignore("GHSA-1", NOW.date(), "no tensors from outside")
    audited = judged(package(), rows=[below("2.6.0")], policy=DependencyPolicy(ignores=(ignore,)))
    assert audited.exit_code(FLAGS) == 0 and len(audited.ignored) == 1
    need = Need("deps", CHECK.predicate_type, False, "packages are audited")
    plain = Policy("team", Digest("sha256", "b" * 64), "", (need,), Severity.MEDIUM, frozenset(), ())
    same = replace(plain, dependencies=DependencyPolicy(ignores=(ignore,)))
    assert gate(plain, audited) == "deny"
    assert gate(same, audited) == "allow"
    assert gate(same, audited, NOW + timedelta(days=1)) == "deny"


def test_an_audit_with_unknown_packages_or_files_left_out_is_no_allow() -> None:
    need = Need("deps", CHECK.predicate_type, False, "packages are audited")
    plain = Policy("team", Digest("sha256", "b" * 64), "", (need,), Severity.MEDIUM, frozenset(), ())
    assert gate(plain, judged(package())) == "allow"
    assert gate(plain, judged(package("acme", url="https://private.example/simple"))) == "incomplete"
    assert gate(plain, replace(judged(package()), excluded=(("*.pyc", 3),))) == "incomplete"


def test_a_statement_that_looked_packages_up_in_no_database_is_none() -> None:
    body = dict(
        CHECK.encode(
            CHECK.examine(
                Artifact(Digest("sha256", "a" * 64), {}, "uv.lock"), Audited(judged(package()), DependencyPolicy(), NOW)
            )
        )
    )
    CHECK.decode(body)
    with pytest.raises(Malformed, match="in no database"):
        CHECK.decode(body | {"database": None})
