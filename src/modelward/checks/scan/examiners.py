"""Which examiner reads which format: the one list. Formats are named by formats/sniff.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from modelward.checks.scan.here import Examiner, Here, Said
from modelward.core.artifact import Source

# A reader is imported when its format turns up: most files need one or two of them.


def _pickle(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.torch.rules_torch import examine_pickle_file

    return examine_pickle_file(source, here)


def _zip(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.archives.zip_kinds import examine_zip

    return examine_zip(source, here)


def _tar(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.archives.rules_archive import examine_tar

    return examine_tar(source, here)


def _safetensors(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_safetensors import examine_safetensors

    return examine_safetensors(source, here)


def _npy(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_npy import examine_npy

    return examine_npy(source, here)


def _compressed(kind: str, source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.archives.rules_archive import examine_compressed

    return examine_compressed(kind, source, here)


def _unreadable(kind: str, source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.archives.rules_archive import examine_unreadable_archive

    return examine_unreadable_archive(kind, source, here)


def _json(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_xgboost import examine_trees
    from modelward.checks.scan.texts.documents import examine_json
    from modelward.checks.scan.texts.rules_secrets import examine_secrets

    yield from examine_json(source, here)
    yield from examine_trees(source, here)
    yield from examine_secrets(source, here)


def _text(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.kinds import examine_text

    return examine_text(source, here)


def _onnx(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.onnx.rules_onnx import examine_onnx

    return examine_onnx(source, here)


def _hdf5(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.keras.rules_hdf5 import examine_hdf5

    return examine_hdf5(source, here)


def _tensorflow(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.tensorflow.examine import examine_tensorflow

    return examine_tensorflow(source, here)


def _tflite(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.tensorflow.rules_tflite import examine_tflite

    return examine_tflite(source, here)


def _executorch(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_executorch import examine_executorch

    return examine_executorch(source, here)


def _checkpoint(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.tensorflow.rules_checkpoint import examine_checkpoint

    return examine_checkpoint(source, here)


def _keras_metadata(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.tensorflow.beside import examine_keras_metadata

    return examine_keras_metadata(source, here)


def _tfrecord(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.tensorflow.beside import examine_records

    return examine_records(source, here)


def _nothing(source: Source, here: Here) -> Iterator[Said]:
    """A format that sniff names only if there is nothing else in the file."""
    return iter(())


def _gguf(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_gguf import examine_gguf

    return examine_gguf(source, here)


def _ggml(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_ggml import examine_ggml

    return examine_ggml(source, here)


def _dlib(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.dlib import examine_dlib

    return examine_dlib(source, here)


def _sentencepiece(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_sentencepiece import examine_sentencepiece

    return examine_sentencepiece(source, here)


def _executable(kind: str, source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_executable import examine_executable

    return examine_executable(kind, source, here)


def _script(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_executable import examine_script

    return examine_script(source, here)


def _msgpack(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_values import examine_msgpack

    return examine_msgpack(source, here)


def _ubjson(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_values import examine_ubjson

    return examine_ubjson(source, here)


def _crfsuite(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.plain_models import examine_crfsuite

    return examine_crfsuite(source, here)


def _fasttext(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.plain_models import examine_fasttext

    return examine_fasttext(source, here)


def _java(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_java import examine_java

    return examine_java(source, here)


EXAMINERS: Mapping[str, Examiner] = {
    "pickle": _pickle,
    "zip": _zip,
    "tar": _tar,
    "safetensors": _safetensors,
    "npy": _npy,
    "gguf": _gguf,
    "ggml": _ggml,
    "dlib": _dlib,
    "crfsuite": _crfsuite,
    "fasttext": _fasttext,
    "java-objects": _java,
    "onnx": _onnx,
    "msgpack": _msgpack,
    "ubjson": _ubjson,
    "hdf5": _hdf5,
    "tensorflow": _tensorflow,
    "tflite": _tflite,
    "executorch": _executorch,
    "tensorflow-checkpoint": _checkpoint,
    "keras-metadata": _keras_metadata,
    "saved-model-fingerprint": _nothing,
    "tfrecord": _tfrecord,
    "sentencepiece": _sentencepiece,
    "json": _json,
    "text": _text,
    "shell-script": _script,
    **{
        kind: partial(_executable, kind)
        for kind in ("elf", "pe", "ape", "macho", "java-class", "dex", "wasm", "pyc", "lnk")
    },
    **{kind: partial(_compressed, kind) for kind in ("gzip", "bz2", "xz", "lzma", "zlib", "zfile")},
    **{kind: partial(_unreadable, kind) for kind in ("7z", "rar", "lz4", "zstd")},
}

NOT_READ: Mapping[str, str] = {
    "coreml": "a Core ML model",
    "paddle": "a PaddlePaddle model",
    "tensorrt": "a TensorRT engine",
    "ort": "a model in ONNX Runtime's own format",
    "torch-mobile": "a TorchScript model for mobile devices",
    "catboost": "a CatBoost model",
    "xgboost": "an XGBoost model in the old binary format",
    "r-data": "R objects, which can run code when they are used (CVE-2024-27322)",
    "mxnet": "an MXNet model",
    "cntk": "a CNTK model",
    "rknn": "a model for Rockchip devices",
    "ncnn": "an ncnn model",
    "matlab": "a MATLAB file",
    "ocdbt": "a part of an orbax or TensorStore checkpoint",
    "parquet": "a Parquet table",
    "arrow": "an Arrow file",
    "sqlite": "an SQLite database",
    "pdf": "a PDF document",
    "audio": "an audio file",
    "mecab": "a part of a MeCab dictionary",
    "sudachi": "a Sudachi dictionary",
    "openfst": "an automaton of OpenFst",
    "kenlm": "a KenLM language model",
    "word2vec": "word vectors in word2vec's binary format",
    "udpipe": "a UDPipe model",
    "picovoice": "a Picovoice model",
    "font": "a font",
    "ds-store": "a list of the macOS Finder (.DS_Store)",
    "debug-symbols": "debug symbols of a Windows program",
}
"""Formats that sniff names and no examiner reads yet."""
