"""HDF5: what refers to other files, and what hides pickles."""

from __future__ import annotations

import pickle

from tests.corpus import hdf5
from tests.corpus.hdf5 import DATASPACE, DATATYPE, LINK, LINK_INFO, NOWHERE, Message, Writer, u64
from tests.corpus.opcodes import name, stream, text, tup

_EVIL = stream(name("os", "system"), tup(text("true")), b"R")
_NUMBERS = ((DATASPACE, hdf5.space(10)), (DATATYPE, hdf5.float_type()))

_HUGE = ((DATASPACE, hdf5.space(10_000_000, 1_000_000)), (DATATYPE, hdf5.float_type()))


def _in_group(writer: Writer, *messages: Message) -> bytes:
    """A file of the old kind with one object."""
    return writer.old(writer.old_object(writer.names({b"x": writer.old_object(*messages)})))


def _dense(*objects: bytes, huge: tuple[bytes, ...] = (), in_rows: bool = False) -> bytes:
    """A file of the new kind whose root has its attributes in a heap."""
    writer = Writer()
    heap, tree = writer.heap(objects, huge=huge, in_rows=in_rows)
    return writer.new(writer.new_object((hdf5.ATTRIBUTE_INFO, b"\0\0" + u64(heap, tree))))


def _body(label: str, value: bytes) -> bytes:
    return hdf5.text(label, value, version=3)[1]


_UDF = hdf5.u16(17002, 8, 0, 0) + b"hdf5_udf"
_DEFLATE = hdf5.u16(2, 0, 0, 1) + hdf5.u32(4, 0) + hdf5.u16(32000, 8, 0, 0) + b"lzf\0\0\0\0\0"


def _filtered(filters: bytes) -> bytes:
    writer = Writer()
    return writer.new(writer.new_object(*_NUMBERS, (11, filters)))


def ordinary() -> dict[str, bytes]:
    rows, plain, linked = Writer(), Writer(), Writer()
    members = hdf5.compound_type(12, (b"n", 0, hdf5.byte_type()), (b"s", 4, hdf5.string_type(8)))
    target = linked.new_object(hdf5.text("unit", b"m", version=3))
    return {
        "numbers": _in_group(plain, *_NUMBERS, hdf5.contiguous(plain.put(bytes(80)), 80)),
        "compressed": _in_group(Writer(), *_NUMBERS, (11, b"\1\2" + bytes(6) + _DEFLATE)),
        "sparse": _in_group(Writer(), (DATASPACE, hdf5.space(1 << 30)), _NUMBERS[1], hdf5.contiguous(NOWHERE, 1 << 33)),
        "attributes": hdf5.of_attributes(
            hdf5.text("author", "Zoë Müller".encode()),
            hdf5.text("old author", b"Zo\xeb"),
            hdf5.attribute(b"names", hdf5.string_type(4), b"ab\0\0cdef", 2),
            hdf5.attribute(b"table", members, bytes(4) + b"metre\0\0\0", 1, version=3),
            hdf5.attribute(b"bytes", hdf5.byte_type(), bytes(range(7)), 7),
            hdf5.text("empty", b"\0" * 8),
        ),
        "pickled by PyTables": _in_group(
            rows, *rows.chunked_rows(pickle.dumps({"a": 1}), b"\x80\x04N."), hdf5.text("PSEUDOATOM", b"object")
        ),
        "links of the new kind": linked.new(
            linked.new_object(
                (LINK_INFO, b"\0\0" + u64(NOWHERE, NOWHERE)),
                (LINK, hdf5.hard(b"a", target)),
                (LINK, hdf5.soft(b"b", b"/a")),
            ),
            version=3,
        ),
        "many attributes": _dense(_body("a", b"one"), _body("b", b"two"), in_rows=True),
    }


def hostile() -> dict[str, bytes]:
    outside, virtual, rows, link, cached = Writer(), Writer(), Writer(), Writer(), Writer()
    external = (LINK, hdf5.external(b"kernel", b"/etc/other.h5", b"/kernel"))
    heap, tree = link.heap([external[1]])
    tree = link.records(5, 12, bytes(4) + b"\0" + hdf5.u32(17) + hdf5.u16(len(external[1])) + b"\0")
    scalar = ((DATASPACE, hdf5.space()), (DATATYPE, hdf5.opaque_type(len(_EVIL))))
    return {
        # https://nvd.nist.gov/vuln/detail/CVE-2026-1669
        "CVE-2026-1669": _in_group(
            outside, *_NUMBERS, outside.stored_outside(b"/etc/passwd"), hdf5.contiguous(NOWHERE, 80)
        ),
        "CVE-2026-1669 by a link": _in_group(Writer(), external),
        "CVE-2026-1669 by a virtual dataset": _in_group(virtual, *_NUMBERS, virtual.virtual(b"/etc/other.h5")),
        # https://nvd.nist.gov/vuln/detail/CVE-2026-0897
        "huge shape": _in_group(Writer(), *_HUGE, hdf5.contiguous(NOWHERE, 0)),
        # https://github.com/keras-team/keras/pull/23100
        "many large shapes": _many_large(),
        "huge shape first": _in_group(Writer(), *_HUGE, _NUMBERS[0], hdf5.contiguous(NOWHERE, 0)),
        # https://github.com/lucasvr/hdf5-udf
        "filter that runs a program": _in_group(Writer(), *_NUMBERS, (11, b"\1\1" + bytes(6) + _UDF)),
        "filter of a newer header": _filtered(b"\2\1" + _UDF),
        "link in a heap": link.new(link.new_object((LINK_INFO, b"\0\0" + u64(heap, tree)))),
        "link in a second block": _second_block(external),
        "pickled by PyTables": _in_group(rows, *rows.chunked_rows(b"N.", _EVIL), hdf5.text("PSEUDOATOM", b"object")),
        "pickle as an opaque value": hdf5.of_attributes(hdf5.attribute(b"x", hdf5.opaque_type(len(_EVIL)), _EVIL)),
        "pickle as bytes": hdf5.of_attributes(hdf5.attribute(b"x", hdf5.byte_type(), _EVIL, len(_EVIL))),
        "pickle as a dataset": _in_group(cached, *scalar, hdf5.contiguous(cached.put(_EVIL), len(_EVIL))),
        "pickle among many attributes": _dense(_body("a", b"one"), _body("b", _EVIL)),
        "pickle in an indirect block": _dense(_body("a", b"one"), _body("b", _EVIL), in_rows=True),
        "pickle as a huge attribute": _dense(huge=(_body("a", _EVIL),)),
    }


def _many_large() -> bytes:
    writer = Writer()
    large = (DATASPACE, hdf5.space(1 << 28)), _NUMBERS[1], hdf5.contiguous(NOWHERE, 0)
    return writer.old(writer.old_object(writer.names({b"x%d" % n: writer.old_object(*large) for n in range(10)})))


def _second_block(message: Message) -> bytes:
    writer = Writer()
    return writer.new(writer.new_object(more=[message]))
