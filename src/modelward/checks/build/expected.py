"""What a checkpoint holds, resolved a second time: for the comparator, which must not believe the converter.

Nothing here is shared with formats/tensors. Both start from the same facts: which bytes are the pickle and which a
storage (formats/torch/layout.py), and what the symbolic unpickler saw. Here tensors are resolved when the stream is
over, from what was kept of it, and the tree is walked from its root without a list of what may be called.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from modelward.core import canonical
from modelward.core.artifact import Source
from modelward.core.errors import Malformed
from modelward.formats.pickle.events import Build, End, Invocation, Mutation, PersistentLoad
from modelward.formats.pickle.text import read_text
from modelward.formats.pickle.values import Call, Dict, Global, List, Persistent, Text, Value
from modelward.formats.pickle.whole import WholeMachine
from modelward.formats.source import Slice
from modelward.formats.torch.layout import MOST_OBJECTS, TorchFile

_STORED = {
    "Double": ("F64", 8, 8), "Float": ("F32", 4, 4), "Half": ("F16", 2, 2), "BFloat16": ("BF16", 2, 2),
    "Long": ("I64", 8, 8), "Int": ("I32", 4, 4), "Short": ("I16", 2, 2), "Char": ("I8", 1, 1), "Byte": ("U8", 1, 1),
    "Bool": ("BOOL", 1, 1), "ComplexFloat": ("C64", 8, 4), "Untyped": ("U8", 1, 1),
}  # fmt: skip
"""By storage class: the name in safetensors, bytes of an element, bytes that a byte order turns round."""
_TYPED = {
    "float64": ("F64", 8), "float32": ("F32", 4), "float16": ("F16", 2), "bfloat16": ("BF16", 2), "int64": ("I64", 8),
    "int32": ("I32", 4), "int16": ("I16", 2), "int8": ("I8", 1), "uint8": ("U8", 1), "uint16": ("U16", 2),
    "uint32": ("U32", 4), "uint64": ("U64", 8), "bool": ("BOOL", 1), "float8_e4m3fn": ("F8_E4M3", 1),
    "float8_e5m2": ("F8_E5M2", 1), "float8_e4m3fnuz": ("F8_E4M3FNUZ", 1), "float8_e5m2fnuz": ("F8_E5M2FNUZ", 1),
    "float8_e8m0fnu": ("F8_E8M0", 1), "complex64": ("C64", 8),
}  # fmt: skip
_DICTIONARIES = ("collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict")
_DEEPEST = 400


class Unequal(Exception):
    """The two sides differ, or one of them cannot be read in one way only."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A tensor of the input: *offset* and *strides* count elements of *width* bytes."""

    dtype: str
    width: int
    shape: tuple[int, ...]
    offset: int
    strides: tuple[int, ...]
    source: Source
    turned: int = 1
    """Bytes that stand in reverse order, 1 for none."""


@dataclass(slots=True)
class Content:
    """What the input side comes to."""

    tensors: dict[str, Expected] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    """Paths of tensors that no bytes of safetensors stand for."""
    metadata: dict[str, str] = field(default_factory=dict)


def torch_content(file: TorchFile) -> Content:
    """Raises Unequal for a stream in which something is done to a tensor after it was made."""
    stream = _Stream(file)
    return _Tree(stream, Content()).content


class _Stream:
    """What one run of the symbolic unpickler leaves."""

    def __init__(self, file: TorchFile) -> None:
        self.file = file
        self.first: dict[int, list[Value]] = {}
        self.pairs: dict[int, list[Value]] = {}
        self.states: dict[int, Value] = {}
        self._kept: list[Value] = []  # so that no id is given twice
        self._described: dict[str, tuple[object, ...]] = {}
        self.root: Value = None
        for event in WholeMachine(file.pickle, file.at, objects=MOST_OBJECTS).run():
            match event:
                case Invocation(_, call):
                    self._kept.append(call)
                    self.first[id(call)] = _pairs_in(call)
                    if is_tensor(call) and type(call.args) is not tuple:
                        raise Unequal("a tensor is made of what is no list of arguments")
                case Build(_, target, state, late):
                    self._set(target, state, late)
                case Mutation(_, _, target, items, _):
                    self._add(target, items)
                case PersistentLoad(_, value):
                    self._describe(value.pid)
                case End(why=why, result=root):
                    if why:
                        raise Unequal(f"the pickle breaks: {why}")
                    self.root = root

    def text(self, value: Value) -> str | None:
        return (
            read_text(self.file.pickle, value.at) if isinstance(value, Text) else value if type(value) is str else None
        )

    def _set(self, target: Value, state: Value, late: bool) -> None:
        if late or is_tensor(target) or not isinstance(target, Call):
            raise Unequal("the pickle sets the state of something that was finished")
        self.states[id(target)] = Dict(state) if isinstance(state, Dict) else state

    def _add(self, target: Value, items: list[Value]) -> None:
        if is_tensor(target) or not isinstance(target, Call):
            raise Unequal("the pickle changes something that was finished")
        self.pairs.setdefault(id(target), []).extend(items)

    def _describe(self, pid: Value) -> None:
        if type(pid) is tuple and len(pid) >= 5 and pid[0] == "storage":
            said = (str(pid[1]), pid[4])
            if self._described.setdefault(pid[2], said) != said:
                raise Unequal(f"the storage {pid[2]!r} is described in two ways")


def _pairs_in(call: Call) -> list[Value]:
    """What a dictionary is made with, as it stands at that moment."""
    if str(call.func) not in _DICTIONARIES or type(call.args) is not tuple:
        return []
    parts = call.args[1:] if call.func.name == "defaultdict" else call.args
    return [each for part in parts if isinstance(part, List) for pair in part for each in pair]


def is_tensor(value: Value) -> bool:
    return (
        isinstance(value, Call)
        and isinstance(value.func, Global)
        and value.func.module in ("torch._utils", "torch._tensor", "torch.tensor")
        and value.func.name.startswith("_rebuild_")
    )


class _Tree:
    """From the root to every tensor, by the names that lead there."""

    def __init__(self, stream: _Stream, content: Content) -> None:
        self.content = content
        self._stream = stream
        self._walk(stream.root, "", 0)

    def _walk(self, value: Value, path: str, depth: int) -> None:
        if depth > _DEEPEST:
            raise Unequal("containers are nested deeper than can be followed")
        if is_tensor(value) or self._is_placed(value):
            self._enter(path or "tensor", value)
            return
        for name, child in self._children(value, path):
            self._walk(child, f"{path}.{name}" if path else name, depth + 1)

    def _children(self, value: Value, path: str) -> Iterator[tuple[str, Value]]:
        if type(value) in (List, tuple):
            yield from ((str(index), item) for index, item in enumerate(value))
        elif type(value) is Dict:
            yield from self._entries(value)
        elif isinstance(value, Call) and str(value.func) in _DICTIONARIES:
            self._versions(value, path)
            yield from self._entries(self._items(value))
        elif isinstance(value, Call) and id(value) not in self._stream.pairs:
            state = self._stream.states.get(id(value))
            fields = dict(self._entries(state)) if isinstance(state, Dict) else {}
            if {"_parameters", "_modules"} <= fields.keys() and all(
                self._is_dictionary(fields[name]) for name in ("_parameters", "_modules")
            ):
                for name in ("_parameters", "_buffers", "_modules"):
                    if self._is_dictionary(fields.get(name)):
                        yield from self._children(fields[name], "")

    def _is_dictionary(self, value: Value) -> bool:
        return type(value) is Dict or (isinstance(value, Call) and str(value.func) in _DICTIONARIES)

    def _items(self, call: Call) -> list[Value]:
        """Those that it was made with, and those that were added."""
        return self._stream.first.get(id(call), []) + self._stream.pairs.get(id(call), [])

    def _entries(self, items: list[Value]) -> list[tuple[str, Value]]:
        found: dict[str, Value] = {}
        for key, value in zip(items[::2], items[1::2], strict=True):
            name = self._stream.text(key)
            found[name if name is not None else str(int(key)) if isinstance(key, int) else f"<{key!r}>"] = value
        return list(found.items())

    def _versions(self, call: Call, path: str) -> None:
        state = self._stream.states.get(id(call))
        if not isinstance(state, Dict) or [self._stream.text(key) for key in state[::2]] != ["_metadata"]:
            return
        modules = self._texts(state[1])
        said = {} if modules is None else {name: self._texts(each) for name, each in modules.items()}
        numbers = [number for each in said.values() for number in (each or {}).values()]
        if modules is None or None in said.values() or any(type(n) is not int or abs(n) >= 2**53 for n in numbers):
            return
        with suppress(Malformed):  # a name that no text can say
            self.content.metadata[f"{path}._metadata" if path else "_metadata"] = canonical.encode(said).decode()

    def _texts(self, value: Value) -> dict[str, Value] | None:
        """A dictionary whose keys are texts."""
        if not self._is_dictionary(value):
            return None
        items = self._items(value) if isinstance(value, Call) else value
        keys = [self._stream.text(key) for key in items[::2]]
        named = {key: each for key, each in zip(keys, items[1::2], strict=True) if key is not None}
        return named if None not in keys else None

    def _is_placed(self, value: Value) -> bool:
        return isinstance(value, Persistent) and self._stream.file.is_tar and str(value.pid) in self._stream.file.placed

    def _enter(self, path: str, value: Value) -> None:
        found = self._placed(value) if isinstance(value, Persistent) else self._resolve(value.func, value.args)
        if found is None:
            self.content.others.add(path)
        elif path in self.content.tensors or path in self.content.others:
            raise Unequal(f"two tensors have the name {path!r}")
        else:
            self.content.tensors[path] = found

    def _placed(self, value: Persistent) -> Expected | None:
        file = self._stream.file
        place = file.placed[str(value.pid)]
        stored = file.storages[place.storage]
        return self._expected(stored.kind or "", stored.source, place.offset, place.shape, place.strides, None)

    def _resolve(self, func: Global, args: tuple[Value, ...]) -> Expected | None:
        """From the arguments alone: (storage, offset, size, stride, …)."""
        name = func.name
        if name.startswith("_rebuild_parameter"):
            inner = args[0]
            return self._placed(inner) if isinstance(inner, Persistent) else self._resolve(inner.func, inner.args)
        if name.startswith("_rebuild_from_type"):
            is_plain = str(args[1]) in ("torch.Tensor", "torch._tensor.Tensor") or str(args[1]).startswith(
                "torch.nn.parameter."
            )
            return self._resolve(args[0], args[2]) if is_plain else None
        if name not in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"):
            return None
        last = args[(7 if name.endswith("v3") else 6) :] if name != "_rebuild_tensor" else ()
        if last and isinstance(last[0], Dict) and any(flag is not False for flag in last[0][1::2]):
            return None
        _, kind, key, _, _, *view = args[0].pid
        stored = self._stream.file.storage(key)
        if stored is None:
            raise Unequal(f"the storage {key!r} is not there")
        return self._expected(
            kind.name, stored.source, args[1], args[2], args[3], args[6] if name.endswith("v3") else None, *view
        )

    def _expected(
        self, kind: str, source: Source, offset: int, shape: Value, strides: Value, dtype: Value, view: Value = None
    ) -> Expected | None:
        stored = _STORED.get(kind.removesuffix("Storage"))
        if stored is None or (dtype is not None and dtype.name not in _TYPED):
            return None
        name, width, unit = stored
        turned = unit if self._stream.file.is_big_endian else 1
        if view is not None:
            source = Slice(source, view[1] * width, view[2] * width)
        if dtype is not None:
            name, width = _TYPED[dtype.name]
            if turned == 1 and self._stream.file.is_big_endian and width > 1:
                return None
        sizes = tuple(shape.args[0] if isinstance(shape, Call) else shape)
        steps = tuple(strides.args[0] if isinstance(strides, Call) else strides)
        return Expected(name, width, sizes, offset, steps, source, turned)
