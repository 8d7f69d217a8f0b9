"""Where templates stand: under a chat template's key, in any other string of a document, in a text.

What is surely a chat template is judged in full, and one that does not parse is a gap. Braces occur in
many other texts (LaTeX, f-strings, workflows, other template languages): there only what Jinja can parse
is judged, and only for what no such text needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.jinja.rules_jinja import judge_template, said_of
from modelward.checks.scan.jinja.steps import MOST_WORK, Found, Reached
from modelward.core.artifact import Source
from modelward.formats.jinja.template import parse
from modelward.formats.jinja.tokens import NotATemplate, Reason
from modelward.formats.json_tree import LARGEST, Value, objects, values
from modelward.formats.source import Budget

SIGN = re.compile(rb"\{[{%]")
_SIGN = re.compile(SIGN.pattern.decode())
_CHAT = re.compile(r"\bmessages\b|\badd_generation_prompt\b")
_MOST = 1 << 20
"""Characters of all templates of one document."""
_MOST_WORK = 3 * MOST_WORK
_GRAVE = frozenset({Reached.INTERNALS, Reached.COMPUTED_NAME})


def judge_document(body: Value, here: Here) -> Iterator[Said]:
    """Every string of a JSON document that can be a template."""
    left = _MOST
    budget = Budget(_MOST_WORK)
    chat = {text: path for path, text in _chat_templates(body)}
    others = {text: path for path, text in values(body) if isinstance(text, str) and _SIGN.search(text)}
    for text, path in {**others, **chat}.items():
        left -= len(text)
        if left < 0:
            yield here.unexamined(f"{path}: more text of templates than the {_MOST:,} characters that are parsed")
            return
        judge = judge_template if text in chat else _judge_any
        yield from judge(text, here, path, budget)


def _chat_templates(body: Value) -> Iterator[tuple[str, str]]:
    """transformers takes a text, a list of names and texts, or texts by their names; llama-cpp-python's
    server takes a list of lines too.
    https://huggingface.co/docs/transformers/chat_templating_writing"""
    for path, item in objects(body):
        for value in item.all("chat_template"):
            for inner, text in _texts_of(value, f"{path}.chat_template"):
                if _SIGN.search(text):
                    yield inner, text


def _texts_of(value: Value, path: str) -> Iterator[tuple[str, str]]:
    lines = "no path"
    for inner, part in values(value, path):
        texts = [line for line in part if isinstance(line, str)] if isinstance(part, list) else []
        if texts and isinstance(part, list) and len(texts) == len(part):
            lines = f"{inner}["
            yield inner, "\n".join(texts)
        elif isinstance(part, str) and not inner.startswith(lines):
            yield inner, part


def examine_text(source: Source, here: Here) -> Iterator[Said]:
    """A text that may be a template as a whole."""
    raw = source.read(0, LARGEST)
    text = raw.decode("utf-8", "replace")
    whole = source.size <= len(raw)
    if whole and _CHAT.search(text):
        try:
            parse(text)
        except NotATemplate as problem:
            if problem.reason is not Reason.SIZE:
                return
        yield from judge_template(text, here, "the text")
    else:
        yield from _judge_any(text, here, "the text", Budget(MOST_WORK), whole)


def _judge_any(text: str, here: Here, path: str, budget: Budget, whole: bool = True) -> Iterator[Said]:
    try:
        template = parse(text)
    except NotATemplate as problem:
        if problem.reason is Reason.SIZE or (problem.reason is Reason.END and not whole):
            yield here.unexamined(f"{path}: perhaps a template; {problem}")
        return
    if not whole:
        yield here.unexamined(f"{path}: perhaps a template, of more than {LARGEST:,} bytes")
    yield from said_of(template, text, here, path, budget, _matters)


def _matters(found: Found) -> bool:
    return found.what in _GRAVE or (found.what is Reached.FILE and found.outside)
