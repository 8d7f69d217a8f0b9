"""Rules that need names: about the files of a tree beside each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from modelward.checks.scan.model import FileScan, TreeFinding
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

_NAMING_KEYS = ("auto_map", "custom_pipelines", "custom_pipeline")
_HANDLERS = ("handler.py", "code/inference.py")
"""Imported by name: Hugging Face inference endpoints and SageMaker's PyTorch containers."""


def examine_tree(files: Mapping[str, FileScan], configurations: Mapping[str, bytes]) -> Iterator[TreeFinding]:
    """*files* by escaped path; *configurations* are the bytes of the JSON files that may name code."""
    named = dict(_named_code(configurations))
    for path, file in sorted(files.items()):
        lower = path.lower()
        if path in named or lower in _HANDLERS:
            why = f"{named[path]} names it" if path in named else "servers import it by this name"
            yield _finding(path, NAMED_CODE, f"{path} is run when the model is loaded: {why}")
        elif lower.endswith((".py", ".pyc", ".pyw")):
            yield _finding(path, PYTHON_FILE, f"{path} is Python code")
        elif "shell-script" in file.formats:
            yield _finding(path, SCRIPT_FILE, f"{path} is a script")
    for path, where in sorted(named.items()):
        if path not in files:
            message = f"{where} names the code {path}, which is not in this tree"
            yield _finding(where, NAMED_CODE, message)
    if not files:
        yield TreeFinding("", Unexamined(Location(None), "there is no file to examine"))


def _finding(path: str, rule: Rule, message: str) -> TreeFinding:
    return TreeFinding(path, Finding(rule, Location(None), message))


def _named_code(configurations: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """(path of the code, path of the configuration): auto_map values like "modeling_x.XModel", or
    "org/repository--modeling_x.XModel" for code of another repository."""
    for where, raw in sorted(configurations.items()):
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            continue  # the scan of the file itself says that it is no JSON
        folder = where.rpartition("/")[0]
        for target in _auto_map(body):
            module = target.rpartition(".")[0]
            if module:
                path = module.replace(".", "/") + ".py" if "--" not in module else module
                yield (f"{folder}/{path}" if folder and "--" not in module else path), where


def _auto_map(body: object) -> Iterator[str]:
    """Texts below a key that names code, at any depth."""
    todo = [(body, False)]
    while todo:
        value, named = todo.pop()
        if isinstance(value, dict):
            todo += [(item, named or key in _NAMING_KEYS) for key, item in value.items()]
        elif isinstance(value, list):
            todo += [(item, named) for item in value]
        elif named and isinstance(value, str):
            yield value


RULES: tuple[Rule, ...] = (PYTHON_FILE, NAMED_CODE, SCRIPT_FILE)
