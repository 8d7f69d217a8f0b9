"""Code that a configuration takes from another repository: it must be pinned like the repository itself.

https://huggingface.co/docs/transformers/custom_models: a class in auto_map is "module.Class", or
"organisation/name--module.Class" of another repository, whose branch trust_remote_code then follows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from modelward.core.errors import Malformed

_KEYS = frozenset({"auto_map", "custom_pipelines", "custom_pipeline"})


def foreign_code(config: bytes) -> Iterator[str]:
    """The repositories whose code *config* (config.json, tokenizer_config.json and the like) names, each once, as they
    stand there: whether a hub can have such a name is not looked at. Raises Malformed for what is no JSON."""
    try:
        body = json.loads(config, object_pairs_hook=list)  # a key that stands there twice is seen twice
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    seen = dict.fromkeys(_repositories(body))
    yield from seen


def _repositories(body: Any) -> Iterator[str]:
    """Objects are lists of pairs here."""
    left = [(body, False)]
    while left:
        value, is_code = left.pop(0)
        if isinstance(value, str) and is_code and "--" in value:
            yield value.partition("--")[0]
        elif isinstance(value, list):
            left[:0] = [
                (item[1], is_code or item[0] in _KEYS) if isinstance(item, tuple) else (item, is_code) for item in value
            ]
