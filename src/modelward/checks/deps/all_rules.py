"""Every rule about packages, by its id: the one list."""

from __future__ import annotations

from collections.abc import Mapping

from modelward.checks.deps import rules, rules_files, rules_names
from modelward.checks.deps.nvidia import rules as rules_nvidia
from modelward.checks.deps.wheel import difference, rules_wheel
from modelward.core.finding import Rule

_MODULES = (rules, rules_files, rules_names, rules_wheel, difference, rules_nvidia)

RULES: Mapping[str, Rule] = {rule.id: rule for module in _MODULES for rule in module.RULES}
