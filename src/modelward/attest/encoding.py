"""Base64 as DSSE has it: both alphabets, read strictly, so that no two texts mean the same bytes."""

from __future__ import annotations

import base64
import binascii

from modelward.core.errors import Malformed

_URL_SAFE = str.maketrans("-_", "+/")


def decode_base64(text: object, what: str = "a value") -> bytes:
    """The bytes of *text*, in the standard or the URL-safe alphabet (a verifier MUST take either:
    https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md). Raises Malformed.

    Refused: both alphabets in one text, foreign characters (`base64.b64decode` drops them and decodes
    the rest), missing or excess padding, bits that the last character should not have.
    """
    if not isinstance(text, str):
        raise Malformed(f"{what} must be base64 text, and is {type(text).__name__}")
    if ("-" in text or "_" in text) and ("+" in text or "/" in text):
        raise Malformed(f"{what} mixes the standard and the URL-safe alphabet of base64")
    standard = text.translate(_URL_SAFE) if "-" in text or "_" in text else text
    try:
        raw = binascii.a2b_base64(standard, strict_mode=True)
    except ValueError as error:
        raise Malformed(f"{what} is not base64: {error}") from error
    if standard[-4:] != encode_base64(raw[(len(raw) - 1) // 3 * 3 :]):
        raise Malformed(f"{what} is not base64 as an encoder writes it")
    return raw


def encode_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
