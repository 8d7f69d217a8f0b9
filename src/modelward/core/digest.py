"""Digests: the identity of an artifact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from modelward.core.errors import Malformed

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """sha256 of a file's bytes, or sha3_256 of a tree's canonical file list.

    The two algorithms keep a tree from ever being mistaken for a file whose bytes are the
    tree's list. Digests of different algorithms are never equal.
    """

    algorithm: Literal["sha256", "sha3_256"]
    value: str

    def __post_init__(self) -> None:
        is_hex = isinstance(self.value, str) and _HEX.fullmatch(self.value)
        if self.algorithm not in ("sha256", "sha3_256") or not is_hex:
            raise Malformed(f"not a sha256 or sha3_256 digest in lower hex: {self.algorithm}:{self.value}")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"

    @classmethod
    def parse(cls, text: str) -> Digest:
        algorithm, _, value = text.partition(":")
        return cls(cast(Literal["sha256", "sha3_256"], algorithm), value)

    def to_json(self) -> dict[str, str]:
        return {"algorithm": self.algorithm, "value": self.value}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Digest:
        if set(body) != {"algorithm", "value"}:
            raise Malformed("a digest has exactly the keys algorithm and value")
        return cls(body["algorithm"], body["value"])
