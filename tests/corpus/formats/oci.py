"""OCI image layouts: https://github.com/opencontainers/image-spec/blob/main/image-layout.md"""

from __future__ import annotations

import gzip
import hashlib
import json

from tests.cases.build import member, tar
from tests.corpus.files import zipped

LAYOUT = b'{"imageLayoutVersion": "1.0.0"}'
PICKLE = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def blobs(*contents: bytes) -> dict[str, bytes]:
    """The files of a layout with one image of these layers."""
    layers = [{"mediaType": "application/vnd.cncf.model.weight.v1.tar", "digest": f"sha256:{digest(data)}"}
              for data in contents]  # fmt: skip
    image = json.dumps({"schemaVersion": 2, "layers": layers}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [{"digest": f"sha256:{digest(image)}"}]}).encode()
    named = {f"blobs/sha256/{digest(data)}": data for data in (image, *contents)}
    return {"oci-layout": LAYOUT, "index.json": index, **named}


def packed(files: dict[str, bytes]) -> bytes:
    return tar(*(member(name.encode(), data) for name, data in files.items()))


def forged() -> dict[str, bytes]:
    """A layout in which one layer was exchanged."""
    files = blobs(tar(member(b"a.txt", b"the layer that was verified\n")))
    return files | {name: data + bytes(512) for name, data in files.items() if b"verified" in data}


def ordinary() -> dict[str, bytes]:
    layer = tar(member(b"model/README.md", b"A model.\n"))
    return {
        "layout": packed(blobs(layer)),
        "compressed-layer": packed(blobs(gzip.compress(layer, mtime=0))),
        "zip": zipped(blobs(layer)),
    }


def hostile() -> dict[str, bytes]:
    return {
        "exchanged-layer": packed(forged()),
        "exchanged-layer-in-zip": zipped(forged()),
        "pickle-in-layer": packed(blobs(gzip.compress(tar(member(b"model/data.pkl", PICKLE)), mtime=0))),
    }
