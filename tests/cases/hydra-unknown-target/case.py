"""https://hydra.cc/docs/advanced/instantiate_objects/overview/"""

from __future__ import annotations


def fires() -> bytes:
    return b"_target_: own_package.models.Net\n"


def quiet() -> bytes:
    return b"_target_: nemo.collections.asr.models.EncDecCTCModel\n"
