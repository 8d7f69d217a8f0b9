"""GGML, the formats before GGUF: they carry no code, and their readers trust them blindly."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.ggml import is_whole

OLD_FORMAT = Rule(
    "ggml-legacy-format",
    Severity.INFO,
    "the model is in a format that GGUF has replaced",
    "Its readers check neither lengths nor shapes; whatever they are told, they allocate and copy.",
    "Prefer a GGUF of the same model where there is one.",
    ("CWE-125", "CWE-787", "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"),
)


def examine_ggml(source: Source, here: Here) -> Iterator[Said]:
    """Nothing is said of a file that is tensors of a known layout to its very end."""
    yield here.finding(OLD_FORMAT, "a GGML file", 0, 4)
    if not is_whole(source, here.limits):
        yield here.unexamined("a GGML file that is cut off, or of a layout that is not known")


RULES: tuple[Rule, ...] = (OLD_FORMAT,)
