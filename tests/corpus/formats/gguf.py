"""GGUF: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

U8, I8, U32, I32, F32, BOOL, STRING, ARRAY = 0, 1, 4, 5, 6, 7, 8, 9
_CODES = {U8: "B", I8: "b", U32: "I", I32: "i", F32: "f", BOOL: "?"}


@dataclass(frozen=True)
class Layout:
    order: str = "<"
    version: int = 3

    def number(self, code: str, value: float) -> bytes:
        return struct.pack(self.order + code, value)

    def count(self, value: int) -> bytes:
        return self.number("I" if self.version == 1 else "Q", value)

    def text(self, value: str | bytes) -> bytes:
        raw = value.encode() if isinstance(value, str) else value
        return self.count(len(raw)) + raw

    def scalar(self, kind: int, value: float) -> bytes:
        return self.number("I", kind) + self.number(_CODES[kind], value)

    def string(self, value: str | bytes) -> bytes:
        return self.number("I", STRING) + self.text(value)

    def array(self, kind: int, values: Sequence[str | float]) -> bytes:
        items = (self.text(v) if isinstance(v, str) else self.number(_CODES[kind], v) for v in values)
        return self._array_head(kind, len(values)) + b"".join(items)

    def _array_head(self, kind: int, count: int) -> bytes:
        return self.number("I", ARRAY) + self.number("I", kind) + self.count(count)


LAYOUT = Layout()


@dataclass(frozen=True)
class Tensor:
    name: str | bytes = "token_embd.weight"
    dims: tuple[int, ...] = (8, 4)
    kind: int = 0
    offset: int = 0


def gguf(
    pairs: Sequence[tuple[str | bytes, bytes]] = (),
    tensors: Sequence[Tensor] = (),
    data: bytes = b"",
    layout: Layout = LAYOUT,
    alignment: int = 32,
    counts: tuple[int, int] | None = None,
) -> bytes:
    """The bytes of a file; *pairs* are keys with what Layout.scalar, string and array give."""
    n_tensors, n_pairs = counts or (len(tensors), len(pairs))
    out = b"GGUF" + layout.number("I", layout.version) + layout.count(n_tensors) + layout.count(n_pairs)
    out += b"".join(layout.text(key) + value for key, value in pairs)
    for tensor in tensors:
        out += layout.text(tensor.name) + layout.number("I", len(tensor.dims))
        out += b"".join(layout.count(dim) for dim in tensor.dims)
        out += layout.number("I", tensor.kind) + layout.number("Q", tensor.offset)
    return out + bytes(-len(out) % alignment) + data if tensors or data else out


ARCHITECTURE = ("general.architecture", LAYOUT.string("llama"))
TOKENS = ["<unk>", "<s>", "</s>", "<0x00>", "<0xFF>", "▁the"]
VOCABULARY = [
    ("tokenizer.ggml.model", LAYOUT.string("llama")),
    ("tokenizer.ggml.tokens", LAYOUT.array(STRING, TOKENS)),
    ("tokenizer.ggml.scores", LAYOUT.array(F32, [0.0] * len(TOKENS))),
    ("tokenizer.ggml.token_type", LAYOUT.array(I32, [2, 3, 3, 6, 6, 1])),
]
CHARSMAP = ("tokenizer.ggml.precompiled_charsmap", LAYOUT.array(U8, [*struct.pack("<I", 8), *range(200, 236)]))
LICENCE = "Permission is hereby granted, free of charge, to any person obtaining a copy. " * 3


def tensor_file(*tensors: Tensor, data: bytes | None = None, pairs: Sequence[tuple[str, bytes]] = ()) -> bytes:
    return gguf([ARCHITECTURE, *pairs], tensors or [Tensor()], bytes(range(128)) if data is None else data)


TEMPLATE = "{% for message in messages %}{{ message['role'] + ': ' + message['content'] }}{% endfor %}"
# https://nvd.nist.gov/vuln/detail/CVE-2024-34359
INJECTION = "{{ ''.__class__.__base__.__subclasses__() }}"


def templates(**named: str) -> bytes:
    """A default template, and others by name."""
    pairs = [(f"tokenizer.chat_template.{name}", LAYOUT.string(text)) for name, text in named.items()]
    return gguf([ARCHITECTURE, *((key.removesuffix(".default"), value) for key, value in pairs)])


def ordinary() -> dict[str, bytes]:
    big = Layout(">")
    two = [Tensor("a", (8, 4)), Tensor("b", (256,), 12, 128)]
    return {
        "model": tensor_file(*two, data=bytes(128 + 160), pairs=VOCABULARY),
        "vocabulary": gguf([ARCHITECTURE, *VOCABULARY, CHARSMAP, ("general.license", LAYOUT.string(LICENCE))]),
        "big-endian": gguf([("general.architecture", big.string("llama"))], [Tensor()], bytes(128), big),
        "version-1": gguf([], [Tensor()], bytes(128), Layout(version=1)),
        "version-2": gguf([ARCHITECTURE], [Tensor()], bytes(128), Layout(version=2)),
        "alignment": gguf([("general.alignment", LAYOUT.scalar(U32, 256))], [Tensor()], bytes(128), alignment=256),
        "empty-tensor": tensor_file(Tensor(dims=(0,)), Tensor("b"), data=bytes(128)),
        "templates": templates(default=TEMPLATE, tool_use=TEMPLATE),
        "shard": tensor_file(pairs=[("split.no", LAYOUT.scalar(U32, 0)), ("split.count", LAYOUT.scalar(U32, 2))]),
    }


def hostile() -> dict[str, bytes]:
    huge = LAYOUT.count(2**64 - 1)
    token = ("tokenizer.ggml.tokens", LAYOUT.array(STRING, ["<0x00>", "<0x-1>"]))
    narrow = ("tokenizer.ggml.scores", LAYOUT.array(I8, [0] * len(TOKENS)))
    return {
        # https://nvd.nist.gov/vuln/detail/CVE-2024-25664
        "count-of-keys": gguf(counts=(0, 0x0AAAAAAAAAAAAAAB)),
        # https://nvd.nist.gov/vuln/detail/CVE-2024-25667
        "count-of-tensors": gguf([ARCHITECTURE], counts=(0x02AAAAAAAAAAAAAB, 1)),
        # https://nvd.nist.gov/vuln/detail/CVE-2024-25665
        "length-of-key": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + huge + bytes(64),
        # https://nvd.nist.gov/vuln/detail/CVE-2024-25666
        # https://talosintelligence.com/vulnerability_reports/TALOS-2024-1913 (CVE-2024-23496)
        "length-of-value": gguf([("a", struct.pack("<I", STRING) + huge + bytes(64))]),
        # https://nvd.nist.gov/vuln/detail/CVE-2024-25668
        "length-of-array": gguf([("a", struct.pack("<III", ARRAY, F32, 1) + b"\xff" * 8 + bytes(64))]),
        # https://nvd.nist.gov/vuln/detail/CVE-2025-49847: the length of a token in 32 bits with a sign
        "length-of-token": gguf([("tokenizer.ggml.tokens", struct.pack("<IIQQ", ARRAY, STRING, 1, 2**31))]),
        # https://nvd.nist.gov/vuln/detail/CVE-2024-21802
        "dimensions": tensor_file(Tensor(dims=(1,) * 40), data=bytes(32)),
        # https://github.com/ggml-org/llama.cpp/security/advisories/GHSA-vgg9-87g3-85w8 (CVE-2025-53630)
        "sum-of-sizes": tensor_file(Tensor("a", (2**62,), 0), Tensor("b", (2**62,), 0, 32)),
        # https://github.com/ggml-org/llama.cpp/security/advisories/GHSA-3p4r-fq3f-q74v (CVE-2026-27940)
        "size-near-the-limit": tensor_file(Tensor(dims=(2**63 - 32,), kind=24)),
        # https://github.com/ggml-org/llama.cpp/security/advisories/GHSA-96jg-mvhq-q7q7 (CVE-2026-33298)
        "product-of-dimensions": tensor_file(Tensor(dims=(1024, 2**42 + 1, 1024))),
        "product-through-zero": tensor_file(Tensor(dims=(2**40, 2**40, 0)), data=b""),
        # https://github.com/ggml-org/llama.cpp/pull/24759: the padding of a size overflows
        "padding-of-a-size": tensor_file(Tensor(dims=(2**62 - 1,))),
        # https://nvd.nist.gov/vuln/detail/CVE-2026-7482: Ollama reads what the shape says
        "shape-beyond-the-file": tensor_file(Tensor(dims=(1000, 1000))),
        "offset-beyond-the-file": tensor_file(Tensor(offset=1 << 40)),
        # https://github.com/ggml-org/llama.cpp/pull/19856
        "type-of-tensor": tensor_file(Tensor(kind=0xFFFFFFFF)),
        # https://github.com/ggml-org/llama.cpp/pull/24997
        "alignment": gguf([("general.alignment", LAYOUT.scalar(U32, 1 << 31))], [Tensor()], bytes(128)),
        "alignment-of-zero": gguf([("general.alignment", LAYOUT.scalar(U32, 0))], [Tensor()], bytes(128)),
        # https://github.com/ggml-org/llama.cpp/issues/24888
        "narrow-scores": gguf([*VOCABULARY[:2], narrow]),
        "short-charsmap": gguf([("tokenizer.ggml.precompiled_charsmap", LAYOUT.array(U8, [255, 255]))]),
        # https://github.com/ggml-org/llama.cpp/pull/20735
        "short-scores": gguf([*VOCABULARY[:2], ("tokenizer.ggml.scores", LAYOUT.array(F32, [0.0]))]),
        # https://github.com/ggml-org/llama.cpp/issues/27226
        "negative-byte": gguf([token]),
        "template": templates(default=INJECTION),
        "second-template": templates(default=TEMPLATE, tool_use=INJECTION),
        "template-in-a-list": gguf([("tokenizer.chat_template", LAYOUT.array(STRING, [INJECTION]))]),
        "two-templates": gguf([("a", LAYOUT.string("x")), ("a", LAYOUT.string("y"))]),
        "two-tensors-of-one-name": tensor_file(Tensor("a", (8,)), Tensor("a", (8,), 0, 32), data=bytes(64)),
        "one-name-in-c": gguf([("a.b", LAYOUT.scalar(U32, 1)), ("a.b\0x", LAYOUT.scalar(U32, 2))]),
        "recursion": gguf([("a", struct.pack("<I", ARRAY) + struct.pack("<IQ", ARRAY, 1) * 500)]),
        "shared-bytes": tensor_file(Tensor("a"), Tensor("b", (8, 4), 0, 32)),
        "over-the-header": tensor_file(Tensor(offset=2**64 - 64)),
        "hidden-pickle": tensor_file(Tensor("a", (8,)), Tensor("b", (8,), 0, 256), data=_hidden(288)),
        "pickle-in-a-value": gguf([("a", LAYOUT.array(U8, list(_PICKLE.ljust(80, b"\0"))))]),
        "pickle-behind": tensor_file(data=bytes(128) + _PICKLE),
        "big-endian": gguf([("a", Layout(">").scalar(U32, 1))] * 2, layout=Layout(">")),
    }  # fmt: skip


_PICKLE = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."


def _hidden(size: int) -> bytes:
    return bytes(64) + _PICKLE + bytes(size - 64 - len(_PICKLE))
