"""SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

Read for what decides: which results there are, how severe, and whether the tool got to its end. Suppressions are
not followed, since only a waiver of the policy makes a finding count less.
"""

from __future__ import annotations

from collections.abc import Mapping

from modelward.checks.foreign.rating import rate, worst
from modelward.checks.foreign.rules import INFO, rule_for
from modelward.checks.foreign.said import Gap, Object, Result, Said, each, listed, text, within
from modelward.core.finding import Severity

_NO_PROBLEM = ("pass", "notApplicable")  # 3.27.9
_UNDECIDED = ("open", "review")


def sarif(log: Object) -> Said:
    if log.get("version") not in ("2.1.0", "2.0.0"):
        yield Gap("the SARIF is of a version that is not read; 2.1.0 was expected")
    elif not log.get("runs"):
        yield Gap("the SARIF holds no run")
    else:
        yield from each(log["runs"], "runs", _run)


def _run(run: Object) -> Said:
    tool = text(within(run, "tool", "driver", "name"), "a tool without a name")
    yield from each(run.get("invocations"), f"invocations of {tool}", lambda one: _invocation(one, tool))
    if within(run, "externalPropertyFileReferences", "results"):
        yield Gap(f"results of {tool} are in another file")
    if run.get("results") is None:  # 3.14.23: the tool did not get as far as looking
        yield Gap(f"{tool} gives no results; one that found nothing gives an empty list")
        return
    rules = list(_rules(run))
    known = {rule["id"]: rule for rule in reversed(rules) if isinstance(rule.get("id"), str)}
    yield from each(run["results"], f"results of {tool}", lambda one: _result(one, tool, run, rules, known))


def _invocation(invocation: Object, tool: str) -> Said:
    if invocation.get("executionSuccessful") is not True:
        yield Gap(f"{tool} says that it did not run to its end")
    for kind in ("toolExecutionNotifications", "toolConfigurationNotifications"):
        yield from each(invocation.get(kind), kind, lambda notice: _notice(notice, tool))


def _notice(notice: Object, tool: str) -> Said:
    """3.58.6: a warning where it does not say; files that a tool could not read are told as one."""
    if notice.get("level", "warning") not in ("note", "none"):
        yield Gap(f"{tool} met a problem: {text(within(notice, 'message', 'text'), 'it does not say which')}")


def _rules(run: Object) -> list[Object]:
    """Those of the driver first: ruleIndex counts among them (3.27.6)."""
    components = [within(run, "tool", "driver"), *listed(within(run, "tool", "extensions"))]
    return [rule for part in components for rule in listed(within(part, "rules")) if isinstance(rule, dict)]


def _result(result: Object, tool: str, run: Object, rules: list[Object], known: Mapping[str, Object]) -> Said:
    kind = result.get("kind", "fail")
    name = text(result.get("ruleId") or within(result, "rule", "id"))
    index = result.get("ruleIndex", -1)
    rule = known.get(result.get("ruleId", "")) if isinstance(result.get("ruleId", ""), str) else None
    if rule is None and isinstance(index, int) and 0 <= index < len(rules):
        rule = rules[index]
    name = name or text(within(rule, "id"), "a result without a rule")
    message = f"{name}: {text(within(result, 'message', 'text'), 'no message')}"
    if kind in _NO_PROBLEM or result.get("baselineState") == "absent":
        return
    if kind == "informational":
        yield Result(INFO, message, (("by", tool), *_facts(result)))
    elif kind in _UNDECIDED:
        yield Gap(f"{tool} could not decide ({kind}): {message}")
    elif kind == "fail":
        severity = _severity(result, rule, bool(_overrides(run)))
        yield Result(rule_for(severity), message, (("by", tool), *_facts(result)))
    else:
        yield Gap(f"{tool} has a result of a kind that is not known: {message}")


def _severity(result: Object, rule: Object | None, overridden: bool) -> Severity | None:
    """3.27.10: the level of the result, else that of its rule, else a warning. GitHub and most scanners put the
    CVSS score beside it; the graver of the two counts."""
    level = result.get("level")
    if level is None and not overridden:
        level = within(rule, "defaultConfiguration", "level")
        level = "warning" if level is None else level
    scores = (within(part, "properties", "security-severity") for part in (result, rule))
    rating = rate(level)
    return None if rating is None else worst((rating, *(rate(score, "cvss") for score in scores)))


def _overrides(run: Object) -> bool:
    """Whether the level of a rule may have been changed for this run (3.20.5)."""
    return any(within(one, "ruleConfigurationOverrides") for one in listed(run.get("invocations")))


def _facts(result: Object) -> tuple[tuple[str, str], ...]:
    first = next(iter(listed(result.get("locations"))), None)
    where = text(within(first, "physicalLocation", "artifactLocation", "uri"))
    return (("it names", where),) if where else ()
