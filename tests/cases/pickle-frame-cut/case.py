from __future__ import annotations

import pickle
import struct

BODY = b"C\x04abcd."


def _framed(size: int) -> bytes:
    return b"\x80\x04" + pickle.FRAME + struct.pack("<Q", size) + BODY


def fires() -> bytes:
    return _framed(3)  # ends inside the operand of SHORT_BINBYTES


def quiet() -> bytes:
    return _framed(len(BODY))
