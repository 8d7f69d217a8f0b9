"""Templates are read as Jinja reads them."""

from __future__ import annotations

import string

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from tests.corpus.formats import jinja as corpus

from modelward.formats.jinja.nodes import Attribute, Binding, Chain, Choice, Const, Group, Item, Name, Operation, Slice
from modelward.formats.jinja.template import parse
from modelward.formats.jinja.tokens import MOST_TOKENS, Kind, NotATemplate, Reason, tokens


class Generation(Extension):
    """The tag that transformers adds."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_"), [], [], body).set_lineno(line)


PEER = jinja2.Environment(
    extensions=[Generation, "jinja2.ext.loopcontrols", "jinja2.ext.do", "jinja2.ext.i18n", "jinja2.ext.debug"]
)
EVERY = {**corpus.TEMPLATES, **corpus.SPELT, **corpus.SANDBOX_HOLES, **corpus.EXHAUSTION}


def parses(text: str) -> bool:
    try:
        parse(text)
    except NotATemplate:
        return False
    return True


def peer_parses(text: str) -> bool:
    try:
        PEER.parse(text)
    except (jinja2.TemplateSyntaxError, RecursionError, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", EVERY)
def test_the_corpus_is_what_jinja_parses(name: str) -> None:
    assert peer_parses(EVERY[name])
    assert parses(EVERY[name])


@pytest.mark.parametrize(
    "text",
    [
        "{% trans a=1, b %}x {{ a }}{% pluralize %}y{% endtrans %}",
        "{% from 'a' import b as c, d with context %}{% import 'a' as x without context %}",
        "{% include ['a', 'b'] ignore missing with context %}{% extends x if y else z %}",
        "{% block a scoped required %} {% endblock a %}{% print 1, 2 %}{% debug %}",
        "{% call(a, b=2) f(1)(2) %}{% endcall %}{% macro m(a, b=1) %}{% endmacro %}",
        "{% for (a, b), c in d recursive: %}{% else: %}{% endfor %}{% if a: %}{% elif b: %}{% else %}{% endif %}",
        "{% autoescape not x %}{% endautoescape %}{% set n.a = 1 %}{% set a, n.b = 1, 2 %}",
        "{{ a is not b.c d }}{{ a is b('x')|c }}{{ a is b [1] }}{{ a is none and b is in(c) }}",
        "{{ a[1:2, ::3] }}{{ a[:] }}{{ a[1:] }}{{ a[::] }}{{ a.0.b }}",
        "{{ f(*a, **b) }}{{ f(a, b=c,) }}{{ a|b.c(d)|e }}{{ (a, ) }}{{ a, b }}",
        "{{ 0x_ff + 0b1_0 + 0o7 + 1_0.5e-3 + 1e5 }}{{ -+-a ** -2|abs }}{{ not not a }}",
        "{{ 'a\\'b' \"c\\n\" }}{{ {'a': {'b': 1}}}}{{- a -}}{%- if a -%}{%+ endif +%}{{+ a }}",
        "{#- a #}{# {{ b #}{%- raw -%} {{ {% {%- endraw +%}{% raw %}{% endraw %}",
        "{{ gr\u00f6\u00dfe.\u540d }}{{ a\u0300b }}",
    ],
)
def test_what_jinja_parses_is_parsed(text: str) -> None:
    assert peer_parses(text)
    assert parses(text)


@pytest.mark.parametrize(
    "text",
    ["{{ a b }}", "{{ }}", "{{ a. }}", "{% nothing %}", "{% if a %}", "{% endif %}",
     "{{ a ) }}", "{{ (a] }}",
     "{{ 'a }}", "{% for a b %}{% endfor %}", "{% else %}", "{# a", "{% raw %}a", "{{ a ? b : c }}", "{{ $a }}",
     "{{ '\\x4' }}", "{{ a"],
)  # fmt: skip
def test_what_jinja_refuses_is_no_template(text: str) -> None:
    assert not peer_parses(text)
    assert not parses(text)


PIECES = st.sampled_from(
    "{{ }} {% %} {{- -}} {%- +%} {# #} if else endif for in endfor set endset a b.c is not and or ( ) [ ] { } , : | ."
    " ~ + - * ** // % == <= = 'x' \"y\" 1 2.5 0x1f join(',') f(x) x[1:] none raw endraw macro m(a) endmacro".split()
)


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=14).map(" ".join))
def test_every_text_that_jinja_parses_is_parsed(text: str) -> None:
    assert parses(text) or not peer_parses(text)


@settings(max_examples=200)
@given(
    st.text(alphabet=string.printable + "{%}\u00e9\u2028", max_size=60).map(lambda inner: "{{" + inner + "}}{%if a%}")
)
def test_nothing_but_a_template_or_a_reason_comes_out(text: str) -> None:
    parses(text)


# --- what is read ---


def expression(text: str) -> object:
    (found,) = parse("{{" + text + "}}").expressions
    return found


def test_chains_are_flat() -> None:
    chain = expression("a.b['c'](1)|d is e")
    assert isinstance(chain, Chain)
    assert isinstance(chain.base, Name)
    assert [type(step).__name__ for step in chain.steps] == ["Attribute", "Item", "Call", "Filter", "Test"]


def test_operations_of_one_precedence_are_flat_and_bind_as_in_jinja() -> None:
    sum_ = expression("a ~ b ~ c + 1 * 2")
    assert isinstance(sum_, Operation)
    assert sum_.signs == ("+",)
    assert [item.signs for item in sum_.items if isinstance(item, Operation)] == [("~", "~"), ("*",)]
    long = expression("+".join("a" * 5_000))
    assert isinstance(long, Operation)
    assert len(long.items) == 5_000


def test_slices_choices_and_groups() -> None:
    sliced = expression("a[::-1]")
    assert isinstance(sliced, Chain)
    assert isinstance(sliced.steps[0], Item)
    assert isinstance(sliced.steps[0].key, Slice)
    choice = expression("a if b else c if d else e")
    assert isinstance(choice, Choice)
    assert (len(choice.options), len(choice.tests)) == (3, 2)
    group = expression("{'a': [1, (2,)]}")
    assert isinstance(group, Group)
    assert group.kind == "{"


def test_texts_are_unescaped() -> None:
    text = expression(r"'\x5f\137\u005f\U0000005f\N{LOW LINE}\q\n' '\\'")
    assert isinstance(text, Const)
    assert text.value == "_____\\q\n\\"


def test_bindings_and_bodies() -> None:
    made = parse("{% set a %}x{{ b }}{% if c %}y{% endif %}{% endset %}{% for i, j in d %}{% endfor %}")
    block, loop = made.bindings
    assert isinstance(block.value, Operation)
    assert len(block.value.items) == 3
    assert isinstance(loop, Binding)
    assert loop.each


def test_places_are_characters() -> None:
    (chain,) = parse("é{{ a.b }}").expressions
    assert isinstance(chain, Chain)
    assert isinstance(chain.steps[0], Attribute)
    assert chain.steps[0].at == 5


# --- limits ---


@pytest.mark.parametrize(
    "text",
    [
        "{{" + "(" * 100 + "a" + ")" * 100 + "}}",
        "{{" + "[" * 5_000,
        "{{ a" + " + a" * MOST_TOKENS + "}}",
        "{% if a %}" * 2_000,
    ],
)
def test_what_is_too_large_says_so(text: str) -> None:
    with pytest.raises(NotATemplate) as caught:
        parse(text)
    assert caught.value.reason is Reason.SIZE


@pytest.mark.parametrize("text", ["{{ a", "{% if a %}", "{# a", "{% raw %}a"])
def test_what_ends_too_early_says_so(text: str) -> None:
    with pytest.raises(NotATemplate) as caught:
        parse(text)
    assert caught.value.reason is Reason.END


def test_braces_in_brackets_do_not_end_a_tag() -> None:
    assert [token.kind for token in tokens("{{ {'a': {'b': 1}} }}")].count(Kind.END) == 1
