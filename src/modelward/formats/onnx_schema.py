"""The messages of ONNX, as tables of their fields.

Numbers and names: https://github.com/onnx/onnx/blob/main/onnx/onnx-ml.proto
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from modelward.formats.protobuf import BYTES, FIXED32, FIXED64, VARINT

_WIRES = {"int": (VARINT,), "float": (FIXED32,), "double": (FIXED64,)}


class Known(NamedTuple):
    """One field of a message."""

    name: str
    kind: str
    """The message that it holds, or "int", "float", "double", "text", "bytes", or "names" of values."""
    once: bool
    wires: tuple[int, ...]


Schema = Mapping[int, Known]


def _schema(text: str) -> Schema:
    """From lines of a number, a name and a kind; a star marks what may come again."""
    fields = {}
    for line in text.split(";"):
        number, name, kind = line.split()
        bare = kind.rstrip("*")
        wires = _WIRES.get(bare, (BYTES,))
        once = bare == kind
        # many numbers may be packed into one field
        fields[int(number)] = Known(name, bare, once, wires if once or wires == (BYTES,) else (*wires, BYTES))
    return fields


MODEL = _schema(
    "1 ir_version int; 2 producer_name text; 3 producer_version text; 4 domain text; 5 model_version int;"
    "6 doc_string text; 7 graph graph; 8 opset_import opset*; 14 metadata_props entry*; 20 training_info training*;"
    "25 functions function*; 26 configuration device*"
)
GRAPH = _schema(
    "1 node node*; 2 name text; 5 initializer tensor*; 10 doc_string text; 11 input value*; 12 output value*;"
    "13 value_info value*; 14 quantization_annotation annotation*; 15 sparse_initializer sparse*;"
    "16 metadata_props entry*"
)
NODE = _schema(
    "1 input names*; 2 output names*; 3 name text; 4 op_type text; 5 attribute attribute*; 6 doc_string text;"
    "7 domain text; 8 overload text; 9 metadata_props entry*; 10 device_configurations node_device*"
)
ATTRIBUTE = _schema(
    "1 name text; 2 f float; 3 i int; 4 s bytes; 5 t tensor; 6 g graph; 7 floats float*; 8 ints int*; 9 strings bytes*;"
    "10 tensors tensor*; 11 graphs graph*; 13 doc_string text; 14 tp type; 15 type_protos type*; 20 type int;"
    "21 ref_attr_name text; 22 sparse_tensor sparse; 23 sparse_tensors sparse*"
)
TENSOR = _schema(
    "1 dims int*; 2 data_type int; 3 segment segment; 4 float_data float*; 5 int32_data int*; 6 string_data bytes*;"
    "7 int64_data int*; 8 name text; 9 raw_data bytes; 10 double_data double*; 11 uint64_data int*; 12 doc_string text;"
    "13 external_data entry*; 14 data_location int; 16 metadata_props entry*"
)
SPARSE = _schema("1 values tensor; 2 indices tensor; 3 dims int*")
FUNCTION = _schema(
    "1 name text; 4 input names*; 5 output names*; 6 attribute names*; 7 node node*; 8 doc_string text;"
    "9 opset_import opset*; 10 domain text; 11 attribute_proto attribute*; 12 value_info value*; 13 overload text;"
    "14 metadata_props entry*"
)
TRAINING = _schema(
    "1 initialization graph; 2 algorithm graph; 3 initialization_binding entry*; 4 update_binding entry*"
)
ENTRY = _schema("1 key text; 2 value text")

DESCRIPTIONS: Mapping[str, Schema] = {
    "opset": _schema("1 domain text; 2 version int"),
    "value": _schema("1 name text; 2 type type; 3 doc_string text; 4 metadata_props entry*"),
    "entry": ENTRY,
    "annotation": _schema("1 tensor_name text; 2 quant_parameter_tensor_names entry*"),
    "segment": _schema("1 begin int; 2 end int"),
    "type": _schema(
        "1 tensor_type tensor_type; 4 sequence_type element; 5 map_type map_type; 6 denotation text;"
        "7 opaque_type opaque; 8 sparse_tensor_type tensor_type; 9 optional_type element"
    ),
    "tensor_type": _schema("1 elem_type int; 2 shape shape"),
    "shape": _schema("1 dim dimension*"),
    "dimension": _schema("1 dim_value int; 2 dim_param text; 3 denotation text"),
    "element": _schema("1 elem_type type"),
    "map_type": _schema("1 key_type int; 2 value_type type"),
    "opaque": _schema("1 domain text; 2 name text"),
    "device": _schema("1 name text; 2 num_devices int; 3 device text*"),
    "node_device": _schema("1 configuration_id text; 2 sharding_spec sharding*; 3 pipeline_stage int"),
    "sharding": _schema(
        "1 tensor_name text; 2 device int*; 3 index_to_device_group_map ints_entry*; 4 sharded_dim sharded*"
    ),
    "sharded": _schema("1 axis int; 2 simple_sharding simple*"),
    "simple": _schema("1 dim_value int; 2 dim_param text; 3 num_shards int"),
    "ints_entry": _schema("1 key int; 2 value int*"),
}
"""Messages that name neither an operator nor a file: what is in them is only told where it does not belong."""


def by_name() -> Mapping[str, Mapping[str, tuple[int, str]]]:
    """Of each message its fields, with their numbers and kinds, as the text forms name them."""
    messages = {
        "model": MODEL, "graph": GRAPH, "node": NODE, "attribute": ATTRIBUTE, "tensor": TENSOR, "sparse": SPARSE,
        "function": FUNCTION, "training": TRAINING, **DESCRIPTIONS,
    }  # fmt: skip
    return {
        message: {known.name: (number, known.kind) for number, known in schema.items()}
        for message, schema in messages.items()
    }
