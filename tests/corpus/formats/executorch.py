"""https://github.com/pytorch/executorch/blob/main/schema/program.fbs"""

from __future__ import annotations

from tests.corpus.tflite import program


def ordinary() -> dict[str, bytes]:
    return {
        "program": program(),
        "custom-operator": program(operators=("my_kernels::attention",)),
        "custom-delegate": program(delegates=("MyNpuBackend",)),
    }


def hostile() -> dict[str, bytes]:
    return {
        "segment-outside": program(segments=((0, 1 << 40),)),
        "segment-without-base": program(header=False),
        "argument": program(arguments=(0, 900)),
        "negative-argument": program(arguments=(-1,)),
        "operator": program(operator=5),
        "delegate-data": program(segments=()),
    }
