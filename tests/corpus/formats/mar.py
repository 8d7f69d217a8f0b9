"""TorchServe: https://github.com/pytorch/serve/blob/master/model-archiver/README.md"""

from __future__ import annotations

import json
from typing import Any

from tests.cases.build import member, tar
from tests.corpus.files import zipped

MANIFEST = "MAR-INF/MANIFEST.json"
HANDLER = b"from ts.torch_handler.base_handler import BaseHandler\n\n\nclass Handler(BaseHandler):\n    pass\n"


def manifest(**model: Any) -> bytes:
    body = {"createdOn": "01/01/2026", "runtime": "python", "archiverVersion": "0.12.0"}
    return json.dumps(body | {"model": {"modelName": "m", "modelVersion": "1.0", **model}}).encode()


def mar(files: dict[str, bytes] | None = None, /, **model: Any) -> bytes:
    return zipped({MANIFEST: manifest(**model), **(files or {})})


def ordinary() -> dict[str, bytes]:
    return {
        "built-in-handler": mar(handler="image_classifier"),
        "own-handler": mar({"handler.py": HANDLER}, handler="handler.py"),
        "function": mar({"handler.py": HANDLER}, handler="handler:handle"),
        "requirements": mar(
            {"requirements.txt": b"numpy==2.0\n"}, handler="text_classifier", requirementsFile="requirements.txt"
        ),
        "tar": tar(member(MANIFEST.encode(), manifest(handler="image_classifier"))),
    }


def hostile() -> dict[str, bytes]:
    pickle = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."
    return {
        "missing-handler": mar(handler="os.py"),
        "missing-model-file": mar(handler="image_classifier", modelFile="model.py"),
        "escaping-handler": mar(handler="../../../tmp/handler.py"),
        "absolute-requirements": mar(handler="image_classifier", requirementsFile="/tmp/requirements.txt"),
        "pickle": mar({"model.pt": pickle}, handler="image_classifier", serializedFile="model.pt"),
        "two-handlers": zipped(
            {MANIFEST: b'{"model": {"modelName": "m", "handler": "image_classifier", "handler": "h"}}', "h.py": HANDLER}
        ),
        "tar": tar(member(MANIFEST.encode(), manifest(handler="/tmp/handler.py"))),
    }
