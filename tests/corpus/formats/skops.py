"""skops: https://skops.readthedocs.io/en/stable/persistence.html"""

from __future__ import annotations

import io
import json
from itertools import count
from typing import Any

import numpy as np
from tests.corpus.files import zipped

_IDS = count(1)


def node(loader: str, name: str, content: Any = None, **more: Any) -> dict[str, Any]:
    """A node as skops writes it; *name* is the class with its module."""
    module, _, kind = name.rpartition(".")
    body = {"__class__": kind, "__module__": module, "__loader__": loader, "__id__": next(_IDS)}
    return body | ({} if content is None else {"content": content}) | more


def value(item: Any) -> dict[str, Any]:
    return node("JsonNode", "builtins.str", json.dumps(item), is_json=True)


def items(kind: str, *nodes: Any) -> dict[str, Any]:
    return node({"list": "ListNode", "tuple": "TupleNode"}[kind], f"builtins.{kind}", list(nodes))


def mapping(**members: Any) -> dict[str, Any]:
    types = [node("TypeNode", "builtins.str") for _ in members]
    return node("DictNode", "builtins.dict", members, key_types=items("list", *types))


def estimator(**members: Any) -> dict[str, Any]:
    return node("ObjectNode", "sklearn.linear_model._logistic.LogisticRegression", mapping(**members))


def skops(root: dict[str, Any], text: str = "", files: dict[str, bytes] | None = None) -> bytes:
    schema = text or json.dumps(root | {"protocol": 2, "_skops_version": "0.16.0"}, indent=2)
    return zipped({**(files or {}), "schema.json": schema.encode("utf-8", "surrogatepass")})


def array(file: str = "1.npy") -> dict[str, Any]:
    return node("NdArrayNode", "numpy.ndarray", type="numpy", file=file)


def npy() -> bytes:
    out = io.BytesIO()
    np.save(out, np.arange(3.0))
    return out.getvalue()


def generator(name: str) -> dict[str, Any]:
    state = {"bit_generator": mapping(bit_generator=value(name)), "seed_seq": mapping(entropy=value(1))}
    return node("RandomGeneratorNode", "numpy.random._generator.Generator", state)


def method(func: str, declared: str = "sklearn.linear_model._logistic.LogisticRegression") -> dict[str, Any]:
    return node("MethodNode", declared, {"func": func, "obj": estimator()})


def operator(name: str, module: str = "operator", *args: Any) -> dict[str, Any]:
    return node("OperatorFuncNode", f"{module}.{name}", attrs=items("tuple", *args))


def function(name: str) -> dict[str, Any]:
    return node("FunctionNode", name)


def ordinary() -> dict[str, bytes]:
    call = {
        "func": function("numpy.clip"),
        "args": items("tuple"),
        "kwds": mapping(a_min=value(0)),
        "namespace": value(None),
    }
    tree = node(
        "TreeNode", "sklearn.tree._tree.Tree", mapping(nodes=array()), __reduce__={"args": items("tuple", value(1))}
    )
    return {
        "estimator": skops(
            estimator(C=value(1.0), coef_=array(), names=items("list", value("a"))), files={"1.npy": npy()}
        ),
        "tree": skops(
            node("ObjectNode", "sklearn.tree._classes.DecisionTreeClassifier", mapping(tree_=tree)),
            files={"1.npy": npy()},
        ),
        "functions": skops(items("list", function("numpy.log1p"), node("PartialNode", "functools.partial", call))),
        "operators": skops(items("list", operator("itemgetter", "operator", value(1)))),
        "method": skops(method("predict")),
        "generator": skops(generator("PCG64")),
        "unknown-class": skops(node("ObjectNode", "mylibrary.models.Model", mapping(a=value(1)))),
        "another-schema": zipped({"schema.json": b'{"type": "object", "properties": {}}'}),
    }


def hostile() -> dict[str, bytes]:
    shell = items("list", value("echo"))
    twice = skops(function("os.system"))
    reused = estimator()
    return {
        # https://nvd.nist.gov/vuln/detail/CVE-2024-37065: whoever trusts all types runs this
        "constructor": skops(node("ConstructorFromReduceNode", "os.system", items("tuple", value("echo")))),
        "function": skops(function("os.system")),
        "function-of-another-module": skops(function("torch.utils.collect_env.run")),
        "container": skops(node("ListNode", "subprocess.Popen", shell["content"])),
        "key-types": skops(
            node(
                "DictNode", "builtins.dict", {"echo": value(1)}, key_types=items("list", node("TypeNode", "os.system"))
            )
        ),
        "array-class": skops(node("NdArrayNode", "builtins.eval", type="json", content=[], shape=items("tuple"))),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-54412
        "operator": skops(operator("call", "sklearn.linear_model._stochastic_gradient", function("os.getcwd"))),
        "operator-call": skops(operator("call", "operator", value(1))),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-54413
        "method-of-another-class": skops(method("predict", "sklearn.base.BaseEstimator")),
        "method-walk": skops(method("decision_function.__builtins__")),
        "method-dunder": skops(method("__reduce__")),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-54886: what is no zip is loaded by joblib
        "joblib": b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R.",
        # protocol 0 imports other names than those declared
        "protocol-0": skops(node("FunctionNode", "numpy.log", {"module_path": "os", "function": "system"})),
        "bit-generator": skops(generator("set_state")),
        "declared-harmless": skops(node("DefaultDictNode", "builtins.dict", {"main": mapping()})),
        "reused-id": skops(items("list", reused, function("numpy.log") | {"__id__": reused["__id__"]})),
        "two-loaders": skops(
            {},
            '{"__class__": "system", "__module__": "os", "__loader__": "FunctionNode",'
            ' "__loader__": "JsonNode", "content": "1", "protocol": 2}',
        ),
        "escaped": skops(
            {},
            '{"\\u005f_class__": "s\\u0079stem", "__module__": "o\\u0073",'
            ' "__\\u006coader__": "FunctionNode", "protocol": 2}',
        ),
        "utf-16": zipped({"schema.json": json.dumps(function("os.system")).encode("utf-16")}),
        "executed-state": skops(
            node(
                "ObjectNode",
                "scipy.stats._distn_infrastructure.rv_frozen",
                mapping(_parse_arg_template=value("def _parse_args(self): __import__('os').system('echo')")),
            )
        ),
        "beside-a-model": zipped({"schema.json": json.dumps(function("os.system")).encode(), "data.txt": b"x"}),
        "behind-depth": skops({}, '{"x": ' + "[" * 2000 + "]" * 2000 + "," + json.dumps(function("os.system"))[1:]),
        "twice-packed": zipped({"inner.skops": twice}),
        "unlisted": skops(function("antigravity.geohash")),
    }
