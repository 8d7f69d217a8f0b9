"""All rules of the scan: the one list, and the version that goes into every statement."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

from modelward import __version__
from modelward.checks.scan import (
    rules_archive,
    rules_npy,
    rules_pickle,
    rules_safetensors,
    rules_torch,
    rules_tree,
    rules_zip,
)
from modelward.checks.scan.callables import tables_digest
from modelward.core import canonical
from modelward.core.finding import Rule

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for module in (
        rules_archive,
        rules_npy,
        rules_pickle,
        rules_safetensors,
        rules_torch,
        rules_tree,
        rules_zip,
    )
    for rule in module.RULES
}


@cache
def rules_version() -> str:
    """The version of the code and a digest over the rules and the tables they judge by."""
    listing = canonical.encode([[rule.id, str(rule.severity)] for _, rule in sorted(RULES.items())])
    digest = hashlib.sha256(listing + tables_digest().encode()).hexdigest()
    return f"{__version__} sha256:{digest}"
