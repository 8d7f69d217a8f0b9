"""The tensors of what torch.save wrote. https://github.com/pytorch/pytorch/blob/v2.13.0/torch/_utils.py"""

from __future__ import annotations

from dataclasses import dataclass, field

from modelward.formats.pickle.values import Call, Dict, Global, Persistent, Value
from modelward.formats.safetensors import BITS
from modelward.formats.tensors import names
from modelward.formats.tensors.model import Checkpoint, Refusal, Storage, view
from modelward.formats.tensors.objects import Objects, Tensor
from modelward.formats.tensors.tree import checkpoint
from modelward.formats.torch.layout import ITEM_SIZES, MOST_OBJECTS, TorchFile, part


def read_checkpoint(file: TorchFile) -> Checkpoint:
    """Raises Refusal, and OddFile."""
    loaded = _Loaded(file)
    objects = Objects(file.pickle, loaded.tensor, loaded.placed if file.is_tar else loaded.persistent)
    return checkpoint(objects.run(file.at, MOST_OBJECTS), objects.text)


@dataclass(frozen=True, slots=True)
class _Typed:
    """A storage with the class that the pickle gives it."""

    kind: str
    storage: Storage


@dataclass(slots=True)
class _Loaded:
    """What persistent ids stand for. The first one decides what a storage is; another that says otherwise would be
    ignored by torch and believed by others."""

    file: TorchFile
    seen: dict[str, tuple[str, int]] = field(default_factory=dict)
    views: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    def persistent(self, pid: Value) -> _Typed | str:
        match pid:
            case ("storage", Global() as kind, str() as key, _, int() as count, *view_of) if type(count) is int:
                return self._storage(kind, key, count, view_of[0] if view_of else None)
            case ("module", Global() as kind, *_):
                return str(kind)
        raise Refusal("the pickle asks for an object by an id that torch does not write")

    def _storage(self, kind: Global, key: str, count: int, view_of: Value) -> _Typed:
        if kind.module not in names.STORAGE_MODULES or kind.name not in names.STORAGE_DTYPES:
            raise Refusal(f"a storage of the class {str(kind)[:100]}, which is not known here")
        if self.seen.setdefault(key, (kind.name, count)) != (kind.name, count):
            raise Refusal(f"the storage {key[:100]!r} is described in two ways")
        stored = self.file.storage(key)
        if stored is None:
            raise Refusal(f"the storage {key[:100]!r} is not in the file")
        width = ITEM_SIZES[kind.name]
        if stored.source.size != count * width:
            raise Refusal(
                f"the storage {key[:100]!r} has {stored.source.size:,} bytes, the pickle says {count * width:,}"
            )
        whole = Storage(stored.source, stored.at, self._swap(kind.name))
        return _Typed(kind.name, whole if view_of is None else self._part(key, whole, width, view_of))

    def _part(self, key: str, whole: Storage, width: int, view_of: Value) -> Storage:
        match view_of:
            case (str() as name, int() as offset, int() as count):
                if self.views.setdefault(name, (key, offset, count)) != (key, offset, count):
                    raise Refusal(f"the view {name[:100]!r} of a storage is described in two ways")
                piece = part(whole.source, offset * width, count * width, "a view of a storage")
                return Storage(piece, whole.at + offset * width, whole.swap)
        raise Refusal("a view of a storage is not described as torch does it")

    def _swap(self, kind: str) -> int:
        """torch swaps a storage by its class, so that one without a type stays as it is."""
        if not self.file.is_big_endian:
            return 1
        return ITEM_SIZES[kind] // (2 if kind.startswith("Complex") else 1)

    def placed(self, pid: Value) -> Tensor | _Typed | str:
        """What the numbers stand for by which the pickles of tars name what lies outside."""
        match pid:
            case (Global() as kind, *_):
                return str(kind)
            case int() | str():
                key = str(pid)
            case _:
                raise Refusal("the pickle asks for an object by an id that torch does not write")
        place = self.file.placed.get(key)
        stored = self.file.storage(place.storage if place else key)
        if stored is None or stored.kind is None:
            raise Refusal(f"the pickle asks for the object {key[:100]!r}, which is not in the file")
        typed = _Typed(stored.kind, Storage(stored.source, stored.at))
        return self._of(typed, place.offset, place.shape, place.strides, None) if place else typed

    def tensor(self, func: Global, args: tuple[Value, ...]) -> Tensor:
        """_rebuild_tensor(storage, offset, size, stride), v2 with (requires_grad, hooks[, metadata]), v3 with
        (requires_grad, hooks, dtype[, metadata])."""
        expected = {"_rebuild_tensor": (4,), "_rebuild_tensor_v2": (6, 7), "_rebuild_tensor_v3": (7, 8)}[func.name]
        if len(args) not in expected:
            raise Refusal("a tensor is made of other parts than torch writes")
        match args:
            case (Persistent(note=_Typed() as typed), int() as offset, size, stride, *rest) if type(offset) is int:
                pass
            case _:
                raise Refusal("a tensor is made of something else than a storage")
        dtype = None
        if func.name == "_rebuild_tensor_v3":
            dtype, rest = rest[2], rest[:2] + rest[3:]
            if not (isinstance(dtype, Global) and dtype.module == "torch"):
                raise Refusal("a tensor has a type that is none of torch's")
        shape, strides = _sizes(size), _sizes(stride)
        if len(rest) > 2 and not _is_trivial(rest[2]):
            return Tensor(None, "a tensor whose numbers are to be conjugated or negated")
        return self._of(typed, offset, shape, strides, dtype)

    def _of(
        self, typed: _Typed, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: Global | None
    ) -> Tensor:
        name = typed.kind.removesuffix("Storage") if dtype is None else dtype.name
        known = names.STORAGE_DTYPES if dtype is None else names.DTYPES
        found = known.get(typed.kind if dtype is None else name)
        if found is None:
            return Tensor(None, f"a tensor of the type {name[:100]}, which safetensors does not have")
        if dtype is not None and typed.storage.swap == 1 and self.file.is_big_endian and BITS[found] > 8:
            return Tensor(None, f"a tensor of the type {name[:100]} from a big-endian machine")
        return Tensor(view(typed.storage, found, shape, offset, strides))


def _sizes(value: Value) -> tuple[int, ...]:
    if isinstance(value, Call) and value.how == "REDUCE" and str(value.func) == "torch.Size" and len(value.args) == 1:
        value = value.args[0]
    if type(value) is tuple and all(type(n) is int for n in value):
        return value
    raise Refusal("a tensor has a shape or strides that are no numbers")


def _is_trivial(metadata: Value) -> bool:
    """{"conj": True} and {"neg": True} stand for work that is yet to be done on the numbers."""
    return metadata is None or (isinstance(metadata, Dict) and all(flag is False for flag in metadata[1::2]))
