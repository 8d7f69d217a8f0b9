"""Models of TensorFlow Lite and programs of ExecuTorch, a few hundred bytes each."""

from __future__ import annotations

import struct

from tests.corpus.flatbuffer import Numbers, Scalar, Table, Value, build, i32, i32s, u8, u64

WEIGHTS = struct.pack("<6f", *range(6))


def code(builtin: int = 9, custom: str = "") -> Table:
    fields: dict[int, Value] = {0: Scalar("b", min(builtin, 127)), 3: i32(builtin)}
    return Table(fields | {1: custom} if custom else fields)


def tensor(sizes: tuple[int, ...] = (2, 3), buffer: int = 1, kind: int = 0) -> Table:
    return Table({0: i32s(*sizes), 1: Scalar("b", kind), 2: Scalar("I", buffer), 3: "weights"})


def operator(
    index: int = 0, inputs: tuple[int, ...] = (0, -1), outputs: tuple[int, ...] = (1,), **more: Value
) -> Table:
    """*more*: f5 is a vector of options, f9 and f10 their place behind the model."""
    fields: dict[int, Value] = {0: Scalar("I", index), 1: i32s(*inputs), 2: i32s(*outputs)}
    return Table(fields | {int(name[1:]): value for name, value in more.items()})


def subgraph(tensors: list[Table] | None = None, operators: list[Table] | None = None, outputs: int = 1) -> Table:
    return Table(
        {
            0: [tensor(), tensor(buffer=0)] if tensors is None else tensors,
            1: i32s(0),
            2: i32s(outputs),
            3: [operator()] if operators is None else operators,
            4: "main",
        }
    )


def model(
    codes: list[Table] | None = None,
    graphs: list[Table] | None = None,
    buffers: list[Table] | None = None,
    **more: Value,
) -> bytes:
    fields: dict[int, Value] = {
        0: Scalar("I", 3),
        1: [code()] if codes is None else codes,
        2: [subgraph()] if graphs is None else graphs,
        3: "a model",
        4: [Table(), Table({0: WEIGHTS})] if buffers is None else buffers,
    }
    return build(Table(fields | {int(name[1:]): value for name, value in more.items()}), b"TFL3")


def custom(name: str, options: bytes = b"") -> bytes:
    return model([code(32, name)], [subgraph(operators=[operator(f5=options)])])


def flex_options(name: str, node: bytes) -> bytes:
    """A FlexBuffer: a vector of two texts, everything with 4 bytes for a number."""
    out = bytearray()
    places = []
    for one in (name.encode(), node):
        out += bytes(-len(out) % 4) + struct.pack("<I", len(one))
        places.append(len(out))
        out += one + b"\0"
    out += bytes(-len(out) % 4) + struct.pack("<I", 2)
    vector = len(out)
    for place in places:
        out += struct.pack("<I", len(out) - place)
    out += bytes([5 << 2 | 2] * 2)
    out += bytes(-len(out) % 4)
    return bytes(out + struct.pack("<I", len(out) - vector) + bytes([10 << 2 | 2, 4]))


def program(
    operators: tuple[str, ...] = ("aten::add",),
    delegates: tuple[str, ...] = ("XnnpackBackend",),
    segments: tuple[tuple[int, int], ...] = ((0, 16),),
    arguments: tuple[int, ...] = (0, 1),
    data: bytes = bytes(range(1, 17)),
    operator: int = 0,
    header: bool = True,
) -> bytes:
    call = Table({0: u8(1), 1: Table({0: i32(operator), 1: i32s(*arguments)})})
    plan = Table(
        {
            0: "forward",
            2: [Table({0: u8(2), 1: Table({0: u64(1)})}), Table()],
            3: i32s(0),
            4: i32s(1),
            5: [Table({2: [call]})],
            6: [Table({0: one, 1: "out"}) for one in operators],
            7: [Table({0: one, 1: Table({0: u8(1), 1: Scalar("I", 0)})}) for one in delegates],
        }
    )
    root = Table(
        {
            1: [plan],
            4: [Table({0: u64(start), 1: u64(size)}) for start, size in segments],
            5: Table({0: Scalar("I", 0), 1: Numbers("Q", (0,))}),
        }
    )
    # zeros, so that the first byte is no digit: a file cut to that would be JSON
    size = len(build(root, b"ET12", bytes(48)))
    base = -(-size // 16) * 16
    extended = (b"eh00" + struct.pack("<IQQ", 24, size, base) if header else b"").ljust(48, b"\0")
    return build(root, b"ET12", extended).ljust(base, b"\0") + data
