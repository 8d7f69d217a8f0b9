"""Plain texts: what kind of text one is shows in a sign that no text of that kind can do without.

A new kind is one line of KINDS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modelward.checks.scan.here import Examiner, Here, Said
from modelward.core.artifact import Source
from modelward.formats.source import BytesSource


@dataclass(frozen=True, slots=True)
class Kind:
    sign: re.Pattern[bytes]
    """Matches at most _OVERLAP bytes; a text in which it is found nowhere has nothing for *examine*."""
    examine: Examiner
    needles: tuple[bytes, ...] = (b"",)
    """One of them is in whatever *sign* matches: looking for them is a hundred times faster."""

    def is_in(self, window: bytes) -> bool:
        return any(needle in window for needle in self.needles) and self.sign.search(window) is not None


def _json(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.documents import examine_json_like

    return examine_json_like(source, here)


def _jinja(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.jinja.places import examine_text

    return examine_text(source, here)


def _wide(source: Source, here: Here) -> Iterator[Said]:
    """json.loads guesses UTF-16 from the mark, and so do loaders that hand it bytes."""
    if source.size > _MOST_WIDE:
        yield here.unexamined(f"a text in UTF-16 of more than the {_MOST_WIDE:,} bytes that are read")
        return
    text = source.read(0, _MOST_WIDE).decode("utf-16", "replace")
    yield from examine_text(BytesSource(text.encode()), here)


def _secrets(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_secrets import examine_secrets

    return examine_secrets(source, here)


def _yaml(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_yaml import examine_yaml

    return examine_yaml(source, here)


def _hydra(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_hydra import examine_hydra

    return examine_hydra(source, here)


def _xml(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_xml import examine_xml

    return examine_xml(source, here)


def _python(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.python.judge import examine_python

    return examine_python(source, here)


def _script(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_executable import examine_script

    return examine_script(source, here)


def _graph(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.tensorflow.beside import examine_graph_text

    return examine_graph_text(source, here)


_YAML = re.compile(
    rb"(?:\A|[\s\[{,:?\x85\xa8\xa9\xbf-])![!<%\w$]|%TAG"  # a tag, or a directive that makes any letters one
    rb"|(?:[,\[]\s{0,99}|-[ \t])\*\w{1,99}\s{0,99}(?:,\s{0,99}|-[ \t])\*\w"  # aliases beside each other
)
_HYDRA = re.compile(
    # the key with its letters as they are, escaped, or with a folded line between them
    rb"_target_|\\(?:x|u00|U000000)(?:5[fF]|7[24]|6[157])|[_targe]\\\r?\n"
    rb"|\b(?:target|class_path)[\"']?\s{0,99}:[\s\"'|>+\-\d]{1,99}\w{1,99}\.\w|\$\{eval:"
)
_XML = re.compile(rb"<!DOCTYPE|<!ENTITY|<\?xml|XInclude|<net[ \t\r\n]")
_WORDS = "import def class lambda exec eval compile getattr globals vars __builtins__ __subclasses__ __import__".split()
_PYTHON = re.compile(rb"\b(?:%s)\b" % "|".join(_WORDS).encode())
_MESSAGES = ("node", "library", "graph_def", "meta_graphs", "asset_file_def")

KINDS: tuple[Kind, ...] = (
    Kind(re.compile(rb"\A(?:\xef\xbb\xbf)?\s*+(?:[\[{]|\Z)"), _json),
    Kind(re.compile(rb"\A(?:\xff\xfe|\xfe\xff)"), _wide),
    Kind(re.compile(rb"\{[{%]"), _jinja),
    Kind(re.compile(rb"\A"), _secrets),
    Kind(_YAML, _yaml, (b"!", b"%TAG", b"*")),
    Kind(_HYDRA, _hydra, (b"target", b"class_path", b"\\", b"${eval:")),
    Kind(
        re.compile(rb"<!DOCTYPE|<!ENTITY|<\?xml|XInclude|<net[ \t\r\n]"), _xml, (b"<!", b"<?xml", b"XInclude", b"<net")
    ),
    Kind(_PYTHON, _python, tuple(word.encode() for word in _WORDS)),
    # names may be written in letters that only look like others
    Kind(re.compile(rb"coding[:=]|[\x80-\xff]\s{0,99}[=(]"), _python, (b"coding", b"=", b"(")),
    Kind(re.compile(rb"\b(?:%s)\b" % "|".join(_MESSAGES).encode()), _graph, tuple(map(str.encode, _MESSAGES))),
    Kind(re.compile(rb"\A(?:\xef\xbb\xbf)?\s{0,99}@?(?i:echo[ \t]+off)\b"), _script),
)

_WINDOW = 1 << 18
_MOST_WIDE = 8 << 20
_OVERLAP = 1 << 10


def examine_text(source: Source, here: Here) -> Iterator[Said]:
    """Everything that the kinds whose sign is there say of the text."""
    for examine in _examiners(source):
        yield from examine(source, here)


def _examiners(source: Source) -> list[Examiner]:
    found: set[Kind] = set()
    at = 0
    while window := source.read(at, _WINDOW + _OVERLAP):
        # a sign of the beginning counts there alone
        kinds = KINDS if at == 0 else [kind for kind in KINDS if not kind.sign.pattern.startswith(rb"\A")]
        found.update(kind for kind in kinds if kind not in found and kind.is_in(window))
        at += _WINDOW
    return list(dict.fromkeys(kind.examine for kind in KINDS if kind in found))
