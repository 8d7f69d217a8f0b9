"""The options of a line in a requirements file, read by the standard library's optparse, as pip reads them: unique
beginnings of a name count as the name, and words that belong to no option are dropped.

https://pip.pypa.io/en/stable/reference/requirements-file-format/#supported-options
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from modelward.checks.deps.inputs import hashes
from modelward.core.dependency import Hash
from modelward.core.errors import Malformed

if TYPE_CHECKING:
    from optparse import OptionParser

_WITH_VALUE = (
    ("-i", "--index-url", "--pypi-url"), ("--extra-index-url",), ("-c", "--constraint"), ("-r", "--requirement"),
    ("-e", "--editable"), ("-f", "--find-links"), ("--no-binary",), ("--only-binary",), ("--all-releases",),
    ("--only-final",), ("--trusted-host",), ("--use-feature",), ("--hash",),
    ("-C", "--config-settings"),
)  # fmt: skip
_FLAGS = ("--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre")
_HASHES = re.compile(r"--hash=sha256:[0-9a-f]{64}(?:[ \t]+--hash=sha256:[0-9a-f]{64})*")
_VALUE = len("--hash=sha256:")

NONE: Mapping[str, Sequence[str]] = {}


class Split(NamedTuple):
    asked: str
    options: Mapping[str, Sequence[str]]
    """By the first of their long names, without dashes; a flag has the value ""."""
    hashes: tuple[Hash, ...] = ()
    has_hash: bool = False
    """Weak ones count, of which *hashes* holds none."""
    dropped: bool = False
    """Whether there are words that belong to no option: pip passes over them, and means the rest."""


def split(line: str) -> Split:
    """pip looks for a word with a dash in front, between spaces alone: a tab does not begin one. Raises Malformed."""
    at = 0 if line.startswith("-") else line.find(" -") + 1
    if not at and not line.startswith("-"):
        return Split(line, NONE)
    asked, rest = line[:at].rstrip(" "), line[at:]
    if _HASHES.fullmatch(rest):
        values = (word[_VALUE:] for word in rest.split())
        return Split(asked, NONE, tuple(Hash("sha256", value) for value in values), True)
    options, dropped = _options(rest)
    found = [hashes.parse_joined(text) for text in options.pop("hash", ())]
    return Split(asked, options, tuple(one for one in found if one), bool(found), dropped)


def _options(text: str) -> tuple[dict[str, list[str]], bool]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Malformed("a quotation mark of its options is not closed") from error
    parsed, rest = _parser().parse_args(words)
    return {name: given for name, given in vars(parsed).items() if given}, bool(rest)


@cache
def _parser() -> OptionParser:
    from optparse import OptionParser

    class Parser(OptionParser):
        def error(self, msg: str) -> NoReturn:
            raise Malformed("pip does not know an option of this line, or its value is missing")

    parser = Parser(add_help_option=False)
    for names in _WITH_VALUE:
        parser.add_option(*names, action="append", dest=next(name for name in names if name.startswith("--"))[2:])
    for name in _FLAGS:
        parser.add_option(name, action="append_const", const="", dest=name.lstrip("-"))
    return parser
