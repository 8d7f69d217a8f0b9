"""The predicate of a conversion, SLSA Provenance v1, and its strict codec. https://slsa.dev/spec/v1.2/build-provenance"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelward.checks.build.compare import Proved
from modelward.core import canonical
from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.core.errors import Malformed

PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:modelward:build:conversion:1"
BUILDER = "urn:modelward:builder:parser:1"
"""What reads the input and copies bytes; it runs nothing of what it reads."""

_BUILD: Mapping[str, Any] = {
    "externalParameters": {"to": "safetensors"},
    "internalParameters": {"executed": False, "compared": "names, types, shapes and bytes, both ways"},
}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the input, and the one that was made of it."""

    source: str
    """Its escaped path in the input, "" for a lone file."""
    made: str
    tensors: tuple[Proved, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    """(path, what): what the output does not have, of all that the input holds."""
    shared: tuple[tuple[str, ...], ...] = ()
    """Names of tensors that were the same numbers in memory, and are equal copies now."""


@dataclass(frozen=True, slots=True)
class Conversion:
    inputs: Mapping[str, Blob]
    outputs: Mapping[str, Blob]
    parts: tuple[Part, ...]
    version: str
    """Of modelward."""


def encode(conversion: Conversion) -> dict[str, Any]:
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            **_BUILD,
            "resolvedDependencies": [_file(path, blob) for path, blob in sorted(conversion.inputs.items())],
        },
        "runDetails": {
            "builder": {"id": BUILDER, "version": {"modelward": conversion.version}},
            "byproducts": [
                *(_file(path, blob) for path, blob in sorted(conversion.outputs.items())),
                *(_part(part) for part in conversion.parts),
            ],
        },
    }


def decode(body: Mapping[str, Any]) -> Conversion:
    """Raises Malformed for anything that encode would not have written."""
    try:
        definition, details = body["buildDefinition"], body["runDetails"]
        if definition["buildType"] != BUILD_TYPE:
            raise Malformed("provenance of something else than a conversion by modelward")
        said = details["byproducts"]
        conversion = Conversion(
            dict(_blob(each) for each in definition["resolvedDependencies"]),
            dict(_blob(each) for each in said if "digest" in each),
            tuple(_parsed(each["annotations"]) for each in said if "digest" not in each),
            _text(details["builder"]["version"]["modelward"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Malformed(f"not the provenance of a conversion: {error!r}") from error
    if canonical.encode(encode(conversion)) != canonical.encode(body):
        raise Malformed("the provenance of a conversion with unknown or missing parts")
    made = {part.made for part in conversion.parts}
    if not made or not made <= conversion.outputs.keys():
        raise Malformed("the provenance of a conversion tells of other files than it lists")
    if not {part.source for part in conversion.parts} <= conversion.inputs.keys():
        raise Malformed("the provenance of a conversion tells of an input that it does not list")
    return conversion


def _file(path: str, blob: Blob) -> dict[str, Any]:
    return {
        "name": path,
        "digest": {"sha256": blob.digest.value},
        "annotations": {"size": canonical.integer(blob.size)},
    }


def _blob(body: Mapping[str, Any]) -> tuple[str, Blob]:
    size = canonical.parse_size(body["annotations"]["size"])
    return _text(body["name"]), Blob(Digest("sha256", body["digest"]["sha256"]), size)


def _part(part: Part) -> dict[str, Any]:
    tensors = [
        {
            "name": each.name,
            "dtype": each.dtype,
            "shape": list(map(canonical.integer, each.shape)),
            "sha256": each.sha256,
        }
        for each in part.tensors
    ]
    annotations = {
        "source": part.source,
        "made": part.made,
        "tensors": tensors,
        "left_out": [{"path": path, "what": what} for path, what in part.left_out],
        "shared": [list(names) for names in part.shared],
    }
    return {"name": f"tensors of {part.made}", "annotations": annotations}


def _parsed(body: Mapping[str, Any]) -> Part:
    return Part(
        _text(body["source"]),
        _text(body["made"]),
        tuple(
            Proved(
                _text(each["name"]),
                _text(each["dtype"]),
                tuple(map(canonical.parse_size, each["shape"])),
                Digest("sha256", each["sha256"]).value,
            )
            for each in body["tensors"]
        ),
        tuple((_text(each["path"]), _text(each["what"])) for each in body["left_out"]),
        tuple(tuple(map(_text, names)) for names in body["shared"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value
