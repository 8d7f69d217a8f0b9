"""Judges what a pickle does, event by event, by the table of callables.

A name is matched exactly, never by its package: a module leads to everything it imported.
What a call gives back is graded, so that a later use of it can be judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache
from itertools import takewhile
from typing import Any, NamedTuple

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.pickle import rules_pickle as rules
from modelward.checks.scan.pickle.callables import (
    Condition,
    Entry,
    dangerous_alias,
    find,
    is_stdlib,
    real_name,
    state_keys,
)
from modelward.checks.scan.pickle.dtypes import is_dtype, is_unsound, without_fields
from modelward.checks.scan.texts.code import is_formula, is_scipy_template, reads_as_code
from modelward.core.artifact import Source
from modelward.core.finding import Finding, Rule
from modelward.formats.pickle.events import (
    ArrayFile,
    Build,
    ComputedName,
    EndlessHash,
    Event,
    ExtensionUse,
    FrameCut,
    Invocation,
    Mutation,
    OddArray,
    PersistentLoad,
    Reference,
)
from modelward.formats.pickle.render import call_text, render
from modelward.formats.pickle.text import latin1_source, read_text
from modelward.formats.pickle.values import (
    MORE,
    MORE_TEXT,
    SHORT_TEXT,
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
    is_number,
)
from modelward.formats.pickle.window import Broken
from modelward.formats.source import BytesSource, Slice

_TOKEN = re.compile(r"[\w:+-]{0,24}")  # a dtype, a device, a mode; not a path, a module or a command
_MAPPINGS = frozenset({("builtins", "dict")}) | {
    ("collections", name) for name in ("OrderedDict", "defaultdict", "Counter", "UserDict", "ChainMap")
}
_TEXT_TYPES = frozenset(("builtins", name) for name in ("bytes", "bytearray", "str")) | {("array", "array")}
_ORS = frozenset({("_operator", "or_"), ("operator", "or_")})
_NUMERIC = re.compile(r"[<>=|]?(?:[?bBhHiIlLqQefdgFDG]|[biufcmM][0-9]+)")  # a dtype of numpy
_PIECE, _OVERLAP, _MOST_CODE = 1 << 16, 256, 16 << 20
_KEPT_TEXTS = 1_000
_KEPT_ANSWERS = 10_000  # of each kind: what is asked again gets the same answer
_MOST_BYTES, _LEAST_BYTES = 10_000, 8
_EVALUATES = ("sympy.",)  # made from a text, its classes pass it to sympify, and that to eval
_REMEMBERED = 4_096  # names
_NODES = 2_000
_CONTAINERS = frozenset({tuple, List, Dict, Set})
_DEPTH = 8
_MAKES = "makes"  # how a class is called that another callable instantiates


class Grade(Enum):
    """What the result of a call is."""

    PLAIN = "plain"
    """Data, made by something listed."""
    OBJECT = "object"
    """An instance of a class that is not known here."""
    TAINTED = "tainted"
    """Anything else: a function, or what an unknown function gave back."""


_ORDER = (Grade.PLAIN, Grade.OBJECT, Grade.TAINTED)
_HARMLESS = (Grade.PLAIN, Grade.OBJECT)


class Ruling(NamedTuple):
    grade: Grade | Global
    """A Global: the result is that very name."""
    rule: Rule | None = None
    message: str = ""
    loads: tuple[Nested, ...] = ()


_NOTHING = Ruling(Grade.PLAIN)

PersistentRule = Callable[[Persistent, int], Iterator[Said]]


class Judge:
    """One for each file; `judge` every event in order, then `finish` each stream."""

    def __init__(self, source: Source, here: Here, persistent: PersistentRule | None = None) -> None:
        """*persistent* says what the file's loader makes of persistent ids; None: nothing is known."""
        self._source = source
        self._here = here
        self._persistent = persistent or self._unknown_persistent
        self._names: dict[Global, Finding] = {}
        self._said: set[tuple[str, str]] = set()
        self._classes: set[str] = set()
        self._without_args: dict[tuple[Global, str], Ruling] = {}
        self._code: dict[int, bool] = {}
        self._texts: dict[int, str | None] = {}
        self._bytes_seen: set[int] = set()
        self._late: set[Global | None] = set()
        self.calls_a_name = False
        """Something was called by a name that chance does not spell."""

    def judge(self, event: Event) -> Iterator[Said]:
        match event:
            case Invocation():
                yield from self._invocation(event)
            case Reference():
                self._reference(event.at, event.target, event.opcode)
            case Build():
                yield from self._build(event)
            case Mutation():
                yield from self._mutation(event)
            case ComputedName():
                does = f"import {render(event.module)}.{render(event.name)}"
                yield from self._say(
                    rules.COMPUTED_NAME, "the imported name is computed", event.at, "STACK_GLOBAL", does
                )
            case ExtensionUse():
                message = f"copyreg extension {event.code} is used"
                yield from self._say(rules.EXTENSION_CODE, message, event.at, "EXT", f"copyreg extension {event.code}")
            case FrameCut():
                message = "a frame ends inside an instruction, or not where the pickle or an array does"
                yield from self._say(rules.FRAME_CUT, message, event.at, "FRAME", "read on from two different places")
            case EndlessHash():
                message = "a key or an element holds itself so often that its hash is never done"
                yield from self._say(rules.ENDLESS_HASH, message, event.at, "SETITEMS", "hash(((…, …), (…, …)))")
            case PersistentLoad():
                yield from self._persistent(event.value, event.at)
            case OddArray():
                does = f"{render(event.wrapper)}.read()"
                message = "how many raw bytes follow an array wrapper is not said the way that joblib says it"
                yield from self._say(rules.ODD_ARGUMENT, message, event.at, "BUILD", does)
            case ArrayFile():
                message = f"an array is taken from the file {render(event.name)}"
                yield from self._say(rules.ARRAY_FILE, message, event.at, "BUILD", f"numpy.load({render(event.name)})")

    def finish(self) -> Iterator[Said]:
        """Names that were imported and never called."""
        names, self._names = self._names, {}
        yield from names.values()

    def _say(self, rule: Rule, message: str, at: int, opcode: str, does: str) -> Iterator[Finding]:
        if (rule.id, does) not in self._said:
            _make_room(self._said)
            self._said.add((rule.id, does))
            yield self._here.finding(rule, message, at, opcode=opcode, does=does)

    # -- names

    def _reference(self, at: int, target: Global, opcode: str) -> None:
        rule, why = name_rule(target)
        if rule is not None and target not in self._names:
            self._names[target] = self._here.finding(rule, why, at, opcode=opcode, does=f"import {render(target)}")

    # -- calls

    def _invocation(self, event: Invocation) -> Iterator[Said]:
        call = event.call
        ruling = self._ruling_of(call)
        call.note = ruling.grade
        if isinstance(call.func, Global) and call.how != "INST":
            self.calls_a_name |= ruling.rule is rules.ATTRIBUTE_WALK or find(call.func) is not None
        if isinstance(ruling.grade, Global):
            self._reference(event.at, ruling.grade, call.how)
        if ruling.rule is not None:
            if isinstance(call.func, Global):
                self._names.pop(call.func, None)
            if ruling.rule is not rules.UNKNOWN_CLASS:
                does = call_text(call.func, call.args, call.kwargs)
                yield from self._say(ruling.rule, ruling.message, event.at, call.how, does)
            elif ruling.message not in self._classes:  # one line for each class is enough
                _make_room(self._classes)
                self._classes.add(ruling.message)
                yield self._here.finding(
                    ruling.rule, ruling.message, event.at, opcode=call.how, does=f"{render(call.func)}(…)"
                )
        yield from ruling.loads
        if ruling.grade is Grade.OBJECT:
            yield from self._data_in(_walk(call.args))

    def _ruling_of(self, call: Call) -> Ruling:
        if not (isinstance(call.func, Global) and call.args == () and call.kwargs is None):
            return self._call(call.func, call.args, call.kwargs, call.how, _DEPTH)
        key = call.func, call.how  # objects of one class, by the thousand
        if key not in self._without_args:
            _make_room(self._without_args)
            self._without_args[key] = self._call(call.func, (), None, call.how, _DEPTH)
        return self._without_args[key]

    def _call(self, func: Value, args: Value, kwargs: Value, how: str, depth: int) -> Ruling:
        func = alias(func)
        if not isinstance(func, Global):
            return _call_of_object(func)
        entry = find(func) or Entry()
        making = how.startswith("NEWOBJ")
        if entry.safe:
            return Ruling(_kept(_walk(args if kwargs is None else (args, kwargs))))
        if making and entry.is_type:
            return self._made(func, args, kwargs)
        if entry.conditions and not making:
            ruling = self._conditions(func, entry, args, kwargs, depth)
            if ruling is not None:
                return ruling
        danger = danger_of(func)
        if danger:
            return Ruling(Grade.TAINTED, rules.DANGEROUS_CALL, f"loading this file {danger}: {render(func)}")
        if entry.is_type:
            return self._call_of_type(func, args, kwargs)
        if entry.conditions:
            message = f"{render(func)} gets an argument that no pickler passes"
            return Ruling(Grade.TAINTED, rules.ODD_ARGUMENT, message)
        rule, why = name_rule(func)
        if rule is not None:
            return Ruling(Grade.TAINTED, rule, why)
        return self._unknown(func, args, kwargs, how, listed=entry.reference)

    def _made(self, func: Global, args: Value, kwargs: Value) -> Ruling:
        """By __new__, which in the builtins looks into its arguments, and in named tuples keeps them."""
        grade = _kept(_walk(args if kwargs is None else (args, kwargs)))
        if grade is Grade.TAINTED and real_name(func)[0] == "builtins":
            return self._call_of_type(func, args, kwargs)
        return Ruling(grade)

    def _call_of_type(self, func: Global, args: Value, kwargs: Value) -> Ruling:
        grade = _kept(_walk(args if kwargs is None else (args, kwargs)))
        if grade is Grade.TAINTED:
            message = f"{render(func)} gets an argument that no pickler passes"
            return Ruling(Grade.TAINTED, rules.ODD_ARGUMENT, message)
        return Ruling(grade)

    def _unknown(self, func: Global, args: Value, kwargs: Value, how: str, *, listed: bool) -> Ruling:
        if how.startswith("NEWOBJ") and func.module.startswith("__torch__."):
            return Ruling(Grade.OBJECT)  # TorchScript: a class of the code beside it, which is examined
        making = how.startswith("NEWOBJ")
        alias_of = dangerous_alias(func, made=making)
        if alias_of:
            message = f"{render(func)} may be another module's {func.name}, which {alias_of}"
            return Ruling(Grade.TAINTED, rules.UNKNOWN_FUNCTION, message)
        # others keep texts: named tuples do
        odd = how == "NEWOBJ_EX" or not is_class_name(func) or func.module.startswith(_EVALUATES)
        kept = making and not (odd and self._reaches_text(args, kwargs))
        if kept and self._holds_code(_walk(args)):
            message = f"an object of the unknown class {render(func)} is made with a text that reads as code"
            return Ruling(Grade.OBJECT, rules.CODE_TEXT, message)
        if kept or _is_own_unpickler(func, args):
            return _of_unknown_class(func)
        if not listed and (how == _MAKES or making or is_class_name(func)):
            if self._reaches_text(args, kwargs):
                message = f"the unknown class {render(func)} is called with free text"
                return Ruling(Grade.OBJECT, rules.UNKNOWN_CLASS_TEXT, message)
            return _of_unknown_class(func)
        return Ruling(Grade.TAINTED, rules.UNKNOWN_FUNCTION, f"the unknown function {render(func)} is called")

    # -- conditions of [safe-with]

    def _conditions(self, func: Global, entry: Entry, args: Value, kwargs: Value, depth: int) -> Ruling | None:
        """The ruling if every condition holds; None if one does not."""
        if type(args) not in (tuple, List) or depth == 0 or (kwargs and not self._is_plain(kwargs)):
            return None
        worst, args = _NOTHING, tuple(map(self._string, args))
        for condition in entry.conditions:
            ruling = self._condition(condition, args, depth)
            if ruling is None:
                return None
            worst = _worse(worst, ruling)
        return worst

    def _condition(self, condition: Condition, args: tuple[Value, ...], depth: int) -> Ruling | None:
        index = condition.index
        if condition.verb == "args":
            return _NOTHING if len(args) == index else None
        if index is None:
            return _NOTHING if self._is_plain(args) else self._flags(condition, args, depth)
        if index >= len(args):
            return None if condition.verb in ("oneof", "loads") else _NOTHING
        value = args[index]
        second = () if condition.other is None else args[condition.other : condition.other + 1]
        match condition.verb:
            case "plain":
                return _NOTHING if self._is_plain(value) else None
            case "literal" | "pairs":
                written_out = _is_literal(value) if condition.verb == "literal" else _is_pairs(value)
                return Ruling(_kept(_walk(value))) if written_out else None
            case "oneof":
                return _NOTHING if _literal_name(value) in condition.choices else None
            case "makes":
                return _NOTHING if isinstance(value, str) else self._callee(value, second, _MAKES, depth)
            case "news":
                return self._callee(value, args[index + 1 :], "NEWOBJ", depth)
            case "calls":
                return self._calls(value, args, condition, depth)
            case "binds":
                return self._binds(value, args[index + 1 :], depth)
            case "builds":
                return self._built(value, _walk(value))
            case "returns":
                return Ruling(self._grade(value))
            case "loads":
                loaded = self._bytes(value)
                return None if loaded is None else Ruling(Grade.PLAIN, loads=(loaded,))
            case "names":
                return _named(value, second)
            case _:
                return self._attribute(value, second)

    def _binds(self, value: Value, args: tuple[Value, ...], depth: int) -> Ruling | None:
        """A call that is put off: other objects can be made to make it while the file is loaded."""
        if (isinstance(value, Global) and _is_listed_value(value)) or (
            isinstance(value, Call) and value.note is Grade.TAINTED
        ):
            return Ruling(Grade.TAINTED)
        ruling = self._callee(value, args, "REDUCE", depth)
        if ruling is not None and ruling.rule is rules.UNKNOWN_FUNCTION and not self._reaches_text(args):
            return Ruling(Grade.TAINTED)  # a function of the user's own, with numbers and modes
        return None if ruling is None else ruling._replace(grade=Grade.TAINTED)

    def _callee(self, value: Value, args: tuple[Value, ...], how: str, depth: int) -> Ruling | None:
        return self._call(value, args, None, how, depth - 1) if isinstance(alias(value), Global) else None

    def _calls(self, value: Value, args: tuple[Value, ...], condition: Condition, depth: int) -> Ruling | None:
        items: Value = tuple(arg for arg in args if arg is not value)
        if condition.other is not None:
            items = args[condition.other] if condition.other < len(args) else ()
        return self._callee(value, items if type(items) is tuple else (UNKNOWN,), "REDUCE", depth)

    def _attribute(self, value: Value, name: tuple[Value, ...]) -> Ruling | None:
        if not name or not isinstance(name[0], str) or not name[0].isidentifier():
            return None
        value = alias(value)
        if isinstance(value, Global):
            module, owner = real_name(value)
            return Ruling(Global(module, f"{owner}.{name[0]}", False))
        made = _class_of(value)
        danger = danger_of(Global(real_name(made)[0], f"{made.name}.{name[0]}", False)) if made else ""
        if made and danger:
            message = f"the method {render(made)}.{name[0]} is taken, which {danger} when it is called"
            return Ruling(Grade.TAINTED, rules.DANGEROUS_NAME, message)
        known = isinstance(value, Call) or self._is_plain(value)  # a bound method, say, of the user's own class
        return Ruling(Grade.TAINTED) if known and not name[0].startswith("__") else None

    def _flags(self, condition: Condition, args: tuple[Value, ...], depth: int) -> Ruling | None:
        """Members of an enum.Flag combined, as the class itself would make the combination of a number."""
        classes = {_flag_class(arg) for at, arg in enumerate(args) if at == 0 or not is_number(arg)}
        made = classes.pop()
        if condition.verb != "flags" or classes or made is None:
            return None
        return self._call(made, (0,), None, "REDUCE", depth - 1)

    def _bytes(self, value: Value) -> Nested | None:
        """Bytes as they stand in the stream, or (below protocol 3) as a text to be encoded."""
        if isinstance(value, Data):
            return Nested(f"<bytes at {value.at}>", Slice(self._source, value.at, value.size))
        if not (isinstance(value, Call) and value.note is Grade.PLAIN and isinstance(value.func, Global)):
            return None
        if real_name(value.func) != ("_codecs", "encode") or type(value.args) is not tuple:
            return None
        text, encoding = value.args
        if self._string(encoding) not in ("latin1", "latin-1"):
            return None
        if isinstance(text, Text):
            # what a Python 2 string is depends on the loader's encoding
            unicode = self._source.read(text.at, 1) not in (b"S", b"T", b"U")
            return Nested(f"<text at {text.at}>", self._latin1(text)) if unicode else None
        return Nested("<text>", BytesSource(text.encode("latin-1", "replace"))) if isinstance(text, str) else None

    def _grade(self, value: Value) -> Grade | Global:
        value = alias(value)
        if isinstance(value, Global):
            return value
        if isinstance(value, Call):
            return value.note if isinstance(value.note, Grade) else Grade.TAINTED
        return Grade.PLAIN if self._is_plain(value) else Grade.TAINTED

    # -- state

    def _mutation(self, event: Mutation) -> Iterator[Said]:
        target, items = alias(event.target), tuple(event.items)
        if isinstance(target, Global) or target is UNKNOWN:
            rule = rules.COMPUTED_CALL if target is UNKNOWN else rules.GLOBAL_CHANGE
            does = f"{render(target)}.{event.opcode.lower()}{render(items)}"
            yield from self._say(rule, f"{render(target)} is changed", event.at, event.opcode, does)
        elif isinstance(target, Call) and (not all(map(is_number, items)) or self._first_late(event)):
            ruling = self._mutation_ruling(event, target, items)
            if ruling.rule is not None:
                does = f"{render(target)}.{event.opcode.lower()}{render(items)}"
                yield from self._say(ruling.rule, ruling.message, event.at, event.opcode, does)
            if target.note is Grade.OBJECT:
                yield from self._data_in(_walk(items))
            if target.note in _HARMLESS:
                target.note = max(target.note, _kept(_walk(items)), key=_ORDER.index)

    def _first_late(self, event: Build | Mutation) -> bool:
        """One is enough for each class: a stream can do it a million times."""
        made = _class_of(event.target) if event.late else None
        if not event.late or made in self._late:
            return False
        self._late.add(made)
        return True

    def _mutation_ruling(self, event: Mutation, target: Call, items: tuple[Value, ...]) -> Ruling:
        made = _class_of(target)
        if event.late:
            return _late(target)
        keys = items[::2] if event.opcode.startswith("SETITEM") else ()
        if keys and self._reaches_code(keys) and not (made and real_name(made) in _MAPPINGS):  # pandas calls such a key
            message = f"{render(target)} is given an item under a key that may be called"
            return Ruling(Grade.TAINTED, rules.ODD_ARGUMENT, message)
        if target.note is Grade.OBJECT and made:
            if made.module.startswith(_EVALUATES) and self._reaches_text(items):
                message = f"an object of the unknown class {render(made)} is given free text"
                return Ruling(Grade.OBJECT, rules.UNKNOWN_CLASS_TEXT, message)
            if self._holds_code(_walk(items)):
                return Ruling(Grade.OBJECT, rules.CODE_TEXT, "an object is given a text that reads as code")
        return _NOTHING

    def _data_in(self, reached: list[Value]) -> Iterator[Said]:
        """Bytes given to an object of unknown class, which may unpickle them. They need not begin as pickles do."""
        for item in reached:
            if not isinstance(item, Data) or item.size < _LEAST_BYTES or item.at in self._bytes_seen:
                continue
            self._bytes_seen.add(item.at)
            if len(self._bytes_seen) == _MOST_BYTES:
                why = f"more than {_MOST_BYTES:,} byte strings are given to objects of unknown classes"
                yield self._here.unexamined(why, item.at, self._source.size)
            elif len(self._bytes_seen) < _MOST_BYTES:
                yield Nested(f"<bytes at {item.at}>", Slice(self._source, item.at, item.size), raw=True)

    def _build(self, event: Build) -> Iterator[Said]:
        target, state = event.target, event.state
        note = target.note if isinstance(target, Call) else None
        reached = _walk(state)
        late = _late(target) if self._first_late(event) else _NOTHING
        for ruling in (late, self._target_ruling(target), self._build_ruling(target, state, note, reached)):
            if ruling.rule is not None:
                does = f"{render(target)}.__setstate__({render(state)})"
                yield from self._say(ruling.rule, ruling.message, event.at, "BUILD", does)
        if note is Grade.OBJECT:
            yield from self._data_in(reached)
        if isinstance(target, Call) and note in _HARMLESS:
            if is_dtype(target):
                reached = _walk(without_fields(state))
            target.note = max(note, _kept(reached), key=_ORDER.index)

    def _target_ruling(self, target: Value) -> Ruling:
        imported = alias(target)
        if isinstance(imported, Global):
            return Ruling(Grade.TAINTED, rules.GLOBAL_CHANGE, f"state is set on the imported {render(imported)}")
        if target is UNKNOWN:
            return Ruling(Grade.TAINTED, rules.COMPUTED_CALL, "something computed is changed")
        return _NOTHING

    def _build_ruling(self, target: Value, state: Value, note: object, reached: list[Value]) -> Ruling:
        if is_dtype(target) and is_unsound(target, state):
            message = "the state of a numpy dtype does not agree with its type"
            return Ruling(Grade.TAINTED, rules.UNSOUND_DTYPE, message)
        ruling = (self._built if note is Grade.OBJECT else self._state_ruling)(state, reached)
        if _is_partial(target) and type(state) is tuple:
            # functools.partial.__setstate__((func, args, keywords, attributes))
            bound = self._binds(state[0], state[1:3], _DEPTH) if state else None
            ruling = _worse(ruling, bound or Ruling(Grade.TAINTED))
        if ruling.rule is None and _is_odd_state(state, note):
            message = f"{render(target)} is restored from a state that was computed"
            ruling = Ruling(Grade.TAINTED, rules.ODD_ARGUMENT, message)
        return ruling

    def _state_ruling(self, state: Value, reached: list[Value]) -> Ruling:
        for part in state if type(state) is tuple else (state,):
            if not isinstance(part, Dict):
                continue
            if any(isinstance(key, Call | Extension) or key is UNKNOWN for key in part[::2]):
                return Ruling(Grade.TAINTED, rules.ODD_ARGUMENT, "a state has a computed key")
            for key, value in getattr(part, "planted", ()):
                if key == "formula":
                    if not _is_formula_of_columns(self._text(value), value):
                        return Ruling(Grade.OBJECT, rules.CODE_TEXT, "a formula does more than name columns")
                elif key in state_keys():
                    if not is_scipy_template(self._text(value) or "("):
                        return Ruling(Grade.TAINTED, rules.EXECUTED_STATE, f"restoring {key} {state_keys()[key]}")
                elif isinstance(value, Global) or (isinstance(value, Call) and value.note not in _HARMLESS):
                    message = f"the attribute {key} is set to {render(value)}"
                    return Ruling(Grade.TAINTED, rules.PLANTED_METHOD, message)
        # as pairs, in whatever container: dict.update takes those too
        if not isinstance(state, Dict) and any(isinstance(v, str) and v in state_keys() for v in reached):
            return Ruling(Grade.TAINTED, rules.EXECUTED_STATE, "a text is restored that the class executes")
        return _NOTHING

    def _built(self, state: Value, reached: list[Value]) -> Ruling:
        """The state of an object whose class may be unknown."""
        ruling = self._state_ruling(state, reached)
        if ruling.rule is None and self._holds_code(reached):
            return Ruling(Grade.OBJECT, rules.CODE_TEXT, "an object is given a text that reads as code")
        return ruling

    def _holds_code(self, reached: list[Value]) -> bool:
        return any(
            reads_as_code(value) if isinstance(value, str) else self._is_code(value)
            for value in reached
            if isinstance(value, str | Text | Data)
        )

    def _is_code(self, value: Text | Data) -> bool:
        """Asked once for each place: a stream can name one text any number of times."""
        if value.at not in self._code:
            _make_room(self._code)
            text = self._text(value)
            self._code[value.at] = any(map(reads_as_code, self._pieces(value) if text is None else [text]))
        return self._code[value.at]

    def _pieces(self, value: Text | Data) -> Iterator[str]:
        data: Source = self._latin1(value) if isinstance(value, Text) else Slice(self._source, value.at, value.size)
        pieces = (data.read(at, _PIECE + _OVERLAP) for at in range(0, _MOST_CODE, _PIECE))
        return (piece.decode("latin-1") for piece in takewhile(bool, pieces))

    def _latin1(self, text: Text) -> Source:
        return latin1_source(self._source, text.at, self._here.budget)

    def _text(self, value: Value) -> str | None:
        """The text that *value* is; None where it is none, too long to be looked at, or not UTF-8."""
        if not isinstance(value, Text):
            return value if isinstance(value, str) else None
        if value.at not in self._texts:
            _make_room(self._texts, _KEPT_TEXTS)
            try:
                self._texts[value.at] = read_text(self._source, value.at)
            except Broken:  # where it is pushed, loading fails
                self._texts[value.at] = None
        return self._texts[value.at]

    def _string(self, value: Value) -> Value:
        """A short string that the machine had let go of, as itself."""
        text = self._text(value) if isinstance(value, Text) else None
        return value if text is None or len(text) > SHORT_TEXT else text

    # -- what reaches an argument

    def _is_plain(self, value: Value) -> bool:
        """Literals, containers and results of listed callables; no function, nothing unknown."""
        return all(map(_is_plain, _walk(value)))

    def _reaches_code(self, value: Value) -> bool:
        """A function, or something of which nothing is known."""
        return any(map(_is_active, _walk(value)))

    def _reaches_text(self, *values: Value) -> bool:
        """Free text, or code. It is not asked whether the text looks harmful."""
        return any(map(self._is_text, _walk(values, into_calls=True))) or self._reaches_code(values)

    def _is_text(self, item: Value) -> bool:
        if isinstance(item, str):
            return not _TOKEN.fullmatch(item)
        if isinstance(item, Call):
            return _makes_text(item)
        if isinstance(item, Text):
            return not _TOKEN.fullmatch(self._text(item) or " ")
        return isinstance(item, Data) or item is MORE or item is MORE_TEXT

    def _unknown_persistent(self, value: Persistent, at: int) -> Iterator[Said]:
        message = f"an object is asked for by the persistent id {render(value.pid)}"
        if not any(rule == rules.PERSISTENT_ID.id for rule, _ in self._said):
            yield from self._say(rules.PERSISTENT_ID, message, at, "BINPERSID", render(value))
            yield self._here.unexamined("what the loader makes of persistent ids is not known", at)


def _make_room(remembered: dict[Any, Any] | set[Any], most: int = _KEPT_ANSWERS) -> None:
    if len(remembered) >= most:
        remembered.clear()


def alias(value: Value) -> Value:
    """The name that *value* is the object of, where that is known; else *value*."""
    return value.note if isinstance(value, Call | Persistent) and isinstance(value.note, Global) else value


def _is_formula_of_columns(text: str | None, value: Value) -> bool:
    """Or no formula at all. statsmodels evaluates it again when a model is restored.
    https://github.com/statsmodels/statsmodels/blob/v0.14.4/statsmodels/base/data.py ModelData.__setstate__"""
    if text is None:
        return not isinstance(value, Text)
    return "~" not in text or is_formula(text)


def _late(target: Value) -> Ruling:
    return Ruling(Grade.TAINTED, rules.LATE_CHANGE, f"{render(target)} is changed after its state was set")


def _class_of(value: Value) -> Global | None:
    """What *value* is an object of, as far as the way it was made tells."""
    made: Value = alias(value.func) if isinstance(value, Call) else None
    if not isinstance(made, Global):
        return None
    if made.name in ("_reconstruct", "_reconstructor", "__newobj__") and _items(value.args):
        made = value.args[0]
    return made if isinstance(made, Global) else None


def _flag_class(value: Value) -> Global | None:
    """What *value* is a member of: taken from it by getattr, or combined of such as `_flags` allows."""
    for _ in range(_DEPTH):
        if not (isinstance(value, Call) and isinstance(value.func, Global)):
            return None
        if isinstance(value.note, Global):
            owner, _, _ = value.note.name.rpartition(".")
            return Global(value.note.module, owner, False) if owner else None
        if real_name(value.func) not in _ORS or value.note not in _HARMLESS:
            return None
        value = next((arg for arg in reversed(_items(value.args)) if not is_number(arg)), None)
    return None


@lru_cache(_REMEMBERED)
def _of_unknown_class(func: Global) -> Ruling:
    return Ruling(Grade.OBJECT, rules.UNKNOWN_CLASS, f"an object of the unknown class {render(func)} is made")


def _named(module: Value, name: tuple[Value, ...]) -> Ruling | None:
    """The result is what GLOBAL would import."""
    if isinstance(module, str) and name and isinstance(name[0], str):
        return Ruling(Global(module, name[0], False))
    return None


@lru_cache(_REMEMBERED)
def name_rule(target: Global) -> tuple[Rule | None, str]:
    """What is wrong with naming *target*, whether it is called or not, and the message for it."""
    danger, entry = danger_of(target), find(target)
    if entry is not None and (entry.safe or entry.conditions or entry.is_type or entry.reference):
        return None, ""
    if danger:
        return rules.DANGEROUS_NAME, f"{render(target)} is imported, which {danger} when it is called"
    module, name = real_name(target)
    if _walks(name):
        return rules.ATTRIBUTE_WALK, f"{render(target)} reaches through {module} to something else"
    if is_stdlib(module):
        return rules.UNLISTED_STDLIB, f"{render(target)} is not on the list of harmless names"
    return None, ""


_DEEPEST_NAME = 20  # modules inside each other: no library has as many


@lru_cache(_REMEMBERED)
def danger_of(target: Global) -> str:
    """What a call of *target* is known to do, however its dotted path is cut into module and name."""
    module, name = real_name(target)
    parts = name.split(".")
    for cut in range(min(len(parts), _DEEPEST_NAME)):
        entry = find(Global(".".join([module, *parts[:cut]]), ".".join(parts[cut:]), False))
        if entry is not None and entry.dangerous:
            return entry.dangerous
    return ""


@lru_cache(_REMEMBERED)
def is_class_name(target: Global) -> bool:
    """By PEP 8, a class and not a function, nor a class that a function or module leads to: the name
    alone is all there is to go by."""
    return all(part.lstrip("_")[:1].isupper() for part in target.name.split("."))


def _walks(name: str) -> bool:
    parts = name.split(".")
    return any(is_stdlib(part) for part in parts[:-1] if part) or any(
        part.startswith("__") and part.endswith("__") for part in parts
    )


def _kept(reached: list[Value]) -> Grade:
    """What an object is that keeps what it *reached*."""
    if all(map(_is_plain, reached)):
        return Grade.PLAIN
    return Grade.TAINTED if any(map(_is_active, reached)) else Grade.OBJECT


def _is_plain(item: Value) -> bool:
    if isinstance(item, Call):
        return item.note is Grade.PLAIN or (isinstance(item.note, Global) and _is_listed_value(item.note))
    if isinstance(item, Global):
        return _is_listed_value(item)
    return not (item is MORE or item is UNKNOWN or isinstance(item, Extension))


def _is_active(item: Value) -> bool:
    if isinstance(item, Call):
        return item.note not in _HARMLESS
    if isinstance(item, Global):
        return not _is_listed_value(item) and not is_class_name(item)
    return item is UNKNOWN or isinstance(item, Extension)


def _is_literal(value: Value) -> bool:
    return is_number(value) or isinstance(value, str | Text | Data | Box) or type(value) is tuple


def _is_pairs(value: Value) -> bool:
    return isinstance(value, Dict) or (
        isinstance(value, Box | tuple) and all(type(item) in (tuple, List) for item in value)
    )


def _literal_name(value: Value) -> str | None:
    if isinstance(value, Global):
        return ".".join(real_name(value))
    return value if isinstance(value, str) else "None" if value is None else None


def _is_own_unpickler(func: Global, args: Value) -> bool:
    """Cython's __pyx_unpickle_X(X, checksum, state) makes an X as NEWOBJ would."""
    if not (func.name.startswith("__pyx_unpickle_") and type(args) is tuple and args):
        return False
    made: Value = args[0]
    own = Global(func.module, func.name.removeprefix("__pyx_unpickle_"), func.legacy)
    return isinstance(made, Global) and made == own


def _is_partial(value: Value) -> bool:
    return isinstance(value, Call) and isinstance(value.func, Global) and str(value.func) == "functools.partial"


def _is_odd_state(state: Value, note: object) -> bool:
    """A mapping that a call gave, and that may hold planted methods: picklers write a state out."""
    if note is Grade.PLAIN and isinstance(state, Call | Extension):
        return True
    parts = state if type(state) is tuple and len(state) == 2 else (state,)
    return any(
        isinstance(part, Call)
        and part.note is Grade.TAINTED
        and isinstance(part.func, Global)
        and real_name(part.func) in _MAPPINGS
        for part in parts
    )


@lru_cache(_REMEMBERED)
def _is_listed_value(target: Global) -> bool:
    entry = find(target)
    return entry is not None and (entry.is_type or entry.reference or entry.safe)


def _call_of_object(func: Value) -> Ruling:
    if isinstance(func, Call | Persistent | Extension) or func is UNKNOWN:
        return Ruling(Grade.TAINTED, rules.COMPUTED_CALL, f"the result of {render(func)} is called")
    return Ruling(Grade.TAINTED)  # a number, a text, a container: calling it fails


def _worse(one: Ruling, other: Ruling) -> Ruling:
    """Both rulings in one: the graver finding, the less trusted result."""
    grades = (one.grade, other.grade)
    grade = next((g for g in grades if isinstance(g, Global)), None) or max(
        (g for g in grades if isinstance(g, Grade)), key=_ORDER.index
    )
    graver = max((r for r in (one, other) if r.rule is not None), key=lambda r: r.rule.severity, default=one)  # type: ignore[union-attr]
    return Ruling(grade, graver.rule, graver.message, one.loads + other.loads)


def _makes_text(call: Call) -> bool:
    """Numbers can be bytes, too."""
    return isinstance(call.func, Global) and real_name(call.func) in _TEXT_TYPES and bool(call.args)


def _is_numeric(call: Call) -> bool:
    """A date, or a number or array of numpy: its bytes are no text."""
    if not isinstance(call.func, Global):
        return False
    module, name = real_name(call.func)
    if module == "datetime":
        return True
    parts = (*_items(call.args), *_items(call.state))
    dtype = next((part for part in parts if isinstance(part, Call) and str(part.func) == "numpy.dtype"), None)
    code = next(iter(_items(dtype.args)), None) if dtype else None
    made = name in ("scalar", "_reconstruct", "_frombuffer")
    return made and isinstance(code, str) and _NUMERIC.fullmatch(code) is not None


def _items(value: Value) -> tuple[Value, ...]:
    return value if type(value) is tuple else ()


def _walk(value: Value, *, into_calls: bool = False) -> list[Value]:
    """Every value reachable through containers; UNKNOWN at the end when there are too many to look at."""
    todo, found, left = [value], list[Value](), _NODES
    seen: set[int] = set()
    while todo:
        item = todo.pop()
        left -= 1
        if left < 0:
            return [*found, UNKNOWN]
        kind = type(item)
        if kind in _CONTAINERS:
            if item and id(item) not in seen:
                seen.add(id(item))
                todo += item
            continue
        found.append(item)
        if into_calls and kind is Call and id(item) not in seen and not _is_numeric(item):
            seen.add(id(item))
            todo += (item.args, item.kwargs, item.state)
    return found
