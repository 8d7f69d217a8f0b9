"""XGBoost: trees that lead out of their own arrays."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.xgboost import Stray, strays_in_json

TREE_INDEX = Rule(
    "xgboost-tree-index",
    Severity.MEDIUM,
    "a tree refers to nodes that it does not have",
    "XGBoost does not check the numbers of nodes: loading the model, or predicting, reads memory beyond the tree.",
    "Do not use this file; get it again from its publisher, or have the model saved again.",
    ("CWE-125", "CWE-129", "https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html"),
)


def examine_trees(source: Source, here: Here) -> Iterator[Said]:
    """*source* is JSON; nothing is said of what no XGBoost reads."""
    yield from say_strays(strays_in_json(source), here)


def say_strays(strays: list[Stray], here: Here) -> Iterator[Said]:
    for stray in strays:
        message = f"{stray.name} of a tree of {stray.nodes:,} nodes has the node {stray.node:,}"
        yield here.finding(TREE_INDEX, message, stray.at)


RULES: tuple[Rule, ...] = (TREE_INDEX,)
