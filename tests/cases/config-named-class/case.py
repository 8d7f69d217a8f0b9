"""https://sbert.net/docs/sentence_transformer/usage/custom_models.html"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps({"in_features": 8, "activation_function": "custom_st.Activation"}).encode()


def quiet() -> bytes:
    return json.dumps({"in_features": 8, "activation_function": "torch.nn.modules.activation.Tanh"}).encode()
