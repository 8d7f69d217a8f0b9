"""ExecuTorch programs: operators and delegates that are native code, and numbers that lead out of the file."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.executorch import read_program
from modelward.formats.source import Slice
from modelward.formats.zip import is_zero

_SPEC = "https://github.com/pytorch/executorch/blob/main/schema/program.fbs"

INVALID_INDEX = Rule(
    "executorch-invalid-index",
    Severity.MEDIUM,
    "the program refers to a part that it does not have",
    "A runtime that does not check the number reads or writes outside of its tables, or beyond the file.",
    "Do not use this file; get it again from its publisher, or export the model again.",
    ("CWE-125", "CWE-787", _SPEC),
)
CUSTOM_OPERATOR = Rule(
    "executorch-custom-operator",
    Severity.LOW,
    "an operator or a delegate needs native code that is not part of ExecuTorch",
    "The runtime refuses the program unless the application registers it, and then it does whatever that code does.",
    "Take the library from its publisher, and none that comes with a model.",
    ("CWE-829", "https://docs.pytorch.org/executorch/stable/kernel-library-custom-aten-kernel.html"),
)
TRAILING_BYTES = Rule(
    "executorch-trailing-bytes",
    Severity.LOW,
    "bytes follow the program",
    "The runtime ignores what no segment names, so it can be a file of another kind.",
    "Ask whoever published the file what they are.",
    ("CWE-436", _SPEC),
)

_NAMESPACES = frozenset(
    "aten prim prims executorch_prim quantized_decomposed quantized torchao dim_order_ops cadence cortex_m llama"
    " et_vk xnnpack qaisw neuron edge mps torchvision".split()
)
_DELEGATES = frozenset(
    "XnnpackBackend CoreMLBackend MPSBackend MLXBackend QnnBackend VulkanBackend ArmBackend EthosUBackend VgfBackend"
    " NeuropilotBackend OpenvinoBackend EnnBackend CudaBackend MetalBackend AotiBackend NXPBackend NeutronBackend"
    " SamsungBackend CadenceBackend".split()
)
_MOST_SAID = 100
_LARGEST_PADDING = 4096


def examine_executorch(source: Source, here: Here) -> Iterator[Said]:
    """Every operator, every number, and the data that delegates are given: some of them load it as code."""
    facts = read_program(source)
    for message, at in facts.flaws[:_MOST_SAID]:
        yield here.finding(INVALID_INDEX, message, at)
    foreign = [one for one in facts.operators if "::" in one[0] and one[0].partition("::")[0] not in _NAMESPACES]
    foreign += [one for one in facts.delegates if one[0] not in _DELEGATES]
    for name, at in list(dict(reversed(foreign)).items())[:_MOST_SAID]:
        yield here.finding(CUSTOM_OPERATOR, f"the program needs {name!r}", at, operator=name)
    for part in facts.parts:
        yield Nested(f"<{part.name}>", Slice(source, part.start, part.end - part.start), raw=True)
    if facts.gap:
        do = "Download it again and compare its sha256." if facts.gap.cut_short else ""
        yield here.unexamined(facts.gap.why, min(facts.gap.at, source.size), source.size, do)
    elif not is_zero(source, facts.end, source.size):
        padding = source.read(facts.end, _LARGEST_PADDING)
        start = facts.end + len(padding) - len(padding.lstrip(b"\0"))
        yield here.finding(TRAILING_BYTES, f"{source.size - start:,} bytes follow the program", start, source.size)
        yield Nested(f"<bytes {start}-{source.size}>", Slice(source, start, source.size - start), raw=True)


RULES: tuple[Rule, ...] = (INVALID_INDEX, CUSTOM_OPERATOR, TRAILING_BYTES)
