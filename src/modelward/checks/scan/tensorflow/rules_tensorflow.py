"""TensorFlow graphs: what their operators do beyond arithmetic.

A graph is a program. The operators that it may consist of are known, and data/tensorflow_ops.txt says which of them
leave it. Those of checkpoints and tables are in every SavedModel: they are judged by the path that reaches them.
The judgement is in examine.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from modelward.core.finding import Rule, Severity

_GUIDE = "https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"
_DO = "Do not load it; ask whoever published it what the operator is for, or take a model without it."

RULE_OF: Mapping[str, Rule] = {
    "python": Rule(
        "tensorflow-python-operator",
        Severity.MEDIUM,
        "the graph calls back into Python",
        "PyFunc calls whatever Python function the loading process has registered under a name. An exported model that "
        "is meant to be shared does without it.",
        _DO,
        ("CWE-94", "AML.T0011.000", _GUIDE),
    ),
    "write": Rule(
        "tensorflow-file-write",
        Severity.HIGH,
        "the graph writes files",
        "It runs with the rights of whoever runs the model, and can so replace any file of theirs.",
        _DO,
        ("CWE-73", "CWE-22", "AML.T0011.000", _GUIDE),
    ),
    "read": Rule(
        "tensorflow-file-read",
        Severity.MEDIUM,
        "the graph reads files",
        "It can read any file of whoever runs the model, and give it back in a prediction.",
        _DO,
        ("CWE-73", "CWE-200", "AML.T0011.000", _GUIDE),
    ),
    "network": Rule(
        "tensorflow-network-operator",
        Severity.MEDIUM,
        "the graph talks to other processes",
        "It can send away what the model is given, or take orders from a server.",
        _DO,
        ("CWE-829", "AML.T0011.000", _GUIDE),
    ),
    "process": Rule(
        "tensorflow-process-operator",
        Severity.MEDIUM,
        "the graph starts or ends processes",
        "A model that computes has no use for it: the server that runs it stops, or another program starts.",
        _DO,
        ("CWE-250", "AML.T0011.000", _GUIDE),
    ),
    "opaque": Rule(
        "tensorflow-opaque-code",
        Severity.MEDIUM,
        "the graph runs code that is not part of it",
        "The operator makes a program of data, or calls native code by name: the graph does not show what it does.",
        _DO,
        ("CWE-94", "CWE-114", "AML.T0011.000", _GUIDE),
    ),
    "save": Rule(
        "tensorflow-checkpoint-write",
        Severity.MEDIUM,
        "a checkpoint is written where the graph says",
        "Every model has such operators, for its saver, which is told the path when it saves. Here the graph brings "
        "the path, or reaches them in another way, and can so replace files of whoever runs it.",
        _DO,
        ("CWE-73", "CWE-22", _GUIDE),
    ),
    "restore": Rule(
        "tensorflow-checkpoint-read",
        Severity.LOW,
        "a checkpoint is read from a place outside the model",
        "Training that starts from another model leaves such a path; it is read if the variables are initialised.",
        "Restore the variables from the model's own checkpoint.",
        ("CWE-73", _GUIDE),
    ),
    "asset": Rule(
        "tensorflow-outside-asset",
        Severity.MEDIUM,
        "a file outside the model's assets is read when it is loaded",
        "Tables are filled from files in the folder of assets. A path that leads elsewhere reads a file of whoever "
        "loads the model, and predictions can give it back.",
        _DO,
        ("CWE-73", "CWE-22", "https://www.tensorflow.org/api_docs/python/tf/saved_model/Asset"),
    ),
    "library": Rule(
        "tensorflow-library-operator",
        Severity.LOW,
        "an operator comes from a library beside TensorFlow",
        "The model needs a native library, which is code: it should come from its publisher, not with the model.",
        "Install the library from its publisher, pinned by its digest.",
        ("CWE-829", "https://www.tensorflow.org/guide/create_op"),
    ),
    "": Rule(
        "tensorflow-unknown-operator",
        Severity.MEDIUM,
        "an operator is none of TensorFlow's",
        "It needs a native library that registers it, and does whatever that library does.",
        "Find out which library it is from, and load no library that comes with a model.",
        ("CWE-829", "CWE-114", "https://www.tensorflow.org/guide/create_op"),
    ),
}

ASSET_ESCAPE = Rule(
    "tensorflow-asset-escape",
    Severity.HIGH,
    "the name of an asset leads out of the model's folder",
    "The loader joins it to the folder of assets and opens what comes out: a file of whoever loads the model.",
    "Do not load it.",
    ("CWE-22", "https://www.tensorflow.org/api_docs/python/tf/saved_model/Asset"),
)
REPEATED_FIELD = Rule(
    "tensorflow-repeated-field",
    Severity.MEDIUM,
    "a part of the graph is there twice where one is meant",
    "Readers take the first, the last, or both: one file is two programs, and only one of them was tested.",
    "Do not use this file; get it again from its publisher.",
    ("CWE-436", "https://protobuf.dev/programming-guides/encoding/#last-one-wins"),
)
UNKNOWN_FIELD = Rule(
    "tensorflow-unknown-field",
    Severity.LOW,
    "the file has a field that the format does not have",
    "TensorFlow ignores it, so it carries data that no check of the format looks at; a newer version may know it.",
    "Find out which program wrote it.",
    ("CWE-436", "https://protobuf.dev/programming-guides/proto3/#unknowns"),
)

RULES: tuple[Rule, ...] = (*RULE_OF.values(), ASSET_ESCAPE, REPEATED_FIELD, UNKNOWN_FIELD)
