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


def _json(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.documents import examine_json_like

    return examine_json_like(source, here)


def _jinja(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.jinja_places import examine_text

    return examine_text(source, here)


def _wide(source: Source, here: Here) -> Iterator[Said]:
    """json.loads guesses UTF-16 from the mark, and so do loaders that hand it bytes."""
    if source.size > _MOST_WIDE:
        yield here.unexamined(f"a text in UTF-16 of more than the {_MOST_WIDE:,} bytes that are read")
        return
    text = source.read(0, _MOST_WIDE).decode("utf-16", "surrogatepass")
    yield from examine_text(BytesSource(text.encode("utf-8", "surrogatepass")), here)


def _secrets(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_secrets import examine_secrets

    return examine_secrets(source, here)


def _yaml(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_yaml import examine_yaml

    return examine_yaml(source, here)


def _hydra(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_hydra import examine_hydra

    return examine_hydra(source, here)


def _xml(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_xml import examine_xml

    return examine_xml(source, here)


def _python(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.judge_python import examine_python

    return examine_python(source, here)


def _script(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_executable import examine_script

    return examine_script(source, here)


def _graph(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.tensorflow_beside import examine_graph_text

    return examine_graph_text(source, here)


_YAML = (
    rb"(?:\A|[\s\[{,:?\x85\xa8\xa9\xbf-])![!<%\w$]|%TAG"  # a tag, or a directive that makes any letters one
    rb"|(?:[,\[]\s{0,99}|-[ \t])\*\w{1,99}\s{0,99}(?:,\s{0,99}|-[ \t])\*\w"  # aliases beside each other
)
_HYDRA = (
    # the key with its letters as they are, escaped, or with a folded line between them
    rb"_target_|\\(?:x|u00|U000000)(?:5[fF]|7[24]|6[157])|[_targe]\\\r?\n"
    rb"|\b(?:target|class_path)[\"']?\s{0,99}:[\s\"'|>+\-\d]{1,99}\w{1,99}\.\w|\$\{eval:"
)
_PYTHON = (
    rb"\b(?:import|def|class|lambda|exec|eval|compile|__import__|getattr|globals|vars|__builtins__|__subclasses__)\b"
    rb"|coding[:=]|[\x80-\xff]\s{0,99}[=(]"  # names may be written in letters that only look like others
)

KINDS: tuple[Kind, ...] = (
    Kind(re.compile(rb"\A(?:\xef\xbb\xbf)?\s*+(?:[\[{]|\Z)"), _json),
    Kind(re.compile(rb"\A(?:\xff\xfe|\xfe\xff)"), _wide),
    Kind(re.compile(rb"\{[{%]"), _jinja),
    Kind(re.compile(rb"\A"), _secrets),
    Kind(re.compile(_YAML), _yaml),
    Kind(re.compile(_HYDRA), _hydra),
    Kind(re.compile(rb"<!DOCTYPE|<!ENTITY|<\?xml|XInclude|<net[ \t\r\n]"), _xml),
    Kind(re.compile(_PYTHON), _python),
    Kind(re.compile(rb"\b(?:node|library|graph_def|meta_graphs|asset_file_def)\b"), _graph),
    Kind(re.compile(rb"\A(?:\xef\xbb\xbf)?\s{0,99}@?(?i:echo[ \t]+off)\b"), _script),
)

_WINDOW = 1 << 18
_MOST_WIDE = 8 << 20
_OVERLAP = 1 << 10


def examine_text(source: Source, here: Here) -> Iterator[Said]:
    """Everything that the kinds whose sign is there say of the text."""
    for kind in _signs_in(source):
        yield from kind.examine(source, here)


def _signs_in(source: Source) -> list[Kind]:
    found: set[Kind] = set()
    at = 0
    while window := source.read(at, _WINDOW + _OVERLAP):
        found.update(kind for kind in KINDS if kind not in found and kind.sign.search(window) and _first(kind, at))
        at += _WINDOW
    return [kind for kind in KINDS if kind in found]


def _first(kind: Kind, at: int) -> bool:
    """A sign of the beginning counts there alone."""
    return at == 0 or not kind.sign.pattern.startswith(rb"\A")
