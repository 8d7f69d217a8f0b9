from __future__ import annotations

import json
from typing import Any

import pytest

from modelward.checks.scan.model import FileScan, TreeFinding
from modelward.checks.scan.trees.notes import Notes, Shards
from modelward.checks.scan.trees.rules_shards import SHARD_ESCAPE, UNLISTED_SHARD, examine_shards
from modelward.checks.scan.trees.shards import shards_named_in
from modelward.checks.scan.trees.tree import Tree
from modelward.core.finding import Finding, Unexamined
from modelward.formats.json_tree import LARGEST
from modelward.formats.source import BytesSource

SHARD = FileScan(("safetensors",), (), (), 1, 1)
WINDOW = 1 << 18


def index(*names: str, **metadata: Any) -> bytes:
    return json.dumps({"metadata": metadata, "weight_map": {f"w{n}": name for n, name in enumerate(names)}}).encode()


def shards(raw: bytes) -> Shards:
    return shards_named_in(BytesSource(raw))


def examine(files: list[str], **indexes: bytes) -> list[TreeFinding]:
    notes = {path.replace("__", "/") + ".json": Notes(shards=shards(raw)) for path, raw in indexes.items()}
    return list(examine_shards(Tree(dict.fromkeys((*files, *notes), SHARD), notes, {})))


def test_the_names_of_an_index_are_those_of_its_map() -> None:
    assert shards(index("b.safetensors", "a.safetensors", format="pt", version="4.57.1")).names == (
        "a.safetensors",
        "b.safetensors",
    )
    assert shards(b'{"model_type": "x"}') == Shards()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"weight\\u005fmap": {"w": "a"}}',
        b'{"weight_map": {"w": "\\u0061"}}',
        b'{"weight_map": {}, "weight_map": {"w": "a"}}',
        b'{"weight_map": {"w": "a"}, "weight_map": {}}',
        b'{"weight_map" \n: {"w": ["a"]}}',
    ],
)
def test_spellings(raw: bytes) -> None:
    assert shards(raw).names == ("a",)


def test_what_cannot_be_read_is_a_problem() -> None:
    assert shards(b'{"weight_map": {"w": "a"').problem
    assert shards(index(*[f"{n}.bin" for n in range(10_001)])).problem
    assert shards(index("x" * 100_000)).problem


@pytest.mark.parametrize("at", [0, WINDOW - 30, WINDOW - 5, LARGEST])
def test_a_large_index_is_read_as_it_passes(at: int) -> None:
    raw = b"{" + b" " * at + index("a.bin", "b\\c.bin")[1:-1] + b" " * LARGEST + b"}"
    assert shards(raw).names == ("a.bin", "b\\\\c.bin")


def test_a_large_index_with_a_text_that_is_no_name_is_a_problem() -> None:
    assert shards(index("x" * LARGEST, "a.bin")).problem


def test_all_shards_there() -> None:
    files = ["m/model-00001-of-00002.safetensors", "m/model-00002-of-00002.safetensors", "m/other.safetensors"]
    assert examine(files, m__i=index("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")) == []


def test_a_shard_that_is_not_there_is_a_gap() -> None:
    (gap,) = examine(
        ["model-00001-of-00002.safetensors"], i=index(*[f"model-0000{n}-of-00002.safetensors" for n in (1, 2)])
    )
    assert isinstance(gap.said, Unexamined)
    assert "model-00002-of-00002.safetensors" in gap.said.why


@pytest.mark.parametrize("name", ["model-00003-of-00002.safetensors", "model-00002-of-00009.safetensors"])
def test_a_shard_that_no_index_names(name: str) -> None:
    (found,) = examine(["model-00001-of-00001.safetensors", name], i=index("model-00001-of-00001.safetensors"))
    assert isinstance(found.said, Finding)
    assert (found.path, found.said.rule) == (name, UNLISTED_SHARD)


def test_shards_without_an_index_say_nothing() -> None:
    assert examine(["model-00001-of-00002.gguf"]) == []


@pytest.mark.parametrize(
    "name",
    [
        "/etc/x.bin",
        "../x.bin",
        "a/../../x.bin",
        "a\\..\\..\\x.bin",
        "\\\\host\\x",
        "C:\\x.bin",
        "https://a/x",
        "file:x",
        "\0",
    ],
)
def test_a_shard_elsewhere(name: str) -> None:
    (found,) = examine([], i=index(name))
    assert isinstance(found.said, Finding)
    assert found.said.rule == SHARD_ESCAPE
