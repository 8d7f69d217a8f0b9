"""Keras configurations and the files they stand in."""

from __future__ import annotations

import base64
import json
import marshal
from collections.abc import Mapping, Sequence
from typing import Any

from tests.corpus import hdf5
from tests.corpus.files import zipped

METADATA = b'{"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}'


def made(module: str | None, name: str, config: Any = None, **more: Any) -> dict[str, Any]:
    """An object as Keras 3 writes it."""
    body = {"module": module, "class_name": name, "config": {} if config is None else config, "registered_name": None}
    return body | more


def function(module: str | None, name: str) -> dict[str, Any]:
    return made(module, "function", name, registered_name=name)


def layer(name: str, /, **config: Any) -> dict[str, Any]:
    return made("keras.layers", name, {"name": name.lower(), "trainable": True, **config})


def sequential(*layers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return made("keras", "Sequential", {"name": "sequential", "trainable": True, "layers": list(layers)}, **more)


def legacy(*layers: tuple[str, Mapping[str, Any]]) -> bytes:
    """As Keras 2 writes it."""
    listed = [{"class_name": name, "config": dict(config)} for name, config in layers]
    return json.dumps({"class_name": "Sequential", "config": {"name": "sequential", "layers": listed}}).encode()


def functional(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return made("keras.src.models.functional", "Functional", {"name": "functional", "layers": list(nodes)})


def saved(config: Any, **members: bytes) -> bytes:
    """A .keras file."""
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    files = {"metadata.json": METADATA, "config.json": text, "model.weights.h5": weights()}
    return zipped(files | members)


def weights() -> bytes:
    """As Keras 3 keeps the weights of one layer: a dataset for each, numbered."""
    writer = hdf5.Writer()
    numbers = writer.old_object(
        (hdf5.DATASPACE, hdf5.space(2)),
        (hdf5.DATATYPE, hdf5.float_type()),
        hdf5.contiguous(writer.put(bytes(16)), 16),
    )
    inner = writer.old_object(writer.names({b"0": numbers}), hdf5.text("name", b"dense"))
    layers = writer.old_object(writer.names({b"dense": writer.old_object(writer.names({b"vars": inner}))}))
    return writer.old(writer.old_object(writer.names({b"layers": layers})))


def python_code(source: str = "lambda x: __import__('os').system('true')") -> str:
    """What Keras makes of a lambda. It is never loaded."""
    return base64.b64encode(marshal.dumps(compile(source, "model.py", "eval"))).decode()


def lambda_code() -> dict[str, Any]:
    inner = {"code": python_code(), "defaults": None, "closure": None}
    return {"class_name": "__lambda__", "config": inner}
