"""A wheel as a package: https://packaging.python.org/en/latest/specifications/binary-distribution-format/"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from modelward.checks.deps.inputs import metadata
from modelward.checks.deps.inputs.file_names import last_part
from modelward.checks.deps.inputs.said import gap
from modelward.checks.deps.wheel.structure import Wheel, read_wheel
from modelward.core.artifact import Source
from modelward.core.dependency import Gap, Origin, Package
from modelward.core.errors import Malformed
from modelward.core.limits import Limits
from modelward.core.source_audit import Spot

_SHOWN = 5
_ANEW = "fetch it anew"


class Read(NamedTuple):
    wheel: Wheel
    package: Package | None
    """What its METADATA says that it is. Whether the name of the file says the same is for the rules to say."""
    gaps: tuple[Gap, ...]
    """What of it could not be read; why it is not known which package it is."""


def read(source: Source, file: str, limits: Limits) -> Read:
    """The whole of the wheel that *file* names. Raises what *source* raises."""
    wheel = read_wheel(source, last_part(file), limits)
    gaps = list(_damage(wheel, file))
    try:
        return Read(wheel, _package(wheel, file), tuple(gaps))
    except Malformed as error:
        return Read(wheel, None, (*gaps, gap(file, 1, str(error), _ANEW)))


def _damage(wheel: Wheel, file: str) -> Iterator[Gap]:
    for one in wheel.gaps[:_SHOWN]:
        inside = f"{one.at.inside[0]}: " if one.at.inside else "the archive is damaged or cut off: "
        yield gap(file, 1, f"{inside}{one.why}", _ANEW)
    if len(wheel.gaps) > _SHOWN:
        yield gap(file, 1, f"{len(wheel.gaps) - _SHOWN:,} more of its parts cannot be read", _ANEW)


def _package(wheel: Wheel, file: str) -> Package:
    found = [text for path, text in wheel.texts.items() if path.endswith(".dist-info/METADATA")]
    if len(found) != 1:
        raise Malformed(f"a wheel has one METADATA, this archive has {len(found):,}: which package it is is not known")
    said = metadata.read(found[0])
    return Package(
        said.name, said.version, Spot(file, 1, 1), Origin("unstated"), requires=said.requires, is_installed=True
    )
