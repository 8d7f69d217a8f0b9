"""Whatever the bytes of a lock, an environment or a wheel, each reader names packages or says what it cannot read."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.deps.places import metadata, wheel
from tests.fuzz.inputs import LIMITS, bounded, damaged

from modelward.checks.deps.inputs import pylock, requirements, uv_lock
from modelward.checks.deps.inputs import wheel as wheel_reader
from modelward.checks.deps.inputs.installed import read_dist
from modelward.checks.deps.inputs.kinds import kind_of
from modelward.core.dependency import Graph, canonical_name
from modelward.core.finding import Location, Unexamined
from modelward.core.source_audit import Spot
from modelward.formats.source import BytesSource

LOCKS = {path.name: path.read_bytes() for path in (Path(__file__).parent.parent / "data/deps/locks").iterdir()}
WHEEL = wheel("a", "1.0", {"a-1.0.dist-info/sboms/a.json": b"{}"})
INFO = {
    "METADATA": metadata("a", "1.0").encode(),
    "RECORD": b"a/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\na-1.0.dist-info/RECORD,,\n",
    "direct_url.json": b'{"url": "https://x", "vcs_info": {}}',
}
DIRECT = b"-c x\na @ git+https://x/y@z#egg=a ; os_name == 'nt'\n"


def absent(path: str, at: Spot) -> Unexamined:
    return Unexamined(Location(None), "not there")


def assert_sound(graph: Graph, raw: bytes) -> None:
    lines = raw.count(b"\n") + raw.count(b"\r") + 1
    for package in graph.packages:
        assert package.name == canonical_name(package.name)
        assert package.name.isascii()
        assert 1 <= package.at.line <= lines
    for gap in graph.gaps:
        assert gap.said.why
        assert 1 <= gap.at.line <= lines


@bounded
@given(st.binary(max_size=300) | damaged([LOCKS["requirements.txt"], DIRECT]))
def test_requirements(data: bytes) -> None:
    kind_of(data)
    assert_sound(requirements.read(data, "r.txt", absent), data)


@bounded
@given(st.binary(max_size=300) | damaged([LOCKS["pylock.toml"]]))
def test_pylock(data: bytes) -> None:
    assert_sound(pylock.read(data, "pylock.toml"), data)


@bounded
@given(st.binary(max_size=300) | damaged([LOCKS["uv.lock"]]))
def test_uv_lock(data: bytes) -> None:
    graph = uv_lock.read(data, "uv.lock")
    assert_sound(graph, data)
    assert graph.packages or graph.gaps


@bounded
@given(st.sampled_from(sorted(INFO)), st.data())
def test_installed(part: str, data: st.DataObject) -> None:
    files = {**INFO, part: data.draw(damaged([INFO[part]]))}
    dist = read_dist("a-1.0.dist-info", "x/a-1.0.dist-info", "lib", files)
    assert dist.package or dist.gaps
    assert not any(row.path.startswith(("/", "../")) for row in dist.rows)


@bounded
@given(damaged([WHEEL]))
def test_wheel(data: bytes) -> None:
    found = wheel_reader.read(BytesSource(data), "a-1.0-py3-none-any.whl", LIMITS)
    assert found.package or found.gaps
