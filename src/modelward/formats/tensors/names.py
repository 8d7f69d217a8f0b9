"""The names that a pickle may call and be converted all the same: what each gives is known without calling it.

They are compared exactly. A name that is on no list is a reason to refuse, unless it is a class of which an object
is made without its constructor. torch 2.13.0: torch/_utils.py, torch/_tensor.py, torch/serialization.py
"""

from __future__ import annotations

from collections.abc import Mapping

from modelward.formats.pickle.values import Global


def _names(text: str) -> frozenset[tuple[str, str]]:
    lines = (line.split() for line in text.strip().splitlines())
    return frozenset((module, name) for module, *names in lines for name in names)


def named(target: object, names: frozenset[tuple[str, str]]) -> bool:
    return isinstance(target, Global) and (target.module, target.name) in names


TENSOR = _names("torch._utils _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3")
PARAMETER = _names("torch._utils _rebuild_parameter _rebuild_parameter_with_state")
FROM_TYPE = _names("torch._tensor _rebuild_from_type _rebuild_from_type_v2\ntorch.tensor _rebuild_from_type")
PLAIN_TYPES = _names("torch Tensor\ntorch._tensor Tensor\ntorch.nn.parameter Parameter Buffer")

ODD_TENSORS: Mapping[tuple[str, str], str] = {
    ("torch._utils", name): what
    for name, what in (
        ("_rebuild_qtensor", "a quantised tensor"),
        ("_rebuild_sparse_tensor", "a sparse tensor"),
        ("_rebuild_sparse_csr_tensor", "a sparse tensor"),
        ("_rebuild_nested_tensor", "a nested tensor"),
        ("_rebuild_meta_tensor_no_storage", "a tensor without data"),
        ("_rebuild_wrapper_subclass", "a tensor of a class of its own"),
        ("_rebuild_device_tensor_from_numpy", "a tensor of another device"),
        ("_rebuild_device_tensor_from_cpu_tensor", "a tensor of another device"),
        ("_rebuild_xla_tensor", "a tensor of another device"),
        ("_rebuild_mlc_tensor", "a tensor of another device"),
    )
}
"""Tensors that are more, or less, than elements of a storage."""

MAPPINGS = _names("collections OrderedDict defaultdict\nbuiltins dict\n__builtin__ dict")

VALUES = _names("""
    torch Size device
    torch.serialization _get_layout
    torch.torch_version TorchVersion
    builtins bool bytearray bytes complex float frozenset int list object range set slice str tuple
    __builtin__ bool bytearray bytes complex float frozenset int list long object set slice str tuple unicode xrange
    _codecs encode
    collections Counter deque
    argparse Namespace
    types SimpleNamespace
    datetime date datetime time timedelta timezone
    decimal Decimal
    fractions Fraction
    uuid UUID
    pathlib Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath
    pathlib._local Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath
    numpy dtype ndarray
    numpy.core.multiarray _reconstruct scalar
    numpy._core.multiarray _reconstruct scalar
    numpy.core.numeric _frombuffer
    numpy._core.numeric _frombuffer
""")
"""Plain values. None of them changes what it is given."""

MAKERS = _names("copyreg _reconstructor\ncopy_reg _reconstructor")
"""_reconstructor(class, object, None) makes an object without its constructor."""

STORAGE_MODULES = frozenset(("torch", "torch.cuda", "torch.storage"))

STORAGE_DTYPES: Mapping[str, str | None] = {
    "DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16",
    "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8",
    "BoolStorage": "BOOL", "ComplexFloatStorage": "C64", "ComplexDoubleStorage": None, "UntypedStorage": "U8",
    "QInt8Storage": None, "QUInt8Storage": None, "QInt32Storage": None, "QUInt4x2Storage": None,
    "QUInt2x4Storage": None,
}  # fmt: skip
"""None: safetensors has no such type."""

DTYPES: Mapping[str, str | None] = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ", "float8_e8m0fnu": "F8_E8M0", "complex64": "C64", "complex128": None,
    "complex32": None, "float4_e2m1fn_x2": None,
}  # fmt: skip

SETTABLE = frozenset(
    "data grad requires_grad real imag names grad_dtype retains_grad volatile _backward_hooks _grad _grad_fn "
    "_post_accumulate_grad_hooks _version _cdata _base name output_nr".split()
)
"""Attributes of a tensor that lead to its numbers, or to code. Setting them is not setting a note."""
