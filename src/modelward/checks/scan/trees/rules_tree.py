"""Code in a tree: what a configuration names, what servers import, what merely lies there."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.model import TreeFinding
from modelward.checks.scan.trees.tree import Tree, finding, unexamined
from modelward.core.finding import Rule, Severity

PYTHON_FILE = Rule(
    "python-file",
    Severity.INFO,
    "the model comes with Python code",
    "Code beside weights runs when somebody imports it, or with trust_remote_code.",
    "Read it before you run anything from this folder.",
    ("CWE-829", "AML.T0011.000"),
)
NAMED_CODE = Rule(
    "named-python-code",
    Severity.MEDIUM,
    "the configuration names Python code to be run",
    "auto_map makes transformers import this file when the model is loaded with trust_remote_code=True; a "
    "handler is imported by the server that the model is deployed on.",
    "Read the code, pin its digest, and load the model without trust_remote_code where you can.",
    ("CWE-829", "AML.T0010", "https://huggingface.co/docs/transformers/custom_models"),
)
SCRIPT_FILE = Rule(
    "script-file",
    Severity.INFO,
    "the model comes with a script",
    "No loader runs it, but people do.",
    "Read it before you run it.",
    ("CWE-829",),
)

_HANDLERS = ("handler.py", "code/inference.py", "custom_generate/generate.py")
"""Imported by name: Hugging Face inference endpoints, SageMaker's PyTorch containers, generate(custom_generate=…)."""


def examine_code(tree: Tree) -> Iterator[TreeFinding]:
    """Code that a configuration names, and code that merely lies there."""
    named: dict[str, str] = {}
    for where, notes in sorted(tree.notes.items()):
        paths = notes.code.paths(where)
        missing = [path for path in paths if path not in tree.files]
        named = dict.fromkeys((*paths, *notes.code.paths_if_there(where)), where) | named
        if missing:
            more = f" (and {len(missing) - 1:,} more)" if missing[1:] else ""
            yield finding(where, NAMED_CODE, f"{where} names the code {missing[0]}{more}, which is not in this tree")
        if notes.code.problem:
            yield unexamined(where, notes.code.problem, "find out what code it names")
    for path, file in sorted(tree.files.items()):
        lower = path.lower()
        if path in named or lower in _HANDLERS:
            why = f"{named[path]} names it" if path in named else "servers import it by this name"
            yield finding(path, NAMED_CODE, f"{path} is run when the model is loaded: {why}")
        elif lower.endswith((".py", ".pyc", ".pyw")):
            yield finding(path, PYTHON_FILE, f"{path} is Python code")
        elif "shell-script" in file.formats:
            yield finding(path, SCRIPT_FILE, f"{path} is a script")


RULES: tuple[Rule, ...] = (PYTHON_FILE, NAMED_CODE, SCRIPT_FILE)
