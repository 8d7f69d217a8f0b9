"""Which examiner reads which format: the one list. Formats are named by formats/sniff.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from modelward.checks.scan.here import Examiner, Here, Said
from modelward.core.artifact import Source

# A reader is imported when its format turns up: most files need one or two of them.


def _pickle(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_torch import examine_pickle_file

    return examine_pickle_file(source, here)


def _zip(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.torch_archive import examine_zip

    return examine_zip(source, here)


def _tar(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_archive import examine_tar

    return examine_tar(source, here)


def _safetensors(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_safetensors import examine_safetensors

    return examine_safetensors(source, here)


def _npy(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_npy import examine_npy

    return examine_npy(source, here)


def _compressed(kind: str, source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_archive import examine_compressed

    return examine_compressed(kind, source, here)


def _unreadable(kind: str, source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_archive import examine_unreadable_archive

    return examine_unreadable_archive(kind, source, here)


def _json(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.documents import examine_json

    return examine_json(source, here)


def _text(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts import examine_text

    return examine_text(source, here)


EXAMINERS: Mapping[str, Examiner] = {
    "pickle": _pickle,
    "zip": _zip,
    "tar": _tar,
    "safetensors": _safetensors,
    "npy": _npy,
    "json": _json,
    "text": _text,
    **{kind: partial(_compressed, kind) for kind in ("gzip", "bz2", "xz", "lzma", "zlib", "zfile")},
    **{kind: partial(_unreadable, kind) for kind in ("7z", "rar", "lz4", "zstd")},
}

NOT_READ: Mapping[str, str] = {
    "onnx": "an ONNX model",
    "gguf": "a GGUF model",
    "ggml": "a GGML model",
    "hdf5": "HDF5, perhaps a Keras model",
    "tflite": "a TensorFlow Lite model",
    "tensorflow": "a TensorFlow model or checkpoint",
    "coreml": "a Core ML model",
    "paddle": "a PaddlePaddle model",
    "tensorrt": "a TensorRT engine",
    "parquet": "a Parquet table",
    "arrow": "an Arrow file",
    "sqlite": "an SQLite database",
    "pdf": "a PDF document",
    "audio": "an audio file",
    "elf": "a native program or library (ELF)",
    "pe": "a Windows program or library",
    "macho": "a macOS program or library",
    "java-class": "a Java class",
    "wasm": "a WebAssembly module",
}
"""Formats that sniff names and no examiner reads yet."""
