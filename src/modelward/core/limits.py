"""Limits of work. Reaching one is Unexamined: never a crash, never silence.

They are part of every scan statement, since another limit can give another result. Wall time
is not among them: a result would depend on the machine.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from modelward.core.errors import Malformed


@dataclass(frozen=True, slots=True)
class Limits:
    depth: int = 8
    """Containers inside containers."""
    entries: int = 100_000
    """Members of one archive; files of one tree."""
    expanded_bytes: int = 16 << 30
    """Bytes that decompression may produce for one file, repeated passes included."""
    ratio: int = 200
    """Decompressed by compressed bytes, counted from the first 64 MiB on."""
    objects: int = 300_000
    """Live symbolic values of one pickle: stack slots, and separately memoised objects."""
    header_bytes: int = 100_000_000
    """A header that must be parsed as a whole (safetensors allows this much)."""
    findings: int = 1_000
    """Findings of one file."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or not 0 <= value < 2**53:
                raise Malformed(f"the limit {field.name} is not a whole number")

    def to_json(self) -> dict[str, int]:
        return asdict(self)
