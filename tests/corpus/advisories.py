"""One pickle for each published way past a scanner, with its link."""

from __future__ import annotations

import marshal
import pickle
from collections.abc import Callable, Iterator

from tests.corpus.opcodes import (
    EMPTY,
    NONE,
    TRUE,
    Make,
    Payload,
    Sample,
    advisory,
    array,
    blob,
    call,
    mapping,
    name,
    namespace,
    number,
    sample,
    stream,
    system,
    text,
    tup,
)

Args = Callable[[Payload], tuple[bytes, ...]]
Row = tuple[str, str, str, Args]
"""Advisory, module, name, and what the name is called with."""


def _code(p: Payload) -> tuple[bytes, ...]:
    return (text(p.code),)


def _code_with_names(p: Payload) -> tuple[bytes, ...]:
    return text(p.code), mapping(), mapping()


def _shell(p: Payload) -> tuple[bytes, ...]:
    return (text(p.shell),)


def _words(p: Payload) -> tuple[bytes, ...]:
    return (array(text("sh"), text("-c"), text(p.shell)),)


def _nested(p: Payload) -> tuple[bytes, ...]:
    return (blob(stream(system(p))),)


def _method(cls: bytes, rest: Args) -> Args:
    """A method named through its class gets the instance first."""
    return lambda p: (call(cls), *rest(p))


def _transport(p: Payload) -> tuple[bytes, ...]:
    return namespace(), text(p.shell), TRUE, NONE, NONE, NONE, number(0)


_STDLIB: tuple[Row, ...] = (
    ("GHSA-49gj-c84q-6qm9", "cProfile", "run", _code),
    ("GHSA-p523-jq9w-64x9", "cProfile", "Profile.run", _method(name("cProfile", "Profile"), _code)),
    ("GHSA-9w88-8rmg-7g2p", "cProfile", "runctx", _code_with_names),
    ("GHSA-7wx9-6375-f5wh", "profile", "run", _code),
    ("GHSA-x696-vm39-cp64", "profile", "Profile.run", _method(name("profile", "Profile"), _code)),
    ("GHSA-6vqj-c2q5-j97w", "profile", "Profile.runctx", _method(name("profile", "Profile"), _code_with_names)),
    ("GHSA-5qwp-399c-mjwf", "trace", "Trace.run", _method(name("trace", "Trace"), _code)),
    ("GHSA-g344-hcph-8vgg", "trace", "Trace.runctx", _method(name("trace", "Trace"), _code_with_names)),
    ("GHSA-v7x6-rv5q-mhwc", "timeit", "timeit", lambda p: (text(p.code), text(""), name("time", "time"), number(1))),
    ("GHSA-g38g-8gr9-h9xp", "_osx_support", "_read_output", _shell),
    ("GHSA-g38g-8gr9-h9xp", "imaplib", "IMAP4_stream", _shell),
    ("GHSA-g38g-8gr9-h9xp", "test.support.script_helper", "assert_python_ok", lambda p: (text("-c"), text(p.code))),
    ("GHSA-g38g-8gr9-h9xp", "uuid", "_get_command_stdout", lambda p: (text("sh"), text("-c"), text(p.shell))),
    ("GHSA-vqmv-47xg-9wpr", "pty", "spawn", _words),
    (
        "GHSA-cj3c-v495-4xqh",
        "code",
        "InteractiveInterpreter.runcode",
        _method(name("code", "InteractiveInterpreter"), _code),
    ),
    ("GHSA-fqq6-7vqf-w3fg", "doctest", "debug_script", lambda p: (text(p.code), TRUE)),
    ("GHSA-r8g5-cgf2-4m4m", "numpy.f2py.crackfortran", "getlincoef", lambda p: (text(p.code), mapping())),
    ("GHSA-q77w-mwjj-7mqx", "asyncio.unix_events", "_UnixSubprocessTransport._start", _transport),
    ("GHSA-h4rm-mm56-xf63", "builtins", "exec", _code),
    ("GHSA-h4rm-mm56-xf63", "builtins", "eval", _code),
    ("GHSA-wfq2-52f7-7qvj", "runpy", "_run_code", lambda p: (text(p.code), mapping())),
    ("GHSA-r7v6-mfhq-g3m2", "pty", "spawn", lambda p: (tup(text("sh"), text("-c"), text(p.shell)),)),
    ("GHSA-m6fh-58r7-x697", "atexit", "register", lambda p: (name("os", "system"), text(p.shell))),
)
"""These fire wherever Python and numpy are."""

_IDLE = call(name("types", "SimpleNamespace"))


def _interpreter() -> bytes:
    """What ModifiedInterpreter.runcode asks of its self."""
    nothing = name("builtins", "list")
    console = namespace(executing=number(0), beginexecuting=nothing, endexecuting=nothing, canceled=NONE)
    return namespace(tkconsole=console, checklinecache=nothing, debugger=NONE, rpcclt=NONE, locals=mapping())


_ELSEWHERE: tuple[Row, ...] = (
    # With tkinter.
    (
        "GHSA-3gf5-cxq9-w223",
        "idlelib.pyshell",
        "ModifiedInterpreter.runcode",
        lambda p: (_interpreter(), text(p.code)),
    ),
    (
        "GHSA-j343-8v2j-ff7w",
        "idlelib.pyshell",
        "ModifiedInterpreter.runcommand",
        lambda p: (
            namespace(tkconsole=namespace(executing=number(0)), rpcclt=NONE, locals=mapping()),
            text(p.code),
        ),
    ),
    ("GHSA-3vg9-h568-4w9m", "idlelib.debugobj", "ObjectTreeItem.SetText", lambda p: (_IDLE, text(p.code))),
    ("GHSA-6w4w-5w54-rjvr", "idlelib.autocomplete", "AutoComplete.get_entity", lambda p: (_IDLE, text(p.code))),
    (
        "GHSA-7cq8-mj8x-j263",
        "idlelib.autocomplete",
        "AutoComplete.fetch_completions",
        lambda p: (call(name("idlelib.autocomplete", "AutoComplete")), text(p.code), number(0)),
    ),
    ("GHSA-8r4j-24qv-fmq9", "idlelib.calltip", "Calltip.fetch_tip", lambda p: (_IDLE, text(p.code))),
    ("GHSA-9xph-j2h6-g47v", "idlelib.calltip", "get_entity", _code),
    ("GHSA-m869-42cg-3xwr", "idlelib.run", "Executive.runcode", lambda p: (namespace(locals=mapping()), text(p.code))),
    # Gone from some release, or not there yet.
    ("GHSA-g38g-8gr9-h9xp", "_aix_support", "_read_cmd_output", _shell),
    ("GHSA-g38g-8gr9-h9xp", "_pyrepl.pager", "pipe_pager", lambda p: (text("x"), text(p.shell))),
    ("GHSA-m273-6v24-x4m4", "distutils.file_util", "write_file", lambda p: (text(p.mark), array(text("x")))),
    (
        "GHSA-f54q-57x4-jg88",
        "lib2to3.pgen2.grammar",
        "Grammar.loads",
        _method(name("lib2to3.pgen2.grammar", "Grammar"), _nested),
    ),
    (
        "GHSA-p9w7-82w4-7q8m",
        "lib2to3.pgen2.pgen",
        "ParserGenerator.make_label",
        lambda p: (namespace(), namespace(labels=array()), text(f"'' or {p.code}")),
    ),
    ("GHSA-6ggj-6f2q-f7mx", "_interpreters", "exec", lambda p: (call(name("_interpreters", "create")), text(p.code))),
    (
        "GHSA-6ggj-6f2q-f7mx",
        "_xxsubinterpreters",
        "run_string",
        lambda p: (call(name("_xxsubinterpreters", "create")), text(p.code)),
    ),
    (
        "GHSA-m6fh-58r7-x697",
        "_posixsubprocess",
        "fork_exec",
        lambda p: (
            tup(blob(b"sh"), blob(b"-c"), blob(p.shell.encode())),
            tup(blob(b"/bin/sh")),
            TRUE,
            EMPTY,
            NONE,
            NONE,
        ),
    ),
    # They install, start or read what is there.
    ("GHSA-xp4f-hrf8-rxw7", "ensurepip", "_run_pip", lambda p: (array(text("--version")), array())),
    ("CVE-2025-1716", "pip", "main", lambda p: (array(text("--version")),)),
    ("GHSA-m6fh-58r7-x697", "site", "addsitedir", lambda p: (text("."),)),
    ("GHSA-5cxw-w2xg-2m8h", "platform", "_syscmd_file", lambda p: (text("."),)),
    ("GHSA-r48f-3986-4f9c", "linecache", "getlines", lambda p: (text("/etc/hostname"),)),
    ("GHSA-r48f-3986-4f9c", "difflib", "unified_diff", lambda p: (text("a"), text("b"))),
    ("GHSA-r48f-3986-4f9c", "gc", "get_objects", lambda p: ()),
    # With torch, of one release or another.
    ("GHSA-4r9r-ch6f-vxmx", "torch.utils.bottleneck.__main__", "run_cprofile", _code_with_names),
    ("GHSA-4whj-rm5r-c2v8", "torch.utils.bottleneck.__main__", "run_autograd_prof", _code_with_names),
    (
        "GHSA-86cj-95qr-2p4f",
        "torch._dynamo.guards",
        "GuardBuilder.get",
        lambda p: (namespace(scope=mapping()), text(p.code)),
    ),
    (
        "GHSA-f4x7-rfwp-v3xw",
        "torch.fx.experimental.symbolic_shapes",
        "ShapeEnv.evaluate_guards_expression",
        lambda p: (namespace(), text(p.code), array()),
    ),
    ("GHSA-f745-w6jp-hpxx", "torch.utils.collect_env", "run", _shell),
    (
        "GHSA-jhph-76pp-mggw",
        "torch.utils.collect_env",
        "run_and_read_all",
        lambda p: (name("torch.utils.collect_env", "run"), text(p.shell)),
    ),
    (
        "GHSA-h3qp-7fh3-f8h4",
        "torch.utils.data.datapipes.utils.decoder",
        "basichandlers",
        lambda p: (text("pickle"), *_nested(p)),
    ),
    ("GHSA-vr7h-p6mm-wpmh", "torch.jit.unsupported_tensor_ops", "execWrapper", _code_with_names),
    (
        "GHSA-vv6j-3g6g-2pvj",
        "torch.utils._config_module",
        "ConfigModule.load_config",
        lambda p: (namespace(), *_nested(p)),
    ),
)


def _calling(module: str, qualname: str, args: Args) -> Callable[[Payload], bytes]:
    return lambda p: stream(call(name(module, qualname), *args(p)))


def _marshalled(p: Payload) -> bytes:
    code = marshal.dumps(compile(p.code, "", "exec"))
    loaded = call(name("marshal", "loads"), blob(code))
    return stream(call(call(name("types", "FunctionType"), loaded, mapping(__builtins__=name("builtins", "__dict__")))))


def _listed(rows: tuple[Row, ...], *, runs: bool) -> Iterator[Sample]:
    for id_, module, qualname, args in rows:
        title = f"{module}-{qualname}-{id_[-4:]}".replace(".", "-").replace("_", "").lower()
        link = advisory(id_) if id_.startswith("GHSA") else f"https://nvd.nist.gov/vuln/detail/{id_}"
        yield sample(title, _calling(module, qualname, args), link, runs=runs)


def _result_called(found: bytes) -> Make:
    return lambda p: stream(call(found, text(p.shell)))


_OS = call(name("builtins", "__import__"), text("os"))
_C_SYSTEM = call(name("builtins", "getattr"), call(name("ctypes", "CDLL"), NONE), text("system"))

_INDIRECT: tuple[Sample, ...] = (
    sample(
        "attrgetter",
        _result_called(call(call(name("_operator", "attrgetter"), text("system")), _OS)),
        advisory("GHSA-46h3-79wf-xr6c"),
    ),
    sample(
        "methodcaller",
        lambda p: stream(call(call(name("_operator", "methodcaller"), text("system"), text(p.shell)), _OS)),
        advisory("GHSA-955r-x9j8-7rhh"),
    ),
    sample(
        "pydoc-locate",
        _result_called(call(name("pydoc", "locate"), text("os.system"))),
        advisory("GHSA-84r2-jw7c-4r5q"),
    ),
    sample(
        "pkgutil-resolve-name",
        _result_called(call(name("pkgutil", "resolve_name"), text("os:system"))),
        advisory("GHSA-vvpj-8cmc-gx39"),
    ),
    sample(
        "ctypes-cdll",
        lambda p: stream(call(_C_SYSTEM, blob(p.shell.encode()))),
        advisory("GHSA-4675-36f9-wf6r"),
    ),
    sample(
        "ctypes-named-library",
        lambda p: stream(call(name("ctypes", "pythonapi.PyRun_SimpleString"), blob(p.code.encode()))),
        advisory("GHSA-5hvc-6wx8-mvv4"),
    ),
    sample("marshalled-function", _marshalled, advisory("GHSA-565g-hwwr-4pp3")),
    sample(
        "only-the-root-compared",
        lambda p: stream(call(name("os.path", "os.system"), text(p.shell))),
        advisory("GHSA-q5qq-mvfm-j35x"),
    ),
    sample(
        "popped-obj",
        lambda p: stream(pickle.MARK, name("os", "system"), text(p.shell), pickle.OBJ, pickle.POP, NONE),
        advisory("GHSA-mxhj-88fx-4pcv"),
    ),
    sample(
        "dotted-operand",
        lambda p: stream(text("os.path"), text("os.system"), pickle.STACK_GLOBAL, tup(text(p.shell)), pickle.REDUCE),
        advisory("GHSA-5j3x-jp52-966f"),
    ),
    sample(
        "listed-name-shadowed",
        lambda p: stream(
            name("collections", "OrderedDict"),
            pickle.BINPUT + b"\0",
            name("os", "system"),
            pickle.BINPUT + b"\0",
            pickle.POP,
            pickle.POP,
            call(pickle.BINGET + b"\0", text(p.shell)),
        ),
        advisory("GHSA-cffv-grgg-g429"),
    ),
    sample(
        "protocol-0-strings-as-operands",
        lambda p: stream(b"S'os'\n", b"S'system'\n", pickle.STACK_GLOBAL, tup(text(p.shell)), pickle.REDUCE),
        advisory("GHSA-9gvj-pp9x-gcfr"),
    ),
    sample(
        "asyncio-subprocess",
        lambda p: stream(
            call(name("asyncio.unix_events", "_UnixSubprocessTransport._start"), *_transport(p)), pickle.POP, NONE
        ),
        advisory("GHSA-jgw4-cr84-mqxg"),
    ),
)
"""Where the name that is called is found by another call, or hidden in the opcodes."""

ADVISORIES = (*_listed(_STDLIB, runs=True), *_listed(_ELSEWHERE, runs=False), *_INDIRECT)
