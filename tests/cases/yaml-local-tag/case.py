"""https://yaml.org/spec/1.2.2/#tags"""

from __future__ import annotations


def fires() -> bytes:
    return b"Bucket: !Ref Models\n"


def quiet() -> bytes:
    return b'Bucket: "it is !Important"\n'
