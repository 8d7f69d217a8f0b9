"""The store: what went in is found, whatever happened to whom, and what was changed is named."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cli.process import ROOT, environment
from tests.stores.evidence import SCAN, entry, held, store, tree

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ReadError, UsageError
from modelward.core.store import IN_TOTO
from modelward.stores import evidence_manifest as form
from modelward.stores import lock
from modelward.stores.evidence_index import Index
from modelward.stores.evidence_manifest import Subject
from modelward.stores.evidence_store import Entry, EvidenceStore
from modelward.stores.lock import Unwritable, locked
from modelward.stores.log import Log
from modelward.stores.oci_documents import INDEX, MANIFEST, Descriptor, sha256
from modelward.stores.oci_layout import Damaged


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power fails during a test."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def blob(folder: str, digest: Digest) -> Path:
    return Path(folder) / "blobs/sha256" / digest.value


def files(folder: Path) -> dict[str, bytes]:
    """What other programs read."""
    paths = [folder / "oci-layout", folder / "index.json", *(folder / "blobs/sha256").iterdir()]
    return {path.name: path.read_bytes() for path in paths}


def wrong(folder: str) -> list[str]:
    with EvidenceStore(folder) as opened:
        return opened.verify()


# -- what is written


def test_the_bytes_of_a_subject_follow_from_its_digest() -> None:
    """Everybody must get the same: these never change."""
    about = Digest("sha3_256", "0" * 64)
    subject = Subject.of(about)
    assert subject.layer == b'{"digest":"sha3_256:%s"}' % (b"0" * 64)
    assert json.loads(subject.manifest) == {
        "artifactType": "application/vnd.modelward.subject.v1+json",
        "config": {
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "mediaType": "application/vnd.oci.empty.v1+json",
            "size": 2,
        },
        "layers": [
            {
                "digest": str(sha256(subject.layer)),
                "mediaType": "application/vnd.modelward.subject.v1+json",
                "size": 86,
            }
        ],
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "schemaVersion": 2,
    }
    assert canonical.encode(json.loads(subject.manifest)) == subject.manifest
    assert subject.tag == "c47384b1279324e72cf1c8d7fb4e17d40d41714e98514a2a21e80a8f03a6a51a"


def test_a_statement_is_a_referrer_of_its_subject(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1)
    (named,) = json.loads((tmp_path / "store/index.json").read_bytes())["manifests"]
    subject = Subject.of(tree(1))
    assert named["annotations"] == {"org.opencontainers.image.ref.name": f"sha256-{subject.tag}"}
    assert named["mediaType"] == INDEX
    (listed,) = json.loads(blob(folder, Digest.parse(named["digest"])).read_bytes())["manifests"]
    assert listed["artifactType"] == IN_TOTO
    assert listed["annotations"] == {"in-toto.io/predicate-type": SCAN}
    manifest = json.loads(blob(folder, Digest.parse(listed["digest"])).read_bytes())
    assert manifest["subject"] == Descriptor.of(MANIFEST, subject.manifest).to_json()
    assert manifest["artifactType"] == IN_TOTO
    assert manifest["annotations"] == {"in-toto.io/predicate-type": SCAN}
    (layer,) = manifest["layers"]
    assert layer["mediaType"] == IN_TOTO
    assert blob(folder, Digest.parse(layer["digest"])).read_bytes() == entry(1).raw
    assert blob(folder, Digest.parse(manifest["config"]["digest"])).read_bytes() == b"{}"


def test_it_is_found_again(tmp_path: Path) -> None:
    folder = str(tmp_path / "store")
    more = [entry(2, "urn:example:other", tree(1)), entry(3, about=Digest("sha256", "3" * 64))]
    with EvidenceStore(folder, create=True) as opened:
        assert opened.add([entry(1), *more]) == sorted(each.kept for each in (entry(1), *more))
        assert opened.add([entry(1), entry(4)]) == [entry(4).kept]
        assert opened.add([]) == []
    with EvidenceStore(folder) as opened:
        assert [kept for kept, _ in opened.find(tree(1))] == sorted([more[0].kept, entry(1).kept])
        assert opened.find(tree(9)) == []
        assert [kept for kept, _ in opened.find()] == sorted(each.kept for each in (entry(1), *more, entry(4)))
        assert [kept for kept, _ in opened.find(statement=str(more[1].kept.statement)[:20])] == [more[1].kept]
        assert opened.read(more[1].kept) == more[1].raw
        assert sorted(position for _, position in opened.find() if position is not None) == [0, 1, 2, 3]
        assert opened.problems() == opened.verify() == []


def test_the_log_has_a_record_of_each(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 2, 1)
    with EvidenceStore(folder) as opened:
        opened.add([entry(2), entry(3)])
        found = opened.find()
        assert set(opened.records()) == set(Log.load(Path(folder, "log")).records())
    records = list(Log.load(Path(folder, "log")).records())
    assert len(records) == 3
    for kept, position in found:
        assert position is not None
        assert json.loads(records[position]) == {
            "digest": str(kept.statement),
            "predicateType": SCAN,
            "subject": str(kept.about),
        }


@settings(max_examples=5)
@given(st.permutations([1, 2, 3, 4]), st.permutations(range(4)))
def test_neither_order_nor_number_of_writes_matters(numbers: list[int], kinds: list[int]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder, "one"), Path(folder, "other")
        entries = [
            entry(number, f"urn:example:{kind}", tree(kind % 2)) for number, kind in zip(numbers, kinds, strict=True)
        ]
        with EvidenceStore(str(one), create=True) as opened:
            for each in entries:
                opened.add([each])
        with EvidenceStore(str(other), create=True) as opened:
            opened.add([*reversed(entries), entries[0]])
        assert files(one) == files(other)


def test_a_list_that_has_another_name_stays(tmp_path: Path) -> None:
    """As a copy in the same layout gives it."""
    folder = store(tmp_path / "store", 1)
    index = Path(folder, "index.json")
    line = index.read_bytes().split(b"\n")[1]
    theirs = line.replace(b"sha256-" + Subject.of(tree(1)).tag.encode(), b"theirs")
    index.write_bytes(index.read_bytes().replace(line, theirs + b",\n" + line))
    with EvidenceStore(folder) as opened:
        opened.add([entry(2, about=tree(1))])
        assert opened.gc().blobs == 0
        assert opened.layout.read(Digest.parse(json.loads(line)["digest"]), 1000)
        assert opened.verify() == []


def test_nothing_superseded_is_left(tmp_path: Path) -> None:
    folder = store(tmp_path / "store")
    with EvidenceStore(folder) as opened:
        for number in range(5):
            opened.add([entry(number, about=tree(0))])
        done = opened.gc()
    assert (done.blobs, done.bytes, done.temporary) == (0, 0, 0)


# -- which folder


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no store in"):
        EvidenceStore(str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="there is no store in"):
        EvidenceStore(str(tmp_path))
    (tmp_path / "model.bin").write_bytes(b"")
    with pytest.raises(UsageError, match=r"no store and not empty \('model\.bin' is there\)"):
        EvidenceStore(str(tmp_path), create=True)
    with pytest.raises(UsageError, match="file exists"):
        EvidenceStore(str(tmp_path / "model.bin"), create=True)
    with pytest.raises(UsageError, match="null"):
        EvidenceStore("\0", create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["model.bin"]


@pytest.mark.parametrize("name", ["blobs", "blobs/sha256", "index.json", "log", "index.sqlite", "lock", "oci-layout"])
def test_links_in_it_are_not_followed(tmp_path: Path, name: str) -> None:
    """A store that somebody else made must not make us write elsewhere."""
    folder = store(tmp_path / "store", 1)
    place = Path(folder, name)
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=f"{name} in it is a link"):
        EvidenceStore(folder, create=True)


def test_a_layout_of_another_program_becomes_a_store(tmp_path: Path) -> None:
    """With what it names."""
    folder = tmp_path / "store"
    (folder / "blobs/sha256").mkdir(parents=True)
    config, layer = b"{}", b"weights"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "config": Descriptor.of("application/vnd.oci.empty.v1+json", config).to_json(),
            "layers": [Descriptor.of("application/octet-stream", layer).to_json()],
        }
    ).encode()
    for data in (config, layer, manifest, b"nothing refers to it"):
        (folder / "blobs/sha256" / sha256(data).value).write_bytes(data)
    named = {"schemaVersion": 2, "manifests": [Descriptor.of(MANIFEST, manifest).to_json()]}
    (folder / "index.json").write_text(json.dumps(named))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    with EvidenceStore(str(folder), create=True) as opened:
        opened.add([entry(1)])
        assert opened.verify() == []
        assert opened.gc().blobs == 1
        for data in (config, layer, manifest):
            assert opened.layout.read(sha256(data), 1000) == data
    blob(str(folder), sha256(layer)).write_bytes(b"weighty")
    assert wrong(str(folder)) == [f"blob {sha256(layer)} has other bytes than its digest says"]


# -- killed, and several at once


@pytest.mark.parametrize("how", ["steps", "moments", "writers"])
def test_processes_that_are_killed_or_in_each_others_way(tmp_path: Path, how: str) -> None:
    """Nothing that was acknowledged is lost; nothing that was not finished is taken for whole."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.stores.killed", how, str(tmp_path / "store")],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (last,) = done.stdout.splitlines()
    word, number = last.split()
    assert word == "done"
    assert int(number) >= {"steps": 30, "moments": 1, "writers": 19}[how]


def unfinished(folder: Path) -> Iterator[str]:
    """What a writer may leave: each makes the next state out of the last."""
    yield "nothing yet"
    (folder / "blobs/sha256/.modelward-0000").write_bytes(entry(2).raw[:10])
    yield "a blob, in part"
    subject = Subject.of(tree(2))
    manifest = form.statement_manifest(entry(2).kept, subject.descriptor)
    listed = form.referrers([form.referrer(entry(2).kept, manifest)])
    for data in (entry(2).raw, subject.manifest, subject.layer, manifest, listed):
        blob(str(folder), sha256(data)).write_bytes(data)
        yield "a blob"
    (folder / ".modelward-0001").write_bytes(b'{"manifests":[\n{"annot')
    yield "index.json, in part"
    with EvidenceStore(str(folder)) as opened:
        opened.layout.tag({subject.tag: Descriptor.of(INDEX, listed)})
    yield "index.json"
    Log.open(folder / "log").append([form.record(entry(2).kept)])
    yield "the record"


def test_states_in_which_a_writer_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store(folder, 1)
    for number, state in enumerate(unfinished(folder)):
        copy = tmp_path / str(number)
        shutil.copytree(folder, copy)
        there = {entry(1).kept.statement} | (
            {entry(2).kept.statement} if state in ("index.json", "the record") else set()
        )
        assert held(str(copy)) == there, state
        with EvidenceStore(str(copy)) as opened:
            opened.gc()
            assert opened.verify() == [], state
            opened.add([entry(2)])
            assert opened.verify() == [], state
            assert [position for _, position in opened.find(tree(2))] == [1]
        assert not list(copy.rglob(".modelward-*"))


@pytest.mark.parametrize("done", range(6))
def test_a_store_that_was_begun(tmp_path: Path, done: int) -> None:
    for name in ("blobs", "blobs/sha256", "log", "lock", "index.json")[:done]:
        if name == "index.json":
            (tmp_path / name).write_text('{"manifests":[\n\n],"schemaVersion":2}')
        elif name == "lock":
            (tmp_path / name).touch()
        else:
            (tmp_path / name).mkdir()
    with EvidenceStore(str(tmp_path), create=True) as opened:
        opened.add([entry(1)])
        assert opened.verify() == []


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = store(tmp_path / "store", 1)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, EvidenceStore(folder) as opened:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Unwritable, match="no space left on device"):
            opened.add([entry(2)])
    assert held(folder) == {entry(1).kept.statement}
    assert wrong(folder) == []


def test_who_waits_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = store(tmp_path / "store", 1)
    monkeypatch.setattr(lock, "_WAIT", 0.02)
    with EvidenceStore(folder) as opened, locked(Path(folder)):
        with pytest.raises(Unwritable, match="another process has been writing"):
            opened.add([entry(2)])
        assert [kept for kept, _ in opened.find()] == [entry(1).kept]


def test_reading_needs_no_permission_to_write(unprivileged: Path) -> None:
    folder = store(unprivileged / "store", 1, 2)
    (unprivileged / "store/index.sqlite").unlink()
    paths = [unprivileged / "store", *(unprivileged / "store").rglob("*")]
    for path in paths:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert held(folder) == {entry(1).kept.statement, entry(2).kept.statement}
        assert wrong(folder) == []
        with EvidenceStore(folder) as opened, pytest.raises(Unwritable, match="permission denied"):
            opened.add([entry(3)])
        with EvidenceStore(folder) as opened, pytest.raises(Unwritable, match="permission denied"):
            opened.gc()
    finally:
        for path in paths:
            path.chmod(0o700)


# -- changed


def flipped(path: Path, at: int, bit: int = 1) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= bit
    path.write_bytes(raw)


def test_a_bit_flipped_in_any_blob_is_named(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1, 2)
    blobs = sorted(Path(folder, "blobs/sha256").iterdir())
    assert len(blobs) == 11
    for path in blobs:
        flipped(path, path.stat().st_size // 2)
        assert any(path.name in each for each in wrong(folder)), path
        flipped(path, path.stat().st_size // 2)
    assert wrong(folder) == []


@pytest.mark.parametrize("raw", ["", "[]", "{}", '{"schemaVersion":2}', '{"schemaVersion":2,"manifests":5}'])
def test_an_index_that_is_none_is_named(tmp_path: Path, raw: str) -> None:
    folder = store(tmp_path / "store", 1)
    Path(folder, "index.json").write_text(raw)
    (problem,) = wrong(folder)
    assert "index.json" in problem
    with EvidenceStore(folder) as opened:
        for ask in (opened.find, opened.gc, opened.rebuild, lambda: opened.add([entry(2)])):
            with pytest.raises((Damaged, Malformed)):
                ask()


def test_a_bit_flipped_anywhere_in_the_index_is_noticed(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1)
    index = Path(folder, "index.json")
    before, times = index.read_bytes(), index.stat()
    for at in range(0, len(before), 5):
        flipped(index, at, 1 << at % 8)
        os.utime(index, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert wrong(folder), before[at - 20 : at + 20]
        index.write_bytes(before)
    with EvidenceStore(folder) as opened:
        opened.rebuild()
        assert opened.verify() == []


@pytest.mark.parametrize("at", range(0, 30, 3))
def test_a_bit_flipped_in_the_version(tmp_path: Path, at: int) -> None:
    folder = store(tmp_path / "store", 1)
    flipped(Path(folder, "oci-layout"), at)
    with pytest.raises(ReadError, match="oci-layout"):
        EvidenceStore(folder)


def test_a_statement_that_was_changed_is_not_read(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1, 2)
    flipped(blob(folder, entry(1).kept.statement), 10)
    with EvidenceStore(folder) as opened:
        with pytest.raises(Damaged, match=f"blob {entry(1).kept.statement} has other bytes"):
            opened.read(entry(1).kept)
        assert opened.records()[form.record(entry(1).kept)]
        assert opened.read(entry(2).kept) == entry(2).raw
        opened.add([entry(1)])
        assert opened.read(entry(1).kept) == entry(1).raw
        assert opened.verify() == []


@pytest.mark.parametrize("rebuilt", [False, True])
@pytest.mark.parametrize(
    "what", ["the statement", "its manifest", "the list", "the subject", "the digest", "index.json"]
)
def test_what_was_removed_is_named_until_it_is_added_again(tmp_path: Path, what: str, rebuilt: bool) -> None:
    """Nobody is told that there is nothing about an artifact when something was there."""
    folder = store(tmp_path / "store", 1)
    store(tmp_path / "store", 2)
    subject = Subject.of(tree(1))
    manifest = form.statement_manifest(entry(1).kept, subject.descriptor)
    blobs = {
        "the statement": entry(1).raw,
        "its manifest": manifest,
        "the list": form.referrers([form.referrer(entry(1).kept, manifest)]),
        "the subject": subject.manifest,
        "the digest": subject.layer,
    }
    if what == "index.json":
        store(tmp_path / "other", 2)
        shutil.copy(tmp_path / "other/index.json", folder)
    else:
        blob(folder, sha256(blobs[what])).unlink()
    with EvidenceStore(folder) as opened:
        if rebuilt:
            opened.rebuild()
        assert any(str(entry(1).kept.statement) in each or subject.tag in each for each in opened.verify())
        if rebuilt or what == "index.json":
            with pytest.raises(Damaged, match=r"the store .* is damaged"):
                opened.find(tree(1))
            with pytest.raises(Damaged):
                opened.gc()
        assert [kept for kept, _ in opened.find(tree(2))] == [entry(2).kept]
        opened.add([entry(1)])
        assert opened.verify() == []
        assert [position for _, position in opened.find(tree(1))] == [0]


def test_one_of_several_that_was_removed_from_their_list(tmp_path: Path) -> None:
    folder = store(tmp_path / "store")
    entries = [entry(number, about=tree(0)) for number in range(3)]
    with EvidenceStore(folder) as opened:
        opened.add(entries)
        subject = Subject.of(tree(0)).descriptor
        some = form.referrers(
            form.referrer(each.kept, form.statement_manifest(each.kept, subject)) for each in entries[1:]
        )
        opened.layout.put([some])
        opened.layout.tag({subject.digest.value: Descriptor.of(INDEX, some)})
        (lost,) = opened.problems()
        assert str(entries[0].kept.statement) in lost
        with pytest.raises(Damaged, match="is in the log and not in the layout"):
            opened.find(tree(0))


@pytest.mark.parametrize(
    "forge",
    [
        lambda kept, subject: form.statement_manifest(entry(2).kept, Subject.of(tree(2)).descriptor),
        lambda kept, subject: form.statement_manifest(kept, subject).replace(
            b'"schemaVersion":2', b'"schemaVersion": 2'
        ),
        lambda kept, subject: form.statement_manifest(kept, subject).replace(
            b'{"annotations"', b'{"a":1,"annotations"'
        ),
        lambda kept, subject: b"{}",
        lambda kept, subject: b"",
        lambda kept, subject: b"[" * 1000,
    ],
)
def test_a_manifest_that_is_none_of_ours_is_not_believed(tmp_path: Path, forge: object) -> None:
    """A statement about one artifact under the list of another, and documents that two readers read differently."""
    folder = store(tmp_path / "store", 1, 2)
    assert callable(forge)
    with EvidenceStore(folder) as opened:
        subject = Subject.of(tree(1)).descriptor
        made = forge(entry(1).kept, subject)
        listed = form.referrers([form.referrer(entry(1).kept, made)])
        opened.layout.put([made, listed])
        opened.layout.tag({subject.digest.value: Descriptor.of(INDEX, listed)})
        with pytest.raises(Damaged):
            opened.find(tree(1))
        opened.add([entry(1)])
        assert [kept for kept, _ in opened.find(tree(1))] == [entry(1).kept]
        assert opened.verify() == []


def test_a_digest_that_does_not_lead_to_its_anchor(tmp_path: Path) -> None:
    """The tag is that of a manifest with another name in it."""
    folder = store(tmp_path / "store", 1)
    about, manifest = tree(1), Subject.of(tree(1)).manifest.replace(b'"schemaVersion":2', b'"schemaVersion": 2')
    made = Descriptor.of(MANIFEST, manifest)
    statement = form.statement_manifest(entry(1).kept, made)
    listed = form.referrers([form.referrer(entry(1).kept, statement)])
    with EvidenceStore(folder) as opened:
        opened.layout.put([manifest, statement, listed])
        opened.layout.tag({made.digest.value: Descriptor.of(INDEX, listed)})
        (problem,) = opened.problems()
        assert f"the manifest that anchors {about} has other bytes than follow from it" in problem


def test_a_log_that_lost_its_end(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1)
    shutil.copytree(Path(folder, "log"), tmp_path / "log")
    with EvidenceStore(folder) as opened:
        opened.add([entry(2)])
    shutil.rmtree(Path(folder, "log"))
    with EvidenceStore(folder) as opened:
        with pytest.raises(Damaged, match="its log is gone, which had 2 records"):
            opened.add([entry(3)])
        shutil.copytree(tmp_path / "log", Path(folder, "log"))
        with pytest.raises(Damaged, match="its log ends after 1 of 2 records"):
            opened.add([entry(3)])
        assert any("its log ends after 1 of 2 records" in each for each in opened.verify())
        opened.rebuild()
        assert opened.verify() == []


# -- the index


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_an_index_that_is_none_is_made_anew(tmp_path: Path, content: bytes | None) -> None:
    folder = store(tmp_path / "store", 1, 2)
    file = Path(folder, "index.sqlite")
    if content is None:
        raw = bytearray(file.read_bytes())
        raw[100:] = b"\xff" * (len(raw) - 100)
        file.write_bytes(raw)
    else:
        file.write_bytes(content)
    assert held(folder) == {entry(1).kept.statement, entry(2).kept.statement}
    assert wrong(folder) == []


def test_an_index_that_leaves_something_out_is_not_believed_where_it_matters(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1, 2)
    with EvidenceStore(folder) as opened:
        assert opened.certain(tree(1)) == [entry(1).kept]
        assert opened.certain(tree(9)) == []
        database = sqlite3.connect(Path(folder, "index.sqlite"))
        database.executescript("DELETE FROM statement")
        database.close()
        assert opened.find(tree(1)) == []
        with pytest.raises(Damaged, match=r"index\.sqlite leaves out something about .*: modelward store rebuild"):
            opened.certain(tree(1))


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM statement",
        "UPDATE statement SET predicate_type = 'other'",
        "CREATE VIEW v AS SELECT 1; DELETE FROM statement",
        "PRAGMA user_version = 7; DELETE FROM statement",
        "DROP TABLE statement",
    ],
)
def test_an_index_that_lies_is_found_out(tmp_path: Path, change: str) -> None:
    folder = store(tmp_path / "store", 1, 2)
    database = sqlite3.connect(Path(folder, "index.sqlite"))
    database.executescript(change)
    database.close()
    told = wrong(folder)
    assert told in ([], ["index.sqlite says something else than the layout: modelward store rebuild makes it anew"])
    with EvidenceStore(folder) as opened:
        if told:
            opened.rebuild()
        assert {kept.statement for kept, _ in opened.find()} == {entry(1).kept.statement, entry(2).kept.statement}
        assert opened.verify() == []


def test_a_copy_of_a_store_is_one(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1)
    shutil.copytree(folder, tmp_path / "copy")
    for name in ("copy", "copy"):
        assert held(str(tmp_path / name)) == {entry(1).kept.statement}
    with EvidenceStore(str(tmp_path / "copy")) as opened:
        opened.add([entry(2)])
        assert opened.verify() == []
    assert held(folder) == {entry(1).kept.statement}


def test_one_that_was_open_sees_what_others_write(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1)
    with EvidenceStore(folder) as one, EvidenceStore(folder) as other:
        assert one.find(tree(2)) == []
        other.add([entry(2)])
        assert [kept for kept, _ in one.find(tree(2))] == [entry(2).kept]
        one.rebuild()
        other.add([entry(3)])
        assert one.verify() == other.verify() == []
        assert len(one.find()) == 3


# -- limits


@pytest.mark.parametrize("raw", [b"{}", b"[]", b'{"digest":"md5:00"}', b'{"digest":1}', b"\xff"])
def test_what_is_no_subject(raw: bytes) -> None:
    with pytest.raises(Malformed):
        form.parse_subject(raw)


@pytest.mark.parametrize("raw", [b"{}", b'{"digest":"sha256:0","predicateType":"a","subject":"b"}', b"\0"])
def test_what_is_no_record(raw: bytes) -> None:
    with pytest.raises(Malformed):
        form.parse_record(raw)


def test_a_type_without_end(tmp_path: Path) -> None:
    folder = store(tmp_path / "store")
    with EvidenceStore(folder) as opened, pytest.raises(UsageError, match="1,024 characters of a type"):
        opened.add([Entry(b"{}", IN_TOTO, "x" * 1025, tree(1))])


def test_text_that_json_escapes(tmp_path: Path) -> None:
    folder = store(tmp_path / "store")
    odd = entry(1, 'urn:"\\\n\x7f\N{SNOWMAN}\U0001f600')
    with EvidenceStore(folder) as opened:
        opened.add([odd])
        opened.rebuild()
        assert [kept for kept, _ in opened.find()] == [odd.kept]
        assert opened.verify() == []


def test_an_index_in_memory_says_the_same() -> None:
    index = Index(None)
    with index.change():
        index.set_subject("a" * 64, "b" * 64, [entry(1).kept])
    assert list(index.find()) == [(entry(1).kept, None)]
    with pytest.raises(sqlite3.Error), index.change():
        index.add("a" * 64, [entry(2).kept])
        index.set_subject("a" * 64, "c" * 64, [])
    assert list(index.find()) == [(entry(1).kept, None)]
    index.close()
