"""XML (PMML, OpenVINO): what makes a parser fetch, expand or include, and layers that need a library of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.decoded import Decoded
from modelward.formats.xml_text import LONGEST_PROLOG, Entity, Prolog, expanded_size, read_prolog, unescape

_OWASP = "https://cheatsheetseries.owasp.org/cheatsheets/XML_External_Entity_Prevention_Cheat_Sheet.html"
_DO = "Do not parse this file with a parser that resolves entities; ask its publisher for one without a document type."

EXTERNAL_ENTITY = Rule(
    "xml-external-entity",
    Severity.HIGH,
    "an XML entity makes the parser read a file or an address",
    "A parser that resolves entities puts the content of the named file into the document, or sends it away.",
    _DO,
    ("CWE-611", _OWASP),
)
ENTITY_EXPANSION = Rule(
    "xml-entity-expansion",
    Severity.MEDIUM,
    "entities of the XML document expand to far more than the file holds",
    "Entities made of entities exhaust the memory of the parser that replaces them.",
    _DO,
    ("CWE-776", "CVE-2003-1564", _OWASP),
)
EXTERNAL_DTD = Rule(
    "xml-external-dtd",
    Severity.MEDIUM,
    "the XML document takes its document type from elsewhere",
    "A validating parser fetches it, and what stands there can define entities that read files.",
    _DO,
    ("CWE-611", "CWE-827", _OWASP),
)
INCLUSION = Rule(
    "xml-inclusion",
    Severity.LOW,
    "the XML document includes others or names a style sheet",
    "A processor that follows XInclude or xml-stylesheet reads what is named; XSLT can run code in some of them.",
    "Find out what is included before you process the file.",
    ("CWE-829", "https://www.w3.org/TR/xinclude/"),
)
CUSTOM_LAYER = Rule(
    "openvino-custom-layer",
    Severity.LOW,
    "the OpenVINO model has a layer that no standard operation set defines",
    "The runtime needs an extension, a native library, to read such a layer.",
    "Load only extensions that you know.",
    ("CWE-829", "https://docs.openvino.ai/2025/documentation/openvino-extensibility.html"),
)

_LEAST_EXPANDED = 1_000_000
_WINDOW, _OVERLAP = 1 << 18, 1 << 10
_WELL_KNOWN = re.compile(
    r"(?:https?:)?//(?:[\w-]+\.)*(?:w3\.org|apple\.com|apache\.org|oasis-open\.org|docbook\.org|sun\.com|oracle\.com"
    r"|freedesktop\.org|gnome\.org|hibernate\.org|springframework\.org|inkscape\.org|sodipodi\.com|dmg\.org|nih\.gov"
    r"|qt\.io|puppycrawl\.com|checkstyle\.org|mybatis\.org)(?:[:/]|\Z)|about:legacy-compat",
    re.IGNORECASE,
)
_PLAIN_ENCODINGS = re.compile(
    r"(?:utf-?8|utf-?16(?:le|be)?|us-ascii|ascii|latin-?\d|iso[-_]?8859-\d+|windows-\d+|cp(?:125|8\d|9\d)\d|ibm8\d\d|(?:x-)?mac[\w-]*|tis-620|koi8-[ru]|gb2312|gbk|gb18030"
    r"|big5|shift_jis|euc-(?:jp|kr)|macintosh)?",
    re.IGNORECASE,
)
_LAYER = re.compile(rb"""<layer\s[^>]{0,900}?\bversion\s*=\s*["']([^"']{0,99})["']""")
_INCLUDES = re.compile(rb"http://www\.w3\.org/(?:2001|2003)/XInclude")


def examine_xml(source: Source, here: Here) -> Iterator[Said]:
    """A text that begins as XML does; markup inside other texts is none of its business."""
    raw = source.read(0, LONGEST_PROLOG)
    decoded = Decoded(raw)
    prolog = read_prolog(decoded.text)
    if prolog is None:
        return
    if not _PLAIN_ENCODINGS.fullmatch(prolog.encoding):
        yield here.unexamined(f"XML in the encoding {prolog.encoding}, in which letters may be markup")
    yield from _doctype(prolog, decoded, here)
    for target, content, start, end in prolog.instructions:
        if target == "xml-stylesheet" and "css" not in content:
            message = f"the style sheet {content[:200]}"
            yield here.finding(INCLUSION, message, decoded.byte(start), decoded.byte(end))
    if prolog.problem:
        yield here.unexamined(prolog.problem, decoded.byte(prolog.end))
    yield from _body(source, prolog, here)


def _doctype(prolog: Prolog, decoded: Decoded, here: Here) -> Iterator[Said]:
    place = decoded.byte(prolog.doctype_at)
    if prolog.system and _is_elsewhere(prolog.system):
        message = f"the document type {prolog.doctype} is at {prolog.system[:200]}"
        yield here.finding(EXTERNAL_DTD, message, place, does=f"fetch {prolog.system[:200]}")
    for entity in prolog.entities:
        named = _named(entity)
        if named:
            kind = "parameter entity" if entity.parameter else "entity"
            message = f"the {kind} {entity.name[:100]} is {named[:200]}"
            yield here.finding(
                EXTERNAL_ENTITY, message, decoded.byte(entity.at), decoded.byte(entity.end), does=named[:200]
            )
    references = len(re.findall(r"&[^\s;&#]{1,200};", decoded.text[prolog.end :]))
    size = expanded_size(prolog.entities)
    if size * max(1, references) >= max(_LEAST_EXPANDED, 20 * len(decoded.text)):
        message = f"{len(prolog.entities):,} entities expand to {size * max(1, references):,} characters or more"
        yield here.finding(ENTITY_EXPANSION, message, place)


def _named(entity: Entity) -> str:
    """What an entity reads; a parameter entity can also hold the declaration of one that does."""
    if entity.value is None:
        return "" if _WELL_KNOWN.match(entity.external) else f"read from {entity.external}"
    value = unescape(unescape(entity.value))
    return value if entity.parameter and re.search(r"<!ENTITY|SYSTEM|PUBLIC", value) else ""


def _is_elsewhere(system: str) -> bool:
    """Not a name in the folder of the document, and not the address of a well-known one."""
    return not _WELL_KNOWN.match(system) and bool(re.search(r"^[/\\]|:|\.\.", system))


def _body(source: Source, prolog: Prolog, here: Here) -> Iterator[Said]:
    at, included, custom = 0, False, set[str]()
    while window := source.read(at, _WINDOW + _OVERLAP):
        if not included and (found := _INCLUDES.search(window)):
            included = True
            yield here.finding(INCLUSION, "the document uses XInclude", at + found.start(), at + found.end())
        for layer in _LAYER.finditer(window) if prolog.root == "net" else ():
            version = layer[1].decode("utf-8", "replace")
            if not re.fullmatch(r"opset\d+", version) and version not in custom and len(custom) < 100:
                custom.add(version)
                message = f"a layer of the operation set {version or '(none)'}"
                yield here.finding(CUSTOM_LAYER, message, at + layer.start(), at + layer.end())
        at += _WINDOW


RULES: tuple[Rule, ...] = (EXTERNAL_ENTITY, ENTITY_EXPANSION, EXTERNAL_DTD, INCLUSION, CUSTOM_LAYER)
