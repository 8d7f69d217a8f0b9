"""The benchmark's inputs are what they claim to be: the libraries that write such files load them."""

from __future__ import annotations

import pickle
import pickletools
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from bench import inputs, other_models
from safetensors.torch import load_file

from modelward import app


def test_torch_zip_is_a_state_dict(tmp_path: Path) -> None:
    inputs.write_torch_zip(tmp_path / "model.pt", tensors=3, floats=100)
    state = torch.load(tmp_path / "model.pt", weights_only=True)
    assert list(state) == ["layer.0.weight", "layer.1.weight", "layer.2.weight"]
    assert all(tensor.shape == (100,) for tensor in state.values())


def test_torch_zip_is_laid_out_as_torch_writes_it(tmp_path: Path) -> None:
    inputs.write_torch_zip(tmp_path / "model.pt", tensors=2, floats=100)
    torch.save({"a": torch.zeros(100), "b": torch.ones(100)}, tmp_path / "theirs.pt")
    with zipfile.ZipFile(tmp_path / "model.pt") as ours, zipfile.ZipFile(tmp_path / "theirs.pt") as theirs:
        assert [layout(member) for member in ours.infolist()] == [layout(member) for member in theirs.infolist()]


def layout(member: zipfile.ZipInfo) -> tuple[object, ...]:
    name = member.filename.partition("/")[2]
    return name, member.flag_bits, member.compress_type, member.create_version, member.extract_version, member.extra


def test_safetensors_loads(tmp_path: Path) -> None:
    inputs.write_safetensors(tmp_path / "model.safetensors", tensors=3, floats=100)
    assert len(load_file(tmp_path / "model.safetensors")) == 3


def test_long_pickle_has_the_opcodes_that_it_claims(tmp_path: Path) -> None:
    inputs.write_long_pickle(tmp_path / "long.pkl", batches=2, records=50)
    raw = (tmp_path / "long.pkl").read_bytes()
    opcodes = sum(1 for _ in pickletools.genops(raw))
    framing = 2 * len(("FRAME", "MARK", "APPENDS"))
    shared = 2 * len(inputs.SHARED) + len(("PROTO", "MARK", "TUPLE", "MEMOIZE"))
    around = len(("EMPTY_LIST", "MEMOIZE", "TUPLE2", "STOP"))
    assert opcodes == 100 * inputs.OPCODES_PER_RECORD + framing + shared + around
    words, records = pickle.loads(raw)  # noqa: S301 - our own bytes, and no GLOBAL among them
    assert words == inputs.SHARED
    assert records[7]["name"] == "item-0000007"


@pytest.mark.parametrize("write", [other_models.write_onnx, other_models.write_gguf])
def test_other_models_are_clean(write: Callable[..., None], tmp_path: Path) -> None:
    write(tmp_path / "model", tensors=3, floats=101)
    result = app.scan(str(tmp_path / "model"))
    assert result.outcome() == "clean"
    assert result.coverage.formats[0][0] in ("onnx", "gguf")
