"""What lies beside TensorFlow's models: texts of Keras, fingerprints, records, graphs in text form."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus.formats.tensorflow import ordinary
from tests.corpus.protobuf import message
from tests.corpus.tensorflow import record

from modelward.formats import onnx_json
from modelward.formats.cursor import Broken
from modelward.formats.json_tree import parse
from modelward.formats.prototext import NotText, root_of, to_binary
from modelward.formats.saved_model import is_fingerprint, is_keras_metadata, keras_documents
from modelward.formats.source import BytesSource
from modelward.formats.tensorflow import Gap
from modelward.formats.tfrecord import is_record, masked_crc, records

METADATA = ordinary()["keras-metadata"]
FINGERPRINT = ordinary()["fingerprint"]


def test_keras_metadata() -> None:
    source = BytesSource(METADATA)
    assert is_keras_metadata(source.read, source.size)
    (span,) = keras_documents(source)
    assert not isinstance(span, Gap)
    assert source.read(span.start, span.end - span.start).startswith(b'{"class_name"')
    for end in range(len(METADATA) - 1):
        list(keras_documents(BytesSource(METADATA[:end])))


def test_fingerprint() -> None:
    assert is_fingerprint(BytesSource(FINGERPRINT).read, len(FINGERPRINT))


@pytest.mark.parametrize(
    "data",
    [b"", FINGERPRINT + b"\0", FINGERPRINT + FINGERPRINT, FINGERPRINT[:-1], message(*[(n, 5) for n in range(1, 6)]),
     FINGERPRINT + message((9, b"more"))],
)  # fmt: skip
def test_no_fingerprint(data: bytes) -> None:
    assert not is_fingerprint(BytesSource(data).read, len(data))


def test_checksum() -> None:
    """RFC 3720, appendix B.4, masked as TensorFlow does it."""
    crc = 0x8A9136AA  # of 32 zeros
    assert masked_crc(bytes(32)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_records() -> None:
    data = record(b"abc") + record(b"") + record(b"de")
    assert is_record(data, len(data))
    assert [data[one.start : one.end] for one in records(BytesSource(data))] == [b"abc", b"", b"de"]
    assert not is_record(b"\1" + data[1:], len(data))
    with pytest.raises(Broken):
        list(records(BytesSource(data[:-1])))


# --- graphs in text form ---


@pytest.mark.parametrize(
    ("text", "binary"),
    [
        (b"node { op: 'A' }", message((1, message((2, "A"))))),
        (b"node: < op : \"A\" 'B' >", message((1, message((2, "AB"))))),
        (b"node [{op:'A'}, {op:'B'}];", message((1, message((2, "A"))), (1, message((2, "B"))))),
        (b"node{op:'\\101\\x42\\n\\'\\u00e9'}", message((1, message((2, "AB\n'é"))))),
        (b"node{#}\n op#:\n:#'\n'A'}", message((1, message((2, "A"))))),
        (b"node{input: ['a', 'b'] device: 'd'}", message((1, message((3, "a"), (3, "b"))))),
        (
            b"node{attr{key:'k' value{i:-1 f:-inf b:true type:DT_INT}}}",
            message((1, message((5, message((1, "k"), (2, b"")))))),
        ),
        (b"versions{producer:1} node{op:'A'}", message((1, message((2, "A"))))),
        (b"node{attr{value{[a.b/c.D]{x:1} s:'t'}}}", message((1, message((5, message((2, message((2, "t"))))))))),
    ],
)
def test_text_form(text: bytes, binary: bytes) -> None:
    assert root_of(text) == "GraphDef"
    assert to_binary(text, "GraphDef") == binary


def test_text_form_of_onnx() -> None:
    text = b"""# a comment
    ir_version: 0x8 graph < node { op_type: 'R' "elu" attribute { name: "a" i: -1 f: 0.5 type: INT } }
    initializer { dims: [2, 3] data_location: EXTERNAL raw_data: "\\001" } unheard_of { x: 1 } >"""
    attribute = message((1, "a"), (3, (1 << 64) - 1)) + b"\x15\0\0\0?" + message((20, 2))
    tensor = message((1, 2), (1, 3), (14, 1), (9, b"\1"))
    assert root_of(text) == "ModelProto"
    assert to_binary(text, "ModelProto") == message(
        (1, 8), (7, message((1, message((4, "Relu"), (5, attribute))), (5, tensor)))
    )


def test_json_form_of_onnx() -> None:
    body = parse(b'{"irVersion": "8", "ir_version": 9, "graph": {"node": [{"opType": "Relu"}], "other": 1},'
                 b' "metadataProps": [{"key": "k"}], "functions": [{"attributeProto": [{"s": "AQ=="}]}]}')  # fmt: skip
    assert onnx_json.is_model(body)
    assert onnx_json.to_binary(body) == message(
        (1, 8),
        (1, 9),
        (7, message((1, message((4, "Relu"))))),
        (14, message((1, "k"))),
        (25, message((11, message((4, b"\1"))))),
    )
    assert not onnx_json.is_model(parse(b'{"opType": "Relu"}'))


@pytest.mark.parametrize(
    "text", [b"", b"node", b"nodes {", b"# node {", b"node = 1", b"- node: x", b"item { name: 'a' }"]
)
def test_other_texts(text: bytes) -> None:
    assert root_of(text) == ""


@pytest.mark.parametrize(
    "text", [b"node {", b"node { op: }", b"node { op: 'a", b"node { [a", b"node {" * 100, b"node { & }"]
)
def test_broken_text(text: bytes) -> None:
    with pytest.raises(NotText):
        to_binary(text, "GraphDef")


@given(st.binary(max_size=80) | st.text("node{}<>[]:;,'\"op#\\x1\n ", max_size=80).map(str.encode))
def test_any_text_ends(data: bytes) -> None:
    with suppress(NotText):
        to_binary(data, "GraphDef")
