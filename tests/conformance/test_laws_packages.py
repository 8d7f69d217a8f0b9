"""The laws that hold for every audit of dependencies, whichever rule is in question."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.cases.packages import ENV, INFO, WHEEL, alone, environment, feed, wheel
from tests.conformance import mutations
from tests.conformance.cases import load, write
from tests.conformance.packages import DAY, audited
from tests.conformance.test_laws import in_a_process

from modelward.app.deps import Audited
from modelward.checks.deps import CHECK
from modelward.checks.deps.all_rules import RULES
from modelward.core import canonical
from modelward.core.dependency_audit import Flags
from modelward.core.finding import Severity

SCRIPT = Path(__file__).parent / "quietly_deps.py"
LOCKS = Path(__file__).parents[1] / "data/deps/locks"
REPORTS = """
import hashlib, sys
from pathlib import Path
from tests.conformance.packages import audited
from modelward.core.dependency_audit import Flags
from modelward.core.finding import Severity
from modelward.report import deps
from modelward.report.line import plain
flags = Flags(Severity.MEDIUM)
for tree in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
    done = audited(tree)
    said = (done.statement.raw, deps.machine(done.audit, flags), deps.sarif(done.audit), deps.junit(done.audit, flags),
            deps.github(done.audit, flags), deps.vulns(done.audit, done.subject, done.when),
            plain(deps.lines(done.audit, flags, done.when)))
    for each in said:
        print(tree.name, hashlib.sha256(each if isinstance(each, bytes) else each.encode()).hexdigest())
"""


@pytest.fixture(autouse=True)
def the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """What the cases make, with their databases."""
    folder = tmp_path / "trees"
    for rule in RULES:
        for side, make in (("fires", load(rule).fires), ("quiet", load(rule).quiet)):
            write(make(), folder / f"{rule}.{side}")
            audited(folder / f"{rule}.{side}")
    return folder


def test_two_runs_give_the_same_bytes(trees: Path) -> None:
    first, second = (in_a_process("-c", REPORTS, str(trees), hash_seed=seed, day=DAY) for seed in (1, 2))
    assert first.count("\n") == 2 * len(RULES) * 7
    assert first == second


def test_nothing_is_run_imported_or_sent(trees: Path) -> None:
    assert json.loads(in_a_process(str(SCRIPT), str(trees), day=DAY)) == []


def test_codec_takes_back_what_it_gave(trees: Path) -> None:
    for tree in sorted(path for path in trees.iterdir() if path.is_dir()):
        done = audited(tree)
        body = canonical.decode(canonical.encode(done.statement.predicate))
        said = CHECK.decode(body)
        assert CHECK.encode(said) == body, tree.name
        assert (len(said.findings), len(said.unexamined)) == (len(done.audit.findings), len(done.audit.unexamined))


# --- an edit never makes an audit cleaner ---

FEED = feed(references=[{"type": "PACKAGE", "url": "https://files.example/project/torch/"}])
"""About the index that the locks name."""


def is_silent(done: Audited) -> bool:
    return not (done.audit.findings or done.audit.unexamined)


def packages(done: Audited) -> set[tuple[str, str]]:
    return {(one.package.name, one.package.version) for one in done.audit.packages}


def edited(
    tree: Mapping[str, bytes], path: str, folder: Path, edits: Iterator[bytes]
) -> Iterator[tuple[bytes, Audited]]:
    """The audit of the tree after each edit of one of its files."""
    write({**tree, **FEED}, folder)
    audited(folder)
    for data in edits:
        (folder / path).write_bytes(data)
        yield data, audited(folder)


ORDINARY: dict[str, tuple[Mapping[str, bytes], str]] = {
    **{name: ({name: (LOCKS / name).read_bytes()}, name) for name in ("requirements.txt", "pylock.toml", "uv.lock")},
    "wheel": (alone(wheel()), WHEEL),
    "metadata": (environment(), f"{ENV}/{INFO}/METADATA"),
    "record": (environment(), f"{ENV}/{INFO}/RECORD"),
}
"""Trees that are in order, and the file of each that is edited."""

ordinary = pytest.mark.parametrize("name", ORDINARY)


def before(name: str, folder: Path) -> tuple[Mapping[str, bytes], str, Audited]:
    tree, path = ORDINARY[name]
    write({**tree, **FEED}, folder)
    whole = audited(folder)
    assert is_silent(whole)
    return tree, path, whole


@ordinary
def test_no_cut_is_taken_for_the_whole(name: str, tmp_path: Path) -> None:
    """Except where the format has no end mark: behind a whole line of requirements, or a whole package of pylock."""
    tree, path, whole = before(name, tmp_path / "whole")
    for data, done in edited(tree, path, tmp_path / "cut", mutations.cuts(tree[path])):
        is_shorter = is_silent(done) and not packages(done) >= packages(whole)
        assert not is_shorter or ends_whole(name, data, tree[path]), data[-200:]


def ends_whole(name: str, data: bytes, whole: bytes) -> bool:
    rest = whole[len(data) :]
    if name == "requirements.txt":
        return data.endswith(b"\n") and not data.rstrip(b"\n").endswith(b"\\")
    return name == "pylock.toml" and b"[[packages]]" in data and rest.lstrip(b"\n").startswith((b"[[packages]]", b"#"))


@ordinary
@pytest.mark.parametrize("edits", [mutations.inserted, mutations.suffixed])
def test_no_package_vanishes_in_silence(name: str, edits: Callable[[bytes], Iterator[bytes]], tmp_path: Path) -> None:
    """One byte more may make another name or version of one of them: that is another lock. A table of pylock with
    another name is passed over, as the specification wants and installers do."""
    tree, path, whole = before(name, tmp_path / "whole")
    for data, done in edited(tree, path, tmp_path / "edited", edits(tree[path])):
        is_renamed = data.count(b"[[packages]]") < tree[path].count(b"[[packages]]")
        assert not is_silent(done) or len(done.audit.packages) >= len(whole.audit.packages) or is_renamed, data


HOSTILE = ["wheel-startup-code", "wheel-unrecorded-file", "wheel-record-mismatch", "wheel-ambiguous-archive",
           "wheel-native-code", "wheel-shadowing", "package-file-changed", "package-file-unrecorded"]  # fmt: skip
EVERY = 3  # one edit of so many, for the sake of time
FLAGS = Flags(Severity.MEDIUM)


@pytest.mark.parametrize("rule", HOSTILE)
def test_no_edit_makes_it_pass(rule: str, tmp_path: Path) -> None:
    content = load(rule).fires()
    assert not isinstance(content, bytes)
    path = next(path for path in content if path.endswith((".whl", "RECORD")))
    for edits in (mutations.cuts, mutations.inserted, mutations.suffixed):
        some = [data for number, data in enumerate(edits(content[path])) if number % EVERY == 0]
        for data, done in edited(content, path, tmp_path / edits.__name__, iter(some)):
            assert done.audit.exit_code(FLAGS) != 0, data
