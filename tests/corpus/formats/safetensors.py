"""safetensors: what hides in the one part of the format that is free text."""

from __future__ import annotations

import json


def _file(metadata: dict[str, str]) -> bytes:
    tensor = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    header = json.dumps({"__metadata__": metadata, "a": tensor}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(8)


def ordinary() -> dict[str, bytes]:
    return {
        "format": _file({"format": "pt"}),
        "training": _file(
            {
                "ss_tag_frequency": json.dumps({"10_cat": {"1girl, import, class": 5}}),
                "ss_network_args": json.dumps({"conv_dim": "8", "algo": "locon"}),
                "ss_optimizer": "bitsandbytes.optim.adamw.AdamW8bit(weight_decay=0.1,betas=[0.9,0.99])",
                "modelspec.thumbnail": "data:image/jpeg;base64," + "/9j/4AAQSkZJRgABAQAAAQABAAD" * 9,
                "modelspec.description": "Use as usual: import it, then run(model); see https://example.org/x.",
            }
        ),
        "configuration": _file({"config": json.dumps({"model_type": "llama", "torch_dtype": "float16"})}),
    }


def hostile() -> dict[str, bytes]:
    template = "{{ cycler.__init__.__globals__.os.popen('true').read() }}"
    return {
        "template": _file({"chat_template": template}),
        "pickle": _file({"state": "cos\nsystem\n(S'true'\ntR." + " " * 40}),
        "objects": _file({"config": json.dumps({"_target_": "os.system", "command": "true"})}),
        "yaml": _file({"config": "!!python/object/apply:os.system ['true']"}),
        "code": _file({"script": "exec(__import__('zlib').decompress(payload))"}),
    }
