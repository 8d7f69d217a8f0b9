"""What people publish every day, made on the spot by the libraries themselves."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pandas as pd
import torch
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

_X = np.random.default_rng(0).normal(size=(60, 4))
_Y = (_X.sum(axis=1) > 0).astype(int)


def _torch(value: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


def _scripted() -> bytes:
    out = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(3, 2)), out)
    return out.getvalue()


def _joblib(value: Any, compress: Any = 0) -> bytes:
    out = io.BytesIO()
    joblib.dump(value, out, compress=compress)
    return out.getvalue()


def _npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def _network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU())


def _optimizer() -> dict[str, Any]:
    model = _network()
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3, 5, 5)).sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}


def _frame() -> pd.DataFrame:
    days = pd.date_range("2026-01-01", periods=3)
    return pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"], "c": pd.Categorical(["u", "v", "u"])}, index=days)


MODELS: dict[str, Callable[[], bytes]] = {
    "torch-state-dict": lambda: _torch(_network().state_dict()),
    "torch-checkpoint": lambda: _torch(_optimizer()),
    "torch-module": lambda: _torch(_network()),
    "torch-bfloat16": lambda: _torch({"w": torch.ones(4, dtype=torch.bfloat16), "h": torch.ones(2, dtype=torch.half)}),
    "torch-legacy": lambda: _torch(_network().state_dict(), _use_new_zipfile_serialization=False),
    "torch-legacy-module": lambda: _torch(_network(), _use_new_zipfile_serialization=False),
    "torchscript": _scripted,
    "tensor-by-pickle": lambda: pickle.dumps(torch.arange(6.0)),
    "forest": lambda: pickle.dumps(RandomForestClassifier(5).fit(_X, _Y)),
    "forest-joblib": lambda: _joblib(RandomForestClassifier(5).fit(_X, _Y)),
    "forest-joblib-zlib": lambda: _joblib(RandomForestClassifier(5).fit(_X, _Y), 3),
    "forest-joblib-lzma": lambda: _joblib(RandomForestClassifier(5).fit(_X, _Y), ("lzma", 3)),
    "boosting": lambda: pickle.dumps(HistGradientBoostingClassifier(max_iter=3).fit(_X, _Y)),
    "neighbours": lambda: pickle.dumps(KNeighborsClassifier(algorithm="kd_tree").fit(_X, _Y)),
    "pipeline": lambda: pickle.dumps(make_pipeline(StandardScaler(), LogisticRegression()).fit(_X, _Y)),
    "columns": lambda: pickle.dumps(
        ColumnTransformer([("log", FunctionTransformer(np.log1p), [0]), ("scale", StandardScaler(), [1, 2])]).fit(
            abs(_X)
        )
    ),
    "text": lambda: pickle.dumps(TfidfVectorizer().fit(["import os and system calls", "eval the model"])),
    "arrays": lambda: _npz(a=_X, b=_Y, s=np.array(["x", "y"])),
    "object-array": lambda: _joblib({"names": np.array(["one", None, 3], dtype=object), "x": _X}),
    "generators": lambda: pickle.dumps((np.random.default_rng(1), np.random.RandomState(2))),
    "frame": lambda: pickle.dumps(_frame()),
    "protocol-0": lambda: pickle.dumps({"a": [1, 2.5, "x", None], "t": (1, 2)}, 0),
    "protocol-2": lambda: pickle.dumps({"a": b"bytes", "s": {1, 2}, "x": _X}, 2),
}
