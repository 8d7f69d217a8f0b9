"""The unpickler's memo in about four bytes an entry, whatever the pickle puts into it."""

from __future__ import annotations

from array import array
from typing import Final

from modelward.formats.pickle.values import (
    MORE,
    NUMBERS,
    PINNED,
    UNKNOWN,
    Box,
    Call,
    Dict,
    Global,
    List,
    Marker,
    Text,
    Value,
    is_plain,
)

MISSING: Final = Marker("<not memoised>", plain=False)
OBJECT: Final = 1 << 31

_KEPT_CONTAINERS = 4_000
_KEPT_OTHERS = 50_000
_KEPT_TEXTS = 50_000
_UNKNOWN_CODE = OBJECT
_HOLE = OBJECT - 1
_WIDEST_HOLE = 16
_HAS_HOLES = -1  # no index


class Memo:
    """Index to value, as the C unpickler keeps it: MEMOIZE takes the *count* of distinct indices.

    A string is remembered by the offset of its opcode, anything else by its place among the
    objects. Of very many containers and results of calls, the later ones lose their identity and
    come back as UNKNOWN; names never do. The machine's loop uses the public fields directly.
    """

    def __init__(self, room: int | None = None) -> None:
        """*room* for the identities of containers, and of others; without it, that for a scan."""
        self.dense = array("I")
        """Codes of the indices from 0 on: below OBJECT the offset of a string, else OBJECT + place."""
        self.sparse: dict[int, int] = {}
        """Codes of indices that leave a wide hole below them. Never empty when there is any hole."""
        self._holes = 0
        self.objects: list[Value] = [UNKNOWN]
        self.texts: dict[int, str] = {}
        """Strings by offset, those put or asked for lately."""
        self._older: dict[int, str] = {}
        self._pinned: dict[int, str] = {}
        self._names: dict[Global, int] = {}
        self._room_for_containers = room or _KEPT_CONTAINERS
        self._room_for_others = room or _KEPT_OTHERS

    @property
    def weight(self) -> int:
        """In objects of other kinds, by the memory that the entries take."""
        return len(self.dense) // 50 + len(self.sparse) // 2

    def memoize(self, value: Value) -> None:
        self.put(len(self.dense) + len(self.sparse) - self._holes, value)

    def put(self, index: int, value: Value) -> None:
        self._store(index, self.code(value))

    def put_text(self, index: int, text: str, at: int) -> None:
        """Like put, for a string whose opcode is at *at*."""
        if at >= OBJECT:
            self.put(index, text)
        else:
            self.texts[at] = text
            self._store(index, at)

    def get(self, index: int) -> Value:
        """The value at *index*, MISSING where none was put."""
        if index < len(self.dense):
            code = self.dense[index]
        elif index in self.sparse:
            code = self.sparse[index]
        else:
            return MISSING
        if code >= OBJECT:
            return self.objects[code - OBJECT]
        if code in self.texts:
            return self.texts[code]
        return MISSING if code == _HOLE else self._older_text(code)

    def code(self, value: Value) -> int:
        """What stands for *value*, which is not a string with a known offset."""
        kind = type(value)
        if kind is tuple or kind is List or kind is Dict:
            self._room_for_containers -= 1
            return self._append(value) if self._room_for_containers >= 0 else _UNKNOWN_CODE
        if kind is Global:
            if value not in self._names:
                self._names[value] = self._append(value)
            return self._names[value]
        self._room_for_others -= 1
        return self._append(value) if self._room_for_others >= 0 else _UNKNOWN_CODE

    def trim(self) -> None:
        """Let go of strings that nobody asked for since the last time but one."""
        if len(self.texts) > _KEPT_TEXTS:
            self._pinned.update((at, text) for at, text in self.texts.items() if text in PINNED)
            self._older.clear()
            self._older.update(self.texts)
            self.texts.clear()

    def _older_text(self, at: int) -> str | Text:
        text = self._older.get(at) or self._pinned.get(at)
        if text is None:
            return Text(at)
        self.texts[at] = text
        return text

    def thin(self) -> None:
        """Let go of what the objects hold; what made them stays known."""
        for index, value in enumerate(self.objects):
            if isinstance(value, Dict):
                value[:] = [NUMBERS, NUMBERS if is_plain(value) else MORE]
            elif isinstance(value, Box):
                value[:] = [NUMBERS if is_plain(value) else UNKNOWN]
            elif isinstance(value, Call):
                value.args, value.kwargs, value.state = UNKNOWN, None, None
            elif type(value) is tuple:
                self.objects[index] = NUMBERS if is_plain(value) else UNKNOWN

    def _store(self, index: int, code: int) -> None:
        count = len(self.dense)
        if index == count and not self.sparse:  # what picklers do
            self.dense.append(code)
        elif index < count:
            self._holes -= self.dense[index] == _HOLE
            self.dense[index] = code
        elif index in self.sparse:
            self.sparse[index] = code
        elif index <= count + _WIDEST_HOLE and self.sparse.keys() <= {_HAS_HOLES}:
            self._bridge(index - count)
            self.dense.append(code)
        else:
            self.sparse[index] = code

    def _bridge(self, width: int) -> None:
        """Python 2's cPickle counts from 1, so that its every entry would stand above a hole."""
        if width:
            self._holes += width + (_HAS_HOLES not in self.sparse)
            self.sparse[_HAS_HOLES] = _HOLE
            self.dense.extend([_HOLE] * width)

    def _append(self, value: Value) -> int:
        self.objects.append(value)
        return OBJECT + len(self.objects) - 1
