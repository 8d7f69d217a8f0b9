"""Configurations of Hugging Face repositories: keys that make a loader fetch or import code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.outside_path import leads_outside
from modelward.checks.scan.pickle.callables import is_stdlib
from modelward.core.finding import Rule, Severity
from modelward.formats.json_tree import Object, Value, objects, values

HUB_KERNEL = Rule(
    "config-hub-kernel",
    Severity.HIGH,
    "the configuration names a repository whose code computes the attention",
    "transformers before 5.3 downloads and imports it when the model is loaded, whatever trust_remote_code says.",
    "Remove the key, or do not load the model; update transformers.",
    ("CWE-829", "CVE-2026-4372", "GHSA-29pf-2h5f-8g72", "https://github.com/huggingface/transformers/pull/44395"),
)
TRUST = Rule(
    "config-trusts-remote-code",
    Severity.MEDIUM,
    "the configuration of a model says that its code is to be trusted",
    "That is for the user to say: loaders that believed the file ran its code although they were told not to.",
    "Remove the key, and update transformers.",
    ("CWE-829", "CVE-2026-5241", "https://nvd.nist.gov/vuln/detail/CVE-2026-5241"),
)
NAMED_CLASS = Rule(
    "config-named-class",
    Severity.MEDIUM,
    "the configuration names a class that a loader imports",
    "sentence-transformers imports the module that stands there: from the model's folder, or what is installed.",
    "Read the code of that module before you load the model.",
    ("CWE-470", "CWE-829", "https://sbert.net/docs/sentence_transformer/usage/custom_models.html"),
)
MODULE_ESCAPE = Rule(
    "config-module-outside",
    Severity.MEDIUM,
    "a part of a sentence-transformers model lies outside its folder",
    "The loader joins the path to the model's folder and reads the configuration and the weights that it finds there.",
    "Ask the publisher why; load the model only from a folder that holds all of its parts.",
    ("CWE-22", "https://sbert.net/docs/sentence_transformer/usage/custom_models.html"),
)
REMOTE_FILE = Rule(
    "config-remote-file",
    Severity.LOW,
    "the configuration names an address that a loader may fetch",
    "What is fetched is not part of the model that was checked, and can change at any time.",
    "Find out whether your loader follows it, and pin what it gets.",
    ("CWE-494", "CWE-829", "https://huggingface.co/docs/timm/models"),
)

_ITSELF = frozenset(("", ".", "./"))
"""Paths of the model's own folder, where its first module lies."""
_KERNELS = frozenset(
    "_attn_implementation_internal _attn_implementation attn_implementation"
    " _experts_implementation_internal experts_implementation".split()
)
_ADDRESSES = frozenset(
    "hf_hub_url _name_or_path name_or_path base_model_name_or_path pretrained_model_name_or_path"
    " tokenizer_name_or_path vocab_file tokenizer_file".split()
)
_OFFICIAL = re.compile(r"(?:[\w-]+\|)?kernels-community/[\w-]+(?:\.[\w-]+)*(?:[@:][\w.-]+)*")
_TRAINS = frozenset("learning_rate output_dir num_train_epochs per_device_train_batch_size".split())
_LOADED = frozenset("architectures transformers_version auto_map torch_dtype dtype".split())
_ADDRESS = re.compile(r"(?:https?|ftp|s3|gs|git\+\w+)://\S", re.IGNORECASE)
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_OWN_MODULE = re.compile(r"sentence_transformers\.(?:[a-z_]+\.)*[A-Z]\w*")
_ACTIVATIONS = re.compile(r"(?:torch\.nn|sentence_transformers)\.")


def judge_hugging_face(body: Value, here: Here) -> Iterator[Said]:
    """What the keys of a configuration make the libraries of Hugging Face do. auto_map is a rule of the tree."""
    is_model = isinstance(body, Object) and bool(body.all("model_type"))
    if isinstance(body, Object) and not _TRAINS.isdisjoint(body.keys()) and _LOADED.isdisjoint(body.keys()):
        is_model = False  # the settings of a training, which a user made for a user
    for path, item in objects(body):
        for key, value in item:
            yield from _judge(key, value, is_model, here, f"{path}.{key}")
        yield from _library(item, here, path)
    if isinstance(body, list) and not isinstance(body, Object):
        yield from _modules(body, here)


def _judge(key: str, value: Value, is_model: bool, here: Here, path: str) -> Iterator[Said]:
    if key in _KERNELS:
        for where, name in values(value, path):
            if isinstance(name, str) and "/" in name and not (_OFFICIAL.fullmatch(name) and "internal" not in key):
                yield here.finding(HUB_KERNEL, f"{where} is {name!r}")
    elif key == "trust_remote_code" and value is True and is_model:
        yield here.finding(TRUST, f"{path} is true")
    elif key in ("activation_function", "activation_fn") and isinstance(value, str):
        if _DOTTED.fullmatch(value) and not _ACTIVATIONS.match(value):
            yield here.finding(NAMED_CLASS, f"{path} is {value!r}, which is imported and called")
    elif isinstance(value, str) and _ADDRESS.match(value) and _is_fetched(key, path):
        yield here.finding(REMOTE_FILE, f"{path} is {value[:200]!r}")


def _library(item: Object, here: Here, path: str) -> Iterator[Said]:
    """[library, class] of a component in model_index.json, parent_library and base_model_class of an adapter: no
    model is in Python's standard library."""
    pairs = [(item.get("parent_library"), item.get("base_model_class"))]
    if item.get("_class_name") is not None:
        pairs += [(value[0], value[1]) for _, value in item if isinstance(value, list) and len(value) == 2]
    for module, name in pairs:
        if isinstance(module, str) and isinstance(name, str) and is_stdlib(module):
            yield here.finding(NAMED_CLASS, f"{path} names {name[:100]} of {module[:100]}")


def _is_fetched(key: str, path: str) -> bool:
    return key in _ADDRESSES or path.endswith(".pretrained_cfg.url")


def _modules(body: list[Any], here: Here) -> Iterator[Said]:
    """modules.json of sentence-transformers: a list of {idx, name, path, type}."""
    for number, module in enumerate(body):
        if not isinstance(module, Object) or not {"type", "path"} <= module.keys():
            continue
        for kind in module.all("type"):
            if isinstance(kind, str) and _DOTTED.fullmatch(kind) and not _OWN_MODULE.fullmatch(kind):
                yield here.finding(NAMED_CLASS, f"$[{number}].type is {kind!r}")
        for path in module.all("path"):
            if isinstance(path, str) and path not in _ITSELF and (how := leads_outside(_raw(path))):
                yield here.finding(MODULE_ESCAPE, f"$[{number}].path is {path[:200]!r}: {how}")


def _raw(path: str) -> bytes:
    return (path.rstrip("/") or path).encode("utf-8", "surrogatepass")


RULES: tuple[Rule, ...] = (HUB_KERNEL, TRUST, NAMED_CLASS, REMOTE_FILE, MODULE_ESCAPE)
