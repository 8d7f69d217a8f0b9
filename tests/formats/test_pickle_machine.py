"""The symbolic machine beside CPython's unpicklers: it may see more than they do, never less."""

from __future__ import annotations

import copyreg
import pickle
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.formats.unpicklers import Effect, Run, unpickle

from modelward.formats.pickle import window
from modelward.formats.pickle.events import (
    Build,
    ComputedName,
    End,
    Event,
    ExtensionUse,
    FrameCut,
    Invocation,
    Mutation,
    PersistentLoad,
    Reference,
)
from modelward.formats.pickle.machine import Machine
from modelward.formats.pickle.values import FLOAT, Call, Data, Dict, Global, List, Set, Text, Value
from modelward.formats.source import BytesSource


def events_of(data: bytes, objects: int = 10_000) -> tuple[list[Event], End]:
    *events, end = Machine(BytesSource(data), 0, objects=objects).run()
    assert isinstance(end, End)
    return events, end


# --- plain values


def agrees(seen: Value, value: Any) -> bool:
    """Whether a symbolic value says of a real one nothing that is wrong; it may say less."""
    match seen:
        case Call():
            return True
        case Text() | Data():
            return isinstance(value, str if isinstance(seen, Text) else bytes)
        case tuple() | List():
            kind = tuple if isinstance(seen, tuple) else list
            return isinstance(value, kind) and len(seen) == len(value) and all(map(agrees, seen, value))
        case Set():
            return isinstance(value, set | frozenset) and len(seen) == len(value)
        case Dict():
            flat = [part for pair in value.items() for part in pair]
            return isinstance(value, dict) and len(seen) == len(flat) and all(map(agrees, seen, flat))
    if seen is FLOAT:
        return isinstance(value, float) or value.bit_length() > 120
    return type(seen) is type(value) and bool(seen == value)


_atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**33), 2**33),
    st.floats(allow_nan=False),
    st.text(max_size=80),
    st.binary(max_size=300),
)
_keys = st.one_of(st.booleans(), st.integers(), st.text(max_size=70), st.tuples(st.integers(), st.text(max_size=3)))
_values = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.lists(inner, max_size=5).map(tuple),
        st.dictionaries(_keys, inner, max_size=6),
        st.frozensets(_keys, max_size=6),
        inner.map(lambda value: [value, value]),  # the second is fetched from the memo
    ),
    max_leaves=20,
)


@settings(max_examples=250, deadline=None)
@given(_values, st.integers(0, 5), st.booleans())
def test_a_value_comes_out_as_it_went_in(value: Any, protocol: int, pure: bool) -> None:
    data = (pickle._dumps if pure else pickle.dumps)(value, protocol)  # type: ignore[attr-defined]
    events, end = events_of(data)
    assert (end.why, end.at) == (None, len(data))
    assert agrees(end.result, value)
    made = {str(event.call.func) for event in events if isinstance(event, Invocation)}
    assert made <= {"__builtin__.frozenset", "_codecs.encode", "__builtin__.bytes", "builtins.frozenset"}


# --- what two real unpicklers do, and the machine must see


def effects_of(events: list[Event]) -> Iterator[Effect]:
    for event in events:
        match event:
            case Reference():
                yield Effect("name", str(event.target))
            case ComputedName() | ExtensionUse():
                yield Effect("name")
            case Invocation():
                args = event.call.args
                yield Effect("call", _name_of(event.call.func), len(args) if type(args) is tuple else None)
            case Build():
                yield Effect("build", _name_of(event.target))
            case Mutation():
                yield Effect("change", _name_of(event.target))
            case PersistentLoad():
                yield Effect("persistent")


def _name_of(value: Value) -> str | None:
    return str(value) if isinstance(value, Global) else None


def _covers(seen: Effect, real: Effect) -> bool:
    return seen.kind == real.kind and seen.target in (None, real.target) and seen.args in (None, real.args)


def missed(seen: list[Effect], run: Run) -> Effect | None:
    """The first effect of the run that is not among those seen, in order."""
    left = iter(seen)
    before: set[str | None] = set()
    last: Effect | None = None
    for effect in run.effects:
        # a name is said once in a stream; one opcode can change its target many times
        if (effect.kind == "name" and effect.target in before) or (effect.kind == "change" and effect == last):
            continue
        before.add(effect.target if effect.kind == "name" else None)
        last = effect
        if not any(_covers(found, effect) for found in left):
            return effect
    return None


def check(data: bytes) -> None:
    events, end = events_of(data)
    if any(isinstance(event, FrameCut) for event in events):
        return  # the unpicklers read different programs, and the event says so
    seen = list(effects_of(events))
    for encoding in ("ASCII", "latin-1"):
        for run in unpickle(data, encoding):
            assert missed(seen, run) is None, (run.effects, events, end)
            if run.stopped is not None:
                assert (end.why, end.at) == (None, run.stopped)


def _line(*choices: str) -> st.SearchStrategy[bytes]:
    return st.sampled_from([f"{choice}\n".encode("latin-1") for choice in choices])


def _with(opcode: bytes, *operands: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(*operands).map(lambda parts: opcode + b"".join(parts))


def _sized(opcode: bytes, code: str, data: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return data.map(lambda raw: opcode + struct.pack(code, len(raw)) + raw)


# No index may be large: CPython's C memo is an array of twice that size.
_texts = st.sampled_from(
    [b"m", b"os", b"system", b"C", b"", b"gr\xc3\xb6\xc3\x9fe", b"\xed\xa0\x80", b"x" * 65, b"l" * 300]
)
_names = st.sampled_from([b"m\nC\n", b"os\nsystem\n", b"text\nof\n", b"pair\nof\n", b"list\nof\n", b"same\nof\n"])
_odd_names = st.sampled_from(
    [b"m\n\xff\n", b"\n\n", b"gr\xc3\xb6\n\xc3\x9f.\xe2\x82\xac\n", b"m\nC.D\n", b"m \n C\r\n"]
)
_numbers = [" 5 ", "", " " * 20_000 + "6", *"0 1 7 -3 00 01 +2 1_0 0x10 0b11 0o7 010 08 7L 0x1FL x".split()]
_indices = [" 4 ", "", " " * 20_000 + "2", *"0 1 2 7 +3 1_0 -1 0x1 00 300 \x1c5".split(" ")]
_small = st.integers(0, 6).map(lambda index: bytes([index]))
_pieces = st.one_of(
    st.sampled_from([bytes([code]) for code in b"N])}(()\x88\x89\x8f\x90\x91\x97\x98"]),
    st.sampled_from([bytes([code]) for code in b"tld\x85\x86\x87aesu012bRRo\x81\x92Q\x93\x94"]),
    _sized(b"X", "<I", _texts),
    _sized(b"\x8c", "<B", _texts.filter(lambda raw: len(raw) < 256)),
    _sized(b"\x8d", "<Q", _texts),
    _sized(b"U", "<B", st.sampled_from([b"os", b"m", b"\xe9"])),
    _sized(b"T", "<I", st.sampled_from([b"system", b"C", b"y" * 80])),
    _sized(b"B", "<I", st.binary(max_size=90)),
    _sized(b"C", "<B", st.binary(max_size=90)),
    _sized(b"\x8e", "<Q", st.binary(max_size=90)),
    _sized(b"\x96", "<Q", st.binary(max_size=90)),
    _sized(b"\x8a", "<B", st.binary(max_size=20)),
    _sized(b"\x8b", "<i", st.binary(max_size=20)),
    _with(b"S", _line("'os'", '"m"', "'sys\\x74em'", "'\\q'", "'\\x1'", "os", "'", "''", "\"a'", " 'm'")),
    _with(b"V", _line("os", "sys\\u0074em", "\\u12", "\xe9", "", "\\ud800", "C\\", "\\U0001F600")),
    _with(b"I", _line(*_numbers)),
    _with(b"L", _line(*_numbers)),
    _with(b"F", _line("1", "1_0.5", "inf", "nan", " 2.5 ", "0x1", "", "1e400")),
    _with(b"K", _small),
    _with(b"M", _small, _small),
    _with(b"J", _small, _small, _small, st.sampled_from([b"\0", b"\xff"])),
    st.floats().map(lambda value: b"G" + struct.pack(">d", value)),
    _with(b"c", _names),
    _with(b"i", _names),
    _with(b"c", _odd_names),
    _with(b"p", _line(*_indices)),
    _with(b"g", _line(*_indices)),
    _with(b"q", _small),
    _with(b"h", _small),
    _with(b"r", st.sampled_from([struct.pack("<I", index) for index in (0, 3, 300, 9000)])),
    _with(b"j", st.sampled_from([struct.pack("<I", index) for index in (0, 3, 300, 9000)])),
    _with(b"P", _line("id", "", "\xe9")),
    _with(b"\x82", st.sampled_from([b"\1", b"\0"])),
    _with(b"\x83", st.just(b"\2\0")),
    _with(b"\x84", st.sampled_from([b"\3\0\0\0", b"\xff\xff\xff\xff"])),
    _with(b"\x80", st.sampled_from([b"\0", b"\2", b"\3", b"\4", b"\5", b"\6"])),
    _with(b"\x95", st.sampled_from([struct.pack("<Q", size) for size in (0, 3, 20, 1000, 2**63, 2**64 - 1)])),
    # what has an effect, ready made
    st.sampled_from([b"cm\nC\n)R", b"cos\nsystem\n(K\1tR", b"cm\nC\n)\x81", b"cm\nC\n)}\x92", b"cm\nC\n)R}b"]),
    st.sampled_from([b"cm\nC\n)RNa", b"cm\nC\n)R(NNu", b"cm\nC\n(N\x90", b"(cm\nC\nNo", b"ctext\nof\n)R"]),
    st.sampled_from([b"\x8c\2os\x8c\6system\x93", b"\x8c\1m", b"\x8c\1C\x93", b"csame\nof\n", b"q\1", b"h\1", b"\x94"]),
    st.sampled_from([b".", b"\xff", b"\n", b" "]),
    st.binary(max_size=3).filter(lambda raw: not set(raw) & set(b"rpBTX")),
)
_streams = st.tuples(
    st.sampled_from([b"", b"\x80\4", b"\x80\2", b"\x80\5\x95\x40\0\0\0\0\0\0\0"]),
    st.lists(_pieces, max_size=30),
    st.sampled_from([b".", b"0.", b"", b"N.", b"\x85R."]),
).map(lambda parts: parts[0] + b"".join(parts[1]) + parts[2])


@pytest.fixture
def extensions() -> Iterator[None]:
    """Codes 1 to 3 stand for names, as a stream can arrange."""
    for code in (1, 2, 3):
        copyreg.add_extension("ext", f"e{code}", code)
    yield
    for code in (1, 2, 3):
        copyreg.remove_extension("ext", f"e{code}", code)


@pytest.mark.usefixtures("extensions")
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_streams, st.sampled_from([window.WINDOW, 90]))
def test_no_effect_is_missed(data: bytes, size: int) -> None:
    copyreg.clear_extension_cache()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "WINDOW", size)  # at 90 bytes every tenth stands behind a border
        check(data)


# --- one by one


def text(value: str) -> bytes:
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def names(data: bytes) -> list[str]:
    return [str(event.target) for event in events_of(data)[0] if isinstance(event, Reference)]


CALL = text("os") + text("system") + b"\x93)R."


@pytest.mark.parametrize("size", [200, 1000, window.WINDOW])
def test_nothing_is_lost_where_windows_meet(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "WINDOW", size)
    for at in range(size - window.MARGIN - 20, size + 3):
        filler = b"\x80\4B" + struct.pack("<I", at - 8) + bytes(at - 8) + b"0"
        assert names(filler + CALL) == ["os.system"]
        assert names(filler + b"cos\nsystem\n.") == ["os.system"]
        assert names(filler + b"Vos\nVsystem\n\x93.") == ["os.system"]


def test_a_line_that_the_end_cuts_loses_its_last_byte_as_in_the_pure_unpickler() -> None:
    data = b"(ios\nsystem!"
    check(data)
    assert names(data) == ["os.system"]


@pytest.mark.parametrize("width", [b"\x8c\4", b"X\4\0\0\0", b"\x8d\4\0\0\0\0\0\0\0", b"U\4", b"T\4\0\0\0"])
def test_a_short_string_is_known_however_its_length_is_written(width: bytes) -> None:
    assert events_of(width + b"eval.")[1].result == "eval"


@pytest.mark.parametrize(
    ("put", "get"),
    [
        (b"q\2", b"h\2"),
        (b"r\2\0\0\0", b"j\2\0\0\0"),
        (b"p2\n", b"g +2 \n"),
        (b"p" + b" " * 50_000 + b"2\n", b"h\2"),
        (b"p" + b"0_" * 2000 + b"2\n", b"h\2"),
        (b"r\x10\x27\0\0", b"j\x10\x27\0\0"),
    ],
)
def test_a_memo_index_is_one_number_however_it_is_written(put: bytes, get: bytes) -> None:
    """The stream begins with a string, so that this one has the offset 0."""
    data = text("list") + b"q\2" + text("eval") + put + text("builtins") + get + b"\x93."
    check(data)
    assert names(data) == ["builtins.eval"]


def test_memoize_counts_entries_and_put_overwrites() -> None:
    data = text("getcwd") + b"q\1" + text("system") + b"\x94" + text("os") + b"h\1\x93."
    check(data)
    assert names(data) == ["os.system"]


def test_strings_come_back_from_the_memo_after_any_number_of_others() -> None:
    others = b"".join(text(f"{index:x}") + b"\x940" for index in range(120_000))
    data = (
        b"\x80\4"
        + text("os")
        + b"\x940"
        + text("append")
        + b"\x940"
        + others
        + b"h\0"
        + text("system")
        + b"\x93h\1\x86."
    )
    _, end = events_of(data)
    assert names(data) == ["os.system"]
    assert end.result[1] == "append"  # not just the place of a string


def test_a_name_keeps_its_identity_after_any_number_of_objects() -> None:
    others = b"".join(b"(cm\nC\no\x940" for _ in range(60_000))
    events, _ = events_of(b"\x80\4cos\nsystem\n\x940" + others + b"h\0)R.", objects=1_000_000)
    called = events[-1]
    assert isinstance(called, Invocation)
    assert str(called.call.func) == "os.system"


def test_limits_end_a_stream_with_a_reason() -> None:
    for data in (b"N" * 600_000, b"]" * 600_000, b"(" * 3 + b"]\x94" * 600_000):
        _, end = events_of(data)
        assert end.why == "more than 10,000 live objects"


@pytest.mark.parametrize(
    "held",
    [
        b"N" + b"\x94" * 600_000,  # entries of the memo, 50 to an object
        b"N" + b"".join(b"r" + struct.pack("<I", 100 * index) for index in range(40_000)),  # with holes, two
        b"\x8c\5a\xf0\x9f\x98\x80" * 4_000,  # texts that take four bytes a letter count as three
        b"]" + b"]" * 9_000 + b"a" * 9_000 + b"]" * 1_000,
    ],
)
def test_what_takes_memory_counts_as_live(held: bytes) -> None:
    _, end = events_of(b"\x80\4" + held + b"N0" * 100_000)
    assert end.why == "more than 10,000 live objects"


def test_names_have_a_limit_together() -> None:
    _, end = events_of(b"\x80\4" + b"".join(b"cm\n%d%s\n0" % (index, b"n" * 900) for index in range(2_100)))
    assert end.why == "more different names than the limit"
    assert end.limit


@pytest.mark.parametrize("text", [b"\x8c\5", b"X\x88\x13\0\0"])
def test_a_long_name_is_not_kept(text: bytes) -> None:
    size = 5 if text[:1] == b"\x8c" else 5_000
    events, _ = events_of(b"\x80\4" + text + b"n" * size + b"\x8c\1f\x93.")
    assert isinstance(events[0], Reference if size == 5 else ComputedName)


def test_a_number_without_end_is_a_number() -> None:
    for line in (b"I0x" + b"F" * 10_000, b"L" + b"9" * 10_000 + b"L", b"I" + b"1" * 5_000):
        _, end = events_of(line + b"\n.")
        assert end.result is FLOAT


@pytest.mark.parametrize("index", [b"-1", b"1" * 5000, b"x"])
def test_an_index_that_no_memo_has_ends_the_stream(index: bytes) -> None:
    assert events_of(b"Np" + index + b"\n.")[1].why


@pytest.mark.parametrize("line", [b"c" + b"a." * 20_000 + b"b\nC\n.", b"(im\n" + b"a." * 20_000 + b"b\n."])
def test_a_name_without_end_is_none_that_can_be_judged(line: bytes) -> None:
    events, end = events_of(b"\x80\4" + line)
    assert isinstance(events[0], ComputedName)
    assert end.why is None


# --- frames: https://peps.python.org/pep-3154/#framing


def framed(inside: bytes, behind: bytes, size: int | None = None) -> bytes:
    return b"\x80\4\x95" + struct.pack("<Q", len(inside) if size is None else size) + inside + behind


def cuts(data: bytes) -> int:
    return sum(isinstance(event, FrameCut) for event in events_of(data)[0])


def test_the_c_unpickler_drops_what_a_frame_leaves_of_an_instruction() -> None:
    """Why a cut is told: from a file without peek(), GET's "12" is read as "2"."""
    listed = text("eval") + b"q\x020" + text("list") + b"q\x0c0" + text("builtins") + b"g1"
    data = framed(listed, b"2\n\x93.")
    _, without_peek, _ = unpickle(data)
    assert without_peek.effects == [Effect("name", "builtins.eval")]
    assert names(data) == ["builtins.list"]
    assert cuts(data) == 1


@pytest.mark.parametrize("value", [list(range(100_000)), ["x" * 70_000, 1], [b"y" * 200_000, {}], []])
def test_no_frame_of_a_pickler_is_cut(value: Any) -> None:
    for protocol in (4, 5):
        for data in (pickle.dumps(value, protocol), pickle._dumps(value, protocol)):  # type: ignore[attr-defined]
            assert cuts(data) == 0


@pytest.mark.parametrize(
    "data",
    [
        framed(b"N.N", b"."),  # behind STOP
        framed(b"X\3\0", b"\0\0abc."),  # in a length
        framed(b"X\3\0\0\0a", b"bc."),  # in a text
        framed(b"N0\x95\x20", bytes(7) + b"N" * 40 + b"."),  # in the length of another frame
        framed(b"N\x95" + struct.pack("<Q", 4) + b"N", b"00N."),  # in another frame
    ],
)
def test_a_frame_that_ends_elsewhere_is_told(data: bytes) -> None:
    assert cuts(data) == 1
