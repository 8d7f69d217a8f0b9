"""https://nvd.nist.gov/vuln/detail/CVE-2020-15211"""

from __future__ import annotations

from tests.corpus.tflite import model, operator, subgraph


def fires() -> bytes:
    return model(graphs=[subgraph(operators=[operator(outputs=(-1,))])])


def quiet() -> bytes:
    return model(graphs=[subgraph(operators=[operator(inputs=(-1,))])])
