from __future__ import annotations

from tests.corpus.opcodes import build, mapping, name, new, stream, text


def _frozen(template: str) -> bytes:
    """A distribution of scipy, which executes this part of its state."""
    distribution = new(name("scipy.stats._continuous_distns", "norm_gen"))
    return stream(build(distribution, mapping(_parse_arg_template=text(template))))


def fires() -> bytes:
    return _frozen("print()")


def quiet() -> bytes:
    return _frozen("def _parse_args(self, loc=0, scale=1):\n    return (), loc, scale")
