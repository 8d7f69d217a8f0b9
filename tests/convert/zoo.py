"""Ordinary checkpoints: what people save, and the exit code that converting it ends with.

0: all of it is in the output. 3: tensors are, and what safetensors has no place for is named. 1: refused.
"""

from __future__ import annotations

import argparse
import collections
import copy
import datetime
import pathlib
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

Make = Callable[[], Any]
ZOO: dict[str, tuple[int, Make]] = {}


def animal(code: int) -> Callable[[Make], Make]:
    def enter(make: Make) -> Make:
        ZOO[make.__name__] = (code, make)
        return make

    return enter


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))


def trained(optimizer: type[torch.optim.Optimizer], **more: Any) -> tuple[nn.Module, torch.optim.Optimizer]:
    model = nn.Linear(3, 2)
    made = optimizer(model.parameters(), **more)
    model(torch.ones(4, 3)).sum().backward()
    made.step()
    return model, made


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embed.weight


class Buffered(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tril(torch.ones(4, 4)).bool())
        self.register_buffer("hidden", torch.arange(3), persistent=False)
        self.scale = nn.Parameter(torch.tensor(2.0))


# -- state dicts

for _name, _module in {
    "linear": lambda: nn.Linear(3, 2),
    "no_bias": lambda: nn.Linear(3, 2, bias=False),
    "conv": net,
    "lstm": lambda: nn.LSTM(3, 4, 2, bidirectional=True),
    "gru": lambda: nn.GRU(3, 4),
    "transformer_layer": lambda: nn.TransformerEncoderLayer(8, 2, 16),
    "multihead": lambda: nn.MultiheadAttention(8, 2),
    "group_norm": lambda: nn.GroupNorm(2, 4),
    "embedding_bag": lambda: nn.EmbeddingBag(5, 3),
    "buffers": Buffered,
    "tied": Tied,
    "half": lambda: net().half(),
    "bfloat16": lambda: net().bfloat16(),
    "double": lambda: net().double(),
    "channels_last": lambda: net().to(memory_format=torch.channels_last),  # type: ignore[call-overload]
    "weight_norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)),
    "module_list": lambda: nn.ModuleList([nn.Linear(2, 2) for _ in range(40)]),
    "parameter_list": lambda: nn.ParameterList([torch.ones(n + 1) for n in range(5)]),
}.items():
    ZOO[f"state_of_{_name}"] = (0, lambda module=_module: module().state_dict())  # type: ignore[misc]


# -- tensors

for _dtype in (
    "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool complex64 float8_e4m3fn "
    "float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu"
).split():
    ZOO[f"dtype_{_dtype}"] = (
        0,
        lambda name=_dtype: {"x": torch.arange(8).to(torch.float32).to(getattr(torch, name)).reshape(2, 4)},  # type: ignore[misc]
    )


@animal(0)
def lone_tensor() -> Any:
    return torch.arange(6.0).reshape(2, 3)


@animal(0)
def list_of_tensors() -> Any:
    return [torch.ones(2), (torch.zeros(3), torch.ones(1, dtype=torch.int64))]


@animal(0)
def zero_dimensional_and_empty() -> Any:
    return {"a": torch.tensor(3.5), "b": torch.empty(0), "c": torch.empty(2, 0, 3), "d": torch.tensor(True)}


@animal(0)
def views_of_one_storage() -> Any:
    base = torch.arange(100.0)
    return {
        "all": base,
        "even": base[::2],
        "part": base[10:20],
        "matrix": base.view(10, 10),
        "turned": base.view(10, 10).t(),
    }


@animal(0)
def strided() -> Any:
    base = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    return {
        "permuted": base.permute(3, 1, 0, 2),
        "slice": base[:, 1:, ::2, ::3],
        "expanded": torch.ones(3, 1).expand(3, 7),
    }


@animal(0)
def special_numbers() -> Any:
    bits = torch.tensor([0x7FC00001, 0x7FA00000, -0x80000000, 0x7F800000, 1], dtype=torch.int64).to(torch.int32)
    return {"x": bits.view(torch.float32)}


@animal(0)
def many_small() -> Any:
    return {f"blocks.{n}.weight": torch.full((3,), float(n)) for n in range(500)}


@animal(0)
def long_and_odd_names() -> Any:
    return {
        "x" * 100: torch.ones(1),
        "ключ.重み": torch.ones(2),
        'quo"te\\': torch.ones(3),
        "": torch.ones(4),
        7: torch.ones(5),
    }


@animal(0)
def parameters_themselves() -> Any:
    return {"p": nn.Parameter(torch.ones(2)), "frozen": nn.Parameter(torch.ones(2), requires_grad=False)}


@animal(0)
def nested_states() -> Any:
    return {"generator": net().state_dict(), "discriminator": {"a": nn.Linear(1, 1).state_dict()}}


@animal(0)
def defaultdict_of_states() -> Any:
    made: Any = collections.defaultdict(dict)
    made["a"]["b"] = torch.ones(1)
    return made


@animal(0)
def dimensions() -> Any:
    return {"x": torch.ones([1] * 12 + [2, 3])}


# -- what has more than tensors


@animal(3)
def training_checkpoint() -> Any:
    model, made = trained(torch.optim.AdamW)
    return {"epoch": 3, "model_state_dict": model.state_dict(), "optimizer_state_dict": made.state_dict(), "loss": 0.25}


@animal(3)
def momentum() -> Any:
    model, made = trained(torch.optim.SGD, lr=0.1, momentum=0.9)
    return {"model": model.state_dict(), "optimizer": made.state_dict()}


@animal(3)
def adafactor() -> Any:
    model, made = trained(torch.optim.Adafactor)
    return {"model": model.state_dict(), "optimizer": made.state_dict()}


@animal(3)
def scheduler() -> Any:
    model, made = trained(torch.optim.Adam)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(made, 10)
    return {"model": model.state_dict(), "scheduler": plan.state_dict(), "rng": torch.get_rng_state()}


@animal(3)
def lightning() -> Any:
    model, made = trained(torch.optim.Adam)
    state = OrderedDict((f"model.{name}", value) for name, value in model.state_dict().items())
    return {
        "epoch": 9, "global_step": 1000, "pytorch-lightning_version": "2.5.0", "state_dict": state,
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 10}}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'val'}": {"best": torch.tensor(0.5), "best_model_path": "a"}},
        "optimizer_states": [made.state_dict()], "lr_schedulers": [], "hparams_name": "kwargs",
        "hyper_parameters": {"lr": 1e-3, "layers": [1, 2]},
    }  # fmt: skip


@animal(3)
def timm_like() -> Any:
    return {
        "state_dict": net().state_dict(),
        "arch": "resnet",
        "args": argparse.Namespace(lr=0.1, opt="sgd"),
        "metric": 0.7,
    }


@animal(3)
def detectron_like() -> Any:
    return {
        "model": {"w": np.ones(3, dtype=np.float32), "t": torch.ones(1)},
        "__author__": "me",
        "matching_heuristics": True,
    }


@animal(3)
def numpy_scalars() -> Any:
    return {
        "w": torch.ones(2),
        "best": np.float64(0.5),
        "step": np.int64(3),
        "state": np.random.RandomState(0).get_state(),
    }


@animal(3)
def paths_and_dates() -> Any:
    return {
        "w": torch.ones(2), "path": pathlib.PurePosixPath("/data"), "when": datetime.datetime(2024, 1, 1),
        "id": uuid.UUID(int=1), "shape": torch.Size([1, 2]), "device": torch.device("cpu"), "dtype": torch.float16,
    }  # fmt: skip


@animal(3)
def ema() -> Any:
    model = net()
    return {"model": model.state_dict(), "ema": copy.deepcopy(model).state_dict(), "updates": 10, "decay": 0.999}


@animal(3)
def peft_like() -> Any:
    return {"base.q.lora_A.weight": torch.ones(2, 4), "base.q.lora_B.weight": torch.ones(4, 2), "scaling": 2.0}


@animal(3)
def megatron_like() -> Any:
    weight = nn.Parameter(torch.ones(4))
    weight.tensor_model_parallel = True  # type: ignore[attr-defined]
    return {"weight": weight}


@animal(3)
def quantized_state() -> Any:
    return {"q": torch.quantize_per_tensor(torch.ones(4), 0.1, 3, torch.qint8), "w": torch.ones(2)}


@animal(3)
def sparse() -> Any:
    return {"s": torch.eye(3).to_sparse(), "w": torch.ones(2)}


@animal(3)
def sparse_csr() -> Any:
    return {"s": torch.eye(3).to_sparse_csr(), "w": torch.ones(2)}


@animal(3)
def nested_tensor() -> Any:
    return {"n": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), "w": torch.ones(2)}


@animal(3)
def double_complex() -> Any:
    return {"z": torch.ones(2, dtype=torch.complex128), "w": torch.ones(2)}


@animal(3)
def conjugated() -> Any:
    return {"z": torch.ones(2, dtype=torch.complex64).conj(), "w": torch.ones(2)}


@animal(3)
def meta_tensor() -> Any:
    return {"m": torch.empty(3, device="meta"), "w": torch.ones(2)}


# -- whole modules


for _name, _module in {
    "linear": lambda: nn.Linear(3, 2),
    "conv": net,
    "lstm": lambda: nn.LSTM(2, 2),
    "tied": Tied,
}.items():
    ZOO[f"whole_{_name}"] = (3, lambda module=_module: module())  # type: ignore[misc]


@animal(3)
def ultralytics_like() -> Any:
    return {
        "epoch": -1,
        "best_fitness": None,
        "model": net().half(),
        "ema": None,
        "train_args": {"imgsz": 640},
        "date": "x",
    }


@animal(3)
def data_parallel() -> Any:
    return {"net": nn.DataParallel(nn.Linear(2, 2)), "acc": 90.5}


# -- with nothing to carry, or what only a class can say


@animal(1)
def no_tensors() -> Any:
    return {"epoch": 3, "names": ["a", "b"]}


@animal(1)
def named_alike() -> Any:
    return {"a": {"b": torch.ones(1)}, "a.b": torch.ones(2)}


@animal(1)
def only_quantized() -> Any:
    return {"q": torch.quantize_per_tensor(torch.ones(4), 0.1, 3, torch.qint8)}
