"""Content that does not announce itself as a pickle and may be one all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.pickle import rules_pickle as rules
from modelward.checks.scan.pickle.examine import Streams, rest
from modelward.checks.scan.torch.rules_torch import LEGACY_MAGIC, examine_pickle_file
from modelward.core.artifact import Source
from modelward.core.finding import Finding, Severity
from modelward.formats.pickle.events import End
from modelward.formats.sniff import looks_like_pickle_text

_UNEXAMINED = frozenset({"text", "json", "image", "unknown", "shell-script"})
# What needs no name to be imported comes about by chance in raw numbers; names with dots do in texts,
# where without PROTO they are no walk
_BY_CHANCE = (rules.EXTENSION_CODE, rules.COMPUTED_CALL, rules.PERSISTENT_ID, rules.ATTRIBUTE_WALK)
_PROSE = re.compile(rb"(?!\(+S['\"])[^\n]* ")  # a blank in the first line, unless it pushes a quoted string


def examine_headless(source: Source, here: Here, formats: tuple[str, ...]) -> list[Said] | None:
    """Content without a PROTO opcode may be a pickle of protocol 0 or 1 all the same; so may a text,
    or an image. None: it is none. Else what there is to say, as examine_pickle would.

    It is one if it makes a call or names something harmful before it breaks, if it is one from
    end to end, or if it breaks only because it ends too early and no other of its *formats* is one
    that is examined anyway.
    """
    streams = Streams(source, here)
    said = list(islice(streams.run(), here.limits.findings))
    end = streams.end
    if end is None:  # there was more to say than the limit before the first stream came to its end
        more = here.unexamined("more findings than the limit; the rest of the stream was left alone")
        return [here.finding(rules.CODE_FORMAT, "a pickle can carry code"), *said, more]
    if streams.results[:1] == [LEGACY_MAGIC]:
        return list(examine_pickle_file(source, here))
    if end.why is None or any(_is_grave(word, named=streams.judge.calls_a_name) for word in said):
        return [here.finding(rules.CODE_FORMAT, "a pickle can carry code"), *said, *rest(streams)]
    if not here.inside and _UNEXAMINED.issuperset(formats) and _is_cut(source, end):
        return [*said, here.unexamined("this could be the beginning of a pickle", 0, max(end.at, 1))]
    return None


def _is_cut(source: Source, end: End) -> bool:
    """It ran out of bytes, but not in an operand as long as only chance makes it, and not in prose."""
    return end.truncated and not end.overrun and not _PROSE.match(source.read(0, 64))


def _is_grave(word: Said, *, named: bool) -> bool:
    """*named*: the stream calls something by a name, so the rest of it is no chance either."""
    return isinstance(word, Finding) and word.severity >= Severity.MEDIUM and (named or word.rule not in _BY_CHANCE)


def goes_on(source: Source, here: Here) -> bool:
    """Whether what reads as instructions from the first byte reaches the end, and so may lead beyond it."""
    streams = Streams(source, here)
    for _ in streams.run():
        pass
    return streams.end is not None and streams.end.truncated


def pickle_in_text(source: Source, here: Here) -> Iterator[Said]:
    """A text in which pickle opcodes stand, though none where it begins: a damaged pickle, or hidden."""
    at = looks_like_pickle_text(source)
    if at is not None:
        yield here.unexamined("a text that holds what reads as pickle instructions", at, do="look at it")
