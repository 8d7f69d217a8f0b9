"""What runs by itself in an environment, and where else it takes packages from."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.deps.places import SITE, install

from modelward.app.deps_inputs import Gathered, gather
from modelward.checks.deps.known import environment_files
from modelward.core.finding import Finding
from modelward.core.source_audit import Spot

DISTUTILS = (
    b"import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; "
    b"enabled and __import__('_distutils_hack').add_shim(); "
)
EDITABLE = {"direct_url.json": b'{"url": "file:///src/d", "dir_info": {"editable": true}}'}
FINDER = b"import __editable___d_1_0_finder; __editable___d_1_0_finder.install()"


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    install(tmp_path / "env", "a", "1.0", {"a.py": b""})
    return tmp_path / "env"


def rules(gathered: Gathered) -> list[str]:
    return sorted(one.said.rule.id for one in gathered.found if isinstance(one.said, Finding))


def whys(gathered: Gathered) -> list[str]:
    return [gap.said.why for gap in gathered.graph.gaps]


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("b.pth", b"import os", ["wheel-startup-code"]),
        ("b.start", b"b:main", ["wheel-startup-code"]),
        ("sitecustomize.py", b"", ["wheel-startup-code"]),
        ("usercustomize/__init__.cpython-311-x86_64-linux-gnu.so", b"", ["wheel-startup-code"]),
        ("b/sitecustomize.py", b"", []),
        ("b.pth", b"# import os\nb\n", []),
        ("distutils-precedence.pth", DISTUTILS, []),
        ("distutils-precedence.pth", DISTUTILS + b"\nimport os", ["wheel-startup-code"]),
        ("b.pth", FINDER, ["wheel-startup-code"]),
    ],
)
def test_what_a_package_runs_by_itself(env: Path, path: str, content: bytes, expected: list[str]) -> None:
    """Whether or not RECORD names it."""
    install(env, "b", "2.0", {path: content})
    gathered = gather(["env"])
    assert rules(gathered) == expected
    if expected:
        (one,) = gathered.found
        assert isinstance(one.said, Finding)
        assert one.at == Spot(f"env/{SITE}/{path}", 1, 1)
        assert dict(one.said.evidence) == {"package": "b", "version": "2.0", "file": f"{SITE}/{path}"}
    (env / SITE / "nobody.pth").write_bytes(b"import os")
    assert rules(gather(["env"])) == sorted([*expected, "package-file-unrecorded", "wheel-startup-code"])


def test_an_editable_package_runs_its_finder(env: Path) -> None:
    """Of such a package a gap says that nothing is known: of what it imports, and no more."""
    install(env, "d", "1.0", {"d.pth": FINDER, "__editable___d_1_0_finder.py": b""}, more=EDITABLE)
    assert rules(gather(["env"])) == []
    assert len(whys(gather(["env"]))) == 1
    for path in ("sitecustomize.py", "d.start"):
        install(env, "d", "1.0", {path: FINDER, "__editable___d_1_0_finder.py": b""}, more=EDITABLE)
        assert "wheel-startup-code" in rules(gather(["env"]))
        (env / SITE / path).unlink()
    install(env, "d", "1.0", {"d.pth": FINDER}, more=EDITABLE)
    assert "wheel-startup-code" in rules(gather(["env"]))
    install(
        env,
        "d",
        "1.0",
        {"d.pth": FINDER + b"\nimport os; os.getpid()", "__editable___d_1_0_finder.py": b""},
        more=EDITABLE,
    )
    assert rules(gather(["env"])) == ["wheel-startup-code"]


@pytest.mark.parametrize("line", [b"/src/b", b"../../other", b"sub/../../b", b"~/b", b"C:\\b"])
def test_folders_elsewhere(env: Path, line: bytes) -> None:
    install(env, "b", "2.0", {"b.pth": line + b"\n"})
    assert ["imported from" in why for why in whys(gather(["env"]))] == [True]
    install(env, "b", "2.0", {"b.pth": b"b\nb/more\n#/src\n\n"})
    assert not whys(gather(["env"]))


def test_packages_of_the_system(env: Path) -> None:
    config = env / "pyvenv.cfg"
    config.write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    assert not whys(gather(["env"]))
    config.write_text("Include-System-Site-Packages= True\n")
    for target in ("env", f"env/{SITE}"):
        assert ["of the Python that it was made from" in why for why in whys(gather([target]))] == [True]
    config.write_text("home = /usr/bin\n")  # site.py takes that for a yes
    assert len(whys(gather(["env"]))) == 1
    config.write_bytes(b"\n" * (1 << 17))
    assert ["pyvenv.cfg cannot be read" in why for why in whys(gather(["env"]))] == [True]


def test_what_tools_leave_is_known_by_its_bytes(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both files must be: the one runs the other."""
    assert (
        "_virtualenv.pth",
        "69ac3d8f27e679c81b94ab30b3b56e9cd138219b1ba94a1fa3606d5a76a1433d",
    ) in environment_files()
    assert {name for name, _ in environment_files()} == {"_virtualenv.py", "_virtualenv.pth"}
    (env / SITE / "_virtualenv.pth").write_bytes(b"import _virtualenv")
    assert rules(gather(["env"])) == []
    (env / SITE / "_virtualenv.py").write_bytes(b"x = 1\n")
    assert rules(gather(["env"])) == ["package-file-unrecorded", "package-file-unrecorded", "wheel-startup-code"]


def test_rows_without_a_hash_are_of_files_all_the_same(env: Path) -> None:
    """As virtualenv writes RECORD of what it seeds: scripts without a hash, and files that are not there."""
    (env / "bin").mkdir()
    (env / "bin/b").write_bytes(b"#!python\n")
    info = install(env, "b", "2.0", {})
    (info / "INSTALLER").write_bytes(b"pip\n")
    with (info / "RECORD").open("a") as record:
        record.write("../../../bin/b,,\nb-2.0.dist-info/INSTALLER,,\nb/gone.cpython-311.pyc,,\n")
    gathered = gather(["env"])
    assert not gathered.found
    assert ["no sha256 of 2 files" in why for why in whys(gathered)] == [True]
