from __future__ import annotations


def _nested(times: int) -> bytes:
    """A dictionary whose key is a tuple of three times the same tuple of three times the same…"""
    return b"\x80\x04}N" + b"22\x87" * times + b"Ns."


def fires() -> bytes:
    return _nested(60)


def quiet() -> bytes:
    return _nested(5)
