"""https://github.com/opencontainers/image-spec/blob/main/image-layout.md"""

from __future__ import annotations

from tests.corpus.formats import oci


def fires() -> bytes:
    return oci.hostile()["exchanged-layer"]


def quiet() -> bytes:
    return oci.ordinary()["layout"]
