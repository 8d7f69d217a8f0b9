"""https://omegaconf.readthedocs.io/en/latest/custom_resolvers.html"""

from __future__ import annotations


def fires() -> bytes:
    return b'size: ${eval:"2 * ${width}"}\n'


def quiet() -> bytes:
    return b"size: ${width}\nwidth: 3\n"
