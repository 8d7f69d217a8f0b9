from __future__ import annotations

from tests.corpus.opcodes import build, mapping, name, new, stream, text


def fires() -> bytes:
    return stream(build(new(name("somewhere", "Restored")), mapping(doc=text("import os"))))


def quiet() -> bytes:
    return stream(build(new(name("somewhere", "Restored")), mapping(doc=text("imports of oil"))))
