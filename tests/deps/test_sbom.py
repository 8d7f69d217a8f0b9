"""SBOMs in packages: what they name is looked up or listed, and what cannot be read is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deps.places import SITE, install, wheel

from modelward.app.deps import audit
from modelward.app.deps_inputs import gather
from modelward.checks.deps.inputs.sbom import read
from modelward.core.dependency import Origin, Package
from modelward.core.dependency_audit import Flags
from modelward.core.finding import Severity
from modelward.core.source_audit import Spot
from modelward.report.deps import machine

OWNER = Package("demo", "1.0", Spot("demo.whl", 1, 1), Origin("unstated"), is_installed=True)


def cyclonedx(*components: object, **more: object) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components, **more}).encode()


def component(name: str, version: str | None = None, purl: str | None = None, **more: object) -> dict[str, Any]:
    said = {"type": "library", "name": name, "version": version, "purl": purl, **more}
    return {key: value for key, value in said.items() if value is not None}


def spdx(*packages: object) -> bytes:
    return json.dumps({"spdxVersion": "SPDX-2.3", "packages": packages}).encode()


def named(raw: bytes) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]], list[str]]:
    found = read(raw, "s.json", OWNER)
    assert all(package.is_installed and package.at == Spot("s.json", 1, 1) for package in found.packages)
    return (
        [(one.name, one.version) for one in found.packages],
        [(one.name, one.version, one.purl) for one in found.others],
        [gap.said.why for gap in found.gaps],
    )


def test_cyclonedx() -> None:
    """As auditwheel, cargo-cyclonedx and people write it."""
    raw = cyclonedx(
        component("demo", "1.0", "pkg:pypi/demo@1.0?file_name=demo-1.0-py3-none-any.whl"),
        component("demo._core", "1.0", "pkg:pypi/Demo@1.0.0#c-ext/demo._core"),
        component("pip", "26.0", "pkg:pypi/Pip@26.0", components=[component("pip/main.py", type="file")]),
        component("outer", components=[component("urllib3", "2.0", "PKG:PyPI/urllib3")]),
        component("torch", purl="pkg:pypi/torch@2.5.1%2Bcu121"),
        component("distlib", purl="pkg:pypi/distlib"),
        component("pybind11", "3.0", "pkg:pypi/pybind11@3.0", scope="excluded"),
        component("libwebp", "1.6.0", "pkg:rpm/almalinux/libwebp@1.6.0-1.el8"),
        component("serde", "1.0.1", "pkg:cargo/serde@1.0.1"),
        metadata={"component": component("demo", "1.0", "pkg:pypi/other@1.0")},
    )
    packages, others, gaps = named(raw)
    assert packages == [("pip", "26.0"), ("urllib3", "2.0"), ("torch", "2.5.1+cu121")]
    assert [name for name, _, _ in others] == ["outer", "distlib", "pybind11", "libwebp", "serde"]
    assert others[3] == ("libwebp", "1.6.0", "pkg:rpm/almalinux/libwebp@1.6.0-1.el8")
    assert not gaps


def test_another_release_of_the_package_itself_is_a_copy() -> None:
    assert named(cyclonedx(component("demo", "0.9", "pkg:pypi/demo@0.9")))[0] == [("demo", "0.9")]


def test_spdx() -> None:
    refs = [
        {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"},
        {"referenceType": "purl", "referenceLocator": "pkg:pypi/idna@3.1"},
    ]
    raw = spdx(
        {"name": "idna", "versionInfo": "3.1", "externalRefs": refs}, {"name": "z", "versionInfo": "NOASSERTION"}
    )
    assert named(raw) == ([("idna", "3.1")], [("z", "", "")], [])


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b"{}", b"<bom/>", b"\xff",
        b'{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}',
        b'{"spdxVersion": "SPDX-3.0"}',
        b'{"@graph": []}',
        cyclonedx(components={}), cyclonedx("x"), cyclonedx({"name": 1}), cyclonedx({"type": "library"}),
        cyclonedx({"name": "x", "purl": []}),
        cyclonedx(component("x", purl="pkg:pypi/..")), cyclonedx(component("x", purl="pkg:pypi/a/b@1")),
        cyclonedx(component("x", components=[1])),
        spdx("x"), spdx({"externalRefs": 1}),
        b'{"bomFormat": "CycloneDX", "components": ' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_sbom_is_a_gap(raw: bytes) -> None:
    packages, others, gaps = named(raw)
    assert (packages, others) == ([], [])
    assert len(gaps) == 1


@given(
    st.binary(max_size=200) | st.integers(0, 150).map(lambda at: cyclonedx(component("a", "1", "pkg:pypi/a@1"))[:at])
)
def test_no_bytes_fail(raw: bytes) -> None:
    found = read(raw, "s.json", None)
    assert found.gaps or found.packages or found.others or not json.loads(raw).get("components")


def test_a_bomb_of_components_is_not_read() -> None:
    raw = b'{"bomFormat": "CycloneDX", "components": [' + b'{"name":""},' * 100_001 + b"{}]}"
    assert "not read" in named(raw)[2][0]


SBOM = cyclonedx(component("pip", "26.0", "pkg:pypi/pip@26.0"), component("zlib", "1.3", "pkg:generic/zlib@1.3"))


@pytest.mark.parametrize("place", ["wheel", "env"])
def test_in_wheels_and_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo-1.0-py3-none-any.whl").write_bytes(
        wheel("demo", "1.0", {"demo-1.0.dist-info/sboms/a.cdx.json": SBOM, "demo-1.0.dist-info/sboms/b.xml": b"<bom/>"})
    )
    install(tmp_path / "env", "demo", "1.0", {}, more={"sboms/a.cdx.json": SBOM, "sboms/b.xml": b"<bom/>"})
    (tmp_path / "requirements.txt").write_text("demo==1.0\n")
    target, before = {
        "wheel": ("demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl/"),
        "env": ("env", f"env/{SITE}/"),
    }[place]
    file = f"{before}demo-1.0.dist-info/sboms/a.cdx.json"
    gathered = gather(["requirements.txt", target])
    assert not gathered.found  # the lock does not name the copy, and need not
    assert [(one.name, one.at.file) for one in gathered.graph.packages[2:]] == [("pip", file)]
    assert [one.at.file for one in gathered.graph.gaps] == [f"{before}demo-1.0.dist-info/sboms/b.xml"]
    assert "1 bundled libraries are listed, and no feed here covers them" in gathered.notes
    done = audit([target])
    body = json.loads(machine(done.audit, Flags(Severity.LOW)))
    assert body["bundled"] == [{"name": "zlib", "version": "1.3", "purl": "pkg:generic/zlib@1.3", "in": file}]
