"""A symbolic unpickler: one forward pass over the opcodes that builds nothing.

It accepts whatever CPython's C unpickler accepts, and what only the pure-Python one does, since
joblib uses that. Where the two differ, or an operand would make either fail for reasons that
have no effect on later opcodes, it goes on: an opcode too many can only add events. What it
cannot get past, neither can get past either; that ends the stream with a reason.

Opcodes: https://github.com/python/cpython/blob/3.14/Lib/pickletools.py,
behaviour: https://github.com/python/cpython/blob/3.14/Modules/_pickle.c
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from modelward.core.artifact import Source
from modelward.formats.pickle.arrays import (
    array_size,
    is_array_file,
    is_array_wrapper,
    is_as_joblib_writes,
    is_of_foreign_type,
)
from modelward.formats.pickle.events import (
    ArrayData,
    ArrayFile,
    Build,
    ComputedName,
    End,
    EndlessHash,
    Event,
    ExtensionUse,
    FrameCut,
    Invocation,
    Mutation,
    ObjectArray,
    OddArray,
    PersistentLoad,
    Reference,
)
from modelward.formats.pickle.memo import MISSING, OBJECT, Memo
from modelward.formats.pickle.text import line_name, number, python2_text, quoted, raw_unicode, read_text, utf8
from modelward.formats.pickle.values import (
    FLOAT,
    NUMBERS,
    PLANTABLE,
    SHORT_TEXT,
    SMALL,
    UNKNOWN,
    Box,
    Call,
    Data,
    Dict,
    Extension,
    Global,
    List,
    Persistent,
    Set,
    Text,
    Value,
    condense,
    is_endless,
)
from modelward.formats.pickle.window import Broken, Window

HIGHEST_PROTOCOL = 5


class Machine(Window):
    """Runs one stream. `here` is afterwards the offset behind it."""

    def __init__(self, source: Source, at: int, *, objects: int, arrays: bool = True) -> None:
        """*objects* is the limit of live values. With *arrays*, raw bytes follow joblib's array wrappers;
        pickle.load knows nothing of that and takes them for opcodes."""
        super().__init__(source, at)
        self.stack: list[Value] = []
        self.marks: list[int] = []
        self.memo = Memo()
        self.proto = 0
        self._arrays = arrays
        self._objects = objects
        self._names: dict[Global, Global] = {}
        self._room_for_names = _ROOM_FOR_NAMES
        self._events: list[Event] = []
        self._result: Value = None
        self.op_at = at
        self._string: Value = MISSING  # the one that a handler pushed last, and where
        self._string_at = 0
        self._edge = 0
        self._frame_end: float = math.inf
        self._swept = at
        self._live = 0

    def run(self) -> Iterator[Event]:
        """The events of the stream; the last one is an End."""
        why, truncated, limit = None, False, False
        try:
            yield from self._run()
        except Broken as broken:
            # a line cut short by the end of the source fails to parse for that reason
            why, truncated, limit = str(broken), broken.truncated or self.cut, broken.limit
        except IndexError:
            why = "an opcode takes more from the stack than there is"
        except UnicodeDecodeError:
            why = "a string that is not UTF-8"
        yield from self._drain()
        overrun = truncated and self.here > self.source.size
        yield End(self.op_at if why else self.here, why, truncated, overrun, self._result, limit)

    # The loop handles the opcodes that make up the bulk of real pickles, together with a MEMOIZE
    # that follows, and leaves the others to _HANDLERS. Fields of the window and the memo are held
    # in locals; the window's are written back around every call out.
    def _run(self) -> Iterator[Event]:  # noqa: C901
        stack, marks, memo = self.stack, self.marks, self.memo
        dense, sparse, objects, texts = memo.dense, memo.sparse, memo.objects, memo.texts
        push = stack.append
        text: Value = MISSING  # the string pushed last, and where
        text_at = 0
        buf, base, pos, limit = self.buf, self.base, self.pos, self._edge
        try:
            while True:
                if pos >= limit:
                    self.pos = pos
                    self._pass_edge()
                    if self._events:
                        yield from self._drain()
                    buf, base, pos, limit = self.buf, self.base, self.pos, self._edge
                op = buf[pos]
                if op >= 0x80:
                    if op == 0x8C and buf[pos + 1] <= SHORT_TEXT:  # SHORT_BINUNICODE
                        text_at = base + pos
                        end = pos + 2 + buf[pos + 1]
                        try:
                            text = buf[pos + 2 : end].decode()
                        except UnicodeDecodeError:
                            text = utf8(buf[pos + 2 : end])
                        push(text)
                        if buf[end] == 0x94 and end < limit and text_at < OBJECT and not sparse:
                            texts[text_at] = text
                            dense.append(text_at)
                            end += 1
                        pos = end
                        continue
                    if op == 0x94:  # MEMOIZE
                        if sparse:
                            memo.memoize(stack[-1])
                        else:
                            dense.append(memo.code(stack[-1]))
                        pos += 1
                        continue
                    if op == 0x86:  # TUPLE2
                        value = stack.pop()
                        stack[-1] = (stack[-1], value)
                        pos += 1
                        continue
                    if op == 0x87:  # TUPLE3
                        value = stack.pop()
                        middle = stack.pop()
                        stack[-1] = (stack[-1], middle, value)
                        pos += 1
                        continue
                elif op == 0x4B:  # BININT1
                    push(buf[pos + 1])
                    pos += 2
                    continue
                elif op == 0x68 or op == 0x6A:  # BINGET, LONG_BINGET
                    if op == 0x68:
                        index = buf[pos + 1]
                        pos += 2
                    else:
                        index = int.from_bytes(buf[pos + 1 : pos + 5], "little")
                        pos += 5
                    code = dense[index] if index < len(dense) else -1
                    if code >= OBJECT:
                        push(objects[code - OBJECT])
                    elif code in texts:
                        push(texts[code])
                    else:
                        push(self._remembered(index))
                    continue
                elif op == 0x47:  # BINFLOAT
                    push(FLOAT)
                    pos += 9
                    continue
                elif op == 0x4A:  # BININT
                    push(int.from_bytes(buf[pos + 1 : pos + 5], "little", signed=True))
                    pos += 5
                    continue
                elif op == 0x4D:  # BININT2
                    push(buf[pos + 1] | buf[pos + 2] << 8)
                    pos += 3
                    continue
                elif op == 0x28:  # MARK
                    marks.append(len(stack))
                    pos += 1
                    continue
                elif (op == 0x65 or op == 0x75) and marks:  # APPENDS, SETITEMS
                    mark = marks.pop()
                    items = stack[mark:]
                    del stack[mark:]
                    target = stack[-1]
                    pos += 1
                    if type(target) is (List if op == 0x65 else Dict) and len(target) + len(items) <= SMALL:
                        if op == 0x75:
                            self.op_at = base + pos - 1
                            self._look_at_keys(target, items)
                        target += items
                    else:
                        self.op_at = base + pos - 1
                        self._change("APPENDS" if op == 0x65 else "SETITEMS", items)
                        if self._events:
                            yield from self._drain()
                    continue
                elif op == 0x71 or op == 0x72:  # BINPUT, LONG_BINPUT
                    if op == 0x71:
                        index = buf[pos + 1]
                        pos += 2
                    else:
                        index = int.from_bytes(buf[pos + 1 : pos + 5], "little")
                        pos += 5
                    value = stack[-1]
                    if value is text:
                        memo.put_text(index, value, text_at)
                    else:
                        memo.put(index, value)
                    continue
                elif op == 0x5D:  # EMPTY_LIST
                    push(List())
                    pos += 1
                    continue
                elif op == 0x7D:  # EMPTY_DICT
                    push(Dict())
                    pos += 1
                    continue
                elif op == 0x58 and buf[pos + 1] <= SHORT_TEXT and not (buf[pos + 2] | buf[pos + 3] | buf[pos + 4]):
                    text_at = base + pos  # BINUNICODE
                    end = pos + 5 + buf[pos + 1]
                    try:
                        text = buf[pos + 5 : end].decode()
                    except UnicodeDecodeError:
                        text = utf8(buf[pos + 5 : end])
                    push(text)
                    pos = end
                    continue
                elif op == 0x2E:  # STOP
                    self.pos = pos + 1
                    self._result = stack.pop()
                    self._leave_frame()
                    return
                handler = _HANDLERS.get(op)
                self.op_at, self.pos = base + pos, pos + 1
                if handler is None:
                    raise Broken(f"0x{op:02x} is not an opcode")
                handler(self)
                if self._events:
                    yield from self._drain()
                if self._string is not text and self._string is not MISSING:
                    text, text_at = self._string, self._string_at
                buf, base, pos, limit = self.buf, self.base, self.pos, self._edge
        finally:
            self.op_at = base + pos

    def refill(self) -> None:
        try:
            super().refill()
        finally:
            self._set_edge()

    def _set_edge(self) -> None:
        """Where the loop has to stop: the end of the window, or of the frame in it."""
        self._edge = int(min(self.limit, self._frame_end - self.base))

    def _pass_edge(self) -> None:
        if self.here >= self._frame_end:
            self._leave_frame()
        if self.pos >= self.limit:
            self._check_limits()
            self.refill()

    def _leave_frame(self) -> None:
        """Called where a frame must have ended, if there is one."""
        if self.here != self._frame_end != math.inf:
            self._events.append(FrameCut(int(self._frame_end)))
        self._frame_end = math.inf
        self._set_edge()

    def _check_limits(self) -> None:
        """Called once a window. Walks what is alive when enough has gone by to pay for the walk."""
        self.memo.trim()
        if len(self.marks) > self._objects:
            raise Broken(f"more than {self._objects:,} open marks", limit=True)
        if self.here - self._swept >= min(8 * self._live, _SWEEP):
            self._swept = self.here
            self._live = self._count_live()
            if self._live >= self._objects:
                self.memo.thin()
                self._live = self._count_live()
            if self._live >= self._objects:
                raise Broken(f"more than {self._objects:,} live objects", limit=True)

    def _count_live(self) -> int:
        return self.memo.weight + count_live((self.stack, self.memo.objects), self._objects)

    def _drain(self) -> Iterator[Event]:
        events, self._events = self._events, []
        for event in events:
            yield event
            if isinstance(event, ObjectArray):
                yield from self._object_array(event.at)

    def _object_array(self, at: int) -> Iterator[Event]:
        """A pickle of its own, after which this one goes on if that one ended well."""
        inner = Machine(self.source, at, objects=self._objects)
        for event in inner.run():
            if not isinstance(event, End):
                yield event
            elif event.why:
                raise Broken(event.why, truncated=event.truncated, limit=event.limit)
            else:
                self.stack[-1] = event.result
        self.skip(inner.here - self.here)

    def _remembered(self, index: int) -> Value:
        value = self.memo.get(index)
        if value is MISSING:
            raise Broken("an opcode asks for what was never memoised")
        return value

    # -- operands

    def _pop_mark(self) -> list[Value]:
        if not self.marks:
            raise Broken("an opcode needs a MARK that is not there")
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def _name(self, module: str, name: str, opcode: str) -> Global:
        new = Global(module, name, self.proto < 3)
        known = self._names.get(new)
        if known is not None:
            return known
        self._room_for_names -= len(module) + len(name) + _NAME_ITSELF
        if self._room_for_names < 0:
            raise Broken("more different names than the limit", limit=True)
        self._names[new] = new
        self._events.append(Reference(self.op_at, opcode, new))
        return new

    def text_of(self, value: Value) -> str | None:
        """The string that a value stands for, None where it is none or longer than a name can be."""
        if isinstance(value, str):
            return value
        if isinstance(value, Text):
            text = read_text(self.source, value.at)
            return text if text is not None and len(text) <= _LONGEST_NAME else None
        return None

    # -- opcodes

    def _long(self, width: int) -> None:
        size = self.unsigned(width)
        if width == 4 and size >= 1 << 31:
            raise Broken("LONG4 with a negative size")
        if size > 16:
            self.skip(size)
            self.stack.append(FLOAT)  # a number, but too long to be a size or an index
            return
        self.ready()
        at = self.pos
        self.skip(size)
        self.stack.append(int.from_bytes(self.buf[at : at + size], "little", signed=True))

    def _text(self, width: int) -> None:
        size = self.unsigned(width)
        if size > SHORT_TEXT:
            self.stack.append(Text(self.op_at))
            self.skip(size)
            return
        self.ready()
        at = self.pos
        self.skip(size)
        self._push_string(utf8(self.buf[at : at + size]))

    def _binstring(self, width: int) -> None:
        size = self.unsigned(width)
        if width == 4 and size >= 1 << 31:
            raise Broken("BINSTRING with a negative size")
        if size > SHORT_TEXT:
            self.stack.append(Text(self.op_at))
            self.skip(size)
            return
        self.ready()
        at = self.pos
        self.skip(size)
        self._push_string(python2_text(self.buf[at : at + size]))

    def _push_string(self, text: str) -> None:
        self._string, self._string_at = text, self.op_at
        self.stack.append(text)

    def _data(self, width: int) -> None:
        size = self.unsigned(width)
        self.stack.append(Data(self.skip(size), size))

    def _line_text(self, read: Callable[[bytes], str]) -> None:
        text = read(self.line())
        if len(text) <= SHORT_TEXT:
            self._push_string(text)
        else:
            self.stack.append(Text(self.op_at))

    def _int(self) -> None:
        line = self.line(blanks=False)
        # C: strtol and then PyLong_FromString with base 0; "00" and "01" are booleans
        self._number(line == b"01" if line in (b"00", b"01") else number(line))

    def _decimal_long(self) -> None:
        line = self.line(blanks=False)
        self._number(number(line[:-1] if line.endswith(b"L") else line))

    def _number(self, value: int | None) -> None:
        # one too long to be a size or an index is just a number, as in _long
        self.stack.append(FLOAT if value is None or value.bit_length() > 128 else value)

    def _float(self) -> None:
        try:
            float(self.line(blanks=False))
        except ValueError as error:
            raise Broken("FLOAT with an operand that is no number") from error
        self.stack.append(FLOAT)

    def _tuple1(self) -> None:
        self.stack[-1] = (self.stack[-1],)

    def _underflow(self) -> list[Value]:
        raise IndexError

    def _tuple(self) -> None:
        self.stack.append(tuple(self.kept(self._pop_mark())))

    def kept(self, items: list[Value]) -> list[Value]:
        """What stays known of *items*."""
        return condense(items)

    def put_into(self, target: Box, items: list[Value]) -> None:
        target.add(items)

    def _box(self, box: Box) -> None:
        items = self._pop_mark()
        self.stack.append(box)
        self._fill(box, items)

    def _fill(self, target: Box, items: list[Value]) -> None:
        if isinstance(target, Dict | Set):
            self._look_at_keys(target, items)
        self.put_into(target, items)

    def _look_at_keys(self, target: Box, items: list[Value]) -> None:
        """Of what *items* bring: loaders hash them, while nothing here hashes more than a str."""
        keys = items[::2] if isinstance(target, Dict) else items
        names = [key for key in keys if type(key) is str]
        if isinstance(target, Dict) and not PLANTABLE.isdisjoint(names):
            target.plant(items)
        if len(names) < len(keys) and any(is_endless(key) for key in keys if type(key) is tuple):
            self._events.append(EndlessHash(self.op_at))

    def _change(self, opcode: str, items: list[Value]) -> None:
        target = self.stack[-1]
        if isinstance(target, Box):
            self._fill(target, items)
        elif _has_methods(target):
            self._events.append(Mutation(self.op_at, opcode, target, self.kept(items), _has_state(target)))

    def _append(self) -> None:
        item = self.stack.pop()
        self._change("APPEND", [item])

    def _setitem(self) -> None:
        value = self.stack.pop()
        key = self.stack.pop()
        self._change("SETITEM", [key, value])

    def _pop(self) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.stack.pop()

    def _memo_line(self) -> int:
        index = number(self.line(blanks=False), base=10)
        if index is None or index < 0:
            raise Broken("a memo index that is negative or without end")
        return index

    def _get(self) -> None:
        self.stack.append(self._remembered(self._memo_line()))

    def _put(self) -> None:
        index, value = self._memo_line(), self.stack[-1]
        if value is self._string:
            self.memo.put_text(index, value, self._string_at)
        else:
            self.memo.put(index, value)

    def _global(self) -> None:
        self.stack.append(self._named("GLOBAL"))

    def _named(self, opcode: str) -> Value:
        module, name = self.line(), self.line()
        if max(len(module), len(name)) <= _LONGEST_NAME:
            return self._name(line_name(module), line_name(name), opcode)
        self._events.append(ComputedName(self.op_at, UNKNOWN, UNKNOWN))
        return UNKNOWN

    def _stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        # the C unpickler demands exact str; Python 2 byte strings count where they decode as text
        module_text, name_text = self.text_of(module), self.text_of(name)
        if module_text is None or name_text is None:
            self._events.append(ComputedName(self.op_at, module, name))
            self.stack.append(UNKNOWN)
        else:
            self.stack.append(self._name(module_text, name_text, "STACK_GLOBAL"))

    def _call(self, how: str, func: Value, args: Value, kwargs: Value = None) -> None:
        call = Call(how, func, args, kwargs)
        self._events.append(Invocation(self.op_at, call))
        self.stack.append(call)

    def _inst(self) -> None:
        func = self._named("INST")  # imported before the missing MARK is noticed
        self._call("INST", func, tuple(self.kept(self._pop_mark())))

    def _obj(self) -> None:
        func, *args = self._pop_mark() or self._underflow()
        self._call("OBJ", func, tuple(self.kept(args)))

    def _reduce(self) -> None:
        args = self.stack.pop()
        self._call("REDUCE", self.stack.pop(), args)

    def _newobj(self) -> None:
        args = self.stack.pop()
        self._call("NEWOBJ", self.stack.pop(), args)

    def _newobj_ex(self) -> None:
        kwargs, args = self.stack.pop(), self.stack.pop()
        self._call("NEWOBJ_EX", self.stack.pop(), args, kwargs)

    def _persid(self) -> None:
        self._persistent(self.line().decode("ascii", "replace"))

    def _persistent(self, pid: Value) -> None:
        value = Persistent(pid)
        self._events.append(PersistentLoad(self.op_at, value))
        self.stack.append(value)

    def _ext(self, width: int) -> None:
        code = self.unsigned(width)
        self._events.append(ExtensionUse(self.op_at, code))
        self.stack.append(Extension(code))

    def _build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if not _has_methods(target):
            return  # neither __setstate__ nor attributes: both unpicklers raise without effect
        self._events.append(Build(self.op_at, target, state, _has_state(target)))
        if isinstance(target, Call):
            target.state = state
        if self._arrays and is_array_wrapper(target):
            self._array(target)
        elif is_array_file(target):
            name = state.get("filename") if isinstance(state, Dict) else None
            self._events.append(ArrayFile(self.op_at, name))

    def _array(self, wrapper: Call) -> None:
        """joblib's unpickler reads the array's bytes from between the opcodes.

        https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py NumpyArrayWrapper.read_array
        """
        self._leave_frame()
        start = self.here
        if not is_as_joblib_writes(wrapper.state):
            self._events.append(OddArray(self.op_at, wrapper))
            raise Broken("a joblib array of unknown size")
        found = array_size(wrapper.state, self.text_of)
        if found is None:
            if not is_of_foreign_type(wrapper.state):
                self._events.append(OddArray(self.op_at, wrapper))
            raise Broken("a joblib array of unknown size")
        self.stack[-1] = NUMBERS
        if found.objects:
            self.stack[-1] = UNKNOWN
            self._events.append(ObjectArray(start))
            return
        if found.aligned:
            self.skip(self.unsigned(1))
        self.skip(found.size)
        self._events.append(ArrayData(start, self.here - start))

    def _pop_to_mark(self) -> None:
        self._pop_mark()

    def _frame(self) -> None:
        """A hint for reading ahead, which has effects where it is wrong: see FrameCut."""
        size = self.unsigned(8)
        end = self.here + size
        if self._frame_end < end:
            self._leave_frame()
        if self._frame_end == math.inf:
            self._frame_end = end
            self._set_edge()

    def _proto(self) -> None:
        self.proto = self.unsigned(1)
        if self.proto > HIGHEST_PROTOCOL:
            raise Broken(f"protocol {self.proto} does not exist")


def _has_methods(value: Value) -> bool:
    """Not a plain value: loading may call methods of it that the pickle chose."""
    return isinstance(value, Global | Call | Persistent | Extension) or value is UNKNOWN


def _has_state(value: Value) -> bool:
    return isinstance(value, Call) and value.state is not None


def count_live(roots: tuple[list[Value], ...], most: int) -> int:
    """How many symbolic values are reachable, as far as *most*. A text beyond ASCII counts as three, which is what
    it can take in memory."""
    seen: set[int] = set()
    todo: list[Value] = []
    count = sum(_weigh(root, todo) for root in roots)
    while todo and count < most:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Call):
            count += _weigh((value.func, value.args, value.kwargs, value.state), todo)
        elif isinstance(value, Persistent):
            count += _weigh((value.pid,), todo)
        else:
            count += _weigh(value, todo)
    return count


def _weigh(items: tuple[Value, ...] | list[Value], todo: list[Value]) -> int:
    """What *items* count, themselves; what holds others is added to *todo*."""
    wide = 0
    for item in items:
        kind = type(item)
        if kind is str:
            if not item.isascii():
                wide += 2
        elif kind in _HOLDERS and item:
            todo.append(item)
    return len(items) + wide


_HOLDERS = frozenset((tuple, List, Dict, Set, Call, Persistent))
_SWEEP = 1 << 18  # bytes, so at most as many objects, between two looks at what is alive
_LONGEST_NAME = 1_000  # bytes; nobody writes longer ones by hand, and a limit of names is one of memory
_ROOM_FOR_NAMES, _NAME_ITSELF = 2_000_000, 100

_HANDLERS: dict[int, Callable[[Machine], None]] = {
    ord("N"): lambda m: m.stack.append(None),
    0x88: lambda m: m.stack.append(True),
    0x89: lambda m: m.stack.append(False),
    ord("I"): Machine._int,
    ord("L"): Machine._decimal_long,
    0x8A: lambda m: m._long(1),
    0x8B: lambda m: m._long(4),
    ord("F"): Machine._float,
    ord("S"): lambda m: m._line_text(quoted),
    ord("V"): lambda m: m._line_text(raw_unicode),
    ord("T"): lambda m: m._binstring(4),
    ord("U"): lambda m: m._binstring(1),
    ord("X"): lambda m: m._text(4),
    0x8C: lambda m: m._text(1),
    0x8D: lambda m: m._text(8),
    ord("B"): lambda m: m._data(4),
    ord("C"): lambda m: m._data(1),
    0x8E: lambda m: m._data(8),
    0x96: lambda m: m._data(8),
    0x97: lambda m: m.stack.append(UNKNOWN),  # NEXT_BUFFER: out of band
    0x98: lambda m: None,  # READONLY_BUFFER
    ord(")"): lambda m: m.stack.append(()),
    0x85: Machine._tuple1,
    ord("t"): Machine._tuple,
    0x8F: lambda m: m.stack.append(Set()),
    ord("l"): lambda m: m._box(List()),
    ord("d"): lambda m: m._box(Dict()),
    0x91: lambda m: m._box(Set()),
    ord("a"): Machine._append,
    ord("e"): lambda m: m._change("APPENDS", m._pop_mark()),
    ord("s"): Machine._setitem,
    ord("u"): lambda m: m._change("SETITEMS", m._pop_mark()),
    0x90: lambda m: m._change("ADDITEMS", m._pop_mark()),
    ord("0"): Machine._pop,
    ord("1"): Machine._pop_to_mark,
    ord("2"): lambda m: m.stack.append(m.stack[-1]),
    ord("g"): Machine._get,
    ord("p"): Machine._put,
    ord("c"): Machine._global,
    0x93: Machine._stack_global,
    ord("i"): Machine._inst,
    ord("o"): Machine._obj,
    ord("R"): Machine._reduce,
    0x81: Machine._newobj,
    0x92: Machine._newobj_ex,
    ord("b"): Machine._build,
    ord("P"): Machine._persid,
    ord("Q"): lambda m: m._persistent(m.stack.pop()),
    0x82: lambda m: m._ext(1),
    0x83: lambda m: m._ext(2),
    0x84: lambda m: m._ext(4),
    0x80: Machine._proto,
    0x95: Machine._frame,
}
