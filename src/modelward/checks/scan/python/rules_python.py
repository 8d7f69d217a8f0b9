"""Python source that comes with a model: what it would run, when, and how well that is hidden.

Starting a program is what many honest scripts do, so that alone is a low finding. What counts is that it happens
by itself when the file is imported or the model is loaded, or that what is run was hidden or fetched.
"""

from __future__ import annotations

from modelward.core.finding import Rule, Severity

_DO = "Do not import this file; read what it runs, and tell whoever published it."
_ATLAS = "AML.T0011.000"
_CUSTOM_CODE = "https://huggingface.co/docs/transformers/custom_models"

HIDDEN_CALL = Rule(
    "python-hidden-call",
    Severity.HIGH,
    "the code reaches a dangerous function by a name that it puts together",
    "Nobody who means to run a program spells its function in pieces, or fetches it by way of a table of names: that "
    "is done to pass a search for its name.",
    _DO,
    ("CWE-506", "CWE-94", _ATLAS),
)
DECODED_CODE = Rule(
    "python-decoded-code",
    Severity.HIGH,
    "the code decodes or downloads other code and runs it",
    "What runs cannot be read here, and what is downloaded can change at any time.",
    _DO,
    ("CWE-506", "CWE-494", "CWE-95", _ATLAS),
)
EMBEDDED_PICKLE = Rule(
    "python-embedded-pickle",
    Severity.MEDIUM,
    "the code unpickles bytes that it carries as a text",
    "A pickle runs what it names; inside a text no scanner of pickles sees it.",
    _DO,
    ("CWE-502", "CWE-506", _ATLAS),
)
SHELL_PAYLOAD = Rule(
    "python-shell-payload",
    Severity.HIGH,
    "the code runs a shell command that attacks the machine",
    "The command fetches and runs a program, opens a shell to another machine, or destroys or plants files.",
    _DO,
    ("CWE-78", "CWE-506", _ATLAS),
)
REVERSE_SHELL = Rule(
    "python-reverse-shell",
    Severity.HIGH,
    "the code connects a program to a network socket",
    "With its input and output on a socket, a shell obeys whoever is at the other end.",
    _DO,
    ("CWE-506", "CWE-912", _ATLAS),
)
DOWNLOADED_PROGRAM = Rule(
    "python-downloaded-program",
    Severity.MEDIUM,
    "the code runs a program that it downloads",
    "What is downloaded can change at any time, and nothing of it was checked.",
    "Find out what it downloads before you run it.",
    ("CWE-494", "CWE-829", _ATLAS),
)
PROCESS_AT_IMPORT = Rule(
    "python-process-at-import",
    Severity.MEDIUM,
    "importing the code, or loading the model with it, starts a program",
    "It happens by itself: at the level of the module, or in a method that the loader calls.",
    "Read the command before you import this file.",
    ("CWE-829", "CWE-78", _ATLAS, _CUSTOM_CODE),
)
UNKNOWN_CODE = Rule(
    "python-unknown-code-at-import",
    Severity.MEDIUM,
    "importing the code runs something that does not stand in it",
    "Code or a command that is read or put together while the module is imported can be anything.",
    "Find out where it comes from before you import this file.",
    ("CWE-95", "CWE-829", _ATLAS, _CUSTOM_CODE),
)
PLANTED_FILE = Rule(
    "python-planted-file",
    Severity.MEDIUM,
    "the code writes where something is run by itself, or deletes everything",
    "What stands in start-up files, schedules and lists of keys acts long after the model is gone.",
    _DO,
    ("CWE-506", "CWE-73", _ATLAS),
)
SECRET_SENT = Rule(
    "python-secret-access",
    Severity.MEDIUM,
    "the code reads secrets of the user and uses the network",
    "Keys, tokens or the environment leave the machine when both come together.",
    _DO,
    ("CWE-200", "CWE-506", "AML.T0055"),
)
SOURCE_ENCODING = Rule(
    "python-source-encoding",
    Severity.MEDIUM,
    "the source declares an encoding in which comments can be code",
    "Python decodes the file before it reads it: in UTF-7 or unicode_escape a comment can contain a line end.",
    "Do not import this file; ask its publisher for one in UTF-8.",
    ("CWE-506", "CWE-176", "https://peps.python.org/pep-0263/"),
)
PROCESS = Rule(
    "python-process",
    Severity.LOW,
    "the code starts programs when it is called",
    "Many scripts do; what they run is worth a look.",
    "Read the command before you run it.",
    ("CWE-78", _ATLAS),
)
DYNAMIC_CODE = Rule(
    "python-dynamic-code",
    Severity.LOW,
    "the code runs Python text, or loads pickles or native code",
    "What that is depends on what it is given.",
    "Find out where the text or the file comes from before you run it.",
    ("CWE-95", "CWE-502", _ATLAS),
)
RULES: tuple[Rule, ...] = (
    HIDDEN_CALL,
    DECODED_CODE,
    EMBEDDED_PICKLE,
    SHELL_PAYLOAD,
    REVERSE_SHELL,
    DOWNLOADED_PROGRAM,
    PROCESS_AT_IMPORT,
    UNKNOWN_CODE,
    PLANTED_FILE,
    SECRET_SENT,
    SOURCE_ENCODING,
    PROCESS,
    DYNAMIC_CODE,
)
