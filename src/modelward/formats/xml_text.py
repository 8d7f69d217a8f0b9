"""What stands before the root element of an XML document: declaration, document type, entities, instructions.

Nothing is fetched or expanded. https://www.w3.org/TR/xml/#sec-prolog-dtd
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST_PROLOG = 1 << 20
_MOST_ENTITIES = 10_000
_MOST_SIZE = 10**12

_SPACE = re.compile(r"[ \t\r\n]*+")
_INSTRUCTION = re.compile(r"<\?([^\s?]+)[ \t\r\n]*(.*?)\?>", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LITERAL = r"""(?:"([^"]*)"|'([^']*)')"""
_EXTERNAL = rf"(?:SYSTEM\s+{_LITERAL}|PUBLIC\s+{_LITERAL}(?:\s+{_LITERAL})?)"
_DOCTYPE = re.compile(rf"<!DOCTYPE\s+([^\s\[>]+)\s*(?:{_EXTERNAL})?\s*([\[>])")
_ENTITY = re.compile(rf"<!ENTITY\s+(%\s+)?([^\s%\"'>]+)\s+(?:{_EXTERNAL}(?:\s+NDATA\s+\S+?)?|{_LITERAL})\s*>")
_DECLARATION = re.compile(r"""<!(?:ELEMENT|ATTLIST|NOTATION)(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_REFERENCE = re.compile(r"[&%]([^\s;&%#]{1,200});")
_CHARACTER = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_ROOT = re.compile(r"<([^\s/>!?]+)")


@dataclass(frozen=True, slots=True)
class Entity:
    name: str
    parameter: bool
    value: str | None
    """None: it is external, and *external* says where."""
    external: str
    at: int
    end: int


@dataclass(slots=True)
class Prolog:
    """At least one of *root*, *doctype* and *instructions* is there, or it is no XML."""

    encoding: str = ""
    root: str = ""
    doctype: str = ""
    public: str = ""
    system: str = ""
    doctype_at: int = 0
    entities: list[Entity] = field(default_factory=list)
    instructions: list[tuple[str, str, int, int]] = field(default_factory=list)
    """(target, content, start, end)."""
    end: int = 0
    """Where the root element begins, or reading stopped."""
    problem: str = ""
    """Why what follows *end* was not read, although it belongs before the root."""


def read_prolog(text: str) -> Prolog | None:
    """None: *text* is no XML."""
    found = Prolog(end=1 if text.startswith("\ufeff") else 0)
    while True:
        found.end = _skip(text, found.end)
        if comment := _COMMENT.match(text, found.end):
            found.end = comment.end()
        elif instruction := _INSTRUCTION.match(text, found.end):
            _note(found, instruction)
        elif doctype := _DOCTYPE.match(text, found.end):
            _read_doctype(text, doctype, found)
            if found.problem:
                return found
        elif root := _ROOT.match(text, found.end):
            found.root = root[1]
            return found
        else:
            if text.startswith(("<!DOCTYPE", "<!--", "<?"), found.end):
                found.problem = "what stands before the root element is cut off or broken"
            return found if found.doctype or found.problem or found.instructions else None


def expanded_size(entities: list[Entity]) -> int:
    """Characters of the entity that becomes largest; one that holds itself is endless."""
    values = {entity.name: entity.value for entity in reversed(entities) if entity.value is not None}
    sizes: dict[str, int] = {}
    for name in values:
        todo = [name]
        path: set[str] = set()
        while todo:
            inner = [one for one in set(_REFERENCE.findall(values[todo[-1]])) if one in values]
            missing = [one for one in inner if one not in sizes]
            path.add(todo[-1])
            if todo[-1] in sizes or not missing:
                one = todo.pop()
                path.discard(one)
                sizes[one] = _size(values[one], sizes)
            elif path.intersection(missing):
                return _MOST_SIZE
            else:
                todo.append(missing[0])
    return max(sizes.values(), default=0)


def _size(value: str, sizes: dict[str, int]) -> int:
    total = len(value) + sum(sizes.get(name, 0) for name in _REFERENCE.findall(value))
    return min(total, _MOST_SIZE)


def unescape(value: str) -> str:
    """With references to characters replaced."""
    return _CHARACTER.sub(lambda found: _character(int(found[1], 16) if found[1] else int(found[2])), value)


def _character(code: int) -> str:
    return chr(code) if code < 0x110000 else "?"


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _note(found: Prolog, instruction: re.Match[str]) -> None:
    found.end = instruction.end()
    if instruction[1] == "xml":
        encoding = re.search(r"""encoding\s*=\s*["']([^"']*)""", instruction[2])
        found.encoding = encoding[1] if encoding else ""
    found.instructions.append((instruction[1], instruction[2], instruction.start(), instruction.end()))


def _read_doctype(text: str, doctype: re.Match[str], found: Prolog) -> None:
    found.doctype, found.doctype_at, found.end = doctype[1], doctype.start(), doctype.end()
    found.public = doctype[4] or doctype[5] or ""
    found.system = next((doctype[index] for index in (2, 3, 6, 7) if doctype[index] is not None), "")
    if doctype[8] == "[":
        _read_subset(text, found)


def _read_subset(text: str, found: Prolog) -> None:
    while len(found.entities) < _MOST_ENTITIES:
        found.end = _skip(text, found.end)
        if entity := _ENTITY.match(text, found.end):
            found.entities.append(_entity(entity))
            found.end = entity.end()
            continue
        other = _COMMENT.match(text, found.end) or _INSTRUCTION.match(text, found.end)
        other = other or _DECLARATION.match(text, found.end) or _REFERENCE.match(text, found.end)
        if other is None:
            break
        found.end = other.end()
    end = re.compile(r"\]\s*>").match(text, found.end)
    if end is None:
        found.problem = "the document type holds what cannot be read"
    else:
        found.end = end.end()


def _entity(entity: re.Match[str]) -> Entity:
    groups = entity.groups()
    external = next((groups[index] for index in (2, 3, 6, 7, 4, 5) if groups[index] is not None), "")
    value = groups[8] if groups[8] is not None else groups[9]
    return Entity(groups[1], bool(groups[0]), value, external, entity.start(), entity.end())
