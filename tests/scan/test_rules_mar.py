"""TorchServe's archives and OCI layouts: members that mean something by their name."""

from __future__ import annotations

import pytest
from tests.cases.build import member, tar
from tests.conformance.cases import outcome, scan
from tests.corpus.formats import oci
from tests.corpus.formats.mar import HANDLER, MANIFEST, manifest, mar

from modelward.checks.scan.trees.rules_oci import examine_blobs
from modelward.checks.scan.trees.tree import Tree
from modelward.core.digest import Digest


def ids(data: bytes) -> set[str]:
    return {finding.rule.id for finding in scan(data).findings}


@pytest.mark.parametrize("name", ["../h.py", "/h.py", "a/../../h.py", "..\\h.py", "C:\\h.py", "~/h.py", "h.py\0x"])
def test_names_that_leave_the_archive(name: str) -> None:
    for key in ("handler", "serializedFile", "requirementsFile", "modelFile", "configFile"):
        assert "mar-path-escape" in ids(mar(**{"handler": "image_classifier", key: name}))


@pytest.mark.parametrize("handler", ["handler.py", "handler", "handler:handle", "src/handler.py"])
def test_a_handler_that_is_there(handler: str) -> None:
    assert "mar-missing-file" not in ids(mar({"handler.py": HANDLER}, handler=handler))
    assert "mar-missing-file" in ids(mar(handler=handler))


def test_a_manifest_in_a_tar() -> None:
    assert "mar-path-escape" in ids(tar(member(f"./{MANIFEST}".encode(), manifest(handler="/x.py"))))


def test_a_manifest_that_cannot_be_read_is_a_gap() -> None:
    found = scan(tar(member(MANIFEST.encode(), b'{"model": {"handler": "x.py", }')))
    assert outcome(found) == "incomplete"


def test_a_blob_is_what_its_name_says() -> None:
    assert ids(oci.packed(oci.blobs(b"some text\n"))) == set()
    assert "oci-blob-digest" in ids(oci.packed(oci.forged()))


def test_blobs_of_a_folder() -> None:
    good, other = (Digest("sha256", oci.digest(data)) for data in (b"a", b"b"))
    paths = {
        f"blobs/sha256/{good.value}": good,
        f"models/blobs/sha256-{good.value}": other,
        f"image/blobs/sha256/{other.value}": good,
        "blobs/readme.txt": good,
    }
    found = [said.path for said in examine_blobs(Tree({}, {}, paths))]
    assert found == [f"image/blobs/sha256/{other.value}", f"models/blobs/sha256-{good.value}"]
