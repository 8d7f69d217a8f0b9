"""The symbolic unpickler that forgets nothing: for readers that need every value, not only what is suspicious."""

from __future__ import annotations

from collections.abc import Mapping

from modelward.core.artifact import Source
from modelward.formats.pickle.machine import Machine
from modelward.formats.pickle.memo import Memo
from modelward.formats.pickle.values import Box, Call, Dict, Global, List, Persistent, Set, Value
from modelward.formats.pickle.window import Broken

_FITTING: Mapping[type, tuple[str, ...]] = {
    List: ("APPEND", "APPENDS"),
    Dict: ("SETITEM", "SETITEMS"),
    Set: ("ADDITEMS",),
}


class WholeMachine(Machine):
    """A Machine whose containers keep all their items and whose memo keeps every identity. More than *objects*
    live values end the stream, where Machine would let go of some. Knows nothing of joblib.

    An opcode that changes a container in another way than picklers do ends it too: what SETITEM makes of
    a list is not what the values here would say.
    """

    def __init__(self, source: Source, at: int, *, objects: int) -> None:
        super().__init__(source, at, objects=objects, arrays=False)
        self.memo = WholeMemo()

    def kept(self, items: list[Value]) -> list[Value]:
        return items

    def put_into(self, target: Box, items: list[Value]) -> None:
        target += items

    def _change(self, opcode: str, items: list[Value]) -> None:
        target = self.stack[-1]
        fitting = _FITTING.get(type(target))
        if fitting is not None and opcode not in fitting:
            raise Broken(f"{opcode} on a container of another kind")
        if fitting is None and not isinstance(target, Call | Global | Persistent):
            raise Broken(f"{opcode} on what is no container")
        if "SETITEM" in opcode and len(items) % 2:
            raise Broken(f"{opcode} with a key that has no value")
        super()._change(opcode, items)


class WholeMemo(Memo):
    def __init__(self) -> None:
        super().__init__(room=1 << 40)

    def thin(self) -> None:
        raise Broken("more live objects than the limit", limit=True)
