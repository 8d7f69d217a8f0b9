"""pylock.toml and uv.lock: what they name, on which line, and what shows that they are damaged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.deps.inputs import pylock, uv_lock
from modelward.checks.deps.inputs.kinds import kind_of
from modelward.checks.deps.inputs.toml_lines import table_lines
from modelward.core.dependency import Graph, Origin, Package
from modelward.core.finding import Unexamined

REAL = {
    name: (Path(__file__).parent.parent / "data/deps/locks" / name).read_bytes() for name in ("pylock.toml", "uv.lock")
}
READERS: dict[str, Callable[[bytes, str], Graph]] = {"pylock.toml": pylock.read, "uv.lock": uv_lock.read}
DIGEST = "a" * 64
INDEX = Origin("index", "https://index.example/simple")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
both = pytest.mark.parametrize("name", READERS)


@both
def test_a_real_lock(name: str) -> None:
    graph = READERS[name](REAL[name], name)
    lines = REAL[name].decode().split("\n")
    assert not graph.gaps
    assert graph.packages
    for package in graph.packages:
        assert lines[package.at.line - 1] == f'name = "{package.name}"'
        assert package.version
        assert package.is_hashed
        assert all(file.uploaded and file.uploaded.tzinfo for file in package.files)


def test_of_real_locks() -> None:
    one = {package.name: package for package in pylock.read(REAL["pylock.toml"], "p").packages}
    assert one["alembic"].files[0].size == 270355
    assert one["alembic"].files[0].uploaded == datetime(2026, 10, 22, 3, 24, 37, tzinfo=UTC)
    assert one["alembic"].files[0].name == "alembic-1.20.1-py3-none-any.whl"
    assert {package.marker for package in one.values()} > {""}
    other = {package.name: package for package in uv_lock.read(REAL["uv.lock"], "u").packages}
    assert "demo" not in other
    assert other["jinja2"].requires == ("markupsafe",)
    assert other["jinja2"].origin == Origin("index", "https://files.example/simple")
    assert [file.name for file in other["jinja2"].files] == ["jinja2-3.1.6.tar.gz", "jinja2-3.1.6-py3-none-any.whl"]


@both
def test_truncations(name: str) -> None:
    """That of a pylock.toml behind a whole package cannot be seen: nothing says how many there are. Files of the last
    entry can be missing, which allows less."""
    raw, whole = REAL[name], READERS[name](REAL[name], name).packages
    places = {*range(0, len(raw), 11), *(at for at in range(len(raw) - 1) if b"\n" in raw[at - 1 : at + 1])}
    for at in sorted(places):
        graph = READERS[name](raw[:at], name)
        if graph.gaps:
            continue
        names = [package[:2] for package in graph.packages]
        assert names == [package[:2] for package in whole[: len(names)]]
        assert names
        assert name == "pylock.toml" or len(names) == len(whole)
        lines = [line for line in raw[:at].split(b"\n") if line]
        assert lines[-1].startswith((b"wheels = [", b"]", b"marker", b"sdist"))


@both
@given(data=st.data())
def test_garbage_behind_it(name: str, data: st.DataObject) -> None:
    raw = REAL[name] + data.draw(st.binary(min_size=1, max_size=20) | st.text(max_size=20).map(str.encode))
    graph = READERS[name](raw, name)
    assert graph.gaps or graph.packages == READERS[name](REAL[name], name).packages


@both
@given(at=st.floats(0, 1), new=st.binary(max_size=3), cut=st.integers(0, 40))
def test_damage(name: str, at: float, new: bytes, cut: int) -> None:
    here = int(at * len(REAL[name]))
    raw = REAL[name][:here] + new + REAL[name][here + cut :]
    graph = READERS[name](raw, name)
    assert graph.packages or graph.gaps
    lines = [*(package.at.line for package in graph.packages), *(gap.at.line for gap in graph.gaps)]
    assert all(1 <= line <= raw.count(b"\n") + 1 for line in lines)


PYLOCK = 'lock-version = "1.0"\ncreated-by = "a"\n'
UV = "version = 1\n"
ROOT = '[[package]]\nname = "root"\nversion = "1"\nsource = { virtual = "." }\ndependencies = [{ name = "a" }]\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pylock.toml", 'lock-version = "2.0"\npackages = []'),
        ("pylock.toml", "lock-version = 1.0\npackages = []"),
        ("pylock.toml", 'created-by = "x"\npackages = []'),
        ("pylock.toml", PYLOCK),
        ("pylock.toml", PYLOCK + "packages = {}"),
        ("pylock.toml", PYLOCK + "packages = [1]"),
        ("pylock.toml", "x = " + "[" * 5_000),
        ("pylock.toml", "x = " + "1" * 5_000),
        ("uv.lock", "version = 2\n" + ROOT),
        ("uv.lock", "version = true\n" + ROOT),
        ("uv.lock", 'version = "1"\n' + ROOT),
        ("uv.lock", "revision = 1\n" + ROOT),
        ("uv.lock", UV),
        ("uv.lock", UV + "manifest = 1\n" + ROOT),
    ],
)
def test_another_version_or_shape_is_one_gap(name: str, text: str) -> None:
    graph = READERS[name](text.encode(), name)
    assert not graph.packages
    [gap] = graph.gaps
    assert gap.at.line == 1
    assert gap.said.why.isprintable()


def locked(body: str) -> Graph:
    return pylock.read(f'{PYLOCK}[[packages]]\nname = "a"\n{body}\n'.encode(), "p")


def wheel(name: str = "a-1.0-py3-none-any.whl", more: str = f'hashes = {{ sha256 = "{DIGEST}" }}') -> str:
    return f'{{ url = "https://u:p@files.example/{name}?sig=1", {more} }}'


@pytest.mark.parametrize(
    ("body", "origin"),
    [
        (f'version = "1.0"\nwheels = [{wheel()}]', Origin("unstated")),
        (f'version = "1.0"\nindex = "https://u:p@index.example/simple"\nwheels = [{wheel()}]', INDEX),
        (f'vcs = {{ type = "git", url = "https://u:p@git.example/a", commit-id = "{COMMIT}" }}', Origin("vcs", f"https://git.example/a@{COMMIT}")),
        ('directory = { path = "./a", editable = true }', Origin("path", "./a")),
        (f"archive = {wheel('a-1.0.zip')}", Origin("url", "https://files.example/a-1.0.zip")),
        (f'archive = {{ path = "a-1.0.zip", hashes = {{ sha256 = "{DIGEST}" }} }}', Origin("path", "a-1.0.zip")),
    ],
)  # fmt: skip
def test_sources_of_pylock(body: str, origin: Origin) -> None:
    graph = locked(body)
    assert not graph.gaps
    [package] = graph.packages
    assert package.origin == origin
    assert package.is_hashed == (origin.kind in ("index", "unstated", "url") or "archive" in body)
    assert "p@" not in repr(graph)


@pytest.mark.parametrize(
    "body",
    [
        'version = "1.0"',
        f'version = "1.0"\nwheels = [{wheel()}]\ndirectory = {{ path = "." }}',
        f'version = 1.0\nwheels = [{wheel()}]',
        f'version = "1.0"\nwheels = [{wheel("b-1.0-py3-none-any.whl")}]',
        f'version = "1.0"\nwheels = [{wheel("a-1.1-py3-none-any.whl")}]',
        f'version = "1.0"\nwheels = [{wheel("a.whl")}]',
        f'version = "1.0"\nsdist = {wheel("b-1.0.tar.gz")}',
        f"wheels = {wheel()}",
        f"wheels = [{wheel(more='hashes = { sha256 = 1 }')}]",
        "wheels = [" + wheel(more='hashes = { sha256 = "abcd" }') + "]",
        "wheels = [" + wheel(more="size = -1") + "]",
        "wheels = [" + wheel(more="size = true") + "]",
        "wheels = [" + wheel(more="upload-time = 2026-01-01T00:00:00") + "]",
        "wheels = [" + wheel(more='upload-time = "yesterday"') + "]",
        "wheels = [" + wheel(more="upload-time = 5") + "]",
        'vcs = { type = "git", url = "https://git.example/a" }',
        f'wheels = [{wheel()}]\nmarker = 1',
    ],
)  # fmt: skip
def test_an_entry_of_pylock_that_is_wrong(body: str) -> None:
    graph = locked(body)
    [package] = graph.packages
    assert (package.name, package.origin) == ("a", Origin("unread"))  # advisories are held against it all the same
    [gap] = graph.gaps
    assert gap.at.line == 4


def test_an_entry_of_pylock_without_a_version_has_that_of_its_files() -> None:
    assert [one.version for one in locked(f"wheels = [{wheel()}]").packages] == ["1.0"]
    several = locked(f"wheels = [{wheel()}, {wheel('a-1.1-py3-none-any.whl')}]")
    assert "calls version 1.1" in several.gaps[0].said.why


@pytest.mark.parametrize(
    "body",
    [
        "wheels = [" + wheel("b-1.0-py3-none-any.whl", more='name = "a-1.0-py3-none-any.whl"') + "]",
        f"version = '1.0'\narchive = {wheel('b-1.0-py3-none-any.whl')}",
        f"version = '1.0'\narchive = {wheel('a-1.1.tar.gz')}",
    ],
)  # fmt: skip
def test_an_address_that_names_another_package(body: str) -> None:
    assert "its name calls" in locked(body).gaps[0].said.why


def test_a_wheel_beside_the_lock_is_from_no_index_that_it_does_not_name() -> None:
    file = f'wheels = [{{ path = "../a-1.0-py3-none-any.whl", hashes = {{ sha256 = "{DIGEST}" }} }}]'
    [loose], [said] = locked(file).packages, locked(f'index = "https://index.example/simple"\n{file}').packages
    assert (loose.origin, said.origin) == (Origin("path", "../a-1.0-py3-none-any.whl"), INDEX)


def test_one_file_is_not_read_as_two_kinds_of_lock() -> None:
    """Each tool passes over the entries of the other: what one audits is not what the other installs."""
    other = '[[package]]\nname = "b"\nversion = "1"\nsource = { virtual = "." }\n'
    first = pylock.read(f'version = 1\n{PYLOCK}[[packages]]\nname = "a"\n{other}'.encode(), "p")
    second = uv_lock.read(f'{UV}{ROOT}\n[[packages]]\nname = "b"\n'.encode(), "u")
    third = uv_lock.read(f'lock-version = "1.0"\n{UV}{ROOT}\n'.encode(), "u")
    for graph in (first, second, third):
        assert not graph.packages
        assert "depends on the tool" in graph.gaps[0].said.why


@pytest.mark.parametrize("place", ["/tmp/a", "..", "../a", "libs/../../a", "C:/a", "\\\\a", "a/.."])
def test_a_member_of_a_workspace_lies_in_it(place: str) -> None:
    text = f"{UV}[manifest]\nmembers = ['a']\n{ROOT}\n[[package]]\nname = 'a'\nversion = '1'\n"
    [package] = uv_lock.read(f"{text}source = {{ editable = '{place}' }}\n".encode(), "u").packages
    assert package.name == "a" and package.origin.kind in ("path", "url")
    assert not uv_lock.read(f"{text}source = {{ editable = 'libs/a' }}\n".encode(), "u").packages


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_utc_does_not_have(time: str) -> None:
    graph = locked("wheels = [" + wheel(more=f"upload-time = {time}") + "]")
    assert "upload-time is no time" in graph.gaps[0].said.why


def test_weak_hashes_and_unknown_keys() -> None:
    wheels = wheel(more='hashes = { md5 = "' + "b" * 32 + '" }')
    graph = locked(f'version = "1.0"\nnew-key = 1\nwheels = [{wheels}]\n[later]\nx = 1')
    assert not graph.gaps
    assert not graph.packages[0].is_hashed


def test_two_entries_of_pylock() -> None:
    def entry(version: str, marker: str) -> str:
        wheels = wheel(f"a-{version}-py3-none-any.whl")
        return f'[[packages]]\nname = "a"\nversion = "{version}"\nmarker = "{marker}"\nwheels = [{wheels}]\n'

    meet = pylock.read((PYLOCK + entry("1.0", "os_name == 'nt'") + entry("2.0", "")).encode(), "p")
    assert [gap.at.line for gap in meet.gaps] == [9]
    apart = pylock.read((PYLOCK + entry("1.0", "os_name == 'nt'") + entry("2.0", "os_name != 'nt'")).encode(), "p")
    assert not apart.gaps
    assert len(apart.packages) == 2


def uv(source: str, more: str = "", name: str = "a") -> Graph:
    text = f'{UV}{ROOT}\n[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {source}\n{more}\n'
    return uv_lock.read(text.encode(), "u")


HASH = f'sdist = {{ hash = "sha256:{DIGEST}" }}'
FILE = f'sdist = {{ url = "https://files.example/a-1.0.tar.gz", hash = "sha256:{DIGEST}" }}'


@pytest.mark.parametrize(
    ("source", "more", "origin"),
    [
        ('{ registry = "https://u:p@index.example/simple" }', FILE, INDEX),
        ('{ registry = "../wheels" }', FILE.replace("url =", "path ="), Origin("path", "../wheels")),
        (f'{{ git = "https://git.example/a?rev=main#{COMMIT}" }}', "", Origin("vcs", f"https://git.example/a@{COMMIT}")),
        ('{ url = "https://files.example/a-1.zip" }', HASH, Origin("url", "https://files.example/a-1.zip")),
        ('{ path = "a-1.0.tar.gz" }', HASH, Origin("path", "a-1.0.tar.gz")),
        ('{ directory = "../a" }', "", Origin("path", "../a")),
        ('{ editable = "../a" }', "", Origin("path", "../a")),
    ],
)  # fmt: skip
def test_sources_of_uv(source: str, more: str, origin: Origin) -> None:
    graph = uv(source, more)
    assert not graph.gaps
    [package] = graph.packages
    assert package.origin == origin
    assert package.is_hashed == bool(more)


@pytest.mark.parametrize(
    ("source", "more"),
    [
        ('{ registry = "https://index.example/simple" }', ""),
        ('{ registry = "https://index.example/simple" }', FILE.replace("a-1.0", "b-1.0")),
        ('{ registry = "https://index.example/simple" }', FILE.replace("a-1.0", "a-1.1")),
        ('{ registry = "https://index.example/simple" }', FILE.replace(DIGEST, "abc")),
        ('{ other = "x" }', FILE),
        ('{ registry = "x", git = "y" }', FILE),
        ("1", FILE),
        ('{ registry = "https://index.example/simple" }', FILE + '\ndependencies = [{ name = "gone" }]'),
        ('{ registry = "x" }', FILE + "\n[package.optional-dependencies]\nx = [{ name = 'gone' }]"),
        ('{ registry = "https://index.example/simple" }', FILE + "\nresolution-markers = 1"),
    ],
)  # fmt: skip
def test_an_entry_of_uv_that_is_wrong(source: str, more: str) -> None:
    graph = uv(source, more)
    [gap] = graph.gaps
    assert gap.at.line == 9


def test_an_entry_that_nothing_needs() -> None:
    assert uv('{ registry = "https://index.example/simple" }', FILE.replace("a-1.0", "b-1.0"), "b").gaps


def test_projects_of_a_workspace_are_no_dependencies() -> None:
    text = UV + '[manifest]\nmembers = ["root", "lib"]\n' + ROOT.replace('"a"', '"lib"')
    text += '[[package]]\nname = "lib"\nversion = "1"\nsource = { editable = "packages/lib" }\n'
    assert uv_lock.read(text.encode(), "u") == Graph()


def test_a_script_has_no_project() -> None:
    text = UV + '[manifest]\nrequirements = [{ name = "a" }]\n'
    text += (
        f'[[package]]\nname = "a"\nversion = "1.0"\nsource = {{ registry = "https://index.example/simple" }}\n{FILE}\n'
    )
    assert [package.name for package in uv_lock.read(text.encode(), "u").packages] == ["a"]


def entries(markers: str) -> str:
    more = f'source = {{ registry = "https://index.example/simple" }}\n{FILE}\n'
    first = f'[[package]]\nname = "a"\nversion = "1.0"\n{markers}\n{more}'
    return UV + ROOT + first + first.replace("1.0", "2.0").replace("==", "!=")


def test_forks() -> None:
    assert not uv_lock.read(entries("resolution-markers = [\"os_name == 'nt'\"]").encode(), "u").gaps
    assert uv_lock.read(entries("").encode(), "u").gaps
    repeated = entries("").replace("2.0", "1.0")
    assert any("two entries" in gap.said.why for gap in uv_lock.read(repeated.encode(), "u").gaps)


# -- lines


@pytest.mark.parametrize(
    ("text", "count", "lines"),
    [
        ('[[x]]\nname = "a"\n[[x]]\n  name="b"\n', 2, [2, 4]),
        ('[[x]]\nversion = "a"\n[x.y]\nname = "b"\n', 1, [1]),
        ('# [[x]]\n[[ x ]] # c\nname = "a"', 1, [3]),
        ('[["x"]]\nname = "a"', 1, [1]),
        ('y = """\n[[x]]\n"""\n[[x]]\nname = "a"\n', 1, [1]),
        ("x = [{ name = 'a' }]", 1, [1]),
        ("[[xy]]\nname = 'a'\n[[x]]\nname = 'b'", 1, [4]),
    ],
)  # fmt: skip
def test_lines(text: str, count: int, lines: list[int]) -> None:
    assert table_lines(text, "x", count) == lines


# -- which document


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (REAL["pylock.toml"], "pylock"),
        (REAL["uv.lock"], "uv-lock"),
        (b"a==1.0\n", "requirements"),
        (b"# c\n\n-r other.txt", "requirements"),
        (b"", "requirements"),
        (b"version==1.0\n", "requirements"),
        ("a==1".encode("utf-16"), "requirements"),
        (b"https://files.example/a-1.0.zip", "requirements"),
        (b"PK\3\4xxxx", "archive"),
        (b"a\0b", None),
        (b"[project]\nname = 'a'", None),
        (b"[[package]]\nname = 'a'\n[metadata]\nlock-version = '2.0'\n", None),
        (b'{"_meta": {}}', None),
        (b"name: env\ndependencies:\n  - a\n", None),
        (b"dependencies:\n- a\n", None),
    ],
)
def test_the_kind_is_in_the_content(raw: bytes, kind: str | None) -> None:
    found = kind_of(raw)
    assert found == kind or (kind is None and isinstance(found, Unexamined))


def test_pylock_as_packaging_reads_it() -> None:
    import tomllib

    theirs = pytest.importorskip("packaging.pylock").Pylock.from_dict(tomllib.loads(REAL["pylock.toml"].decode()))

    def said(package: Package) -> tuple[object, ...]:
        files = [(file.name, file.size, file.uploaded, file.hashes[0].value) for file in package.files]
        return package.name, package.version, package.marker, files

    ours = [said(package) for package in pylock.read(REAL["pylock.toml"], "p").packages]
    assert ours == [
        (
            one.name,
            str(one.version),
            str(one.marker or "").replace('"', "'"),
            [(file.filename, file.size, file.upload_time, file.hashes["sha256"]) for file in one.wheels],
        )
        for one in theirs.packages
    ]
