"""YAML: tags that make a loader call, import or build what the text names, and aliases that explode."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.pickle.dotted_names import danger
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.decoded import Decoded
from modelward.formats.yaml_nodes import Expansion, Node, handles_in, read_yaml, resolve_tag
from modelward.formats.yaml_tokens import NotYaml

LARGEST = 1 << 20
OLD_BREAKS = re.compile("[\x85\u2028\u2029]")
_PYYAML = "https://github.com/yaml/pyyaml/wiki/PyYAML-yaml.load(input)-Deprecation"
_DO = "Do not load this file with anything but a safe loader (yaml.safe_load); ask its publisher for one without tags."

DANGEROUS_OBJECT = Rule(
    "yaml-dangerous-object",
    Severity.CRITICAL,
    "a YAML tag makes the loader run something dangerous",
    "A loader that builds objects imports what the tag names and calls it before it returns.",
    _DO,
    ("CWE-502", "CVE-2017-18342", "CVE-2020-1747", "CVE-2020-14343", _PYYAML),
)
PYTHON_OBJECT = Rule(
    "yaml-python-object",
    Severity.MEDIUM,
    "a YAML tag makes the loader import or build a Python object",
    "A loader that builds objects runs the module and the class that the tag names; a safe one refuses the file.",
    _DO,
    ("CWE-502", "CVE-2020-14343", _PYYAML),
)
FOREIGN_OBJECT = Rule(
    "yaml-foreign-object",
    Severity.MEDIUM,
    "a YAML tag makes a loader of another language build an object",
    "Loaders of Ruby, Java, Perl, PHP, .NET and JavaScript build whatever class such a tag names; that runs code.",
    _DO,
    ("CWE-502", "CVE-2013-0156", "CVE-2022-1471", "https://github.com/mbechler/marshalsec"),
)
NAMED_OBJECT = Rule(
    "yaml-named-object",
    Severity.LOW,
    "a YAML tag names a callable for HyperPyYAML to import",
    "SpeechBrain's loader imports and calls what !new:, !name: and !apply: name; this name is none of those known "
    "to be dangerous.",
    "Check that the name belongs to the library the model was made with.",
    ("CWE-829", "https://github.com/speechbrain/HyperPyYAML"),
)
LOCAL_TAG = Rule(
    "yaml-local-tag",
    Severity.INFO,
    "the text has YAML tags that only its own application knows",
    "What becomes of them depends on the program that reads the file.",
    "Find out which program reads it.",
    ("CWE-829", "https://yaml.org/spec/1.2.2/#tags"),
)
ALIAS_EXPANSION = Rule(
    "yaml-alias-expansion",
    Severity.MEDIUM,
    "aliases make a few lines of YAML stand for millions of nodes",
    "A program that walks or copies what was loaded runs out of memory or time.",
    "Do not load this file; ask its publisher for one without such aliases.",
    ("CWE-776", "CVE-2019-11253", "https://en.wikipedia.org/wiki/Billion_laughs_attack"),
)

_LEAST_EXPANDED = 1_000_000
_LEAST_RATIO = 100

_CORE = "tag:yaml.org,2002:"
_PYTHON = re.compile(re.escape(_CORE) + r"python/([^:]*):?(.*)", re.DOTALL)
_PLAIN_PYTHON = frozenset("none bool str unicode bytes int long float complex list tuple dict".split())
_CORE_TYPES = frozenset("map seq str int float bool null binary timestamp omap pairs set merge value yaml".split())
_HYPER = re.compile(r"!(?:new|name|apply|applyref|module):(.*)", re.DOTALL)
_FOREIGN = re.compile(
    r"tag:(?:ruby|perl|java|php)\.yaml\.org,"
    rf"|(?:{re.escape(_CORE)}|!)?(?:(?:ruby|perl|java|php|js|cpp|clr|net)[/:]|(?:System|Microsoft|javax?|sun)\.)"
    # SnakeYAML: every global tag is the name of a class
    rf"|(?:{re.escape(_CORE)})?[\w$]+(?:\.[\w$]+)+(?:\[\])?\Z"
)
_BARE_TAG = re.compile(r"(?:^|(?<=[\s\[{,:?-]))(?:!<[^>\s]*>|![^\s,\[\]{}]+)", re.MULTILINE)
_MOST_TAGS = 10_000
_SHOWN = 200
_WINDOW, _OVERLAP = 1 << 18, 500


def judge_tag(tag: str) -> tuple[Rule | None, str]:
    """What is wrong with a resolved tag, and the callable or class that it names."""
    if found := _PYTHON.fullmatch(tag):
        kind, name = found[1], found[2].strip().rstrip(",;")
        if kind in _PLAIN_PYTHON and not name:
            return None, ""
        return (DANGEROUS_OBJECT if name and danger(name) else PYTHON_OBJECT), name or kind
    if found := _HYPER.fullmatch(tag):
        return (DANGEROUS_OBJECT if danger(found[1]) else NAMED_OBJECT), found[1]
    if tag in ("", "!") or tag.removeprefix(_CORE) in _CORE_TYPES:
        return None, ""
    return (FOREIGN_OBJECT if _FOREIGN.match(tag) else LOCAL_TAG), tag


def examine_yaml(source: Source, here: Here) -> Iterator[Said]:
    """Every tag of every document. A text that does not scan as YAML is none; it is a gap only if something
    stands in it that reads as a harmful tag."""
    raw = source.read(0, LARGEST + 1)
    decoded = Decoded(raw[:LARGEST])
    # YAML 1.1 has line breaks that YAML 1.2 has not
    for old_breaks in (True, False) if OLD_BREAKS.search(decoded.text) else (True,):
        yield from _examine(decoded, here, old_breaks=old_breaks)
    if len(raw) > LARGEST and (_harmful_after(decoded.text, 0) is not None or _harmful_behind(source, decoded.text)):
        yield here.unexamined(f"YAML with object tags, and with more than the {LARGEST:,} bytes that are read", LARGEST)


def _examine(decoded: Decoded, here: Here, *, old_breaks: bool) -> Iterator[Said]:
    last = 0
    told: set[tuple[Rule, str]] = set()
    try:
        for node, arguments in _with_arguments(read_yaml(decoded.text, old_breaks=old_breaks)):
            last = node.at
            if isinstance(node, Expansion):
                yield from _expansion(node, decoded, here)
                continue
            rule, name = judge_tag(node.tag)
            if rule is not None and (rule, name) not in told:
                told.add((rule, name))
                does = f"{name[:_SHOWN]}({', '.join(map(repr, arguments))})"
                start, end = decoded.byte(node.at), decoded.byte(node.end)
                yield here.finding(rule, _message(rule, name, node), start, end, does=does)
    except NotYaml as error:
        at = _harmful_after(decoded.text, min(last, error.at))
        if at is not None:
            why = f"a text with YAML object tags that no scanner reads to its end: {error}"
            yield here.unexamined(why, decoded.byte(at))


def _with_arguments(nodes: Iterator[Node | Expansion]) -> Iterator[tuple[Node | Expansion, list[str]]]:
    """Each node with the first texts inside it."""
    ahead: deque[Node | Expansion] = deque()
    broken = None
    while True:
        try:
            while len(ahead) < 4 and broken is None and (node := next(nodes, None)) is not None:
                ahead.append(node)
        except NotYaml as error:
            broken = error
        if not ahead:
            break
        first = ahead.popleft()
        yield first, _arguments(first, ahead)
    if broken is not None:
        raise broken


def _arguments(first: Node | Expansion, behind: deque[Node | Expansion]) -> list[str]:
    if isinstance(first, Expansion) or not first.tag:
        return []
    if first.kind == "scalar":
        return [first.value[:_SHOWN]] if first.value else []
    inner = (node for node in behind if isinstance(node, Node) and node.kind == "scalar")
    return [node.value[:_SHOWN] for node in inner if node.folder.startswith(first.path)]


def _expansion(found: Expansion, decoded: Decoded, here: Here) -> Iterator[Said]:
    if found.expanded >= max(_LEAST_EXPANDED, _LEAST_RATIO * found.nodes):
        message = f"{found.nodes:,} nodes stand for at least {found.expanded:,}"
        yield here.finding(ALIAS_EXPANSION, message, decoded.byte(found.at))


def _message(rule: Rule, name: str, node: Node) -> str:
    where = f" at {node.path}" if node.path else ""
    if rule is DANGEROUS_OBJECT:
        return f"the tag{where} names {name[:_SHOWN]}, which {danger(name)}"
    return f"the tag{where} is {node.tag[:_SHOWN]}"


def _harmful_behind(source: Source, head: str) -> bool:
    """Whether a harmful tag stands behind the bytes that are read as YAML."""
    handles, at = handles_in(head), LARGEST - _OVERLAP
    while window := source.read(at, _WINDOW + _OVERLAP):
        if b"!" in window or b"%TAG" in window:
            text = window.decode("utf-8", "replace")
            if "%TAG" in text or _harmful_after(text, 0, handles) is not None:
                return True
        at += _WINDOW
    return False


def _harmful_after(text: str, start: int, handles: Mapping[str, str] | None = None) -> int | None:
    handles = handles_in(text) if handles is None else dict(handles)
    for found in islice(_BARE_TAG.finditer(text, start), _MOST_TAGS):
        rule, _ = judge_tag(resolve_tag(found[0], handles))
        if rule is not None and rule.severity >= Severity.MEDIUM:
            return found.start()
    return None


RULES: tuple[Rule, ...] = (
    DANGEROUS_OBJECT,
    PYTHON_OBJECT,
    FOREIGN_OBJECT,
    NAMED_OBJECT,
    LOCAL_TAG,
    ALIAS_EXPANSION,
)
