"""joblib's array wrappers: how many raw bytes follow their BUILD.

https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

from modelward.formats.pickle.values import ARRAY_KEYS, Call, Dict, Global, List, Value

_CODE = re.compile(r"[<>=|]?([?a-zA-Z])([0-9]{0,9})")
_BARE_SIZES = dict(zip("?bBhHiIlLqQefdgFDG", (1, 1, 1, 2, 2, 4, 4, 8, 8, 8, 8, 2, 4, 8, 16, 8, 16, 32), strict=True))
_HAS_OBJECT = 1  # NPY_ITEM_HASOBJECT
_FLEXIBLE = "SUV"
_STRING_DTYPES = ("numpy.dtypes.StringDType", "numpy._core._internal._convert_to_stringdtype_kwargs")
_FILE_WRAPPERS = tuple(
    f"{module}.{name}"
    for module in ("numpy_pickle", "numpy_pickle_compat")
    for name in ("NDArrayWrapper", "ZNDArrayWrapper")
)
_DEPTH = 4


class ArraySize(NamedTuple):
    size: int
    aligned: bool
    """One byte n and n bytes of padding stand before the data."""
    objects: bool
    """A pickle of its own stands there instead of raw numbers."""


def is_array_wrapper(target: Value) -> bool:
    return isinstance(target, Call) and _is_wrapper(target, _DEPTH)


def _is_wrapper(value: Value, depth: int) -> bool:
    """However it was made: by the class, or by a function that got the class, or one of its objects."""
    if isinstance(value, Global):
        return value.name.endswith("NumpyArrayWrapper") and str(value).endswith("numpy_pickle.NumpyArrayWrapper")
    if not isinstance(value, Call) or depth == 0:
        return False
    args = value.args if type(value.args) in (tuple, List) else ()
    return any(_is_wrapper(item, depth - 1) for item in (value.func, *args))


def is_array_file(target: Value) -> bool:
    """The wrappers of joblib before 0.10 name another file."""
    made = _made_class(target)
    return made is not None and made.name.endswith("NDArrayWrapper") and str(made).endswith(_FILE_WRAPPERS)


def is_as_joblib_writes(state: Value) -> bool:
    """Whether shape and alignment are told by the state itself, once and for all."""
    if not isinstance(state, Dict) or len(state) > 2 * (len(ARRAY_KEYS) + 1):
        return False
    shape, alignment = state.get("shape"), state.get("numpy_array_alignment_bytes")
    return (
        type(shape) is tuple
        and all(isinstance(n, int) and n >= 0 for n in shape)
        and (alignment is None or isinstance(alignment, int))
        and isinstance(state.get("dtype"), Call)
    )


def array_size(state: Dict, text_of: Callable[[Value], str | None]) -> ArraySize | None:
    """What follows the BUILD of a wrapper with this state, which is as joblib writes it; None for a
    type of unknown size."""
    found = _item_size(state.get("dtype"), text_of)
    if found is None:
        return None
    size, objects = found
    count = math.prod(state.get("shape") or ())
    return ArraySize(count * size, state.get("numpy_array_alignment_bytes") is not None, objects)


def is_of_foreign_type(state: Dict) -> bool:
    """Elements are of a class of another library (bfloat16, say); numpy's own go by their code."""
    dtype = state.get("dtype")
    args = dtype.args if isinstance(dtype, Call) and type(dtype.args) is tuple else ()
    return bool(args) and isinstance(args[0], Global) and args[0].module.partition(".")[0] not in ("numpy", "builtins")


def _made_class(target: Value) -> Global | None:
    if not isinstance(target, Call):
        return None
    made = target.func
    if isinstance(made, Global) and made.name == "_reconstructor" and type(target.args) is tuple and target.args:
        made = target.args[0]
    return made if isinstance(made, Global) else None


def _item_size(dtype: Value, text_of: Callable[[Value], str | None]) -> tuple[int, bool] | None:
    if not (isinstance(dtype, Call) and type(dtype.args) is tuple and isinstance(dtype.func, Global)):
        return None
    if str(dtype.func) in _STRING_DTYPES:
        return 0, True
    if str(dtype.func) != "numpy.dtype" or not dtype.args:
        return None
    match = _CODE.fullmatch(text_of(dtype.args[0]) or "")
    if match is None:
        return None
    kind, digits = match[1], match[2]
    objects = kind == "O"
    if not digits:
        size = 8 if kind in "OMm" else _BARE_SIZES.get(kind)
    else:
        size = int(digits) * (4 if kind == "U" else 1)
    state = dtype.state
    if state is not None:
        if not (type(state) is tuple and len(state) >= 8 and isinstance(state[5], int) and isinstance(state[7], int)):
            return None
        # dtype.__setstate__ stores both, and asks nothing
        objects = bool(state[7] & _HAS_OBJECT)
        if kind in _FLEXIBLE:
            size = state[5] if state[5] >= 0 else None
    return None if size is None else (size, objects)
