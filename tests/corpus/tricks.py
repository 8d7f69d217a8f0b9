"""One pickle for each way in which opcodes can call, name or hide: the machine, not the names, is in question."""

from __future__ import annotations

import base64
import pickle
import struct
import zlib

from tests.corpus.opcodes import (
    EMPTY,
    NONE,
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
    stacked,
    stream,
    system,
    text,
    tup,
)

_SYSTEM = name("os", "system")


_LOADS = name("pickle", "loads")
_COMPUTED = call(name("builtins", "str"), blob(b"system"), text("ascii"))
_ROT13 = call(name("_codecs", "decode"), text("flfgrz"), text("rot13"))
_JOINED = call(call(name("builtins", "getattr"), text(""), text("join")), array(text("sys"), text("tem")))


def _in_protocol(protocol: int) -> Make:
    return lambda p: stream(system(p), protocol=protocol or None)


def _extension(code: bytes, size: int) -> Make:
    register = call(name("copyreg", "add_extension"), text("os"), text("system"), number(7))
    return lambda p: stream(register, pickle.POP, call(code + (7).to_bytes(size, "little"), text(p.shell)))


def _python_2(qualname: str) -> Make:
    return lambda p: stream(call(name("__builtin__", qualname), text(p.code)), protocol=2)


def _dotted(module: str) -> Make:
    return lambda p: stream(call(name(module, "os.system"), text(p.shell)))


def _after(literal: bytes) -> Make:
    return lambda p: stream(literal, pickle.POP, system(p), protocol=2)


def _framed(length: int, p: Payload, before: bytes = b"") -> bytes:
    return stream(before, pickle.FRAME, struct.pack("<Q", length), system(p))


def _stacked_system(p: Payload) -> bytes:
    return call(stacked(text("os"), text("system")), text(p.shell))


def _partial_state(function: bytes) -> bytes:
    return tup(name("builtins", "print"), EMPTY, pickle.EMPTY_DICT, mapping(__setstate__=function))


def _called(p: Payload) -> tuple[bytes, ...]:
    return pickle.STACK_GLOBAL, tup(text(p.shell)), pickle.REDUCE


def _legacy(p: Payload) -> bytes:
    """The head of torch's old format, and a hostile object."""
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    return magic + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2) + stream(system(p), protocol=2)


def _encoded(p: Payload) -> bytes:
    inner = call(name("base64", "b64decode"), text(base64.b64encode(stream(system(p))).decode()))
    return stream(call(_LOADS, inner))


def _packed(p: Payload) -> bytes:
    return stream(call(_LOADS, call(name("zlib", "decompress"), blob(zlib.compress(stream(system(p)))))))


def _latin(p: Payload) -> bytes:
    inner = call(name("_codecs", "encode"), text(stream(system(p)).decode("latin-1")), text("latin1"))
    return stream(call(_LOADS, inner), protocol=2)


def _twice(p: Payload) -> bytes:
    inner = stream(call(_LOADS, blob(stream(system(p)))))
    return stream(call(_LOADS, blob(inner)))


_PROTOCOLS: tuple[Sample, ...] = (
    *(sample(f"reduce-protocol-{protocol}", _in_protocol(protocol)) for protocol in range(6)),
    sample("reduce-text-opcodes", lambda p: f"cos\nsystem\n(S'{p.shell}'\ntR.".encode()),
    sample("no-proto-but-stack-global", lambda p: stream(_stacked_system(p), protocol=None)),
    sample("late-proto", lambda p: stream(NONE, pickle.POP, pickle.PROTO + b"\4", system(p), protocol=None)),
    sample(
        "proto-lowered-for-python-2-names",
        lambda p: stream(pickle.PROTO + b"\2", call(name("__builtin__", "eval"), text(p.code))),
    ),
    sample(
        "proto-raised-for-dotted-names",
        lambda p: stream(pickle.PROTO + b"\4", call(name("posixpath", "os.system"), text(p.shell)), protocol=0),
    ),
)


_CALLING_OPCODES: tuple[Sample, ...] = (
    sample("inst", lambda p: stream(pickle.MARK, text(p.shell), pickle.INST, b"os\nsystem\n")),
    sample("obj", lambda p: stream(pickle.MARK, _SYSTEM, text(p.shell), pickle.OBJ)),
    # map.__new__ and tuple.__new__ are enough: no opcode here calls a function.
    sample(
        "newobj",
        lambda p: stream(new(name("builtins", "tuple"), new(name("builtins", "map"), _SYSTEM, array(text(p.shell))))),
    ),
    sample(
        "newobj-ex",
        lambda p: stream(
            name("builtins", "tuple"),
            tup(name("builtins", "map") + tup(_SYSTEM, array(text(p.shell))) + pickle.EMPTY_DICT + pickle.NEWOBJ_EX),
            pickle.EMPTY_DICT,
            pickle.NEWOBJ_EX,
        ),
    ),
    *(
        sample(f"extension-{size}", _extension(code, size))
        for code, size in ((pickle.EXT1, 1), (pickle.EXT2, 2), (pickle.EXT4, 4))
    ),
    sample("persistent-id", lambda p: stream(tup(_SYSTEM, text(p.shell)), pickle.BINPERSID), runs=False),
    sample("persistent-id-text", lambda p: b"P" + p.shell.encode() + b"\n.", runs=False),
)


_HIDDEN_CALLS: tuple[Sample, ...] = (
    sample("planted-append", lambda p: stream(namespace(append=_SYSTEM), text(p.shell), pickle.APPEND)),
    sample("planted-appends", lambda p: stream(namespace(append=_SYSTEM), pickle.MARK, text(p.shell), pickle.APPENDS)),
    sample("planted-add", lambda p: stream(namespace(add=_SYSTEM), pickle.MARK, text(p.shell), pickle.ADDITEMS)),
    sample("planted-setstate", lambda p: stream(build(namespace(__setstate__=_SYSTEM), text(p.shell)))),
    sample(
        "planted-setstate-on-partial",
        lambda p: stream(
            build(
                build(call(name("functools", "partial"), name("builtins", "print")), _partial_state(_SYSTEM)),
                text(p.shell),
            )
        ),
        runs=False,  # partial has a __setstate__ of its own; the planted one is not reached
    ),
    sample(
        "constructor-set-on-class",
        lambda p: stream(
            on_class(name("argparse", "Namespace"), __init__=_SYSTEM),
            pickle.POP,
            call(name("argparse", "Namespace"), text(p.shell)),
        ),
    ),
    sample(
        "attribute-set-on-function-then-named",
        lambda p: stream(
            on_class(name("textwrap", "dedent"), found=_SYSTEM),
            pickle.POP,
            call(name("textwrap", "dedent.found"), text(p.shell)),
        ),
    ),
    sample(
        "builtins-replaced-by-setitem",
        lambda p: stream(
            name("builtins", "__dict__"),
            text("len"),
            _SYSTEM,
            pickle.SETITEM,
            pickle.POP,
            call(name("builtins", "len"), text(p.shell)),
        ),
    ),
    sample(
        "modules-replaced-by-setitem",
        lambda p: stream(
            name("sys", "modules"),
            pickle.MARK,
            text("harmless"),
            namespace(tool=_SYSTEM),
            pickle.SETITEMS,
            pickle.POP,
            call(name("harmless", "tool"), text(p.shell)),
        ),
    ),
    sample(
        "environment-changed-by-setitem",
        lambda p: stream(name("os", "environ"), text("PYTHONSTARTUP"), text(p.mark), pickle.SETITEM),
        runs=False,
    ),
)
"""Methods that the unpickler calls by itself, planted first."""


_MEMO: tuple[Sample, ...] = (
    sample(
        "sparse-memo",
        lambda p: stream(
            text("system"),
            pickle.LONG_BINPUT + struct.pack("<I", 50_000),
            pickle.POP,
            text("os"),
            pickle.LONG_BINGET + struct.pack("<I", 50_000),
            pickle.STACK_GLOBAL,
            tup(text(p.shell)),
            pickle.REDUCE,
        ),
    ),
    # MEMOIZE writes at the number of distinct entries, which here is 1 and not 2.
    sample(
        "memoize-counts-entries",
        lambda p: stream(
            text("getcwd"),
            pickle.BINPUT + b"\1",
            pickle.POP,
            text("system"),
            pickle.MEMOIZE,
            pickle.POP,
            text("os"),
            pickle.BINGET + b"\1",
            pickle.STACK_GLOBAL,
            tup(text(p.shell)),
            pickle.REDUCE,
        ),
    ),
    sample(
        "memo-overwritten",
        lambda p: stream(
            text("getcwd"),
            pickle.BINPUT + b"\0",
            pickle.POP,
            text("system"),
            pickle.BINPUT + b"\0",
            pickle.POP,
            text("os"),
            pickle.BINGET + b"\0",
            pickle.STACK_GLOBAL,
            tup(text(p.shell)),
            pickle.REDUCE,
        ),
    ),
    sample(
        "memo-of-something-below-the-operands",
        lambda p: stream(
            text("os"),
            text("system"),
            pickle.PUT + b"0\n",
            text("x"),
            pickle.POP,
            pickle.STACK_GLOBAL,
            pickle.PUT + b"1\n",
            pickle.POP,
            call(pickle.GET + b"1\n", text(p.shell)),
        ),
        "https://github.com/mmaitre314/picklescan/issues/22",
    ),
    sample(
        "memo-index-with-odd-digits",
        lambda p: stream(_SYSTEM, b"p +1_0 \n", pickle.POP, call(b"g10\n", text(p.shell)), protocol=None),
        loader="pure",
    ),
    sample(
        "duplicated-function",
        lambda p: stream(_SYSTEM, pickle.DUP, pickle.POP, tup(text(p.shell)), pickle.REDUCE),
    ),
)


_NAMES: tuple[Sample, ...] = (
    sample("operands-as-unicode-escapes", lambda p: stream(b"V\\u006fs\n", b"V\\u0073ystem\n", *_called(p))),
    sample("operands-as-python-2-strings", lambda p: stream(b"U\2os", b"T\6\0\0\0system", *_called(p))),
    sample("operands-with-string-escapes", lambda p: stream(b"S'\\x6f\\x73'\n", b'S"sys\\164em"\n', *_called(p))),
    sample("computed-operand", lambda p: stream(text("os"), _COMPUTED, *_called(p))),
    sample("decoded-operand", lambda p: stream(text("os"), _ROT13, *_called(p))),
    sample(
        "joined-operand",
        lambda p: stream(text("os"), _JOINED, *_called(p)),
        "https://github.com/protectai/modelscan/issues/331",
    ),
    sample(
        "name-outside-ascii",
        lambda p: stream(
            on_class(name("argparse", "Namespace"), größe=_SYSTEM),
            pickle.POP,
            call(name("argparse", "Namespace.größe"), text(p.shell)),
        ),
    ),
    *(
        sample(f"python-2-{qualname}", _python_2(qualname), runs=qualname != "execfile")
        for qualname in ("eval", "exec", "execfile")
    ),
    sample("python-2-commands", lambda p: stream(call(name("commands", "getoutput"), text(p.shell)), protocol=2)),
    sample(
        "python-2-urlopen",
        lambda p: stream(call(name("urllib", "urlopen"), text("http://127.0.0.1:9/")), protocol=2),
        runs=False,
    ),
    *(
        sample(f"reached-through-{module}", _dotted(module))
        for module in ("numpy.testing._private.utils", "joblib.memory", "numpy.lib._datasource")
    ),
    sample("reached-through-torch", lambda p: stream(call(name("torch", "os.system"), text(p.shell))), runs=False),
    sample(
        "reached-through-globals",
        lambda p: stream(
            call(
                call(
                    name("builtins", "dict.get"),
                    call(name("textwrap", "dedent.__globals__.__getitem__"), text("__builtins__")),
                    text("exec"),
                ),
                text(p.code),
            ),
        ),
    ),
    sample("reached-through-self", lambda p: stream(call(name("builtins", "len.__self__.eval"), text(p.code)))),
    sample(
        "module-loaded-by-a-loader",
        lambda p: stream(
            call(
                call(
                    name("builtins", "getattr"),
                    call(name("builtins", "__spec__.loader.load_module"), text("posix")),
                    text("system"),
                ),
                text(p.shell),
            )
        ),
        runs=False,  # importlib may drop load_module
    ),
    sample(
        "module-as-an-object",
        lambda p: stream(
            call(call(name("builtins", "getattr"), name("posixpath", "os"), text("system")), text(p.shell))
        ),
    ),
)


_INTEGERS: tuple[Sample, ...] = (
    *(
        sample(title, _after(literal), loader="pure" if b"_" in literal else "pickle")
        for title, literal in (
            ("hex-int", b"I0x10\n"),
            ("binary-int", b"I0b11\n"),
            ("octal-long", b"L0o17L\n"),
            ("hex-long", b"L0x1FL\n"),
            ("int-with-underscore", b"I1_0\n"),
            ("float-with-underscore", b"F1_0.5\n"),
            ("float-infinity", b"Finf\n"),
            ("int-with-blanks", b"I 7 \n"),
            ("bool-of-two-digits", b"I01\n"),
            ("long-of-no-bytes", pickle.LONG1 + b"\0"),
        )
    ),
)
"""Literals that one parser takes and another rejects."""


_FRAMING: tuple[Sample, ...] = (
    sample("frame-too-short", lambda p: _framed(3, p)),
    sample("frame-empty", lambda p: _framed(0, p)),
    sample("frame-too-long", lambda p: _framed(1_000_000, p), loader="pure"),
    sample("frame-in-frame", lambda p: _framed(10, p, pickle.FRAME + struct.pack("<Q", 30))),
    sample("frame-without-proto", lambda p: _framed(200, p)[2:], loader="pure"),
)


_ORDER: tuple[Sample, ...] = (
    sample("popped-result", lambda p: stream(system(p), pickle.POP, NONE)),
    sample("result-popped-with-its-mark", lambda p: stream(pickle.MARK, system(p), pickle.POP_MARK, NONE)),
    sample("result-below-the-top", lambda p: stream(system(p), NONE)),
    sample("result-in-the-memo-only", lambda p: stream(system(p), pickle.MEMOIZE, pickle.POP, mapping(x=NONE))),
    sample("result-as-dictionary-key", lambda p: stream(pickle.EMPTY_DICT, system(p), NONE, pickle.SETITEM)),
    sample("no-stop", lambda p: stream(system(p))[:-1]),
    sample("cut-in-the-next-opcode", lambda p: stream(system(p))[:-1] + b"X\xff"),
    sample("unknown-opcode-after-the-call", lambda p: stream(system(p), b"\xff")),
    sample("stack-underflow-after-the-call", lambda p: stream(system(p), b"00000")),
    sample("protocol-from-the-future-after-the-call", lambda p: stream(system(p), pickle.PROTO + b"\x09")),
    sample("second-stream", lambda p: stream(NONE) + stream(system(p))),
    sample("tenth-stream", lambda p: stream(mapping(a=NONE)) * 9 + stream(system(p))),
    sample("after-harmless-data", lambda p: stream(array(*[number(i) for i in range(5000)]), pickle.POP, system(p))),
    sample("after-long-text", lambda p: stream(text("x" * 300_000), pickle.POP, system(p))),
    # The pure-Python reader takes the last line as complete, and cuts its last character.
    sample("last-line-unterminated", lambda p: f"(S'{p.shell}'\nios\nsystem!".encode(), loader="pure"),
)
"""Calls whose effect comes before whatever is wrong, or is thrown away."""


_NESTED: tuple[Sample, ...] = (
    sample("nested-bytes", lambda p: stream(call(_LOADS, blob(stream(system(p)))))),
    sample("nested-c-module", lambda p: stream(call(name("_pickle", "loads"), blob(stream(system(p)))))),
    sample("nested-base64", _encoded),
    sample("nested-zlib", _packed),
    sample("nested-latin-1-text", _latin),
    sample("nested-twice", _twice),
    sample(
        "nested-unpickler",
        lambda p: stream(
            call(
                name("pickle", "Unpickler.load"),
                call(name("pickle", "Unpickler"), call(name("io", "BytesIO"), blob(stream(system(p))))),
            )
        ),
    ),
    sample(
        "nested-torch-storage",
        lambda p: stream(call(name("torch.storage", "_load_from_bytes"), blob(_legacy(p)))),
        runs=False,
    ),
    sample(
        "nested-torch-storage-as-latin-1-text",
        lambda p: stream(
            call(
                name("torch.storage", "_load_from_bytes"),
                call(name("_codecs", "encode"), text(_legacy(p).decode("latin-1")), text("latin1")),
            ),
            protocol=2,
        ),
        runs=False,
    ),
)


_ISSUES = "https://github.com/protectai/modelscan/issues/"


def _operands_from_attributes(p: Payload) -> bytes:
    prod = on_class(on_class(name("numpy", "prod"), a=text("os")), b=text("system"))
    return stream(prod, pickle.POP, name("numpy", "prod.a"), name("numpy", "prod.b"), *_called(p), protocol=5)


def _builtins_by_get(p: Payload) -> bytes:
    found = call(name("builtins", "dict.get"), name("numpy", "__builtins__"), text("exec"))
    return stream(call(found, text(p.code)), protocol=5)


def _modules_as_attributes(p: Payload) -> bytes:
    changed = build(name("numpy", "prod"), tup(NONE, name("numpy.testing._private.utils", "sys.modules")))
    return stream(changed, pickle.POP, call(name("numpy", "prod.os.system"), text(p.shell)), protocol=5)


_MODELSCAN: tuple[Sample, ...] = (
    sample("operands-from-attributes", _operands_from_attributes, f"{_ISSUES}85"),
    sample("builtins-by-get", _builtins_by_get, f"{_ISSUES}89"),
    sample("modules-as-attributes", _modules_as_attributes, f"{_ISSUES}89"),
    sample(
        "subclasses-walk",
        lambda p: stream(call(name("builtins", "print.__class__.__base__.__subclasses__"))),
        f"{_ISSUES}338",
        runs=False,
    ),
    sample(
        "module-methods-by-name",
        lambda p: stream(
            call(name("builtins", "__dict__.__setitem__"), text("tool"), _SYSTEM),
            pickle.POP,
            call(name("builtins", "tool"), text(p.shell)),
        ),
        f"{_ISSUES}338",
    ),
    sample(
        "import-module-then-getattr",
        lambda p: stream(
            call(
                call(name("builtins", "getattr"), call(name("importlib", "import_module"), text("os")), text("system")),
                text(p.shell),
            )
        ),
        "https://github.com/mmaitre314/picklescan/issues/66",
    ),
)
"""Reported against scanners that track only the arguments of opcodes."""


TRICKS = (
    *_PROTOCOLS,
    *_CALLING_OPCODES,
    *_HIDDEN_CALLS,
    *_MEMO,
    *_NAMES,
    *_INTEGERS,
    *_FRAMING,
    *_ORDER,
    *_NESTED,
    *_MODELSCAN,
)
