"""Keras configurations: the JSON from which a model is built again before its weights are read.

Every object in it names a class or a function, and loading makes or calls it. What is not known to be
a plain part of models is said, whatever the version of Keras that would load it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from math import prod

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.keras.names import Stands, is_keras, names, stands_for
from modelward.checks.scan.keras.text import call_text, code_text, decoded, paths
from modelward.checks.scan.tensorflow.operators import find
from modelward.core.finding import Finding, Rule, Severity
from modelward.formats.json_tree import Object, Value, objects, values
from modelward.formats.source import BytesSource

_SPEC = "https://keras.io/guides/serialization_and_saving/"
_DO = "Do not load this model; have it saved again without this part, or rebuild it from code and load its weights."

LAMBDA_CODE = Rule(
    "keras-lambda-code",
    Severity.HIGH,
    "the model brings Python code that runs when it is loaded or used",
    "A lambda is kept as compiled code. Legacy files run it whatever safe_mode is; .keras files with safe_mode=False.",
    _DO,
    (
        "CWE-94",
        "CVE-2024-3660",
        "CVE-2025-9905",
        "AML.T0011.000",
        "https://keras.io/api/layers/core_layers/lambda/",
    ),
)
NAMED_LAMBDA = Rule(
    "keras-named-lambda",
    Severity.MEDIUM,
    "a layer calls a function that is named and not in the file",
    "Which code runs depends on what is found under that name where the model is loaded.",
    "Find out which function is meant, and read it; prefer a model that uses ordinary layers.",
    ("CWE-829", "https://keras.io/api/layers/core_layers/lambda/"),
)
PYTHON_NAME = Rule(
    "keras-python-name",
    Severity.HIGH,
    "the model names a part of Python or its standard library",
    "Keras before 3.9 imports any module that a configuration names, and calls what it finds there.",
    _DO,
    ("CWE-94", "CVE-2025-1550", "GHSA-48g7-3x6r-xfhp", _SPEC),
)
FOREIGN_FUNCTION = Rule(
    "keras-foreign-function",
    Severity.MEDIUM,
    "the model names a function of another package",
    "Keras before 3.9 imports it, and a model can call it with arguments of its choice.",
    "Read the function, or load the model with a current Keras, which asks you to register it.",
    ("CWE-829", "CVE-2025-1550", _SPEC),
)
UNSAFE_FUNCTION = Rule(
    "keras-unsafe-function",
    Severity.HIGH,
    "the model names a function of Keras that is no part of a model",
    "Such functions fetch and unpack files, load other models, or switch safe_mode off.",
    _DO,
    ("CWE-502", "CVE-2025-8747", "CVE-2025-9906", "CVE-2025-12060", _SPEC),
)
SAVED_MODEL = Rule(
    "keras-saved-model-layer",
    Severity.HIGH,
    "a layer loads a TensorFlow SavedModel from a path",
    "What is loaded is not in this file, may come from the network, and can read and write files.",
    _DO,
    ("CWE-502", "CVE-2026-1462", "https://keras.io/api/layers/backend_specific_layers/tfsm_layer/"),
)
TORCH_MODULE = Rule(
    "keras-torch-module",
    Severity.HIGH,
    "a layer unpickles a torch module that is stored in the configuration",
    "torch.load with weights_only=False runs what the pickle says; Keras before 3.11.3 did so in safe mode too.",
    _DO,
    ("CWE-502", "CVE-2025-49655", "https://keras.io/api/layers/backend_specific_layers/torch_module_wrapper/"),
)
VOCABULARY_FILE = Rule(
    "keras-vocabulary-file",
    Severity.MEDIUM,
    "a layer reads its vocabulary from a path or URL",
    "Loading reads any file, or asks any server, and the content can be read out of the loaded model.",
    "Have the model saved again with the words in it.",
    (
        "CWE-73",
        "CWE-918",
        "CVE-2025-12058",
        "https://keras.io/api/layers/preprocessing_layers/categorical/string_lookup/",
    ),
)
TENSORFLOW_CALL = Rule(
    "keras-tensorflow-call",
    Severity.MEDIUM,
    "a layer calls a TensorFlow function that does more than compute",
    "TensorFlow can read and write files, load libraries and call Python.",
    _DO,
    ("CWE-94", "https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"),
)
CUSTOM_OBJECT = Rule(
    "keras-custom-object",
    Severity.LOW,
    "the model needs code that is not in the file",
    "It loads only where such a class or function is registered; what it does depends on that code.",
    "Take the code from the publisher of the model, and read it.",
    ("CWE-829", "https://keras.io/guides/serialization_and_saving/#custom-objects"),
)
# Whether a class that Keras does not have is more than its code cannot be told from its name, and models of people
# who write layers of their own have little else: hence low. Given numbers it computes; given a path it opens it
CUSTOM_PATH = Rule(
    "keras-custom-path",
    Severity.MEDIUM,
    "a class that is not part of Keras is given a path or URL",
    "Such classes open what they are given when the model is loaded: hub.KerasLayer fetches and runs another model, "
    "tokenizers read their vocabulary.",
    "Find out what is behind it; have the model saved again with the content in it.",
    ("CWE-73", "CWE-829", "CWE-918", "https://www.tensorflow.org/hub/api_docs/python/hub/KerasLayer"),
)

_RULE_OF: Mapping[Stands, Rule] = {
    Stands.CUSTOM: CUSTOM_OBJECT,
    Stands.UNSAFE: UNSAFE_FUNCTION,
    Stands.FUNCTION: FOREIGN_FUNCTION,
    Stands.PYTHON: PYTHON_NAME,
}
_IS = {
    Stands.CUSTOM: "is not a part of Keras that is known here",
    Stands.UNSAFE: "is not a part of models",
    Stands.FUNCTION: "is a function of another package",
    Stands.PYTHON: "belongs to Python",
}

_MOST_OBJECTS = 50_000
_MOST_READINGS = 64
_NEEDED = ("class_name", "config")
_READ = ("class_name", "module", "config", "registered_name")
# They make a number, a text, a slice or an array of what stands in their config
_VALUES = frozenset("__bytes__ __ellipsis__ __keras_tensor__ __numpy__ __slice__ __tensor__ __tuple__".split())
_PATHS = frozenset({"vocabulary", "vocabulary_file", "merges", "ckpt_to_load_from"})
"""Settings that are a path where they are a text; a vocabulary is a list otherwise."""
_METHOD = re.compile(r"(?:__operators__|RaggedTensor)\.\w+")
_OPERATION = re.compile(r"(?:\"?op\"?:\s*\"|\x12.)([A-Za-z]\w*)", re.DOTALL)


def judge_keras(body: Value, here: Here) -> Iterator[Said]:
    """Every object in a JSON document that Keras would make something of; what is true of many is said once."""
    told, count = set(), 0
    for where, found in objects(body):
        if not found.keys().issuperset(_NEEDED):
            continue
        count += 1
        if count > _MOST_OBJECTS:
            yield here.unexamined(f"more than {_MOST_OBJECTS:,} objects in one configuration")
            return
        for said in _readings(found, where, here):
            key = (said.rule, said.message) if isinstance(said, Finding) else said
            if key not in told:
                told.add(key)
                yield said


def _readings(found: Object, where: str, here: Here) -> Iterator[Said]:
    """Of a repeated key each value is read: which of them counts is up to the reader."""
    choices = [found.all(key)[: _MOST_READINGS + 1] or [None] for key in _READ]
    if prod(map(len, choices)) > _MOST_READINGS:
        yield here.unexamined(f"{where}: keys that are repeated too often to read it in every way")
        return
    for name, module, config, registered in product(*choices):
        if isinstance(name, str):
            yield from _Judge(here, where, found).judge(name, module, config, registered)


class _Judge:
    """One object of a configuration, read in one way."""

    def __init__(self, here: Here, where: str, found: Object) -> None:
        self._here = here
        self._where = where
        self._found = found

    def judge(self, name: str, module: Value, config: Value, registered: Value) -> Iterator[Said]:
        if name == "__lambda__":
            yield self._code(config)
        elif name == "__typespec__":
            spec = self._found.get("spec_name")
            if spec not in names("specs") or not str(module).startswith("tensorflow."):
                yield from self._named(str(spec), module, registered, config, True)
        elif name == "function":
            if isinstance(config, str):
                yield from self._named(config, module, registered, self._found, True)
        elif name not in _VALUES:
            yield from self._class(name, module, config, registered)

    def _class(self, name: str, module: Value, config: Value, registered: Value) -> Iterator[Said]:
        special = _SPECIAL.get(name.rpartition(".")[2]) if is_keras(module) else None
        if special:
            yield from special(self, name, config if isinstance(config, Object) else Object())
        else:
            yield from self._named(name, module, registered, config, False)
        if isinstance(config, Object):
            yield from self._settings(name, config)
            if stands_for(module, name, False) is Stands.CUSTOM:
                yield from self._paths(name, config)

    def _settings(self, name: str, config: Object) -> Iterator[Said]:
        """What means the same in layers of every kind."""
        for key, value in config:
            if key in _PATHS and isinstance(value, str) and value:
                message = f"{name} reads its {key} from {value[:200]!r}"
                yield self._finding(VOCABULARY_FILE, message, call_text(None, name, config))
            if value == "lambda" and key.endswith("_type"):
                for code in config.all(key.removesuffix("_type")):
                    yield self._code(code)

    def _paths(self, name: str, config: Object) -> Iterator[Said]:
        """What a class is given that only the user's code can provide. Objects inside are judged by themselves."""
        for key, value in paths(config):
            message = f"{name} is given {value[:200]!r} as its {key[:100]}"
            yield self._finding(CUSTOM_PATH, message, call_text(None, name, config))
            return

    def _named(self, name: str, module: Value, registered: Value, config: Value, is_function: bool) -> Iterator[Said]:
        """Where nothing has the *name*, older versions look for the registered one."""
        told = set()
        for named in (name, registered):
            if isinstance(named, str) and named not in ("", "function") and (named == name or ">" not in named):
                stands = stands_for(module, named, is_function) if ">" not in named else Stands.CUSTOM
                if stands is not Stands.PART and stands not in told:
                    told.add(stands)
                    shown = f"{module}.{named}" if isinstance(module, str) and module else named
                    message = f"{shown[:200]} {_IS[stands]}"
                    yield self._finding(_RULE_OF[stands], message, call_text(module, named, config))

    # --- layers that do more than compute ---

    def _lambda(self, name: str, config: Object) -> Iterator[Said]:
        for part in ("function", "output_shape", "mask"):
            for value in config.all(part):
                if isinstance(value, Object):
                    if part == "function" and not _is_known_function(value):
                        yield self._by_name(name, config)
                elif isinstance(value, list) and any(isinstance(item, str) for item in value):
                    yield self._code(value)
                elif isinstance(value, str) and value not in names("functions"):
                    yield self._by_name(name, config)

    def _by_name(self, name: str, config: Object) -> Said:
        message = f"{name} calls a function that the configuration only names"
        return self._finding(NAMED_LAMBDA, message, call_text(None, name, config))

    def _function_layer(self, name: str, config: Object) -> Iterator[Said]:
        yield self._by_name(name, config)

    def _saved_model(self, name: str, config: Object) -> Iterator[Said]:
        message = f"{name} loads the SavedModel {str(config.get('filepath'))[:200]!r}"
        yield self._finding(SAVED_MODEL, message, call_text(None, name, config))

    def _torch(self, name: str, config: Object) -> Iterator[Said]:
        yield self._finding(TORCH_MODULE, f"{name} loads a torch module", call_text(None, name, config))
        for value in config.all("module"):
            raw = decoded(value) if isinstance(value, str) else None
            if raw:
                yield Nested(f"<torch module of {self._where}>", BytesSource(raw))

    def _tensorflow(self, name: str, config: Object) -> Iterator[Said]:
        for value in config.all("function") or [None]:
            yield from self._call(name, config, str(value))

    def _class_method(self, name: str, config: Object) -> Iterator[Said]:
        for symbol, method in product(config.all("cls_symbol"), config.all("method_name")):
            yield from self._call(name, config, f"{symbol}.{method}")

    def _call(self, name: str, config: Object, function: str) -> Iterator[Said]:
        plain = function.removeprefix("compat.v1.")
        if plain not in names("tensorflow") and not _METHOD.fullmatch(plain):
            message = f"{name} calls tf.{function[:200]}"
            yield self._finding(TENSORFLOW_CALL, message, call_text(None, name, config))

    def _operation(self, name: str, config: Object) -> Iterator[Said]:
        for node in config.all("node_def") or [None]:
            said = node.all("op") if isinstance(node, Object) else _OPERATION.findall(str(node))
            if not said or not all(map(_computes, map(str, said))):
                message = f"{name} holds the operation {', '.join(map(str, said))[:200] or '?'}"
                yield self._finding(TENSORFLOW_CALL, message, call_text(None, name, config))

    # ---

    def _code(self, value: Value) -> Said:
        code = next((item for _, item in values(value) if isinstance(item, str)), "")
        return self._finding(LAMBDA_CODE, "compiled Python code is stored in the configuration", code_text(code))

    def _finding(self, rule: Rule, message: str, does: str) -> Said:
        return self._here.finding(rule, message, does=does, where=self._where[:200])


def _computes(operation: str) -> bool:
    known = find(operation)
    return known is not None and known.section == "standard"


def _is_known_function(value: Object) -> bool:
    """Whether *value* names a function of Keras that computes; code of its own is said elsewhere."""
    name, module = value.get("config"), value.get("module")
    if value.get("class_name") == "__lambda__":
        return True
    return isinstance(name, str) and stands_for(module, name, True) is Stands.PART


_SPECIAL = {
    "Lambda": _Judge._lambda,
    "JaxLayer": _Judge._function_layer,
    "FlaxLayer": _Judge._function_layer,
    "TFSMLayer": _Judge._saved_model,
    "TorchModuleWrapper": _Judge._torch,
    "TFOpLambda": _Judge._tensorflow,
    "SlicingOpLambda": _Judge._tensorflow,
    "ClassMethod": _Judge._class_method,
    "TensorFlowOpLayer": _Judge._operation,
}

RULES: tuple[Rule, ...] = (
    LAMBDA_CODE,
    NAMED_LAMBDA,
    PYTHON_NAME,
    FOREIGN_FUNCTION,
    UNSAFE_FUNCTION,
    SAVED_MODEL,
    TORCH_MODULE,
    VOCABULARY_FILE,
    TENSORFLOW_CALL,
    CUSTOM_OBJECT,
    CUSTOM_PATH,
)
