"""Objects of a user's own classes, and odd corners of the libraries: no finding of medium or worse."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import functools
import io
import itertools
import operator
import pathlib
import pickle
import random
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from modelward.checks.scan.walk import examine
from modelward.core.finding import Severity
from modelward.core.limits import Limits
from modelward.formats.source import BytesSource


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Kind(enum.StrEnum):
    SMALL = "small"


@dataclasses.dataclass
class Config:
    rate: float = 0.1
    where: str = "/data/my files/train.csv"
    parts: list[Any] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    pair: tuple[int, str] = (1, "a text; with: signs")


class Step(NamedTuple):
    name: str
    function: Callable[[str], list[str]]


class Words(dict[str, int]):
    pass


class Label(str):
    pass


def tokens(document: str) -> list[str]:
    return document.split()


class Network(torch.nn.Module):
    """What people do in modules: methods as activations and hooks, partials, names of list methods."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)
        self.add = torch.nn.Linear(1, 1)
        self.extend = torch.nn.Identity()
        self.activation = self.clamp
        self.norm = functools.partial(torch.nn.LayerNorm, eps=1e-6)
        self.config = Config(parts=[Frozen()])
        self.register_forward_hook(self.hook)

    def clamp(self, x: torch.Tensor) -> torch.Tensor:
        return x.clamp(0)

    def hook(self, *_: object) -> None:
        pass


class Cleaner(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    def __init__(self, function: Any = None) -> None:
        self.function = function

    def fit(self, x: Any, y: Any = None) -> Cleaner:
        self.callback_ = self.transform
        return self

    def transform(self, x: Any) -> Any:
        return x


def _tree(depth: int) -> Any:
    node = types.SimpleNamespace(children=[_tree(depth - 1)] * 2 if depth else [], name=f"node {depth}")
    node.itself = node
    return node


def _deep(levels: int) -> list[Any]:
    return [_deep(levels - 1)] if levels else []


def _search() -> Any:
    pipeline = make_pipeline(CountVectorizer(tokenizer=tokens, token_pattern=None), LogisticRegression())
    return GridSearchCV(pipeline, {"logisticregression__C": [1, 2]}, cv=2).fit(
        ["a b", "b c", "c a", "a a"], [0, 1, 0, 1]
    )


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "integers": pd.array([1, None], dtype="Int64"),
            "strings": pd.array(["x y", None], dtype="string"),
            "objects": np.array([[1], {"a": "b c"}], dtype=object),
            "zoned": pd.date_range("2026-01-01", periods=2, tz="Europe/Zurich"),
            "intervals": pd.arrays.IntervalArray.from_breaks([0, 1, 2]),
            "sparse": pd.arrays.SparseArray([0, 1]),
        }
    )


OBJECTS: dict[str, Callable[[], Any]] = {
    "classes": lambda: [Permission.READ | Permission.WRITE, Kind.SMALL, Config(), Frozen(), Step("a b", tokens)],
    "containers": lambda: [Words(a=1), Label("a text / with signs"), collections.ChainMap({"a": 1}), _tree(4)],
    "factories": lambda: collections.defaultdict(list, {"a": [1]}),
    "counters": lambda: [collections.Counter("aab"), collections.deque([1], 3), collections.OrderedDict(a=tokens)],
    "iterators": lambda: [itertools.count(3), iter([1, 2]), iter("ab"), enumerate([1]), zip([1], "a", strict=True)],
    "times": lambda: [datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Zurich")), datetime.timedelta(1)],
    "values": lambda: [decimal.Decimal("1.5"), uuid.UUID(int=1), pathlib.PurePath("/a b"), 10**40, type(None), ...],
    "functions": lambda: [len, str.lower, operator.itemgetter(1), functools.partial(max, default=0), tokens],
    "generators": lambda: [random.Random(1), np.random.default_rng(2), np.random.RandomState(3)],
    "network": Network,
    "bound method": lambda: Network().clamp,
    "estimator": lambda: Cleaner(functools.partial(tokens)).fit(0),
    "search": _search,
    "transformer": lambda: FunctionTransformer(tokens, kw_args={"lower": True}),
    "arrays": lambda: [np.zeros((0, 3)), np.array(3.0), np.array([b"a"]), np.zeros(2, ">i4"), np.zeros(2, "M8[ns]")],
    "records": lambda: np.array([("a", 1)], dtype=[("name", "U5"), ("number", "i4")]),
    "masked": lambda: np.ma.array([1, 2], mask=[False, True]),
    "strings": lambda: [np.array(["x y"]), np.array(["a"], dtype=np.dtypes.StringDType()), np.str_("a b")],
    "frame": _frame,
    "index": lambda: pd.MultiIndex.from_product([["a", "b"], [1, 2]]),
    "scalars": lambda: [pd.NaT, pd.NA, pd.Timestamp("2026", tz="UTC"), pd.offsets.MonthEnd(), pd.Interval(0, 1)],
    "distribution": lambda: [scipy.stats.norm(0, 1), scipy.stats.gamma(2), scipy.stats.gaussian_kde([1, 2, 3.0])],
    "vocabulary": lambda: ([f"word {index}" for index in range(60_000)], np.ones(3), {"a": np.array(["x"], object)}),
    "many objects": lambda: [Config(index, f"part {index}") for index in range(5_000)],
    "deep": lambda: _deep(100),
}


def _saved(value: Any, by: str) -> bytes:
    out = io.BytesIO()
    if by == "joblib":
        joblib.dump(value, out)
    elif by == "torch":
        torch.save(value, out)
    else:
        pickle.dump(value, out, int(by))
    return out.getvalue()


@pytest.mark.parametrize("by", ["0", "2", "4", "5", "joblib", "torch"])
@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.filterwarnings("ignore")
def test_it_is_no_alarm(kind: str, by: str) -> None:
    scan = examine(BytesSource(_saved(OBJECTS[kind](), by)), Limits())
    assert [finding for finding in scan.findings if finding.severity >= Severity.MEDIUM] == []
    assert scan.unexamined == ()
