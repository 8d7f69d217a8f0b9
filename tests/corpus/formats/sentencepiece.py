"""SentencePiece models. https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from tests.corpus.protobuf import message

UNITS = 256


def piece(text: str, score: float = 0.0, kind: int = 1) -> bytes:
    return message((1, message((1, text)) + b"\x15" + struct.pack("<f", score) + message((3, kind))))


PIECES = piece("<unk>", 0.0, 2) + piece("<s>", 0.0, 3) + piece("</s>", 0.0, 3) + piece("<0x0A>", 0.0, 6)
WORDS = b"".join(piece(f"\u2581word{number}", -float(number)) for number in range(40))
TRAINER = message((2, message((1, "corpus.txt"), (3, 1), (4, 44))))


def charsmap(*, offset: int = 0, text: int = 0, size: int | None = None, end: bytes = b"\0") -> bytes:
    """A trie of one block, whose root has one leaf."""
    units = [0] * UNITS
    units[0] = offset << 10 | 0x100
    if offset:
        units[offset % UNITS] |= 0x80000000 | text
    trie = struct.pack(f"<{UNITS}I", *units)
    return struct.pack("<I", len(trie) if size is None else size) + trie + b"a\0b" + end


def model(table: bytes = b"", pieces: bytes = PIECES + WORDS, extra: bytes = b"") -> bytes:
    normalizer = message((3, message((1, "nmt_nfkc"), *([(2, table)] if table else []), (3, 1))))
    return pieces + TRAINER + normalizer + extra


def ordinary() -> Mapping[str, bytes]:
    return {
        "no character map": model(),
        "a character map": model(charsmap(offset=1, text=2)),
        "a self test and a denormalizer": model(
            charsmap(offset=1),
            extra=message((4, message((1, message((1, "in"), (2, "out"))))), (5, message((1, "none")))),
        ),
        "a long word": model(pieces=PIECES + piece("\u2581" * 64, -1.0) + WORDS),
        "a null byte as a piece": model(pieces=PIECES + piece("\0", -1.0)),
    }


def hostile() -> Mapping[str, bytes]:
    return {
        # https://github.com/google/sentencepiece/issues/1269 and https://nvd.nist.gov/vuln/detail/CVE-2026-1260
        "a trie that points outside": model(charsmap(offset=(1 << 20) + 1)),
        "a root that looks like a leaf": model(charsmap(offset=1 << 20)),
        "a leaf that points outside": model(charsmap(offset=1, text=1 << 20)),
        "a trie larger than its table": model(charsmap(size=1 << 30)),
        "a last text without its end": model(charsmap(offset=1, end=b"c")),
        "in the denormalizer": model(extra=message((5, message((2, charsmap(offset=1 << 20)))))),
        "a second normalizer": model(charsmap(offset=1), extra=message((3, message((2, charsmap(offset=1 << 20)))))),
        # https://github.com/google/sentencepiece/issues/1263
        "a piece without measure": model(pieces=PIECES + piece("a" * 120_000)),
    }
