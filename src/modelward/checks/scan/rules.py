"""All rules of the scan. The one list: a module is registered by its line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from modelward.checks.scan import (  # noqa: F401
    pt2_archive,
    rules_archive,
    rules_checkpoint,
    rules_executable,
    rules_executorch,
    rules_external,
    rules_ggml,
    rules_gguf,
    rules_hdf5,
    rules_hugging_face,
    rules_hydra,
    rules_jinja,
    rules_keras,
    rules_mar,
    rules_names,
    rules_notebook,
    rules_npy,
    rules_oci,
    rules_onnx,
    rules_onnx_graph,
    rules_onnx_tensors,
    rules_pickle,
    rules_python,
    rules_safetensors,
    rules_secrets,
    rules_sentencepiece,
    rules_shards,
    rules_skops,
    rules_tensorflow,
    rules_tflite,
    rules_tokenizer,
    rules_torch,
    rules_tree,
    rules_values,
    rules_xml,
    rules_yaml,
    rules_zip,
)
from modelward.core.finding import Rule

RULES: Mapping[str, Rule] = {
    rule.id: rule for module in list(globals().values()) if isinstance(module, ModuleType) for rule in module.RULES
}
