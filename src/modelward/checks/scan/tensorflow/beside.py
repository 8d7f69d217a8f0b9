"""What TensorFlow keeps beside its models: the texts of Keras, graphs in text form, records of data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.tensorflow.examine import examine_graph
from modelward.core.artifact import Source
from modelward.formats.cursor import Broken
from modelward.formats.prototext import NotText, root_of, to_binary
from modelward.formats.saved_model import keras_documents
from modelward.formats.source import BytesSource, Slice
from modelward.formats.tensorflow import Span
from modelward.formats.tfrecord import records

_LARGEST_TEXT = 16 << 20
_SPACE = rb"(?:\s|#[^\n]*\n|(?!))*+"  # (?!): python/cpython#100061
_OPERATOR = re.compile(rb"\bop\b" + _SPACE + rb":" + _SPACE + rb"[\"'\[]")
_LOOKED_AT = 100
_DO = "Download it again and compare its sha256."


def examine_keras_metadata(source: Source, here: Here) -> Iterator[Said]:
    """Each text is a document of its own: a configuration that Keras makes layers of."""
    for part in keras_documents(source):
        if isinstance(part, Span):
            yield Nested(f"<{part.name}>", Slice(source, part.start, part.end - part.start))
        else:
            yield here.unexamined(part.why, min(part.at, source.size), source.size, _DO if part.cut_short else "")


def examine_graph_text(source: Source, here: Here) -> Iterator[Said]:
    """A text that is a graph is examined in its binary form. Other texts of the same form have no operators."""
    data = source.read(0, _LARGEST_TEXT)
    root = root_of(data)
    if not root:
        return
    if source.size > _LARGEST_TEXT:
        yield here.unexamined(f"a graph in text form of more than the {_LARGEST_TEXT:,} bytes that are read")
        return
    if root != "ModelProto" and not _OPERATOR.search(data):
        return
    try:
        graph = BytesSource(to_binary(data, root))
    except NotText as error:
        yield here.unexamined(str(error))
        return
    if root == "ModelProto":
        from modelward.checks.scan.onnx.rules_onnx import examine_onnx

        yield from examine_onnx(graph, here.into(f"<{root}>"))
    else:
        yield from examine_graph(graph, here.into(f"<{root}>"), (root,))


def examine_records(source: Source, here: Here) -> Iterator[Said]:
    """That the file is nothing but records. They are data to whoever reads them, like tensors, so of
    their contents only those of the first ones are looked at."""
    try:
        for number, record in enumerate(records(source)):
            if number < _LOOKED_AT and record.end > record.start:
                content = Slice(source, record.start, record.end - record.start)
                yield Nested(f"<record {number}>", content, raw=True)
    except Broken as broken:
        yield here.unexamined(broken.why, broken.at, source.size, _DO if broken.cut_short else "")
