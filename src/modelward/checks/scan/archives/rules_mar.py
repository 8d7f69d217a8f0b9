"""TorchServe's model archives: a zip or tgz whose manifest names the Python code that the server runs.

https://github.com/pytorch/serve/blob/master/model-archiver/README.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.archives.members import ZipView
from modelward.checks.scan.here import Here, Nested, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.json_tree import LARGEST, NotJson, Object, parse

MANIFEST = "MAR-INF/MANIFEST.json"
_DOCS = "https://github.com/pytorch/serve/blob/master/model-archiver/README.md"
_RUNS = "https://github.com/pytorch/serve/blob/master/docs/custom_service.md"
_FILES = ("serializedFile", "modelFile", "handler", "requirementsFile", "configFile", "sourceVocab")
_BUILT_IN = frozenset(
    "image_classifier image_segmenter object_detector text_classifier text_handler vision_handler densenet_handler "
    "base_handler".split()
)
_ESCAPE = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\~]|^[A-Za-z]:[/\\]|\0")
_SHOWN = 100

HANDLER_CODE = Rule(
    "mar-handler-code",
    Severity.LOW,
    "the archive brings Python code that the server runs",
    "TorchServe imports the handler when it loads the model and calls it for each request, with its own rights.",
    "Read the handler before you serve the model, or ask for one that uses a built-in handler.",
    ("CWE-829", "AML.T0011.000", _RUNS),
)
MISSING_FILE = Rule(
    "mar-missing-file",
    Severity.MEDIUM,
    "the manifest names code that is not in the archive",
    "The server imports a module of that name from wherever it finds one: what runs is not what was published.",
    "Do not serve it; get it again from its publisher.",
    ("CWE-427", "CWE-829", _DOCS),
)
PATH_ESCAPE = Rule(
    "mar-path-escape",
    Severity.HIGH,
    "the manifest names a file outside the archive",
    "The server joins the name to the folder of the model, so it runs or reads a file that it was not sent.",
    "Do not serve it; tell whoever published it.",
    ("CWE-22", "CWE-73", _DOCS),
)
REQUIREMENTS = Rule(
    "mar-requirements",
    Severity.LOW,
    "the server installs packages for this model",
    "Where install_py_dep_per_model is set, TorchServe runs pip on the archive's own list, and installing runs code.",
    "Check the list, and install from a lock file of your own instead.",
    ("CWE-829", "AML.T0010", _DOCS),
)
MANIFEST_FORM = Rule(
    "mar-ambiguous-manifest",
    Severity.MEDIUM,
    "the manifest is not what the archiver writes",
    "Where a key comes twice, or a name is no text, whoever reviews it and the server can see different code.",
    "Do not serve it; get it again from its publisher.",
    ("CWE-436", "CWE-694", _DOCS),
)


def judge_manifest(member: Nested, here: Here) -> Iterator[Said]:
    """What the manifest of a zip or a tar names. Whether it is there, examine_model_archive says."""
    inner = here.into(member.name)
    model = _model(member.source)
    if isinstance(model, str):
        yield inner.unexamined(f"a manifest that names code: {model}")
        return
    for key in _FILES:
        values = [value for value in model.all(key) if value not in (None, "")]
        if len(values) > 1 or not all(isinstance(value, str) for value in values):
            yield inner.finding(MANIFEST_FORM, f"{key} is not one name")
        for value in values:
            yield from _file(key, str(value), inner)


def examine_model_archive(view: ZipView) -> Iterator[Said]:
    """Whether the code that the manifest names is in the archive."""
    names = {member.name for member in view.facts.members}
    for member, source in view.members(MANIFEST):
        model = _model(source)
        if isinstance(model, str):
            continue  # judge_manifest says so
        for key in ("handler", "modelFile"):
            for value in model.all(key):
                if isinstance(value, str) and value and value not in _BUILT_IN and _file_of(value) not in names:
                    message = f"{key} {value[:_SHOWN]!r} is not in the archive"
                    yield view.here.into(member.name).finding(MISSING_FILE, message)


def _model(source: Source) -> Object | str:
    """The description of the model, or why there is none."""
    if source.size > LARGEST:
        return f"it has more than {LARGEST:,} bytes"
    try:
        body = parse(source.read(0, source.size))
    except NotJson as error:
        return str(error)
    models = [item for item in body.all("model") if isinstance(item, Object)] if isinstance(body, Object) else []
    return Object(pair for model in models for pair in model) if models else "it describes no model"


def _file(key: str, name: str, here: Here) -> Iterator[Said]:
    if _ESCAPE.search(name):
        yield here.finding(PATH_ESCAPE, f"{key} is {name[:_SHOWN]!r}")
    elif key == "requirementsFile":
        yield here.finding(REQUIREMENTS, f"the packages of {name[:_SHOWN]!r}")
    elif key == "modelFile" or (key == "handler" and name not in _BUILT_IN):
        yield here.finding(HANDLER_CODE, f"{key} {name[:_SHOWN]!r}")


def _file_of(handler: str) -> str:
    """The server imports the last part of the path, with or without .py, before a colon and a function."""
    module = handler.partition(":")[0].rpartition("/")[2].removesuffix(".py")
    return f"{module}.py"


RULES: tuple[Rule, ...] = (HANDLER_CODE, MISSING_FILE, PATH_ESCAPE, REQUIREMENTS, MANIFEST_FORM)
