"""XGBoost models in JSON. https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html"""

from __future__ import annotations

import json
from typing import Any

LEFT, RIGHT, PARENTS = [1, -1, -1], [2, -1, -1], [2147483647, 0, 0]


def tree(left: Any = LEFT, right: Any = RIGHT, parents: Any = PARENTS) -> dict[str, Any]:
    numbers = {"split_conditions": [0.5, 0.1, -0.1], "tree_param": {"num_nodes": "3", "size_leaf_vector": "1"}}
    return {"id": 0, "left_children": left, "right_children": right, "parents": parents, **numbers}


def learner(*trees: dict[str, Any]) -> dict[str, Any]:
    return {"learner": {"attributes": {}, "gradient_booster": {"model": {"trees": trees}}}, "version": [3, 2, 0]}


def model(*trees: dict[str, Any], indent: int | None = None) -> bytes:
    return json.dumps(learner(*trees), indent=indent).encode()


def ordinary() -> dict[str, bytes]:
    leaves = tree(right=[2, 0, 1], parents=[-1, 0, 0])
    return {
        "trees": model(tree(), tree()),
        "lines": model(tree(), indent=2),
        "leaf weights": model(leaves),  # since 3.1 the right child of a leaf is the number of its weights
        "of something else": json.dumps({"parents": [17, 23], "left_children": [99]}).encode(),
    }


def hostile() -> dict[str, bytes]:
    escaped = model(tree(left=[7, -1, -1])).replace(b'"left_children"', b'"left_childre\\u006e"')
    return {
        "child": model(tree(left=[900_000_000, -1, -1])),
        "child below": model(tree(), tree(right=[-9, -1, -1])),
        "parent": model(tree(parents=[2147483647, 3, 0])),
        "parent of none": model(tree(parents=[2147483647, 0, 2147483647])),
        "escaped": escaped,
        "no strict JSON": model(tree(left=[7, -1, -1])).replace(b"-0.1", b"NaN"),
        "lines": model(tree(left=[3, -1, -1]), indent=2),
    }
