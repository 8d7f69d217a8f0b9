from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ReadError
from modelward.stores.oci_documents import (
    INDEX,
    MANIFEST,
    REF_NAME,
    Descriptor,
    encode_document,
    find_tag,
    is_written_here,
    parse_index,
    sha256,
    tagged,
)
from modelward.stores.oci_layout import LARGEST_MANIFEST, Damaged, Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path)
    made.create()
    return made


def tag(number: int) -> str:
    return sha256(b"%d" % number).value


def index_of(number: int) -> Descriptor:
    return Descriptor.of(INDEX, b"index %d" % number)


# -- documents

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.text(st.characters(max_codepoint=127), max_size=4)
PLAIN = st.recursive(
    TEXTS | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=6,
)


@given(PLAIN)
def test_documents_are_canonical_json(body: object) -> None:
    assert encode_document(body) == canonical.encode(body)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"mediaType": "a", "digest": "sha256:" + "0" * 64},
        {"mediaType": "a", "digest": "sha256:" + "0" * 63, "size": 1},
        {"mediaType": "a", "digest": "sha512:" + "0" * 128, "size": 1},
        {"mediaType": "a", "digest": "sha256:" + "0" * 64, "size": -1},
        {"mediaType": "a", "digest": "sha256:" + "0" * 64, "size": True},
        {"mediaType": "a", "digest": "sha256:" + "0" * 64, "size": 1.0},
        {"mediaType": "a", "digest": "sha256:" + "0" * 64, "size": 1, "annotations": {"a": 1}},
        {"mediaType": "a", "digest": "sha256:" + "0" * 64, "size": 1, "annotations": ["a"]},
        {"mediaType": "a", "digest": "sha256:" + "0" * 64, "size": 1, "artifactType": 1},
        {"mediaType": 1, "digest": "sha256:" + "0" * 64, "size": 1},
    ],
)
def test_what_is_no_descriptor(body: object) -> None:
    with pytest.raises(Malformed):
        Descriptor.parse(body)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schemaVersion":1,"manifests":[]}',
        b'{"schemaVersion":2}',
        b'{"schemaVersion":2,"manifests":{}}',
        b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}',
        b'{"schemaVersion":2,"manifests":[],"manifests":[]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_index(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_index(raw)


# -- blobs


def test_a_blob_is_what_its_digest_says(layout: Layout) -> None:
    layout.put([b"one", b"two"])
    assert layout.read(sha256(b"one"), 3) == b"one"
    assert layout.fetch(Descriptor.of("a", b"two")) == b"two"
    assert sorted(layout.names()) == sorted([sha256(b"one"), sha256(b"two")])
    with pytest.raises(Damaged, match=f"blob {sha256(b'three')} is missing"):
        layout.read(sha256(b"three"), 10)
    with pytest.raises(Damaged, match="more than 2 bytes"):
        layout.read(sha256(b"one"), 2)
    with pytest.raises(Damaged, match="has 3 bytes, and 4 by what refers to it"):
        layout.read(sha256(b"one"), 10, 4)


@pytest.mark.parametrize("bytes_there", [b"", b"onf", b"one\0", b"on"])
def test_a_damaged_blob_is_named_and_replaced(layout: Layout, bytes_there: bytes) -> None:
    layout.put([b"one"])
    (layout.folder / "blobs/sha256" / sha256(b"one").value).write_bytes(bytes_there)
    with pytest.raises(Damaged, match=str(sha256(b"one"))):
        layout.read(sha256(b"one"), 10)
    with pytest.raises(Damaged, match=str(sha256(b"one"))):
        layout.verify(sha256(b"one"))
    layout.put([b"one"])
    assert layout.read(sha256(b"one"), 10) == b"one"
    layout.verify(sha256(b"one"))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/etc/hostname")])
def test_what_is_no_file_is_not_opened(layout: Layout, make: object) -> None:
    digest = Digest("sha256", "0" * 64)
    assert callable(make)
    make(layout.folder / "blobs/sha256" / digest.value)
    for ask in (lambda: layout.read(digest, 1 << 20), lambda: layout.verify(digest)):
        with pytest.raises(Damaged, match="cannot be read"):
            ask()


def test_when_one_cannot_be_written_none_is_there(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        layout.put([b"one", b"two"])
    assert list((layout.folder / "blobs/sha256").iterdir()) == []


# -- index.json


def test_tags_in_whatever_order_they_come_are_the_same_bytes(layout: Layout, tmp_path: Path) -> None:
    other = Layout(tmp_path / "other")
    other.create()
    for number in (1, 2, 3, 4, 5):
        layout.tag({tag(number): index_of(number)})
    other.tag({tag(number): index_of(-number) for number in (5, 3)})
    raw = other.tag({tag(number): index_of(number) for number in (5, 1, 4, 3, 2)})
    assert raw == layout.read_index()
    assert tagged(raw) == {
        tag(number): Descriptor(
            INDEX, index_of(number).digest, index_of(number).size, "", {REF_NAME: f"sha256-{tag(number)}"}
        )
        for number in (1, 2, 3, 4, 5)
    }
    assert is_written_here(raw)


def test_what_other_programs_name_stays(layout: Layout) -> None:
    """As Go's encoder writes it, with fields that we do not know, and a tag of ours with one more annotation."""
    model = {
        "mediaType": MANIFEST,
        "digest": str(sha256(b"model")),
        "size": 5,
        "annotations": {REF_NAME: "v1"},
        "platform": {"architecture": "amd64", "os.features": ["a", "b"]},
    }
    ours = index_of(1).to_json() | {"annotations": {REF_NAME: f"sha256-{tag(1)}", "more": "x"}}
    body = {"schemaVersion": 2, "manifests": [ours, model]}
    index = layout.folder / "index.json"
    index.write_text(json.dumps(body, indent=2))
    assert not is_written_here(index.read_bytes())
    layout.tag({tag(1): index_of(2), tag(2): index_of(3)})
    raw = index.read_bytes()
    assert is_written_here(raw)
    assert json.loads(raw)["manifests"][0] == model
    assert {name: each.digest for name, each in tagged(raw).items()} == {
        tag(1): index_of(2).digest,
        tag(2): index_of(3).digest,
    }
    assert layout.tag({tag(1): index_of(2)}) == raw
    for name in (tag(1), tag(2), tag(3)):
        assert find_tag(raw, name) == tagged(raw).get(name) == find_tag(json.dumps(json.loads(raw)).encode(), name)


@pytest.mark.parametrize(
    "lines",
    [
        '{"a":[{},\n{}]}',  # a line break of ours inside a descriptor
        '{"digest":1,"mediaType":"a","size":1}',
        '{"size":1}',
        "1",
        "",
    ],
)
def test_lines_that_are_no_descriptors(layout: Layout, lines: str) -> None:
    index = layout.folder / "index.json"
    raw = index.read_bytes()
    index.write_bytes(raw.replace(b"\n\n", f"\n{lines},\n".encode()))
    with pytest.raises(Malformed):
        layout.tag({tag(1): index_of(1)})


def test_one_tag_twice(layout: Layout) -> None:
    first = layout.tag({tag(1): index_of(1)})
    line = first.split(b"\n")[1]
    index = layout.folder / "index.json"
    index.write_bytes(first.replace(line, line + b",\n" + line))
    for ask in (tagged, lambda raw: find_tag(raw, tag(1))):
        with pytest.raises(Malformed, match="twice"):
            ask(index.read_bytes())


@pytest.mark.parametrize("raw", ["", "{}", "[]", '{"imageLayoutVersion":"2.0.0"}', '{"imageLayoutVersion":1}'])
def test_another_version_is_no_layout(layout: Layout, raw: str) -> None:
    (layout.folder / "oci-layout").write_text(raw)
    with pytest.raises(Damaged, match=r"expected version 1\.0\.0"):
        layout.exists()


def test_a_layout_that_was_begun_is_none(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    (tmp_path / "blobs/sha256").mkdir(parents=True)
    assert not layout.exists()
    layout.create()
    assert layout.exists()


def test_an_index_that_is_gone(layout: Layout) -> None:
    (layout.folder / "index.json").unlink()
    assert layout.identity() is None
    with pytest.raises(ReadError, match=r"index\.json"):
        layout.read_index()


def test_limits(layout: Layout) -> None:
    large = b"x" * (LARGEST_MANIFEST + 1)
    layout.put([large])
    with pytest.raises(Damaged, match="more than"):
        layout.fetch(Descriptor.of(MANIFEST, large))
    with pytest.raises(Malformed, match="values"):
        parse_index(b"[" * ((1 << 24) + 1))
