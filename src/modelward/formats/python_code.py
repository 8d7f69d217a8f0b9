"""What Python source imports and calls: names with their aliases resolved, constants folded, and when it happens.

Nothing is run. Names are followed in the order of the text, not in that of the calls: a name stands for what it was
bound to last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from modelward.formats.python_expressions import Evaluator
from modelward.formats.python_tokens import Statement, Token, TooManyTokens, statements
from modelward.formats.python_values import Expr, joined

MOST_TOKENS = 120_000
_MOST_STARS = 20
_MOST_OPTIONS = 8
_NO_FRAMEWORK = ("object", "Exception", "Error", "Enum", "NamedTuple", "Protocol", "ABC", "TypedDict", "Generic")
_ASSIGNS = re.compile(r"(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=")
_BUILTINS = frozenset(
    "__import__ __builtins__ breakpoint bytearray bytes chr compile delattr dict eval exec execfile getattr globals "
    "input list locals map memoryview object open ord print reversed setattr str tuple type vars".split()
)


@dataclass(slots=True)
class Call:
    """One call, in the order of the text."""

    callee: Expr
    args: list[Expr]
    at: int
    end: int
    function: str
    """The innermost function that it stands in; empty: none."""
    imported: bool
    """It runs when the module is imported: no function, and no `if __name__ == "__main__"`, is around it."""
    derived: bool = False
    """The function is a method of a class that derives from one of another module, whose code may call it."""
    inside: str = ""
    """Of a value: the name of the call that it is handed to."""


@dataclass(slots=True)
class Scope:
    indent: int
    kind: str
    """def, class, main or block."""
    name: str = ""
    names: dict[str, Expr] | None = None
    derived: bool = False


@dataclass(slots=True)
class Code:
    """Everything that was read; complete when `read` was exhausted."""

    calls: list[Call] = field(default_factory=list)
    returned: list[tuple[str, Expr, int]] = field(default_factory=list)
    """(function, value, place) of each return."""
    imports: set[str] = field(default_factory=set)
    names: dict[str, Expr] = field(default_factory=dict)
    """What the names of the module stand for at its end."""
    complete: bool = True
    """Whether it was read to its end."""
    values: list[Call] = field(default_factory=list)
    """Functions and modules that stand there without being called; the callee is the value."""
    decorated: list[tuple[str, str]] = field(default_factory=list)
    """(function, name of a decorator)"""
    stopped: int = 0
    """Where the rest begins, if it was not read to its end."""
    patches: list[tuple[str, Expr, int]] = field(default_factory=list)
    """(dotted name, value, place) of each attribute that is set."""


def read_code(text: str, most: int, outer: Mapping[str, Expr] | None = None) -> Code:
    """At most *most* calls; *outer* are names that the code finds there. Raises NotPython if no Python compiles it."""
    return _Reader(text, most, outer or {}).read()


class _Reader:
    def __init__(self, text: str, most: int, outer: Mapping[str, Expr]) -> None:
        self._text, self._most = text, most
        self._names: dict[str, Expr] = dict(outer)
        self._code = Code(names=self._names)
        self._stars: list[str] = []
        self._scopes: list[Scope] = []
        self._start = 0
        self._decorators: list[str] = []
        self._word = ""
        self._parameters: list[str] = []
        self._derived: set[str] = set()
        self._evaluator = Evaluator(self._lookup, self._bind, self._on_call, self._on_value)

    def read(self) -> Code:
        try:
            self._read()
        except TooManyTokens:
            self._code.complete = False
            self._code.stopped = self._start
        return self._code

    def _read(self) -> None:
        for statement in statements(self._text, MOST_TOKENS):
            if len(self._code.calls) >= self._most:
                raise TooManyTokens
            if not statement.inline:
                while self._scopes and self._scopes[-1].indent >= statement.indent:
                    self._scopes.pop()
            if statement.tokens:
                self._start = statement.tokens[0].at
                self._statement(statement)

    # -- names

    def _lookup(self, name: str) -> Expr:
        for scope in reversed(self._scopes):
            if scope.names is not None and name in scope.names:
                return scope.names[name]
        if name in self._names:
            return self._names[name]
        if name in _BUILTINS:
            return Expr(name=f"builtins.{name}")
        stars = tuple(Expr(name=f"{star}.{name}") for star in self._stars)
        return Expr(name=f"?{name}", parts=stars, options=bool(stars))

    def _bind(self, name: str, value: Expr) -> None:
        if value.text is not None and not value.computed:
            value = Expr(text=value.text, computed=True, parts=(value,))
        if value.name == f"?{name}":
            return
        inner = next((scope.names for scope in reversed(self._scopes) if scope.names is not None), None)
        names = self._names if inner is None or "." in name else inner
        names[name] = _either(name, names.get(name), value)

    def _on_call(self, callee: Expr, args: list[Expr], token: Token) -> None:
        if len(self._code.calls) < self._most:
            self._code.calls.append(self._here(callee, list(args), token.end))

    def _on_value(self, value: Expr, inside: str) -> None:
        own = not inside and value.name.removeprefix("builtins.") in self._parameters
        if len(self._code.values) < self._most and not value.name.startswith("?") and not own:
            found = self._here(value, [], self._start + 1)
            found.inside = inside or self._word
            self._code.values.append(found)

    def _here(self, callee: Expr, args: list[Expr], end: int) -> Call:
        functions = [scope.name for scope in self._scopes if scope.kind == "def"]
        imported = not any(scope.kind in ("def", "main") for scope in self._scopes)
        derived = bool(functions) and any(scope.derived for scope in self._scopes)
        return Call(callee, args, self._start, end, functions[-1] if functions else "", imported, derived)

    # -- statements

    def _statement(self, statement: Statement) -> None:
        tokens = statement.tokens
        word = tokens[1].text if tokens[0].text == "async" and len(tokens) > 1 else tokens[0].text
        self._word = word if word in ("match", "case") and len(tokens) > 1 and tokens[1].kind != "op" else ""
        if word == "import":
            self._import(tokens[1:])
        elif word == "from" and any(token.text == "import" for token in tokens):
            self._import_from(tokens[1:])
        elif word in ("def", "class"):
            self._definition(word, statement)
        elif word == "@":
            decorator = self._evaluator.evaluate(tokens[1:])
            self._decorators.append(decorator.name)
            self._on_call(decorator, [], tokens[-1])
        elif word == "exec" and len(tokens) > 1 and tokens[1].kind != "op":  # of Python 2
            self._on_call(Expr(name="builtins.exec"), [self._evaluator.evaluate(tokens[1:])], tokens[-1])
        else:
            self._other(word, statement)

    def _other(self, word: str, statement: Statement) -> None:
        tokens = statement.tokens
        texts = [token.text for token in tokens]
        if word in ("if", "elif", "else", "for", "while", "try", "except", "finally", "with"):
            guard = word == "if" and self._is_main(texts)
            self._scopes.append(Scope(statement.indent, "main" if guard else "block"))
        if word == "return":
            functions = [scope.name for scope in self._scopes if scope.kind == "def"]
            value = self._evaluator.evaluate(tokens[1:])
            self._code.returned.append((functions[-1] if functions else "", value, tokens[0].at))
        else:
            self._assignment(tokens)

    def _is_main(self, texts: list[str]) -> bool:
        """Exactly the guard that is false on import."""
        plain = [text.strip("'\"") for text in texts[1:] if text not in ("(", ")")]
        return sorted(plain) == ["==", "__main__", "__name__"] and "__name__" not in self._names

    def _assignment(self, tokens: list[Token]) -> None:
        pieces, augmented = _at_equals(tokens)
        if len(pieces) > 1:  # an annotation is evaluated, too
            self._evaluator.evaluate(pieces[0][len(_without_annotation(pieces[0])) :])
        value = self._evaluator.evaluate(pieces[-1])
        for target in pieces[:-1]:
            self._target(_without_annotation(target), value, augmented)
        if len(pieces) == 1:
            self._bound_by_words(tokens, value)

    def _target(self, target: list[Token], value: Expr, augmented: bool) -> None:
        names = [token.text for token in target if token.kind == "name"]
        dotted = all(token.text == "." for token in target if token.kind != "name")
        if augmented and names:
            before = self._lookup(".".join(names))
            known = before.text is not None and value.text is not None
            text = joined("", [before.text or "", value.text or ""]) if known else None
            value = Expr(text=text, computed=True, parts=(before, value))
        if dotted and names:
            self._bind(".".join(names), value)
            if len(names) > 1:
                self._code.patches.append((f"{self._lookup(names[0]).name}.{'.'.join(names[1:])}", value, target[0].at))
        elif not any(token.text in "([{." for token in target[1:]):
            pairs = len(value.parts) == len(names) and value.literal
            for index, name in enumerate(names):
                self._bind(name, value.parts[index] if pairs else Expr(parts=(value,)))
        else:  # a subscript, perhaps of globals()
            self._evaluator.evaluate(target)

    def _bound_by_words(self, tokens: list[Token], value: Expr) -> None:
        """with x as name; for name in x."""
        for index, token in enumerate(tokens[:-1]):
            if token.text == "as" and tokens[index + 1].kind == "name":
                self._bind(tokens[index + 1].text, value.parts[0] if value.words and value.parts else value)
        if tokens[0].text == "for":
            for token in tokens[1:]:
                if token.text == "in":
                    break
                if token.kind == "name":
                    self._bind(token.text, Expr(parts=(value,)))

    def _definition(self, word: str, statement: Statement) -> None:
        tokens = statement.tokens
        at = next(index for index, token in enumerate(tokens) if token.text == word) + 1
        name = tokens[at].text if at < len(tokens) else ""
        parameters = _parameters(tokens[at + 1 :]) if word == "def" else []
        self._parameters = parameters
        bases = self._evaluator.evaluate(tokens[at + 1 :])  # defaults and annotations are evaluated at once, too
        self._parameters = []
        self._bind(name, Expr(name=f"{word}:{name}"))
        scope = Scope(statement.indent, word, name, derived=word == "class" and self._derives(bases))
        if scope.derived:
            self._derived.add(f"class:{name}")
        self._code.decorated += [(name, decorator) for decorator in self._decorators]
        self._decorators = []
        if word == "def":
            scope.names = {param: Expr(name=f"?{param}") for param in parameters}
        self._scopes.append(scope)

    def _derives(self, bases: Expr) -> bool:
        """From a class of another module, perhaps by way of one of this module."""
        return any(
            part.name in self._derived
            or (part.name and not part.name.startswith(("class:", "def:", "builtins.", "?object")))
            for part in bases.walk()
            if part.keyword != "metaclass" and not part.name.removeprefix("?").endswith(_NO_FRAMEWORK)
        )

    def _import(self, tokens: list[Token]) -> None:
        for clause in _at_commas(tokens):
            words = [token.text for token in clause]
            path, alias = _as(words)
            self._code.imports.add(path)
            if path:
                self._bind(alias or path.partition(".")[0], Expr(name=path if alias else path.partition(".")[0]))

    def _import_from(self, tokens: list[Token]) -> None:
        at = next(index for index, token in enumerate(tokens) if token.text == "import")
        module = "".join(token.text for token in tokens[:at])
        self._code.imports.add(module)
        for clause in _at_commas([token for token in tokens[at + 1 :] if token.text not in "()"]):
            words = [token.text for token in clause]
            name, alias = _as(words)
            if name == "*":
                self._stars = [*self._stars, module][-_MOST_STARS:]
            elif name:
                self._bind(alias or name, Expr(name=f"{module}.{name}"))


def _either(name: str, before: Expr | None, value: Expr) -> Expr:
    """A name that an import or an assignment binds again may still be what it was: which of them runs last is not
    followed."""
    if before is None or before.name == value.name or "." in name:
        return value
    options = before.parts if before.options else (before,)
    if not all(map(_is_elsewhere, (*options, value))) or len(options) >= _MOST_OPTIONS:
        return value
    return Expr(name=f"?{name}", parts=(*options, value), options=True)


def _is_elsewhere(value: Expr) -> bool:
    """Something that was imported, or a function of Python's own."""
    return bool(value.name) and value.name[0].isalpha() and ":" not in value.name and value.name[-1] not in ")]"


def _as(words: list[str]) -> tuple[str, str]:
    if "as" in words:
        at = words.index("as")
        return "".join(words[:at]), "".join(words[at + 1 : at + 2])
    return "".join(words), ""


def _at_commas(tokens: list[Token]) -> Iterator[list[Token]]:
    start = 0
    for index, token in enumerate(tokens):
        if token.text == ",":
            yield tokens[start:index]
            start = index + 1
    yield tokens[start:]


def _at_equals(tokens: list[Token]) -> tuple[list[list[Token]], bool]:
    """The targets of an assignment and its value, and whether it is of the kind of +=."""
    pieces: list[list[Token]] = [[]]
    level, augmented = 0, False
    for token in tokens:
        if token.kind == "op":
            level += (token.text in "([{") - (token.text in ")]}")
            if not level and _ASSIGNS.fullmatch(token.text):
                augmented = token.text != "="
                pieces.append([])
                continue
        pieces[-1].append(token)
    return pieces, augmented


def _without_annotation(target: list[Token]) -> list[Token]:
    level = 0
    for index, token in enumerate(target):
        level += (token.text in "([{") - (token.text in ")]}") if token.kind == "op" else 0
        if not level and token.text == ":":
            return target[:index]
    return target


def _parameters(tokens: list[Token]) -> list[str]:
    """The names directly inside the first brackets."""
    found, level = [], 0
    for before, token in zip([tokens[0], *tokens] if tokens else [], tokens, strict=False):
        level += (token.text in "([{") - (token.text in ")]}") if token.kind == "op" else 0
        if level == 1 and token.kind == "name" and before.text in ("(", ",", "*", "**"):
            found.append(token.text)
    return found
