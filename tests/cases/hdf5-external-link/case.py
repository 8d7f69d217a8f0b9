"""https://nvd.nist.gov/vuln/detail/CVE-2026-1669"""

from __future__ import annotations

from tests.corpus.hdf5 import LINK, Writer, external, soft


def fires() -> bytes:
    writer = Writer()
    return writer.new(writer.new_object((LINK, external(b"x", b"other.h5", b"/x"))))


def quiet() -> bytes:
    writer = Writer()
    return writer.new(writer.new_object((LINK, soft(b"x", b"/other.h5"))))
