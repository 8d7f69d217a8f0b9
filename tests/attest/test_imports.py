"""A signature by a key is verified without loading what only certificates or sigstore need."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("cryptography.x509", "sigstore", "pydantic", "requests", "h11", "asyncio")


def test_what_verifying_with_a_key_imports() -> None:
    code = f"import sys, modelward.attest.verify; print([each for each in {HEAVY} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
