"""Java's serialised objects: reading one builds whatever classes it names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity

SERIALIZED_OBJECT = Rule(
    "java-serialized-object",
    Severity.MEDIUM,
    "the file holds serialised Java objects",
    "Reading it builds objects of whatever classes it names and runs their own code; chains of ordinary classes "
    "are known that start programs.",
    "Do not read it with ObjectInputStream unless a filter admits only the classes that you expect.",
    (
        "CWE-502",
        "https://docs.oracle.com/en/java/javase/21/docs/specs/serialization/protocol.html",
        "https://github.com/frohoff/ysoserial",
    ),
)

_LOOKED_AT = 1 << 20
_MOST_NAMES = 20
# TC_CLASSDESC, and the length of the class's name
_CLASS = re.compile(rb"\x72\0([\x02-\xfa])((?:\[+[BCDFIJSZ]|\[*L?[A-Za-z_$][\w$]*(?:\.[\w$]+)*;?))", re.DOTALL)


def examine_java(source: Source, here: Here) -> Iterator[Said]:
    """One finding, with the first classes that the stream describes."""
    names: dict[str, None] = {}
    for found in _CLASS.finditer(source.read(0, _LOOKED_AT)):
        if len(found[2]) >= found[1][0] and len(names) < _MOST_NAMES:
            names[found[2][: found[1][0]].decode("latin-1")] = None
    said = ", ".join(names)
    yield here.finding(SERIALIZED_OBJECT, f"it names {said}" if said else "a stream of objects", 0, 4, classes=said)


RULES: tuple[Rule, ...] = (SERIALIZED_OBJECT,)
