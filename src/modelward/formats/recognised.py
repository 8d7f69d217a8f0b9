"""Signatures of models that are recognised, and of values that have none: see magic.py.

Those of four bytes are backed by what must follow them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelward.formats.magic import View


def _is_msgpack(view: View) -> bool:
    if not view.head[:1] > b"\x80":
        return False
    from modelward.formats.msgpack import is_msgpack

    return is_msgpack(view.source, view.head)


def _is_ubjson(view: View) -> bool:
    if view.head[:1] != b"{":
        return False
    from modelward.formats.ubjson import is_ubjson

    return is_ubjson(view.source, view.head)


def _is_flatbuffer(view: View, name: bytes) -> bool:
    """The table at the root lies behind the name, and says where its vtable is. https://flatbuffers.dev/internals"""
    if view.head[4:8] != name:
        return False
    root = int.from_bytes(view.head[:4], "little")
    vtable = root - int.from_bytes(view.read(root, 4), "little", signed=True)
    return 8 <= root < view.size and 8 <= vtable < view.size


def _is_ort(view: View) -> bool:
    """https://onnxruntime.ai/docs/performance/model-optimizations/ort-format-models.html"""
    return _is_flatbuffer(view, b"ORTM")


def _is_torch_mobile(view: View) -> bool:
    """https://github.com/pytorch/pytorch/blob/main/torch/csrc/jit/serialization/mobile_bytecode.fbs"""
    return _is_flatbuffer(view, b"PTMF")


def _is_catboost(view: View) -> bool:
    """The length of a flatbuffer follows.
    https://github.com/catboost/catboost/blob/master/catboost/libs/model/model.cpp"""
    return view.head[:4] == b"CBM1" and 0 < int.from_bytes(view.head[4:8], "little") <= view.size - 8


def _is_xgboost(view: View) -> bool:
    """The binary format before 3.1: LearnerModelParam follows, which ends in reserved zeros.
    https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html"""
    return view.head[:4] == b"binf" and b"\0" * 64 in view.head[4:160]


# Workspaces (save) and single objects (saveRDS), binary or not
# https://cran.r-project.org/doc/manuals/r-release/R-ints.html#Serialization-Formats
_R = re.compile(rb"(?:RD[XAB][23]\n)?(?:[XB]\n\0{3}[\x02\x03]\0|B\n[\x02\x03]\0{3}|A\n[23]\n\d{6}\n\d{5,6}\n)")


def _is_r(view: View) -> bool:
    return _R.match(view.head) is not None


def _is_mxnet(view: View) -> bool:
    """kMXAPINDArrayListMagic, a reserved zero, and the count of arrays.
    https://github.com/apache/mxnet/blob/master/src/ndarray/ndarray.cc"""
    if view.head[:16] != b"\x12\x01" + bytes(14):
        return False
    return int.from_bytes(view.head[16:24], "little") < view.size


def _is_cntk(view: View) -> bool:
    """The mark BCN in wide characters, as version 1 wrote it."""
    return view.head[:8] == "BCN\0".encode("utf-16-le")


def _is_rknn(view: View) -> bool:
    return view.head[:8] == b"RKNN\0\0\0\0"


def _is_ncnn(view: View) -> bool:
    """The number 7767517, and counts of layers and blobs that fit in.
    https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure"""
    if len(view.head) < 12:
        return False
    magic, layers, blobs = map(int, struct.unpack_from("<III", view.head))
    return magic == 7767517 and 0 < layers <= view.size and 0 < blobs <= view.size


def _is_matlab(view: View) -> bool:
    """https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf"""
    return view.head[:19] == b"MATLAB 5.0 MAT-file" and view.head[124:128] in (b"\0\x01IM", b"\x01\0MI")


def _is_ocdbt(view: View) -> bool:
    """A manifest, a node or a version tree of TensorStore's OCDBT, in which orbax keeps checkpoints.
    https://google.github.io/tensorstore/kvstore/ocdbt/index.html"""
    if view.head[:4] not in (b"\x0c\xdb\x3a\x2a", b"\x0c\xdb\x20\xde", b"\x0c\xdb\x12\x34"):
        return False
    return 0 < int.from_bytes(view.head[4:12], "little") <= view.size


def _is_coreml_weights(view: View) -> bool:
    """The weights of an .mlpackage: a count, version 2, and the mark of the first blob.
    https://github.com/apple/coremltools/blob/main/mlmodel/src/MILBlob/Blob/StorageFormat.hpp"""
    return view.head[4:64] == b"\x02" + bytes(59) and view.head[64:68] == b"\xef\xbe\xad\xde"


_PADDLE_TENSOR = re.compile(rb"\0{16}[\x02-\x7f]\0{3}\x08[\0-\x20]\x10")


def _is_paddle_weights(view: View) -> bool:
    """Version 0, no levels, version 0, and a TensorDesc.
    https://github.com/PaddlePaddle/Paddle/blob/develop/paddle/fluid/framework/lod_tensor.cc"""
    return _PADDLE_TENSOR.match(view.head) is not None


SHAPES: tuple[tuple[str, Callable[[View], bool]], ...] = (
    ("msgpack", _is_msgpack),
    ("ubjson", _is_ubjson),
    ("ort", _is_ort),
    ("torch-mobile", _is_torch_mobile),
    ("catboost", _is_catboost),
    ("xgboost", _is_xgboost),
    ("r-data", _is_r),
    ("mxnet", _is_mxnet),
    ("cntk", _is_cntk),
    ("rknn", _is_rknn),
    ("ncnn", _is_ncnn),
    ("matlab", _is_matlab),
    ("ocdbt", _is_ocdbt),
    ("coreml", _is_coreml_weights),
    ("paddle", _is_paddle_weights),
)
