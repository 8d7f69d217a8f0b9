"""Conversion from the outside: formats other than torch's, shards, statements, and what is said."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tests.cli.process import REAL, piped

from modelward.app.converting import convert
from modelward.checks import build
from modelward.core.errors import Malformed, UsageError
from modelward.core.statement import Statement


def arrays() -> dict[str, np.ndarray[Any, Any]]:
    return {
        "c": np.arange(24, dtype="<f4").reshape(2, 3, 4),
        "fortran": np.asfortranarray(np.arange(24, dtype="<i8").reshape(2, 3, 4)),
        "big": np.arange(6, dtype=">f8").reshape(2, 3),
        "complex": np.array([1 + 2j, -0.0], dtype=">c8"),
        "truth": np.array([True, False]),
        "zero": np.array(3, dtype="<u2"),
        "empty": np.empty((0, 3), dtype="<f2"),
    }


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_numpy(save: Any, tmp_path: Path) -> None:
    save(tmp_path / "a.npz", **arrays())
    assert convert(str(tmp_path / "a.npz"), str(tmp_path / "out")).exit_code == 0
    found = load_file(tmp_path / "out")
    assert found.keys() == arrays().keys()
    for name, array in arrays().items():
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.astype(array.dtype.newbyteorder("<")).tobytes()


def test_a_lone_array(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", arrays()["fortran"])
    assert convert(str(tmp_path / "a.npy"), str(tmp_path / "out")).exit_code == 0
    assert (load_file(tmp_path / "out")["array"] == arrays()["fortran"]).all()


def test_texts_are_left_out_and_objects_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", w=np.ones(2), t=np.array(["abc"]))
    done = convert(str(tmp_path / "a.npz"), str(tmp_path / "out"))
    assert (done.exit_code, [each.path for each in done.left_out]) == (3, ["t"])
    np.savez(tmp_path / "o.npz", w=np.ones(2), t=np.array([object()], dtype=object), allow_pickle=True)
    assert convert(str(tmp_path / "o.npz"), str(tmp_path / "other")).exit_code == 1


def layers(*names: str) -> bytes:
    """A configuration of Keras, without weights of its own."""
    from tests.corpus import keras

    return json.dumps(keras.sequential(*(keras.layer(name) for name in names))).encode()


@pytest.mark.parametrize("is_archive", [True, False])
def test_weights_of_keras(is_archive: bool, tmp_path: Path) -> None:
    from tests.corpus import hdf5, keras

    config = layers("Dense")
    (tmp_path / "model").write_bytes(keras.saved(config) if is_archive else hdf5.keras(config))
    done = convert(str(tmp_path / "model"), str(tmp_path / "out"))
    assert done.exit_code == 3, done.refused
    assert {"config.json", "model_config"} & {
        word for each in done.left_out for word in (each.path, each.what.split()[-1])
    }
    ((name, numbers),) = load_file(tmp_path / "out").items()
    assert name == ("layers/dense/vars/0" if is_archive else "model_weights/dense/kernel:0")
    assert numbers.tolist() == ([0, 0] if is_archive else [1, 2, 3, 4])


@pytest.mark.parametrize("is_archive", [True, False])
@pytest.mark.parametrize("kind", ["lambda", "custom"])
def test_layers_that_run_something_are_refused(is_archive: bool, kind: str, tmp_path: Path) -> None:
    from tests.corpus import hdf5, keras

    inner = keras.lambda_code() if kind == "lambda" else keras.made("my.layers", "Mine", {})
    config = json.dumps(keras.sequential(inner)).encode()
    (tmp_path / "model").write_bytes(keras.saved(config) if is_archive else hdf5.keras(config))
    assert convert(str(tmp_path / "model"), str(tmp_path / "out")).exit_code == 1


# -- shards


def sharded(folder: Path, count: int = 3, index: dict[str, str] | None = None) -> Path:
    folder.mkdir()
    places: dict[str, str] = {}
    for number in range(1, count + 1):
        name = f"pytorch_model-{number:05}-of-{count:05}.bin"
        state = {f"layer{number}.{part}": torch.full((5,), float(number)) for part in ("weight", "bias")}
        torch.save(state, folder / name)
        places |= dict.fromkeys(state, name)
    body = {"metadata": {"total_size": 1}, "weight_map": places if index is None else index}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(body))
    (folder / "config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("by_index", [True, False])
def test_shards(by_index: bool, tmp_path: Path) -> None:
    given = sharded(tmp_path / "in")
    target = given / "pytorch_model.bin.index.json" if by_index else given
    done = convert(str(target), str(tmp_path / "out"), str(tmp_path / "said"))
    assert (done.exit_code, done.tensors) == (0, 6), done.refused
    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text())
    assert len(index["weight_map"]) == 6
    for name, shard in index["weight_map"].items():
        assert load_file(tmp_path / "out" / shard)[name][0] == float(name[5])
    predicate = build.CHECK.decode(Statement.parse((tmp_path / "said").read_bytes()).predicate)
    assert len(predicate.parts) == 3
    assert len(predicate.outputs) == len(predicate.inputs) == 4


@pytest.mark.parametrize(
    "places",
    [
        {"layer1.weight": "pytorch_model-00002-of-00003.bin", "layer2.weight": "pytorch_model-00001-of-00003.bin"},
        {"missing": "pytorch_model-00001-of-00003.bin"},
    ],
)
def test_an_index_that_lies_is_refused(places: dict[str, str], tmp_path: Path) -> None:
    given = sharded(tmp_path / "in", index=places)
    assert convert(str(given), str(tmp_path / "out")).exit_code == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("shard", ["../other.bin", "/etc/passwd", "absent.bin", "config/../config.json"])
def test_an_index_that_names_other_files_is_an_error(shard: str, tmp_path: Path) -> None:
    given = sharded(tmp_path / "in", index={"w": shard})
    with pytest.raises(UsageError, match="not beside it"):
        convert(str(given), str(tmp_path / "out"))


def test_one_bad_shard_leaves_nothing(tmp_path: Path) -> None:
    given = sharded(tmp_path / "in")
    (given / "pytorch_model-00003-of-00003.bin").write_bytes(b"\x80\x02cos\nsystem\nX\x01\0\0\0a\x85R.")
    assert convert(str(given), str(tmp_path / "out")).exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_folder_with_one_file_of_weights(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    torch.save({"w": torch.ones(2)}, tmp_path / "in" / "pytorch_model.bin")
    assert convert(str(tmp_path / "in"), str(tmp_path / "out")).exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model.safetensors"]
    torch.save({"w": torch.ones(2)}, tmp_path / "in" / "second.pt")
    with pytest.raises(UsageError, match="several"):
        convert(str(tmp_path / "in"), str(tmp_path / "other"))


# -- what is written, and said


def saved(folder: Path, value: Any) -> str:
    torch.save(value, folder / "model.pt")
    return str(folder / "model.pt")


def test_the_statement_carries_every_digest(tmp_path: Path) -> None:
    weight = torch.arange(6.0).reshape(2, 3).t()
    given = saved(tmp_path, {"w": weight, "again": weight, "epoch": 3})
    done = convert(given, str(tmp_path / "out"), str(tmp_path / "said"))
    raw = (tmp_path / "said").read_bytes()
    statement = Statement.parse(raw)
    predicate = build.CHECK.decode(statement.predicate)
    assert statement.predicate_type == "https://slsa.dev/provenance/v1"
    assert statement.subject == done.digest
    assert statement.subject.value == hashlib.sha256((tmp_path / "out").read_bytes()).hexdigest()
    assert predicate.inputs[""].digest.value == hashlib.sha256(Path(given).read_bytes()).hexdigest()
    (part,) = predicate.parts
    expected = hashlib.sha256(weight.contiguous().numpy().tobytes()).hexdigest()
    assert {tensor.name: tensor.sha256 for tensor in part.tensors} == {"w": expected, "again": expected}
    assert part.shared == (("again", "w"),)
    assert part.left_out == (("epoch", "a whole number"),)
    assert build.CHECK.encode(predicate) == statement.predicate


@pytest.mark.parametrize("change", ["executed", "dtype", "extra", "made", "input"])
def test_a_statement_that_was_changed_is_malformed(change: str, tmp_path: Path) -> None:
    given = saved(tmp_path, {"w": torch.ones(2)})
    convert(given, str(tmp_path / "out"), str(tmp_path / "said"))
    body = json.loads((tmp_path / "said").read_bytes())["predicate"]
    said = body["runDetails"]["byproducts"][1]["annotations"]
    match change:
        case "executed":
            body["buildDefinition"]["internalParameters"]["executed"] = True
        case "dtype":
            said["tensors"][0]["dtype"] = 3
        case "extra":
            body["more"] = 1
        case "made":
            said["made"] = "other"
        case "input":
            body["buildDefinition"]["resolvedDependencies"] = []
    with pytest.raises(Malformed):
        build.CHECK.decode(body)


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    given = saved(tmp_path, {f"w{n}": torch.ones(n) for n in range(9)})
    for run_ in "ab":
        convert(given, str(tmp_path / run_), str(tmp_path / f"{run_}.json"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    given = saved(tmp_path, {"w": torch.ones(2)})
    (tmp_path / "there").write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        convert(given, str(tmp_path / "there"))
    with pytest.raises(UsageError, match="--statement"):
        convert(given, str(tmp_path / "out"), str(tmp_path / "there"))
    with pytest.raises(UsageError, match="there already"):
        convert(given, given)
    with pytest.raises(UsageError, match="no folder"):
        convert(given, str(tmp_path / "absent" / "out"))
    assert (tmp_path / "there").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.pt", "there"]


def test_the_command_line(tmp_path: Path) -> None:
    given = saved(tmp_path, {"w": torch.ones(2), "e": 1, "b\x1b[31m": None})

    def run(*args: str) -> tuple[int, str]:
        done = piped("convert", *args, program=REAL)
        return done.returncode, done.stdout

    code, said = run(given, "--to", "safetensors", "--output", str(tmp_path / "out"))
    assert (code, said.splitlines()[-1][-29:]) == (3, "nothing was executed (exit 3)")
    assert "\x1b" not in said
    _, machine = run(given, "--to", "safetensors", "--output", str(tmp_path / "two"), "--format", "json")
    assert json.loads(machine)["outcome"] == "incomplete"
    assert run(given, "--to", "onnx", "--output", str(tmp_path / "three"))[0] == 2
    refused = saved(tmp_path, {"e": 1})
    assert run(refused, "--to", "safetensors", "--output", str(tmp_path / "four"), "--quiet")[0] == 1


def test_what_is_converted_already_is_refused(tmp_path: Path) -> None:
    given = saved(tmp_path, {"w": torch.ones(2)})
    convert(given, str(tmp_path / "out"))
    assert "already" in convert(str(tmp_path / "out"), str(tmp_path / "again")).refused


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, np.ones(2))
    for number, data in enumerate((b"", b"text", b"\x80\x04N.", file.getvalue() + b"more", b"GGUF\x03\0\0\0")):
        (tmp_path / "model").write_bytes(data)
        assert convert(str(tmp_path / "model"), str(tmp_path / f"out{number}")).exit_code == 1
