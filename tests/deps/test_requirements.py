"""Requirements files: what pip would install of them, and what is said to be unknown."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.deps.inputs import requirements
from modelward.checks.deps.inputs.markers import can_both_hold
from modelward.checks.deps.inputs.requirements import Included
from modelward.core.dependency import Graph, Origin, Package
from modelward.core.finding import Location, Unexamined
from modelward.core.source_audit import Spot

REAL = (Path(__file__).parent.parent / "data/deps/locks/requirements.txt").read_bytes()
DIGEST = "a" * 64
OTHER = "b" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def read(text: str | bytes, **files: str) -> Graph:
    def include(path: str, at: Spot) -> Included | Unexamined:
        name = path.removeprefix("./").replace(".txt", "")
        return Included(path, f"{files[name]}\n".encode()) if name in files else Unexamined(Location(None), "not there")

    return requirements.read(f"{text}\n".encode() if isinstance(text, str) else text, "r.txt", include)


def only(text: str | bytes, **files: str) -> Package:
    graph = read(text, **files)
    assert not graph.gaps
    [package] = graph.packages
    return package


def why(text: str | bytes, **files: str) -> str:
    """The one thing that is not known, of a file that names nothing else."""
    graph = read(text, **files)
    assert all(one.origin.kind == "unread" for one in graph.packages)
    [gap] = graph.gaps
    return gap.said.why


PINS = [
    ("torch==2.5.1", "torch", "2.5.1", ""),
    ("Torch_Vision == 0.20.1+cu121", "torch-vision", "0.20.1+cu121", ""),
    ("a[x,y]==1.0rc1.post2.dev3", "a", "1.0rc1.post2.dev3", ""),
    ("a==1.0; sys_platform == 'linux'", "a", "1.0", "sys_platform == 'linux'"),
    ("a==1.0 ; python_version<'3' and os_name in 'posix'", "a", "1.0", "python_version<'3' and os_name in 'posix'"),
    ("a==1.0 ; (python_version < '3')", "a", "1.0", "(python_version < '3')"),
    ("a===1.0-weird", "a", "1.0-weird", ""),
    ("a==1!2.0", "a", "1!2.0", ""),
    ("a >=0.5, ==1.0", "a", "1.0", ""),
    ("a (==1.0)", "a", "1.0", ""),
    ("a==1.0  # comment", "a", "1.0", ""),
    ("a==1.0 # one==2.0", "a", "1.0", ""),
    ("a==\\\n1.0", "a", "1.0", ""),
    ("a==1.0 --config-settings x=y", "a", "1.0", ""),
]


@pytest.mark.parametrize(("text", "name", "version", "marker"), PINS)
def test_a_pin(text: str, name: str, version: str, marker: str) -> None:
    package = only(text)
    assert (package.name, package.version, package.marker) == (name, version, marker)
    assert package.origin == Origin("unstated")
    assert package.at == Spot("r.txt", 1, 1)


@pytest.mark.parametrize(
    ("text", "specifier"),
    [("a", ""), ("a>=1", ">=1"), ("a==1.*", "==1.*"), ("a[x] ~= 1.4, !=1.5", "~= 1.4, !=1.5"), ("a (>1)", "(>1)")],
)
def test_what_pins_nothing(text: str, specifier: str) -> None:
    package = only(text)
    assert (package.version, package.specifier) == ("", specifier)


DIRECT = [
    ("a @ https://me:secret@files.example/a-1.0-py3-none-any.whl?sig=x", "a", "1.0", "url", "https://files.example/a-1.0-py3-none-any.whl"),
    ("https://files.example/a_b-1.0%2Bcu1-py3-none-any.whl", "a-b", "1.0+cu1", "url", "https://files.example/a_b-1.0%2Bcu1-py3-none-any.whl"),
    ("https://files.example/main.zip#egg=a", "a", "", "url", "https://files.example/main.zip"),
    (f"git+https://token@git.example/a.git@{COMMIT}#egg=a", "a", "", "vcs", f"git+https://git.example/a.git@{COMMIT}"),
    ("a @ git+ssh://git@git.example/a.git@main", "a", "", "vcs", "git+ssh://git.example/a.git@main"),
    ("-e git+https://git.example/a.git#egg=a", "a", "", "vcs", "git+https://git.example/a.git"),
    ("./wheels/a-1.0-py3-none-any.whl", "a", "1.0", "path", "./wheels/a-1.0-py3-none-any.whl"),
    ("a-1.0.tar.gz", "a", "1.0", "path", "a-1.0.tar.gz"),
    ("a-1.0.tar.gz[x]", "a", "1.0", "path", "a-1.0.tar.gz"),
    ("-e ./here#egg=a", "a", "", "path", "./here"),
    ("a @ file:///here/a", "a", "", "path", "file:///here/a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "version", "kind", "url"), DIRECT)
def test_a_direct_reference(text: str, name: str, version: str, kind: str, url: str) -> None:
    package = only(text)
    assert (package.name, package.version, package.origin) == (name, version, Origin(kind, url))  # type: ignore[arg-type]


UNKNOWN = [
    "a==", "a=1.0", "a b", "a==1 b==2", "==1.0", "a==1.0,==2.0", "a==1.0\t--hash=sha256:" + DIGEST, "a==x",
    "a==1.0; python_version", "a==1.0 ; sys_platform = 'linux'", "a==1.0 ; x == 'y'",
    "a==1.0 --hash=sha256:abcd", f"a==1.0 --hash=sha257:{DIGEST}", f"a==1.0 --hash={DIGEST}", "a==1.0 --hash",
    f"a==1.0 --hash=sha256:{'g' * 64}", "a==1.0 --index-url https://index.example/simple", "a==1.0 --pre",
    "--pre a==1.0", "--unknown", "--no", "--hash=sha256:" + DIGEST, "-e .", "-e ../project", ".", "./folder",
    "git+https://git.example/a.git", "https://files.example/main.zip", "a @ https://files.example/b-1.0.tar.gz",
    "a==${VERSION}", "--index-url https://${HOST}/simple", "-r ${NAME}.txt", "-r https://files.example/r.txt",
    "-r missing.txt", "-r r.txt", "-r", "--index-url 'https://index.example", "{", "a==1.0\0", "a" * 20_000 + "!",
    "(" * 5_000 + "a", "a; " + "(" * 5_000 + "os_name == 'x'",
    "a[", "a==1.0 @ https://x.example/",
]  # fmt: skip


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_understood_is_said(text: str) -> None:
    graph = read(f"# first\n{text}\n", other="b==1")
    assert all(one.origin.kind == "unread" for one in graph.packages)
    assert [gap.at.line for gap in graph.gaps] == [2]
    assert graph.gaps[0].said.why.isprintable()


def test_a_gap_quotes_nothing_of_the_line() -> None:
    """Somebody else's file can include one that holds secrets: https://cwe.mitre.org/data/definitions/209.html"""
    graph = read("-r netrc\n--index-url https://u:hunter2@index.example/simple\n", netrc="machine x password hunter2\n")
    assert graph.gaps
    assert "hunter2" not in repr(graph)


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\r"])
def test_a_comment_ends_where_pip_ends_it(end: str) -> None:
    graph = read(f"# comment{end}hidden==1.0\nb==2")
    assert [package.name for package in graph.packages] == ["hidden", "b"]
    assert graph.packages[1].at.line == 2 + (end == "\r")


@pytest.mark.parametrize("text", ["a==1.0 \\", "a==1.0 \\\n", "a==1.0 \\\n    --hash=sha256:" + DIGEST + " \\\n", "\\"])
def test_a_file_that_ends_where_a_line_goes_on(text: str) -> None:
    assert any("the file ends" in gap.said.why for gap in read(text.encode()).gaps)


def test_a_comment_ends_what_is_joined() -> None:
    graph = read("a==1.0 \\\n# comment \\\nb==2.0")
    assert [package.name for package in graph.packages] == ["a", "b"]


@pytest.mark.parametrize(
    "raw",
    [
        codecs.BOM_UTF8 + b"a==1.0",
        codecs.BOM_UTF16_LE + "a==1.0".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "a==1.0".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "a==1.0".encode("utf-32-le"),
        "# -*- coding: latin-1 -*-\n# \xe9\na==1.0".encode("latin-1"),
    ],
)
def test_encodings_that_pip_knows(raw: bytes) -> None:
    assert only(raw).name == "a"


@pytest.mark.parametrize("raw", [b"# \xe9\na==1.0", b"# coding: utf-7\na==1.0", b"# coding: rot13\nn==1.0"])
def test_an_encoding_that_is_not_sure(raw: bytes) -> None:
    assert read(raw).gaps


def test_hashes() -> None:
    weak = "d" * 32
    package = only(f"a==1.0 --hash=sha256:{DIGEST} --hash sha512:{'c' * 128} --hash=md5:{weak}")
    assert [one.algorithm for one in package.hashes] == ["sha256", "sha512"]
    assert not only(f"a==1.0 --hash=md5:{weak}").is_hashed
    direct = only(f"https://files.example/a-1.0.zip#sha256={DIGEST.upper()}")
    assert direct.hashes[0].value == DIGEST


INDEX, EXTRA = "https://index.example/simple", "https://extra.example/simple"


def test_one_index_is_where_all_comes_from() -> None:
    graph = read("a==1\n--index-url https://me:secret@index.example/simple\nb @ https://files.example/b-1.zip")
    assert [package.origin.kind for package in graph.packages] == ["index", "url"]
    assert graph.packages[0].origin.url == INDEX
    assert graph.indexes == ((Spot("r.txt", 2, 1), INDEX),)


@pytest.mark.parametrize("option", ["--extra-index-url", "--extra-index-url=", "--extra", "-f", "--find-links"])
def test_of_several_indexes_none_is_known_to_be_the_one(option: str) -> None:
    graph = read(f"-i {INDEX}\n{option}{'' if option.endswith('=') else ' '}{EXTRA}\na==1")
    assert [url for _, url in graph.indexes] == [INDEX, EXTRA]
    assert graph.packages[0].origin.kind == "unstated"


def test_a_variable_where_the_password_stands_changes_nothing() -> None:
    graph = read("--index-url https://${USER}:${TOKEN}@index.example/simple\na==1")
    assert not graph.gaps
    assert graph.packages[0].origin.url == INDEX


def test_a_trusted_host_matters_where_nothing_is_hashed() -> None:
    assert read("--trusted-host index.example\na==1").gaps
    assert not read(f"--trusted-host index.example\na==1 --hash=sha256:{DIGEST}").gaps


# -- includes and constraints


def test_includes() -> None:
    graph = read("-r one.txt\n--requirement=two.txt\nc==3", one="a==1", two="-r one.txt\nb==2")
    assert [(package.name, package.at.file) for package in graph.packages] == [
        ("a", "one.txt"), ("b", "two.txt"), ("c", "r.txt"),
    ]  # fmt: skip
    assert not graph.gaps


@pytest.mark.parametrize("files", [{"one": "-r one.txt"}, {"one": "-r two.txt", "two": "-c one.txt"}])
def test_cycles(files: dict[str, str]) -> None:
    assert "includes it" in why("-r one.txt", **files)


def test_an_endless_chain() -> None:
    def deeper(path: str, at: Spot) -> Included:
        return Included(f"x/{path}", f"a==1\n-r x/{path}\n-r y/{path}".encode())

    graph = requirements.read(b"-r a", "r.txt", deeper)
    assert any("more files" in gap.said.why for gap in graph.gaps)


def test_constraints_pin_and_do_not_ask() -> None:
    hashed = f"a==1.0 --hash=sha256:{DIGEST}\nb==2.0"
    package = only("-c one.txt\na>=0.5", one=hashed)
    assert (package.version, package.specifier, package.at) == ("1.0", "", Spot("r.txt", 2, 1))
    assert package.is_hashed
    assert only("-c one.txt\na", one="a==1.0 ; os_name == 'nt'").version == ""
    assert only("-c one.txt\na", one="a @ https://files.example/a-1.zip").origin.kind == "url"


@pytest.mark.parametrize("asked", ["a==2.0", "a>=2.0", "a<1"])
def test_a_constraint_that_contradicts(asked: str) -> None:
    assert "pins a to 1.0" in read(f"-c one.txt\n{asked}", one="a==1.0").gaps[0].said.why


def test_hashes_of_a_constraint_and_a_requirement() -> None:
    """pip takes what both allow."""
    both = f"--hash=sha256:{DIGEST} --hash=sha256:{OTHER}"
    package = only(f"-c one.txt\na==1.0 {both}", one=f"a==1.0 --hash=sha256:{OTHER}")
    assert [one.value for one in package.hashes] == [OTHER]


# -- contradictions


def test_another_line_pins_as_well() -> None:
    assert {package.version for package in read("a\na==1.0\n").packages} == {"1.0"}


@pytest.mark.parametrize(
    ("one", "other", "is_conflict"),
    [
        ("", "", True),
        ("; os_name == 'nt'", "", True),
        ("; os_name == 'nt'", "; os_name != 'nt'", False),
        ("; python_version < '3.11'", "; python_full_version >= '3.11'", False),
        ("; python_version <= '3.11'", "; python_version >= '3.11'", True),
        ("; python_version < '3.10'", "; python_version >= '3.10' and sys_platform == 'win32'", False),
        ("; sys_platform == 'win32'", "; platform_system != 'Windows'", False),
        ("; platform_machine == 'x86_64'", "; platform_machine == 'arm64'", False),
        ("; platform_machine == 'x86_64'", "; sys_platform == 'linux'", True),
        ("; python_version < '3.9' or extra == 'x'", "; python_version >= '3.9'", True),
    ],
)
def test_two_versions(one: str, other: str, is_conflict: bool) -> None:
    graph = read(f"a==1.0 {one}\na==2.0 {other}\n")
    assert len(graph.packages) == 2
    assert bool(graph.gaps) == is_conflict
    if is_conflict:
        assert graph.gaps[0].at.line == 2
        assert "line 1" in graph.gaps[0].said.why


def test_work_is_bounded() -> None:
    """Thousands of lines of one name are held against each other a bounded number of times."""
    many = "".join(f"a=={at}\na ; os_name == '{at}'\na==1.0{at:04}\n" for at in range(3_000))
    assert any("too many" in gap.said.why or "another version" in gap.said.why for gap in read(many).gaps)
    apart = "".join(f"a=={at} ; os_name == '{at}'\n" for at in range(25))
    assert any("too many" in gap.said.why for gap in read(apart).gaps)


def test_the_same_version_written_twice_is_no_contradiction() -> None:
    assert not read("a==1.0\nA==1.0.0\n").gaps


def test_markers_of_extras_do_not_meet() -> None:
    assert not can_both_hold("'cpu' in extras", "'cuda' in extras")
    assert can_both_hold("'cpu' in extras", "'cpu' in extras and os_name == 'posix'")


# -- whole files


def test_a_real_lock() -> None:
    graph = read(REAL)
    assert len(graph.packages) == REAL.count(b"==")
    assert not graph.gaps
    assert all(package.is_hashed for package in graph.packages)
    lines = REAL.decode().split("\n")
    assert all(lines[package.at.line - 1].startswith(f"{package.name}==") for package in graph.packages)


def test_a_lock_that_is_cut_off_within_a_line() -> None:
    """Nothing says how many lines there are, so that whole ones can be missing behind the last."""
    whole = read(REAL).packages
    for at in range(REAL.index(b"=="), len(REAL)):
        graph = read(REAL[:at])
        assert graph.gaps or REAL[at - 1 : at] == b"\n" or not all(package.is_hashed for package in graph.packages)
        if not graph.gaps and REAL[at - 1 : at] == b"\n":
            assert graph.packages == whole[: len(graph.packages)]


_PIECES = (
    b"a", b"==1", b" ", b"\\", b"\n", b"#", b"-", b"-r x", b";", b"--hash=", b"\xff", b"$", b"${A}", b"'", b"@", b"/",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=30).map(b"".join))
def test_anything(raw: bytes) -> None:
    graph = read(raw)
    lines = [*(package.at.line for package in graph.packages), *(gap.at.line for gap in graph.gaps)]
    assert all(1 <= line <= raw.count(b"\n") + 1 for line in lines)


# -- as pip reads it


CORPUS = (
    "\n".join(text for text, *_ in (*PINS, *DIRECT)) + f"\nz==1 \\\n  --hash=sha256:{DIGEST}\n# c\n  y==2\nx  # d\n"
)


def test_pip_finds_the_same(tmp_path: Path) -> None:
    req_file = pytest.importorskip("pip._internal.req.req_file")
    file = tmp_path / "r.txt"
    file.write_text(CORPUS)
    theirs = list(req_file.parse_requirements(str(file), session=None))
    ours = sorted(read(CORPUS).packages, key=lambda package: package.at.line)
    lines = [int(one.line_source.split()[1]) for one in theirs]
    assert [package.at.line for package in ours] == lines


@pytest.mark.parametrize("text", UNKNOWN)
def test_pip_takes_nothing_that_we_do_not_see(text: str, tmp_path: Path) -> None:
    """What pip would install of such a line is never more than what we name or say is unknown."""
    req_file = pytest.importorskip("pip._internal.req.req_file")
    errors = pytest.importorskip("pip._internal.exceptions")
    file = tmp_path / "r.txt"
    file.write_text(text)
    try:
        theirs = len(list(req_file.parse_requirements(str(file), session=None)))
    except (errors.PipError, ValueError, AttributeError):  # the last where it would use the network
        theirs = 0
    graph = read(text)
    assert theirs <= len(graph.packages) + len(graph.gaps)


# -- what hides a package


@pytest.mark.parametrize(
    "rest", [" --hash=sha256:abcd", " --pre", f" --hash=sha256:{DIGEST} word", " --unknown", " -i x"]
)
def test_what_is_wrong_behind_a_requirement_does_not_hide_it(rest: str) -> None:
    graph = read(f"a==1.0{rest}")
    assert [(one.name, one.version, one.origin.kind) for one in graph.packages] == [("a", "1.0", "unread")]
    assert len(graph.gaps) == 1


def test_an_index_is_there_for_every_file() -> None:
    """pip has one list of indexes, whichever of the files it reads them from."""
    above = read(f"--extra-index-url https://x.example/simple\n-r one.txt\na==1.0 --hash=sha256:{DIGEST}", one="b==1")
    assert {(at.file, url) for at, url in above.indexes} == {
        ("r.txt", "https://x.example/simple"),
        ("one.txt", "https://x.example/simple"),
    }
    below = read("-r one.txt\na==1.0", one="-f https://x.example/wheels")
    assert [(at.file, url) for at, url in below.indexes] == [("r.txt", "https://x.example/wheels")]


@pytest.mark.parametrize("marker", ["", " ; python_version > '3'", " ; sys_platform == 'win32'"])
def test_an_address_among_constraints_counts_wherever_its_marker_may_hold(marker: str) -> None:
    [package] = read("-c one.txt\na==1.0", one=f"a @ https://x.example/a-1.0-py3-none-any.whl{marker}").packages
    assert package.origin == Origin("url", "https://x.example/a-1.0-py3-none-any.whl")


def test_an_address_among_constraints_for_another_environment() -> None:
    address = "a @ https://x.example/a-1.0-py3-none-any.whl ; os_name == 'nt'"
    [package] = read("-c one.txt\na==1.0 ; os_name == 'posix'", one=address).packages
    assert package.origin.kind == "unstated"


def test_a_backslash_in_an_address_is_not_taken_for_a_user() -> None:
    """https://url.spec.whatwg.org/#authority-state: the host of this one is x.example."""
    [(_, url)] = read("-i https://x.example\\\\@index.example/simple\na==1.0").indexes
    assert url == "https://\\@index.example/simple"


def test_one_version_may_be_written_in_several_ways() -> None:
    assert only("a==1.0,==1.0.0").version in ("1.0", "1.0.0")


@pytest.mark.parametrize(
    "line", ["a==1" + " " * 200_000 + "x#", "a[" + " " * 200_000 + "x", "-i " + "${A" * 20_000, "a==1;" + "(" * 50_000]
)
def test_long_lines_take_no_longer_than_they_are(line: str) -> None:
    """Each took minutes, by an expression that tries every space as a beginning."""
    assert len(read(line).gaps) == 1


@pytest.mark.parametrize("rest", [" word", " --pre", " -r two.txt", " -i https://x.example/simple"])
def test_what_pip_drops_behind_an_option_does_not_hide_the_file_that_it_names(rest: str) -> None:
    graph = read(f"-r one.txt{rest}", one="a==1.0")
    assert [one.name for one in graph.packages] == ["a"]
    assert len(graph.gaps) == 1
    for more in ("word", "-e git+https://g.example/b#egg=b"):
        assert [one.name for one in read(f"-e git+https://g.example/a#egg=a {more}").packages] == ["a"]
