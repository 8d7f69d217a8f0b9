"""Jinja templates: what they reach. They are parsed and followed, never rendered.

Chat templates are programs that run whenever a model is asked something. Of their names only the
ordinary vocabulary passes: an attribute of Python's own objects is one step to everything else,
however it is spelt, and a name that the template computes can be any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.jinja.reach import Reach
from modelward.checks.scan.jinja.steps import MOST_WORK, Found, Reached
from modelward.core.finding import Rule, Severity
from modelward.formats.jinja.nodes import Template
from modelward.formats.jinja.template import parse
from modelward.formats.jinja.tokens import NotATemplate
from modelward.formats.source import Budget

_PAPER = "https://arxiv.org/abs/2602.04653"
_SANDBOX = "https://jinja.palletsprojects.com/en/stable/sandbox/"
_LLAMA = "https://github.com/abetlen/llama-cpp-python/security/advisories/GHSA-56xg-wfcc-g829"
_DO = "Do not load this model. Get the template from the publisher of the original model, and compare."

RULE_OF = {
    Reached.INTERNALS: Rule(
        "jinja-attribute-walk",
        Severity.CRITICAL,
        "a template walks to the internals of Python",
        "From any object such names lead to every loaded module, and so to running commands, "
        "unless the program that renders the template has a sandbox without a hole.",
        _DO,
        ("CWE-1336", "CVE-2024-34359", "GHSA-56xg-wfcc-g829", "AML.T0011", _LLAMA, _SANDBOX),
    ),
    Reached.COMPUTED_NAME: Rule(
        "jinja-computed-attribute",
        Severity.HIGH,
        "a template computes the name of an attribute",
        "A name put together from pieces hides which attribute is taken; no chat template needs that.",
        _DO,
        ("CWE-1336", "CVE-2024-34359", "CVE-2024-56326", "CVE-2025-27516", _SANDBOX),
    ),
    Reached.COMPUTED_CALL: Rule(
        "jinja-computed-call",
        Severity.HIGH,
        "a template calls what it reached by a computed name",
        "What is called shows only when the template is rendered, and can be any function of the program.",
        _DO,
        ("CWE-1336", "CWE-470", "CVE-2024-34359", _SANDBOX),
    ),
    Reached.FILE: Rule(
        "jinja-file-load",
        Severity.MEDIUM,
        "a template reads another template",
        "Where the program that renders it can load files, this reads one; a chat template is complete by itself.",
        "Find out what the other file is for, and use a template without it.",
        ("CWE-73", "CWE-829", "https://jinja.palletsprojects.com/en/stable/templates/#include"),
    ),
    Reached.HUGE: Rule(
        "jinja-resource-exhaustion",
        Severity.MEDIUM,
        "a template asks for an amount of memory or time that none needs",
        "Rendering it stops the program for everybody who uses it.",
        _DO,
        ("CWE-400", "CWE-770", _SANDBOX),
    ),
    Reached.PRIVATE: Rule(
        "jinja-private-attribute",
        Severity.LOW,
        "a template uses a private attribute",
        "Names with an underscore in front are private to Python objects; Jinja's sandbox refuses them.",
        "Look at what the template does there.",
        ("CWE-1336", _SANDBOX),
    ),
    Reached.UNKNOWN_CALL: Rule(
        "jinja-unknown-call",
        Severity.LOW,
        "a template calls a function that chat templates do not have",
        "What it does depends on the program that renders the template.",
        "Look for the function in the documentation of the program that uses the model.",
        ("CWE-1336", "https://huggingface.co/docs/transformers/chat_templating_writing"),
    ),
    Reached.LINK: Rule(
        "jinja-embedded-link",
        Severity.LOW,
        "a template puts a link into what the model is told",
        "Poisoned templates make a model hand out addresses of somebody else, whoever asks.",
        "Look at the link and the text around it; compare with the template of the original model.",
        ("CWE-506", "AML.T0051", _PAPER),
    ),
}


def judge_template(text: str, here: Here, path: str, budget: Budget | None = None) -> Iterator[Said]:
    """What is to be said of a chat template that stands at *path* of a document or a model file. *budget*
    is what may be worked out for all templates of the file.

    A template that does not parse is a gap: another program may read it differently.
    """
    try:
        template = parse(text)
    except NotATemplate as problem:
        yield here.unexamined(f"{path}: a template that was not parsed: {problem} (at character {problem.at:,})")
        return
    yield from said_of(template, text, here, path, budget or Budget(MOST_WORK))


def said_of(
    template: Template,
    text: str,
    here: Here,
    path: str,
    budget: Budget,
    matters: Callable[[Found], bool] = lambda found: True,
) -> Iterator[Said]:
    reach = Reach(template, budget)
    for found in reach.everything():
        if matters(found):
            near = " ".join(text[max(0, found.at - 80) : found.at + 120].split())
            yield here.finding(RULE_OF[found.what], f"{path}: {found.message}", template=near)
    if not reach.complete:
        yield here.unexamined(f"{path}: a template with more expressions than are followed")


RULES: tuple[Rule, ...] = tuple(RULE_OF.values())
