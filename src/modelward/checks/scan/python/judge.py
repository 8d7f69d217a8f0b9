"""Judges Python source by what it calls, when, and where that came from."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import pairwise

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.python import rules_python as rules
from modelward.checks.scan.python.calls import (
    automatic,
    callees,
    command_of,
    handed,
    is_assembled,
    labels,
    plain,
    reaches,
    shown,
)
from modelward.checks.scan.python.marks import (
    ARCHIVE,
    ASSIGNS,
    ENVIRONMENT,
    HANDED_ON,
    LISTS_ALL,
    LOADS_YAML,
    LOOKS_AT,
    does_something,
    is_known_code,
    keeps_ascii,
    only_compiles,
    plants,
    tells_version,
)
from modelward.checks.scan.python.names import (
    DECODES,
    DOWNLOADS,
    EXECUTES,
    FILE_LOADERS,
    HOOKS,
    NATIVE,
    NETWORK,
    PROCESS,
    SECRETS,
    SENDS,
    UNPICKLES,
    is_ordinary_command,
)
from modelward.checks.scan.python.reached import MODULES, function_of, leads_elsewhere, runs_by_itself, walks_inside
from modelward.checks.scan.texts.shell import payloads
from modelward.core.artifact import Source
from modelward.core.finding import Rule
from modelward.formats.decoded import Decoded
from modelward.formats.python_code import Call, Code, read_code
from modelward.formats.python_tokens import NotPython, Unfinished
from modelward.formats.python_values import Expr
from modelward.formats.source import Budget, BytesSource

LARGEST = 1 << 19
_COOKIE_LINES = 1_000
_MOST_CALLS = 20_000
_MOST_INNER, _LEAST_INNER = 1 << 20, 500  # characters of texts that are executed; none costs less
_SHOWN = 120
_DEEPEST = 3
_LONGEST_COMMAND = 10_000
_LONGEST_PTH = 1 << 16
_COOKIE = re.compile(r"\A(?:[ \t\f]*(?:#[^\n]*)?\r?\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
_PLAIN_ENCODINGS = re.compile(
    r"utf[-_]?8(?:[-_]sig)?|(?:us[-_]?)?ascii|latin[-_]?\d+|(?:iso[-_]?)?8859[-_]\d+|iso[-_]?8859[-_]?\d+|cp\d+|windows[-_]\d+"
    r"|gbk|gb2312|gb18030|big5\w*|shift[-_]?jis\w*|s_?jis|euc[-_]?\w\w|koi8[-_]\w|mac[-_]?\w+"
)
_PATH_LINE = re.compile(r"[^\s=(){}\[\]\"';]*")
_OBJECT_WALK = re.compile(r"__(?:base|bases|mro)__.*__subclasses__")


def examine_python(source: Source, here: Here) -> Iterator[Said]:
    """A text that Python compiles; any other is none of its business. A text that is too long to be read to the
    end is a gap if it is Python so far."""
    raw = source.read(0, LARGEST + 1)
    decoded = Decoded(raw[:LARGEST], _declared(raw[:_COOKIE_LINES]))
    text = decoded.text if len(raw) <= LARGEST else decoded.text[: decoded.text.rfind("\n") + 1]
    cookie = _COOKIE.match(text)
    if cookie and not (_PLAIN_ENCODINGS.fullmatch(cookie[1].lower()) and keeps_ascii(cookie[1])):
        message = f"the source declares the encoding {cookie[1]}"
        yield here.finding(rules.SOURCE_ENCODING, message, *map(decoded.byte, cookie.span(1)))
    try:
        code = read_code(_executed_lines(text) or text, _MOST_CALLS)
    except Unfinished:
        if len(raw) > LARGEST and ASSIGNS.match(text) and does_something(source, 0):
            yield here.unexamined("Python source that is too long to be read to its end")
        return
    except NotPython:
        return
    if code.calls or code.returned or code.values:
        yield from Judge(code, decoded, here).run()
    known = bool(code.calls or code.imports)
    begins = bool(text) or ASSIGNS.match(decoded.text) is not None
    if (len(raw) > LARGEST or not code.complete) and (known or (begins and does_something(source, code.stopped))):
        yield here.unexamined("Python source that is too long to be read to its end")


def _declared(head: bytes) -> str:
    """The encoding that the source declares, if it is one that Python knows."""
    found = _COOKIE.match(head.decode("latin-1"))
    if found is None or not _PLAIN_ENCODINGS.fullmatch(found[1].lower()):
        return "latin-1"
    try:
        return codecs.lookup(found[1]).name
    except LookupError:
        return "latin-1"


def _executed_lines(text: str) -> str:
    """Of a path configuration file (.pth) the lines that Python runs when it starts, every other one blank; of any
    other text nothing. https://docs.python.org/3/library/site.html"""
    lines = text[:_LONGEST_PTH].split("\n")
    code = [line.startswith(("import ", "import\t")) for line in lines]
    others = [line for line, runs in zip(lines, code, strict=True) if not runs and not line.startswith("#")]
    if len(text) > _LONGEST_PTH or not any(code) or not any(others) or not all(map(_PATH_LINE.fullmatch, others)):
        return ""
    return "\n".join(line if runs else " " * len(line) for line, runs in zip(lines, code, strict=True))


class Judge:
    """One for each text; what is executed as a text inside it is judged by another."""

    def __init__(self, code: Code, decoded: Decoded, here: Here, outer: Judge | None = None, base: int = 0) -> None:
        self._code, self._decoded, self._here = code, decoded, here
        self._depth: int = outer._depth + 1 if outer else 0
        self._inner_left: Budget = outer._inner_left if outer else Budget(_MOST_INNER)
        self._base = base if outer else None
        self._executed: set[str] = set()
        self._fetched: dict[str, tuple[bool, set[str]]] = {}
        self._said: set[tuple[Rule, str]] = set()
        self._automatic = automatic(code)
        self._names = {call.callee.name for call in code.calls}

    def run(self) -> Iterator[Said]:
        for call in self._code.calls:
            for callee, args in (*callees(call), *handed(call.args)):
                yield from self._call(callee, args, call)
            yield from self._secrets(call)
            if (written := plants(call)) and self._when(call):
                yield from self._say(rules.PLANTED_FILE, written, call.callee.name, call.args, call)
            yield from self._spelt(call)
        for handed_on in self._code.values:
            yield from self._value(handed_on)
        for function, value, at in self._code.returned:
            call = Call(Expr(), [], at, at + 1, function, False)
            for callee, args in handed([value]) if function in HOOKS else ():
                yield from self._call(callee, args, call)
        for target, value, at in self._code.patches:
            if target[:1] not in ("?", "") and (value.name in PROCESS or value.name in EXECUTES):
                call = Call(Expr(), [], at, at + 1, "", False)
                yield from self._say(rules.HIDDEN_CALL, f"{target} becomes {plain(value.name)}", target, [value], call)
        yield from self._sockets()

    def _call(self, callee: Expr, args: list[Expr], call: Call) -> Iterator[Said]:
        name = function_of(callee.name) if args or callee is not call.callee else callee.name
        grave = name in PROCESS or name in EXECUTES or name in NATIVE
        inside = walks_inside(name) or leads_elsewhere(name) or name in LISTS_ALL
        if _OBJECT_WALK.search(name) or (inside and self._when(call)):
            message = "it walks through the inside of Python's objects to what it calls"
            yield from self._say(rules.HIDDEN_CALL, message, name, args, call, once="walk")
        if grave and (callee.computed or (callee is call.callee and not args)) and name != "builtins.compile":
            yield from self._say(
                rules.HIDDEN_CALL, f"{plain(name)} is reached by a name that is put together", name, args, call
            )
        if name in PROCESS:
            yield from self._process(name, args, call)
        elif name in EXECUTES:
            yield from self._execution(name, args, call)
        elif name in LOADS_YAML and args and args[0].text is not None:
            yield Nested(f"<yaml at {self._place(call)[0]}>", BytesSource(args[0].text.encode("utf-8", "replace")))
        elif name in UNPICKLES:
            yield from self._unpickling(name, args, call)
        elif name in NATIVE:
            yield from self._say(rules.DYNAMIC_CODE, f"{plain(name)} loads native code", name, args, call)
        elif name == "builtins.getattr" or name.endswith(".__getattribute__"):
            yield from self._chosen(name, args, call)
        elif name in FILE_LOADERS and self._when(call) == "on import":
            yield from self._file_loaded(name, args, call)
        elif (does := runs_by_itself(name)) and self._when(call) == "on import" and not only_compiles(does, args):
            yield from self._say(rules.UNKNOWN_CODE, f"{plain(name)} {does} on import", name, args, call)

    def _chosen(self, name: str, args: list[Expr], call: Call) -> Iterator[Said]:
        """An attribute of a module that has everything, by a name that does not stand there."""
        owner = args[0].name if len(args) > 1 and args[1].text is None else name.removesuffix(".__getattribute__")
        if owner in MODULES and self._when(call):
            message = f"takes something from {owner} by a name that is not written down"
            yield from self._say(rules.HIDDEN_CALL, message, name, args, call)

    def _file_loaded(self, name: str, args: list[Expr], call: Call) -> Iterator[Said]:
        """A module that is loaded from a file, or a folder of such, that was downloaded or is no source."""
        texts = [part.text for arg in args for part in arg.walk() if part.text is not None]
        beside = self._downloads_beside(args, call)
        folders = [text.rstrip("/") + "/" for text in texts if len(text) > 1]
        told = self._fetched.get(call.function, (False, set()))[1]
        if reaches(args, DOWNLOADS) or beside or any(label.startswith(folder) for folder in folders for label in told):
            yield from self._say(rules.DECODED_CODE, f"{name} takes code that was downloaded", name, args, call)
        elif name == "zipimport.zipimporter" or (
            not name.startswith("sys.") and len(texts) > 1 and not any(text.endswith((".py", ".pyi")) for text in texts)
        ):
            yield from self._say(rules.UNKNOWN_CODE, f"{name} loads a module on import", name, args, call)
        elif name.startswith("sys.") and any(ARCHIVE.search(text) for text in texts):
            yield from self._say(rules.UNKNOWN_CODE, f"{name} lets modules come out of a file", name, args, call)

    def _spelt(self, call: Call) -> Iterator[Said]:
        """The name of a function that runs things, handed over as a text for something to look it up."""
        for arg in call.args if self._when(call) else ():
            for part in arg.walk():
                spelt = (part.text or "")[:100].replace(":", ".")
                if spelt in PROCESS or spelt in EXECUTES:
                    message = f"{spelt} is named in a text, for {plain(call.callee.name)} to find it"
                    yield from self._say(rules.HIDDEN_CALL, message, call.callee.name, call.args, call)

    def _value(self, value: Call) -> Iterator[Said]:
        """A function or module that is handed on, for something else to call it."""
        name = function_of(value.callee.name)
        if value.inside in LOOKS_AT or not self._when(value):
            return
        if (name in MODULES and value.inside) or name in HANDED_ON:
            message = f"{plain(name)} is handed on to be called"
            yield from self._say(rules.HIDDEN_CALL, message, value.inside or name, [value.callee], value)

    def _process(self, name: str, args: list[Expr], call: Call) -> Iterator[Said]:
        command, complete = command_of(args)
        for does, _ in payloads(command[:_LONGEST_COMMAND]):
            yield from self._say(rules.SHELL_PAYLOAD, f"{plain(name)} {does}", name, args, call)
        if reaches(args, DOWNLOADS) or self._downloads_beside(args, call):
            yield from self._say(rules.DOWNLOADED_PROGRAM, f"{plain(name)} runs what was downloaded", name, args, call)
        elif reaches(args, DECODES):
            yield from self._say(rules.DECODED_CODE, f"{plain(name)} runs a command that was decoded", name, args, call)
        yield from self._python_argument(args, call)
        when = self._when(call)
        odd = when.startswith("in __") and call.function not in HOOKS
        if (when == "on import" or odd) and not complete and not tells_version(args):
            message = f"{plain(name)} runs on import what does not stand there"
            yield from self._say(rules.UNKNOWN_CODE, message, name, args, call)
        elif when and complete and not is_ordinary_command(command):
            yield from self._say(
                rules.PROCESS_AT_IMPORT, f"{plain(name)} runs {command[:_SHOWN]} {when}", name, args, call
            )
        yield from self._say(rules.PROCESS, f"{plain(name)} starts a program", name, args, call, once=name)

    def _when(self, call: Call) -> str:
        if call.imported:
            return "on import"
        if call.derived and call.function not in self._automatic:
            return f"in {call.function}, which a library can call"
        return self._automatic.get(call.function, "") if call.function else ""

    def _execution(self, name: str, args: list[Expr], call: Call) -> Iterator[Said]:
        first = args[:1]
        from_file = name.startswith(("runpy.run_path", "imp."))
        fetched = reaches(first, DOWNLOADS) or (from_file and self._downloads_beside(args, call))
        if reaches(first, DECODES) or fetched or is_assembled(first):
            message = f"{plain(name)} runs what was decoded, downloaded or put together"
            yield from self._say(rules.DECODED_CODE, message, name, args, call)
        if first and first[0].text is not None and not from_file:
            yield from self._inner(first[0].text, call)
        elif first and self._when(call) == "on import" and not is_known_code(name, first[0]):
            yield from self._say(rules.UNKNOWN_CODE, f"{plain(name)} runs code on import", name, args, call)
        elif first:
            yield from self._say(rules.DYNAMIC_CODE, f"{plain(name)} runs code", name, args, call, once=name)

    def _python_argument(self, args: list[Expr], call: Call) -> Iterator[Said]:
        """python -c "..." """
        words = [part for arg in args[:1] for part in (arg.parts if arg.literal else ())]
        for before, after in pairwise(words):
            if before.text == "-c" and after.text is not None:
                yield from self._inner(after.text, call)

    def _inner(self, text: str, call: Call) -> Iterator[Said]:
        """A text that is executed is source, too."""
        if text in self._executed:
            return
        self._executed.add(text)
        if self._depth >= _DEEPEST or not self._inner_left.spend(len(text) + _LEAST_INNER):
            yield self._here.unexamined("code in texts, too deep or too much to be followed", *self._place(call))
            return
        try:
            code = read_code(text, _MOST_CALLS, self._code.names)
        except NotPython:
            return
        for inner in code.calls:
            inner.imported = inner.imported and bool(self._when(call))
        yield from Judge(code, self._decoded, self._here, self, self._place(call)[0]).run()

    def _unpickling(self, name: str, args: list[Expr], call: Call) -> Iterator[Said]:
        text = args[0].text if args else None
        if text is not None and name.endswith("loads"):
            at = self._place(call)[0]
            yield Nested(f"<pickle at {at}>", BytesSource(text.encode("latin-1", "replace")), raw=True)
        long = (part.text for arg in args for part in arg.walk() if part.text is not None)
        if reaches(args, DECODES) and any(len(part) >= 24 for part in long):
            yield from self._say(
                rules.EMBEDDED_PICKLE, f"{plain(name)} loads bytes that stand in the source", name, args, call
            )
        elif reaches(args, DOWNLOADS) and name.endswith(".loads"):
            yield from self._say(rules.DECODED_CODE, f"{plain(name)} loads what was downloaded", name, args, call)
        else:
            yield from self._say(rules.DYNAMIC_CODE, f"{plain(name)} loads pickles", name, args, call, once=name)

    def _downloads_beside(self, args: list[Expr], call: Call) -> bool:
        """The same function fetches something, and makes it executable or names it again."""
        if not self._names & DOWNLOADS:
            return False
        if call.function not in self._fetched:
            beside = [other for other in self._code.calls if other.function == call.function]
            fetched = [other for other in beside if other.callee.name in DOWNLOADS]
            changed = any(other.callee.name in ("os.chmod", "os.fchmod") for other in beside)
            told = {label for other in fetched for arg in other.args[1:] for label in labels(arg)}
            self._fetched[call.function] = changed and bool(fetched), told
        changed, told = self._fetched[call.function]
        return changed or any(label in told for arg in args for label in labels(arg))

    # -- more than one call

    def _secrets(self, call: Call) -> Iterator[Said]:
        sends = SENDS.match(call.callee.name)
        if sends and any(part.name in ENVIRONMENT for arg in call.args for part in arg.walk()):
            yield from self._say(
                rules.SECRET_SENT, "the whole environment is sent away", call.callee.name, call.args, call
            )
        texts = [part.text for arg in call.args for part in arg.walk() if part.text is not None]
        texts.append("/".join(texts)[:_SHOWN])
        found = next(filter(None, map(SECRETS.search, texts)), None)
        if found and call.function is not None and any(NETWORK.match(name) for name in self._names):
            message = f"{found[0]} is used in code that uses the network"
            yield from self._say(rules.SECRET_SENT, message, call.callee.name, call.args, call)

    def _sockets(self) -> Iterator[Said]:
        connects = any(name.startswith("socket.") and "connect" in name for name in self._names)
        for call in self._code.calls:
            if call.callee.name not in PROCESS:
                continue
            streams = [arg for arg in call.args if arg.keyword in ("stdin", "stdout", "stderr")]
            wired = any(part.name.startswith("socket.") for arg in streams for part in arg.walk())
            if wired or (connects and ("os.dup2" in self._names or call.callee.name == "pty.spawn")):
                message = f"{plain(call.callee.name)} starts a program whose input comes from a socket"
                yield from self._say(rules.REVERSE_SHELL, message, call.callee.name, call.args, call)

    # -- saying

    def _place(self, call: Call) -> tuple[int, int]:
        if self._base is not None:
            return self._base, self._base + 1
        return self._decoded.byte(call.at), self._decoded.byte(call.end)

    def _say(self, rule: Rule, message: str, name: str, args: list[Expr], call: Call, once: str = "") -> Iterator[Said]:
        does = f"{plain(name)}({', '.join(map(shown, args[:4]))})"
        if (rule, once or does) not in self._said:
            self._said.add((rule, once or does))
            yield self._here.finding(rule, message, *self._place(call), does=does)
