"""https://nvd.nist.gov/vuln/detail/CVE-2019-6446"""

from __future__ import annotations

import pickle

from tests.cases.build import npy_header
from tests.corpus.files import npy


def fires() -> bytes:
    return npy(npy_header("'|O'", "(1,)"), pickle.dumps([None]))


def quiet() -> bytes:
    return npy(npy_header("'|V9'", "(1,)"), pickle.dumps([None], 0).ljust(9, b"."))
