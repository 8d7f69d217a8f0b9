"""https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs"""

from __future__ import annotations

import io
import zipfile

from tests.corpus.flatbuffer import Table, i32, i32s, u8, u64
from tests.corpus.tensorflow import node, text
from tests.corpus.tflite import WEIGHTS, code, custom, flex_options, model, operator, subgraph, tensor


def _flex(outside: str, inside: bytes) -> bytes:
    return custom(f"Flex{outside}", flex_options(outside, inside))


def _with_labels(data: bytes) -> bytes:
    """As the metadata tools do it: the archive counts from the start of the file."""
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(zipfile.ZipInfo("labels.txt"), "cat\ndog\n")
    return file.getvalue()


def ordinary() -> dict[str, bytes]:
    behind = [Table(), Table({1: u64(1024), 2: u64(24)})]
    loop = operator(f3=u8(93), f4=Table({0: i32(1), 1: i32(1)}))
    return {
        "dense": model(),
        "detection": custom("TFLite_Detection_PostProcess"),
        "custom": custom("MyFastAttention"),
        "flex": _flex("MatrixInverse", node("", "MatrixInverse", "", T=text("x"))),
        "loop": model([code(119)], [subgraph(operators=[loop]), subgraph()]),
        "weights-behind": model(buffers=behind).ljust(1024, b"\0") + WEIGHTS,
        "labels": _with_labels(model()),
        "signature": model(f7=[Table({0: [Table({0: "x", 1: i32(0)})], 2: "serving_default", 4: i32(0)})]),
    }


def hostile() -> dict[str, bytes]:
    return {
        "flex-write": _flex("WriteFile", node("", "WriteFile", "", "")),
        "flex-other-node": _flex("Relu", node("", "WriteFile", "", "")),
        "flex-python": _flex("EagerPyFunc", node("", "EagerPyFunc", "", token=text("f"))),
        "flex-without-node": custom("FlexReadFile"),
        # https://nvd.nist.gov/vuln/detail/CVE-2020-15211
        "negative-output": model(graphs=[subgraph(operators=[operator(outputs=(-1,))])]),
        "input-index": model(graphs=[subgraph(operators=[operator(inputs=(7,))])]),
        "most-negative-input": model(graphs=[subgraph(operators=[operator(inputs=(-2,))])]),
        "code-index": model(graphs=[subgraph(operators=[operator(3)])]),
        "buffer-index": model(graphs=[subgraph([tensor(buffer=9), tensor(buffer=0)])]),
        "graph-index": model(
            [code(119)], [subgraph(operators=[operator(f3=u8(93), f4=Table({0: i32(0), 1: i32(8)}))])]
        ),
        "graph-output": model(graphs=[subgraph(outputs=5)]),
        "metadata-index": model(f6=[Table({0: "m", 1: i32(99)})]),
        "metadata-buffers": model(f5=i32s(0, 70)),
        "large-shape": model(graphs=[subgraph([tensor((1 << 16, 1 << 14)), tensor(buffer=0)])]),
        "negative-shape": model(graphs=[subgraph([tensor((-2, -3)), tensor(buffer=0)])]),
        "buffer-outside": model(buffers=[Table(), Table({1: u64(1 << 40), 2: u64(24)})]),
        "root-outside": b"\xff\xff\xff\x7f" + model()[4:],
        "shared-buffers": model(buffers=[Table({1: u64(64), 2: u64(24)}), Table({1: u64(70), 2: u64(24)})]),
        "weights-elsewhere": model(f8=[Table({0: "../../etc/passwd"})]),
    }
