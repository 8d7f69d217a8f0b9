"""Types of numpy, as dtype.__setstate__ takes them: flags and offsets that it believes without a question.

https://github.com/numpy/numpy/blob/v2.4.0/numpy/_core/src/multiarray/descriptor.c (arraydescr_setstate)
"""

from __future__ import annotations

import re

from modelward.formats.pickle.values import MORE, Call, Dict, Global, Value

_CLASSES = ("numpy.dtype", "numpy.core.multiarray.dtype", "numpy._core.multiarray.dtype")
_CODE = re.compile(r"[<>=|]?([?a-zA-Z])([0-9]{0,9})")
_RECORDS = ("numpy.record", "numpy.void", "numpy.core.records.record", "numpy._core.records.record", "numpy.rec.record")
_OBJECTS = ("object", "object_", "ObjectDType")
_SUBARRAY, _FIELDS, _ITEM_SIZE, _FLAGS = 2, 4, 5, 7
_HAS_OBJECT = 1  # NPY_ITEM_HASOBJECT: elements hold addresses of objects
_DEPTH = 16


def is_dtype(value: Value) -> bool:
    """Made by a class of numpy's types, under whatever name it was called."""
    if not isinstance(value, Call):
        return False
    func = value.func.note if isinstance(value.func, Call) else value.func
    return isinstance(func, Global) and (
        (func.name.endswith("dtype") and str(func) in _CLASSES) or func.module == "numpy.dtypes"
    )


def without_fields(state: Value) -> Value:
    """What else the state of a dtype holds; fields are types again, judged where they were made."""
    return tuple(part for part in state if not isinstance(part, Dict)) if type(state) is tuple else state


def is_unsound(dtype: Call, state: Value) -> bool:
    """Whether an array of *dtype*, once it has *state*, takes numbers for objects or has fields outside its
    elements; or whether that cannot be told, since numpy never writes such a state."""
    return type(state) is tuple and _holds_objects(dtype, state, _DEPTH, {}) is None


def _holds_objects(dtype: Value, state: Value, depth: int, known: dict[int, bool | None]) -> bool | None:
    """None: it contradicts itself, or is not as numpy writes it. *known*: of those looked at before, since one type
    can be the field of another any number of times."""
    kind = _kind(dtype)
    if kind is None or depth == 0:
        return None
    objects = kind == "O"
    if type(state) is not tuple:
        return objects if state is None else None
    if len(state) <= _FLAGS:  # before numpy 1.0; fields stand elsewhere in it, and flags are computed
        return None if any(isinstance(part, Dict | Call) or type(part) is tuple for part in state) else objects
    flags, size, fields = state[_FLAGS], state[_ITEM_SIZE], state[_FIELDS]
    if not (isinstance(flags, int) and isinstance(size, int)):
        return None
    inner: list[Value] = [state[_SUBARRAY][:1]] if type(state[_SUBARRAY]) is tuple else []
    for field in fields[1::2] if isinstance(fields, Dict) else []:
        if field is MORE:  # of hundreds of fields, only so many are kept
            return bool(flags & _HAS_OBJECT)
        if not (type(field) is tuple and len(field) > 1 and _is_inside(field[0], field[1], size)):
            return None
        inner.append(field)
    for part, *_ in inner:
        if id(part) not in known:
            inner_state = part.state if isinstance(part, Call) else None
            known[id(part)] = _holds_objects(part, inner_state, depth - 1, known)
        held = known[id(part)]
        if held is None:
            return None
        objects = objects or held
    return objects if objects == bool(flags & _HAS_OBJECT) else None


def _kind(dtype: Value) -> str | None:
    """The letter of its code; empty for the class of another library, which stands in place of the code."""
    if not (is_dtype(dtype) and type(dtype.args) is tuple and dtype.args):
        return None
    code = dtype.args[0]
    if isinstance(code, Global):
        if str(code) in _RECORDS:
            return "V"
        named = code.module.partition(".")[0] in ("numpy", "builtins", "__builtin__") or code.name in _OBJECTS
        return None if named else ""
    found = _CODE.fullmatch(code) if isinstance(code, str) else None
    return found and found[1]


def _is_inside(dtype: Value, offset: Value, size: int) -> bool:
    return isinstance(offset, int) and offset >= 0 and offset + _item_size(dtype) <= size


def _item_size(dtype: Value) -> int:
    """Bytes of an element, as far as the code or the state says it."""
    state = dtype.state if isinstance(dtype, Call) else None
    if type(state) is tuple and len(state) > _FLAGS and isinstance(state[_ITEM_SIZE], int) and state[_ITEM_SIZE] > 0:
        return int(state[_ITEM_SIZE])
    code = dtype.args[0] if is_dtype(dtype) and type(dtype.args) is tuple and dtype.args else None
    found = _CODE.fullmatch(code) if isinstance(code, str) else None
    return int(found[2] or 0) * (4 if found[1] == "U" else 1) if found else 0
