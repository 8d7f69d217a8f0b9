"""Chat templates, where models keep them. https://huggingface.co/docs/transformers/chat_templating_writing

The ordinary ones use what the templates of the known model families use, in words of our own.
"""

# ruff: noqa: E501 - lines of templates

from __future__ import annotations

import json
from collections.abc import Mapping

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
LLAMA_2 = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system = messages[0]['content'] %}"
    "{% else %}{% set loop_messages = messages %}{% set system = false %}{% endif %}"
    "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% if loop.index0 == 0 and system != false %}{% set content = '<<SYS>>\\n' ~ system ~ '\\n<</SYS>>\\n\\n' ~ message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}"
    "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' if message['role'] == 'user' else ' ' ~ content | trim ~ eos_token }}"
    "{% endfor %}"
)
LLAMA_3_TOOLS = """{{- bos_token }}
{%- if not tools_in_user_message is defined %}{%- set tools_in_user_message = true %}{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = strftime_now("%d %b %Y") if strftime_now is defined else "26 Jul 2024" %}
{%- endif %}
{#- The system message, if there is one #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}{%- set messages = messages[1:] %}
{%- endif %}
{%- for t in tools or [] %}{{- t | tojson(indent=4) }}{{- "\\n\\n" }}{%- endfor %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}{{- raise_exception("one call at a time") }}{%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {%- for name, value in call.arguments | items %}{{- name + '="' + value + '"' }}{%- if not loop.last %}, {% endif %}{%- endfor %}
    {%- elif message.content is mapping or message.content is iterable %}{{- message.content | tojson }}
    {%- endif %}
{%- endfor %}"""
QWEN_3 = """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string
        and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == "tool" and (loop.first or (messages[loop.index0 - 1].role != "tool")) %}<|im_start|>user{% endif %}
    {%- if '</think>' in message.content %}
        {%- set reasoning = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {{- reasoning.strip('\\n') + message.content.split('</think>')[-1] }}
    {%- endif %}
    {%- if loop.previtem and loop.previtem.role == 'user' or loop.nextitem is undefined %}{{ loop.cycle('a', 'b') }}{%- endif %}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endfor %}"""
MACROS = """{%- macro kind(schema, depth=0) -%}
    {%- if schema['$ref'] is defined %}{{ schema['$ref'].split('/')[-1] }}
    {%- elif schema.type is string %}{{ {"string": "str", "number": "float"}.get(schema.type, "Any") }}
    {%- elif schema.anyOf %}{%- for one in schema.anyOf %}{{ kind(one, depth + 1) }}{{ " | " if not loop.last }}{%- endfor %}
    {%- else %}{%- for key, value in schema.properties|dictsort(by='value') %}{{ key ~ ': ' ~ kind(value) }}{% endfor %}
    {%- endif %}{%- if schema.format is defined %}  # {{ schema.format }}{% endif -%}
{%- endmacro %}
{%- call(x) kind(tools[0].function.parameters) %}{{ x }}{%- endcall %}
{%- set names = tools | map(attribute='function') | map(attribute='name') | list %}
{%- set picked = tools | selectattr('type', 'equalto', 'function') | rejectattr('hidden', 'defined') | list %}
{%- set roles = {'user': 'User', 'assistant': 'Model', 'tool': 'Tool'} %}
{%- for m in messages %}{{ roles[m.role] or m['role'] | capitalize }}{{ m[roles[m.role]] | default('', true) }}{% endfor %}
{%- do names.append('done') %}{{ names | join(', ') | replace('"', "'") }}{{ '%s of %d' | format(names[0], 2) }}
{%- set parts = ['\\u2581', "it's", 'a' 'b'] + [1, 2.5e3, 0x1f, 1_000, none, True] %}{{ parts[1:-1:2] | string | upper }}"""
BLOCKS = """{% raw %}{{ not a template }}{% endraw %}{% generation %}{{ messages[0].content }}{% endgeneration %}
{% filter upper | trim %}text{% endfilter %}{% with a = 1, b = a %}{{ a // b ** 2 % 3 - -b }}{% endwith %}
{% set block | trim %}{{ messages[0].content }}{% endset %}{% set x, y = 1, 2 %}{% set cell = namespace() %}{% set cell.v = x %}
{%+ if x is not defined +%}{% elif x is divisibleby 2 and not y in (1, 2) %}{% else %}{% endif %}
{% for k, v in [('a', 1)] if k != 'b' recursive %}{% if v > 3 %}{% break %}{% else %}{% continue %}{% endif %}{{ loop(v) }}{% else %}none{% endfor %}
{{ dict(a=1, **{'b': 2})['a'] }}{% set sep = joiner(', ') %}{{ sep() }}{{ cycler(1, 2).next() }}{{ (1, 2,)[0] }}{{ () | length }}{{ {}.items() }}
{{ messages.0.content }}{{ 'a' if x else 'b' if y else 'c' }}{{ x == y == 1 }}{{ 'x' in y and x not in y or not x }}"""
TEMPLATES = {
    "ChatML": CHATML,
    "alternating roles": LLAMA_2,
    "tools and dates": LLAMA_3_TOOLS,
    "reasoning": QWEN_3,
    "macros": MACROS,
    "every tag": BLOCKS,
}


def config(template: object, **more: object) -> bytes:
    return json.dumps({"chat_template": template, **more}).encode()


def ordinary() -> Mapping[str, bytes]:
    return {
        **{name: config(template) for name, template in TEMPLATES.items()},
        **{f"{name}, a text of its own": template.encode() for name, template in TEMPLATES.items()},
        "a list of templates": config(
            [{"name": "default", "template": CHATML}, {"name": "tool_use", "template": MACROS}]
        ),
        "a list of lines": config(QWEN_3.split("\n")),
        "templates by name": config({"default": CHATML, "rag": QWEN_3}),
        "a name of a template": config("default"),
        # texts that are no templates, although they have its braces
        "a workflow": b"env:\n  TOKEN: ${{ secrets.TOKEN }}\n  RUN: ${{ github.run_id }}.__x\n",
        "a chart": b"{{- if .Values.x }}\nname: {{ .Release.Name }}\n{{- end }}\n",
        "LaTeX": b"\\frac{{x}_1}{{y}} {{\\bf bold}} {% comment\n",
        "Python": b'text = f"{{{self.__class__.__name__}}}"\nother = "{{" + x.__name__ + "}}"\n',
        "Vue": b"<p>{{ user.name | capitalize }}</p><p>{{ a ? b : c }}</p>",
        "Django": b"{% load static %}{% url 'home' %}{{ form.media }}{% csrf_token %}",
        "a site": b"{% extends 'base.html' %}{% block b %}{{ url_for('static', filename=f) }}{{ form.field.label() }}{% endblock %}",
        "prompts": json.dumps({"prompt": "Answer {{question}} in {{ language }}.", "code": "{{ x.__init__"}).encode(),
    }


# https://github.com/abetlen/llama-cpp-python/security/advisories/GHSA-56xg-wfcc-g829
LLAMA_DRAMA = (
    "{% for x in ().__class__.__base__.__subclasses__() %}{% if 'warning' in x.__name__ %}"
    "{{ x()._module.__builtins__['__import__']('os').popen('touch pwned').read() }}{% endif %}{% endfor %}"
)
# Ways to spell a name, as they are known from web applications:
# https://jinja.palletsprojects.com/en/stable/sandbox/ tells why a sandbox must see all of them
SPELT = {
    "an item": "{{ x['__class__'] }}",
    "two texts beside each other": "{{ x['__cl' 'ass__'] }}",
    "joined": "{{ x['__cl' ~ 'ass__'] }}",
    "added": "{{ x['__cl' + 'ass__'] }}",
    "escaped": "{{ x['\\x5f\\137class\\u005f\\U0000005f'] }}",
    "a named escape": "{{ x['\\N{LOW LINE}_class__'] }}",
    "formatted": "{{ x['%s%s' | format('__cl', 'ass__')] }}",
    "characters by number": "{{ x['%c%cclass__' % (95, 95)] }}",
    "a list": "{{ x[['__', 'class', '__'] | join] }}",
    "keys of a dictionary": "{{ x[dict(__cl=1, ass__=1) | join] }}",
    "backwards": "{{ x['__ssalc__'[::-1]] }}",
    "reversed": "{{ x['__ssalc__' | reverse] }}",
    "replaced": "{{ x['++class++'.replace('+', '_')] }}",
    "in capitals": "{{ x['__CLASS__' | lower] }}",
    "cut": "{{ x['aa__class__'[2:]] }}",
    "repeated": "{{ x['_' * 2 ~ 'class' ~ '_' * 2] }}",
    "by the filter": "{{ x | attr('__class__') }}",
    "by a filter that maps": "{{ x | map(attribute='a.__class__') | list }}",
    "by a mapped filter": "{{ x | map('attr', '__class__') | list }}",
    "by a computed filter": "{{ x | map('at' ~ 'tr', y) | list }}",
    "by a test of attributes": "{{ x | selectattr('__class__') | list }}",
    "by sorting": "{{ x | sort(false, false, '__class__') }}",
    "by arguments unpacked": "{{ x | map(**{'attribute': '__class__'}) | list }}",
    "a field of a format": "{{ '{0.__class__}'.format(x) }}",
    "a format as a value": "{% set f = '{0.__class__}'.format %}{{ f(x) }}",
    "a variable": "{% set a = '__cl' %}{% set b = a ~ 'ass__' %}{{ x[b] }}",
    "a block": "{% set a %}__cl{{ 'ass' }}__{% endset %}{{ x[a] }}",
    "a macro": "{% macro m(a, b) %}{{ x[a ~ b] }}{% endmacro %}{{ m('__cl', b='ass__') }}",
    "what a macro gives": "{% macro m() %}__class__{% endmacro %}{{ x[m()] }}",
    "a loop": "{% for c in ['__class__'] %}{{ x[c] }}{% endfor %}",
    "a namespace": "{% set n = namespace(s='') %}{% for c in ['__', 'ss__'] %}{% set n.s = n.s ~ c %}{% endfor %}{{ x[n.s] }}",
    "a list that grows": "{% set l = [] %}{% set _ = l.append('__cl') %}{% set _ = l.append('ass__') %}{{ x[l | join] }}",
    "letters of an object": "{{ x[(lipsum | string)[18] * 2 ~ 'class'] }}",
    "a default": "{{ x[nothing | default('__class__')] }}",
    "what a cycler was given": "{% set c = cycler('__class__') %}{{ x[c.current] }}",
    "a mapped map": "{{ x | map('map', 'attr', '__class__') | list }}",
    "a frame": "{{ x.gi_frame.f_back }}",
    "the template itself": "{{ self._TemplateReference__context }}",
    "in a test": "{{ x is eq y.__class__ }}",
    "in a condition": "{% if x.__class__ %}{% endif %}",
    "in a filter block": "{% filter replace('a', x.__class__) %}{% endfilter %}",
}
# https://nvd.nist.gov/vuln/detail/CVE-2024-56326 and https://nvd.nist.gov/vuln/detail/CVE-2025-27516
SANDBOX_HOLES = {
    "format by the filter": "{{ ('{0.__call__' ~ '.__builtins__}') | attr('format') }}",
    "format handed on": "{% macro m(f) %}{{ f(m) }}{% endmacro %}{{ m('{0.__globals__}'.format) }}",
}
EXHAUSTION = {
    "a long text": "{{ 'a' * 10 ** 9 }}",
    "a long range": "{% for i in range(10 ** 9) %}{% endfor %}",
    "loops in loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "a large power": "{{ 9 ** 999999999 }}",
    "a wide field": "{{ '%999999999d' % 1 }}",
    "padding": "{{ 'a'.ljust(999999999) }}",
}


def hostile() -> Mapping[str, bytes]:
    return {
        "the published walk": config(LLAMA_DRAMA),
        "the published walk, a text of its own": LLAMA_DRAMA.encode(),
        **{f"spelt: {name}": config(text) for name, text in SPELT.items()},
        **{f"hole: {name}": config(text) for name, text in SANDBOX_HOLES.items()},
        **{f"exhaustion: {name}": config(text) for name, text in EXHAUSTION.items()},
        "among other templates": config(
            [{"name": "default", "template": CHATML}, {"name": "x", "template": LLAMA_DRAMA}]
        ),
        "in lines": config(["{% set a = ", "x.__class__ %}"]),
        "behind an ordinary one": config(CHATML + LLAMA_DRAMA),
        "under another key": json.dumps({"a": {"b": ["{{ cycler.__init__.__globals__ }}"]}}).encode(),
        "the first of two": b'{"chat_template": "{{ x.__class__ }}", "chat_template": "{{ x }}"}',
        "a key in escapes": b'{"\\u0063hat_template": "\\u007b{ x.__class__ }}"}',
        "no strict JSON": b'{"chat_template": "{{ x.__class__ }}", "a": NaN}',
        "a file": config("{% include '/etc/hostname' %}"),
        "a call of what a message names": config("{{ tools[messages[0].role](messages[0].content) }}"),
        "a call behind a path that a message names": config("{{ (x | map(attribute=messages[0].a) | first)('id') }}"),
        "two steps that messages name": config("{{ x[messages[0].a ~ '_'][messages[1].a ~ '_'] }}"),
    }
