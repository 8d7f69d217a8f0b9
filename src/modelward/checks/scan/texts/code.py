"""Texts inside a pickled state that something on the way in may execute."""

from __future__ import annotations

import re

# Calls, imports and dunder walks: what a payload needs and what prose or a vocabulary rarely has.
_CODE = re.compile(
    r"\b(?:exec|eval|compile|__import__|getattr|open|system|popen|spawn)\s*\("
    r"|\bimport\s+(?:os|sys|subprocess|socket|builtins|importlib|ctypes|pickle|shutil|base64)\b"
    r"|\bfrom\s+(?:os|sys|subprocess|socket|builtins|importlib|ctypes|pickle|shutil)\s+import\b"
    r"|\.__\w+__|__builtins__|\blambda\b[^:\n]{0,60}:.{0,60}\("
)
# One of these is in whatever it matches; looking for them is faster in a long text
_SHORT = 100
_MARKS = "exec eval compile import getattr open system spawn __ lambda".split()


def reads_as_code(text: str) -> bool:
    """Python that does something; a heuristic that only ever adds a finding."""
    if len(text) > _SHORT and not any(mark in text for mark in _MARKS):
        return False
    return _CODE.search(text) is not None


# Formulas of patsy and formulaic: columns, operators, and the functions that they are transformed with
_LITERAL = re.compile(r"(?<!\w)(?:'[^'\\\n]*'|\"[^\"\\\n]*\")")
_FORMULA = re.compile(r"[\w\s~+\-*/:|().,=^<>!%&@\[\]]*")
_FORMULA_NAME = re.compile(r"([^\W\d]\w*(?:\s*\.\s*\w+)*)\s*(\(?)")
_TRANSFORMS = frozenset(
    "C I Q S T bs cr cc te ns center standardize scale poly Poly Treatment Sum Diff Helmert Contrast contr lag "
    "log log2 log10 log1p exp expm1 sqrt abs square sin cos tan tanh sign floor ceil round power maximum minimum "
    "clip where mean median std var sum isnan".split()
)


def is_formula(text: str) -> bool:
    """A formula that calls, of all there is, only what transforms columns."""
    bare = _LITERAL.sub("0", text)
    if not _FORMULA.fullmatch(bare) or "__" in bare:
        return False
    for name, called in _FORMULA_NAME.findall(bare):
        package, dot, function = "".join(name.split()).rpartition(".")
        if (dot and (package not in ("np", "numpy") or function not in _TRANSFORMS)) or (
            called and function not in _TRANSFORMS
        ):
            return False
    return True


# scipy.stats._distn_infrastructure.parse_arg_template, filled in: names, numbers and commas, and
# one method of its own. Anything that could call, subscript or walk attributes does not match.
_NAMES = r"[\w ,=']*"
_TUPLE = rf"\(?{_NAMES}\)?{_NAMES}"
_SCIPY_LINE = re.compile(
    rf"def _parse_args(?:_rvs|_stats)?\(self,{_NAMES}\):"
    rf"|    return (?:self\._argcheck_rvs\({_NAMES}\)|{_TUPLE}(?:, *\({_NAMES}\){_NAMES})?)"
    r"|"
)


def is_scipy_template(text: str) -> bool:
    """The text that scipy's distributions write as _parse_arg_template, and execute again."""
    lines = text.split("\n")
    return "__" not in text and all(_SCIPY_LINE.fullmatch(line) and not _calls(line) for line in lines)


def _calls(line: str) -> bool:
    rest = re.sub(r"def _parse_args\w*\(|self\._argcheck_rvs\(|return \(", "", line)
    return re.search(r"\w\s*\(", rest) is not None
