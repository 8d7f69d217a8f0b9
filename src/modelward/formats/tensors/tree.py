"""What a checkpoint's containers hold, flattened: tensors by the path that leads to them, and all else named."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from modelward.core import canonical
from modelward.core.errors import Malformed
from modelward.formats.pickle.values import (
    FLOAT,
    Call,
    Data,
    Dict,
    Extension,
    Global,
    List,
    Marker,
    Persistent,
    Set,
    Text,
    Value,
)
from modelward.formats.tensors.model import MOST_TENSORS, Checkpoint, LeftOut, Refusal, View, join
from modelward.formats.tensors.objects import Entries, Pairs, Plain, Tensor, Thing, pairs_of

_DEEPEST = 100
_MOST_VISITED = 2_000_000
_MOST_NAMED = 10_000
_LONGEST = 1_000
_PARTS = ("_parameters", "_buffers", "_modules")
"""Where a torch.nn.Module keeps what its state_dict has. A class that says otherwise is not asked."""


def checkpoint(root: Value, text: Callable[[Value], str | None]) -> Checkpoint:
    """Raises Refusal for what has no tensor to carry, or two under one name."""
    walk = _Walk(text)
    if not walk.visit(root, ""):
        walk.leave("", _what(root))
    if not walk.tensors:
        left = f": {walk.left[0].what}" if walk.left else ""
        raise Refusal(f"there is no tensor in it that safetensors can carry{left}")
    return Checkpoint(walk.tensors, tuple(walk.left), walk.metadata)


class _Walk:
    def __init__(self, text: Callable[[Value], str | None]) -> None:
        self.tensors: dict[str, View] = {}
        self.left: list[LeftOut] = []
        self.metadata: dict[str, str] = {}
        self._text = text
        self._above: set[int] = set()
        self._visited = 0

    def leave(self, path: str, what: str) -> None:
        if len(self.left) >= _MOST_NAMED:
            raise Refusal(f"more than {_MOST_NAMED:,} things in it cannot be carried over")
        shown = path[:_LONGEST].encode("utf-8", "backslashreplace").decode()
        self.left.append(LeftOut(shown, what.encode("utf-8", "backslashreplace").decode()))

    def visit(self, value: Value, path: str) -> bool:
        """Whether there was anything in it that was carried or named; else whoever holds it names it."""
        note = value.note if isinstance(value, Call | Persistent) else None
        self._visited += 1
        if self._visited > _MOST_VISITED:
            raise Refusal("the checkpoint holds itself too often to be written out")
        match note if note is not None else value:
            case Tensor() as tensor:
                self._tensor(tensor, path)
                return True
            case Entries() as entries:
                self._versions(entries, path)
                return self._mapping(value, entries.pairs, path)
            case Dict() as items:
                return self._mapping(value, pairs_of(items), path)
            case List() | tuple() as items:
                return self._below(value, ((join(path, str(n)), item) for n, item in enumerate(items)))
            case Thing() as thing:
                return self._thing(value, thing, path)
        return False

    def _below(self, holder: Value, children: Iterator[tuple[str, Value]]) -> bool:
        if id(holder) in self._above or len(self._above) > _DEEPEST:
            raise Refusal("a container holds itself, or others too deep to be written out")
        self._above.add(id(holder))
        plain: list[tuple[str, Value]] = []
        has_any = False
        for path, value in children:
            if self.visit(value, path):
                has_any = True
            else:
                plain.append((path, value))
        for path, value in plain if has_any else ():
            self.leave(path, _what(value))
        self._above.discard(id(holder))
        return has_any

    def _mapping(self, holder: Value, pairs: Pairs, path: str) -> bool:
        """A key that was computed may equal any other, and so take its value's place."""
        has_any = self._below(holder, self._named(pairs, path))
        if has_any and _is_doubtful(pairs):
            raise Refusal(f"keys of {path[:200] or 'the checkpoint'} are no texts and no whole numbers")
        return has_any

    def _named(self, pairs: Pairs, path: str) -> Iterator[tuple[str, Value]]:
        """The last value of each key, as in a dictionary. Below a key that gives no name there can be no tensor."""
        found: dict[Value, Value] = {}
        for index, (key, value) in enumerate(pairs):
            name = self._text(key)
            plain = int(key) if isinstance(key, int) else (f"<{_what(key)}>", index)
            found[plain if name is None else name] = value
        names = [str(key) for key in found if type(key) is not tuple]
        if len(set(names)) < len(names):
            raise Refusal(f"two keys of {path[:200] or 'the checkpoint'} are written alike")
        for key, value in found.items():
            before = len(self.tensors), len(self.left)
            yield join(path, key[0] if type(key) is tuple else str(key)), value
            if type(key) is tuple and before != (len(self.tensors), len(self.left)):
                raise Refusal(f"a tensor under a key of {path[:200] or 'the checkpoint'} that is no text and no number")

    def _is_live(self, value: Value) -> bool:
        return isinstance(value, Call | Persistent) and isinstance(value.note, Tensor)

    def _tensor(self, tensor: Tensor, path: str) -> None:
        name = path or "tensor"
        if tensor.view is None:
            self.leave(path, tensor.what)
        elif not _is_name(name):
            self.leave(name[:_LONGEST], "a tensor whose name safetensors cannot have")
        elif name in self.tensors:
            raise Refusal(f"two tensors would have the name {name[:200]!r}")
        elif len(self.tensors) >= MOST_TENSORS:
            raise Refusal(f"more than {MOST_TENSORS:,} tensors")
        else:
            self.tensors[name] = tensor.view
        if tensor.attributes:
            self.leave(join(path, "<attributes>"), f"what is set on the tensor: {tensor.attributes[:200]}")

    def _versions(self, entries: Entries, path: str) -> None:
        """state_dict()._metadata: which version of each module wrote its part, if it is that and nothing else."""
        if entries.metadata is None:
            return
        name = join(path, "_metadata")
        found = self._plain_versions(entries.metadata)
        if found is None or not _is_name(name):
            self.leave(name, "the _metadata of a state, which holds more than versions")
        else:
            self.metadata[name] = found

    def _plain_versions(self, value: Value) -> str | None:
        pairs = _pairs(value)
        versions: dict[str, dict[str, int]] = {}
        for key, inner in pairs or ():
            module, said = self._text(key), _pairs(inner)
            if module is None or said is None or any(not _is_version(number) for _, number in said):
                return None
            named = {self._text(each): number for each, number in said}
            if None in named:
                return None
            versions[module] = {name: number for name, number in named.items() if name is not None}
        try:
            return canonical.encode(versions).decode() if pairs is not None else None
        except Malformed:
            return None

    def _thing(self, value: Value, thing: Thing, path: str) -> bool:
        """An object: what a module keeps as its parameters, buffers and parts is taken; the rest of it is left."""
        state = {name: inner for key, inner in thing.state if (name := self._text(key)) is not None}
        parts = {name: _pairs(state.get(name)) for name in _PARTS}
        if thing.is_changed or parts["_parameters"] is None or parts["_modules"] is None:
            return False
        self.leave(path, f"an object of the class {thing.kind}: its class, its settings")
        if any(_is_doubtful(pairs or []) for pairs in parts.values()):
            raise Refusal(f"names in the module {path[:200]} are no texts")
        kept = [[pair for pair in pairs or () if pair[1] is not None] for pairs in parts.values()]
        self._below(value, (child for pairs in kept for child in self._named(pairs, path)))
        for name, inner in state.items():
            if name not in _PARTS and self._is_live(inner):
                self.leave(join(path, name), "a tensor that is neither parameter nor buffer")
        return True


def _pairs(value: Value) -> Pairs | None:
    if isinstance(value, Call) and isinstance(value.note, Entries):
        return value.note.pairs
    return pairs_of(value) if isinstance(value, Dict) else None


def _is_doubtful(pairs: Pairs) -> bool:
    return any(isinstance(key, Call | Persistent | Global | Extension | Marker) for key, _ in pairs)


def _is_version(value: Value) -> bool:
    return type(value) is int and abs(value) < 2**53


def _is_name(name: str) -> bool:
    """A key of a JSON object in UTF-8 that means nothing else to safetensors."""
    return name != "__metadata__" and len(name) <= _LONGEST and name.encode("utf-8", "replace").decode() == name


def _what(value: Value) -> str:
    """Of what kind a value is, for people."""
    note = value.note if isinstance(value, Call | Persistent) else None
    match note if note is not None else value:
        case None:
            return "None"
        case bool():
            return "a boolean"
        case int():
            return "a whole number"
        case Entries() | Dict():
            return "a dictionary"
        case List():
            return "a list"
        case tuple():
            return "a tuple"
        case Set():
            return "a set"
        case Thing() as thing:
            return f"an object of the class {thing.kind}"
        case Plain() as plain:
            return f"a value of {plain.kind}"
        case Global() as name:
            return f"the name {str(name)[:200]}"
        case Tensor():
            return "a tensor"
        case str() | Text():
            return "a text"
        case Data():
            return "bytes"
    return "a number" if value is FLOAT else "a value"
