"""https://nvd.nist.gov/vuln/detail/CVE-2025-1889"""

from __future__ import annotations

import pickle

_PICKLE = pickle.dumps([1])


def fires() -> dict[str, bytes]:
    return {"config.json": b"{}", "notes.json": _PICKLE}


def quiet() -> dict[str, bytes]:
    return {"config.json": b"{}", "notes.pkl": _PICKLE, "README.md": b"{}"}
