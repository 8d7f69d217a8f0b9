"""https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html"""

from __future__ import annotations


def fires() -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(57)


def quiet() -> bytes:
    return b"ELF is a format of programs.\n"
