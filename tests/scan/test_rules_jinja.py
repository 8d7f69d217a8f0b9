"""What is said of templates. The ways to spell a name are in tests/corpus/formats/jinja.py."""

from __future__ import annotations

import json
import time

import pytest
from tests.conformance.cases import outcome, scan
from tests.corpus.formats.jinja import CHATML, LLAMA_DRAMA, SPELT, TEMPLATES, config

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.jinja.rules_jinja import RULE_OF, judge_template
from modelward.checks.scan.jinja.steps import Reached
from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.limits import Limits
from modelward.formats.source import Budget


def judge(text: str) -> list[Said]:
    return list(judge_template(text, Here((), Limits(), Budget(0)), "here"))


def ids(text: str) -> set[str]:
    return {said.rule.id for said in judge(text) if isinstance(said, Finding)}


def test_everything_that_can_be_reached_has_a_rule() -> None:
    assert set(RULE_OF) == set(Reached)


def test_a_finding_says_where_and_what() -> None:
    (first, *_) = judge("{{ a }}" + LLAMA_DRAMA)
    assert isinstance(first, Finding)
    assert first.message == "here: takes the attribute '__class__'"
    assert ".__class__.__base__" in dict(first.evidence)["template"]


@pytest.mark.parametrize("name", SPELT)
def test_a_name_is_found_however_it_is_spelt(name: str) -> None:
    assert ids(SPELT[name]) & {"jinja-attribute-walk", "jinja-computed-attribute", "jinja-computed-call"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_of_known_models_have_nothing_to_say(name: str) -> None:
    assert judge(TEMPLATES[name]) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{{ x.__init__.__globals__ }}", "jinja-attribute-walk"),
        ("{{ x._mangled__name }}", "jinja-attribute-walk"),
        ("{{ x.mro }}", "jinja-attribute-walk"),
        ("{{ x._y }}", "jinja-private-attribute"),
        ("{{ x['_y'] }}", "jinja-private-attribute"),
        ("{{ x|attr(y) }}", "jinja-computed-attribute"),
        ("{{ x|map(y) }}", "jinja-computed-attribute"),
        ("{{ lipsum[y] }}", "jinja-computed-attribute"),
        ("{{ x[y ~ 'a'][z ~ 'b'] }}", "jinja-computed-attribute"),
        ("{{ x[y](z) }}", "jinja-computed-call"),
        ("{{ x[y].popen(z) }}", "jinja-computed-call"),
        ("{% set f = x[y] %}{{ f(z) }}", "jinja-computed-call"),
        ("{{ x.popen(y) }}", "jinja-unknown-call"),
        ("{{ fetch(y) }}", "jinja-unknown-call"),
        ("{% extends y %}", "jinja-file-load"),
        ("{% from 'a' import b %}", "jinja-file-load"),
        ("{{ 'a' * n * 99999999 }}", "jinja-resource-exhaustion"),
        ("{{ x }} https://example.org", "jinja-embedded-link"),
    ],
)
def test_rules(text: str, rule: str) -> None:
    assert ids(text) == {rule}


@pytest.mark.parametrize(
    "text",
    [
        "{{ x[y] }}{{ x[y][z] }}{{ x[y ~ '_name'] }}{{ x[y.replace('-', '_')] }}{{ x[y].get(z).items() }}",
        "{{ messages[loop.index0 - 1] }}{{ messages[n.i + 1] }}{{ messages[messages|length - 1] }}{{ x[-1] }}",
        "{% set n = namespace(i=0) %}{% set n.i = n.i + 1 %}{{ messages[n.i] }}{{ x[n.i % 2] }}",
        "{% macro m(o, k) %}{{ o[k] }}{% endmacro %}{{ m(x, 'a') }}{{ m(x, y) }}{{ [m][0](x, 'b') }}",
        "{% set r = {'a': 'b'} %}{{ x[r[y]] }}{{ x[r.a] }}{% for k in r %}{{ x[k] }}{% endfor %}",
        "{% set l = [] %}{% set _ = l.append(x) %}{{ l[0] }}{{ l|join(', ') }}",
        "{% if '__init__' in x %}{{ '__' ~ x ~ '__' }}{{ x|replace('__', '') }}{% endif %}",
        "{{ x.format }}{{ '{} {}'.format(x, y) }}{{ '%s' % x }}{{ '=' * 40 }}{{ range(x|length, 0, -1) }}",
        "{# x.__class__ https://example.org #}{% raw %}{{ x.__class__ }}{% endraw %}",
        "{{ x|map(attribute='a.b')|sort(attribute='c')|selectattr('d', 'in', e)|map('upper')|join(', ') }}",
    ],
)
def test_what_templates_do_is_not_said(text: str) -> None:
    assert judge(text) == []


# --- what was not followed ---


@pytest.mark.parametrize("text", ["{{ x", "{% nothing %}", "{{ " + "(" * 99 + ")" * 99 + " }}"])
def test_a_chat_template_that_does_not_parse_is_a_gap(text: str) -> None:
    assert [type(said) for said in judge(text)] == [Unexamined]
    assert outcome(scan(config(text))) == "incomplete"


@pytest.mark.parametrize(
    "text",
    [
        "{% macro m(a) %}{{ m(a ~ 'x') ~ m(a) }}{% endmacro %}{{ m('a') }}" * 200,
        "{% set a = 'x' %}" + "".join(f"{{% set a = a ~ '{n}' %}}" for n in range(200)) + "{{ a ~ a }}" * 4_000,
        "{% set a1 = ['x'] %}" + "".join(f"{{% set a{n} = [a{n - 1}, a{n - 1}] %}}" for n in range(2, 2_000)),
        "{{ a" + " ~ a" * 20_000 + " }}",
    ],
)
def test_what_is_too_much_is_a_gap_soon(text: str) -> None:
    before = time.process_time()
    said = judge(text)
    assert any(isinstance(one, Unexamined) for one in said)
    assert time.process_time() - before < 30  # seconds on any machine; minutes without a limit


def test_many_templates_share_their_work() -> None:
    text = "{% macro m(a) %}{{ m(a ~ 'x') ~ m(a) }}{% endmacro %}{{ m('a') }}" * 50
    found = scan(
        json.dumps({"chat_template": [{"name": str(n), "template": text + str(n)} for n in range(60)]}).encode()
    )
    assert found.unexamined


# --- where templates stand ---


def test_a_template_in_a_document_is_named_by_its_path() -> None:
    found = scan(config([{"name": "default", "template": CHATML}, {"name": "rag", "template": LLAMA_DRAMA}]))
    assert {finding.message.split(":")[0] for finding in found.findings} == {"$.chat_template[1].template"}


@pytest.mark.parametrize(
    "raw",
    [
        b"Write {{ name }} and {% if x %}.\n",  # Jinja in prose that is no template
        b"f'{{{self.__class__}}}' {{",
        b"${{ env.X }} ${{ github.token }}",
        json.dumps({"text": "{{ x.__class__"}).encode(),
        json.dumps({"prompt": "{{ fetch(x) }} {{ form.field() }}"}).encode(),
        b"{{ fetch(x) }}{% include 'header.html' %}{{ x | custom }}\n",
    ],
)
def test_braces_elsewhere_are_neither_findings_nor_gaps(raw: bytes) -> None:
    found = scan(raw)
    assert found.findings == ()
    assert found.unexamined == ()


def test_a_large_text_that_may_be_a_template_is_a_gap() -> None:
    assert outcome(scan(b"{# " + b"x" * (5 << 20) + b" #}{{ x.__class__ }}")) == "incomplete"
    assert outcome(scan(b"{{ a b }}" + b"x" * (5 << 20) + b"{{ x.__class__ }}")) == "clean"


def test_severities() -> None:
    assert {rule.id for rule in RULE_OF.values() if rule.severity < Severity.MEDIUM} == {
        "jinja-private-attribute",
        "jinja-unknown-call",
        "jinja-embedded-link",
    }
