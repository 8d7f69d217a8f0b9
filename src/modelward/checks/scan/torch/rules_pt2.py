"""The .pt2 archives of torch.export and AOTInductor.

https://docs.pytorch.org/docs/stable/export/pt2_archive.html. The program is JSON: operators by name,
which the loader looks up attribute by attribute, and expressions, which sympy evaluates as Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from modelward.checks.scan.archives.members import ZipView
from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.pickle.dotted_names import danger, is_unlisted_stdlib
from modelward.checks.scan.torch.rules_torch import STORAGE_MISSING, STORAGE_SIZE
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.cursor import Broken
from modelward.formats.json_objects import texts
from modelward.formats.json_tree import LARGEST, NotJson, Object, parse

_SPEC = "https://docs.pytorch.org/docs/stable/export/pt2_archive.html"
_LOADER = "https://github.com/pytorch/pytorch/blob/main/torch/_export/serde/serialize.py"
_REFUSE = "Do not load it; tell whoever published it."

TARGET = Rule(
    "pt2-foreign-target",
    Severity.HIGH,
    "the program calls something that is no operator",
    "The loader walks from torch, math or operator along any attributes, so the name can lead to every function "
    "that these modules import; running the program calls it.",
    _REFUSE,
    ("CWE-470", "CWE-913", "AML.T0011.000", _LOADER),
)
FILE_OPERATOR = Rule(
    "pt2-file-operator",
    Severity.HIGH,
    "the exported program reads or writes files",
    "Operators like aten::from_file and aten::save open any path with the rights of whoever runs the model.",
    "Do not run it outside a sandbox.",
    ("CWE-73", "AML.T0011.000", "https://github.com/pytorch/pytorch/blob/main/SECURITY.md"),
)
CUSTOM_OPERATOR = Rule(
    "pt2-custom-operator",
    Severity.LOW,
    "the program calls operators of an extension",
    "What they do is decided by a library that has to be loaded first.",
    "Check which library registers them.",
    ("CWE-829", "AML.T0011.000", _SPEC),
)
CUSTOM_TYPE = Rule(
    "pt2-custom-type",
    Severity.LOW,
    "the inputs of the program are of a type that is not known here",
    "Its module is imported while the file is loaded, and importing a module runs it.",
    "Check that the type belongs to the library the model was made with.",
    ("CWE-829", "AML.T0011.000", _SPEC),
)
EXPRESSION = Rule(
    "pt2-odd-expression",
    Severity.HIGH,
    "an expression of the program is more than arithmetic",
    "sympy evaluates these texts as Python while the file is loaded, so a call that is written there is made.",
    _REFUSE,
    ("CWE-95", "AML.T0011.000", _LOADER, "https://docs.sympy.org/latest/modules/core.html#sympy.core.sympify.sympify"),
)
NATIVE_CODE = Rule(
    "pt2-native-code",
    Severity.MEDIUM,
    "loading the archive runs native code that it brings",
    "AOTInductor opens the library in the archive, or compiles the source in it with the flags beside it; either "
    "runs with the rights of whoever loads the model.",
    "Load it only if you trust its publisher as you would trust a program; ask for the exported program instead.",
    ("CWE-829", "CWE-494", "AML.T0011.000", _SPEC),
)

# https://github.com/pytorch/pytorch/blob/main/torch/csrc/export/pt2_archive_constants.h
_ROOT = re.compile(
    r"(.*/)?(?:archive_version|serialized_exported_program\.json)|([^/]+/)?data/aotinductor/.*", re.DOTALL
)
_PROGRAM = re.compile(r"models/[^/]*\.json|serialized_exported_program\.json")
_PAYLOADS = re.compile(r"(data/(?:weights|constants)/)[^/]*_config\.json")
_NATIVE = "data/aotinductor/"
_INERT = (".json", ".txt", ".blob", ".py.txt")
_ITEM: Mapping[float, int] = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 2, 7: 4, 8: 8, 9: 4, 10: 8, 11: 16, 12: 1, 13: 2, 28: 2,
         29: 1, 30: 1, 31: 1, 32: 1, 33: 1, 34: 4, 35: 8}  # fmt: skip

# --- the program ---

_DUNDER = r"__(?:and|or|xor|not|contains|getitem|i?lshift|i?rshift|iand|ior|ixor)__"  # operators of aten
_OPERATOR = re.compile(rf"torch\.ops\.((?!__)\w+)\.(?:(?!__)\w+|{_DUNDER})(?:\.(?!__)\w+)?")
_OWN = frozenset(
    "aten prim prims higher_order quantized quantized_decomposed torchao torchvision torchaudio c10d _c10d_functional "
    "c10d_functional _c10d_functional_autograd inductor profiler export fsdp mkldnn mkl onednn xnnpack fbgemm symm_mem "
    "_quantized sparse rngprims bucketing triton dim_order_ops edge debugprims".split()
)
_FILES = re.compile(
    r"torch\.ops\.(?:aten\.(?:save|from_file)\b"
    r"|(?:image|torchvision|torchaudio)\.\w*(?:file|read|write|load|save))"
)
_ARITHMETIC = frozenset(
    f"_operator.{name}"
    for name in "add sub mul truediv floordiv mod pow neg pos abs matmul eq ne lt le gt ge and_ or_ xor not_ inv "
    "invert lshift rshift getitem is_ is_not truth index contains iadd isub imul".split()
)
_FUNCTION = re.compile(
    r"math\.[a-z0-9]+|torch\._?sym_[a-z_]+|torch\._check\w*|torch\._C\._set_grad_enabled"
    r"|torch\.amp\.autocast_mode\._(?:enter|exit)_autocast"
)
_BARE = re.compile(r"[A-Za-z_]\w*")  # stays a text

# Expressions: calls of sympy's classes, numbers, symbols, and texts that are names of symbols
_IMPORTS = re.compile(r'"(fqn|default_factory_module|default_factory_name)" *: *"([^"]*)"')
_LITERAL = re.compile(r"""'(?:(?!__)\w*|-?\d+\.\d*(?:e[+-]?\d+)?)'|"(?!__)\w*\"""")
_PLAIN = r"[\w\s(),=+\-*/%<>!&|~^]*"
_EXPRESSION = re.compile(rf"{_PLAIN}(?:\.(?![A-Za-z_]){_PLAIN}|(?!))*+")  # (?!): python/cpython#100061
_NAME = re.compile(r"[A-Za-z_]\w*")
_CLASSES = frozenset(
    "Symbol Dummy Integer Float Rational Half One Zero NegativeOne Infinity NegativeInfinity IntInfinity "
    "NegativeIntInfinity NaN Add Mul Pow Mod Max Min Abs Tuple Piecewise ExprCondPair And Or Not Xor True False "
    "BooleanTrue BooleanFalse Eq Ne Gt Ge Lt Le Equality Unequality StrictGreaterThan GreaterThan StrictLessThan "
    "LessThan FloorDiv ModularIndexing Where PythonMod CleanDiv CeilDiv CeilToInt FloorToInt TruncToInt TruncToFloat "
    "RoundToInt RoundDecimal ToFloat Identity IntTrueDiv FloatTrueDiv FloatPow PowByNatural LShift RShift "
    "IsNonOverlappingAndDenseIndicator BitwiseFn_bitwise_and BitwiseFn_bitwise_or BitwiseFn_bitwise_xor "
    "positive integer nonnegative negative nonzero zero real finite infinite even odd rational irrational complex "
    "extended_real extended_positive extended_negative extended_nonnegative extended_nonpositive extended_nonzero "
    "commutative imaginary nonpositive prime composite hermitian antihermitian transcendental algebraic noninteger "
    "nan oo zoo int_oo pi E precision true false evaluate floor ceiling sqrt log exp sin cos tan asin acos atan sinh "
    "cosh tanh".split()
)
_SYMBOL = re.compile(r"[a-z]{1,4}\d+|e\d+|OpaqueUnaryFn_[a-z0-9]+")
_GUARD_NAMES = frozenset(
    "L size stride storage_offset and or not is in math torch floor ceil trunc sqrt sym_max sym_min sym_ite sym_int "
    "sym_float sym_not sym_sqrt Max Min max min abs int float bool round len log log2 exp pow True False None item "
    "FloorDiv Mod".split()
)
_GUARD = re.compile(r"[\w\s()\[\].,+\-*/%<>=!&|~^]*")


def examine_pt2_archive(view: ZipView) -> Iterator[Said]:
    """Judges the programs, and tells which members are raw numbers. Archives inside are members as any."""
    names = [member.name for member in view.facts.members]
    for root in dict.fromkeys(found[1] or found[2] or "" for name in names if (found := _ROOT.fullmatch(name))):
        for name in dict.fromkeys(name for name in names if name.startswith(root)):
            inner = name.removeprefix(root)
            if _PROGRAM.fullmatch(inner):
                for _, source in view.members(name):
                    yield from judge_program(source, view.here.into(name))
            elif found := _PAYLOADS.fullmatch(inner):
                for _, source in view.members(name):
                    yield from _payloads(source, root + found[1], view, view.here.into(name))
            elif inner.startswith(_NATIVE) and not name.endswith(("/", *_INERT)):
                message = f"{name[:200]} is loaded or compiled by AOTInductor"
                yield view.here.into(name).finding(NATIVE_CODE, message)


def judge_program(source: Source, here: Here) -> Iterator[Said]:
    """The names and expressions of a serialised ExportedProgram, however large."""
    try:
        for key, text, start, end in texts(source, frozenset(_JUDGES)):
            for rule, what in _JUDGES[key](text):
                yield here.finding(rule, f"{key} {what[:100]!r}", start, end, does=what[:200])
    except Broken as error:
        yield here.unexamined(f"an exported program: {error.why}", error.at)


Ruled = Iterator[tuple[Rule, str]]


def _target(text: str) -> Ruled:
    found = _OPERATOR.fullmatch(text)
    if _FILES.match(text):
        yield FILE_OPERATOR, text
    elif text.startswith("#") or (found and found[1] not in _OWN):
        yield CUSTOM_OPERATOR, text
    elif not (found or text in _ARITHMETIC or _FUNCTION.fullmatch(text) or _BARE.fullmatch(text)):
        yield TARGET, text


def _expression(text: str) -> Ruled:
    """An allow-list: whatever is not arithmetic on sizes could be a call of anything."""
    bare = _LITERAL.sub("0", text)
    symbolic = all(name in _CLASSES or _SYMBOL.fullmatch(name) for name in _NAME.findall(bare))
    if not (symbolic and _EXPRESSION.fullmatch(bare)):
        yield EXPRESSION, text


def _guard(text: str) -> Ruled:
    bare = _LITERAL.sub("0", text)
    if not (_GUARD.fullmatch(bare) and all(name in _GUARD_NAMES for name in _NAME.findall(bare))):
        yield EXPRESSION, text


def _spec(text: str) -> Ruled:
    """A tree of inputs: torch.utils._pytree imports the modules of the types that it names."""
    module = "builtins"
    for key, name in _IMPORTS.findall(text.replace("\\", "")):
        if key == "default_factory_module":
            module = name
            continue
        full = f"{module}.{name}" if key == "default_factory_name" else name.replace(":", ".")
        if danger(full) or is_unlisted_stdlib(full):
            yield TARGET, full
        elif not full.startswith(("builtins.", "collections.", "torch.")):
            yield CUSTOM_TYPE, full


_JUDGES: Mapping[str, Callable[[str], Ruled]] = {
    "target": _target,
    "as_operator": _target,
    "expr_str": _expression,
    "guards_code": _guard,
    "in_spec": _spec,
    "out_spec": _spec,
}


# --- weights ---


def _payloads(source: Source, folder: str, view: ZipView, here: Here) -> Iterator[Said]:
    """Raw numbers, unless they are pickled, which their content shows."""
    if source.size > LARGEST:
        yield here.unexamined(f"more than the {LARGEST:,} bytes that are parsed")
        return
    try:
        body = parse(source.read(0, source.size))
    except NotJson as error:
        yield here.unexamined(f"a list of weights: {error}")
        return
    sizes = {member.name: member.size for member in view.facts.members}
    config = body.get("config") if isinstance(body, Object) else None
    for name, entry in config if isinstance(config, Object) else ():
        path = entry.get("path_name") if isinstance(entry, Object) else None
        if not isinstance(path, str) or entry.get("use_pickle") is not False:
            continue
        if folder + path not in sizes:
            yield here.finding(STORAGE_MISSING, f"the weight {name[:100]!r} is not in the archive")
            continue
        view.raw.add(folder + path)
        needed = _bytes(entry.get("tensor_meta"))
        if needed is not None and sizes[folder + path] and needed > sizes[folder + path]:
            message = f"the weight {name[:100]!r} needs {needed:,} bytes, {path[:100]} has {sizes[folder + path]:,}"
            yield here.finding(STORAGE_SIZE, message)


def _bytes(meta: Any) -> int | None:
    """What a view by sizes and strides reaches of its storage; None where a number is not written out."""
    if not isinstance(meta, Object):
        return None
    sizes, strides = (_numbers(meta.get(key)) for key in ("sizes", "strides"))
    (offset,) = _numbers([meta.get("storage_offset")]) or (None,)
    dtype = meta.get("dtype")  # torch._export.serde.schema.ScalarType
    item = _ITEM.get(dtype) if isinstance(dtype, float) else None
    if sizes is None or strides is None or offset is None or item is None or len(sizes) != len(strides):
        return None
    if 0 in sizes:
        return 0
    return (offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True)) + 1) * item


def _numbers(items: Any) -> list[int] | None:
    if not isinstance(items, list):
        return None
    found = [item.get("as_int") if isinstance(item, Object) else None for item in items]
    numbers = [int(number) for number in found if isinstance(number, float) and 0 <= number < 2**63]
    return numbers if len(numbers) == len(items) else None


RULES: tuple[Rule, ...] = (TARGET, FILE_OPERATOR, CUSTOM_OPERATOR, CUSTOM_TYPE, EXPRESSION, NATIVE_CODE)
