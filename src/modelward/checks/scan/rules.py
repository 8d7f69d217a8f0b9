"""All rules of the scan. The one list: a module is registered by its line here."""

# ruff: noqa: F401  (to import a module here is to register its rules)

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from modelward.checks.scan import (
    rules_executable,
    rules_executorch,
    rules_ggml,
    rules_gguf,
    rules_java,
    rules_npy,
    rules_safetensors,
    rules_sentencepiece,
    rules_skops,
    rules_values,
    rules_xgboost,
)
from modelward.checks.scan.archives import rules_archive, rules_mar, rules_zip
from modelward.checks.scan.jinja import rules_jinja
from modelward.checks.scan.keras import rules_hdf5, rules_keras
from modelward.checks.scan.onnx import rules_onnx, rules_onnx_graph, rules_onnx_tensors
from modelward.checks.scan.pickle import rules_pickle
from modelward.checks.scan.python import rules_notebook, rules_python
from modelward.checks.scan.tensorflow import rules_checkpoint, rules_tensorflow, rules_tflite
from modelward.checks.scan.texts import (
    rules_hugging_face,
    rules_hydra,
    rules_mlflow,
    rules_secrets,
    rules_tokenizer,
    rules_xml,
    rules_yaml,
)
from modelward.checks.scan.torch import rules_pt2, rules_torch
from modelward.checks.scan.trees import rules_external, rules_names, rules_oci, rules_shards, rules_tree
from modelward.core.finding import Rule

RULES: Mapping[str, Rule] = {
    rule.id: rule for module in list(globals().values()) if isinstance(module, ModuleType) for rule in module.RULES
}
