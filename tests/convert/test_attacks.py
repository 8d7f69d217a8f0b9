"""What was made to be converted into something else than a loader would see, or never to end."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import pytest
from tests.cases.build import member, tar
from tests.convert.assembled import floats, legacy, long, ordered, storage, tensor, torch_zip
from tests.corpus.hostile import samples
from tests.corpus.opcodes import EMPTY, NONE, TRUE, Sample, array, build, call, mapping, name, new, number, text, tup

from modelward.app.converting import convert
from modelward.core.conversion import ConversionResult

FOUR = floats(1, 2, 3, 4)
GOOD = tensor(storage("0", 4), (2, 2), (2, 1))
SELF = pickle.BINPUT + b"\x63"
AGAIN = pickle.BINGET + b"\x63"
DISCARD = pickle.POP


def converted(data: bytes, folder: Path) -> ConversionResult:
    (folder / "model").write_bytes(data)
    done = convert(str(folder / "model"), str(folder / "made"))
    assert (folder / "made").exists() == (done.exit_code != 1)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        {"model", *(["made"] if done.exit_code != 1 else [])}
    )
    return done


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_no_hostile_pickle_converts(sample: Sample, tmp_path: Path) -> None:
    assert converted(sample.data, tmp_path).exit_code == 1


@pytest.mark.parametrize("sample", [each for each in samples() if each.loader == "pickle"], ids=lambda each: each.name)
def test_no_hostile_pickle_converts_beside_a_tensor(sample: Sample, tmp_path: Path) -> None:
    """The payload's opcodes stand in a file that is a good checkpoint but for them."""
    body = sample.data.removesuffix(pickle.STOP)
    data = torch_zip(
        pickle.EMPTY_DICT + text("bad") + body + pickle.SETITEM + text("w") + GOOD + pickle.SETITEM, {"0": FOUR}
    )
    assert converted(data, tmp_path).exit_code == 1


def test_the_good_one_converts(tmp_path: Path) -> None:
    assert converted(torch_zip(mapping(w=GOOD), {"0": FOUR}), tmp_path).exit_code == 0


LIES = {
    "storage longer than its member": tensor(storage("0", 5), (2, 2), (2, 1)),
    "storage shorter than its member": tensor(storage("0", 3), (2,), (1,)),
    "storage missing": tensor(storage("1", 4), (2,), (1,)),
    "storage of another folder": tensor(storage("../data.pkl", 4), (2,), (1,)),
    "offset beyond": tensor(storage("0", 4), (2, 2), (2, 1), 1),
    "offset negative": tensor(storage("0", 4), (2,), (1,), -1),
    "offset overflows": tensor(storage("0", 4), (2,), (1,), 2**63),
    "stride beyond": tensor(storage("0", 4), (2, 2), (3, 1)),
    "stride negative": tensor(storage("0", 4), (2,), (-1,), 3),
    "stride overflows": tensor(storage("0", 4), (2,), (2**62,)),
    "shape negative": tensor(storage("0", 4), (-2, -2), (2, 1)),
    "shape overflows": tensor(storage("0", 4), (2**62, 2**62, 0), (0, 0, 1)),
    "empty and far": tensor(storage("0", 4), (0,), (1,), 2**40),
    "ranks differ": tensor(storage("0", 4), (2, 2), (1,)),
    "bomb of one number": tensor(storage("0", 4), (2**40,), (0,)),
    "bomb of four axes": tensor(storage("0", 4), (2**10,) * 4, (0, 0, 0, 0)),
    "elements everywhere": tensor(storage("0", 4), (2,) * 25, (1,) + (0, 1) * 12),
    "unknown storage class": tensor(storage("0", 4, "StrangeStorage"), (2,), (1,)),
    "storage class from elsewhere": tensor(storage("0", 4, "FloatStorage", "json"), (2,), (1,)),
    "storage of two types": mapping(a=GOOD, b=tensor(storage("0", 4, "IntStorage"), (2,), (1,))),
    "storage of two sizes": mapping(a=GOOD, b=tensor(storage("0", 2, "DoubleStorage"), (2,), (1,))),
    "sizes in a list": call(
        name("torch._utils", "_rebuild_tensor_v2"),
        storage("0", 4),
        number(0),
        array(number(4)),
        array(number(1)),
        TRUE,
        ordered(),
    ),
    "too few parts": call(name("torch._utils", "_rebuild_tensor_v2"), storage("0", 4), number(0)),
    "no storage": call(name("torch._utils", "_rebuild_tensor"), NONE, number(0), EMPTY, EMPTY),
    "tensor of a tensor": call(name("torch._utils", "_rebuild_tensor"), GOOD, number(0), EMPTY, EMPTY),
}


@pytest.mark.parametrize("what", LIES)
def test_a_tensor_that_reaches_for_other_bytes(what: str, tmp_path: Path) -> None:
    began = time.process_time()
    root = LIES[what]
    if not root.startswith(pickle.EMPTY_DICT):
        root = mapping(w=root)
    assert converted(torch_zip(root, {"0": FOUR}), tmp_path).exit_code == 1
    assert time.process_time() - began < 2


TRICKS = {
    # SETITEM on a tensor writes numbers into it
    "numbers written into a tensor": mapping(w=GOOD + number(0) + GOOD + pickle.SETITEM),
    # Tensor.__setstate__ takes another storage
    "state set on a tensor": mapping(w=build(GOOD, tup(storage("1", 4), number(0), tup(number(4)), tup(number(1))))),
    # set on a tensor, "data" takes the place of its numbers
    "data among the attributes": mapping(
        w=call(
            name("torch._tensor", "_rebuild_from_type_v2"),
            name("torch._utils", "_rebuild_tensor_v2"),
            name("torch", "Tensor"),
            tup(storage("0", 4), number(0), tup(number(4)), tup(number(1)), TRUE, ordered()),
            mapping(data=tensor(storage("1", 4), (4,), (1,))),
        )
    ),
    "items planted on a state": build(ordered() + text("w") + GOOD + pickle.SETITEM, mapping(items=GOOD)),
    "a list changed by index": array(GOOD) + number(0) + tensor(storage("1", 4), (4,), (1,)) + pickle.SETITEM,
    "a dictionary appended to": mapping(w=GOOD) + GOOD + pickle.APPEND,
    "state set twice": mapping(
        w=build(build(new(name("torch.nn.modules.linear", "Linear")), mapping(_parameters=mapping(a=GOOD))), mapping())
    ),
    "a key that equals another": mapping(w=GOOD)
    + call(name("builtins", "str"), text("w"))
    + tensor(storage("1", 4), (4,), (1,))
    + pickle.SETITEM,
    "a number that equals another": pickle.EMPTY_DICT
    + number(1)
    + GOOD
    + pickle.SETITEM
    + b"G"
    + b"\x3f\xf0\0\0\0\0\0\0"
    + tensor(storage("1", 4), (4,), (1,))
    + pickle.SETITEM,
    "a dictionary in itself": pickle.EMPTY_DICT
    + SELF
    + text("w")
    + GOOD
    + pickle.SETITEM
    + text("x")
    + AGAIN
    + pickle.SETITEM,
    "a copying call": call(name("copy", "deepcopy"), GOOD),
    "an unknown function": mapping(w=call(name("my.lib", "rebuild"), GOOD)),
    "an unknown constructor": mapping(w=GOOD, x=call(name("my.lib", "Thing"))),
    "an object made with arguments": mapping(w=GOOD, x=new(name("my.lib", "Thing"), number(1))),
    "a reference to a function, called": mapping(w=GOOD, x=call(call(name("builtins", "object")))),
    "a persistent id of another kind": mapping(w=GOOD, x=text("w") + pickle.BINPERSID),
    "values left behind": GOOD + mapping(w=GOOD),
}


@pytest.mark.parametrize("what", TRICKS)
def test_a_pickle_that_loads_as_something_else(what: str, tmp_path: Path) -> None:
    assert converted(torch_zip(TRICKS[what], {"0": FOUR, "1": floats(5, 6, 7, 8)}), tmp_path).exit_code == 1


def held_often() -> bytes:
    """Each level holds the one below twice: 2^60 paths lead to one tensor."""
    body = mapping(w=GOOD)
    for level in range(60):
        body = (
            body
            + pickle.BINPUT
            + bytes([level])
            + pickle.POP
            + mapping(a=pickle.BINGET + bytes([level]), b=pickle.BINGET + bytes([level]))
        )
    return body


def test_what_holds_itself_often_ends(tmp_path: Path) -> None:
    began = time.process_time()
    assert converted(torch_zip(held_often(), {"0": FOUR}), tmp_path).exit_code == 1
    assert time.process_time() - began < 10


def test_too_many_tensors_end(tmp_path: Path) -> None:
    one = GOOD + pickle.BINPUT + b"\0" + pickle.POP
    body = one + pickle.EMPTY_LIST + pickle.MARK + (pickle.BINGET + b"\0") * 100_000 + pickle.APPENDS
    assert "more than 40,000 tensors" in converted(torch_zip(body, {"0": FOUR}), tmp_path).refused


def test_later_values_of_a_key_count(tmp_path: Path) -> None:
    """As in a dictionary; and a container that is changed after it was put somewhere is changed there, too."""
    inner = pickle.EMPTY_DICT + SELF + DISCARD
    root = inner + mapping(a=AGAIN) + AGAIN + text("w") + GOOD + pickle.SETITEM
    root += text("w") + tensor(storage("1", 4), (4,), (1,)) + pickle.SETITEM + DISCARD
    done = converted(torch_zip(root, {"0": FOUR, "1": floats(5, 6, 7, 8)}), tmp_path)
    assert (done.exit_code, done.tensors) == (0, 1)
    assert (tmp_path / "made").read_bytes().endswith(floats(5, 6, 7, 8))


def test_a_list_that_grows_after_a_dictionary_was_made_of_it(tmp_path: Path) -> None:
    """What the dictionary has is what the list had; torch sees one tensor, and so must both readers."""
    pair = array(text("w"), GOOD)
    made = array(pair) + SELF + DISCARD + call(name("collections", "OrderedDict"), AGAIN)
    root = mapping(a=made, b=AGAIN + array(text("x"), GOOD) + pickle.APPEND)
    done = converted(torch_zip(root, {"0": FOUR}), tmp_path)
    assert (done.exit_code, done.tensors) == (3, 3), done.refused


def test_names_that_no_text_can_say_are_left_out(tmp_path: Path) -> None:
    root = mapping(w=GOOD) + text("\ud800") + GOOD + pickle.SETITEM + text("__metadata__") + GOOD + pickle.SETITEM
    done = converted(torch_zip(root, {"0": FOUR}), tmp_path)
    assert (done.exit_code, [each.path for each in done.left_out]) == (3, ["\\ud800", "__metadata__"])


@pytest.mark.parametrize(
    "key", [NONE, EMPTY, tup(number(1)), b"C\1a", text("x" * 20_000)], ids=lambda key: repr(key[:9])
)
def test_tensors_under_keys_that_give_no_name(key: bytes, tmp_path: Path) -> None:
    root = mapping(w=GOOD) + key + GOOD + pickle.SETITEM
    assert converted(torch_zip(root, {"0": FOUR}), tmp_path).exit_code == 1


@pytest.mark.parametrize(
    "key", [NONE, EMPTY, tup(number(1)), b"C\1a", text("x" * 20_000)], ids=lambda key: repr(key[:9])
)
def test_plain_values_under_such_keys_are_left_out(key: bytes, tmp_path: Path) -> None:
    root = mapping(w=GOOD) + key + number(1) + pickle.SETITEM
    assert converted(torch_zip(root, {"0": FOUR}), tmp_path).exit_code == 3


def test_bytes_of_another_order_are_turned(tmp_path: Path) -> None:
    big = b"".join(FOUR[at : at + 4][::-1] for at in range(0, 16, 4))
    done = converted(torch_zip(mapping(w=GOOD), {"0": big}, "big"), tmp_path)
    assert done.exit_code == 0
    assert (tmp_path / "made").read_bytes().endswith(FOUR)


def test_an_order_that_is_none_is_refused(tmp_path: Path) -> None:
    assert converted(torch_zip(mapping(w=GOOD), {"0": FOUR}, "middle"), tmp_path).exit_code == 1


def test_a_storage_without_a_type_from_a_big_endian_machine_is_left_out(tmp_path: Path) -> None:
    """torch does not turn it round, and nobody can say whether it should."""
    untyped = call(
        name("torch._utils", "_rebuild_tensor_v3"), storage("1", 4, "UntypedStorage", "torch.storage"), number(0),
        tup(number(2)), tup(number(1)), TRUE, ordered(), name("torch", "uint16"),
    )  # fmt: skip
    done = converted(torch_zip(mapping(w=GOOD, x=untyped), {"0": FOUR, "1": b"abcd"}, "big"), tmp_path)
    assert (done.exit_code, done.tensors) == (3, 1)


@pytest.mark.parametrize("more", ["constants.pkl", "code/model.py", "data.pkl", "other/../x"])
def test_archives_that_are_more_than_one(more: str, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate") if more == "data.pkl" else __import__("contextlib").nullcontext():
        data = torch_zip(mapping(w=GOOD), {"0": FOUR}, "little", {more: b"\x80\x02}."})
    assert converted(data, tmp_path).exit_code == 1


@pytest.mark.parametrize("cut", range(0, 600, 23))
def test_every_cut_is_refused(cut: int, tmp_path: Path) -> None:
    whole = torch_zip(mapping(w=GOOD), {"0": FOUR})
    assert converted(whole[: max(len(whole) - 1 - cut, 0)], tmp_path).exit_code == 1


# -- legacy streams and tars

COUNT = (4).to_bytes(8, "little")


def old_storage(view: bytes = NONE) -> bytes:
    return tup(text("storage"), name("torch", "FloatStorage"), text("k"), text("cpu"), long(4), view) + pickle.BINPERSID


FAR = mapping(w=tensor(old_storage(tup(text("k1"), number(3), number(2))), (2,), (1,)))
OLD = mapping(
    w=tensor(old_storage(), (2, 2), (1, 2)), v=tensor(old_storage(tup(text("k1"), number(1), number(2))), (2,), (1,))
)


def test_a_legacy_stream_with_views(tmp_path: Path) -> None:
    done = converted(legacy(OLD, array(text("k")), COUNT, FOUR), tmp_path)
    assert (done.exit_code, done.tensors) == (0, 2)
    assert {floats(1, 3, 2, 4), floats(2, 3)} == {
        (tmp_path / "made").read_bytes()[-24:][:16],
        (tmp_path / "made").read_bytes()[-8:],
    }


@pytest.mark.parametrize(
    "data",
    [
        legacy(OLD, array(text("k")), COUNT, FOUR[:-1]),
        legacy(OLD, array(text("k")), COUNT, FOUR, b"more"),
        legacy(OLD, array(text("k")), (3).to_bytes(8, "little"), FOUR[:12]),
        legacy(OLD, array(text("k")), (2**63 - 1).to_bytes(8, "little"), FOUR),
        legacy(OLD, array(text("k")), b"\xff" * 8, FOUR),
        legacy(OLD, array(text("k"), text("k")), COUNT, FOUR, COUNT, FOUR),
        legacy(OLD, array(text("other")), COUNT, FOUR),
        legacy(OLD, array(), COUNT, FOUR),
        legacy(OLD, number(1), COUNT, FOUR),
legacy(FAR, array(text("k")), COUNT, FOUR),
    ],
)  # fmt: skip
def test_a_legacy_stream_that_lies(data: bytes, tmp_path: Path) -> None:
    assert converted(data, tmp_path).exit_code == 1


def torch_tar(shape: tuple[int, ...] = (2, 2), strides: tuple[int, ...] = (1, 2), offset: int = 0) -> bytes:
    """As torch wrote it before 0.1.10."""
    from tests.corpus.opcodes import stream

    kinds = stream(number(1)) + stream(tup(number(11), text("cpu"), name("torch", "FloatStorage"))) + COUNT + FOUR
    places = b"".join(n.to_bytes(8, "little", signed=True) for n in (*shape, *strides, offset))
    tensors = stream(number(1)) + stream(tup(number(22), number(11), name("torch", "FloatTensor")))
    tensors += len(shape).to_bytes(8, "little") + places
    root = stream(mapping(w=text("22") + pickle.BINPERSID), protocol=2)
    return tar(
        member(b"storages", kinds + stream(array())), member(b"tensors", tensors), member(b"pickle", root),
        member(b"sys_info", stream(mapping())),
    )  # fmt: skip


def test_a_tar_of_old(tmp_path: Path) -> None:
    done = converted(torch_tar(), tmp_path)
    assert (done.exit_code, done.tensors) == (0, 1), done.refused
    assert (tmp_path / "made").read_bytes().endswith(floats(1, 3, 2, 4))


@pytest.mark.parametrize("lie", [{"offset": 1}, {"strides": (9, 1)}, {"shape": (-1, 2)}, {"shape": (2**40, 1)}])
def test_a_tar_that_lies(lie: dict[str, tuple[int, ...]], tmp_path: Path) -> None:
    assert converted(torch_tar(**lie), tmp_path).exit_code == 1  # type: ignore[arg-type]
