"""The small files beside a SavedModel: keras_metadata.pb and fingerprint.pb.

https://github.com/keras-team/tf-keras/blob/master/tf_keras/protobuf/saved_metadata.proto
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/fingerprint.proto
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken
from modelward.formats.protobuf import BYTES, VARINT, Field, Read, fields, walk
from modelward.formats.tensorflow import Gap, Span, text

_KERAS_OBJECT = re.compile(rb"_tf_keras_\w+")
_OBJECT_WIRES = {2: VARINT, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES}


def is_keras_metadata(read: Read, size: int) -> bool:
    """SavedMetadata: a list of objects, of which the first says what it is to Keras."""
    found = fields(read, 0, size) if read(0, 1) == b"\x0a" else []
    if not found or any((one.number, one.wire) != (1, BYTES) for one in found):
        return False
    inner = fields(read, found[0].start, min(found[0].end, size))
    if any(_OBJECT_WIRES.get(one.number) != one.wire for one in inner):
        return False
    return any(one.number == 4 and _KERAS_OBJECT.fullmatch(read(one.start, min(one.size, 200))) for one in inner)


def keras_documents(source: Source) -> Iterator[Span | Gap]:
    """The JSON text of each object, by the object's path in the model."""
    try:
        for one in walk(source.read, 0, source.size):
            if (one.number, one.wire) != (1, BYTES):
                continue
            label = ""
            for part in walk(source.read, one.start, one.end):
                if (part.number, part.wire) == (3, BYTES):
                    label = text(source, part.start, part.end)
                elif (part.number, part.wire) == (5, BYTES) and part.size:
                    yield Span(f"metadata of {label}", part.start, part.end)
    except Broken as broken:
        yield Gap(broken.why, broken.at, broken.cut_short)


_LARGEST_FINGERPRINT = 512
_FINGERPRINT = {1: VARINT, 2: VARINT, 3: VARINT, 4: VARINT, 5: VARINT, 6: BYTES, 7: BYTES}
_VERSIONS = re.compile(rb"(?:[\x08\x10\x18].){0,4}", re.DOTALL)
_UUID = re.compile(rb"[0-9a-fA-F-]{0,64}")


def is_fingerprint(read: Read, size: int) -> bool:
    """FingerprintDef: hashes, a version and an identifier, each once, and nothing else."""
    if not 8 <= size <= _LARGEST_FINGERPRINT or read(0, 1) != b"\x08":
        return False
    found = fields(read, 0, size)
    numbers = [one.number for one in found]
    if numbers != sorted(set(numbers)) or not {1, 2, 3, 4} <= set(numbers) or found[-1].end != size:
        return False
    texts = all(
        form.fullmatch(read(one.start, one.size))
        for number, form in ((6, _VERSIONS), (7, _UUID))
        for one in found
        if one.number == number
    )
    return texts and all(_FINGERPRINT.get(one.number) == one.wire for one in found) and _large(found)


def _large(found: list[Field]) -> bool:
    """They are hashes of 64 bits: small numbers are something else."""
    return sum(one.value >> 40 != 0 for one in found) >= 2
