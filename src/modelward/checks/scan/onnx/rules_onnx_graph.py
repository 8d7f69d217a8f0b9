"""ONNX: operators that are more than arithmetic, and the functions that a model defines.

The format names operators and carries no code of its own. What an operator does is decided by the runtime,
by libraries that are loaded beside it, and by the functions of the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.onnx.operators import domains, vendors
from modelward.checks.scan.onnx.rules_onnx_tensors import EXTERNAL_PATH
from modelward.checks.scan.outside_path import leads_outside
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.onnx_parts import LONGEST, Function, Identity, Node, Opset
from modelward.formats.source import Slice

_IR = "https://github.com/onnx/onnx/blob/main/docs/IR.md"
_CUSTOM = "https://onnxruntime.ai/docs/reference/operators/add-custom-op.html"
_EXTENSIONS = "https://github.com/microsoft/onnxruntime-extensions/blob/main/docs/custom_ops.md"
_CONTEXT = "https://onnxruntime.ai/docs/execution-providers/EP-Context-Design.html"
_DO = "Do not use this file; get it again from its publisher, or have it exported again."

FOREIGN_OPERATOR = Rule(
    "onnx-foreign-operator",
    Severity.MEDIUM,
    "the graph uses an operator that no runtime has",
    "What it does is decided by a native library, or by Python code, that has to be loaded for this model.",
    "Find out which library registers the operator, and check that library like the model.",
    ("CWE-829", "AML.T0011.000", _CUSTOM),
)
UNLISTED_OPERATOR = Rule(
    "onnx-unlisted-operator",
    Severity.LOW,
    "the graph uses an operator that is not known here",
    "Its domain belongs to a runtime, so it is most likely newer than this version of modelward.",
    "Update modelward; if it stays unknown, find out which program provides the operator.",
    ("CWE-829", _CUSTOM),
)
VENDOR_OPERATOR = Rule(
    "onnx-vendor-operator",
    Severity.LOW,
    "the graph uses operators of one vendor's runtime or library",
    "The model runs only where that program is there, and what the operators do is up to it.",
    "Load it with the program that it was made for.",
    ("CWE-829", _CUSTOM),
)
NAMED_CALL = Rule(
    "onnx-named-call",
    Severity.MEDIUM,
    "an operator calls a function of another program by its name",
    "Runtimes that have such operators look the name up in Python or PyTorch and call what they find.",
    "Ask for a model that was exported without a fallback.",
    ("CWE-470", "AML.T0011.000", "https://github.com/microsoft/onnxruntime/blob/main/docs/ORTModule_PythonOp_Notes.md"),
)
NETWORK_OPERATOR = Rule(
    "onnx-network-operator",
    Severity.HIGH,
    "an operator sends its inputs to a server",
    "onnxruntime-extensions has operators that call a service at an address in the model and take the answer for "
    "their output.",
    "Do not run it where it has a network.",
    ("CWE-918", "CWE-201", _EXTENSIONS),
)
FILE_OPERATOR = Rule(
    "onnx-file-operator",
    Severity.MEDIUM,
    "an operator opens files",
    "It reads whatever file the graph names, with the rights of whoever runs the model.",
    "Do not run it outside a sandbox.",
    ("CWE-73", _EXTENSIONS),
)
COMPILED_ENGINE = Rule(
    "onnx-compiled-engine",
    Severity.MEDIUM,
    "the model holds or names a program that was compiled for a device",
    "The runtime hands these bytes to the driver of the device, which runs them; nothing else looks at them.",
    "Compile the original model yourself.",
    ("CWE-829", "CWE-494", _CONTEXT),
)
FUNCTION_OVERRIDE = Rule(
    "onnx-function-override",
    Severity.MEDIUM,
    "the model defines a standard operator anew",
    "Some runtimes take the model's definition and some their own: what was tested need not be what runs.",
    _DO,
    ("CWE-436", "CWE-694", _IR),
)
FUNCTION_RECURSION = Rule(
    "onnx-function-recursion",
    Severity.MEDIUM,
    "functions of the model call each other without an end",
    "The format forbids it, and runtimes put the body in place of each call: memory or stack run out.",
    _DO,
    ("CWE-674", "CWE-400", _IR),
)
FUNCTION_TWICE = Rule(
    "onnx-function-twice",
    Severity.MEDIUM,
    "two functions of the model have one name",
    "One reader takes the first and another the last, so the model that was tested need not be the one that runs.",
    _DO,
    ("CWE-694", "CWE-436", _IR),
)

_SPECIAL = {
    ("com.microsoft", "EPContext"): COMPILED_ENGINE,
    ("com.microsoft", "Snpe"): COMPILED_ENGINE,
    ("com.microsoft", "PythonOp"): NAMED_CALL,
    ("com.microsoft", "PythonOpGrad"): NAMED_CALL,
    ("com.microsoft", "TritonOp"): NAMED_CALL,
    ("com.microsoft", "ATen"): NAMED_CALL,
    ("org.pytorch.aten", "ATen"): NAMED_CALL,
    ("", "ATen"): NAMED_CALL,
    ("ai.onnx.contrib", "ImageReader"): FILE_OPERATOR,
}
_SERVICES = re.compile(r"(?:Azure|OpenAI)\w*")
_ENGINES = re.compile(r"(?:trt|tensorrt)_?engine(?:op)?", re.IGNORECASE)
_FILES = ("ep_cache_context", "onnx_model_filename")
_BLOBS = ("ep_cache_context", "DLC")

_MOST_OPSETS = 1_000
_ROOM_FOR_NAMES = 4_000_000  # characters, of functions
_MOST_EXPANDED = 10_000_000  # nodes, once every call is replaced by its body
_SHOWN = 200


@dataclass(slots=True)
class _Body:
    """What a function of the model is made of."""

    nodes: int = 0
    calls: dict[Identity, int] = field(default_factory=dict)


class Graph:
    """The operators and functions of one model. Functions are seen before the nodes that call them."""

    def __init__(self, source: Source, here: Here) -> None:
        self.source = source
        self.here = here
        self.opsets: dict[str, int] = {}
        self.has_more_opsets = False
        self.room_for_names = _ROOM_FOR_NAMES
        self.functions: dict[Identity, _Body] = {}
        self.told: set[tuple[Rule, str, str]] = set()

    def opset(self, opset: Opset) -> Iterator[Said]:
        if opset.domain in self.opsets or len(self.opsets) < _MOST_OPSETS:
            self.opsets[opset.domain] = max(opset.version, self.opsets.get(opset.domain, 0))
        elif not self.has_more_opsets:
            self.has_more_opsets = True
            yield self.here.unexamined(f"more than {_MOST_OPSETS:,} sets of operators")

    def node(self, node: Node) -> Iterator[Said]:
        if node.function in self.functions:
            body = self.functions[node.function]
            body.nodes += 1
            if node.operator in self.functions:
                body.calls[node.operator] = body.calls.get(node.operator, 0) + 1
        if node.operator in self.functions:
            return
        rule = self.rule_of(node.operator)
        key = (rule, node.operator.domain, node.operator.name) if rule else None
        if rule and key and key not in self.told:
            if len(self.told) < self.here.limits.entries:
                self.told.add(key)
            where = {"path": node.path[:_SHOWN]}
            yield self.here.finding(rule, f"{_operator(node)} is used", node.at.start, node.at.end, **where)
        if rule is COMPILED_ENGINE:
            yield from self.engine(node)

    def rule_of(self, operator: Identity) -> Rule | None:
        domain, name, _ = operator
        if rule := _SPECIAL.get((domain, name)):
            return rule
        if _ENGINES.fullmatch(name):
            return COMPILED_ENGINE
        if domain in vendors():
            return VENDOR_OPERATOR
        known = domains().get(domain)
        if known is None:
            return FOREIGN_OPERATOR
        if name in known.names:
            return VENDOR_OPERATOR if known.is_library else None
        if known.is_library:
            return NETWORK_OPERATOR if _SERVICES.fullmatch(name) else FOREIGN_OPERATOR
        is_newer = not known.up_to or self.opsets.get(domain, 0) > known.up_to
        return UNLISTED_OPERATOR if is_newer else FOREIGN_OPERATOR

    def engine(self, node: Node) -> Iterator[Said]:
        """embed_mode is 1 where it is not given: the attribute is the engine, not its path."""
        embedded = all(given.number != 0 for given in node.attributes if given.name == "embed_mode")
        for given in node.attributes:
            at = given.text
            if at is None or given.name not in _FILES + _BLOBS:
                continue
            if given.name in _BLOBS and embedded:
                yield Nested(f"{node.path[:_SHOWN]}/{given.name}", Slice(self.source, *at))
                continue
            path = self.source.read(at.start, min(at.size, LONGEST))
            if why := leads_outside(path):
                named = _shown(path.decode("utf-8", "backslashreplace"))
                message = f"{_operator(node)} reads the file '{named}': {why}"
                yield self.here.finding(EXTERNAL_PATH, message, at.start, at.end, path=node.path[:_SHOWN])

    def function(self, function: Function) -> Iterator[Said]:
        identity, at = function.identity, (function.at.start, function.at.end)
        called = f"the function {_shown(identity.domain)}::{_shown(identity.name)}"
        if identity in self.functions:
            yield self.here.finding(FUNCTION_TWICE, f"{called} is defined twice", *at)
        elif len(self.functions) >= self.here.limits.entries or self.room_for_names < 0:
            yield self.here.unexamined("more functions than the limit of entries", *at)
        else:
            self.room_for_names -= sum(map(len, identity))
            self.functions[identity] = _Body()
        if identity.domain in ("", "ai.onnx.ml"):
            yield self.here.finding(FUNCTION_OVERRIDE, f"{called} is in a domain of the standard", *at)

    def end(self) -> Iterator[Said]:
        """Depth first, so that the size of a body is known when its callers are counted."""
        sizes: dict[Identity, int] = {}
        open_calls: set[Identity] = set()
        todo = [(identity, False) for identity in self.functions]
        while todo:
            identity, done = todo.pop()
            body = self.functions[identity]
            if done:
                open_calls.remove(identity)
                sizes[identity] = body.nodes + sum(count * sizes[name] for name, count in body.calls.items())
                problem = f"stands for {sizes[identity]:,} nodes" if sizes[identity] > _MOST_EXPANDED else ""
            elif identity not in sizes and identity not in open_calls:
                open_calls.add(identity)
                todo.append((identity, True))
                todo += [(name, False) for name in body.calls]
                continue
            else:
                problem = "calls itself" if identity in open_calls else ""
            if problem:
                yield self.here.finding(FUNCTION_RECURSION, f"the function {_shown(identity.name)} {problem}")
                return


def _operator(node: Node) -> str:
    return f"{_shown(node.operator.domain or 'ai.onnx')}::{_shown(node.operator.name)}"


def _shown(text: str) -> str:
    return ascii(text[:_SHOWN])[1:-1]


RULES: tuple[Rule, ...] = (
    FOREIGN_OPERATOR,
    UNLISTED_OPERATOR,
    VENDOR_OPERATOR,
    NAMED_CALL,
    NETWORK_OPERATOR,
    FILE_OPERATOR,
    COMPILED_ENGINE,
    FUNCTION_OVERRIDE,
    FUNCTION_RECURSION,
    FUNCTION_TWICE,
)
