"""What binary content looks like: signatures, and the shape of formats that have none.

Everything is decided so strictly that raw numbers almost never match: the first bytes of a
tensor are as good as random, and a model has hundreds of tensors. A signature of two or three
bytes is therefore backed by the structure that must follow it.
"""

from __future__ import annotations

import lzma
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.formats.companions import SHAPES as COMPANIONS
from modelward.formats.protobuf import BYTES, FIXED32, FIXED64, GROUP, VARINT, Field, fields
from modelward.formats.recognised import SHAPES as RECOGNISED
from modelward.formats.tar import is_header

LZMA_MEMORY = 72 << 20  # `xz -9` needs 65 MiB; a header that asks for gigabytes must not get them


@dataclass(frozen=True, slots=True)
class View:
    """What sniffing looks at: both ends of the content, and the rest only through *source*."""

    source: Source
    size: int
    head: bytes
    tail: bytes

    def read(self, at: int, n: int) -> bytes:
        if at + n <= len(self.head) or self.size == len(self.head):
            return self.head[at : at + n]
        return self.source.read(at, n)


PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"GGUF", "gguf"),
    (b"lmgg", "ggml"),
    (b"fmgg", "ggml"),
    (b"tjgg", "ggml"),
    (b"algg", "ggml"),
    (b"ptrt", "tensorrt"),
    (b"ftrt", "tensorrt"),
    (b"PAR1", "parquet"),
    (b"PARE", "parquet"),
    (b"ARROW1\0\0", "arrow"),
    (b"SQLite format 3\0", "sqlite"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x02\x21\x4c\x18", "lz4"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"%PDF-", "pdf"),
    (b"\x7fELF", "elf"),
    (b"\xfe\xed\xfa\xce", "macho"),
    (b"\xfe\xed\xfa\xcf", "macho"),
    (b"\xce\xfa\xed\xfe", "macho"),
    (b"\xcf\xfa\xed\xfe", "macho"),
    (b"\xca\xfe\xba\xbf\0\0\0", "macho"),
    (b"\0asm\x01\0\0\0", "wasm"),
    (b"dex\n03", "dex"),
    (b"dex\n04", "dex"),
    # https://justine.lol/ape.html
    (b"MZqFpD='", "ape"),
    (b"jartsr='", "ape"),
    # https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-shllink/
    (b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F", "lnk"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"OggS\0", "audio"),
    (b"fLaC\0\0\0\x22", "audio"),
)
"""Bytes at the start that are enough by themselves."""


# --- serialised objects ---


def _is_pickle(view: View) -> bool:
    return view.head[:1] == b"\x80" and b"" < view.head[1:2] <= b"\x05"


_LARGEST_HEADER = 100_000_000
_HEADER = re.compile(rb"[ \t\r\n]*\{(?:\}|[^\0-\x08\x0e-\x1f]{7}|[^\0-\x08\x0e-\x1f]{0,6}\Z)")
_HEADER_AFTER_ODD_LENGTH = re.compile(rb'\{[ \t\r\n]*(?:"[^"\\\0-\x1f]{1,1000}"[ \t\r\n]*:|\}[ \t\r\n]*\Z)')


def _is_safetensors(view: View) -> bool:
    """A u64 length and JSON. A length that no header has still makes a broken safetensors, not
    an unknown file, when what follows is surely JSON."""
    if len(view.head) < 9:
        return False
    (length,) = struct.unpack_from("<Q", view.head)
    header = _HEADER if length <= _LARGEST_HEADER else _HEADER_AFTER_ODD_LENGTH
    return header.match(view.head, 8) is not None


def _is_tflite(view: View) -> bool:
    return view.head[4:8] == b"TFL3"


def _is_executorch(view: View) -> bool:
    return view.head[4:8] == b"ET12"


_PADDLE_ROOT_BLOCK = re.compile(rb"\x0a[\x80-\xff]{0,4}[\x00-\x7f]\x08\x00\x10\xff{9}\x01")


def _is_paddle(view: View) -> bool:
    """ProgramDesc: its first block has index 0 and parent -1."""
    return _PADDLE_ROOT_BLOCK.match(view.head) is not None


_MANY_FIELDS = 1_000
_ONNX_WIRES = {1: VARINT, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT, 6: BYTES, 7: BYTES, 8: BYTES, 14: BYTES, 25: BYTES}
_ONNX_FIRST_TAGS = b"\x08\x12\x1a\x22\x28\x32\x3a\x42\x72\xca"
_ONNX_GRAPH_STARTS = (b"\x0a", b"\x12", b"\x2a", b"\x52", b"\x5a", b"\x62", b"\x6a", b"\x72", b"\x7a", b"\x82")


def _is_onnx(view: View) -> bool:
    """ModelProto: ir_version, and a graph that begins with a field of GraphProto.
    https://github.com/onnx/onnx/blob/main/onnx/onnx.proto"""
    found = fields(view.read, 0, view.size) if _is_tag(view.head[:1]) else []
    # what no version of the format has may stand before the rest, if all of it fits
    if not found or (view.head[0] not in _ONNX_FIRST_TAGS and found[-1].end > view.size):
        return False
    if any(_ONNX_WIRES.get(field.number, field.wire) != field.wire for field in found):
        return False
    return any(field.number == 1 and 0 < field.value < 1000 for field in found) and any(
        field.number == 7 and view.read(field.start, 1) in _ONNX_GRAPH_STARTS for field in found
    )


# The first byte tells most content apart, without the readers of what few files are


def _is_tag(byte: bytes) -> bool:
    """Whether a message of Protocol Buffers can begin with it: a number above 0, and a kind of field that can begin."""
    return bool(byte) and byte[0] >= 8 and byte[0] & 7 in (VARINT, FIXED64, BYTES, GROUP, FIXED32)


def is_message(view: View) -> bool:
    """Whether all of the content can be a message of Protocol Buffers, as far as it is looked at."""
    found = fields(view.read, 0, view.size, _MANY_FIELDS) if _is_tag(view.head[:1]) else []
    return bool(found) and found[-1].end <= view.size


def _is_tensorflow(view: View) -> bool:
    if not _is_tag(view.head[:1]):
        return False
    from modelward.formats.tensorflow_kinds import kinds

    return bool(kinds(view.read, view.size))


def _is_keras_metadata(view: View) -> bool:
    if view.head[:1] != b"\x0a":
        return False
    from modelward.formats.saved_model import is_keras_metadata

    return is_keras_metadata(view.read, view.size)


def _is_fingerprint(view: View) -> bool:
    if view.head[:1] != b"\x08":
        return False
    from modelward.formats.saved_model import is_fingerprint

    return is_fingerprint(view.read, view.size)


_TABLE_OF_LEVELDB = 0xDB4775248B80FB57.to_bytes(8, "little")


def _is_checkpoint(view: View) -> bool:
    """The index of one is a table of LevelDB, which ends with its magic number."""
    return view.tail.endswith(_TABLE_OF_LEVELDB)


def _is_tfrecord(view: View) -> bool:
    if int.from_bytes(view.head[:8], "little") >= view.size:
        return False
    from modelward.formats.tfrecord import is_record

    return is_record(view.head, view.size)


def _is_coreml(view: View) -> bool:
    """Model: a small specification version, a description, and one of the types from 200 on.
    https://apple.github.io/coremltools/mlmodel/Format/Model.html"""
    found = _message(view, b"\x08")
    return (
        [(field.number, field.wire) for field in found[:2]] == [(1, VARINT), (2, BYTES)]
        and 0 < found[0].value < 100
        and any(200 <= field.number < 4000 and field.wire == BYTES for field in found)
    )


def _message(view: View, first_tags: bytes) -> list[Field]:
    return fields(view.read, 0, view.size) if view.head[0] in first_tags else []


# --- archives and compressed streams ---


def _is_zip(view: View) -> bool:
    """A local header, or the mark of an empty or a split archive, at the start; or an end
    record near the end, where zipfile and miniz look, whatever stands before it."""
    return view.head[:4] in (b"PK\3\4", b"PK\5\6", b"PK\7\x08") or b"PK\5\6" in view.tail


def _is_tar(view: View) -> bool:
    """POSIX's mark, or a header of the old format that has none."""
    return view.head[257:262] == b"ustar" or is_header(view.head[:512])


def _is_gzip(view: View) -> bool:
    """RFC 1952: deflate is the one method there is."""
    return view.head[:3] == b"\x1f\x8b\x08"


_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90|.{0,5}\Z)", re.DOTALL)


def _is_bzip2(view: View) -> bool:
    return _BZIP2.match(view.head) is not None


def _is_zlib(view: View) -> bool:
    """RFC 1950: a header divisible by 31, and content that really begins to decompress. One
    random start in 2,000 has such a header; next to none survives 64 bytes of deflate."""
    return _begins_zlib(view.head)


def _begins_zlib(head: bytes) -> bool:
    if len(head) < 8 or head[0] & 0x8F != 8 or head[1] & 0x20 or (head[0] << 8 | head[1]) % 31:
        return False
    inflate = zlib.decompressobj()
    try:
        made = inflate.decompress(head, 1 << 16)
    except zlib.error:
        return False
    return inflate.eof or (len(head) >= 64 and made != b"")


_LZMA_DICTIONARY = re.compile("1[01]0{11,30}|1{32}")  # 2^n, 2^n + 2^(n-1), or all ones


def _is_lzma(view: View) -> bool:
    """The .lzma format has no signature: the header must be one that liblzma believes when it
    has to recognise a file, with the usual properties or without a size (small integers look
    like any other header), and the content must begin to decompress."""
    head = view.head
    if len(head) < 18 or head[0] >= 225 or head[13]:
        return False
    dictionary, length = struct.unpack_from("<IQ", head, 1)
    if length != (1 << 64) - 1 and (head[0] != 0x5D or length >= 1 << 38):
        return False
    if not _LZMA_DICTIONARY.fullmatch(f"{dictionary:b}"):
        return False
    try:
        unpack = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=LZMA_MEMORY)
        made = unpack.decompress(head, 1 << 16)
    except lzma.LZMAError:
        return False
    return unpack.eof or (len(head) >= 64 and made != b"")


_ZFILE = re.compile(rb"ZF[0-9a-fA-FxX_ ]{19} ?")


def zfile_start(head: bytes) -> int | None:
    """Where the zlib stream of joblib's old container begins: after "ZF", its length in hex
    padded to 19 characters, and one more space where Python 2 wrote it."""
    found = _ZFILE.match(head)
    return found.end() if found else None


def _is_zfile(view: View) -> bool:
    start = zfile_start(view.head)
    return start is not None and _begins_zlib(view.head[start:])


def _is_skippable_frame(view: View) -> bool:
    """zstd and lz4 may begin with a frame of user data: 0x184D2A50 to 0x184D2A5F."""
    return view.head[1:4] == b"\x2a\x4d\x18" and view.head[0] & 0xF0 == 0x50


# --- programs, pictures, sounds ---


def _is_pe(view: View) -> bool:
    if view.head[:2] != b"MZ" or len(view.head) < 64:
        return False
    (at,) = struct.unpack_from("<I", view.head, 60)
    return view.read(int(at), 4) == b"PE\0\0"


def _is_java_class(view: View) -> bool:
    """0xCAFEBABE also starts a universal Mach-O binary, which counts its few architectures
    where a class file has a major version of 45 and more."""
    return view.head[:4] == b"\xca\xfe\xba\xbe" and b"\0\x2d" <= view.head[6:8] < b"\1\0"


def _is_universal_macho(view: View) -> bool:
    return view.head[:4] == b"\xca\xfe\xba\xbe" and b"\0\0\0\0" < view.head[4:8] < b"\0\0\0\x2d"


def _is_pyc(view: View) -> bool:
    """A magic number that ends in a line end, flags and two numbers (before 3.7 less), and a code object."""
    if view.head[2:4] != b"\r\n":
        return False
    (number,) = struct.unpack_from("<H", view.head)
    starts = (16, 12) if 3000 <= number < 4000 else (8,) if 62000 <= number < 62300 else ()
    return any(view.head[at : at + 1] in (b"\xe3", b"c") for at in starts)


def _is_picture(view: View) -> bool:
    head = view.head
    if head[:4] == b"RIFF":
        return head[8:16] in (b"WEBPVP8 ", b"WEBPVP8L", b"WEBPVP8X")
    if head[:3] == b"\xff\xd8\xff":
        return head[3:4] >= b"\xc0"
    if head[:6] in (b"GIF87a", b"GIF89a"):  # which a pickle can begin with, so it must end as a picture does
        return view.size > 13 and view.tail[-1:] == b";"
    if head[:4] == b"icns":
        return int.from_bytes(head[4:8], "big") == view.size
    return _is_bitmap(view) or _is_icon(view) or _is_tiff(view)


def _is_bitmap(view: View) -> bool:
    if view.head[:2] != b"BM" or len(view.head) < 18:
        return False
    reserved, pixels, header = struct.unpack_from("<III", view.head, 6)
    return reserved == 0 and header in (12, 40, 52, 56, 64, 108, 124) and 14 < pixels <= view.size


def _is_icon(view: View) -> bool:
    if view.head[:4] not in (b"\0\0\1\0", b"\0\0\2\0") or len(view.head) < 22:
        return False
    count, reserved, length, at = map(int, struct.unpack_from("<H3xB4xII", view.head, 4))
    return 0 < count < 256 and reserved == 0 and length > 0 and 6 + 16 * count <= at <= view.size - length


def _is_tiff(view: View) -> bool:
    """Its first directory is inside, with at least its width and its height, in order of their numbers.
    https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf"""
    if view.head[:4] not in (b"II*\0", b"MM\0*"):
        return False
    order = "<" if view.head[:1] == b"I" else ">"
    (at,) = struct.unpack_from(f"{order}I", view.head.ljust(8, b"\0"), 4)
    start = view.read(at, 2) if at >= 8 else b""
    count = int(struct.unpack(f"{order}H", start)[0]) if len(start) == 2 else 0
    entries = view.read(at + 2, 12 * count)
    if not 1 < count < 256 or len(entries) != 12 * count:
        return False
    tags = [tag for (tag,) in struct.iter_unpack(f"{order}H10x", entries)]
    return tags == sorted(tags) and {256, 257} <= set(tags)


_ID3 = re.compile(rb"ID3[\x02-\x04]\0[\0-\x7f]{5}", re.DOTALL)


def _is_sound(view: View) -> bool:
    return (view.head[:4] == b"RIFF" and view.head[8:16] == b"WAVEfmt ") or _ID3.match(view.head) is not None


def _is_dlib(view: View) -> bool:
    if view.head[:2] != b"\1\1":
        return False
    from modelward.formats.dlib import is_dlib  # its expressions take a while to compile

    return is_dlib(view.head)


def _is_sentencepiece(view: View) -> bool:
    if view.head[:1] != b"\x0a":
        return False
    from modelward.formats.sentencepiece import is_model

    return is_model(view.read, view.size)


SHAPES: tuple[tuple[str, Callable[[View], bool]], ...] = (
    ("pickle", _is_pickle),
    ("safetensors", _is_safetensors),
    ("tflite", _is_tflite),
    ("executorch", _is_executorch),
    ("dlib", _is_dlib),
    ("onnx", _is_onnx),
    ("tensorflow", _is_tensorflow),
    ("tensorflow-checkpoint", _is_checkpoint),
    ("keras-metadata", _is_keras_metadata),
    ("saved-model-fingerprint", _is_fingerprint),
    ("tfrecord", _is_tfrecord),
    ("coreml", _is_coreml),
    *RECOGNISED,
    *COMPANIONS,
    ("sentencepiece", _is_sentencepiece),
    ("paddle", _is_paddle),
    ("tar", _is_tar),
    ("gzip", _is_gzip),
    ("bz2", _is_bzip2),
    ("zlib", _is_zlib),
    ("lzma", _is_lzma),
    ("zfile", _is_zfile),
    ("zstd", _is_skippable_frame),
    ("pe", _is_pe),
    ("java-class", _is_java_class),
    ("pyc", _is_pyc),
    ("macho", _is_universal_macho),
    ("image", _is_picture),
    ("audio", _is_sound),
    ("zip", _is_zip),
)
"""Content that must be looked at more closely; the end record of a zip, which can follow
anything, comes last."""
