"""TensorFlow Lite: operators that are none of its own, and numbers that lead a reader out of its buffer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.outside_path import leads_outside
from modelward.checks.scan.tensorflow.examine import examine_node
from modelward.checks.scan.tensorflow.operators import find
from modelward.checks.scan.tensorflow.rules_tensorflow import RULE_OF as OPERATOR_RULES
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.sniff import sniff
from modelward.formats.source import Slice
from modelward.formats.tflite import Custom, Kind, flex_node, read_tflite
from modelward.formats.zip import is_zero

_SPEC = "https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs"
_DO = "Do not use this file; get it again from its publisher, or have them convert the model again."

RULE_OF: Mapping[Kind, Rule] = {
    Kind.INDEX: Rule(
        "tflite-invalid-index",
        Severity.MEDIUM,
        "the model refers to a tensor, buffer or graph that it does not have",
        "An interpreter that does not check the number reads or writes outside of its tables.",
        _DO,
        ("CVE-2020-15210", "CVE-2020-15211", "CWE-125", "CWE-787", _SPEC),
    ),
    Kind.SIZE: Rule(
        "tflite-tensor-size",
        Severity.MEDIUM,
        "a tensor has more or fewer bytes than its shape needs",
        "A kernel that trusts the shape reads beyond the bytes of the tensor.",
        _DO,
        ("CWE-125", "CWE-131", _SPEC),
    ),
    Kind.BOUNDS: Rule(
        "tflite-buffer-bounds",
        Severity.MEDIUM,
        "the bytes of a buffer are outside of the file, or those of another",
        "A reader that maps the file reads beyond its end, and a buffer that is changed in place changes another.",
        _DO,
        ("CWE-125", _SPEC),
    ),
}
CUSTOM_OPERATOR = Rule(
    "tflite-custom-operator",
    Severity.LOW,
    "an operator needs native code that is not part of TensorFlow Lite",
    "The interpreter refuses the model unless the application registers the operator, and does whatever that does.",
    "Take the operator's library from its publisher, and none that comes with a model.",
    ("CWE-829", "https://ai.google.dev/edge/litert/conversion/tensorflow/ops_custom"),
)
EXTERNAL_FILE = Rule(
    "tflite-external-file",
    Severity.MEDIUM,
    "the model takes weights from a file outside its folder",
    "The runtime opens the file that the model names: one of whoever loads it.",
    "Do not load it.",
    ("CWE-22", "CWE-73", _SPEC),
)
TRAILING_BYTES = Rule(
    "tflite-trailing-bytes",
    Severity.LOW,
    "bytes follow the model",
    "Interpreters ignore them. Metadata tools append an archive of labels there, and anything else can be there too.",
    "Ask whoever published the file what they are.",
    ("CWE-436", "https://ai.google.dev/edge/litert/models/metadata"),
)

_KNOWN = frozenset(
    """
    TFLite_Detection_PostProcess NumericVerify AudioSpectrogram Mfcc Irfft2d Multinomial Atan2 Sign Roll
    RandomStandardNormal RandomUniform UnidirectionalSequenceGru Convolution2DTransposeBias MaxPoolingWithArgmax2D
    MaxUnpooling2D TransformTensorBilinear TransformLandmarks Landmarks2TransformMatrix KmeansEmbeddingLookup
    TFSentencepieceTokenizeOp TFText>FastSentencepieceTokenize TFText>FastSentencepieceDetokenize
    TFText>WhitespaceTokenizeWithOffsetsV2 TFText>FastWordpieceTokenizeWithOffsets ODML.detokenizer
    AggregateRankings TFLiteRunKernel SmartSelector NormalizeString Predict ExtractFeatures
    edgetpu-custom-op ethos-u neuron-custom-op vsi-npu
    """.split()
)
"""Of the runtimes that published models are made for."""

_FLEX = "Flex"
_LARGEST_NODE = 16 << 20
_MOST_NAMES = 200
_LARGEST_PADDING = 4096


def examine_tflite(source: Source, here: Here) -> Iterator[Said]:
    """Every operator that is none of TensorFlow Lite's, every number that leads to nothing, and what follows."""
    facts = read_tflite(source)
    for flaw in facts.flaws:
        yield here.finding(RULE_OF[flaw.kind], flaw.message, flaw.at)
    seen: set[str] = set()
    for custom in facts.customs:
        if custom.name.startswith(_FLEX):
            yield from _flex(custom, source, here)
        elif custom.name not in _KNOWN and custom.name not in seen and len(seen) < _MOST_NAMES:
            seen.add(custom.name)
            yield here.finding(CUSTOM_OPERATOR, f"the custom operator {custom.name!r}", custom.at, operator=custom.name)
    for name, at in facts.external:
        if why := leads_outside(name.encode("utf-8", "surrogatepass")):
            yield here.finding(EXTERNAL_FILE, f"weights are in {name!r}: {why}", at, path=name)
    if facts.gap:
        do = "Download it again and compare its sha256." if facts.gap.cut_short else ""
        yield here.unexamined(facts.gap.why, min(facts.gap.at, source.size), source.size, do)
    else:
        yield from _trailer(source, facts.end, here)


def is_model_up_to(source: Source, end: int) -> bool:
    """Whether the bytes before *end* are a model, and perhaps zeros behind it."""
    facts = read_tflite(source)
    return facts.gap is None and end - facts.end >= 0 and is_zero(source, facts.end, end)


def _flex(custom: Custom, source: Source, here: Here) -> Iterator[Said]:
    """The delegate runs the TensorFlow node in the options, whatever name stands outside."""
    start, end = custom.options
    node = flex_node(source.read(start, end - start)) if end - start <= _LARGEST_NODE else None
    name = custom.name.removeprefix(_FLEX)
    known = find(name)
    if known is None or (known.does and known.harmless is None):
        message = f"a Flex operator: {name} {known.does if known else 'is no operator of TensorFlow'}"
        yield here.finding(OPERATOR_RULES[known.section if known else ""], message, custom.at, operator=name)
    if node is None:
        yield here.unexamined(f"the options of the operator {custom.name!r} are no node of a graph", custom.at, end)
    else:
        yield from examine_node(node, here.into(f"<{custom.name}>"))


def _trailer(source: Source, end: int, here: Here) -> Iterator[Said]:
    """What follows. An archive there is read as part of the whole file, since its offsets count from the start."""
    if is_zero(source, end, source.size):
        return
    padding = source.read(end, _LARGEST_PADDING)
    start = end + len(padding) - len(padding.lstrip(b"\0"))
    if source.read(start, 4) in (b"PK\3\4", b"PK\5\6") and "zip" in sniff(source):
        return
    yield here.finding(TRAILING_BYTES, f"{source.size - start:,} bytes follow the model", start, source.size)
    yield Nested(f"<bytes {start}-{source.size}>", Slice(source, start, source.size - start), raw=True)


RULES: tuple[Rule, ...] = (*RULE_OF.values(), CUSTOM_OPERATOR, EXTERNAL_FILE, TRAILING_BYTES)
