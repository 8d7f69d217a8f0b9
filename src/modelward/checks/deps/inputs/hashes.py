"""Hashes as locks write them."""

from __future__ import annotations

import re

from modelward.core.dependency import Hash
from modelward.core.errors import Malformed

STRONG = {"sha256": 64, "sha384": 96, "sha512": 128, "sha3_256": 64, "sha3_384": 96, "sha3_512": 128, "blake2b": 128}
_WEAK = {"md5": 32, "sha1": 40, "sha224": 56, "blake2s": 64}
_HEX = re.compile(r"[0-9A-Fa-f]+")


def parse(algorithm: str, value: str) -> Hash | None:
    """None for an algorithm that is known and proves nothing, since collisions can be made, or that nobody checks.
    Raises Malformed for what is no hash: one that was cut off must not count."""
    algorithm = algorithm.lower()
    length = STRONG.get(algorithm) or _WEAK.get(algorithm)
    if not length:
        raise Malformed(f"the hash algorithm {algorithm[:20]!r} is not known: expected sha256")
    if len(value) != length or not _HEX.fullmatch(value):
        raise Malformed(f"a {algorithm} has {length} hexadecimal digits, here are {len(value):,} characters")
    return Hash(algorithm, value.lower()) if algorithm in STRONG else None


def parse_joined(text: str) -> Hash | None:
    """Of `sha256:…`. As parse."""
    algorithm, colon, value = text.partition(":")
    if not colon:
        raise Malformed("a hash is written as sha256:…")
    return parse(algorithm, value)
