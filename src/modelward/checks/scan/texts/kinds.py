"""Plain texts: what kind of text one is shows in a sign that no text of that kind can do without.

A new kind is one line of KINDS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

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

    largest: float = inf
    """A longer text is none of this kind."""

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


def _mlflow(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_mlflow import examine_mlflow

    return examine_mlflow(source, here)


def _xml(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_xml import examine_xml

    return examine_xml(source, here)


def _python(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.python.judge import examine_python

    return examine_python(source, here)


def _script(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_executable import examine_script

    return examine_script(source, here)


def _onnx_syntax(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.onnx.text_forms import examine_onnx_syntax

    return examine_onnx_syntax(source, here)


def _commands(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_executable import examine_commands

    return examine_commands(source, here)


def _script_host(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_executable import examine_script_host

    return examine_script_host(source, here)


def _graph(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.tensorflow.beside import examine_graph_text

    return examine_graph_text(source, here)


def _trees(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_xgboost import examine_trees

    return examine_trees(source, here)


_YAML = re.compile(
    rb"(?:\A|[\s\[{,:?\x85\xa8\xa9\xbf-])![!<%\w$]|%TAG"  # a tag, or a directive that makes any letters one
    rb"|(?:[,\[]\s{0,99}|-[ \t])\*\w{1,99}\s{0,99}(?:,\s{0,99}|-[ \t])\*\w"  # aliases beside each other
)
_DOTTED = rb"[\"']?\s{0,99}:[\s\"'|>+\-\d]{1,99}\w{1,99}\.\w"
_HYDRA = re.compile(
    # the key with its letters as they are, escaped, or with a folded line between them; each begins with a literal
    rb"_target_|\\(?:x|u00|U000000)(?:5[fF]|7[24]|6[157])|\\\n(?<=[_targe]\\\n)|\\\r\n(?<=[_targe]\\\r\n)"
    rb"|target(?<!\wtarget)" + _DOTTED + rb"|class_path(?<!\wclass_path)" + _DOTTED + rb"|\$\{eval:"
)
# A value that is nothing but the name of a function, under whatever key
_SPELT = re.compile(
    rb":[\s\"'|>+-]{1,99}(?:os|posix|subprocess|builtins|pty|runpy)\.\w{1,30}[\"']?\s{0,9}(?:[,}\]#\n]|\Z)"
)
_XML = re.compile(rb"<!DOCTYPE|<!ENTITY|<\?xml|XInclude|<net[ \t\r\n]")
# Without one of these, source cannot get at more than plain values
_WORDS = (
    "import def class lambda exec eval compile getattr globals vars __builtins__ __import__ __loader__ __spec__"
    " __class__ __globals__ __init__ __subclasses__ open breakpoint"
).split()
# One expression for each: one that begins with a literal is searched for ten times as fast
_PYTHON = {word.encode(): re.compile(rf"{word}(?<!\w{word})(?!\w)".encode()) for word in _WORDS}
_MESSAGES = ("node", "library", "graph_def", "meta_graphs", "asset_file_def", "op_type", "external_data")
_ONNX = re.compile(
    rb"\A\s{0,99}<\s{0,99}(?:ir_version|opset_import|producer_\w+|model_version|domain|doc_string)\s{0,99}:"
)

KINDS: tuple[Kind, ...] = (
    Kind(re.compile(rb"\A(?:\xef\xbb\xbf)?\s*+(?:[\[{]|\Z)"), _json),
    Kind(re.compile(rb"\A(?:\xff\xfe|\xfe\xff)"), _wide),
    Kind(re.compile(rb"\{[{%]"), _jinja),
    Kind(re.compile(rb"\A"), _secrets),
    Kind(_YAML, _yaml, (b"!", b"%TAG", b"*")),
    Kind(_HYDRA, _hydra, (b"target", b"class_path", b"\\", b"${eval:")),
    Kind(_SPELT, _hydra, (b"os.", b"subprocess.", b"builtins.", b"posix.", b"pty.", b"runpy.")),
    Kind(re.compile(rb"\bloader_module\b|\bflavors[\"' \t]{0,9}:"), _mlflow, (b"loader_module", b"flavors")),
    Kind(_XML, _xml, (b"<!", b"<?xml", b"XInclude", b"<net")),
    *(Kind(sign, _python, (word,)) for word, sign in _PYTHON.items()),
    # names may be written in letters that only look like others
    Kind(re.compile(rb"coding[:=]|[\x80-\xff]\s{0,99}[=(]"), _python, (b"coding", b"=", b"(")),
    Kind(re.compile(rb"\b(?:%s)\b" % "|".join(_MESSAGES).encode()), _graph, tuple(map(str.encode, _MESSAGES))),
    Kind(_ONNX, _onnx_syntax),
    Kind(re.compile(rb"gradient_booster|\\u00[67]"), _trees, (b"gradient_booster", b"\\u00")),
    Kind(re.compile(rb"\A(?:\xef\xbb\xbf)?\s{0,99}@?(?i:echo[ \t]+off)\b"), _script),
    Kind(
        re.compile(
            rb"(?i:\|\s{0,9}(?:ba)?sh\b|\b(?:curl|wget|iex|powershell|mshta|/dev/tcp|invoke-\w{3,20}|start-process|irm)\b)"
        ),
        _commands,
        (b"|", b"curl", b"wget", b"IEX", b"iex", b"owershell", b"mshta", b"/dev/", b"nvoke-", b"Start-", b"irm"),
        1 << 14,
    ),
    Kind(
        re.compile(rb"[oO](?i:bject)(?:(?<=(?i:CreateObject))|(?<=(?i:ActiveXObject)))\s{0,9}\("),
        _script_host,
        (b"bject", b"BJECT"),
    ),
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
    size = source.size
    fitting = [kind for kind in KINDS if size <= kind.largest]
    at = 0
    while window := source.read(at, _WINDOW + _OVERLAP):
        # a sign of the beginning counts there alone
        kinds = fitting if at == 0 else [kind for kind in fitting if not kind.sign.pattern.startswith(rb"\A")]
        found.update(kind for kind in kinds if kind not in found and kind.is_in(window))
        at += _WINDOW
    return list(dict.fromkeys(kind.examine for kind in KINDS if kind in found))
