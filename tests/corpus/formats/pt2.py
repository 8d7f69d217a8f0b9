"""torch.export: https://docs.pytorch.org/docs/stable/export/pt2_archive.html"""

from __future__ import annotations

import json
from typing import Any

from tests.corpus.files import zipped

ADD = "torch.ops.aten.add.Tensor"
SYMBOL = "Symbol('s77', positive=True, integer=True)"
PICKLE = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."


def program(
    target: str = ADD,
    expression: str = SYMBOL,
    guards: tuple[str, ...] = ("L['x'].size()[0] % 2 == 0",),
    spec: str = "",
) -> bytes:
    node = {"target": target, "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "x"}}}], "outputs": []}
    size = {"as_expr": {"expr_str": expression, "hint": {"as_int": 4}}}
    graph = {"inputs": [], "nodes": [node], "tensor_values": {"x": {"dtype": 7, "sizes": [size, {"as_int": 4}]}}}
    signature = {"in_spec": spec or '[1, {"type": "builtins.tuple", "context": "null", "children_spec": []}]'}
    body = {"graph_module": {"graph": graph, "module_call_graph": [{"fqn": "", "signature": signature}]}}
    return json.dumps(body | {"guards_code": list(guards), "schema_version": {"major": 8, "minor": 20}}).encode()


def weight(path: str = "weight_0", size: int = 4, offset: int = 0, pickled: bool = False) -> dict[str, Any]:
    meta = {"dtype": 7, "sizes": [{"as_int": size}], "strides": [{"as_int": 1}], "storage_offset": {"as_int": offset}}
    return {"path_name": path, "is_param": True, "use_pickle": pickled, "tensor_meta": meta}


def pt2(
    model: bytes | None = None, weights: dict[str, Any] | None = None, more: dict[str, bytes] | None = None
) -> bytes:
    config = {"config": {"w": weight()} if weights is None else weights}
    members = {
        "data/weights/weight_0": b"\xf3\x7f\x3f\x06" * 4,
        "data/weights/model_weights_config.json": json.dumps(config).encode(),
        "models/model.json": model or program(),
        "archive_format": b"pt2",
        "archive_version": b"0",
        ".data/version": b"3\n",
        "byteorder": b"little",
        **(more or {}),
    }
    return zipped({f"m/{name}": data for name, data in members.items()})


def ordinary() -> dict[str, bytes]:
    expression = f"Mul(Float('1.5', precision=53), ToFloat(FloorDiv({SYMBOL}, Integer(2))))"
    return {
        "program": pt2(),
        "expressions": pt2(program("torch.ops.higher_order.cond", expression, ("(L['x'].size()[0] // 2) != 1",))),
        "arithmetic": pt2(program("_operator.floordiv")),
        "function": pt2(program("torch.sym_max")),
        "extension": pt2(program("torch.ops.mylibrary.op.default")),
        "old": zipped({"serialized_exported_program.json": program(), "version": b"8.1"}),
        "enum": pt2(program(spec='[1, {"type": "x", "context": "{\\"fqn\\": \\"torch.jit:Kind\\"}"}]')),
    }


def hostile() -> dict[str, bytes]:
    return {
        "walk-to-a-function": pt2(program("torch.os.system")),
        "walk-with-a-prefix": pt2(program("torchx.utils.collect_env.run")),
        "operator-call": pt2(program("_operator.call")),
        "math-walk": pt2(program("math.__loader__.load_module")),
        "operator-walk": pt2(program("torch.ops.aten.add.__class__.__base__")),
        "file-operator": pt2(program("torch.ops.aten.from_file.default")),
        # https://docs.sympy.org/latest/modules/core.html: sympify evaluates its argument
        "expression": pt2(program(expression="__import__('os').system('echo')")),
        "expression-in-a-call": pt2(program(expression="Integer(eval('1'))")),
        "expression-in-a-text": pt2(program(expression="Add('open(0)', Integer(1))")),
        "expression-attribute": pt2(program(expression="Integer(1).func")),
        "expression-string-function": pt2(program(expression="S('exec')('os')")),
        "guard": pt2(program(guards=("L['x'].__class__",))),
        "guard-call": pt2(program(guards=("1 == 1", "open('/etc/passwd')"))),
        "input-type": pt2(
            program(
                spec='[1, {"context": "{\\"default_factory_module\\": \\"os\\", '
                '\\"default_factory_name\\": \\"abort\\"}"}]'
            )
        ),
        "short-weight": pt2(weights={"w": weight(size=1000)}),
        "weight-out-of-bounds": pt2(weights={"w": weight(offset=4)}),
        "missing-weight": pt2(weights={"w": weight("weight_9")}),
        "pickle-for-numbers": pt2(more={"data/weights/weight_0": PICKLE}),
        "pickled-weight": pt2(weights={"w": weight(pickled=True)}, more={"data/weights/weight_0": PICKLE}),
        "native-library": pt2(more={"data/aotinductor/model/abc.wrapper.so": b"\x7fELF" + bytes(60)}),
        "source-that-is-compiled": pt2(more={"data/aotinductor/model/abc.wrapper.cpp": b"int x;\n"}),
        "nothing-but-a-source": zipped({"m/data/aotinductor/model/abc.wrapper.cpp": b"int x;\n"}),
        "old": zipped({"serialized_exported_program.json": program("torch.os.system"), "version": b"8.1"}),
        "second-root": zipped(
            {
                "m/archive_version": b"0",
                "m/models/model.json": program(),
                "n/archive_version": b"0",
                "n/models/model.json": program("torch.os.system"),
            }
        ),
    }
