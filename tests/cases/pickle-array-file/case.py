"""https://nvd.nist.gov/vuln/detail/CVE-2024-34997"""

from __future__ import annotations

from tests.corpus.opcodes import build, mapping, name, new, stream, text


def _wrapper(kind: str) -> bytes:
    return stream(build(new(name("joblib.numpy_pickle_compat", kind)), mapping(filename=text("other.npy"))))


def fires() -> bytes:
    return _wrapper("NDArrayWrapper")


def quiet() -> bytes:
    return _wrapper("Wrapper")
