"""Loads from a hub: whether the repository is pinned, whether its code is run, and what its name looks like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.pins import rules
from modelward.checks.pins.audit import wanted
from modelward.checks.pins.audit.load import TRUST, Load, State, Trust, finding, is_unknown
from modelward.checks.pins.audit.proposals import Pins
from modelward.checks.pins.audit.values import Known
from modelward.checks.pins.names import look_alikes
from modelward.core import hub_name
from modelward.core.finding import Finding

_SPACE = "evaluate-metric/"
"""Where a metric without an organisation is: https://huggingface.co/docs/evaluate/types_of_evaluations"""


def hub(load: Load) -> Iterator[Finding]:
    values, expression = load.names()
    values = values or ((Known(None),) if load.loader.default and not load.arguments.more_words else ())
    state = load.state()
    trust = load.trust()
    told = False
    for text in (one.value for one in values if isinstance(one, Known)):
        for found in of_name(load, text, state, trust):
            told = True
            yield found
    unknown = any(map(is_unknown, values)) or any(load.is_doubtful(one) for one in values)
    if unknown and not told and (not state.is_pinned or trust == "yes"):
        yield from _of_unknown(load, expression, state, trust)
    elif not told and trust == "yes":
        yield finding(rules.TRUSTED_CODE, f"{load.callee} is called with {TRUST}=True")
    if trust == "maybe":
        message = f"{load.callee} is called with a {TRUST} that is not known here: {load.arguments.shown(TRUST)}"
        yield finding(rules.UNKNOWN_TRUST, message)
    yield from _custom_pipeline(load)


def of_name(load: Load, name: object, state: State, trust: Trust) -> Iterator[Finding]:
    if name is None and load.loader.default:
        message = f"{load.callee} loads {load.loader.default}: the library chooses the model"
        yield finding(rules.UNPINNED_LOAD, message, pin="name a model and its commit")
        return
    if not isinstance(name, str) or (load.loader.prefix and not re.match(load.loader.prefix, name)):
        return
    repo = re.sub(f"^(?:{load.loader.prefix})", "", name) if load.loader.prefix else name
    if (address := wanted.on_hub(repo)) is not None:
        yield from of_address(load.callee, address, load.pins)
        return
    if load.loader.kind == "datasets" and repo in wanted.BUILDERS:
        return
    repo, _, revision = repo.partition("@")
    if load.where(repo, not load.loader.is_local or bool(load.loader.prefix)) != "hub":
        return
    if revision:
        state = (
            State(True, "", revision) if wanted.is_commit(revision) else State(False, wanted.moving(revision), revision)
        )
    repo = _SPACE + repo if load.loader.kind == "spaces" and "/" not in repo else repo
    yield from _of_repository(load, repo, state, trust)


def _of_repository(load: Load, repo: str, state: State, trust: Trust) -> Iterator[Finding]:
    if load.loader.kind != "modelscope":
        yield from look_alikes(repo)
    runs = load.loader.runs_code or trust == "yes"
    if state.is_pinned:
        if trust == "yes":
            yield finding(rules.TRUSTED_CODE, f"{load.callee} runs the code of {repo!r} at commit {state.revision}")
        return
    rule = rules.UNPINNED_CODE if runs and state.is_pinned is False else rules.UNPINNED_LOAD
    if state.is_pinned is None:
        rule = rules.TRUSTED_CODE if runs else rules.UNKNOWN_LOAD
    verb = "runs the code of" if runs else "loads"
    pin = load.pins.proposal(load.loader, repo, state.revision)
    yield finding(rule, f"{load.callee} {verb} {repo!r} {state.said}", loads=repo, pin=pin)


def _of_unknown(load: Load, expression: str, state: State, trust: Trust) -> Iterator[Finding]:
    """A name that is not known."""
    said = state.said or f"at commit {state.revision}"
    message = f"{load.callee} loads a name that is not known here ({expression}), {said}"
    rule = rules.UNKNOWN_LOAD
    if state.is_pinned is False and not load.loader.prefix:
        is_remote = not load.loader.is_local or state.is_given
        rule = rules.UNPINNED_LOAD if is_remote else rule
        rule = rules.UNPINNED_CODE if is_remote and load.loader.runs_code else rule
    if trust == "yes":
        rule = rules.TRUSTED_CODE
        message += f", with {TRUST}=True"
    yield finding(rule, message, loads=expression, pin=load.pins.proposal(load.loader, "", state.revision))


def _custom_pipeline(load: Load) -> Iterator[Finding]:
    """https://huggingface.co/docs/diffusers/using-diffusers/custom_pipeline_overview"""
    for value in load.arguments.get("custom_pipeline") if "custom_pipeline" in load.arguments.words else ():
        if isinstance(value, Known) and isinstance(value.value, str) and load.where(value.value, False) == "hub":
            state = load.state("custom_revision")
            if not state.is_pinned:
                message = f"{load.callee} runs the code of the pipeline {value.value!r} {state.said}"
                yield finding(rules.UNPINNED_CODE, message, loads=value.value, pin='custom_revision="<commit>"')


def of_address(who: str, ref: hub_name.Ref, pins: Pins, runs: bool = False) -> Iterator[Finding]:
    """An address on a hub. *runs*: so is the code that lies there."""
    if "{}" not in ref.repo:
        yield from look_alikes(ref.repo)
    name = ref.folder
    verb = "runs the code of" if runs else "loads"
    if wanted.is_commit(ref.revision):
        if runs:
            yield finding(rules.TRUSTED_CODE, f"{who} {verb} {name!r} at commit {ref.revision}")
    elif "{}" in ref.revision:
        rule = rules.TRUSTED_CODE if runs else rules.UNKNOWN_LOAD
        yield finding(rule, f"{who} {verb} {name!r} at a revision that is not known here", loads=name)
    else:
        rule = rules.UNPINNED_CODE if runs else rules.UNPINNED_DOWNLOAD
        message = f"{who} {verb} {name!r} {wanted.moving(ref.revision)}"
        yield finding(rule, message, loads=name, pin=pins.in_address(ref))
