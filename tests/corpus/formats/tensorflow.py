"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.protobuf import message, varint
from tests.corpus.tensorflow import (
    HEADER,
    INPUT,
    SAVER,
    TRACED,
    asset,
    constant,
    entry,
    function,
    function_of,
    graph,
    meta_graph,
    node,
    record,
    saved_model,
    table,
    text,
)

PATH = constant("path", "/tmp/mark")
WRITE = (PATH, INPUT, node("write", "WriteFile", "path", "x"))
KERAS = '{"class_name": "Dense", "module": "keras.layers", "config": {"units": 2}}'


def _user_object(metadata: str) -> tuple[int, bytes]:
    item = message((1, "_tf_keras_layer"), (3, metadata))
    return 7, message((1, message((4, item))))


def _keras_metadata(metadata: str) -> bytes:
    return message((1, message((2, 0), (3, "root"), (4, "_tf_keras_model"), (5, metadata))))


def ordinary() -> dict[str, bytes]:
    lookup = function("look", ("asset",), node("t", "InitializeTableFromTextFileV2", "table:0", "asset"))
    v1_saver = (
        constant("save/Const", "model"),
        node("save/filename", "PlaceholderWithDefault", "save/Const"),
        constant("save/part", "_temp_0123/part"),
        node("save/StringJoin", "StringJoin", "save/filename", "save/part"),
        node("save/SaveV2", "SaveV2", "save/StringJoin", "names"),
        node("save/RestoreV2", "RestoreV2", "save/filename", "names"),
    )
    asset_path = constant("asset", "/home/me/vocab.txt")
    return {
        "saved-model": saved_model(INPUT, *SAVER, functions=TRACED),
        "saved-model-of-tensorflow-1": saved_model(INPUT, *v1_saver),
        "asset-of-tensorflow-1": saved_model(
            asset_path,
            node("t", "InitializeTableFromTextFileV2", "table", "asset"),
            more=(asset("asset:0", "vocab.txt"),),
        ),
        "asset-of-tensorflow-2": saved_model(INPUT, *SAVER, functions=(*TRACED, lookup)),
        "call-by-name": saved_model(INPUT, node("y", "double", "x"), functions=(function("double", ("x",), INPUT),)),
        "table-of-an-asset-from-the-graph": saved_model(
            constant("asset", "/home/me/vocab.txt"),
            node("variable", "VarHandleOp"),
            node("assign", "AssignVariableOp", "variable", "asset"),
            node("read", "ReadVariableOp", "variable", "^assign"),
            node("c", "StatefulPartitionedCall", "read", f=function_of("look")),
            functions=(lookup,),
            more=(asset("asset:0", "vocab.txt"),),
        ),
        "words-of-a-table-beside-an-asset": saved_model(
            INPUT,
            *SAVER,
            constant("words", ".", "/", "../x"),
            functions=(*TRACED, lookup),
            more=((7, message((1, message((9, message((1, "words"))))))),),
        ),
        "frozen": graph(INPUT, node("y", "Relu", "x")),
        "meta": meta_graph(graph(INPUT, node("assert", "Assert", "x"))),
        "print": saved_model(INPUT, node("p", "PrintV2", "x", output_stream=text("stderr"))),
        "cache-in-memory": saved_model(INPUT, constant("none", ""), node("c", "CacheDatasetV2", "x", "none")),
        "library-operator": saved_model(INPUT, node("y", "CaseFoldUTF8", "x")),
        "keras-in-graph": saved_model(INPUT, more=(_user_object(KERAS),)),
        "keras-metadata": _keras_metadata(KERAS),
        "fingerprint": message(
            *[(number, 0x0123456789ABCDEF + number) for number in range(1, 6)], (6, message((1, 1)))
        ),
        "checkpoint": table([HEADER, (b"a", entry()), (b"b", entry(offset=24))], blocks=2),
        "checkpoint-with-texts": table([HEADER, (b"g", message((1, 7), (2, b""), (5, 100)))]),
        "records": b"".join(record(message((1, b"example"))) for _ in range(3)),
        "text-form": b'# frozen\nnode {\n  name: "x"\n  op: "Placeholder"\n}\nversions { producer: 21 }\n',
        "text-form-of-media-pipe": b'node {\n  name: "a"\n  calculator: "GateCalculator"\n}\ninput_stream: "in"\n',
        "another-text-form": b'node {\n  calculator: "PassThrough"\n  input_stream: "in"\n}\n',
    }


def _calls(name: str, path: str = "path") -> bytes:
    return node("c", "PartitionedCall", path, f=function_of(name))


_MODEL = ((2, meta_graph(graph(*WRITE))),)


def hostile() -> dict[str, bytes]:
    in_function = (function("inner", (), *WRITE),)
    call = node("call", "StatefulPartitionedCall", f=function_of("inner"))
    saving = function("evil", ("x",), PATH, node("s", "SaveV2", "path", "x", "x"))
    given = function("evil", ("x",), node("s", "SaveV2", "x", "x", "x"))
    outer = function("outer", ("x",), node("c", "PartitionedCall", "x", f=function_of("evil")))
    table_of = function("look", ("asset",), node("t", "InitializeTableFromTextFileV2", "table:0", "asset"))
    captured = (7, message((1, message((9, message((1, "path")))))))
    exposed = (7, message((2, message((1, "evil"), (2, b"")))))
    node_twice = message((1, "write"), (2, "WriteFile"), (2, "Identity"), (3, "path"))
    return {
        "write": saved_model(*WRITE),
        "write-in-function": saved_model(call, functions=in_function),
        "write-in-frozen-graph": graph(*WRITE),
        "write-in-meta-graph": meta_graph(graph(*WRITE)),
        "write-in-second-meta-graph": message((1, 1), *[(2, meta_graph(graph(*one))) for one in ((INPUT,), WRITE)]),
        "write-in-second-graph": message((1, 1), (2, message((2, graph(INPUT)), (2, graph(*WRITE))))),
        "write-before-version": message((2, meta_graph(graph(*WRITE))), (1, 1)),
        "write-behind-library": message((2, message((1, function("f", ("x",), INPUT)))), (1, WRITE[2])),
        "write-with-long-tags": b"".join(b"\x8a\x80\x00" + varint(len(one)) + one for one in (INPUT, *WRITE)),
        "operator-twice": saved_model(PATH, node_twice),
        "read": saved_model(constant("path", "/etc/passwd"), node("read", "ReadFile", "path")),
        "list": saved_model(PATH, node("m", "MatchingFiles", "path")),
        "python": saved_model(INPUT, node("py", "PyFunc", "x", token=text("pyfunc_0"))),
        "python-stateless": saved_model(INPUT, node("py", "PyFuncStateless", "x", token=text("pyfunc_0"))),
        "python-eager": saved_model(INPUT, node("py", "EagerPyFunc", "x", token=text("pyfunc_0"))),
        "dump-by-attribute": saved_model(INPUT, node("d", "DumpTensor", "x", log_dir_path=text("/tmp"))),
        "print-to-file": saved_model(INPUT, node("p", "PrintV2", "x", output_stream=text("file:///tmp/mark"))),
        "print-twice": saved_model(
            message(
                (1, "p"),
                (2, "PrintV2"),
                *[(5, message((1, "output_stream"), (2, text(one)))) for one in ("stderr", "file:///m")],
            )
        ),
        "debug-url": saved_model(
            INPUT, node("d", "DebugIdentity", "x", debug_urls=message((1, message((2, "grpc://h:1")))))
        ),
        "cache-in-file": saved_model(INPUT, PATH, node("c", "CacheDataset", "x", "path")),
        "cache-in-computed-file": saved_model(INPUT, node("c", "CacheDataset", "x", "y")),
        "memory-mapped-file": saved_model(node("i", "ImmutableConst", memory_region_name=text("/etc/passwd"))),
        "network": saved_model(INPUT, node("d", "DataServiceDatasetV4", "x", "x", "path", "x")),
        "end-of-process": saved_model(node("a", "Abort")),
        "graph-from-data": saved_model(constant("g", graph(*WRITE)), node("d", "DatasetFromGraph", "g")),
        "hidden-graph": saved_model(constant("g", graph(*WRITE, node("n" * 300, "NoOp")))),
        "native-call": saved_model(INPUT, node("c", "XlaCustomCallV2", "x", call_target_name=text("f"))),
        "unknown-operator": saved_model(INPUT, node("y", "OpOfMyOwn", "x")),
        "checkpoint-to-path": saved_model(*SAVER, functions=(*TRACED, saving)),
        "checkpoint-in-graph": saved_model(PATH, node("s", "SaveV2", "path", "x", "x")),
        "checkpoint-to-default": saved_model(
            PATH, node("p", "PlaceholderWithDefault", "path"), node("s", "SaveV2", "p", "x", "x")
        ),
        "checkpoint-to-computed-path": saved_model(
            constant("b", "L3RtcA"), node("d", "DecodeBase64", "b"), node("s", "SaveV2", "d", "x", "x")
        ),
        "checkpoint-by-caller": saved_model(
            *SAVER, PATH, node("c", "PartitionedCall", "path", f=function_of("evil")), functions=(*TRACED, given)
        ),
        "checkpoint-by-callers": saved_model(
            *SAVER,
            PATH,
            node("c", "PartitionedCall", "path", f=function_of("outer")),
            functions=(*TRACED, given, outer),
        ),
        "checkpoint-by-name": saved_model(*SAVER, PATH, node("c", "evil", "path"), functions=(*TRACED, given)),
        "checkpoint-by-object": saved_model(*SAVER, functions=(*TRACED, given), more=(exposed,)),
        "saver-without-placeholder": saved_model(constant("saver_filename", "/tmp/mark"), *SAVER[1:], functions=TRACED),
        "asset-escape": saved_model(INPUT, more=(asset("path:0", "../../../etc/passwd"),)),
        "absolute-asset": saved_model(INPUT, more=(asset("path:0", "/etc/passwd"),)),
        "table-of-any-file": saved_model(PATH, node("t", "InitializeTableFromTextFileV2", "table", "path")),
        "table-of-captured-path": saved_model(*SAVER, PATH, functions=(*TRACED, table_of), more=(captured,)),
        "two-functions-of-a-name": saved_model(INPUT, functions=(function("f", (), INPUT), function("f", (), INPUT))),
        "checkpoint-size": table([HEADER, (b"a", entry(size=4))]),
        "checkpoint-offset": table([HEADER, (b"a", entry(offset=(1 << 64) - 8))]),
        "checkpoint-overlap": table([HEADER, (b"a", entry()), (b"b", entry(offset=4))]),
        "checkpoint-shard": table([HEADER, (b"a", entry(shard=3))]),
        # a reader of messages takes fields in any order, and passes over those that it does not know
        "picture-that-is-a-graph": b"\x89PNG\r\n\x1a\nxx" + saved_model(*WRITE),
        "behind-nodes-of-another-message": message(*((1, node(f"n{at}", "NoOp")) for at in range(80)), *_MODEL),
        "behind-other-meta-graphs": message(*((2, meta_graph(graph(INPUT))) for _ in range(40)), *_MODEL),
        "behind-pieces-of-a-tokenizer": message(*((1, b"\x0a\1p\x15\0\0\x80?") for _ in range(80)), *_MODEL),
        "in-front-of-a-model": message(
            *((1, message((1, "n"), (2, "f"), (9, "x"))) for _ in range(20)),
            *((1, one) for one in WRITE),
            (2, meta_graph(graph(INPUT))),
        ),
        "description-from-a-file": graph(INPUT, node("d", "DecodeProtoV2", "x", descriptor_source=text("/etc/x"))),
        "table-of-a-path-from-the-graph": saved_model(*SAVER, PATH, _calls("look"), functions=(*TRACED, table_of)),
        "table-of-a-path-through-functions": saved_model(
            *SAVER,
            PATH,
            _calls("outer"),
            functions=(*TRACED, table_of, function("outer", ("p",), _calls("look", "p"))),
        ),
        "text-form-with-a-mark": b'\xef\xbb\xbfnode { name: "w" op: "WriteFile" }',
        "text-form": b'node { name: "w" op : "Wri" \'teFile\' input: "path" }',
        "text-form-with-escapes": b'library < function < node_def: [ { op: "\\x50y\\106unc" } ] > >',
        "text-form-behind-comments": b"#" + b" " * 2000 + b"\nmeta_graphs{graph_def{node{op:'ReadFile'}}}",
    }
