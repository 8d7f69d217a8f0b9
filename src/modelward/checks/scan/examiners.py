"""Which examiner reads which format: the one list. Formats are named by formats/sniff.py."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from modelward.checks.scan.here import Examiner
from modelward.checks.scan.rules_archive import examine_compressed, examine_tar, examine_unreadable_archive
from modelward.checks.scan.rules_npy import examine_npy
from modelward.checks.scan.rules_safetensors import examine_safetensors
from modelward.checks.scan.rules_torch import examine_pickle_file, examine_zip

_STREAMS = ("gzip", "bz2", "xz", "lzma", "zlib")
_UNREADABLE = ("7z", "rar", "lz4", "zstd", "zfile")

EXAMINERS: Mapping[str, Examiner] = {
    "pickle": examine_pickle_file,
    "zip": examine_zip,
    "tar": examine_tar,
    "safetensors": examine_safetensors,
    "npy": examine_npy,
    **{kind: partial(examine_compressed, kind) for kind in _STREAMS},
    **{kind: partial(examine_unreadable_archive, kind) for kind in _UNREADABLE},
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
    "xml": "an XML document",
    "elf": "a native program or library (ELF)",
    "pe": "a Windows program or library",
    "macho": "a macOS program or library",
    "java-class": "a Java class",
    "wasm": "a WebAssembly module",
    "flax-msgpack": "a msgpack file, perhaps of flax",
}
"""Formats that sniff names and no examiner reads yet."""
