"""TensorFlow's messages, put together field by field."""

from __future__ import annotations

import struct

from tests.corpus.protobuf import message, varint

from modelward.formats.tfrecord import masked_crc


def attr(name: str, value: bytes) -> tuple[int, bytes]:
    return 5, message((1, name), (2, value))


def text(value: str | bytes) -> bytes:
    """AttrValue of one text."""
    return message((2, value))


def function_of(name: str) -> bytes:
    """AttrValue of a function."""
    return message((10, message((1, name))))


def node(name: str, operator: str, *inputs: str, **attributes: bytes) -> bytes:
    fields = [(3, one) for one in inputs] + [attr(key, value) for key, value in attributes.items()]
    return message((1, name), (2, operator), *fields)


def constant(name: str, *values: str | bytes) -> bytes:
    """A Const of texts."""
    tensor = message((1, 7), (2, b""), *[(8, value) for value in values])
    return node(name, "Const", dtype=message((6, 7)), value=message((8, tensor)))


def function(name: str, arguments: tuple[str, ...], *nodes: bytes) -> bytes:
    signature = message((1, name), *[(2, message((1, one))) for one in arguments])
    return message((1, signature), *[(3, one) for one in nodes])


def graph(*nodes: bytes, functions: tuple[bytes, ...] = ()) -> bytes:
    library = [(2, message(*[(1, one) for one in functions]))] if functions else []
    return message(*[(1, one) for one in nodes], *library, (4, message((1, 21))))


def meta_graph(graph_def: bytes, *more: tuple[int, bytes]) -> bytes:
    """*more*: asset_file_def is 6, object_graph_def 7."""
    saver = message((1, "saver_filename:0"), (2, "StatefulPartitionedCall:0"), (3, "StatefulPartitionedCall_1"))
    return message((1, message((4, "serve"), (5, "2.13.0"))), (2, graph_def), (3, saver), *more)


def saved_model(*nodes: bytes, functions: tuple[bytes, ...] = (), more: tuple[tuple[int, bytes], ...] = ()) -> bytes:
    return message((1, 1), (2, meta_graph(graph(*nodes, functions=functions), *more)))


def asset(tensor: str, filename: str) -> tuple[int, bytes]:
    return 6, message((1, message((1, tensor))), (2, filename))


INPUT = node("x", "Placeholder", dtype=message((6, 1)))

# What every SavedModel has
SAVER = (
    node("saver_filename", "Placeholder"),
    node("StatefulPartitionedCall", "StatefulPartitionedCall", "saver_filename", f=function_of("traced_save")),
    node("StatefulPartitionedCall_1", "StatefulPartitionedCall", "saver_filename", f=function_of("traced_restore")),
)
TRACED = (
    function(
        "traced_save",
        ("file_prefix",),
        constant("Const", "_temp/part"),
        constant("names", "v"),
        node("Select", "Select", "cond:output:0", "Const:output:0", "Const:output:0"),
        node("StringJoin", "StringJoin", "file_prefix", "Select:output:0"),
        node("ShardedFilename", "ShardedFilename", "StringJoin:output:0", "shard:output:0", "num_shards:output:0"),
        node("SaveV2", "SaveV2", "ShardedFilename:filename:0", "names:output:0", "names:output:0"),
        node("MergeV2Checkpoints", "MergeV2Checkpoints", "prefixes:output:0", "file_prefix", "^SaveV2"),
    ),
    function(
        "traced_restore",
        ("file_prefix",),
        constant("names", "v"),
        node("RestoreV2", "RestoreV2", "file_prefix", "names:output:0", "names:output:0"),
    ),
)


def table(entries: list[tuple[bytes, bytes]], blocks: int = 1, compression: int = 0) -> bytes:
    """A table of LevelDB: its entries in so many blocks."""
    out, handles = b"", []
    step = max(1, -(-len(entries) // blocks))
    for first in range(0, len(entries), step):
        part = entries[first : first + step]
        block = _block(part)
        handles.append((part[-1][0], varint(len(out)) + varint(len(block))))
        out += block + bytes([compression]) + bytes(4)
    meta = varint(len(out)) + varint(8)
    out += _block([]) + bytes(5)
    index = _block(handles)
    place = varint(len(out)) + varint(len(index))
    out += index + bytes(5)
    return out + (meta + place).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def _block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """Keys that share nothing."""
    out = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in entries)
    return out + struct.pack("<II", 0, 1)


def shape(*sizes: int) -> bytes:
    return message(*[(2, message((1, size))) for size in sizes])


def entry(shard: int = 0, offset: int = 0, size: int = 24, sizes: tuple[int, ...] = (2, 3)) -> bytes:
    """BundleEntryProto of float32."""
    return message((1, 1), (2, shape(*sizes)), (3, shard), (4, offset), (5, size))


HEADER = (b"", message((1, 1), (3, message((1, 1)))))


def record(content: bytes) -> bytes:
    """Of a TFRecord file, its content without a checksum."""
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", masked_crc(length)) + content + bytes(4)
