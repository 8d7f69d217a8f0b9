"""All rules of the scan: the one list."""

from __future__ import annotations

from collections.abc import Mapping

from modelward.checks.scan import (
    rules_archive,
    rules_names,
    rules_npy,
    rules_pickle,
    rules_safetensors,
    rules_shards,
    rules_torch,
    rules_tree,
    rules_zip,
)
from modelward.core.finding import Rule

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for module in (
        rules_archive,
        rules_names,
        rules_npy,
        rules_pickle,
        rules_safetensors,
        rules_shards,
        rules_torch,
        rules_tree,
        rules_zip,
    )
    for rule in module.RULES
}
