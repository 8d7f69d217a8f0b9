"""What the calls of a pickle give, as it is loaded: tensors, mappings, objects whose classes are not run, values.

Everything is taken at the moment of the call, as a loader takes it: a list that is changed later does not change
the tensor that was made from it. What would change a tensor, or could, is a reason to refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from modelward.core.artifact import Source
from modelward.formats.pickle.events import Build, End, Event, Invocation, Mutation, PersistentLoad, Reference
from modelward.formats.pickle.text import read_text
from modelward.formats.pickle.values import Call, Dict, Global, List, Persistent, Text, Value
from modelward.formats.pickle.whole import WholeMachine
from modelward.formats.pickle.window import Broken
from modelward.formats.tensors import names
from modelward.formats.tensors.model import Refusal, View
from modelward.formats.tensors.names import named

Pairs = list[tuple[Value, Value]]


@dataclass(frozen=True, slots=True)
class Tensor:
    """*view* is None where safetensors cannot carry it, for the reason *what*."""

    view: View | None
    what: str = ""
    attributes: str = ""
    """Names of what was set on it besides, which is left out."""


@dataclass(slots=True, eq=False)
class Entries:
    """A dictionary of a class that is known."""

    pairs: Pairs
    metadata: Value = None
    """The _metadata that modules leave on their state: versions of what wrote each part."""


@dataclass(slots=True, eq=False)
class Thing:
    """An object. Its class was not run, so nothing but what the pickle sets on it is known."""

    kind: str
    state: Pairs = field(default_factory=list)
    is_changed: bool = False
    """By methods of its own."""


@dataclass(frozen=True, slots=True)
class Plain:
    kind: str


def pairs_of(items: Dict) -> Pairs:
    if len(items) % 2:
        raise Refusal("a dictionary has a key without a value")
    return list(zip(items[::2], items[1::2], strict=True))


class Objects:
    """Reads one stream; each call's `note` is afterwards what it gave."""

    def __init__(
        self, source: Source, tensor: Callable[[Global, tuple[Value, ...]], Tensor], loaded: Callable[[Value], object]
    ) -> None:
        """*tensor* makes one from the arguments of a builder; *loaded* says what a persistent id stands for."""
        self._source = source
        self._tensor = tensor
        self._loaded = loaded

    def run(self, at: int, most: int) -> Value:
        """What the stream gives. Raises Refusal."""
        machine = WholeMachine(self._source, at, objects=most)
        for event in machine.run():
            if isinstance(event, End):
                if event.why or machine.stack or machine.marks:
                    raise Refusal(f"the pickle breaks: {event.why or 'it leaves values behind'}")
                return event.result
            self._take(event)
        raise Refusal("the pickle has no end")

    def text(self, value: Value) -> str | None:
        """The string that *value* is, None for what is none or is longer than a name can be."""
        if isinstance(value, Text):
            try:
                return read_text(self._source, value.at)
            except Broken:
                return None
        return value if isinstance(value, str) else None

    def _take(self, event: Event) -> None:
        match event:
            case Invocation(_, call):
                call.note = self._called(call)
            case Build(_, target, state, late):
                self._built(target, state, late)
            case Mutation(_, opcode, target, items, late):
                self._changed(opcode, target, items, late)
            case PersistentLoad(_, value):
                value.note = self._loaded(value.pid)
            case Reference():
                pass  # the name of a class or a function; what matters is what is called
            case _:
                raise Refusal(f"the pickle does what no pickler writes ({type(event).__name__}, byte {event.at})")

    def _called(self, call: Call) -> object:
        func, args = call.func, call.args
        if type(args) is not tuple:
            raise Refusal("the pickle calls something with what are no arguments")
        if not call.how.startswith("NEWOBJ") and call.kwargs is None and isinstance(func, Global):
            made = self._made(func, args)
            if made is not None:
                return made
        return self._object(call, args)

    def _made(self, func: Global, args: tuple[Value, ...]) -> object | None:
        if named(func, names.TENSOR):
            return self._tensor(func, args)
        if named(func, names.PARAMETER):
            return self._parameter(args)
        if named(func, names.FROM_TYPE):
            return self._from_type(args)
        if (func.module, func.name) in names.ODD_TENSORS:
            return Tensor(None, names.ODD_TENSORS[func.module, func.name])
        if named(func, names.MAPPINGS):
            return self._mapping(func, args)
        if named(func, names.VALUES):
            return Plain(str(func))
        if named(func, names.MAKERS) and len(args) == 3 and args[2] is None and _is_object(args[1]):
            return Thing(_kind(args[0]))
        return None

    def _object(self, call: Call, args: tuple[Value, ...]) -> object:
        """Made without a constructor, so that nothing of its class runs but what it inherits from object."""
        kind = _kind(call.func)
        if not call.how.startswith("NEWOBJ") or not _is_class(call.func):
            raise Refusal(f"the pickle calls {kind}, which is not on the list of names that are known")
        if call.kwargs is not None and not (isinstance(call.kwargs, Dict) and not call.kwargs):
            raise Refusal(f"the pickle makes an object of {kind} with arguments: its class decides what they do")
        if named(call.func, names.VALUES):
            return Plain(kind)
        if named(call.func, names.MAPPINGS) and isinstance(call.func, Global):
            return self._mapping(call.func, args)
        if args != ():
            raise Refusal(f"the pickle makes an object of {kind} with arguments: its class decides what they do")
        return Thing(kind)

    def _mapping(self, func: Global, args: tuple[Value, ...]) -> Entries:
        if func.name == "defaultdict":
            args = args[1:]
        match args:
            case ():
                return Entries([])
            case (List() as listed,):
                return Entries([self._pair(each) for each in listed])
        raise Refusal(f"the pickle makes a {func.name} of something else than pairs")

    def _pair(self, value: Value) -> tuple[Value, Value]:
        if isinstance(value, List | tuple) and len(value) == 2:
            return value[0], value[1]
        raise Refusal("the pickle makes a mapping of something else than pairs")

    def _parameter(self, args: tuple[Value, ...]) -> Tensor:
        match args:
            case (Call(note=Tensor() as tensor), _, _):
                return tensor
            case (Call(note=Tensor() as tensor), _, _, state):
                return self._with_attributes(tensor, state)
            case (Persistent(note=Tensor() as tensor), _, _):
                return tensor
        raise Refusal("a parameter is made of something else than a tensor")

    def _from_type(self, args: tuple[Value, ...]) -> Tensor:
        match args:
            case (Global() as func, kind, tuple() as inner, state):
                made = self._made(func, inner)
                if isinstance(made, Tensor):
                    if not named(kind, names.PLAIN_TYPES):
                        return Tensor(None, f"a tensor of the class {_kind(kind)}")
                    return self._with_attributes(made, state)
        raise Refusal("a tensor with a class is made of something else than a tensor")

    def _with_attributes(self, tensor: Tensor, state: Value) -> Tensor:
        """What is set on a tensor is left out, if it is certain that no number changes by it."""
        match state:
            case None | ():
                return tensor
            case Dict() if not state:
                return tensor
            case Dict():
                keys = [self.text(key) for key, _ in pairs_of(state)]
            case (None | Dict() as attributes, Dict() as slots):
                keys = [self.text(key) for part in (attributes or Dict(), slots) for key, _ in pairs_of(part)]
            case _:
                keys = [None]
        found = [key for key in keys if key is not None]
        if len(found) < len(keys) or any(key in names.SETTABLE or key.startswith("__") for key in found):
            raise Refusal("the pickle sets something on a tensor that can change its numbers")
        return Tensor(tensor.view, tensor.what, ", ".join(sorted(found)))

    def _built(self, target: Value, state: Value, late: bool) -> None:
        note = target.note if isinstance(target, Call | Persistent) else None
        if late or note is None:
            raise Refusal("the pickle sets the state of what has one, or of what can have none")
        match note, state:
            case Plain(), _:
                pass
            case Entries(), Dict() if [self.text(key) for key in state[::2]] == ["_metadata"]:
                note.metadata = state[1]
            case Thing(), Dict():
                note.state = pairs_of(state)
            case Thing(), _:
                note.is_changed = True
            case _:
                raise Refusal("the pickle sets a state that can change what was loaded before")

    def _changed(self, opcode: str, target: Value, items: list[Value], late: bool) -> None:
        note = target.note if isinstance(target, Call) else None
        match note:
            case Entries() if opcode.startswith("SETITEM") and not late:
                note.pairs += zip(items[::2], items[1::2], strict=True)
            case Thing():
                note.is_changed = True
            case Plain():
                pass
            case _:
                raise Refusal(f"the pickle changes what was loaded before ({opcode})")


def _is_class(value: Value) -> bool:
    return isinstance(value, Global) or (isinstance(value, Persistent) and isinstance(value.note, str))


def _kind(value: Value) -> str:
    if isinstance(value, Persistent) and isinstance(value.note, str):
        return value.note
    return str(value)[:200] if isinstance(value, Global) else "something that was computed"


def _is_object(value: Value) -> bool:
    return isinstance(value, Global) and value.name == "object" and value.module in ("builtins", "__builtin__")
