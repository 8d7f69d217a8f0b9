"""Rules that need names: about the files of a tree beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelward.checks.scan.model import FileScan, TreeFinding
from modelward.checks.scan.naming import Naming
from modelward.core.finding import Finding, Location, Rule, Severity, Unexamined

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

_HANDLERS = ("handler.py", "code/inference.py")
"""Imported by name: Hugging Face inference endpoints and SageMaker's PyTorch containers."""


def examine_tree(files: Mapping[str, FileScan], configurations: Mapping[str, Naming]) -> Iterator[TreeFinding]:
    """*files* by escaped path, and by the same paths what naming.code_named_in says of the *configurations*."""
    named: dict[str, str] = {}
    for where, naming in sorted(configurations.items()):
        missing = [path for path in naming.paths(where) if path not in files]
        named = dict.fromkeys(naming.paths(where), where) | named
        if missing:
            more = f" (and {len(missing) - 1:,} more)" if missing[1:] else ""
            yield _finding(where, NAMED_CODE, f"{where} names the code {missing[0]}{more}, which is not in this tree")
        if naming.problem:
            yield TreeFinding(where, Unexamined(Location(None), naming.problem, "find out what code it names"))
    for path, file in sorted(files.items()):
        lower = path.lower()
        if path in named or lower in _HANDLERS:
            why = f"{named[path]} names it" if path in named else "servers import it by this name"
            yield _finding(path, NAMED_CODE, f"{path} is run when the model is loaded: {why}")
        elif lower.endswith((".py", ".pyc", ".pyw")):
            yield _finding(path, PYTHON_FILE, f"{path} is Python code")
        elif "shell-script" in file.formats:
            yield _finding(path, SCRIPT_FILE, f"{path} is a script")
    if not files:
        yield TreeFinding("", Unexamined(Location(None), "there is no file to examine"))


def _finding(path: str, rule: Rule, message: str) -> TreeFinding:
    return TreeFinding(path, Finding(rule, Location(None), message))


RULES: tuple[Rule, ...] = (PYTHON_FILE, NAMED_CODE, SCRIPT_FILE)
