"""https://github.com/speechbrain/HyperPyYAML"""

from __future__ import annotations


def fires() -> bytes:
    return b"encoder: !new:speechbrain.nnet.RNN.LSTM\n  hidden_size: 8\n"


def quiet() -> bytes:
    return b'encoder: "!new:speechbrain.nnet.RNN.LSTM"\n'
