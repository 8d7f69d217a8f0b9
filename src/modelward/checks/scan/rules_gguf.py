"""GGUF: one rule for every invariant of the format; templates and other texts among the values.

The format carries no code of its own. What can go wrong is that a reader written in C leaves its
buffer, that two readers see two models in one file, and that a chat template does more than format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelward.checks.scan.here import Here, Nested, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.gguf import read_gguf
from modelward.formats.gguf_facts import Invariant, Span, Value
from modelward.formats.source import Slice
from modelward.formats.zip import is_zero

_SPEC = "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"
_READER = "https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/gguf.cpp"
_DO = "Do not load this file; get it again from its publisher, or have them convert it again with llama.cpp's scripts."
_TEMPLATE = "tokenizer.chat_template"
_LONGEST_TEMPLATE = 4 << 20
_SHORTEST_TEXT = 64  # no file of another kind fits into a shorter one

RULE_OF: Mapping[Invariant, Rule] = {
    Invariant.COUNT: Rule(
        "gguf-impossible-count",
        Severity.HIGH,
        "the header counts more entries than fit into the file",
        "A reader that multiplies the count by the size of its own entries overflows, and writes behind what it "
        "allocated.",
        _DO,
        ("CVE-2024-25664", "CVE-2024-25667", "CWE-190", "CWE-787", _SPEC),
    ),
    Invariant.LENGTH: Rule(
        "gguf-impossible-length",
        Severity.HIGH,
        "a text or an array is longer than the format's readers allow",
        "Adding to such a length, or storing it in 32 bits, gives a small number; the reader then writes behind "
        "its buffer.",
        _DO,
        ("CVE-2024-25665", "CVE-2024-25666", "CVE-2024-23496", "CVE-2025-49847", "GHSA-8wwf-w4qm-gpqr", _SPEC),
    ),
    Invariant.VALUE_TYPE: Rule(
        "gguf-unknown-value-type",
        Severity.MEDIUM,
        "a value has a type that the format does not have",
        "Its size is unknown, so a reader that goes on takes arbitrary bytes for the entries that follow.",
        _DO,
        ("CWE-20", _SPEC),
    ),
    Invariant.ARRAY_DEPTH: Rule(
        "gguf-deep-array",
        Severity.MEDIUM,
        "an array holds arrays in arrays",
        "No model needs them, and a reader that calls itself for each level runs out of stack.",
        _DO,
        ("CWE-674", _SPEC),
    ),
    Invariant.UNIQUE_NAMES: Rule(
        "gguf-duplicate-name",
        Severity.HIGH,
        "a key or a tensor occurs twice",
        "Some readers keep the first and some the last: one file is two models, and only one of them was tested.",
        _DO,
        ("CWE-436", "CWE-694", _READER),
    ),
    Invariant.NAME: Rule(
        "gguf-odd-name",
        Severity.MEDIUM,
        "a key or a tensor has a name that readers read differently",
        "Readers in C end a name at its first NUL, so two names become one; the format wants short texts in UTF-8.",
        _DO,
        ("CWE-158", "CWE-436", _SPEC),
    ),
    Invariant.NAME_LENGTH: Rule(
        "gguf-long-tensor-name",
        Severity.LOW,
        "a tensor has a name that is too long for the format",
        "It has at most 64 bytes; llama.cpp refuses such a file, and older readers cut the name off or leave their "
        "buffer.",
        "Have it converted again with shorter names, unless the program you use is known to allow longer ones.",
        ("CWE-1284", _SPEC),
    ),
    Invariant.ALIGNMENT: Rule(
        "gguf-invalid-alignment",
        Severity.HIGH,
        "the alignment is not a small power of two",
        "Readers compute the place of every tensor with it: zero divides by zero, and other values lead out of the "
        "file.",
        _DO,
        ("CWE-369", "CWE-1284", "https://github.com/ggml-org/llama.cpp/pull/24997", _SPEC),
    ),
    Invariant.VOCABULARY: Rule(
        "gguf-vocabulary-mismatch",
        Severity.MEDIUM,
        "an array of the vocabulary does not fit the others",
        "llama.cpp reads scores and types by the number of the token and takes the kind of elements for granted, so "
        "it reads memory behind a shorter array.",
        _DO,
        ("CWE-125", "CWE-843", "https://github.com/ggml-org/llama.cpp/issues/24888", _SPEC),
    ),
    Invariant.BYTE_TOKEN: Rule(
        "gguf-malformed-byte-token",
        Severity.MEDIUM,
        "a token looks like a byte, and its digits are none",
        "A tokenizer that turns the two characters into a table index accepts a minus sign, and writes before its "
        "table.",
        _DO,
        ("CWE-787", "CWE-129", "https://github.com/ggml-org/llama.cpp/issues/27226"),
    ),
    Invariant.STRUCT_DIMENSIONS: Rule(
        "gguf-dimension-overflow",
        Severity.HIGH,
        "a tensor has more dimensions than its entry in memory holds",
        "Readers keep four; those that do not check the number overwrite what stands behind them.",
        _DO,
        ("CVE-2024-21802", "CWE-787", "https://nvd.nist.gov/vuln/detail/CVE-2024-21802", _SPEC),
    ),
    Invariant.DIMENSIONS: Rule(
        "gguf-extra-dimension",
        Severity.LOW,
        "a tensor has more than four dimensions",
        "Some tools for video models write five. llama.cpp refuses them, and readers without that check overwrite "
        "neighbouring fields.",
        "Load it only with the program that it was made for.",
        ("CVE-2024-21802", "CWE-787", _SPEC),
    ),
    Invariant.SIZE_OVERFLOW: Rule(
        "gguf-size-overflow",
        Severity.HIGH,
        "the size of a GGUF tensor overflows 64 bits",
        "A reader that multiplies without checking reserves little memory for a huge tensor, and then leaves it.",
        _DO,
        ("CVE-2025-53630", "GHSA-vgg9-87g3-85w8", "CVE-2026-27940", "GHSA-3p4r-fq3f-q74v", "CVE-2026-33298",
         "GHSA-96jg-mvhq-q7q7", "CWE-190", _READER),
    ),
    Invariant.WHOLE_BLOCKS: Rule(
        "gguf-partial-block",
        Severity.MEDIUM,
        "the rows of a tensor do not end at a whole block",
        "Quantised elements come in blocks; readers that round differently read bytes that are not the tensor's.",
        _DO,
        ("CWE-131", _READER),
    ),
    Invariant.KNOWN_TYPE: Rule(
        "gguf-unknown-tensor-type",
        Severity.LOW,
        "a GGUF tensor has a type that is not known here",
        "Its size cannot be checked, so it may reach beyond its own bytes. Forks of llama.cpp have types of their own.",
        "Update modelward; if the type stays unknown, ask whoever published the file what wrote it.",
        ("CWE-20", _SPEC),
    ),
    Invariant.TYPE_RANGE: Rule(
        "gguf-invalid-tensor-type",
        Severity.HIGH,
        "a tensor has a type far outside the list of types",
        "Readers look the type up in a table; without a check they read, and call, what lies beyond it.",
        _DO,
        ("CWE-129", "https://github.com/ggml-org/llama.cpp/pull/19856", _READER),
    ),
    Invariant.ALIGNED: Rule(
        "gguf-misaligned-tensor",
        Severity.MEDIUM,
        "a tensor does not begin at a multiple of the alignment",
        "The format asks for it; readers that map the file access such a tensor by instructions that then fail.",
        _DO,
        ("CWE-1284", _SPEC),
    ),
    Invariant.INSIDE: Rule(
        "gguf-tensor-outside-file",
        Severity.MEDIUM,
        "a tensor reaches beyond the end of the file",
        "The download is incomplete, or the shape is a lie: readers that believe it hand out memory that is not the "
        "tensor's.",
        "Download it again and compare its sha256; if it stays so, do not load it.",
        ("CVE-2026-7482", "CWE-125", _SPEC),
    ),
    Invariant.NO_OVERLAP: Rule(
        "gguf-overlapping-tensors",
        Severity.MEDIUM,
        "tensors share bytes with each other or with the header",
        "A small file can so name huge tensors, and a tensor changed in place changes another.",
        _DO,
        ("CWE-20", _READER),
    ),
    Invariant.NO_HOLE: Rule(
        "gguf-uncovered-bytes",
        Severity.MEDIUM,
        "bytes between the tensors of a GGUF belong to none",
        "llama.cpp refuses holes; where one is accepted, another file can hide in it.",
        _DO,
        ("CWE-436", _READER),
    ),
    Invariant.NO_TRAILER: Rule(
        "gguf-trailing-bytes",
        Severity.LOW,
        "bytes follow the last of the tensors",
        "No reader looks at them, so they can be a file of another kind.",
        "Ask whoever published the file what they are; they were examined as a file of their own.",
        ("CWE-436", _SPEC),
    ),
}  # fmt: skip


def examine_gguf(source: Source, here: Here) -> Iterator[Said]:
    """Says every violation and gap, judges the chat templates, and hands on texts, byte arrays and
    the bytes that belong to no tensor. Tensors are not read."""
    facts = read_gguf(source, here.limits)
    for violation in facts.violations:
        yield here.finding(RULE_OF[violation.invariant], violation.message, violation.start, violation.end)
    for gap in facts.gaps:
        do = "Download it again and compare its sha256." if gap.cut_short else ""
        yield here.unexamined(gap.why, gap.start, source.size, do)
    for value in facts.values:
        yield from _value(value, source, here)
    for span in facts.uncovered:
        yield from _uncovered(span, source)


def _value(value: Value, source: Source, here: Here) -> Iterator[Said]:
    if value.is_text and (value.key == _TEMPLATE or value.key.startswith(f"{_TEMPLATE}.")):
        yield from _template(value, source, here)
    elif value.size >= _SHORTEST_TEXT:
        yield Nested(value.key[:200], Slice(source, value.at, value.size), raw=not value.is_text)


def _template(value: Value, source: Source, here: Here) -> Iterator[Said]:
    """https://nvd.nist.gov/vuln/detail/CVE-2024-34359: llama-cpp-python rendered it unrestricted."""
    from modelward.checks.scan.jinja.rules_jinja import judge_template

    if value.size > _LONGEST_TEMPLATE:
        yield here.unexamined(f"a template of {value.size:,} bytes", value.at, value.at + value.size)
        return
    text = source.read(value.at, value.size).decode("utf-8", "replace")
    yield from judge_template(text, here.into(value.key[:200]), value.key[:200])


def _uncovered(span: Span, source: Source) -> Iterator[Said]:
    if not is_zero(source, span.start, span.end):
        inside = Slice(source, span.start, span.end - span.start)
        yield Nested(f"<bytes {span.start}-{span.end}>", inside, raw=span.is_padding)


RULES: tuple[Rule, ...] = tuple(RULE_OF.values())
