"""The names that chat templates use, and those that lead to Python's internals."""

from __future__ import annotations

import re

ENGINE = frozenset(
    "range dict lipsum cycler joiner namespace self super raise_exception strftime_now"
    " request config session g url_for get_flashed_messages gettext ngettext _".split()
)
"""Functions and objects of Jinja, of transformers, and of the web frameworks that render with it."""

FUNCTIONS = frozenset(
    "range dict lipsum cycler joiner namespace super caller loop raise_exception strftime_now"
    " gettext ngettext pgettext npgettext _".split()
)
"""What a template may call. transformers adds raise_exception and strftime_now:
https://huggingface.co/docs/transformers/chat_templating_writing"""

METHODS = frozenset(
    # of text
    "capitalize casefold center count encode endswith expandtabs find format index isalnum isalpha isascii"
    " isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip"
    " partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines"
    " startswith strip swapcase title translate upper zfill"
    # of lists, dictionaries and sets
    " append clear copy extend insert pop remove reverse sort get items keys values popitem setdefault update"
    " add discard union intersection difference symmetric_difference issubset issuperset fromkeys"
    # of loops, cyclers, numbers and dates
    " cycle changed next reset current is_integer bit_length conjugate strftime isoformat".split()
)
GROWING = frozenset("append extend insert add update setdefault".split())
"""Methods after which a list is not what was written."""

BUILTINS = frozenset({"__builtins__", "__builtin__", "__import__"})
"""Python's own, under the names that code outside templates gives them."""

TAKEN_WHOLE = frozenset({"format", "format_map"})
"""Methods that walk attributes themselves: CVE-2016-10745, CVE-2024-56326, CVE-2025-27516."""

_FRAMES = re.compile(
    # generators, coroutines, tracebacks, frames, code objects; functions and methods of Python 2
    r"(?:gi|cr|ag)_(?:frame|code|yieldfrom|await|origin|running)|tb_\w+"
    r"|f_(?:back|builtins|code|globals|lasti|lineno|locals|trace)|co_\w+"
    r"|func_(?:globals|code|closure|defaults|dict|name|doc)|im_(?:class|func|self)|mro"
)


def is_internal(name: str) -> bool:
    """Whether Python's objects keep under this name what leads out of a template."""
    return (name.startswith("_") and "__" in name) or _FRAMES.fullmatch(name) is not None


def is_private(name: str) -> bool:
    return name.startswith("_")


ATTRIBUTE_ARGUMENTS = {
    "attr": 0,
    "selectattr": 0,
    "rejectattr": 0,
    "groupby": 0,
    "sum": 0,
    "join": 1,
    "unique": 1,
    "min": 1,
    "max": 1,
    "sort": 2,
    "map": -1,
}
"""Filters that take an attribute, or a path of them, by the name `attribute` or at this place (-1: none).
https://jinja.palletsprojects.com/en/stable/templates/#list-of-builtin-filters"""

COUNTING = frozenset("length count wordcount int float abs round filesizeformat".split())
"""Filters that give a number, or text of digits."""

FIELD = re.compile(r"\{[^{}]*?[.\[]\s*['\"]?(_\w*|\w+)")
"""A field of str.format that takes an attribute or an item."""
WIDE = re.compile(r"%[-#0 +]*(?:\d{7,}|\d*\.\d{7,})|\{[^{}]*:[^{}]*\d{7,}")
LINK = re.compile(r"\bhttps?://[^\s'\"<>)}\\]{3,200}", re.IGNORECASE)
OUTSIDE = re.compile(r"^[/\\]|\.\.|^\w+:")
"""A path that leads out of the folder of templates."""

SPECIAL_TOKEN = re.compile(r"(?:bos|eos|unk|pad|sep|cls|mask)_token")
"""Variables that the configuration of the tokenizer gives to its template."""
