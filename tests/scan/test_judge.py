"""The rules of judgement, one by one. Streams are assembled by hand: no pickler writes most of them."""

from __future__ import annotations

import pickle
import struct
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus.opcodes import (
    EMPTY,
    FALSE,
    NONE,
    TRUE,
    array,
    blob,
    build,
    call,
    mapping,
    name,
    namespace,
    new,
    number,
    stacked,
    stream,
    text,
    tup,
)

from modelward.checks.scan.here import Here
from modelward.checks.scan.torch.rules_torch import examine_pickle_file
from modelward.checks.scan.walk import examine
from modelward.core.finding import Severity
from modelward.core.limits import Limits
from modelward.formats.source import Budget, BytesSource

FUNCTION = name("acme", "run")  # on no list
CLASS = name("acme", "Model")
LISTED = name("numpy", "tanh")
PROSE = text("free text, not a token")
TOKEN = text("mean")
PATH = call(name("pathlib", "PosixPath"), text("/tmp/x"))
BOUND = call(name("builtins", "getattr"), PATH, text("touch"))  # a method that does something when it is called
PARTIAL = name("functools", "partial")
OBJECT = new(CLASS)
DTYPE = call(name("numpy", "dtype"), text("f8"), FALSE, TRUE)
OR, GETATTR = name("_operator", "or_"), name("builtins", "getattr")
READ, WRITE = (call(GETATTR, name("acme", "Mode"), text(member)) for member in ("READ", "WRITE"))
BOTH = call(OR, READ, WRITE)


def found(data: bytes) -> dict[str, Severity]:
    scan = examine(BytesSource(data), Limits())
    assert scan.unexamined == ()
    return {finding.rule.id: finding.severity for finding in scan.findings if finding.severity > Severity.INFO}


def rules(*parts: bytes, protocol: int | None = 4) -> set[str]:
    return set(found(stream(*parts, protocol=protocol)))


HARMLESS = {
    "safe": call(name("builtins", "slice"), FUNCTION, PROSE),
    "literal": call(name("builtins", "list"), array(FUNCTION, PROSE)),
    "literal left out": call(name("builtins", "list")),
    "pairs": call(name("collections", "OrderedDict"), array(array(TOKEN, OBJECT))),
    "pairs as a dict": call(name("builtins", "dict"), mapping(a=FUNCTION)),
    "factory": call(name("collections", "defaultdict"), name("builtins", "list")),
    "plain": call(name("builtins", "zip"), array(number(1)), call(name("builtins", "slice"), number(1))),
    "plain listed name": call(name("itertools", "repeat"), LISTED),
    "oneof": call(name("_codecs", "encode"), text("é"), text("latin1")),
    "oneof none": call(name("builtins", "type"), NONE),
    "oneof name": call(name("builtins", "type"), name("builtins", "Ellipsis")),
    "args": call(name("builtins", "iter"), array(number(1))),
    "makes": call(name("copyreg", "_reconstructor"), CLASS, name("builtins", "object"), NONE),
    "makes by name": call(name("numpy.random._pickle", "__bit_generator_ctor"), text("PCG64")),
    "makes with arguments": call(
        name("copyreg", "_reconstructor"), CLASS, name("builtins", "list"), array(PROSE, number(1))
    ),
    "calls": call(
        name("torch._tensor", "_rebuild_from_type_v2"),
        name("torch._utils", "_rebuild_tensor_v2"),
        CLASS,
        tup(NONE, number(0), EMPTY, EMPTY, FALSE, call(name("collections", "OrderedDict"))),
        mapping(tag=PROSE),
    ),
    "binds": call(PARTIAL, FUNCTION, number(1), TOKEN),
    "binds a listed name": call(PARTIAL, LISTED, PROSE),
    "returns": call(name("torch.jit._pickle", "restore_type_tag"), array(number(1)), text("List[int]")),
    "names": call(name("numpy.core", "_ufunc_reconstruct"), text("numpy"), text("tanh")),
    "attr of a class": call(name("builtins", "getattr"), name("builtins", "str"), text("lower")),
    "attr of an object": call(name("builtins", "getattr"), OBJECT, text("predict")),
    "types": build(new(name("sklearn.svm._classes", "SVC")), mapping(kernel=FUNCTION, note=PROSE)),
    "types called": call(name("datetime", "datetime"), blob(b"\7\xe8\1\1\0\0\0\0\0\0")),
    "named tuple": new(CLASS, PROSE, FUNCTION),
    "names that are only mentioned": array(FUNCTION, CLASS, LISTED),
    "unknown class": build(OBJECT, mapping(path=PROSE, items=array(PROSE))),
    "unknown class called": call(CLASS, number(1), TOKEN, DTYPE),
    "unknown class called with a date": call(CLASS, call(name("datetime", "date"), blob(b"\7\xe8\1\1"))),
    "unknown class called with an array": call(
        CLASS,
        build(
            call(name("numpy._core.multiarray", "_reconstruct"), name("numpy", "ndarray"), tup(number(0)), blob(b"b")),
            tup(number(1), tup(number(8)), DTYPE, FALSE, blob(bytes(64))),
        ),
    ),
    # As Python 3.11.0 to 3.11.3 pickle them, by Flag.__reduce_ex__:
    # https://github.com/python/cpython/blob/v3.11.2/Lib/enum.py
    "flags": call(OR, call(OR, BOTH, call(GETATTR, name("acme", "Mode"), text("APPEND"))), READ),
    "flags that have no name": call(OR, BOTH, number(64)),
    "flags of a listed class": call(
        OR, *(call(GETATTR, name("re", "RegexFlag"), text(flag)) for flag in ("ASCII", "DOTALL"))
    ),
    "its own unpickler": call(name("acme.fast", "__pyx_unpickle_Tree"), name("acme.fast", "Tree"), number(7), NONE),
    "append": OBJECT + TRUE + pickle.APPEND,
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_picklers_write_is_no_alarm(case: str) -> None:
    severities = found(stream(HARMLESS[case])).values()
    assert max(severities, default=Severity.INFO) <= Severity.LOW


DANGEROUS, ODD, FUNC = "pickle-dangerous-call", "pickle-odd-argument", "pickle-unknown-function"
TEXT, COMPUTED, CHANGE = "pickle-unknown-class-text", "pickle-computed-call", "pickle-global-change"
PLANTED, STATE, WALK = "pickle-planted-method", "pickle-executed-state", "pickle-attribute-walk"
NAME, STDLIB, CODE = "pickle-dangerous-name", "pickle-unlisted-stdlib-name", "pickle-code-text"

RUN = call(PARTIAL, FUNCTION, number(1))
SOURCE = text("import os\nos.listdir()\n")
ODD_FLAGGED = {
    "literal made by a call": (ODD, call(name("builtins", "list"), OBJECT)),
    "pairs made by a call": (ODD, call(name("builtins", "dict"), OBJECT)),
    "pairs that are objects": (ODD, call(name("collections", "OrderedDict"), array(OBJECT))),
    "not plain": (ODD, call(name("builtins", "zip"), OBJECT)),
    "not plain within a kept one": (ODD, call(name("operator", "or_"), call(name("collections", "ChainMap"), RUN))),
    "not plain within a changed one": (
        ODD,
        call(name("operator", "or_"), call(name("collections", "OrderedDict")) + TOKEN + RUN + pickle.SETITEM),
    ),
    "flags of two classes": (ODD, call(OR, READ, call(GETATTR, name("acme", "Other"), text("WRITE")))),
    "flags and a text": (ODD, call(OR, READ, PROSE)),
    "flags and a function": (ODD, call(OR, READ, FUNCTION)),
    "flags behind a number": (ODD, call(OR, number(1), READ)),
    "flags of a class that changed": (ODD, call(OR, build(BOTH, mapping(a=RUN)), READ)),
    "flags of no class": (ODD, call(OR, call(GETATTR, OBJECT, text("a")), call(GETATTR, OBJECT, text("b")))),
    "flags of a function": (FUNC, call(OR, *(call(GETATTR, FUNCTION, text(member)) for member in "ab"))),
    "flags of a dangerous class": (
        DANGEROUS,
        call(OR, *(call(GETATTR, name("subprocess", "Popen"), text(member)) for member in "ab")),
    ),
    "codec that imports": (DANGEROUS, call(name("_codecs", "encode"), blob(b"x"), text("zlib"))),
    "class of an object": (DANGEROUS, call(name("builtins", "type"), OBJECT)),
    "class that is built": (DANGEROUS, call(name("builtins", "type"), TOKEN, EMPTY, mapping())),
    "callable iterator": (DANGEROUS, call(name("builtins", "iter"), RUN, NONE)),
    "makes with text": (TEXT, call(name("copyreg", "_reconstructor"), CLASS, CLASS, PROSE)),
    "calls an unknown": (
        FUNC,
        call(name("torch._tensor", "_rebuild_from_type_v2"), FUNCTION, CLASS, tup(number(1)), NONE),
    ),
    "calls a computed": (ODD, call(name("torch._tensor", "_rebuild_from_type_v2"), RUN, CLASS, tup(number(1)), NONE)),
    "binds text": (FUNC, call(PARTIAL, FUNCTION, PROSE)),
    "binds bytes": (FUNC, call(PARTIAL, FUNCTION, blob(b"reboot"))),
    "binds numbers that are bytes": (
        FUNC,
        call(PARTIAL, FUNCTION, call(name("builtins", "bytes"), array(number(104), number(105)))),
    ),
    "binds by a state": (FUNC, build(call(PARTIAL, LISTED), tup(FUNCTION, tup(PROSE), mapping(), NONE))),
    "bound is called": (COMPUTED, call(RUN)),
    "method is called": (COMPUTED, call(BOUND)),
    "returned name is changed": (
        CHANGE,
        build(call(name("torch.jit._pickle", "restore_type_tag"), CLASS, TOKEN), mapping(a=number(1))),
    ),
    "name that is made": (STDLIB, call(name("numpy.core", "_ufunc_reconstruct"), text("antigravity"), TOKEN)),
    "attr of a module": (WALK, call(name("builtins", "getattr"), name("acme", "os"), text("system"))),
    "attr with dunder": (DANGEROUS, call(name("builtins", "getattr"), OBJECT, text("__init__"))),
    "attr with dots": (DANGEROUS, call(name("builtins", "getattr"), OBJECT, text("a.b"))),
    "attr that is computed": (DANGEROUS, call(name("builtins", "getattr"), OBJECT, call(name("builtins", "str")))),
    "type called with a function": (ODD, call(name("builtins", "bytes"), RUN)),
    "builtin made of an object that calls": (ODD, new(name("builtins", "str"), build(OBJECT, mapping(_get_args=RUN)))),
    "type restored from a computed state": (ODD, build(new(name("sklearn.svm._classes", "SVC")), OBJECT)),
    "unknown function": (FUNC, call(FUNCTION)),
    "unknown class with text": (TEXT, call(CLASS, PROSE)),
    "unknown class with text far down": (TEXT, call(CLASS, array(mapping(a=tup(PROSE))))),
    "unknown class with bytes": (TEXT, call(CLASS, blob(b"ls"))),
    "unknown class with text by keyword": (TEXT, CLASS + EMPTY + mapping(path=PROSE) + pickle.NEWOBJ_EX),
    "class in lower case made of text": (TEXT, new(name("acme", "lazy"), FUNCTION, array(PROSE))),
    "class of another module": (FUNC, call(name("acme", "Popen"), array(text("touch"), TOKEN))),
    "class reached through a module": (FUNC, call(name("acme", "sp.Popen"), array(text("touch"), TOKEN))),
    "reference called": (FUNC, call(LISTED, number(1))),
    "dangerous named": (NAME, name("os", "system")),
    "dangerous made": (DANGEROUS, new(name("subprocess", "Popen"), TOKEN)),
    "dangerous with another cut": (DANGEROUS, call(name("torch", "utils.collect_env.run"), PROSE)),
    "standard library": (STDLIB, name("antigravity", "fly")),
    "walk to a dunder": (WALK, name("acme", "Model.__globals__")),
    "set on a class": (CHANGE, build(CLASS, tup(NONE, mapping(predict=number(1))))),
    "item of a global": (CHANGE, name("acme", "registry") + TOKEN + NONE + pickle.SETITEM),
    "appended to a global": (CHANGE, name("acme", "registry") + TOKEN + pickle.APPEND),
    "planted": (PLANTED, namespace(append=RUN)),
    "planted in the slots": (PLANTED, build(OBJECT, tup(NONE, mapping(__setstate__=FUNCTION)))),
    "planted with a long length": (
        PLANTED,
        build(OBJECT, pickle.EMPTY_DICT + b"\x8d" + struct.pack("<Q", 6) + b"append" + RUN + pickle.SETITEM),
    ),
    "planted by a mapping": (ODD, build(OBJECT, call(name("collections", "OrderedDict"), mapping(append=RUN)))),
    "planted by a mapping filled later": (
        ODD,
        build(OBJECT, call(name("collections", "OrderedDict")) + text("append") + RUN + pickle.SETITEM),
    ),
    "state with a computed key": (
        ODD,
        build(OBJECT, pickle.EMPTY_DICT + new(name("builtins", "str"), text("append")) + RUN + pickle.SETITEM),
    ),
    "executed": (
        STATE,
        build(new(name("scipy.stats._continuous_distns", "norm_gen")), mapping(_parse_arg_template=SOURCE)),
    ),
    "code": (CODE, build(OBJECT, mapping(source=SOURCE))),
    "code in bytes": (CODE, build(OBJECT, mapping(source=blob(b"import os\nos.listdir()")))),
    "code behind a long comment": (CODE, build(OBJECT, mapping(source=text("#" * 70_000 + "\nimport os\n")))),
    "model in bytes": (
        DANGEROUS,
        call(name("torch.storage", "_load_from_bytes"), call(name("builtins", "bytes"), array(number(1)))),
    ),
}
assert all("pickle-" in rule for rule, _ in ODD_FLAGGED.values())


@pytest.mark.parametrize("case", ODD_FLAGGED)
def test_what_no_pickler_writes_is_said(case: str) -> None:
    rule, part = ODD_FLAGGED[case]
    severities = found(stream(part))
    assert rule in severities
    assert max(severities.values()) >= Severity.MEDIUM


def test_flags_are_judged_like_their_class_made_of_a_number() -> None:
    assert rules(BOTH) == rules(call(name("acme", "Mode"), number(3))) == {"pickle-unknown-class"}
    deep = (OR + READ) * 5_000 + WRITE + (pickle.TUPLE2 + pickle.REDUCE) * 5_000  # no pickler nests them on this side
    assert ODD in rules(deep)


def test_python_2_names_are_mapped_below_protocol_3_only() -> None:
    evil = call(name("__builtin__", "eval"), PROSE)
    assert rules(evil, protocol=2) == {DANGEROUS}
    assert rules(call(name("copy_reg", "_reconstructor"), CLASS, name("__builtin__", "object"), NONE), protocol=2) == {
        "pickle-unknown-class"
    }
    assert rules(call(name("copy_reg", "_reconstructor"), NONE), protocol=4) == {FUNC}


def test_computed_names() -> None:
    assert rules(stacked(text("os"), call(name("builtins", "str")))) == {"pickle-computed-name"}
    assert rules(stacked(text("os"), number(1))) == {"pickle-computed-name"}
    assert rules(b"\x82\1") == {"pickle-extension-code"}


def test_a_name_is_told_once_and_as_what_it_is() -> None:
    scan = examine(BytesSource(stream(array(*[call(name("os", "system"), PROSE)] * 3))), Limits())
    assert [finding.rule.id for finding in scan.findings if finding.severity > Severity.INFO] == [DANGEROUS]
    assert dict(scan.findings[0].evidence)["does"] == "os.system('free text, not a token')"


def test_each_unknown_class_is_told_however_it_is_made() -> None:
    made = [call(name("copyreg", "_reconstructor"), name("acme", c), name("builtins", "object"), NONE) for c in "ABA"]
    scan = examine(BytesSource(stream(array(*made))), Limits())
    assert [finding.message[-14:] for finding in scan.findings if finding.severity > Severity.INFO] == [
        "acme.A is made",
        "acme.B is made",
    ]


class _Counted(BytesSource):
    furthest = 0

    def read(self, at: int, n: int) -> bytes:
        self.furthest = max(self.furthest, at + n)
        return super().read(at, n)


def test_what_is_said_is_not_collected_first() -> None:
    """A stream can give rise to a finding for every hundred bytes, of which a thousand are wanted."""
    calls = (call(CLASS, text(f"the text number {number}")) + pickle.POP for number in range(20_000))
    source = _Counted(stream(*calls, NONE))
    said = examine_pickle_file(source, Here((), Limits(), Budget(0)))
    assert len(list(islice(said, 1_000))) == 1_000
    assert source.furthest < source.size / 2


def test_bytes_that_are_loaded_are_followed() -> None:
    inner = stream(call(name("os", "system"), PROSE))
    as_text = text(inner.decode("latin-1"))
    for data in (blob(inner), call(name("_codecs", "encode"), as_text, text("latin1"))):
        scan = examine(BytesSource(stream(call(name("torch.storage", "_load_from_bytes"), data))), Limits())
        assert {finding.at.inside != () for finding in scan.findings if finding.rule.id == DANGEROUS} == {True}
    python_2 = b"T" + struct.pack("<i", 300) + inner.ljust(300, b"\0")
    assert DANGEROUS in rules(
        call(name("torch.storage", "_load_from_bytes"), call(name("_codecs", "encode"), python_2, text("latin1"))),
        protocol=2,
    )


def test_strings_that_were_let_go_of_are_still_what_they_are() -> None:
    """A checkpoint with a large vocabulary, and arrays behind it."""
    vocabulary = [f"word {index}" for index in range(120_000)]
    data = pickle.dumps([b"\xff", vocabulary, b"\xfe" * 10, {"k": b"\xfd"}], 2)
    assert found(data) == {}


def test_planted_methods_are_seen_among_any_number_of_others() -> None:
    others = b"".join(text(f"k{index}") + OBJECT for index in range(2_000))
    state = pickle.EMPTY_DICT + pickle.MARK + others + text("append") + RUN + pickle.SETITEMS
    assert PLANTED in rules(build(OBJECT, state))
    one_by_one = b"".join(text(f"k{index}") + OBJECT + pickle.SETITEM for index in range(500))
    assert PLANTED in rules(build(OBJECT, pickle.EMPTY_DICT + one_by_one + text("append") + RUN + pickle.SETITEM))
    assert rules(build(OBJECT, pickle.EMPTY_DICT + one_by_one)) == {"pickle-unknown-class"}


_vocabulary = st.sampled_from(
    [
        *(part for part in HARMLESS.values()),
        *(part for _, part in ODD_FLAGGED.values() if len(part) < 1000),
        *(name(module, qualname) for module, qualname in (("os", "system"), ("builtins", "getattr"))),
        *(NONE, EMPTY, TOKEN, PROSE, FUNCTION, CLASS, number(5), blob(b"x"), text("latin1"), text("append")),
        *(pickle.EMPTY_LIST, pickle.EMPTY_DICT, b"\x97", b"\x82\1"),
    ]
)
_endings = st.sampled_from(
    [b"R", b"\x81", b"b", b"\x85R", b"\x86R", b"\x87R", b"a", b"s", b"\x92", b"\x93", b"Q", b"2", b"0"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_vocabulary, _endings), max_size=20), st.sampled_from([None, 2, 4]))
def test_any_stream_gets_a_judgement(parts: list[bytes], protocol: int | None) -> None:
    scan = examine(BytesSource(stream(*parts, protocol=protocol)), Limits())
    assert scan.formats


# --- types of numpy


def test_a_type_of_types_is_judged_in_linear_time() -> None:
    made = call(name("numpy", "dtype"), text("i8"))
    nested = made + pickle.BINPUT + b"\5"
    for _ in range(15):
        fields = b"".join(text(f"{index:02}") + tup(b"h\5", number(0)) for index in range(30))
        state = tup(number(3), text("|"), NONE, NONE, b"}(" + fields + b"u", number(8), number(1), number(0))
        nested += pickle.POP + build(call(name("numpy", "dtype"), text("V8")), state) + pickle.BINPUT + b"\5"
    assert rules(nested) == set()
