"""joblib's array wrappers: how many raw bytes follow their BUILD.

https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

from modelward.formats.pickle.values import Call, Dict, Global, Value

_CODE = re.compile(r"[<>=|]?([?a-zA-Z])([0-9]{0,9})")
_BARE_SIZES = dict(zip("?bBhHiIlLqQefdgFDG", (1, 1, 1, 2, 2, 4, 4, 8, 8, 8, 8, 2, 4, 8, 16, 8, 16, 32), strict=True))
_HAS_OBJECT = 1  # NPY_ITEM_HASOBJECT


class ArraySize(NamedTuple):
    size: int
    aligned: bool
    """One byte n and n bytes of padding stand before the data."""
    objects: bool
    """A pickle of its own stands there instead of raw numbers."""


def is_array_wrapper(target: Value) -> bool:
    return _made_class(target).endswith("numpy_pickle.NumpyArrayWrapper")


def is_array_file(target: Value) -> bool:
    """The wrappers of joblib before 0.10 name another file."""
    return _made_class(target).endswith(("numpy_pickle.NDArrayWrapper", "numpy_pickle_compat.NDArrayWrapper")) or (
        _made_class(target).endswith(("numpy_pickle.ZNDArrayWrapper", "numpy_pickle_compat.ZNDArrayWrapper"))
    )


def array_size(wrapper: Call, text_of: Callable[[Value], str | None]) -> ArraySize | None:
    """What follows the BUILD of *wrapper*; None if its state does not say."""
    state = wrapper.state
    if not isinstance(state, Dict):
        return None
    shape, dtype = state.get("shape"), state.get("dtype")
    found = _item_size(dtype, text_of)
    if found is None or not (type(shape) is tuple and all(isinstance(n, int) and n >= 0 for n in shape)):
        return None
    size, objects = found
    return ArraySize(math.prod(shape) * size, state.get("numpy_array_alignment_bytes") is not None, objects)


def _made_class(target: Value) -> str:
    if not isinstance(target, Call):
        return ""
    made = target.func
    if isinstance(made, Global) and made.name == "_reconstructor" and type(target.args) is tuple and target.args:
        made = target.args[0]
    return str(made) if isinstance(made, Global) else ""


def _item_size(dtype: Value, text_of: Callable[[Value], str | None]) -> tuple[int, bool] | None:
    if not (isinstance(dtype, Call) and type(dtype.args) is tuple and dtype.args):
        return None
    if not (isinstance(dtype.func, Global) and str(dtype.func) == "numpy.dtype"):
        return None
    match = _CODE.fullmatch(text_of(dtype.args[0]) or "")
    if match is None:
        return None
    kind, digits = match[1], match[2]
    objects = kind == "O"
    if type(dtype.state) is tuple and len(dtype.state) >= 8 and isinstance(dtype.state[7], int):
        objects = bool(dtype.state[7] & _HAS_OBJECT)  # what __setstate__ stores is what hasobject asks
    if not digits:
        size = 8 if kind in "OMm" else _BARE_SIZES.get(kind)
    else:
        size = int(digits) * (4 if kind == "U" else 1)
    return None if size is None else (size, objects)
