"""skops: what the loader of each node imports, calls and builds, whatever class the node declares.

https://skops.readthedocs.io/en/stable/persistence.html. A file is a zip of schema.json and arrays. Each
node of the schema names a loader; the class and the module beside it are shown to whoever is asked to
trust the file, and are not always what is built.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from modelward.checks.scan.archives.members import ZipView
from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.pickle.callables import find, is_stdlib, state_keys
from modelward.checks.scan.pickle.dotted_names import danger
from modelward.checks.scan.texts.code import is_scipy_template
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.cursor import Broken
from modelward.formats.json_objects import Members, Seen, objects
from modelward.formats.pickle.values import Global

_DOCS = "https://skops.readthedocs.io/en/stable/persistence.html"
_CODE = ("CWE-502", "AML.T0011.000", _DOCS)
_REFUSE = "Do not load it. Remove it, and tell whoever published it."
_MOST_IDS = 500_000
_CLASS, _MODULE, _LOADER, _ID = "__class__", "__module__", "__loader__", "__id__"

DANGEROUS_NAME = Rule(
    "skops-dangerous-name",
    Severity.HIGH,
    "the model names something that harms when it is loaded",
    "skops imports the name and, for most nodes, calls it. Whoever passes all untrusted types on as trusted runs it.",
    _REFUSE,
    ("CVE-2024-37065", *_CODE),
)
UNLISTED_STDLIB = Rule(
    "skops-unlisted-stdlib-name",
    Severity.HIGH,
    "the model names a standard-library function or class outside the allow-list",
    "The standard library is full of functions that run what they are given; models need few of its names.",
    _REFUSE,
    _CODE,
)
INCONSISTENT = Rule(
    "skops-inconsistent-node",
    Severity.HIGH,
    "a node declares another class than its loader builds",
    "The user is asked to trust the declared class, and another one, or any function of a module, is what runs.",
    _REFUSE,
    (
        "CVE-2025-54412",
        "CVE-2025-54413",
        *_CODE,
        "https://nvd.nist.gov/vuln/detail/CVE-2025-54412",
        "https://nvd.nist.gov/vuln/detail/CVE-2025-54413",
    ),
)
ATTRIBUTE_WALK = Rule(
    "skops-attribute-walk",
    Severity.HIGH,
    "a node reaches through an object to something else",
    "Dotted and dunder names lead from any method to its globals, and from there to every function there is.",
    _REFUSE,
    ("CVE-2025-54413", *_CODE, "https://nvd.nist.gov/vuln/detail/CVE-2025-54413"),
)
EXECUTED_STATE = Rule(
    "skops-executed-state",
    Severity.HIGH,
    "an object is given a text that its class executes when it is restored",
    "The class hands this part of its state to exec; what stands there is not what its library writes.",
    _REFUSE,
    _CODE,
)
AMBIGUOUS = Rule(
    "skops-ambiguous-schema",
    Severity.MEDIUM,
    "the schema can be read in two ways",
    "skops writes each key once, in UTF-8. Where a key comes again, whoever reviews the file and the loader can "
    "see different models.",
    _REFUSE,
    ("CWE-436", "CWE-694", _DOCS),
)
UNKNOWN_FUNCTION = Rule(
    "skops-unknown-function",
    Severity.MEDIUM,
    "the model names a function that is not known here",
    "It becomes part of the model, and most nodes call what they name while the file is loaded.",
    "Load it only if you trust its publisher as you would trust a program.",
    _CODE,
)
UNKNOWN_CLASS = Rule(
    "skops-unknown-class",
    Severity.LOW,
    "the model uses a class or a library function that is not known here",
    "A class's __new__ and __setstate__ run with what the file gives them, and importing a module runs it.",
    "Check that the class belongs to the library the model was made with.",
    _CODE,
)

# What these loaders build does not depend on the declared names; skops writes only these beside them.
_FIXED: Mapping[str, tuple[str, ...]] = {
    "JsonNode": ("builtins.",),
    "SliceNode": ("builtins.slice",),
    "BytesNode": ("builtins.bytes",),
    "BytearrayNode": ("builtins.bytearray",),
    "DefaultDictNode": ("collections.defaultdict",),
    "PartialNode": ("functools.partial",),
    "DTypeNode": ("numpy.",),
    "MaskedArrayNode": ("numpy.ma.",),
    "SparseMatrixNode": ("scipy.sparse.",),
    "TreeNode": ("sklearn.tree._tree.Tree",),
    "QuantileForestNode": ("quantile_forest._quantile_forest_fast.QuantileForest",),
    "_DictWithDeprecatedKeysNode": ("sklearn.",),
    "MethodNode": ("",),
    "OperatorFuncNode": ("operator.",),
}
# These call the class with the items.
_CONTAINERS = {
    "DictNode": ("builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch", "sklearn.utils.Bunch"),
    "ListNode": ("builtins.list",),
    "SetNode": ("builtins.set", "builtins.frozenset"),
    "TupleNode": ("builtins.tuple",),
}
_OBJECTS = frozenset(
    ("ObjectNode", "ConstructorFromReduceNode", "NdArrayNode", "RandomStateNode", "RandomGeneratorNode", "LossNode")
)
_NAMES = frozenset(("TypeNode", "FunctionNode"))
_CACHED = "CachedNode"
_BIT_GENERATORS = frozenset(("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"))
_TYPES = frozenset(
    "builtins.int builtins.float builtins.str builtins.bool builtins.complex builtins.list builtins.set builtins.tuple "
    "builtins.dict builtins.bytes builtins.NoneType builtins.object collections.OrderedDict collections.defaultdict "
    "collections.Counter".split()
)
# Parts of the libraries whose functions compute and do nothing else
_COMPUTING = tuple(
    "numpy.core. numpy._core. numpy.linalg. numpy.ma. scipy.linalg. scipy.spatial. scipy.special. scipy.stats. "
    "sklearn.cluster. sklearn.feature_selection. sklearn.gaussian_process. sklearn.metrics. sklearn.neighbors. "
    "sklearn.preprocessing. sklearn.utils.extmath.".split()
)

_SPECIAL = frozenset(("OperatorFuncNode", "MethodNode", "RandomGeneratorNode", "FunctionNode"))
_OTHERS = _OBJECTS | _NAMES | frozenset(_CONTAINERS)
_STATE = frozenset(state_keys())
_KEYS = _STATE | frozenset(
    (_CLASS, _MODULE, _LOADER, _ID, "content", "func", "obj", "bit_generator", "module_path", "function", "file")
)


def examine_skops_archive(view: ZipView) -> Iterator[Said]:
    """skops reads the member schema.json and no other; where that has no node it is another archive."""
    for member, schema in view.members("schema.json"):
        judge = _Judge(view.here.into(member.name))
        yield from judge.schema(schema)
        if judge.nodes:
            view.judged.add(member.name)
            view.raw.update(judge.raw)


class _Judge:
    def __init__(self, here: Here) -> None:
        self.nodes = 0
        self.raw: set[str] = set()
        """Members that are the content of bytes objects: data, like bytes inside a pickle."""
        self._here = here
        self._ids: dict[float, int] = {}

    def schema(self, source: Source) -> Iterator[Said]:
        """Judges every node. Says nothing where there is none."""
        try:
            for seen in objects(source, _KEYS):
                if _LOADER in seen.members or _CLASS in seen.members:
                    yield from self.node(seen)
                if not _STATE.isdisjoint(seen.members):
                    yield from self.state(seen)
        except Broken as error:
            if error.at == 0 or self.nodes:
                why = f"the schema is not what skops writes: {error.why}"
                yield self._here.finding(AMBIGUOUS, why, error.at)
                yield self._here.unexamined(error.why, error.at)

    def node(self, seen: Seen) -> Iterator[Said]:
        self.nodes += 1
        members = seen.members
        loader, name = str(members.get(_LOADER)), _full(members)
        if seen.is_repeated:
            yield self._finding(AMBIGUOUS, "a key of a node comes twice", seen)
        if loader in ("BytesNode", "BytearrayNode"):
            self.raw.add(str(members.get("file")))
        if loader in _SPECIAL:
            yield from self._special(loader, seen)
        if loader in _FIXED:
            if not name.startswith(_FIXED[loader]):
                yield self._finding(INCONSISTENT, f"{loader} is declared as {name!r}", seen)
        elif loader != _CACHED:
            yield from self._name(loader, name, seen)
            if loader not in _OTHERS:
                yield self._here.unexamined(f"the loader {loader[:100]!r} of a node is not known", seen.start, seen.end)
        yield from self._identity(loader, name, seen)

    def _special(self, loader: str, seen: Seen) -> Iterator[Said]:
        content = _inner(seen.members.get("content"))
        if loader == "OperatorFuncNode":
            yield from self._operator(seen)
        elif loader == "MethodNode":
            yield from self._method(content, seen)
        elif loader == "RandomGeneratorNode":
            yield from self._bit_generator(content, seen)
        elif "module_path" in content:
            # FunctionNode in protocol 0: what is imported stands apart from the declared class
            yield from self._name(loader, f"{content['module_path']}.{content.get('function')}", seen)

    def _name(self, loader: str, name: str, seen: Seen) -> Iterator[Said]:
        """What the loader imports and, unless it is a mere reference, calls."""
        rule = _ruling(loader, name)
        if rule is not None:
            does = danger(name)
            yield self._finding(rule, f"{loader} imports {name!r}{does and f': it {does}'}"[:400], seen)

    def _operator(self, seen: Seen) -> Iterator[Said]:
        """https://nvd.nist.gov/vuln/detail/CVE-2025-54412: the declared module is not looked at."""
        name = str(seen.members.get(_CLASS))[:100]
        if name not in ("attrgetter", "itemgetter", "methodcaller"):
            yield self._finding(DANGEROUS_NAME, f"operator.{name} is called while the file is loaded", seen)
        if seen.members.get(_MODULE) != "operator":
            yield self._finding(INCONSISTENT, f"operator.{name} is declared as {_full(seen.members)!r}", seen)

    def _method(self, content: Members, seen: Seen) -> Iterator[Said]:
        """https://nvd.nist.gov/vuln/detail/CVE-2025-54413: getattr(object, func), whatever func is."""
        func, owner, declared = content.get("func"), _full(_inner(content.get("obj"))), _full(seen.members)
        if owner != declared:
            yield self._finding(INCONSISTENT, f"a method of {owner!r} is declared as one of {declared!r}", seen)
        if not isinstance(func, str) or not func.isidentifier() or func.startswith("__"):
            yield self._finding(ATTRIBUTE_WALK, f"the method is {str(func)[:100]!r}", seen)

    def _bit_generator(self, content: Members, seen: Seen) -> Iterator[Said]:
        """numpy.random.<name> is called, and the name is a text among others."""
        name = _inner(_inner(_inner(content.get("bit_generator")).get("content")).get("bit_generator")).get("content")
        if not isinstance(name, str) or name.strip('"') not in _BIT_GENERATORS:
            yield self._finding(INCONSISTENT, f"numpy.random.{str(name)[:100]} is called as a bit generator", seen)

    def _identity(self, loader: str, name: str, seen: Seen) -> Iterator[Said]:
        """A node whose id was seen before is not read again: the first one is used in its place."""
        number = seen.members.get(_ID)
        if not isinstance(number, float) or loader == _CACHED:
            return
        built = hash((loader, name))
        if self._ids.setdefault(number, built) != built:
            message = f"the id {number:.0f} stands for {name!r} and for another object"
            yield self._finding(INCONSISTENT, message, seen)
        if len(self._ids) > _MOST_IDS:
            self._ids.clear()
            yield self._here.unexamined("more objects than the limit: whether ids are used twice is not known")

    def state(self, seen: Seen) -> Iterator[Said]:
        for key in _STATE.intersection(seen.members):
            value = seen.members[key]
            text = _inner(value).get("content", value)
            if isinstance(text, str) and not is_scipy_template(_loaded(text)):
                yield self._finding(EXECUTED_STATE, f"{key} {state_keys()[key]}", seen, text[:200])

    def _finding(self, rule: Rule, message: str, seen: Seen, does: str = "") -> Said:
        path = ".".join(("$", *seen.path[1:])).replace(".[]", "[]")[:300]
        more = {"does": does} if does else {}
        return self._here.finding(rule, message, seen.start, seen.end, path=path, **more)


@lru_cache(maxsize=4096)
def _ruling(loader: str, name: str) -> Rule | None:
    module, _, last = name.rpartition(".")
    entry = find(Global(module, last, False))
    if danger(name):
        return DANGEROUS_NAME
    if "__" in name.replace("__main__", "") and not entry:
        return ATTRIBUTE_WALK
    if name in _CONTAINERS.get(loader, ()) or (loader == "TypeNode" and name in _TYPES):
        return None
    if entry and (entry.safe or entry.is_type or (entry.reference and loader in _NAMES)):
        return None
    if is_stdlib(module):
        return UNLISTED_STDLIB
    is_class = last.lstrip("_")[:1].isupper()
    if loader == "ConstructorFromReduceNode" or not (is_class or (loader in _NAMES and name.startswith(_COMPUTING))):
        return UNKNOWN_FUNCTION
    return UNKNOWN_CLASS


def _full(members: Members) -> str:
    return f"{members.get(_MODULE)}.{members.get(_CLASS)}"[:300]


def _inner(value: Any) -> Members:
    return value if isinstance(value, dict) else {}


def _loaded(text: str) -> str:
    """A JsonNode holds its value as JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


RULES: tuple[Rule, ...] = (
    DANGEROUS_NAME,
    UNLISTED_STDLIB,
    INCONSISTENT,
    ATTRIBUTE_WALK,
    EXECUTED_STATE,
    AMBIGUOUS,
    UNKNOWN_FUNCTION,
    UNKNOWN_CLASS,
)
