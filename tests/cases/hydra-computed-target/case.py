"""https://hydra.cc/docs/advanced/instantiate_objects/overview/"""

from __future__ import annotations


def fires() -> bytes:
    return b"_target_: ${oc.env:TARGET}\n"


def quiet() -> bytes:
    return b'kind: torch.nn.Linear\nlayer: {_target_: "${kind}"}\n'
