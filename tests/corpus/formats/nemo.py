"""NeMo: a tar of model_config.yaml and a checkpoint. https://docs.nvidia.com/nemo-framework/user-guide/latest/"""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from tests.cases.build import SYSTEM, member, tar, torch_members
from tests.corpus.files import zipped
from tests.corpus.opcodes import call, mapping, number, stream, text

_CONFIG = b"""target: nemo.collections.asr.models.EncDecCTCModelBPE
sample_rate: 16000
tokenizer:
  dir: tokenizer
preprocessor:
  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor
  sample_rate: ${sample_rate}
optim:
  name: adamw
"""

_WEIGHTS = zipped(torch_members(stream(mapping(step=number(1)))))
_EVIL = zipped(torch_members(stream(call(SYSTEM, text(":")))))


def _nemo(config: bytes = _CONFIG, weights: bytes = _WEIGHTS, *more: bytes) -> bytes:
    return tar(
        member(b"./", kind=b"5"),
        member(b"./model_config.yaml", config),
        member(b"./model_weights.ckpt", weights),
        *more,
    )


def ordinary() -> Mapping[str, bytes]:
    return {
        "model": _nemo(),
        "compressed": gzip.compress(_nemo(), mtime=0),
        "tokenizer": _nemo(_CONFIG, _WEIGHTS, member(b"./a1_vocab.txt", b"[CLS]\n[SEP]\n##ing\nimport\n")),
        "labels": _nemo(_CONFIG + b"labels: [' ', a, b, '''', '!']\n"),
    }


def hostile() -> Mapping[str, bytes]:
    return {
        # https://nvd.nist.gov/vuln/detail/CVE-2025-23304
        "target": _nemo(_CONFIG + b"loss:\n  _target_: os.system\n  command: ':'\n"),
        "target-of-the-tokenizer": _nemo(
            _CONFIG.replace(b"dir: tokenizer", b"_target_: builtins.exec\n  _args_: [pass]")
        ),
        "target-in-flow": _nemo(b'{target: nemo.x.Y, a: {"_target_": subprocess.run, args: [":"]}}\n'),
        "target-compressed": gzip.compress(_nemo(b"_target_: os.system\n"), mtime=0),
        "class-path": _nemo(_CONFIG + b"trainer: {target: os.system}\n"),
        "object-tag": _nemo(_CONFIG + b"x: !!python/object/apply:os.system [':']\n"),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-23249 https://nvd.nist.gov/vuln/detail/CVE-2025-33253
        # https://nvd.nist.gov/vuln/detail/CVE-2026-24157
        "checkpoint": _nemo(_CONFIG, _EVIL),
        "bare-pickle": _nemo(_CONFIG, stream(call(SYSTEM, text(":")))),
        "sharded-checkpoint": _nemo(_CONFIG, _WEIGHTS, member(b"./model_weights/common.pt", _EVIL)),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-23250 https://nvd.nist.gov/vuln/detail/CVE-2025-23360
        "slip": _nemo(_CONFIG, _WEIGHTS, member(b"../../.bashrc", b":\n")),
        "absolute-slip": _nemo(_CONFIG, _WEIGHTS, member(b"/tmp/x", b":\n")),
        "link-slip": _nemo(_CONFIG, _WEIGHTS, member(b"a", kind=b"2", link=b"/tmp"), member(b"a/x", b":\n")),
        "code": _nemo(_CONFIG, _WEIGHTS, member(b"./__init__.py", b"import os\nos.system(':')\n")),
    }
