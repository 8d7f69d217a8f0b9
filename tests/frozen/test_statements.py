"""Statements of every release are understood by all later ones, and lead to the verdict they led to then.

A release adds its own: `python -m tests.frozen.test_statements` makes those of the version at hand, once. They
are never written anew. What the rules say about the same bytes may change; what was said may not.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from modelward import __version__, app
from modelward.checks import manifest, scan
from modelward.core.artifact import tree_digest
from modelward.core.check import Check
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.evidence import Evidence
from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.statement import Statement
from modelward.core.verdict import UNEXAMINED, Need, Policy, Verdict, Waiver
from modelward.policy.evaluate import evaluate

FROZEN = Path(__file__).parent / "statements"
RELEASES = sorted(FROZEN.iterdir())
KINDS: dict[str, Check[Any, Any]] = {"manifest": manifest.CHECK, "scan": scan.CHECK}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASELINE = Policy(
    "baseline",
    Digest("sha256", "0" * 64),
    "",
    (Need("manifest", manifest.CHECK.predicate_type, False, "w"), Need("scan", scan.CHECK.predicate_type, True, "w")),
    Severity.MEDIUM,
    frozenset(),
    (),
)


def make_tree(folder: Path) -> None:
    """One of everything that a statement can speak of, in as few bytes as will do, and in no library's hands."""
    evil = b"\x80\x04cos\nsystem\n(X\x15\0\0\0echo this is harmlesstR."
    header = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    files = {
        "config.json": b'{"auto_map": {"AutoModel": "modeling_x.XModel"}}',
        "modeling_x.py": b"import torch\n",
        "model.safetensors": len(header).to_bytes(8, "little") + header + bytes(8),
        "evil.pkl": evil,
        "sub/evil again.pkl": evil,
        "cut.pkl": evil[:-1],
        "caf\u00e9\n.txt": b"names are data\n",
        "docs/notes.md": b"excluded\n",
        ".git/config": b"left out\n",
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / "link.pkl").symlink_to("evil.pkl")
    (folder / "broken").symlink_to("nowhere")


def opened(release: Path) -> list[Evidence]:
    """The statements as evidence, by the doors that any statement must pass."""
    found = []
    for kind, check in KINDS.items():
        statement = Statement.parse((release / f"{kind}.json").read_bytes())
        assert statement.predicate_type == check.predicate_type
        predicate = check.decode(statement.predicate)
        said = list(check.read(predicate))
        findings = tuple(word for word in said if isinstance(word, Finding))
        gaps = tuple(word for word in said if isinstance(word, Unexamined))
        found.append(Evidence(statement, findings, gaps, check.files(predicate), check.covers(predicate)))
    return found


def judged(release: Path, policy: Policy = BASELINE) -> Verdict:
    evidence = opened(release)
    return evaluate(evidence[0].statement.subject, evidence, policy, NOW)


releases = pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)


def test_this_version_has_its_statements() -> None:
    assert __version__ in {release.name for release in RELEASES}


@releases
def test_they_are_what_they_were(release: Path) -> None:
    for kind, check in KINDS.items():
        raw = (release / f"{kind}.json").read_bytes()
        statement = Statement.parse(raw)
        body = check.encode(check.decode(statement.predicate))
        assert Statement.make(statement.subject, check.predicate_type, body).raw == raw


@releases
def test_they_are_about_the_tree_that_this_code_assembles(release: Path, tmp_path: Path) -> None:
    make_tree(tmp_path)
    evidence = opened(release)
    now = app.scan(str(tmp_path), exclude=["*.md"])
    assert {each.statement.subject for each in evidence} == {now.digest}
    assert evidence[0].files is not None
    assert tree_digest(evidence[0].files) == now.digest
    assert {path: blob.digest for path, blob in evidence[0].files.items()} == now.digests


@releases
def test_they_lead_to_the_verdict_of_then(release: Path) -> None:
    verdict = judged(release)
    assert (verdict.decision, verdict.unmet, verdict.waived) == ("deny", (), ())
    assert [(finding.rule.id, finding.at.inside, finding.at.span) for finding in verdict.denied] == [
        ("pickle-dangerous-call", (), (41, 42)),
        ("pickle-dangerous-call", (), (41, 42)),
        ("named-python-code", ("modeling_x.py",), None),
    ]
    assert sorted((gap.why, gap.at.inside) for gap in verdict.unexamined) == [
        ("a link to nothing", ("broken",)),
        ("stream ends before STOP; what was reached before that is reported", ()),
    ]


@releases
def test_waivers_of_then_still_hold(release: Path) -> None:
    verdict = judged(release)
    subject = opened(release)[0].statement.subject
    said: list[Finding | Unexamined] = [*verdict.denied, *verdict.unexamined]
    waivers = tuple(
        Waiver(
            word.rule.id if isinstance(word, Finding) else UNEXAMINED,
            word.at.blob or subject,
            NOW.date(),
            "known",
            "" if isinstance(word, Finding) or word.at.blob else "/".join(word.at.inside) or ".",
        )
        for word in said
    )
    policy = replace(BASELINE, waivers=waivers)
    assert judged(release, policy).decision == "allow"


@releases
@pytest.mark.parametrize("kind", KINDS)
def test_one_changed_key_is_no_statement_of_ours(release: Path, kind: str) -> None:
    statement = Statement.parse((release / f"{kind}.json").read_bytes())
    for key in statement.predicate:
        with pytest.raises(Malformed):
            KINDS[kind].decode({k: v for k, v in statement.predicate.items() if k != key})
    with pytest.raises(Malformed):
        KINDS[kind].decode({**statement.predicate, "more": []})


def make_release() -> None:
    release = FROZEN / __version__
    with tempfile.TemporaryDirectory() as folder:
        tree, kept = Path(folder, "tree"), Path(folder, "kept")
        tree.mkdir()
        make_tree(tree)
        app.check(str(tree), exclude=["*.md"], statements=str(kept))
        release.mkdir(parents=True)
        for path in kept.iterdir():
            (release / f"{path.name.partition('-')[0]}.json").write_bytes(path.read_bytes())


if __name__ == "__main__":
    make_release()
