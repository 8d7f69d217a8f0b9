"""What a conversion came to: lines for people, canonical JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.core import canonical
from modelward.core.conversion import ConversionResult, LeftBehind
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count

_MOST = 20
_TONES = {0: "good", 1: "bad", 3: "open"}


def lines(result: ConversionResult) -> Iterator[Line]:
    """The last line holds the answer."""
    if result.refused:
        yield Line("", f"refused: {visible(result.refused)} (exit 1)", "bad")
        return
    for each in result.left_out[:_MOST]:
        yield Line("left out  ", visible(f"{_place(each)}: {each.what}"))
    if len(result.left_out) > _MOST:
        yield Line("left out  ", f"{len(result.left_out) - _MOST:,} more: --format json, or the statement, names them")
    for names in result.shared[:_MOST]:
        yield Line("copied    ", visible(f"{', '.join(names[:5])}: one tensor in the input, equal copies now"))
    yield Line("output    ", f"{visible(result.output)}, {result.bytes:,} bytes, {result.digest}")
    yield answer(result)


def answer(result: ConversionResult) -> Line:
    code = result.exit_code
    if code == 1:
        return next(lines(result))
    left = f", {count(len(result.left_out), 'thing')} left out" if result.left_out else ""
    text = f"converted: {count(result.tensors, 'tensor')}, equal byte by byte{left}; nothing was executed (exit {code})"
    return Line("", text, _TONES[code])


def _place(each: LeftBehind) -> str:
    return " > ".join(part for part in (each.file, each.path or "the whole") if part)


def machine(result: ConversionResult) -> bytes:
    """Canonical JSON, ends with a line break."""
    body = {
        "schema": "modelward/convert/1",
        "target": sound(result.label),
        "output": sound(result.output),
        "outcome": {0: "converted", 1: "refused", 3: "incomplete"}[result.exit_code],
        "refused": sound(result.refused),
        "inputs": {sound(path): str(digest) for path, digest in (result.inputs or {}).items()},
        "digest": None if result.digest is None else str(result.digest),
        "tensors": result.tensors,
        "bytes": canonical.integer(result.bytes),
        "left_out": [
            {"file": sound(each.file), "path": sound(each.path), "what": sound(each.what)} for each in result.left_out
        ],
        "shared": [[sound(name) for name in names] for names in result.shared],
    }
    return canonical.encode(body) + b"\n"
