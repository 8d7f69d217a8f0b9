"""safetensors: one rule for every invariant of the format.

The format carries no code. What can go wrong is that two readers see two models in one file, that
a careless reader leaves its buffer, or that bytes hide where no tensor is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelward.checks.scan.here import Here, Nested, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.safetensors import Invariant, read_safetensors
from modelward.formats.source import BytesSource, Slice

_SPEC = "https://github.com/huggingface/safetensors#format"
_SHORTEST_TEXT = 32  # no document that does something fits into a shorter one
_DO = "Do not use this file; get it again from its publisher, or have them save it again with the safetensors library."

RULE_OF: Mapping[Invariant, Rule] = {
    Invariant.HEADER_LENGTH: Rule(
        "safetensors-header-length",
        Severity.MEDIUM,
        "the header claims to be longer than the format allows",
        "A reader without the format's limit reserves memory for whatever length the file names.",
        _DO,
        ("CWE-789", _SPEC),
    ),
    Invariant.HEADER_ENCODING: Rule(
        "safetensors-header-encoding",
        Severity.MEDIUM,
        "the header is not UTF-8",
        "Readers replace or drop such bytes in different ways, and then see different tensor names.",
        _DO,
        ("CWE-176", _SPEC),
    ),
    Invariant.HEADER_START: Rule(
        "safetensors-header-start",
        Severity.MEDIUM,
        "the header does not start with an opening brace",
        "The format fixes that byte so that no file can be safetensors and something else at once.",
        _DO,
        ("CWE-436", _SPEC),
    ),
    Invariant.HEADER_JSON: Rule(
        "safetensors-header-json",
        Severity.MEDIUM,
        "the header is not JSON",
        "The library refuses it; a forgiving reader takes from it what it likes, and deep nesting exhausts the stack.",
        _DO,
        ("CWE-20", "CWE-674", _SPEC),
    ),
    Invariant.HEADER_PADDING: Rule(
        "safetensors-header-padding",
        Severity.LOW,
        "the header is padded with something else than spaces",
        "The library reads it, but it did not write it, and stricter readers refuse it.",
        "Save the file again with the safetensors library.",
        ("CWE-20", _SPEC),
    ),
    Invariant.UNIQUE_KEYS: Rule(
        "safetensors-duplicate-key",
        Severity.HIGH,
        "a key occurs twice in the header",
        "Some readers keep the first value and some the last: one file is two models, and only one of them was tested.",
        _DO,
        ("CWE-436", "CWE-694", _SPEC),
    ),
    Invariant.METADATA_TEXT: Rule(
        "safetensors-metadata-type",
        Severity.MEDIUM,
        "the metadata is not a map of text to text",
        "The library refuses such a file; readers that take it can be handed values that they do not expect.",
        _DO,
        ("CWE-20", _SPEC),
    ),
    Invariant.ENTRY_FIELDS: Rule(
        "safetensors-tensor-entry",
        Severity.MEDIUM,
        "an entry of the header does not describe a tensor",
        "The library refuses it; a reader that skips it loads a model with a part missing.",
        _DO,
        ("CWE-20", _SPEC),
    ),
    Invariant.ENTRY_KEYS: Rule(
        "safetensors-unknown-key",
        Severity.LOW,
        "a tensor entry has a key that the format does not have",
        "The library ignores it, so it carries data that no check of the format looks at.",
        "Find out which program wrote it, and save the file again without the key.",
        ("CWE-20", _SPEC),
    ),
    Invariant.KNOWN_DTYPE: Rule(
        "safetensors-unknown-dtype",
        Severity.LOW,
        "a tensor has a type that the format does not have",
        "Its size cannot be checked, so it may reach beyond its own bytes. Newer versions of the format may know it.",
        "Update modelward; if the type stays unknown, ask whoever published the file what wrote it.",
        ("CWE-20", _SPEC),
    ),
    Invariant.SHAPE: Rule(
        "safetensors-invalid-shape",
        Severity.MEDIUM,
        "a tensor's shape is not a list of whole numbers",
        "Negative and fractional dimensions end in wrong sizes wherever they are not refused.",
        _DO,
        ("CWE-1284", _SPEC),
    ),
    Invariant.SIZE_OVERFLOW: Rule(
        "safetensors-size-overflow",
        Severity.HIGH,
        "a tensor's size overflows 64 bits",
        "A reader that multiplies without checking gets a small number, and then leaves its buffer.",
        _DO,
        ("CWE-190", "CWE-125", _SPEC),
    ),
    Invariant.WHOLE_BYTES: Rule(
        "safetensors-partial-byte",
        Severity.MEDIUM,
        "a tensor does not end at a whole byte",
        "Elements of 4 and 6 bits must fill whole bytes; readers that round differently read different bytes.",
        _DO,
        ("CWE-131", _SPEC),
    ),
    Invariant.OFFSETS: Rule(
        "safetensors-invalid-offsets",
        Severity.HIGH,
        "a tensor's offsets are not a beginning and an end",
        "A reader that subtracts without checking gets a huge or negative length, and then leaves its buffer.",
        _DO,
        ("CWE-125", "CWE-1284", _SPEC),
    ),
    Invariant.SIZE: Rule(
        "safetensors-size-mismatch",
        Severity.HIGH,
        "a tensor's bytes are more or fewer than its shape needs",
        "A reader that trusts the shape reads beyond the tensor's bytes; one that trusts the offsets sees others.",
        _DO,
        ("CWE-125", "CWE-130", _SPEC),
    ),
    Invariant.NO_OVERLAP: Rule(
        "safetensors-overlapping-tensors",
        Severity.MEDIUM,
        "two tensors share bytes",
        "Small files can so name huge tensors, and a tensor changed in place changes another.",
        _DO,
        ("CWE-20", _SPEC),
    ),
    Invariant.NO_HOLE: Rule(
        "safetensors-uncovered-bytes",
        Severity.MEDIUM,
        "bytes between the tensors belong to none of them",
        "The format forbids holes, since another file can hide in one.",
        _DO,
        ("CWE-436", _SPEC),
    ),
    Invariant.NO_TRAILER: Rule(
        "safetensors-trailing-bytes",
        Severity.MEDIUM,
        "bytes follow the last tensor",
        "The format forbids them, since another file can follow: a zip archive, for example, is read from its end.",
        _DO,
        ("CWE-436", _SPEC),
    ),
}


def examine_safetensors(source: Source, here: Here) -> Iterator[Said]:
    """Says every violation and gap, and hands on the bytes that belong to no tensor, and the texts of the metadata."""
    facts = read_safetensors(source, here.limits)
    for violation in facts.violations:
        yield here.finding(RULE_OF[violation.invariant], violation.message, violation.start, violation.end)
    for gap in facts.gaps:
        do = "Download it again and compare its sha256." if gap.cut_short else ""
        yield here.unexamined(gap.why, gap.start, source.size, do)
    for start, end in facts.uncovered:
        yield Nested(f"<bytes {start}-{end}>", Slice(source, start, end - start), raw=True)
    for key, value in facts.metadata.items():
        if len(value) >= _SHORTEST_TEXT:  # programs keep configurations and templates there, and read them again
            yield Nested(f"<metadata {ascii(key[:100])[1:-1]}>", BytesSource(value.encode("utf-8", "backslashreplace")))


RULES: tuple[Rule, ...] = tuple(RULE_OF.values())
