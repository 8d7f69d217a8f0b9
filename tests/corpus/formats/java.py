"""Java's serialised objects. https://docs.oracle.com/en/java/javase/21/docs/specs/serialization/protocol.html"""

from __future__ import annotations

import gzip

HEAD = b"\xac\xed\0\5"


def described(name: bytes) -> bytes:
    """TC_OBJECT of a class without fields."""
    return b"sr\0" + bytes([len(name)]) + name + bytes(8) + b"\2\0\0xp"


def ordinary() -> dict[str, bytes]:
    return {}


def hostile() -> dict[str, bytes]:
    # the classes of https://github.com/frohoff/ysoserial, CommonsCollections6; nothing in them is set
    chain = HEAD + described(b"java.util.HashSet") + described(b"org.apache.commons.collections.map.LazyMap")
    return {"chain": chain, "gzip": gzip.compress(chain, mtime=0), "text": HEAD + b"t\0\5hello"}
