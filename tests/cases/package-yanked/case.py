from __future__ import annotations

from tests.cases.packages import hashed, page, requirements

FILES = ("torch-2.5.0-py3-none-any.whl", "torch-2.6.0-py3-none-any.whl")
PAGE = page("torch", *FILES, yanked=FILES[0])


def fires() -> dict[str, bytes]:
    return PAGE | requirements(hashed("torch==2.5.0"))


def quiet() -> dict[str, bytes]:
    return PAGE | requirements(hashed("torch==2.6.0"))
