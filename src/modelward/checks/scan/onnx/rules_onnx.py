"""ONNX: what is hidden between the fields of a model, or there twice.

Operators and functions are judged in rules_onnx_graph.py, tensors in rules_onnx_tensors.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import chain

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.onnx.rules_onnx_graph import Graph
from modelward.checks.scan.onnx.rules_onnx_tensors import Tensors
from modelward.checks.scan.texts.code import reads_as_code
from modelward.checks.scan.texts.inner import is_binary, may_be_file
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.onnx import read_onnx
from modelward.formats.onnx_parts import (
    SHORT,
    Function,
    Gap,
    Metadata,
    Node,
    Odd,
    Opset,
    Part,
    Span,
    Sparse,
    Tensor,
    Text,
)
from modelward.formats.protobuf import BYTES, GROUP
from modelward.formats.source import Slice

_IR = "https://github.com/onnx/onnx/blob/main/docs/IR.md"
_PROTOBUF = "https://protobuf.dev/programming-guides/encoding/#last-one-wins"
_AGAIN = "Download it again and compare its sha256."
_DO = "Do not use this file; get it again from its publisher, or have it exported again."

DUPLICATE_NAME = Rule(
    "onnx-duplicate-name",
    Severity.MEDIUM,
    "two tensors of a graph have one name",
    "One reader takes the first and another the last, so the model that was tested need not be the one that runs.",
    _DO,
    ("CWE-694", "CWE-436", _IR),
)
REPEATED_FIELD = Rule(
    "onnx-repeated-field",
    Severity.MEDIUM,
    "a field that the format has once is there twice",
    "Protocol Buffers merge messages and take the last number or text; readers of their own do otherwise.",
    _DO,
    ("CWE-436", _PROTOBUF),
)
UNKNOWN_FIELD = Rule(
    "onnx-unknown-field",
    Severity.LOW,
    "the model has fields that the format does not have",
    "Readers pass over them. Newer versions of the format may know them.",
    "Update modelward; if they stay unknown, find out which program wrote them.",
    ("CWE-20", _IR),
)
HIDDEN_DATA = Rule(
    "onnx-hidden-data",
    Severity.MEDIUM,
    "data hides where no reader of the format looks",
    "Fields without a meaning, and texts that are no text, carry what another program is to find.",
    "Find out what it is before the file goes further.",
    ("CWE-506", "AML.T0010", _IR),
)
METADATA_CODE = Rule(
    "onnx-metadata-code",
    Severity.MEDIUM,
    "the metadata holds Python code",
    "Programs evaluate what they expect to be a list of names: YOLOv5 did so with the class names of its exports.",
    "Read the text; load the model only with programs that do not evaluate it.",
    ("CWE-95", "https://github.com/ultralytics/yolov5/pull/7353"),
)

_MUCH = 1 << 12
_WHOLE = 1 << 20
_LONG_NAME = 128
# A literal of text without a part that is evaluated. One that does not end is taken up to the end of its line,
# so that every letter is looked at once
_STRINGS = re.compile(
    r"(?:\b[rRbBuU]{1,2})?(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\""
    r"|'(?:[^'\\\n]|\\.)*+'?+|\"(?:[^\"\\\n]|\\.)*+\"?+)",
    re.DOTALL,
)
_CALL = re.compile(r"[\w)\]}'\"]\s*\(|\blambda\b|[fFtT][rR]?['\"]")
# What Ultralytics' loaders have evaluated: https://github.com/ultralytics/ultralytics/blob/main/ultralytics/nn/autobackend.py
_EVALUATED = frozenset("names imgsz kpt_shape kpt_names args stride batch channels end2end task nc classes".split())
_SHOWN = 200


def examine_onnx(source: Source, here: Here) -> Iterator[Said]:
    """Says what the operators reach beyond the model, what does not fit together, and hands on what may
    be a file of its own."""
    model = _Model(source, here)
    for part in read_onnx(source):
        yield from model.see(part)
    if not model.graph.opsets:
        # every model since 2017 has one, behind its graph
        yield here.unexamined("it names no set of operators: it may have been cut off", source.size, do=_AGAIN)
    yield from chain(model.tensors.end(), model.graph.end())


class _Model:
    def __init__(self, source: Source, here: Here) -> None:
        self.source = source
        self.here = here
        self.tensors = Tensors(here)
        self.graph = Graph(source, here)
        self.names: set[tuple[int, bytes]] = set()
        self.unknown = 0
        self.full = False

    def see(self, part: Part) -> Iterator[Said]:
        match part:
            case Node():
                yield from self.graph.node(part)
            case Tensor():
                yield from self.tensors.see(part)
                yield from self.name(part)
            case Text():
                yield from self.text(part)
            case Metadata():
                yield from self.metadata(part)
            case Sparse():
                yield from self.tensors.see_sparse(part)
            case Function():
                yield from self.graph.function(part)
            case Opset():
                yield from self.graph.opset(part)
            case Odd():
                yield from self.odd(part)
            case Gap():
                yield self.here.unexamined(part.why, part.start, part.end, _AGAIN if part.cut_short else "")
                if not part.cut_short and not part.is_limit:
                    yield self.nested("<rest>", Span(part.start, part.end - part.start))

    # --- what is hidden ---

    def name(self, tensor: Tensor) -> Iterator[Said]:
        if tensor.graph is None or not tensor.name:
            return
        key = (tensor.graph, tensor.name if len(tensor.name) < _LONG_NAME else sha256(tensor.name).digest())
        if key in self.names:
            message = f"two tensors of {tensor.path[:_SHOWN]} are called {ascii(tensor.name[:_SHOWN])[1:]}"
            yield self.here.finding(DUPLICATE_NAME, message, *_edges(tensor.at))
        elif len(self.names) < self.here.limits.entries:
            self.names.add(key)
        elif not self.full:
            self.full = True
            yield self.here.unexamined("more tensors than the limit of entries: their names were not compared")

    def text(self, text: Text) -> Iterator[Said]:
        binary = is_binary(self.source, text.at.start, text.at.end)
        if binary and not text.data:
            message = f"{text.what} of {text.path[:_SHOWN]} is no text but {text.at.size:,} bytes of something else"
            yield self.here.finding(HIDDEN_DATA, message, *_edges(text.at))
        if binary or may_be_file(self.source, text.at.start, text.at.end):
            yield self.nested(f"{text.path[:_SHOWN]}/{text.what}", text.at)

    def metadata(self, entry: Metadata) -> Iterator[Said]:
        if entry.at.size >= SHORT:
            yield from self.text(Text(f"metadata {_shown(entry.key)}", entry.path, entry.at))
        value = self.source.read(entry.at.start, min(entry.at.size, _WHOLE)).decode("utf-8", "replace")
        if reads_as_code(value) or (entry.key in _EVALUATED and _CALL.search(_STRINGS.sub("''", value))):
            message = f"the metadata {_shown(entry.key)} of {entry.path[:_SHOWN]} reads as code"
            yield self.here.finding(METADATA_CODE, message, *_edges(entry.at), does=value[:_SHOWN])

    def odd(self, odd: Odd) -> Iterator[Said]:
        message = f"{odd.what} of {odd.path[:_SHOWN]}"
        if odd.kind == "repeated":
            yield self.here.finding(REPEATED_FIELD, f"{message} is there again", *_edges(odd.at))
            return
        yield self.here.finding(UNKNOWN_FIELD, f"{message} is none that the format has", *_edges(odd.at))
        before, self.unknown = self.unknown, self.unknown + odd.at.size
        if before < _MUCH <= self.unknown:
            much = f"fields that the format does not have hold {self.unknown:,} bytes and more"
            yield self.here.finding(HIDDEN_DATA, much, *_edges(odd.at))
        if odd.wire in (BYTES, GROUP) and odd.at.size >= SHORT:
            yield self.nested(message, odd.at)

    def nested(self, name: str, at: Span) -> Nested:
        return Nested(name, Slice(self.source, *at), raw=True)


def _shown(text: str) -> str:
    return ascii(text[:_SHOWN])[1:-1]


def _edges(at: Span) -> tuple[int, int]:
    return at.start, at.end


RULES: tuple[Rule, ...] = (
    DUPLICATE_NAME,
    REPEATED_FIELD,
    UNKNOWN_FIELD,
    HIDDEN_DATA,
    METADATA_CODE,
)
