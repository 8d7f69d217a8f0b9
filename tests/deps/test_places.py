"""Environments, wheelhouses, wheels and folders of projects, as `modelward deps` takes them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from tests.deps.places import SITE, install, metadata, wheel

from modelward.app.deps_inputs import Gathered, gather
from modelward.checks.deps.inputs import wheel as wheel_reader
from modelward.checks.deps.rules_files import RULES, pinning
from modelward.core.dependency import Origin, Package
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Finding
from modelward.core.limits import Limits
from modelward.core.source_audit import Spot
from modelward.formats.source import BytesSource

FILES = {"a/__init__.py": b"x = 1\n", "a/data.bin": bytes(100), "../../../bin/tool": b"#!/usr/bin/python\n"}


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "env"
    root.mkdir()
    (root / "pyvenv.cfg").write_text("include-system-site-packages = false\n")
    install(root, "a", "1.0", FILES)
    install(root, "b_c", "2.0", {"b_c.py": b""})
    return root


def findings(gathered: Gathered) -> list[tuple[str, str]]:
    return [
        (one.said.rule.id, dict(one.said.evidence).get("file", dict(one.said.evidence).get("package", "")))
        for one in gathered.found
        if isinstance(one.said, Finding)
    ]


def whys(gathered: Gathered) -> list[str]:
    return [gap.said.why for gap in gathered.graph.gaps]


# -- environments


@pytest.mark.parametrize("target", ["env", f"env/{SITE}"])
def test_an_environment_as_it_was_installed(env: Path, target: str) -> None:
    (env / "lib64").symlink_to("lib")
    gathered = gather([target])
    assert not gathered.found
    assert not gathered.graph.gaps
    assert [(one.name, one.version, one.is_installed) for one in gathered.graph.packages] == [
        ("a", "1.0", True), ("b-c", "2.0", True),
    ]  # fmt: skip
    assert gathered.graph.packages[0].at == Spot(f"env/{SITE}/a-1.0.dist-info/METADATA", 2, 1)
    assert f"env/{SITE}/a-1.0.dist-info/RECORD" in dict(gathered.files)


def test_changed_and_missing_files(env: Path) -> None:
    (env / SITE / "a/__init__.py").write_bytes(b"x = 2\n")
    (env / "bin/tool").write_bytes(b"other")
    (env / SITE / "a/data.bin").unlink()
    gathered = gather(["env"])
    assert sorted(findings(gathered)) == [
        ("package-file-changed", "bin/tool"),
        ("package-file-changed", f"{SITE}/a/__init__.py"),
        ("package-file-missing", f"{SITE}/a/data.bin"),
    ]
    assert {(one.at.file, one.at.line) for one in gathered.found} == {
        (f"env/{SITE}/a-1.0.dist-info/RECORD", line) for line in (1, 2, 3)
    }


@pytest.mark.parametrize(
    "path",
    ["a/extra.py", "new.py", "new.pth", "a-1.0.dist-info/extra", "a/old.pyc", "a/__pycache__/gone.cpython-311.pyc"],
)
def test_files_that_nobody_installed(env: Path, path: str) -> None:
    file = env / SITE / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"")
    gathered = gather(["env"])
    assert findings(gathered) == [("package-file-unrecorded", f"{SITE}/{path}")]
    assert gathered.found[0].at.file == f"env/{SITE}/{path}"


def test_compiled_files_are_said_not_to_be_compared(env: Path) -> None:
    (env / SITE / "a/__pycache__").mkdir()
    (env / SITE / "a/__pycache__/__init__.cpython-311.pyc").write_bytes(b"")
    gathered = gather(["env"])
    assert not gathered.found
    assert [why[:16] for why in whys(gathered)] == ["1 compiled files"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("../../../../outside,sha256=x,1", "outside the environment"),
        ("/etc/passwd,sha256=x,1", "outside the environment"),
        ("a/__init__.py,,", "no sha256 of 1 files"),
        ("a/__init__.py,md5=xxx,1", "no sha256 of 1 files"),
        ("a/__init__.py,sha256=short,1", "no sha256 of 1 files"),
        ("a/__init__.py", "three parts"),
        ('"a', "damaged, or cut off"),
        ("\xff", "damaged, or cut off"),
    ],
)
def test_rows_of_record_that_prove_nothing(env: Path, row: str, said: str) -> None:
    record = env / SITE / "a-1.0.dist-info/RECORD"
    record.write_bytes(record.read_bytes() + row.encode("latin-1") + b"\n")
    assert any(said in why for why in whys(gather(["env"])))


def test_record_cut_off_anywhere(env: Path) -> None:
    record = env / SITE / "a-1.0.dist-info/RECORD"
    raw = record.read_bytes()
    for at in range(0, len(raw) - 1, 3):
        record.write_bytes(raw[:at])
        gathered = gather([f"env/{SITE}"])
        assert gathered.found or gathered.graph.gaps


def test_a_link_out_of_the_environment_is_not_followed(env: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(FILES["a/__init__.py"])
    (env / SITE / "a/__init__.py").unlink()
    (env / SITE / "a/__init__.py").symlink_to(tmp_path / "outside")
    gathered = gather(["env"])
    assert findings(gathered) == [("package-file-missing", f"{SITE}/a/__init__.py")]
    assert any("outside the folder" in why for why in whys(gathered))


@pytest.mark.parametrize(
    ("name", "said"),
    [("METADATA", "no METADATA"), ("RECORD", "no RECORD")],
)
def test_what_an_info_folder_must_have(env: Path, name: str, said: str) -> None:
    (env / SITE / "b_c-2.0.dist-info" / name).unlink()
    assert any(said in why for why in whys(gather(["env"])))


@pytest.mark.parametrize("text", ["", "Name: b_c\n", "Name: x\nVersion: 2.0\n", "Name: b_c\nName: x\nVersion: 2.0\n", "Name: b_c\nVersion: 3\n"])  # fmt: skip  # noqa: E501
def test_metadata_that_contradicts(env: Path, text: str) -> None:
    (env / SITE / "b_c-2.0.dist-info/METADATA").write_text(text)
    gathered = gather(["env"])
    assert [package.name for package in gathered.graph.packages] == ["a"]
    assert len(whys(gathered)) == 1


@pytest.mark.parametrize(
    ("body", "origin", "gaps"),
    [
        (b'{"url": "file:///src/d", "dir_info": {"editable": true}}', Origin("path", "file:///src/d"), 1),
        (b'{"url": "https://u:p@x.example/d.zip", "archive_info": {}}', Origin("url", "https://x.example/d.zip"), 0),
        (
            b'{"url": "https://git.example/d", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
            Origin("vcs", "git+https://git.example/d@abc"), 0,
        ),
        (b"{", None, 1),
        (b"[]", None, 1),
    ],
)  # fmt: skip
def test_direct_url(env: Path, body: bytes, origin: Origin | None, gaps: int) -> None:
    install(env, "d", "1.0", {}, more={"direct_url.json": body})
    gathered = gather(["env"])
    assert [package.origin for package in gathered.graph.packages if package.name == "d"] == (
        [origin] if origin else []
    )
    assert len(gathered.graph.gaps) == gaps


@pytest.mark.parametrize("name", ["d-1.0.egg-info", "d.egg-link", "d-1.0-py3.11.egg"])
def test_what_older_installers_left(env: Path, name: str) -> None:
    (env / SITE / name).write_bytes(b"")
    assert any("without RECORD" in why for why in whys(gather(["env"])))


def test_files_of_packages_without_record_are_not_called_nobody_s(env: Path) -> None:
    (env / SITE / "b_c-2.0.dist-info/RECORD").unlink()
    gathered = gather(["env"])
    assert not gathered.found
    assert any("2 files are in no RECORD" in why for why in whys(gathered))


def test_packages_behind_a_link_out_of_the_environment(env: Path, tmp_path: Path) -> None:
    (env / SITE).rename(tmp_path / "moved")
    (env / SITE).symlink_to(tmp_path / "moved")
    with pytest.raises(UsageError, match="outside"):
        gather(["env"])


def test_two_copies(env: Path) -> None:
    install(env, "a", "0.9", {})
    assert any("there twice" in why for why in whys(gather(["env"])))


def test_a_file_that_cannot_be_read(env: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (env / SITE / "a/data.bin").chmod(0)
    assert any("cannot be read" in why for why in whys(gather(["env"])))


# -- against a lock


def lock(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "requirements.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path.name


def hashed(name: str, version: str, *files: bytes) -> str:
    return f"{name}=={version} " + " ".join(f"--hash=sha256:{hashlib.sha256(data).hexdigest()}" for data in files)


def test_an_environment_and_its_lock(env: Path, tmp_path: Path) -> None:
    install(env, "pip", "24.0", {})
    file = lock(tmp_path, "a==1.0.0", "b_c==2.1", "not-there==1")
    assert findings(gather([file, "env"])) == [("package-not-locked", "b-c")]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    house = tmp_path / "wheels"
    house.mkdir()
    (house / "a-1.0-py3-none-any.whl").write_bytes(
        wheel("a", "1.0", more="Requires-Dist: b_c (>=1)\nRequires-Dist: d; extra == 'x'\n")
    )
    (house / "b_c-2.0.tar.gz").write_bytes(b"\x1f\x8b any bytes")
    (house / "README").write_text("not a distribution")
    return house


def test_a_wheelhouse(house: Path) -> None:
    gathered = gather(["wheels"])
    assert not gathered.graph.gaps
    one, other = gathered.graph.packages
    assert (one.name, one.version, one.requires, one.is_installed) == ("a", "1.0", ("b-c",), True)
    assert (other.name, other.version) == ("b-c", "2.0")
    raw = (house / "a-1.0-py3-none-any.whl").read_bytes()
    assert one.files[0].hashes[0].value == hashlib.sha256(raw).hexdigest()
    assert set(dict(gathered.files)) == {"wheels/a-1.0-py3-none-any.whl", "wheels/b_c-2.0.tar.gz"}


def test_a_wheelhouse_and_its_lock(house: Path, tmp_path: Path) -> None:
    right = [path.read_bytes() for path in (house / "a-1.0-py3-none-any.whl", house / "b_c-2.0.tar.gz")]
    good = lock(tmp_path, hashed("a", "1.0", b"x", right[0]), hashed("b_c", "2.0", right[1]))
    gathered = gather([good, "wheels"])
    assert not gathered.found
    assert not gathered.graph.gaps
    bad = lock(tmp_path, hashed("a", "1.0", b"x"), hashed("d", "1", b""), hashed("e", "1", b"") + " ")
    gathered = gather([bad, "wheels"])
    assert findings(gathered) == [("package-hash-mismatch", "a"), ("package-not-locked", "b-c")]
    assert any("(d, e)" in one.said.why for one in gathered.found if not isinstance(one.said, Finding))


def test_a_lock_with_another_algorithm(house: Path, tmp_path: Path) -> None:
    [one, *_] = gather([lock(tmp_path, f"a==1.0 --hash=sha512:{'a' * 128}"), "wheels"]).found
    assert not isinstance(one.said, Finding)
    assert "sha512" in one.said.why


@pytest.mark.parametrize("name", ["b-1.0-py3-none-any.whl", "a-1.1-py3-none-any.whl", "a.whl"])
def test_a_wheel_under_another_name(house: Path, name: str) -> None:
    (house / "a-1.0-py3-none-any.whl").rename(house / name)
    gathered = gather([f"wheels/{name}"])
    assert [package.name for package in gathered.graph.packages] == ["a"]
    assert {rule for rule, _ in findings(gathered)} == {"wheel-name-mismatch"}
    assert not gathered.graph.gaps


def test_a_wheel_that_is_cut_off(house: Path) -> None:
    raw = wheel("a", "1.0")
    for at in range(4, len(raw), 7):
        (house / "a-1.0-py3-none-any.whl").write_bytes(raw[:at])
        gathered = gather(["wheels/a-1.0-py3-none-any.whl"])
        assert gathered.graph.gaps


def test_sboms_in_a_wheel() -> None:
    raw = wheel("a", "1.0", {"a-1.0.dist-info/sboms/auditwheel.cdx.json": b"{}"})
    found = wheel_reader.read(BytesSource(raw), "a-1.0-py3-none-any.whl", Limits())
    assert found.wheel.sboms == {"a-1.0.dist-info/sboms/auditwheel.cdx.json": b"{}"}
    two = wheel("a", "1.0", {"b-1.0.dist-info/METADATA": metadata("b", "1.0").encode()})
    both = wheel_reader.read(BytesSource(two), "a-1.0-py3-none-any.whl", Limits())
    assert both.package is None
    assert both.gaps


# -- folders and files


def test_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("[project]\n")
    assert ["has no lock" in why for why in whys(gather(["project"]))] == [True]
    (project / "requirements-dev.txt").write_text("-r base.in\nb==1\n")
    (project / "base.in").write_text("a==1\n")
    gathered = gather(["project/"])
    assert [(one.name, one.at.file) for one in gathered.graph.packages] == [
        ("a", "project/base.in"), ("b", "project/requirements-dev.txt"),
    ]  # fmt: skip
    assert set(dict(gathered.files)) == {"project/base.in", "project/requirements-dev.txt"}
    (project / "poetry.lock").write_text("")
    assert whys(gather(["project"])) == ["this is not read"]


def test_a_wheelhouse_with_its_lock_in_it(house: Path) -> None:
    (house / "requirements.txt").write_text(hashed("a", "1.0", b"x") + "\n" + hashed("b_c", "2.0", b"y") + "\n")
    (house / "a-1.0-py3-none-any.whl").unlink()
    assert findings(gather(["wheels"])) == [("package-hash-mismatch", "b-c")]


def test_an_include_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "r.txt"
    for name in ("gone.txt", ".", "r.txt"):
        file.write_text(f"a==1\n-r {name}\n")
        gathered = gather([str(file)])
        assert len(gathered.graph.packages) == 1
        assert [gap.at.line for gap in gathered.graph.gaps] == [2]


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"--pre\n", b"a\0"])
def test_what_names_no_package_is_no_pass(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "r.txt"
    file.write_bytes(content)
    assert gather([str(file)]).graph.gaps


def test_targets_that_cannot_be_taken(tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UsageError):
            gather([str(target)])
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises((UsageError, ReadError)):
        gather([str(tmp_path / "fifo")])


# -- pins and hashes


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("version", "origin", "is_hashed", "rule"),
    [
        ("", Origin("unstated"), False, "package-unpinned"),
        ("", Origin("index", "https://index.example/simple"), True, "package-unpinned"),
        ("1.0", Origin("unstated"), False, "package-unhashed"),
        ("1.0", Origin("unstated"), True, ""),
        ("", Origin("url", "https://files.example/main.zip"), True, ""),
        ("", Origin("url", "https://files.example/main.zip"), False, "package-unhashed"),
        ("", Origin("vcs", "git+https://git.example/a@main"), False, "package-unpinned"),
        ("", Origin("vcs", f"git+https://git.example/a@{COMMIT}"), False, ""),
        ("", Origin("vcs", f"git+https://git.example/a@{COMMIT}0"), False, "package-unpinned"),
        ("", Origin("path", "./a"), False, ""),
    ],
)
def test_pinning(version: str, origin: Origin, is_hashed: bool, rule: str) -> None:
    from modelward.core.dependency import Hash

    hashes = (Hash("sha256", "a" * 64),) if is_hashed else ()
    package = Package("a", version, Spot("r.txt", 1, 1), origin, hashes=hashes)
    assert [finding.rule.id for finding in pinning(package)] == ([rule] if rule else [])
    assert not list(pinning(package._replace(is_installed=True)))


def test_rules_have_ids_of_their_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.id.startswith("package-") for rule in RULES)
