"""Versions by PEP 440: https://packaging.python.org/en/latest/specifications/version-specifiers/"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version

_LONGEST = 200  # Python makes no int of more than 4,300 digits


@lru_cache(1 << 14)
def parsed(text: str) -> Version | None:
    """None for what is no version by PEP 440."""
    from packaging.version import InvalidVersion, Version

    if len(text) > _LONGEST:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None


@lru_cache(1 << 10)
def public(version: Version) -> Version:
    """Without what a builder added: 2.5.1+cu121 is made of the source of 2.5.1."""
    from packaging.version import Version

    return version if version.local is None else Version(version.public)
