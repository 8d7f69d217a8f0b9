"""The whole main job in one process: real small trees in, results and statements out."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import pickle
import shutil
import tarfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save
from tests.cases.build import storage, torch_members
from tests.corpus.files import zipped
from tests.corpus.opcodes import call, mapping, name, number, stream, text, tup

from modelward import app
from modelward.app import one_file
from modelward.checks import manifest as manifest_check
from modelward.checks import scan as scan_check
from modelward.core.artifact import tree_digest
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Finding
from modelward.core.limits import Limits
from modelward.core.result import CheckResult, Place, ScanResult
from modelward.core.statement import Statement
from modelward.report import machine
from modelward.stores.files import FileSource

WEIGHTS = save({"w": np.zeros((2, 3), np.float32)}, {"format": "pt"})
HARMLESS = pickle.dumps({"layers": [1, 2, 3]}, 4)
EVIL = stream(call(name("os", "system"), text("echo this is harmless")))
_NUMBERS = tup(number(0)), tup(number(2)), tup(number(1))
_TENSOR = call(name("torch._utils", "_rebuild_tensor_v2"), storage("0", 2), number(0), *_NUMBERS[1:], b"\x89")
STATE_DICT = zipped(torch_members(stream(mapping(weight=_TENSOR), protocol=2)) | {"m/data/0": bytes(8)})

MODEL = {
    "config.json": b'{"architectures": ["XModel"], "hidden_size": 3}',
    "README.md": b"# A model\n",
    "model.safetensors": WEIGHTS,
}
CUSTOM = MODEL | {
    "config.json": b'{"architectures": ["XModel"], "auto_map": {"AutoModel": "modeling_x.XModel"}}',
    "modeling_x.py": b"import torch\n",
    "tools/convert.py": b"print(1)\n",
}


def fill(folder: Path, files: Mapping[str, bytes]) -> str:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return str(folder)


def said(result: ScanResult) -> set[tuple[str, str]]:
    """(file, rule) of each finding, ("", why) of each gap."""
    places = (*result.findings, *result.unexamined)
    return {(place.file, place.said.rule.id if isinstance(place.said, Finding) else place.said.why) for place in places}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def statements(folder: Path) -> dict[str, Statement]:
    """The statements in *folder*, by kind."""
    return {path.name.partition("-")[0]: Statement.parse(path.read_bytes()) for path in folder.iterdir()}


# A model of which nothing is known but good


def test_a_hugging_face_repository_of_safe_files_is_allowed(tmp_path: Path) -> None:
    result = app.check(fill(tmp_path / "m", MODEL), policy="safe-formats")
    assert (result.decision, result.reasons, result.waived) == ("allow", (), ())
    assert said(result.scan) == set()
    assert result.scan.outcome() == "clean"
    assert result.scan.is_tree
    assert result.scan.sizes == {path: len(content) for path, content in MODEL.items()}
    assert {path: digest.value for path, digest in result.scan.digests.items()} == {
        path: sha256(content) for path, content in MODEL.items()
    }
    coverage = result.scan.coverage
    total = sum(map(len, MODEL.values()))
    assert (coverage.files, coverage.bytes, coverage.examined_bytes) == (3, total, total)
    assert coverage.formats == (("json", 1), ("safetensors", 1), ("text", 1))


def test_a_lone_file_is_its_sha256(tmp_path: Path) -> None:
    fill(tmp_path, MODEL)
    result = app.check(str(tmp_path / "model.safetensors"), policy="safe-formats")
    assert result.decision == "allow"
    assert str(result.scan.digest) == f"sha256:{sha256(WEIGHTS)}"
    assert not result.scan.is_tree


def test_the_digest_of_a_tree_binds_names_and_nothing_of_its_place(tmp_path: Path) -> None:
    first = app.scan(fill(tmp_path / "a", MODEL)).digest
    assert app.scan(fill(tmp_path / "b" / "c", MODEL)).digest == first
    renamed = {f"x{path}": content for path, content in MODEL.items()}
    assert app.scan(fill(tmp_path / "d", renamed)).digest != first


# Same input, same bytes out


def everything(target: str, folder: Path) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
    """All that a run gives, but for how the target was named."""
    check = app.check(target, statements=str(folder))
    kept = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    return machine.render([check]), kept, app.manifest(target).statement.raw


def test_two_runs_give_the_same_bytes_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = CUSTOM | {"evil.pkl": EVIL, "twin.pkl": EVIL, "partial.pkl": HARMLESS[:-3]}
    here = Path(fill(tmp_path / "here", files))
    (here / "link.pkl").symlink_to("evil.pkl")
    (here / "gone").symlink_to("nowhere")
    first = everything(str(here), tmp_path / "s1")
    assert everything(str(here), tmp_path / "s2") == first
    there = tmp_path / "elsewhere" / "deep"
    shutil.copytree(here, there, symlinks=True)
    monkeypatch.chdir(there)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    assert everything(".", tmp_path / "s3") == first
    monkeypatch.chdir("..")
    assert everything("./deep/", tmp_path / "s4") == first


def test_no_path_of_the_machine_gets_into_a_statement(tmp_path: Path) -> None:
    everything(fill(tmp_path / "m", CUSTOM | {"evil.pkl": EVIL}), tmp_path / "kept")
    for path in (tmp_path / "kept").iterdir():
        for part in tmp_path.parts[1:]:
            assert part.encode() not in path.read_bytes()


# Statements


def test_statements_are_read_back_and_are_the_ones_that_the_result_names(tmp_path: Path) -> None:
    files = CUSTOM | {"evil.pkl": EVIL, "cut.pkl": HARMLESS[:-3]}
    result = app.check(fill(tmp_path / "m", files), statements=str(tmp_path / "kept"))
    kept = statements(tmp_path / "kept")
    assert {(kind, str(digest)) for kind, digest in result.statements} == {
        (each.predicate_type, f"sha256:{sha256(each.raw)}") for each in kept.values()
    }
    assert {each.subject for each in kept.values()} == {result.scan.digest}

    manifest = manifest_check.CHECK.decode(kept["manifest"].predicate)
    assert tree_digest(manifest.files) == result.scan.digest
    assert set(manifest.files) == set(files)
    assert manifest_check.CHECK.encode(manifest) == kept["manifest"].predicate

    scan = scan_check.CHECK.decode(kept["scan"].predicate)
    assert scan_check.CHECK.encode(scan) == kept["scan"].predicate
    assert scan_check.CHECK.covers(scan) == set(result.scan.digests.values())
    assert scan.rules == result.scan.rules
    words = [word.rule.id if isinstance(word, Finding) else word.why for word in scan_check.CHECK.read(scan)]
    assert sorted(words) == sorted(what for _, what in said(result.scan))


def test_statements_lie_under_names_of_what_they_are_about(tmp_path: Path) -> None:
    result = app.check(fill(tmp_path / "m", MODEL), statements=str(tmp_path / "new" / "folder"))
    about = str(result.scan.digest).replace(":", "-") + ".json"
    names = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert names == [f"manifest-{about}", f"scan-{about}"]


def test_a_manifest_alone_is_the_one_that_check_makes(tmp_path: Path) -> None:
    target = fill(tmp_path / "m", CUSTOM | {"evil.pkl": EVIL})
    app.check(target, statements=str(tmp_path / "kept"))
    assert app.manifest(target).statement.raw == statements(tmp_path / "kept")["manifest"].raw


def test_statements_that_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    fill(tmp_path, MODEL)
    with pytest.raises(UsageError, match=r"^--statements '.*README\.md': cannot write: .*; name a folder$"):
        app.check(str(tmp_path), statements=str(tmp_path / "README.md"))


def test_a_folder_for_statements_that_cannot_be_one_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in ("file", "file/below", "a\0b"):
        with pytest.raises(UsageError, match=r"^--statements '.*': cannot write: .*; name a folder$"):
            app.check("/nowhere", statements=str(tmp_path / folder))
    with pytest.raises(UsageError, match="does not exist"):
        app.check("/nowhere", statements=str(tmp_path / "new" / "folder"))
    assert not (tmp_path / "new").exists()


# Policies


@pytest.mark.parametrize("model", [pickle.dumps({"weight": [0.5]}), STATE_DICT])
def test_safe_formats_denies_a_pickle_that_baseline_allows(tmp_path: Path, model: bytes) -> None:
    target = fill(tmp_path / "m", MODEL | {"pytorch_model.bin": model})
    assert app.check(target).decision == "allow"
    result = app.check(target, policy="safe-formats")
    assert result.decision == "deny"
    assert {(reason.what, reason.kind, reason.file) for reason in result.reasons} == {
        ("code-capable-format", "rule", "pytorch_model.bin")
    }


def test_a_lone_pickle_is_denied_by_safe_formats(tmp_path: Path) -> None:
    fill(tmp_path, {"m.bin": STATE_DICT})
    assert app.check(str(tmp_path / "m.bin"), policy="safe-formats").decision == "deny"


def own_policy(folder: Path, *waivers: tuple[str, str, str], more: str = "") -> str:
    """Like baseline, with waivers: (rule, digest, expires); *more* goes into the last of them."""
    levels = Path(app.__file__).parent.parent / "policy" / "levels"
    parts = [(levels / "baseline.toml").read_text()] + [
        f'[[waiver]]\nrule = "{rule}"\ndigest = "{digest}"\nexpires = {expires}\nreason = "known"\n'
        for rule, digest, expires in waivers
    ]
    path = folder / "own.toml"
    path.write_text("\n".join(parts) + more)
    return str(path)


def test_a_waiver_in_a_policy_file(tmp_path: Path) -> None:
    target = fill(tmp_path / "m", MODEL | {"evil.pkl": EVIL, "again/evil.pkl": EVIL, "good.pkl": HARMLESS})
    evil = f"sha256:{sha256(EVIL)}"
    assert app.check(target, policy=own_policy(tmp_path)).decision == "deny"
    policy = own_policy(tmp_path, ("pickle-dangerous-call", evil, "2999-12-31"))
    result = app.check(target, policy=policy)
    assert (result.decision, result.reasons) == ("allow", ())
    assert (result.policy_name, str(result.policy_digest)) == (
        "baseline",
        f"sha256:{sha256(Path(policy).read_bytes())}",
    )
    assert [(waived.place.file, waived.until) for waived in result.waived] == [
        ("again/evil.pkl", "2999-12-31"),
        ("evil.pkl", "2999-12-31"),
    ]
    places: set[Place] = set(result.scan.findings)
    assert {waived.place for waived in result.waived} <= places


def test_waivers_for_what_the_tree_says_and_for_gaps(tmp_path: Path) -> None:
    target = Path(fill(tmp_path / "m", CUSTOM | {"cut.pkl": HARMLESS[:-3]}))
    (target / "gone").symlink_to("nowhere")
    tree = str(app.scan(str(target)).digest)
    cut = f"sha256:{sha256(HARMLESS[:-3])}"
    some = [("named-python-code", tree, "2999-12-31"), ("unexamined", cut, "2999-12-31")]
    assert app.check(str(target), policy=own_policy(tmp_path, *some)).decision == "incomplete"
    gap = ("unexamined", tree, "2999-12-31")
    result = app.check(str(target), policy=own_policy(tmp_path, *some, gap, more='file = "gone"\n'))
    assert result.decision == "allow"
    assert {waived.place.file for waived in result.waived} == {"modeling_x.py", "cut.pkl", "gone"}
    assert {waived.place for waived in result.waived} <= {*result.scan.findings, *result.scan.unexamined}
    (target / "gone").rename(target / "gone too")
    result = app.check(str(target), policy=own_policy(tmp_path, *some, gap, more='file = "gone"\n'))
    assert result.decision == "incomplete"


@pytest.mark.parametrize(
    ("epoch", "decision"), [("1893455999", "allow"), ("1893456000", "deny"), ("0", "allow"), ("-1", "allow")]
)
def test_the_time_of_the_run_is_source_date_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: str, decision: str
) -> None:
    """1893456000 is 2030-01-01T00:00:00Z. https://reproducible-builds.org/specs/source-date-epoch/"""
    fill(tmp_path, {"evil.pkl": EVIL})
    policy = own_policy(tmp_path, ("pickle-dangerous-call", f"sha256:{sha256(EVIL)}", "2029-12-31"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert app.check(str(tmp_path / "evil.pkl"), policy=policy).decision == decision


def test_without_source_date_epoch_it_is_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    fill(tmp_path, {"evil.pkl": EVIL})
    for day, decision in (("2020-01-01", "deny"), ("2999-12-31", "allow")):
        policy = own_policy(tmp_path, ("pickle-dangerous-call", f"sha256:{sha256(EVIL)}", day))
        assert app.check(str(tmp_path / "evil.pkl"), policy=policy).decision == decision
    assert datetime.now(UTC).year < 2999


@pytest.mark.parametrize("epoch", ["", "yesterday", "1e9", "9" * 30, "9" * 5000])
def test_a_wrong_epoch_is_an_error_before_anything_is_read(monkeypatch: pytest.MonkeyPatch, epoch: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(UsageError, match=r"^SOURCE_DATE_EPOCH is .*, expected whole seconds since 1970$"):
        app.check("/nowhere")


@pytest.mark.parametrize("policy", ["baselin", "", "/nowhere/x.toml", "/", "a\0b"])
def test_a_policy_that_is_none(policy: str) -> None:
    with pytest.raises(UsageError, match="neither a file that can be read nor one of baseline, safe-formats"):
        app.check("/nowhere", policy=policy)


def test_a_policy_without_end() -> None:
    with pytest.raises(UsageError, match="expected at most 1,048,576 bytes, got more"):
        app.check("/nowhere", policy="/dev/zero")


# Trees


def test_code_that_the_configuration_names(tmp_path: Path) -> None:
    result = app.check(fill(tmp_path / "m", CUSTOM))
    assert result.decision == "deny"
    assert said(result.scan) == {("modeling_x.py", "named-python-code"), ("tools/convert.py", "python-file")}
    assert [(reason.what, reason.file) for reason in result.reasons] == [("named-python-code", "modeling_x.py")]


@pytest.mark.parametrize(
    "config",
    [
        b'{"pad": "' + b" " * (1 << 20) + b'", "auto_map": {"AutoModel": "modeling_x.XModel"}}',
        b'{"eps": NaN, "auto_map": {"AutoModel": "modeling_x.XModel"}}',
        b'{"d": ' + b"[" * 50 + b"]" * 50 + b', "auto_map": {"AutoModel": "modeling_x.XModel"}}',
        b'{"d": ' + b"[" * 9999 + b"]" * 9999 + b', "auto_map": {"AutoModel": "modeling_x.XModel"}}',
        b'{"auto\\u005fmap": {"AutoModel": "modeling_x.XModel"}}',
        b'{"auto_map": {"AutoModel": "\\ud800.XModel"}}',
    ],
)
def test_a_configuration_cannot_be_dressed_up_so_that_it_names_nothing(tmp_path: Path, config: bytes) -> None:
    """transformers reads config.json with json.loads, whatever its size."""
    assert app.check(fill(tmp_path / "m", CUSTOM | {"config.json": config})).decision != "allow"


def test_a_configuration_behind_a_link_names_code_too(tmp_path: Path) -> None:
    target = Path(fill(tmp_path / "m", {"modeling_x.py": b"", "blob": CUSTOM["config.json"]}))
    (target / "config.json").symlink_to("blob")
    (target / "a.txt").symlink_to("blob")
    assert ("modeling_x.py", "named-python-code") in said(app.scan(str(target)))


def test_a_lone_configuration_names_nothing(tmp_path: Path) -> None:
    fill(tmp_path, CUSTOM)
    assert said(app.scan(str(tmp_path / "config.json"))) == set()


def snapshot(root: Path, files: Mapping[str, bytes]) -> Path:
    """A model as huggingface_hub keeps it: https://huggingface.co/docs/huggingface_hub/guides/manage-cache"""
    repository = root / "models--org--name"
    folder = repository / "snapshots" / ("c" * 40)
    (repository / "blobs").mkdir(parents=True)
    for path, content in files.items():
        (repository / "blobs" / sha256(content)).write_bytes(content)
        link = folder / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(repository / "blobs" / sha256(content), link.parent))
    return folder


def test_a_snapshot_in_the_hugging_face_cache_is_the_tree_that_it_shows(tmp_path: Path) -> None:
    cached = app.check(str(snapshot(tmp_path / "hub", CUSTOM)), statements=str(tmp_path / "kept"))
    plain = app.check(fill(tmp_path / "m", CUSTOM))
    assert cached.scan.digest == plain.scan.digest
    assert said(cached.scan) == said(plain.scan)
    links = statements(tmp_path / "kept")["manifest"].predicate["links"]
    assert [link["path"] for link in links] == sorted(CUSTOM)
    assert links[0]["target"].startswith("../../blobs/")


def test_links_inside_are_followed_and_others_are_gaps(tmp_path: Path) -> None:
    (tmp_path / "outside.pkl").write_bytes(EVIL)
    target = Path(fill(tmp_path / "m", MODEL))
    (target / "inside.safetensors").symlink_to("model.safetensors")
    (target / "out.pkl").symlink_to("../outside.pkl")
    (target / "loop").symlink_to("loop")
    result = app.check(str(target), statements=str(tmp_path / "kept"))
    assert result.decision == "incomplete"
    assert {place.file for place in result.scan.unexamined} == {"out.pkl", "loop"}
    assert {(reason.what, reason.kind, reason.file) for reason in result.reasons} == {
        ("unexamined", "need", "out.pkl"),
        ("unexamined", "need", "loop"),
    }
    assert all(place.said.do for place in result.scan.unexamined if not isinstance(place.said, Finding))
    assert result.scan.digests["inside.safetensors"] == result.scan.digests["model.safetensors"]
    assert result.scan.coverage.files == 6
    predicate = statements(tmp_path / "kept")["manifest"].predicate
    assert predicate["links"] == [{"path": "inside.safetensors", "target": "model.safetensors"}]
    assert [entry["path"] for entry in predicate["unreadable"]] == ["loop", "out.pkl"]


def test_what_is_excluded_or_left_out_is_named_and_not_in_the_digest(tmp_path: Path) -> None:
    plain = app.scan(fill(tmp_path / "plain", MODEL)).digest
    more = {".git/config": b"x", ".git/hook": EVIL, ".cache/huggingface/x": EVIL, "extra/a.pkl": EVIL, "b.bin": EVIL}
    target = fill(tmp_path / "m", MODEL | more)
    result = app.check(target, exclude=["extra", "*.bin"], statements=str(tmp_path / "kept"))
    assert (result.decision, result.scan.digest) == ("allow", plain)
    assert result.scan.excluded == ("b.bin", "extra")
    assert result.scan.left_out == (".cache/huggingface", ".git")
    predicate = statements(tmp_path / "kept")["manifest"].predicate
    assert (predicate["excluded"], predicate["left_out"]) == (["b.bin", "extra"], [".cache/huggingface", ".git"])
    assert app.check(target).decision == "deny"


def test_only_at_the_top_is_git_left_out(tmp_path: Path) -> None:
    assert app.check(fill(tmp_path / "m", MODEL | {"sub/.git/hook.pkl": EVIL})).decision == "deny"


@pytest.mark.parametrize("files", [{}, {".git/config": b"x"}, {"a.pkl": HARMLESS}])
def test_a_tree_without_files_is_denied(tmp_path: Path, files: Mapping[str, bytes]) -> None:
    (tmp_path / "m" / "empty").mkdir(parents=True)
    result = app.check(fill(tmp_path / "m", files), exclude=["*.pkl"])
    assert result.decision == "deny"
    assert [reason.why for reason in result.unmet] == ["it has no files"]


def test_an_empty_file_is_no_gap_beside_others_and_one_by_itself(tmp_path: Path) -> None:
    """docs/adr/0001: `__init__.py` and `.gitkeep` are empty, and a model is not."""
    assert app.check(fill(tmp_path / "m", MODEL | {".gitkeep": b"", "a/.gitkeep": b""})).decision == "allow"
    assert app.check(fill(tmp_path / "e", {"model.bin": b"", "config.json": b""})).decision == "incomplete"
    assert app.check(str(tmp_path / "e" / "model.bin")).decision == "incomplete"


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_it(unreadable: Path) -> None:
    result = app.check(str(unreadable))
    assert result.decision == "deny"
    assert ("closed.bin", "permission denied") in said(result.scan)
    assert ("evil.pkl", "pickle-dangerous-call") in said(result.scan)
    assert (unreadable / "evil.pkl").exists()
    result = app.check(str(unreadable), exclude=["evil.pkl"])
    assert result.decision == "incomplete"
    with pytest.raises(ReadError, match=r"^cannot read '.*/closed\.bin': permission denied$"):
        app.check(str(unreadable / "closed.bin"))


@pytest.fixture
def unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file that nobody may open. Permissions do not hold root back, so the source refuses."""
    fill(tmp_path, MODEL | {"closed.bin": b"x", "evil.pkl": EVIL})
    begin = FileSource.__init__

    def refuse(self: FileSource, path: str | bytes) -> None:
        if os.fsencode(path).endswith(b"/closed.bin"):
            raise ReadError("permission denied")
        begin(self, path)

    monkeypatch.setattr(FileSource, "__init__", refuse)
    return tmp_path


def test_a_file_that_changes_between_reading_and_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever swaps the content after it was parsed and before it was hashed must not get a verdict on either."""
    target = tmp_path / "m"
    fill(target, MODEL | {"model.pkl": HARMLESS})
    finish = FileSource.finish

    def swap(self: FileSource) -> object:
        if self.size == len(HARMLESS):
            (target / "model.pkl").write_bytes(EVIL[: len(HARMLESS)])
        return finish(self)

    monkeypatch.setattr(FileSource, "finish", swap)
    result = app.check(str(target))
    assert result.decision == "incomplete"
    assert said(result.scan) == {("model.pkl", "the file changed while it was read")}
    assert "model.pkl" not in result.scan.digests


# Containers


def tarred(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


WHEEL = {
    "pkg/__init__.py": b"",
    "pkg/weights.safetensors": WEIGHTS,
    "pkg-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n",
    "pkg-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\n",
    "pkg-1.0.dist-info/RECORD": b"pkg/__init__.py,,\n",
}
CONTAINERS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "pkg-1.0-py3-none-any.whl": zipped,
    "model.zip": zipped,
    "model.tar": tarred,
    "model.tar.gz": lambda files: gzip.compress(tarred(files), mtime=0),
    "model.tar.bz2": lambda files: bz2.compress(tarred(files)),
    "model.tar.xz": lambda files: lzma.compress(tarred(files)),
    "inner.zip": lambda files: zipped({"a/b.tar.gz": gzip.compress(tarred(files), mtime=0)}),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_is_judged_by_what_is_in_it(tmp_path: Path, container: str) -> None:
    path = tmp_path / container
    path.write_bytes(CONTAINERS[container](WHEEL))
    result = app.check(str(path), policy="safe-formats")
    assert (result.decision, said(result.scan)) == ("allow", set())
    assert str(result.scan.digest) == f"sha256:{sha256(path.read_bytes())}"
    path.write_bytes(CONTAINERS[container](WHEEL | {"pkg/data/evil.pkl": EVIL}))
    result = app.check(str(path))
    assert result.decision == "deny"
    (found,) = [place.said for place in result.scan.findings if "pickle-dangerous-call" in str(place)]
    assert found.at.inside[-1] == "pkg/data/evil.pkl"


def test_the_same_bytes_get_the_same_findings_under_any_name(tmp_path: Path) -> None:
    fill(tmp_path, {"model.pkl": EVIL, "notes.txt": EVIL, "x.safetensors": EVIL})
    results = [app.scan(str(tmp_path / each)) for each in ("model.pkl", "notes.txt", "x.safetensors")]
    assert len({(result.findings, result.unexamined, result.digest) for result in results}) == 1


def test_more_findings_than_the_limit_make_no_text_of_a_pickle(tmp_path: Path) -> None:
    """A pickle without a header is looked at until the limit; what is there by then is what it is."""
    calls = b"".join(b"(V: %d\nios\nsystem\n0" % n for n in range(Limits().findings + 1))
    fill(tmp_path, {"notes.txt": calls + b"N."})
    result = app.check(str(tmp_path / "notes.txt"))
    assert result.decision == "deny"
    assert len(result.scan.findings) >= Limits().findings
    assert result.scan.unexamined


# What the way in sees


def test_progress_is_told_before_each_file(tmp_path: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    app.scan(fill(tmp_path / "m", MODEL), progress=lambda *state: calls.append(state))
    assert calls == [(n, 3, path) for n, path in enumerate(sorted(MODEL))]


def test_scan_and_check_see_the_same(tmp_path: Path) -> None:
    target = fill(tmp_path / "m", CUSTOM | {"evil.pkl": EVIL})
    check: CheckResult = app.check(target)
    assert app.scan(target) == check.scan


def test_the_manifest_of_a_tree_reads_no_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a manifest needs no scan")

    monkeypatch.setattr(one_file, "examine", refuse)
    statement = app.manifest(fill(tmp_path / "m", MODEL)).statement
    assert [file["path"] for file in json.loads(json.dumps(statement.predicate))["files"]] == sorted(MODEL)
