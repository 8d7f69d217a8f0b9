"""https://github.com/dmlc/xgboost/blob/master/src/tree/tree_model.cc"""

from __future__ import annotations

from tests.corpus.formats import xgboost


def fires() -> bytes:
    return xgboost.hostile()["parent"]


def quiet() -> bytes:
    return xgboost.model(xgboost.tree())
