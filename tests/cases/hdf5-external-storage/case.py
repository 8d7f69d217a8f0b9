"""https://nvd.nist.gov/vuln/detail/CVE-2026-1669"""

from __future__ import annotations

from tests.corpus.hdf5 import NOWHERE, Writer, contiguous


def fires() -> bytes:
    writer = Writer()
    return writer.old(writer.old_object(writer.stored_outside(b"/etc/passwd"), contiguous(NOWHERE, 80)))


def quiet() -> bytes:
    writer = Writer()
    return writer.old(writer.old_object(contiguous(writer.put(bytes(80)), 80)))
