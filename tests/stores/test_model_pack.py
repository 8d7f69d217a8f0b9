"""Models as OCI documents: what they are follows from the documents alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.artifact import Blob, tree_digest
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.stores.evidence_manifest import Subject
from modelward.stores.model_pack import MODEL, Pack, Packed, tag_of
from modelward.stores.oci_documents import MANIFEST, sha256

FILES = {"README.md": Blob(sha256(b"read"), 4), "a/model.safetensors": Blob(sha256(b"weights"), 7)}
_blobs = st.binary(max_size=8).map(lambda raw: Blob(sha256(raw), len(raw)))
_files = st.dictionaries(st.text(min_size=1, max_size=8), _blobs, min_size=1, max_size=5)


@given(_files)
def test_what_a_model_is_follows_from_its_manifest(files: dict[str, Blob]) -> None:
    about = tree_digest(files)
    raw = Pack.of(about, files).manifest
    assert Packed.parse(raw) == Packed(about, files, sha256(raw))
    assert Pack.of(about, dict(reversed(files.items()))).manifest == raw


def test_a_lone_file_and_a_folder_of_one_are_told_apart() -> None:
    files = {"model.gguf": Blob(sha256(b"x"), 1)}
    for about in (sha256(b"x"), tree_digest(files)):
        assert Packed.parse(Pack.of(about, files).manifest).about == about
    below = {"a/model.gguf": Blob(sha256(b"x"), 1)}
    assert Packed.parse(Pack.of(sha256(b"x"), below).manifest).about == tree_digest(below)


def test_it_is_what_the_specification_says() -> None:
    pack = Pack.of(tree_digest(FILES), FILES)
    body, config = json.loads(pack.manifest), json.loads(pack.config)
    assert (body["artifactType"], body["mediaType"]) == ("application/vnd.cncf.model.manifest.v1+json", MANIFEST)
    assert body["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    assert body["config"]["digest"] == str(sha256(pack.config))
    assert body["subject"]["digest"] == str(Subject.of(tree_digest(FILES)).descriptor.digest)
    assert [layer["mediaType"] for layer in body["layers"]] == [
        "application/vnd.cncf.model.doc.v1.raw",
        "application/vnd.cncf.model.weight.v1.raw",
    ]
    assert [layer["annotations"]["org.cncf.model.filepath"] for layer in body["layers"]] == sorted(FILES)
    # https://github.com/modelpack/model-spec/blob/main/schema/config-schema.json
    diffs = [layer["digest"] for layer in body["layers"]]
    assert config == {"descriptor": {}, "config": {}, "modelfs": {"type": "layers", "diffIds": diffs}}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("model-00001-of-00002.safetensors", "weight"),
        ("pytorch_model.bin", "weight"),
        ("config.json", "weight.config"),
        ("tokenizer.model", "weight.config"),
        ("LICENSE", "doc"),
        ("docs/README", "doc"),
        ("modeling_x.PY", "code"),
    ],
)
def test_kinds_of_layers(path: str, kind: str) -> None:
    (layer,) = json.loads(Pack.of(tree_digest(FILES), {path: FILES["README.md"]}).manifest)["layers"]
    assert layer["mediaType"] == f"application/vnd.cncf.model.{kind}.v1.raw"
    assert layer["annotations"]["org.cncf.model.file.mediatype.untested"] == "true"


def test_its_tag_is_one() -> None:
    assert len(tag_of(Digest("sha3_256", "0" * 64))) <= 128


def _layer(**changes: Any) -> dict[str, Any]:
    notes = {"org.cncf.model.filepath": "a"}
    kind = "application/vnd.cncf.model.weight.v1.raw"
    return {"mediaType": kind, "digest": str(sha256(b"")), "size": 0, "annotations": notes} | changes


def _manifest(*layers: object, **changes: object) -> bytes:
    return json.dumps({"schemaVersion": 2, "artifactType": MODEL, "layers": layers} | changes).encode()


def test_what_others_packed_in_raw_layers() -> None:
    titled = _layer(annotations={"org.opencontainers.image.title": "b"})
    found = Packed.parse(_manifest(_layer(), titled, subject={"mediaType": "x", "digest": str(sha256(b"")), "size": 0}))
    assert list(found.files) == ["a", "b"]
    assert found.about == tree_digest(found.files)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"x", "not JSON"),
        (_manifest(), "without layers"),
        (_manifest(layers={}), "without layers"),
        (_manifest(1), "a descriptor needs"),
        (_manifest(_layer(size=-1)), "a descriptor needs"),
        (_manifest(_layer(digest="sha512:00")), "sha256 was expected"),
        (_manifest(_layer(), _layer()), "two layers are the file 'a'"),
        (_manifest(_layer(annotations={})), "without the annotation 'org.cncf.model.filepath'"),
        (_manifest(_layer(mediaType="application/vnd.cncf.model.weight.v1.tar")), r"weight\.v1\.tar'; only files as"),
        (_manifest(_layer(mediaType="application/vnd.cncf.model.weight.v1.tar+zstd")), "only files as they are"),
        (_manifest(_layer(mediaType="application/vnd.cncf.model.evil.v1.raw")), "only files as they are"),
        (_manifest(_layer(mediaType="application/vnd.docker.ai.gguf.v3")), "only files as they are"),
        (_manifest(_layer(), artifactType=None), "it is 'an image'; a model is"),
        (_manifest(_layer(), artifactType="application/vnd.kitops.modelkit.manifest.v1+json"), "kitops"),
        (_manifest(_layer(), mediaType="application/vnd.oci.image.index.v1+json"), "no document of the type"),
        (_manifest(_layer(), subject=1), "a descriptor needs"),
    ],
)
def test_what_is_no_model(raw: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        Packed.parse(raw)
