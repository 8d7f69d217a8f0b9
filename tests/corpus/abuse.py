"""One pickle for each way to make a harmless callable, or one that nobody has heard of, do harm."""

from __future__ import annotations

import pickle
from collections.abc import Callable

from tests.corpus.opcodes import (
    EMPTY,
    NONE,
    TRUE,
    Make,
    Payload,
    Sample,
    array,
    blob,
    build,
    call,
    mapping,
    name,
    namespace,
    new,
    number,
    on_class,
    sample,
    stream,
    text,
    tup,
)

TOOLS = "acme_tools"
"""A package that no list knows: `run` gives its argument to a shell."""
TOOLS_SOURCE = """
import os
def run(*args, **options):
    for arg in args:
        os.system(arg)
class Runner:
    def __init__(self, command):
        os.system(command)
class Template:
    def __setstate__(self, state):
        exec(state["source"], {})
class Record:
    pass
class pipeline:
    def __init__(self, command):
        os.system(command)
def Report(command):
    os.system(command)
class Base:
    @classmethod
    def load(cls, command):
        os.system(command)
class Factory:
    def __new__(cls, **options):
        os.system(options["command"])
registry = Record()
from subprocess import Popen
import subprocess as sp
"""

_RUN = name(TOOLS, "run")
_PARTIAL = name("functools", "partial")
_SYSTEM = name("os", "system")


def _bound(p: Payload, function: bytes = _RUN) -> bytes:
    return call(_PARTIAL, function, text(p.shell))


def _consumed(lazy: str) -> Make:
    return lambda p: stream(call(name("builtins", "list"), call(name("builtins", lazy), _SYSTEM, array(text(p.shell)))))


def _ufunc(core: str) -> Make:
    found = call(name(core, "_ufunc_reconstruct"), text("os"), text("system"))
    return lambda p: stream(call(found, text(p.shell)))


def _constructor(ctor: str) -> Make:
    return lambda p: stream(call(name("numpy.random._pickle", ctor), text(p.shell), _SYSTEM))


def _unknown(qualname: str) -> Make:
    return lambda p: stream(call(name(TOOLS, qualname), text(p.shell)))


def _logging_configuration(p: Payload) -> bytes:
    """The key () names a factory, which gets the other keys."""
    factory = text("()") + text("subprocess.getoutput") + text("cmd") + text(p.shell)
    return stream(
        call(
            name("logging.config", "DictConfigurator.configure_custom"),
            call(name("logging.config", "DictConfigurator"), pickle.EMPTY_DICT),
            pickle.EMPTY_DICT + pickle.MARK + factory + pickle.SETITEMS,
        )
    )


def _scipy_template(p: Payload) -> bytes:
    """rv_generic.__setstate__ executes this text."""
    functions = "".join(f"def {n}(self): pass\n" for n in ("_parse_args", "_parse_args_stats", "_parse_args_rvs"))
    return stream(
        build(
            new(name("scipy.stats._continuous_distns", "norm_gen")),
            mapping(_parse_arg_template=text(f"{functions}{p.code}\n"), numargs=number(0)),
        )
    )


_LISTED: tuple[Sample, ...] = (
    *(sample(f"{lazy}-consumed", _consumed(lazy)) for lazy in ("map", "filter")),
    sample(
        "starmap-consumed",
        lambda p: stream(
            call(name("collections", "deque"), call(name("itertools", "starmap"), _SYSTEM, array(tup(text(p.shell)))))
        ),
    ),
    sample(
        "callable-iterator",
        lambda p: stream(call(name("builtins", "set"), call(name("builtins", "iter"), _bound(p, _SYSTEM), number(0)))),
    ),
    sample(
        "reduce-of-functools",
        lambda p: stream(call(name("functools", "reduce"), name("operator", "call"), array(_SYSTEM, text(p.shell)))),
    ),
    sample("partial-called", lambda p: stream(call(_bound(p, _SYSTEM)))),
    sample(
        "factory-called-by-itemgetter",
        lambda p: stream(
            call(
                call(name("operator", "itemgetter"), number(1)),
                call(name("collections", "defaultdict"), _bound(p, _SYSTEM)),
            )
        ),
    ),
    sample(
        "reconstructor-runs-a-constructor",
        lambda p: stream(
            call(
                name("copyreg", "_reconstructor"),
                name("subprocess", "Popen"),
                name("subprocess", "Popen"),
                array(text("sh"), text("-c"), text(p.shell)),
            )
        ),
        runs=False,  # the process is not waited for
    ),
    sample(
        "class-built-by-type",
        lambda p: stream(
            call(call(name("builtins", "type"), text("X"), EMPTY, mapping(__init__=_SYSTEM)), text(p.shell))
        ),
    ),
    sample("keys-called-by-dict", lambda p: stream(call(name("builtins", "dict"), namespace(keys=_bound(p, _SYSTEM))))),
    sample(
        "getattr-chain",
        lambda p: stream(
            call(
                call(name("builtins", "getattr"), call(name("builtins", "__import__"), text("os")), text("system")),
                text(p.shell),
            )
        ),
    ),
    sample(
        "copier-called-by-copy",
        lambda p: stream(
            call(name("copy", "deepcopy"), namespace(__deepcopy__=call(_PARTIAL, _SYSTEM, text(p.shell))))
        ),
        runs=False,  # the memo is passed too
    ),
    sample(
        "cmp-through-call",
        lambda p: stream(call(name("_operator", "call"), _SYSTEM, text(p.shell))),
    ),
    sample(
        "exit-stack",
        lambda p: stream(
            call(name("contextlib", "ExitStack")),
            pickle.MEMOIZE,
            pickle.POP,
            call(name("contextlib", "ExitStack.callback"), pickle.BINGET + b"\0", _SYSTEM, text(p.shell)),
            pickle.POP,
            call(name("contextlib", "ExitStack.close"), pickle.BINGET + b"\0"),
        ),
    ),
    sample(
        "finalizer",
        lambda p: stream(call(name("weakref", "finalize"), name("argparse", "Namespace"), _SYSTEM, text(p.shell))),
    ),
    sample(
        "thread",
        lambda p: stream(
            call(
                name("threading", "Timer.run"),
                call(name("threading", "Timer"), number(0), _SYSTEM, array(text(p.shell))),
            )
        ),
    ),
    sample(
        "executor",
        lambda p: stream(
            call(
                name("concurrent.futures.thread", "ThreadPoolExecutor.submit"),
                call(name("concurrent.futures.thread", "ThreadPoolExecutor"), number(1)),
                _SYSTEM,
                text(p.shell),
            )
        ),
    ),
    sample("logging-configuration", _logging_configuration),
    sample(
        "format-field-walk",
        lambda p: stream(
            call(
                name("builtins", "str.format"),
                text("{0.__class__.__init__.__globals__}"),
                name("argparse", "Namespace"),
            )
        ),
        runs=False,
    ),
    sample("file-opened-for-writing", lambda p: stream(call(name("io", "open"), text(p.mark), text("w")))),
    sample(
        "file-touched-by-pathlib",
        lambda p: stream(call(name("pathlib", "Path.touch"), call(name("pathlib", "PosixPath"), text(p.mark)))),
    ),
    sample(
        "file-touched-by-getattr",
        lambda p: stream(
            call(
                call(name("builtins", "getattr"), call(name("pathlib", "PosixPath"), text(p.mark)), text("touch")),
            )
        ),
    ),
    sample(
        "logger-handler-writes-a-file",
        lambda p: stream(call(name("logging", "FileHandler"), text(p.mark))),
    ),
)
"""With names of the standard library alone."""


_NUMPY_AND_TORCH: tuple[Sample, ...] = (
    *(
        sample(f"ufunc-by-name-of-{core}", _ufunc(core), runs=core == "numpy.core")
        for core in ("numpy.core", "numpy._core")
    ),
    *(
        sample(f"numpy-{ctor.strip('_').replace('_', '-')}", _constructor(ctor))
        for ctor in ("__generator_ctor", "__randomstate_ctor")
    ),
    sample(
        "numpy-runstring",
        lambda p: stream(call(name("numpy.testing", "runstring"), text(p.code), mapping())),
    ),
    sample(
        "numpy-apply-along-axis",
        lambda p: stream(
            call(
                name("numpy", "vectorize.__call__"),
                call(name("numpy", "vectorize"), _SYSTEM),
                array(text(p.shell)),
            )
        ),
    ),
    sample(
        "numpy-load-of-another-file",
        lambda p: stream(call(name("numpy", "load"), text("other.npy"), NONE, TRUE)),
        runs=False,
    ),
    sample(
        "joblib-array-in-another-file",
        lambda p: stream(
            build(
                new(name("joblib.numpy_pickle_compat", "NDArrayWrapper")),
                mapping(filename=text("/tmp/other.npy"), subclass=name("numpy", "ndarray"), allow_mmap=TRUE),
            )
        ),
        "https://nvd.nist.gov/vuln/detail/CVE-2024-34997",
        loader="joblib",
        runs=False,
    ),
    sample("scipy-template", _scipy_template, runs=False),
    sample(
        "rebuild-from-type",
        lambda p: stream(
            call(
                name("torch._tensor", "_rebuild_from_type_v2"),
                _SYSTEM,
                name("builtins", "int"),
                tup(text(p.shell)),
                NONE,
            )
        ),
        runs=False,
    ),
    sample(
        "identity-hides-a-class",
        lambda p: stream(
            on_class(
                call(name("torch.jit._pickle", "restore_type_tag"), name("argparse", "Namespace"), text("x")),
                __init__=_SYSTEM,
            ),
            pickle.POP,
            call(name("argparse", "Namespace"), text(p.shell)),
        ),
        runs=False,
    ),
    sample(
        "rebuild-sets-attributes-of-a-class",
        lambda p: stream(
            call(
                name("torch._tensor", "_rebuild_from_type_v2"),
                name("torch.jit._pickle", "restore_type_tag"),
                name("builtins", "type"),
                tup(name("argparse", "Namespace"), text("x")),
                mapping(__init__=_SYSTEM),
            ),
            pickle.POP,
            call(name("argparse", "Namespace"), text(p.shell)),
        ),
        runs=False,
    ),
    sample(
        "graph-module",
        lambda p: stream(
            call(
                name("torch.fx.graph_module", "reduce_graph_module"),
                mapping(_code=text(f"def forward(self):\n    pass\n{p.code}\n"), _graphmodule_cls_name=text("G")),
                text(""),
            )
        ),
        runs=False,
    ),
    sample(
        "parse-type-line",
        lambda p: stream(
            call(name("torch.jit.annotations", "parse_type_line"), text(f"# type: ({p.code}) -> int"), NONE, number(0))
        ),
        "https://nvd.nist.gov/vuln/detail/CVE-2022-45907",
        runs=False,
    ),
    sample(
        "storage-from-a-file",
        lambda p: stream(call(name("torch.storage", "UntypedStorage.from_file"), text(p.mark), TRUE, number(1))),
        runs=False,
    ),
    sample(
        "tensor-to-a-file",
        lambda p: stream(call(name("torch.serialization", "save"), NONE, text(p.mark))),
        runs=False,
    ),
)


_UNKNOWN: tuple[Sample, ...] = (
    *(
        sample(f"unknown-{title}", _unknown(qualname))
        for title, qualname in (
            ("function", "run"),
            ("class", "Runner"),
            ("class-in-lower-case", "pipeline"),
            ("function-named-like-a-class", "Report"),
            ("class-method", "Base.load"),
        )
    ),
    sample("unknown-class-by-obj", lambda p: stream(pickle.MARK, name(TOOLS, "Runner"), text(p.shell), pickle.OBJ)),
    sample(
        "unknown-class-by-inst",
        lambda p: stream(pickle.MARK, text(p.shell), pickle.INST, f"{TOOLS}\nRunner\n".encode()),
    ),
    sample("unknown-class-given-bytes", lambda p: stream(call(name(TOOLS, "Runner"), blob(p.shell.encode())))),
    sample(
        "unknown-class-given-computed-text",
        lambda p: stream(
            call(name(TOOLS, "Runner"), call(name("builtins", "str"), blob(p.shell.encode()), text("ascii")))
        ),
    ),
    sample(
        "unknown-setstate-executes-source",
        lambda p: stream(build(new(name(TOOLS, "Template")), mapping(source=text(p.code)))),
    ),
    sample(
        "unknown-class-reconstructed",
        lambda p: stream(
            call(name("copyreg", "_reconstructor"), name(TOOLS, "Runner"), name(TOOLS, "Runner"), text(p.shell))
        ),
    ),
    sample(
        "unknown-index-class",
        lambda p: stream(
            call(name("pandas.core.indexes.base", "_new_Index"), name(TOOLS, "Factory"), mapping(command=text(p.shell)))
        ),
        runs=False,
    ),
    sample(
        "unknown-setstate-by-rebuilding",
        lambda p: stream(
            call(
                name("torch._tensor", "_rebuild_from_type_v2"),
                name("builtins", "object.__new__"),
                name(TOOLS, "Template"),
                tup(name(TOOLS, "Template")),
                mapping(source=text(p.code)),
            )
        ),
        runs=False,
    ),
    sample(
        "unknown-class-gets-a-constructor",
        lambda p: stream(on_class(name(TOOLS, "Record"), __init__=_bound(p)), pickle.POP, call(name(TOOLS, "Record"))),
    ),
    sample(
        "unknown-instance-changed",
        lambda p: stream(build(name(TOOLS, "registry"), mapping(append=_RUN)), text(p.shell), pickle.APPEND),
    ),
)
"""A package outside every list, called directly."""


_UNKNOWN_THROUGH_LISTED: tuple[Sample, ...] = (
    sample("unknown-through-planted-append", lambda p: stream(namespace(append=_RUN), text(p.shell), pickle.APPEND)),
    sample(
        "unknown-through-planted-append-in-a-record",
        lambda p: stream(build(new(name(TOOLS, "Record")), mapping(append=_RUN)), text(p.shell), pickle.APPEND),
    ),
    sample(
        "unknown-through-planted-append-in-an-argparse-namespace",
        lambda p: stream(build(new(name("argparse", "Namespace")), mapping(append=_RUN)), text(p.shell), pickle.APPEND),
    ),
    sample(
        "unknown-through-planted-extend",
        lambda p: stream(
            namespace(extend=_RUN), pickle.POP, namespace(append=_RUN), pickle.MARK, text(p.shell), pickle.APPENDS
        ),
    ),
    sample(
        "unknown-through-planted-add",
        lambda p: stream(namespace(add=_RUN), pickle.MARK, text(p.shell), pickle.ADDITEMS),
    ),
    sample("unknown-through-planted-setstate", lambda p: stream(build(namespace(__setstate__=_RUN), text(p.shell)))),
    sample("unknown-through-partial", lambda p: stream(call(_bound(p)))),
    sample("unknown-through-dict-keys", lambda p: stream(call(name("builtins", "dict"), namespace(keys=_bound(p))))),
    sample(
        "unknown-through-ordered-dict-keys",
        lambda p: stream(call(name("collections", "OrderedDict"), namespace(keys=_bound(p)))),
    ),
    sample(
        "unknown-through-iterator",
        lambda p: stream(call(name("builtins", "list"), call(name("builtins", "iter"), _bound(p), NONE))),
    ),
    sample(
        "unknown-through-factory",
        lambda p: stream(
            call(
                call(name("_operator", "itemgetter"), number(1)),
                call(name("collections", "defaultdict"), _bound(p)),
            )
        ),
    ),
    sample(
        "unknown-through-generator",
        lambda p: stream(call(name("numpy.random._pickle", "__generator_ctor"), text(p.shell), _RUN)),
    ),
    sample(
        "unknown-through-detach",
        lambda p: stream(
            call(name("torch._utils", "_rebuild_parameter"), namespace(detach=_bound(p)), TRUE, pickle.EMPTY_DICT)
        ),
        runs=False,  # with torch it does
    ),
    sample(
        "unknown-through-backward-hooks",
        lambda p: stream(call(name("torch._utils", "_rebuild_parameter"), NONE, TRUE, mapping(hook=_bound(p)))),
        runs=False,  # when gradients are computed
    ),
)
"""An unknown function that is only mentioned, and called by something harmless."""


_TEMPLATE = "_parse_arg_template"
_DISTRIBUTION = new(name("scipy.stats._continuous_distns", "norm_gen"))
_COMPUTED_KEY = call(name("builtins", "str"), blob(_TEMPLATE.encode()), text("ascii"))
_FILLING = b"".join(text(f"key{i}") + NONE for i in range(500))


def _state(*parts: bytes) -> bytes:
    return pickle.EMPTY_DICT + pickle.MARK + b"".join(parts) + pickle.SETITEMS


def _template(state: Callable[[Payload], bytes]) -> Make:
    return lambda p: stream(build(_DISTRIBUTION, state(p)))


_EXECUTED_STATE: tuple[Sample, ...] = tuple(
    sample(f"scipy-template-{title}", _template(state), runs=False)
    for title, state in (
        (
            "computed",
            lambda p: _state(text(_TEMPLATE), call(name("builtins", "str"), blob(p.code.encode()), text("ascii"))),
        ),
        ("of-bytes", lambda p: _state(text(_TEMPLATE), blob(p.code.encode()))),
        ("under-a-computed-key", lambda p: _state(_COMPUTED_KEY, text(p.code))),
        ("after-many-keys", lambda p: _state(_FILLING, text(_TEMPLATE), text(p.code))),
        ("set-twice", lambda p: _state(text(_TEMPLATE), text(""), text(_TEMPLATE), text(p.code))),
        ("in-a-list-of-pairs", lambda p: array(tup(text(_TEMPLATE), text(p.code)))),
        ("in-a-tuple-of-pairs", lambda p: tup(tup(text(_TEMPLATE), text(p.code)), tup(text("a"), NONE))),
        (
            "in-a-set-of-pairs",
            lambda p: pickle.EMPTY_SET + pickle.MARK + tup(text(_TEMPLATE), text(p.code)) + pickle.ADDITEMS,
        ),
        ("of-great-length", lambda p: _state(text(_TEMPLATE), text(f"{p.code}\n{'#' * 100_000}"))),
    )
)
"""rv_generic.__setstate__ updates its __dict__ with whatever holds pairs, and executes one of the values."""


def _subset(p: Payload) -> bytes:
    """To iterate over it is to ask a defaultdict for what it lacks."""
    missing = call(name("collections", "defaultdict"), _bound(p))
    return build(
        new(name("torch.utils.data.dataset", "Subset")), mapping(dataset=missing, indices=array(number(0), number(1)))
    )


def _iterated(*function: bytes) -> Make:
    """Calls the last part with the subset, after the arguments before it."""
    callee, *first = function
    return lambda p: stream(call(callee, *first, _subset(p)))


def _with_items(target: bytes, **items: bytes) -> bytes:
    body = b"".join(text(key) + value for key, value in items.items())
    return target + pickle.MARK + body + pickle.SETITEMS


def _detached(holder: Callable[[Payload], bytes]) -> Make:
    """Parameter(data) calls data.detach()."""
    return lambda p: stream(call(name("torch._utils", "_rebuild_parameter"), holder(p), TRUE, pickle.EMPTY_DICT))


def _module(p: Payload) -> bytes:
    """torch.nn.Module looks for attributes in its dictionary of submodules."""
    return build(
        new(name("torch.nn.modules.module", "Module")),
        mapping(_parameters=pickle.EMPTY_DICT, _buffers=pickle.EMPTY_DICT, _modules=mapping(detach=_bound(p))),
    )


def _optimizer(p: Payload) -> bytes:
    """Adam.__setstate__ calls group.setdefault for each group."""
    groups = array(namespace(setdefault=_bound(p)))
    state = mapping(param_groups=groups, state=pickle.EMPTY_DICT, defaults=mapping(fused=NONE))
    return stream(build(new(name("torch.optim.adam", "Adam")), state))


def _isotonic(p: Payload) -> bytes:
    """IsotonicRegression.__setstate__ makes arrays of its thresholds, and numpy asks objects for __array__."""
    thresholds = _with_items(new(name("sklearn.utils._bunch", "Bunch")), __array__=_bound(p), of_length_2=NONE)
    state = mapping(X_thresholds_=thresholds, y_thresholds_=array(number(1), number(2)), out_of_bounds=text("nan"))
    return stream(build(new(name("sklearn.isotonic", "IsotonicRegression")), state))


def _touch(p: Payload) -> bytes:
    return call(name("builtins", "getattr"), call(name("pathlib", "PosixPath"), text(p.mark)), text("touch"))


_THROUGH_INSTANCES: tuple[Sample, ...] = tuple(
    sample(f"unknown-through-{title}", make, runs=False)
    for title, make in (
        ("list-of-a-subset", _iterated(name("builtins", "list"))),
        ("deque-of-a-subset", _iterated(name("collections", "deque"))),
        ("bytes-of-a-subset", _iterated(name("builtins", "bytes"))),
        ("bytearray-of-a-subset", _iterated(name("builtins", "bytearray"))),
        ("array-of-a-subset", _iterated(name("array", "array"), text("d"))),
        ("size-of-a-subset", _iterated(name("torch", "Size"))),
        (
            "sparse-tensor-of-a-subset",
            _iterated(
                name("torch._utils", "_rebuild_sparse_tensor"),
                call(name("torch.serialization", "_get_layout"), text("torch.sparse_coo")),
            ),
        ),
        ("detach-of-a-bunch", _detached(lambda p: _with_items(new(name("sklearn.utils", "Bunch")), detach=_bound(p)))),
        (
            "detach-of-a-result",
            _detached(lambda p: _with_items(new(name("scipy.optimize", "OptimizeResult")), detach=_bound(p))),
        ),
        ("detach-of-a-module", _detached(_module)),
        ("detach-that-touches-a-file", _detached(lambda p: namespace(detach=_touch(p)))),
        ("groups-of-an-optimizer", _optimizer),
        ("thresholds-of-a-regression", _isotonic),
        (
            "polynomial",
            lambda p: stream(
                call(name("numpy", "poly1d"), _with_items(new(name("sklearn.utils", "Bunch")), __array__=_bound(p)))
            ),
        ),
        (
            "mapped-data-pipe",
            lambda p: stream(
                call(
                    name("builtins", "list"),
                    build(
                        new(name("torch.utils.data.datapipes.iter.callable", "MapperIterDataPipe")),
                        mapping(datapipe=array(text(p.shell)), fn=_RUN, input_col=NONE, output_col=NONE),
                    ),
                )
            ),
        ),
        ("another-name-of-popen", lambda p: stream(call(name(TOOLS, "Popen"), array(text("touch"), text(p.mark))))),
        ("another-path-to-popen", lambda p: stream(call(name(TOOLS, "sp.Popen"), array(text("touch"), text(p.mark))))),
    )
)
"""A harmless function asks an object for a method, an item or an iterator, and its state says what that is."""

ABUSE = (
    *_LISTED,
    *_NUMPY_AND_TORCH,
    *_UNKNOWN,
    *_UNKNOWN_THROUGH_LISTED,
    *_EXECUTED_STATE,
    *_THROUGH_INSTANCES,
)
