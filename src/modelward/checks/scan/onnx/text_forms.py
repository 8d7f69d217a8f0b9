"""ONNX models in their text forms, which onnx.load reads as well as the binary one.

https://github.com/onnx/onnx/blob/main/onnx/serialization.py
"""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.onnx.rules_onnx import examine_onnx
from modelward.core.artifact import Source
from modelward.formats.json_tree import Value
from modelward.formats.onnx_json import is_model, to_binary
from modelward.formats.source import BytesSource


def judge_document(body: Value, here: Here) -> Iterator[Said]:
    """A JSON document that is a model is examined in its binary form. Its places are those of that form."""
    if is_model(body):
        yield from examine_onnx(BytesSource(to_binary(body)), here.into("<model>"))


def examine_onnx_syntax(source: Source, here: Here) -> Iterator[Said]:
    """https://github.com/onnx/onnx/blob/main/docs/Syntax.md"""
    yield here.unexamined("an ONNX model in the syntax of its own: recognised, but not read by this version", 0)
