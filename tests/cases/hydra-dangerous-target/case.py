"""https://nvd.nist.gov/vuln/detail/CVE-2025-23304"""

from __future__ import annotations


def fires() -> bytes:
    return b'model:\n  _target_: os.system\n  command: "true"\n'


def quiet() -> bytes:
    return b"model:\n  _target_: torch.nn.Linear\n  in_features: 3\n"
