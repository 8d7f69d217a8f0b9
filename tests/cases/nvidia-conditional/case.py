from __future__ import annotations

from tests.cases.packages import bulletin, host

FEED = bulletin("NVIDIA Container Toolkit", "All versions prior to 1.16.2 only when CDI is used", "1.16.2")


def fires() -> dict[str, bytes]:
    return FEED | host("NVIDIA Container Toolkit CLI version 1.16.1\n")


def quiet() -> dict[str, bytes]:
    return FEED | host("NVIDIA Container Toolkit CLI version 1.16.2\n")
