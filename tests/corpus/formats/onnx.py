"""ONNX models. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto"""

from __future__ import annotations

import pickle

from tests.corpus.protobuf import message

Entry = tuple[int, int | bytes | str]


def node(op: str, domain: str = "", *attributes: bytes, **more: str) -> bytes:
    fields: list[Entry] = [(1, "x"), (2, "y"), (3, more.get("name", "")), (4, op)]
    fields += [(5, attribute) for attribute in attributes]
    return message(*fields, *([(7, domain)] if domain else []))


def attribute(name: str, kind: int, *fields: Entry) -> bytes:
    return message((1, name), *fields, (20, kind))


def text(name: str, value: bytes | str) -> bytes:
    return attribute(name, 3, (4, value))


def graph_attribute(name: str, *nodes: bytes) -> bytes:
    return attribute(name, 5, (6, graph(*nodes)))


def tensor(*fields: Entry, name: str = "w", dims: tuple[int, ...] = (2,), kind: int = 1) -> bytes:
    """With its data in *fields*."""
    return message(*((1, size % (1 << 64)) for size in dims), (2, kind), (8, name), *fields)


def raw(data: bytes = bytes(8), **more: object) -> bytes:
    return tensor((9, data), **more)  # type: ignore[arg-type]


def external(location: bytes | str, *more: tuple[str, str], **fields: object) -> bytes:
    entries = [message((1, "location"), (2, location)), *(message((1, key), (2, value)) for key, value in more)]
    return tensor(*((13, entry) for entry in entries), (14, 1), **fields)  # type: ignore[arg-type]


def graph(*nodes: bytes, tensors: tuple[bytes, ...] = (), more: tuple[Entry, ...] = ()) -> bytes:
    value = message((1, "x"), (2, message((1, message((1, 1), (2, message((1, message((1, 2))))))))))
    return message(
        *((1, one) for one in nodes), (2, "g"), *((5, one) for one in tensors), (11, value), (12, value), *more
    )


def model(inner: bytes, *more: Entry, opset: int = 17) -> bytes:
    return message((1, 8), (2, "test"), (7, inner), *more, (8, message((1, ""), (2, opset))))


def of(*nodes: bytes, tensors: tuple[bytes, ...] = ()) -> bytes:
    return model(graph(*nodes, tensors=tensors))


def with_tensor(*tensors: bytes) -> bytes:
    return of(node("Identity"), tensors=tensors)


def function(name: str, *nodes: bytes, domain: str = "local", more: tuple[Entry, ...] = ()) -> bytes:
    return message((1, name), (4, "x"), (5, "y"), *((7, one) for one in nodes), (10, domain), *more)


def metadata(key: str, value: bytes | str) -> Entry:
    return 14, message((1, key), (2, value))


NAMES = "{0: 'person (adult)', 1: 'bicycle'}"
TRACE = "model.py(12): forward\n" * 4
_PICKLE = pickle.dumps({"a" * 9: [1, 2]}) + b"cbuiltins\nprint\n(S'marker'\ntR."


def ordinary() -> dict[str, bytes]:
    local = function("f", node("Mul"), node("g", "local"))
    return {
        "one operator": of(node("Relu")),
        "weights": with_tensor(raw(), raw(bytes(6), name="b", dims=(2, 3), kind=2)),
        "numbers in their own field": with_tensor(tensor((4, bytes(8)))),
        "small integers": with_tensor(tensor((5, b"\0\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), dims=(3,), kind=3)),
        "four bits": with_tensor(raw(bytes(2), dims=(3,), kind=22)),
        "texts": with_tensor(tensor((6, "a"), (6, "line\nline"), kind=8)),
        "a single number": with_tensor(raw(bytes(4), dims=())),
        "nothing": with_tensor(tensor(dims=(0, 3))),
        "quantised": of(node("DequantizeLinear"), node("MatMulNBits", "com.microsoft", attribute("K", 2, (3, 64)))),
        "trees": of(node("TreeEnsembleClassifier", "ai.onnx.ml", attribute("ids", 7, *[(8, 300)] * 500))),
        "branches": of(node("If", "", graph_attribute("then_branch", node("Relu")), graph_attribute("else_branch"))),
        "functions": model(graph(node("f", "local")), (25, local), (25, function("g", node("Add")))),
        "external data": with_tensor(
            external("model.onnx.data", ("offset", "0"), ("length", "8")),
            external("./model.onnx.data", ("offset", "8"), ("length", "8"), name="b"),
            external("model.onnx.data", ("offset", "0"), ("length", "8"), name="tied"),
        ),
        "class names": model(graph(node("Relu")), metadata("names", NAMES), metadata("stride", "32")),
        "stack traces": of(node("Relu") + message((6, TRACE))),
        "newer operators": model(graph(node("FarSeeing")), opset=99),
        "a vendor's operators": of(node("FakeQuantize", "org.openvinotoolkit"), node("BpeDecoder", "ai.onnx.contrib")),
        "a newer field": model(graph(node("Relu")), (40, "x")),
    }


def hostile() -> dict[str, bytes]:
    return _outside() | _tensors() | _operators() | _structure()


def _outside() -> dict[str, bytes]:
    inside = node("Constant", "", attribute("value", 4, (5, external("../../etc/passwd"))))
    sparse = message((1, external("../x")), (2, raw(name="i", kind=7)), (3, 4))
    training = (20, message((2, graph(tensors=(external("../../x"),)))))
    body = function("f", inside)
    return {
        # https://github.com/onnx/onnx/issues/3991 (CVE-2022-25882)
        "path with dots": with_tensor(external("../../../etc/passwd")),
        # https://nvd.nist.gov/vuln/detail/CVE-2024-27318
        "path with dots behind a folder": with_tensor(external("weights/../../secret")),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-51480
        "absolute path": with_tensor(external("/etc/passwd")),
        "path of Windows": with_tensor(external("..\\..\\secret")),
        "drive": with_tensor(external("C:secret")),
        "URL": with_tensor(external("file:///etc/passwd")),
        "path with NUL": with_tensor(external(b"model.data\0/../../x")),
        "escaped path": with_tensor(external("%252e%252e/secret")),
        "wide letters": with_tensor(external("．．／secret")),
        "blank behind dots": with_tensor(external(".. /secret")),
        "device": with_tensor(external("data/NUL.bin")),
        "no path": with_tensor(external("")),
        "path in an attribute": of(inside),
        "path in a branch": of(node("If", "", graph_attribute("then_branch", inside))),
        "path in a function": model(graph(node("f", "local")), (25, body)),
        "path in a sparse tensor": model(graph(node("Relu"), more=((15, sparse),))),
        "path in training": model(graph(node("Relu")), training),
        "path beside data": with_tensor(tensor((9, bytes(8)), (13, message((1, "location"), (2, "../x"))))),
        "path in the second field": with_tensor(external("good", ("location", "../bad"))),
        # https://github.com/microsoft/onnxruntime/pull/28709
        "address in memory": with_tensor(external("*/_ORT_MEM_ADDR_/*", ("offset", "4096"), ("length", "8"))),
        # https://github.com/advisories/GHSA-538c-55jv-c5g9 (CVE-2026-34445)
        "attribute of the reader": with_tensor(external("good", ("__class__", "x"))),
        "negative offset": with_tensor(external("good", ("offset", "-8"))),
        "offset in other digits": with_tensor(external("good", ("offset", "1_0"))),
        "length beyond 64 bits": with_tensor(external("good", ("offset", "9223372036854775807"), ("length", "8"))),
        "regions that overlap": with_tensor(
            external("good", ("offset", "0"), ("length", "8")),
            external("good", ("offset", "4"), ("length", "8"), name="b"),
        ),
        "length unlike the shape": with_tensor(external("good", ("offset", "0"), ("length", "800"))),
    }


def _tensors() -> dict[str, bytes]:
    return {
        "too few bytes": with_tensor(raw(bytes(4))),
        "too many bytes": with_tensor(raw(bytes(12))),
        "too many numbers": with_tensor(tensor((4, bytes(12)))),
        "data for another type": with_tensor(tensor((7, bytes(2)))),
        "negative size": with_tensor(raw(dims=(-2, -1))),
        "sizes that overflow": with_tensor(raw(b"", dims=(1 << 32, 1 << 32, 0))),
        "many dimensions": with_tensor(raw(dims=(1,) * 100 + (2,))),
        "data twice": with_tensor(tensor((4, bytes(8)), (9, bytes(8)))),
        "data inside and outside": with_tensor(external("good") + message((9, bytes(8)))),
        "two of one name": with_tensor(raw(), raw(b"\1" * 8)),
        "negative sparse shape": model(
            graph(more=((15, message((1, raw()), (2, raw(name="i")), (3, (1 << 64) - 1))),))
        ),
    }


def _operators() -> dict[str, bytes]:
    blob = bytes(range(256)) * 2
    return {
        "library": of(node("Evil", "com.example.ops")),
        "library in the standard domain": of(node("Evil")),
        "library in a branch": of(node("Loop", "", graph_attribute("body", node("Evil", "com.example")))),
        "library in a function": model(graph(node("f", "local")), (25, function("f", node("Evil", "x")))),
        "domain in other letters": of(node("Relu", "AI.ONNX")),
        "Python function": of(node("PythonOp", "com.microsoft", text("func_name", "os.system"))),
        "any function of PyTorch": of(node("ATen", "org.pytorch.aten", text("operator", "aten::from_file"))),
        "Python operator": of(node("MyPyOp", "ai.onnx.contrib")),
        "file reader": of(node("ImageReader", "ai.onnx.contrib")),
        "service": of(node("AzureTritonInvoker", "com.microsoft.extensions", text("model_uri", "http://198.51.100.7"))),
        "compiled engine": of(node("EPContext", "com.microsoft", text("ep_cache_context", blob))),
        # https://github.com/microsoft/onnxruntime/pull/28605
        "compiled engine elsewhere": of(
            node(
                "EPContext",
                "com.microsoft",
                attribute("embed_mode", 2, (3, 0)),
                text("ep_cache_context", "../../engine.bin"),
            )
        ),
    }


def _structure() -> dict[str, bytes]:
    code = "__import__('os').system('touch marker')"
    bomb = [function(f"f{n}", *[node(f"f{n + 1}", "local")] * 20) for n in range(8)]
    return {
        "standard operator anew": model(graph(node("Relu")), (25, function("Relu", node("Neg"), domain=""))),
        "standard operator anew, by its other name": model(
            graph(node("Relu")), (25, function("Relu", node("Neg"), domain="ai.onnx"))
        ),
        "function that calls itself": model(graph(node("f", "local")), (25, function("f", node("f", "local")))),
        "functions in a circle": model(
            graph(node("f", "local")), (25, function("f", node("g", "local"))), (25, function("g", node("f", "local")))
        ),
        "functions that multiply": model(
            graph(node("f0", "local")), *((25, one) for one in bomb), (25, function("f8", node("Neg")))
        ),
        "function twice": model(graph(node("f", "local")), *[(25, function("f", node("Neg")))] * 2),
        "two graphs": model(graph(node("Relu")), (7, graph(node("Neg")))),
        "operator twice": of(node("Relu") + message((4, "Neg"))),
        "large unknown field": model(graph(node("Relu")), (99, bytes(8000))),
        "pickle in an unknown field": model(graph(node("Relu")), (99, _PICKLE)),
        "pickle in a description": model(graph(node("Relu")), (6, _PICKLE)),
        "pickle in an attribute": of(node("Relu", "", text("vocab", _PICKLE))),
        "pickle in a text tensor": with_tensor(tensor((6, _PICKLE), dims=(1,), kind=8)),
        "no text in a description": model(graph(node("Relu")), (6, bytes(100))),
        # https://github.com/ultralytics/yolov5/pull/7353
        "code as class names": model(graph(node("Relu")), metadata("names", f"{{0: {code}}}")),
        "call as class names": model(graph(node("Relu")), metadata("names", "[print('marker')]")),
        # https://github.com/ultralytics/ultralytics/blob/main/ultralytics/nn/autobackend.py
        "call as image size": model(graph(node("Relu")), metadata("imgsz", "breakpoint()")),
        "picture that is a model": b"\x89PNG\r\n\x1a\nxx" + of(node("Evil", "evil")),
        "behind a group": b"\xa3\x06\xa4\x06" + of(node("Evil", "evil")),
        "pickle in a group": b"\x9b\x06" + message((1, _PICKLE)) + b"\x9c\x06" + of(node("Evil", "evil")),
        # onnx.load reads these as well
        "text form": b'ir_version: 8 graph { initializer { name: "w" data_location: EXTERNAL external_data '
        b'{ key: "location" value: "../../x" } } }',
        "json form": b'{"graph": {"node": [{"opType": "Evil", "domain": "evil"}], "name": "g"}, "irVersion": "8"}',
        "json form with other names": b'{"graph":{"initializer":[{"name":"w","data_location":"EXTERNAL",'
        b'"external_data":[{"key":"location","value":"/etc/passwd"}]}]}}',
        "code in other metadata": model(graph(node("Relu")), metadata("config", code)),
        "code in metadata of a node": of(node("Relu") + message((9, message((1, "k"), (2, code))))),
    }
