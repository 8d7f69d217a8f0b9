"""Wheels held against the ones that were approved before, and what --exclude leaves out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.deps.places import SITE, install, wheel

from modelward.app.deps import audit
from modelward.app.deps_inputs import Gathered, gather
from modelward.checks.deps import CHECK
from modelward.core.dependency_audit import Flags
from modelward.core.errors import Malformed, UsageError
from modelward.core.finding import Finding, Severity
from modelward.report.deps import lines, machine

NEW = "a-2.0-py3-none-any.whl"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / NEW).write_bytes(wheel("a", "2.0", {"second/__init__.py": b""}))
    (tmp_path / "old").mkdir()
    return tmp_path


def rules(gathered: Gathered) -> list[str]:
    return sorted(one.said.rule.id for one in gathered.found if isinstance(one.said, Finding))


def whys(gathered: Gathered) -> list[str]:
    return [gap.said.why for gap in gathered.graph.gaps]


def put(folder: Path, version: str, tags: str = "py3-none-any", name: str = "a", **files: bytes) -> Path:
    path = folder / f"{name}-{version}-{tags}.whl"
    path.write_bytes(wheel(name, version, {f"{file}/__init__.py": data for file, data in files.items()}))
    return path


def test_one_approved_wheel(home: Path) -> None:
    old = put(home, "1.0")
    gathered = gather([NEW], approved=old.name)
    assert rules(gathered) == ["wheel-new-place"]
    (one,) = gathered.found
    assert isinstance(one.said, Finding)
    assert (one.at.file, dict(one.said.evidence)["package"], dict(one.said.evidence)["version"]) == (NEW, "a", "2.0")
    assert [(name, blob.digest.value) for name, blob in gathered.approved] == [
        (old.name, hashlib.sha256(old.read_bytes()).hexdigest())
    ]
    assert old.name not in dict(gathered.files)  # it is not judged
    assert rules(gather([NEW], approved=put(home, "1.0", name="b").name)) == ["wheel-other-package"]


def test_the_version_before_it_in_a_folder(home: Path) -> None:
    put(home / "old", "1.9", second=b"")
    put(home / "old", "1.10")
    put(home / "old", "2.0", second=b"")
    put(home / "old", "3.0")
    put(home / "old", "1.99", name="b", second=b"")
    assert [name for name, _ in gather([NEW], approved="old").approved] == ["old/a-1.10-py3-none-any.whl"]
    assert rules(gather([NEW], approved="old")) == ["wheel-new-place"]
    for path in (home / "old").glob("a-1.*"):
        path.unlink()
    assert [name for name, _ in gather([NEW], approved="old").approved] == ["old/a-3.0-py3-none-any.whl"]


def test_the_wheel_for_the_same_platform(home: Path) -> None:
    for tags in ("cp311-cp311-win_amd64", "cp311-cp311-linux_x86_64", "cp312-cp312-linux_x86_64"):
        put(home / "old", "1.0", tags)
    new = "a-2.0-cp311-cp311-linux_x86_64.whl"
    (home / NEW).rename(home / new)
    assert [name for name, _ in gather([new], approved="old").approved] == ["old/a-1.0-cp311-cp311-linux_x86_64.whl"]


def test_a_wheel_that_cannot_be_compared_is_a_gap(home: Path) -> None:
    assert ["no wheel of another version of a" in why for why in whys(gather([NEW], approved="old"))] == [True]
    damaged = put(home / "old", "1.0")
    damaged.write_bytes(damaged.read_bytes()[:-60])
    gathered = gather([NEW], approved="old")
    assert whys(gathered)
    assert {gap.at.file for gap in gathered.graph.gaps} == {"old/a-1.0-py3-none-any.whl"}
    assert not gathered.found
    (home / NEW).write_bytes(b"PK\3\4")
    assert any("is not known" in why for why in whys(gather([NEW], approved="old")))


def test_approved_without_a_wheel_to_compare(home: Path) -> None:
    (home / "requirements.txt").write_text("a==1\n")
    with pytest.raises(UsageError, match="--approved"):
        gather(["requirements.txt"], approved="old")
    with pytest.raises(UsageError, match="does not exist"):
        gather([NEW], approved="gone")


# -- what is left out


def test_what_is_left_out_is_not_compared_and_is_named(home: Path) -> None:
    root = home / "env"
    install(root, "b", "1.0", {"b.py": b"x", "../../../bin/tool": b"y", "data/x.bin": b"z"})
    (root / SITE / "__pycache__").mkdir()
    (root / SITE / "__pycache__/b.cpython-311.pyc").write_bytes(b"")
    (root / SITE / "data/x.bin").write_bytes(b"changed")
    (root / "bin/tool").write_bytes(b"changed")
    (root / SITE / "left.py").write_bytes(b"")
    assert len(rules(gather(["env"]))) == 3
    assert len(whys(gather(["env"]))) == 1
    exclude = ["*.pyc", f"{SITE}/data", "bin/*", "left.py", "*.none"]
    gathered = gather(["env"], exclude=exclude)
    assert (rules(gathered), whys(gathered)) == ([], [])
    assert gathered.excluded == (("*.pyc", 1), (f"{SITE}/data", 1), ("bin/*", 1), ("left.py", 1), ("*.none", 0))
    assert not rules(gather([f"env/{SITE}"], exclude=["data", "bin/*", "/left.py"]))
    assert not gather(["env"], exclude=["b-1.0.dist-info", "*.py", "data", "bin"]).graph.packages


def test_what_is_left_out_of_a_wheelhouse(home: Path) -> None:
    put(home / "old", "1.0")
    put(home / "old", "1.1")
    gathered = gather(["old"], exclude=["a-1.0-*"])
    assert [one.version for one in gathered.graph.packages] == ["1.1"]
    assert whys(gather(["old"], exclude=["*.whl"]))  # nothing is left, which is no pass
    with pytest.raises(UsageError, match="names nothing"):
        gather(["old"], exclude=[""])


def test_in_the_report_and_the_statement(home: Path) -> None:
    put(home / "old", "1.0")
    done = audit([NEW, "old"], exclude=["*.tar.gz"], approved="old")
    text = "\n".join(line.text for line in lines(done.audit, Flags(Severity.LOW), done.when))
    assert "0 files by --exclude *.tar.gz" in text
    assert "old/a-1.0-py3-none-any.whl" in text
    assert json.loads(machine(done.audit, Flags(Severity.LOW)))["excluded"] == [{"files": 0, "pattern": "*.tar.gz"}]
    body = dict(done.statement.predicate)
    assert body["excluded"] == [{"pattern": "*.tar.gz", "files": 0}]
    assert [one["name"] for one in body["approved"]] == ["a-1.0-py3-none-any.whl"]
    assert CHECK.decode(body).body == body
    for part in ("excluded", "approved", "bundled"):
        with pytest.raises(Malformed):
            CHECK.decode({key: value for key, value in body.items() if key != part})


def test_a_requirements_file_without_all_hashes(home: Path) -> None:
    (home / "requirements.txt").write_text(f"a==1 --hash=sha256:{'a' * 64}\n-r more.txt\n")
    (home / "more.txt").write_text("b==1\n")
    (note,) = gather(["requirements.txt"]).notes
    assert note.startswith("more.txt: not every line has a hash")
