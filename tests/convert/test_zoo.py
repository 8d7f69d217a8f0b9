"""Every ordinary checkpoint converts, or says why not; and what torch and safetensors make of both sides is equal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from tests.convert.zoo import ZOO
from torch import nn

from modelward.app.converting import convert


def flattened(value: Any, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of *value*, by the path that leads to them."""
    if isinstance(value, nn.Module):
        value = value.state_dict(keep_vars=True) | dict(value.named_buffers())
    if isinstance(value, torch.Tensor):
        yield path or "tensor", value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from flattened(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from flattened(item, f"{path}.{index}" if path else str(index))


def raw(tensor: torch.Tensor) -> bytes:
    whole = tensor.detach().clone(memory_format=torch.contiguous_format).flatten()
    return bytes(whole.view(torch.uint8).numpy()) if whole.numel() else b""


def carried(value: Any) -> dict[str, torch.Tensor]:
    odd = (torch.complex128, torch.qint8)
    return {
        name: tensor
        for name, tensor in flattened(value)
        if tensor.layout == torch.strided
        and not (tensor.dtype in odd or tensor.is_nested or tensor.is_conj() or tensor.is_meta)
    }


def assert_equal(made: Path, value: Any) -> None:
    expected = carried(value)
    with safe_open(str(made), "pt") as file:
        assert set(file.keys()) == expected.keys()
        for name in expected:
            if expected[name].dtype == torch.float8_e8m0fnu:
                continue  # safetensors 0.8 has the type and its bridge to torch has not
            found = file.get_tensor(name)
            assert found.dtype == expected[name].dtype
            assert found.shape == expected[name].shape
            assert raw(found) == raw(expected[name]), name


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("is_zip", [True, False], ids=["zip", "legacy"])
@pytest.mark.filterwarnings("ignore")
def test_ordinary_checkpoint(name: str, is_zip: bool, tmp_path: Path) -> None:
    code, make = ZOO[name]
    value = make()
    given, made = tmp_path / "model.pt", tmp_path / "model.safetensors"
    torch.save(value, given, _use_new_zipfile_serialization=is_zip)
    done = convert(str(given), str(made))
    assert done.exit_code == code, done
    if code == 1:
        assert done.refused and not made.exists()
        return
    assert bool(done.left_out) == (code == 3)
    assert_equal(made, value)


def test_most_of_the_zoo_converts() -> None:
    codes = [code for code, _ in ZOO.values()]
    assert len(codes) >= 60
    assert sum(code != 1 for code in codes) >= 0.85 * len(codes)
