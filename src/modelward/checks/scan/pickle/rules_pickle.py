"""pickle: what may be called, named or changed while a stream is loaded.

How a name is judged: data/callables.txt. How the rules apply it: judge.py.
"""

from __future__ import annotations

from modelward.core.finding import Rule, Severity

_PICKLE = ("CWE-502", "AML.T0010", "AML.T0011.000", "https://docs.python.org/3/library/pickle.html")
_REFUSE = "Do not load it. Remove it, and tell whoever published it."
_ASK = "Load it only if you trust its publisher as you would trust a program; ask for safetensors instead."

DANGEROUS_CALL = Rule(
    "pickle-dangerous-call",
    Severity.CRITICAL,
    "loading this file runs a call that harms",
    "pickle.load makes this call before it returns; nothing of the model has to be used.",
    _REFUSE,
    _PICKLE,
)
DANGEROUS_NAME = Rule(
    "pickle-dangerous-name",
    Severity.HIGH,
    "the file imports a name that no model needs",
    "The name is known to run code, commands or further pickles, or leads to one that does. What is "
    "imported can be called in ways that cannot be seen from here.",
    _REFUSE,
    _PICKLE,
)
UNLISTED_STDLIB = Rule(
    "pickle-unlisted-stdlib-name",
    Severity.HIGH,
    "the file imports a standard-library name outside the allow-list",
    "The standard library is on every machine and full of functions that run what they are given, so only "
    "names that have been read and found harmless are allowed.",
    "Do not load it. If the name is harmless, report it as a false alarm so that it can be listed.",
    _PICKLE,
)
ATTRIBUTE_WALK = Rule(
    "pickle-attribute-walk",
    Severity.HIGH,
    "the file reaches through a module to something else",
    "A dotted name walks attributes: through another module's imports, or dunder names, it reaches any function.",
    _REFUSE,
    (*_PICKLE, "https://github.com/advisories/GHSA-5j3x-jp52-966f"),
)
COMPUTED_NAME = Rule(
    "pickle-computed-name",
    Severity.HIGH,
    "the file computes the name that it imports",
    "No pickler writes this; it hides from scanners what is imported.",
    _REFUSE,
    _PICKLE,
)
COMPUTED_CALL = Rule(
    "pickle-computed-call",
    Severity.HIGH,
    "the file calls something that it computed",
    "The callee is the result of another call, so what runs cannot be told from the file alone.",
    _REFUSE,
    _PICKLE,
)
GLOBAL_CHANGE = Rule(
    "pickle-global-change",
    Severity.HIGH,
    "the file changes an imported object",
    "State set on a class, function or module stays in the process and redirects code that runs later.",
    _REFUSE,
    _PICKLE,
)
PLANTED_METHOD = Rule(
    "pickle-planted-method",
    Severity.HIGH,
    "the file gives an object a method to be called later",
    "The unpickler, or the interpreter, looks these attributes up and calls them: a call without a call opcode.",
    _REFUSE,
    _PICKLE,
)
LATE_CHANGE = Rule(
    "pickle-late-change",
    Severity.HIGH,
    "an object is changed after its state was set",
    "Picklers set the state last. A change after it runs the object's own methods on whatever the file put there, "
    "functions included.",
    _REFUSE,
    ("CWE-915", *_PICKLE, "https://docs.python.org/3/library/pickle.html#object.__reduce__"),
)
UNSOUND_DTYPE = Rule(
    "pickle-unsound-dtype",
    Severity.HIGH,
    "a numpy type misstates what its elements are",
    "numpy believes the flags and offsets of a pickled dtype: numbers of the file become addresses of objects, or "
    "fields lie outside the array.",
    _REFUSE,
    (
        "CWE-843",
        "CWE-125",
        *_PICKLE,
        "https://github.com/numpy/numpy/blob/v2.4.0/numpy/_core/src/multiarray/descriptor.c",
    ),
)
EXECUTED_STATE = Rule(
    "pickle-executed-state",
    Severity.CRITICAL,
    "the file holds a text that the class executes when it is restored",
    "The class hands this part of its state to exec; what stands there is not what its library writes.",
    _REFUSE,
    _PICKLE,
)
EXTENSION_CODE = Rule(
    "pickle-extension-code",
    Severity.HIGH,
    "the file uses the extension registry",
    "An extension code stands for whatever copyreg has registered, which the same stream can do first.",
    _REFUSE,
    _PICKLE,
)
FRAME_CUT = Rule(
    "pickle-frame-cut",
    Severity.HIGH,
    "a frame of the pickle ends where it cannot",
    "Python's own readers go on at different bytes from there, so one file is two programs. No pickler writes this.",
    _REFUSE,
    (*_PICKLE, "https://peps.python.org/pep-3154/#framing"),
)
ENDLESS_HASH = Rule(
    "pickle-endless-hash",
    Severity.MEDIUM,
    "a key or an element of a set whose hash takes for ever",
    "A hundred bytes of tuples that hold each other keep a loader busy without end. No pickler writes such a key.",
    _REFUSE,
    (*_PICKLE, "CWE-407"),
)
ODD_ARGUMENT = Rule(
    "pickle-odd-argument",
    Severity.MEDIUM,
    "a harmless function gets an argument that no pickler passes",
    "The function is harmless with the arguments that libraries write; with this one it may call, import or open "
    "what it is given.",
    _ASK,
    _PICKLE,
)
UNKNOWN_FUNCTION = Rule(
    "pickle-unknown-function",
    Severity.MEDIUM,
    "loading this file calls a function that is not known here",
    "What the function does with these arguments is not known, and it runs before pickle.load returns.",
    _ASK,
    _PICKLE,
)
UNKNOWN_CLASS_TEXT = Rule(
    "pickle-unknown-class-text",
    Severity.MEDIUM,
    "a class that is not known here is called with free text",
    "Its constructor runs while the file is loaded; with text it may be made to open, run or import something.",
    _ASK,
    _PICKLE,
)
CODE_TEXT = Rule(
    "pickle-code-text",
    Severity.MEDIUM,
    "an object of unknown class is given a text that reads as Python code",
    "Classes that compile or execute part of their state when they are restored turn such a text into a program.",
    _ASK,
    _PICKLE,
)
UNKNOWN_CLASS = Rule(
    "pickle-unknown-class",
    Severity.LOW,
    "the file makes an object of a class that is not known here",
    "Its __new__, __setstate__ or constructor runs with what the file gives it, and importing its module runs that.",
    "Check that the class belongs to the library the model was made with.",
    _PICKLE,
)
PERSISTENT_ID = Rule(
    "pickle-persistent-id",
    Severity.LOW,
    "the file asks its loader for objects by a persistent id",
    "What these are is decided by the program that loads it; pickle.load alone refuses the file.",
    "Find out which program is meant to load it.",
    _PICKLE,
)
ARRAY_FILE = Rule(
    "pickle-array-file",
    Severity.LOW,
    "the file takes an array from another file",
    "joblib before 0.10 loads the named file, beside this one, as part of it; that file can hold pickles too.",
    "Examine the whole folder, and save the model again with a current joblib.",
    (*_PICKLE, "CWE-610"),
)
CODE_FORMAT = Rule(
    "code-capable-format",
    Severity.INFO,
    "the format can carry code",
    "Loading it safely rests on what this scan knows. Formats that hold only numbers and names need no such trust.",
    "Convert weights to safetensors where you can.",
    _PICKLE,
)

RULES: tuple[Rule, ...] = (
    DANGEROUS_CALL,
    DANGEROUS_NAME,
    UNLISTED_STDLIB,
    ATTRIBUTE_WALK,
    COMPUTED_NAME,
    COMPUTED_CALL,
    GLOBAL_CHANGE,
    PLANTED_METHOD,
    LATE_CHANGE,
    UNSOUND_DTYPE,
    EXECUTED_STATE,
    EXTENSION_CODE,
    ENDLESS_HASH,
    FRAME_CUT,
    ODD_ARGUMENT,
    UNKNOWN_FUNCTION,
    UNKNOWN_CLASS_TEXT,
    CODE_TEXT,
    UNKNOWN_CLASS,
    PERSISTENT_ID,
    ARRAY_FILE,
    CODE_FORMAT,
)
