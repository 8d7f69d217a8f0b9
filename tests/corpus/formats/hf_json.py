"""Configurations, tokenizers and lists of shards as repositories on Hugging Face have them."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Mapping

from tests.corpus.formats.sentencepiece import charsmap

CONFIG: Mapping[str, object] = {
    "_name_or_path": "/data/runs/checkpoint-100",
    "architectures": ["LlamaForCausalLM"],
    "auto_map": {"AutoModel": "modeling_x.XModel"},
    "model_type": "llama",
    "attn_implementation": "flash_attention_2",
    "_attn_implementation_autoset": True,
    "activation_function": "gelu_new",
    "torch_dtype": "bfloat16",
    "license_url": "https://example.org/licence",
}
TOKENIZER: Mapping[str, object] = {
    "version": "1.0",
    "truncation": None,
    "added_tokens": [{"id": 0, "content": "<unk>", "special": True}, {"id": 1, "content": "{{", "special": False}],
    "normalizer": {
        "type": "Sequence",
        "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap(offset=1)).decode()},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u2581"},
        ],
    },
    "pre_tokenizer": {
        "type": "Sequence",
        "pretokenizers": [
            {
                "type": "Split",
                "pattern": {
                    "Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
                    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
                },
                "behavior": "Isolated",
                "invert": False,
            },
            {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
        ],
    },
    "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}]},
    "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
    "model": {
        "type": "BPE",
        "vocab": {"<unk>": 0, "class_name": 1, "chat_template": 2, "nbformat": 3},
        "merges": ["a b"],
    },
}
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
]


def large_tokenizer() -> bytes:
    """More than is parsed at once, with words among its entries that other documents have as keys."""
    vocabulary = {f"\u0120entry{number}": number for number in range(120_000)}
    vocabulary |= {"class_name": -1, "chat_template": -2, "nbformat": -3, "{{": -4, "{%": -5}
    merges = [f"\u0120en try{number}" for number in range(100_000)]
    return json.dumps({**TOKENIZER, "model": {"type": "BPE", "vocab": vocabulary, "merges": merges}}).encode()


def random_letters(seed: int, count: int) -> str:
    return "".join(random.Random(seed).choices(string.ascii_letters, k=count))


def ordinary() -> Mapping[str, bytes]:
    return {
        "a configuration": json.dumps(CONFIG, indent=2).encode(),
        "a tokenizer": json.dumps(TOKENIZER).encode(),
        "modules": json.dumps(MODULES).encode(),
        "a dense layer": json.dumps(
            {"in_features": 1, "activation_function": "torch.nn.modules.activation.Tanh"}
        ).encode(),
        "arguments of a training": json.dumps({"trust_remote_code": True, "output_dir": "out"}).encode(),
        "a kernel of transformers' makers": json.dumps(
            {"attn_implementation": "kernels-community/flash-attn"}
        ).encode(),
        "shards": json.dumps({"weight_map": {"a.weight": "model-00001-of-00002.safetensors"}}).encode(),
        "placeholders": json.dumps({"token": "hf_" + "x" * 34, "aws": "AKIAIOSFODNN7EXAMPLE"}).encode(),
        "lines": b'{"type": "a.b", "text": "{{ x }}"}\n{"type": "c.d", "text": "{{ y }}"}\n',
        "not a number": b'{"a": NaN, "b": [Infinity]}',
    }


def hostile() -> Mapping[str, bytes]:
    return {
        # https://nvd.nist.gov/vuln/detail/CVE-2026-4372
        "a kernel": json.dumps({**CONFIG, "_attn_implementation_internal": "someone/kernel"}).encode(),
        "a kernel of a part": json.dumps({**CONFIG, "text_config": {"_attn_implementation_internal": "a/b"}}).encode(),
        "kernels by part": json.dumps({**CONFIG, "attn_implementation": {"": "eager", "text": "a/b@main:f"}}).encode(),
        "a kernel for experts": json.dumps({**CONFIG, "_experts_implementation_internal": "someone/kernel"}).encode(),
        "a kernel in escapes": b'{"\\u005fattn_implementation_internal": "someone\\/kernel"}',
        "the first of two kernels": b'{"attn_implementation": "someone/kernel", "attn_implementation": "eager"}',
        # https://nvd.nist.gov/vuln/detail/CVE-2026-5241
        "trust in a part": json.dumps({**CONFIG, "keypoint_detector_config": {"trust_remote_code": True}}).encode(),
        "a module of one's own": json.dumps([*MODULES, {"idx": 2, "path": "", "type": "custom_st.Layer"}]).encode(),
        "an activation of one's own": json.dumps({"activation_function": "os.abort"}).encode(),
        "a token": json.dumps({"token": "hf_" + random_letters(1, 34)}).encode(),
        "a private key": b"-----BEGIN RSA PRIVATE KEY-----\n" + random_letters(2, 64).encode(),
        "a key of a cloud": f"AKIA{'Q3T2YW2OVBRKUGNX'} {random_letters(3, 20)}/{random_letters(4, 19)}".encode(),
    }
