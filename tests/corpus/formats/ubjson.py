"""XGBoost models in UBJSON. https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html"""

from __future__ import annotations

import struct
from typing import Any

Value = Any
"""A number, a text, a list, a mapping, or bytes: an array of single floats."""


def length(value: int) -> bytes:
    return b"L" + struct.pack(">q", value)


def packed(value: Value) -> bytes:
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, str):
        return b"S" + length(len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return b"[$d#" + length(len(value) // 4) + value
    if isinstance(value, float):
        return b"D" + struct.pack(">d", value)
    if isinstance(value, int):
        return b"L" + struct.pack(">q", value)
    if isinstance(value, list):
        return b"[#" + length(len(value)) + b"".join(map(packed, value))
    return fields(*value.items())


def fields(*items: tuple[str, Value]) -> bytes:
    return b"{" + b"".join(length(len(key)) + key.encode() + packed(value) for key, value in items) + b"}"


def model(**attributes: Value) -> bytes:
    tree = {"id": 0, "split_conditions": bytes(40), "default_left": [False, True], "tree_param": {"num_nodes": "3"}}
    learner = {"attributes": attributes, "feature_names": ["a", "b"], "gradient_booster": {"model": {"trees": [tree]}}}
    return packed({"learner": learner, "version": [3, 2, 0]})


def nodes(*numbers: int) -> bytes:
    """Of a tree, whose other lists are left out."""
    packed_numbers = b"[$l#" + length(len(numbers)) + struct.pack(f">{len(numbers)}i", *numbers)
    tree = b"{" + length(13) + b"left_children" + packed_numbers + b"}"
    return b"{" + length(7) + b"learner" + b"{" + length(5) + b"trees" + b"[#" + length(1) + tree + b"}}"


def ordinary() -> dict[str, bytes]:
    return {
        "nodes": nodes(1, -1, -1),
        "trees": model(),
        "attributes": model(scikit_learn='{"_estimator_type": "classifier", "classes": [0, 1]}', rate=0.3),
        "without counts": b"{U\1a[U\1NU\2]i\1b{}NZ".replace(b"NZ", b"}"),
    }


def hostile() -> dict[str, bytes]:
    return {
        "node outside": nodes(900_000_000, -1, -1),
        "key twice": fields(("learner", 1), ("version", 2), ("learner", {"attributes": {}})),
        "pickle as an attribute": model(note="cbuiltins\nprint\n(S'marker of the test'\ntR."),
    }
