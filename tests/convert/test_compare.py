"""The comparator notices whatever a converter could get wrong."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import pytest
from tests.convert.assembled import floats, storage, tensor, torch_zip
from tests.corpus.opcodes import build, mapping, name, new, number

from modelward.checks.build.compare import compare
from modelward.checks.build.expected import Unequal
from modelward.core.limits import Limits
from modelward.formats.source import BytesSource

NUMBERS = floats(0.0, -0.0, math.nan, 4)
GIVEN = torch_zip(
    mapping(a=tensor(storage("0", 4), (2, 2), (1, 2)), b=tensor(storage("0", 4), (1,), (1,), 3), n=number(1)),
    {"0": NUMBERS},
)
A = floats(0.0, math.nan, -0.0, 4)
ENTRIES: dict[str, Any] = {
    "__metadata__": {"format": "pt"},
    "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
    "b": {"dtype": "F32", "shape": [1], "data_offsets": [16, 20]},
}


def made(entries: dict[str, Any], data: bytes) -> bytes:
    head = json.dumps(entries).encode()
    return struct.pack("<Q", len(head)) + head + data


def run(entries: dict[str, Any], data: bytes = A + floats(4), left_out: tuple[str, ...] = ()) -> None:
    compare(BytesSource(GIVEN), BytesSource(made(entries, data)), left_out, Limits())


def test_equal_sides_are_equal() -> None:
    run(ENTRIES)


def renamed(entries: dict[str, Any]) -> None:
    entries["c"] = entries.pop("b")


def dropped(entries: dict[str, Any]) -> None:
    del entries["a"]
    entries["b"]["data_offsets"] = [0, 4]


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another name": renamed,
    "another shape": lambda entries: entries["a"].update(shape=[4]),
    "another type": lambda entries: entries["a"].update(dtype="I32"),
    "another text beside": lambda entries: entries["__metadata__"].update(note="x"),
    "no format": lambda entries: entries.pop("__metadata__"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_header_that_differs(what: str) -> None:
    entries = json.loads(json.dumps(ENTRIES))
    CHANGES[what](entries)
    with pytest.raises(Unequal):
        run(entries)


def test_a_tensor_that_is_missing_must_be_named() -> None:
    entries = json.loads(json.dumps(ENTRIES))
    dropped(entries)
    with pytest.raises(Unequal, match="missing"):
        run(entries, floats(4))
    run(entries, floats(4), ("a",))


@pytest.mark.parametrize(
    "data",
    [
        floats(-0.0, math.nan, -0.0, 4, 4),
        floats(0.0, math.nan, 0.0, 4, 4),
        A[:4] + struct.pack("<I", 0x7FC00001) + A[8:] + floats(4),
        floats(0.0, -0.0, math.nan, 4, 4),
        A + floats(5),
        A + floats(4) + b"x",
        A + floats(4)[:3],
    ],
    ids=["minus zero", "plus zero", "payload", "not turned", "last", "longer", "shorter"],
)
def test_bytes_that_differ(data: bytes) -> None:
    with pytest.raises(Unequal):
        run(ENTRIES, data)


@pytest.mark.parametrize("bit", range(0, 20 * 8, 7))
def test_every_flipped_bit_is_seen(bit: int) -> None:
    data = bytearray(A + floats(4))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unequal):
        run(ENTRIES, bytes(data))


def test_modules_are_walked_alike() -> None:
    linear = build(
        new(name("torch.nn", "Linear")),
        mapping(_parameters=mapping(w=tensor(storage("0", 4), (4,), (1,))), _modules=mapping()),
    )
    source = BytesSource(torch_zip(linear, {"0": NUMBERS}))
    entries = {"__metadata__": {"format": "pt"}, "w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    (proved,) = compare(source, BytesSource(made(entries, NUMBERS)), (), Limits())
    assert proved.name == "w"


def test_nothing_of_the_converter_is_used() -> None:
    import subprocess
    import sys

    program = "import sys, modelward.checks.build.compare; print([n for n in sys.modules if 'formats.tensors' in n])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"[]\n"
