"""The header of a safetensors file that is to be written.

https://github.com/huggingface/safetensors#format: a length, JSON padded with spaces to eight bytes, and one buffer
that the tensors fill without holes, as they are listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int


def header(entries: Iterable[Entry], metadata: Mapping[str, str]) -> bytes:
    """What stands before the bytes of *entries*, one after the other. Metadata and names are texts that UTF-8 can
    say."""
    body: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    at = 0
    for entry in entries:
        body[entry.name] = {
            "dtype": entry.dtype,
            "shape": list(entry.shape),
            "data_offsets": [at, at + entry.size],
        }
        at += entry.size
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text
