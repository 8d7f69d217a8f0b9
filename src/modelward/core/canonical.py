"""Canonical JSON (RFC 8785): the same value always gives the same bytes, on every machine."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import rfc8785

from modelward.core.errors import Malformed

_ESCAPE = re.compile(rb"\\(\\|x[0-9a-f]{2})")


def encode(value: Any) -> bytes:
    """Canonical bytes of *value*. Raises Malformed for what RFC 8785 cannot carry:
    integers of 2^53 and more, NaN, infinities, lone surrogates, nesting without end."""
    try:
        return rfc8785.dumps(value)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"value has no canonical JSON form: {error}") from error


def decode(raw: bytes | str) -> Any:
    """Strict JSON in UTF-8: duplicate keys, NaN, infinities and lone surrogates are refused, since
    two parsers would read two documents. Raises Malformed."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Malformed("duplicate key in a JSON object")
        return found

    def refuse(constant: str) -> Any:
        raise Malformed(f"{constant} is not JSON")

    def finite(text: str) -> float:
        number = float(text)
        return number if math.isfinite(number) else refuse(text)

    try:
        text = (raw.encode() if isinstance(raw, str) else raw).decode()
        value = json.loads(text, object_pairs_hook=once, parse_constant=refuse, parse_float=finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # fails on a lone surrogate
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    return value


def escape_bytes(raw: bytes) -> str:
    """An untrusted name as text that JSON can carry, one-to-one: UTF-8 stays as it is, other
    bytes become ``\\xNN``, and a backslash is doubled so that no name can imitate an escape."""
    return raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def unescape_bytes(name: str) -> bytes:
    """The inverse of escape_bytes."""
    raw = name.encode("utf-8", "surrogatepass")
    return _ESCAPE.sub(lambda found: b"\\" if found[1] == b"\\" else bytes([int(found[1][1:], 16)]), raw)


def integer(value: int) -> int | str:
    """An untrusted integer as JSON: itself while RFC 8785 can carry it, else its text: decimal, or
    hexadecimal from 2^2048 on, where decimal gets slow and Python refuses it at some point."""
    if -(2**53) < value < 2**53:
        return value
    return str(value) if value.bit_length() <= 2048 else hex(value)


def parse_size(value: object) -> int:
    """A size in bytes as `integer` wrote it. Raises Malformed."""
    try:
        if isinstance(value, int | str) and not isinstance(value, bool):
            size = int(value)
            if size >= 0 and integer(size) == value:
                return size
    except ValueError:
        pass
    raise Malformed("a size is not a whole number of bytes")
