"""What a file can be read as, decided by its content alone.

A file can have several readings at once (a pickle at the head and a zip at the tail are two
programs in one), and each loader picks its own; all of them are named.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.json_text import LARGEST as LARGEST_JSON
from modelward.formats.json_text import JsonText
from modelward.formats.magic import PREFIXES, SHAPES, View, is_message
from modelward.formats.source import BytesSource
from modelward.formats.tar_zip import is_zip_of_a_member

_HEAD = 1 << 16
_TAIL = 66 << 10  # a zip's end record: 22 bytes and a comment of at most 65,535
_WINDOW = 1 << 18

# Their numbers are binary, so letters that look like their signature are just letters
_NEVER_TEXT = frozenset(
    "gguf ggml tensorrt parquet arrow tflite safetensors image audio sqlite crfsuite mecab word2vec kenlm font"
    " picovoice".split()
)


def sniff(source: Source) -> tuple[str, ...]:
    """Every plausible reading, most specific first; never empty.

    "unknown": none at all. "text" and "json" are promised for the whole content. A pickle is
    named only by its PROTO opcode: protocols 0 and 1 need none, so "text", "unknown" and even
    "image" (GIF and BMP start with valid opcodes) say nothing about that.
    """
    head = source.read(0, _HEAD)
    if not head:
        return ("empty",)
    whole = len(head) < _HEAD
    # asked before the size: a forward-only stream is then passed once
    shifted = _hdf5_behind_user_block(source, head, whole)
    size = len(head) if whole else source.size
    tail = head if whole else source.read(max(0, size - _TAIL), _TAIL)
    view = View(source, size, head, tail)

    found = _by_prefix(head) + ["hdf5"] * shifted
    found += [name for name, fits in SHAPES if fits(view)]
    if "tar" in found and "zip" in found and is_zip_of_a_member(source, tail, Limits()):
        found.remove("zip")
    if "image" in found and is_message(view):
        found.remove("image")  # readers of messages pass over the fields that a picture's first bytes make
    if text := _text(view):
        found = [name for name in found if name not in _NEVER_TEXT]
        found += [name for name, start, largest in _TEXTS if size <= largest and start.match(head)]
        found.append(text)
    return tuple(dict.fromkeys(found)) or ("unknown",)


def sniff_ends(head: bytes, tail: bytes) -> tuple[str, ...]:
    """What a file can be read as of which only the two ends are here. It promises nothing of what lies
    between them, so it never says "text", "json" or "empty"."""
    view = View(BytesSource(head), len(head), head, tail)
    found = _by_prefix(head) + [name for name, fits in SHAPES if fits(view)]
    return tuple(dict.fromkeys(found)) or ("unknown",)


_PREFIXES = tuple(prefix for prefix, _ in PREFIXES)


def _by_prefix(head: bytes) -> list[str]:
    if not head.startswith(_PREFIXES):  # as most
        return []
    return [name for prefix, name in PREFIXES if head.startswith(prefix)]


# Texts of a kind, and how large one can be
_TEXTS: tuple[tuple[str, re.Pattern[bytes], float], ...] = (
    # https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    ("git-lfs-pointer", re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n"), 1023),
    ("shell-script", re.compile(rb"#!"), math.inf),
)

_HDF5 = b"\x89HDF\r\n\x1a\n"


def _hdf5_behind_user_block(source: Source, head: bytes, whole: bool) -> bool:
    """The superblock may stand at 512, 1024, 2048 and so on, behind anything (a picture, say).
    https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html"""
    at = 512
    while at < len(head):
        if head.startswith(_HDF5, at):
            return True
        at *= 2
    while not whole:
        block = source.read(at, len(_HDF5))
        if len(block) < len(_HDF5):
            return False
        if block == _HDF5:
            return True
        at *= 2
    return False


# Tab, line ends, form feed and escape occur in texts that people keep (licences, logs); the
# other control characters occur in binary data, whose lengths and tags need them.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))
_WIDE_CONTROLS = re.compile(f"[{re.escape(_CONTROLS.decode())}]")


def _text(view: View) -> str | None:
    """ "json", "text" or None, by the whole content: a binary can follow a text head."""
    if view.head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "text" if _is_utf16(view) else None
    decode = codecs.getincrementaldecoder("utf-8")().decode
    json = JsonText() if view.size <= LARGEST_JSON else None
    for window in _windows(view):
        if len(window.translate(None, _CONTROLS)) != len(window):
            return None
        try:
            decode(window)
        except UnicodeDecodeError:
            return _eight_bit_text(view)
        if json:
            json.feed(window)
    try:
        decode(b"", True)
    except UnicodeDecodeError:
        return _eight_bit_text(view)
    return "json" if json and json.finish() else "text"


_SHORTEST_EIGHT_BIT = 64
_NOT_ASCII = bytes(range(0x80, 0x100))
_DELETE = b"\x7f"


def _eight_bit_text(view: View) -> str | None:
    """Text of the encodings before UTF-8 (ISO 8859, code pages): no control character, and most of it
    ASCII. A short one could be anything."""
    if view.size < _SHORTEST_EIGHT_BIT:
        return None
    for window in _windows(view):
        plain = window.translate(None, _NOT_ASCII)
        if len(plain.translate(None, _CONTROLS + _DELETE)) != len(plain) or len(plain) < 0.7 * len(window):
            return None
    return "text"


def _is_utf16(view: View) -> bool:
    decode = codecs.getincrementaldecoder("utf-16")().decode
    try:
        if any(_WIDE_CONTROLS.search(decode(window)) for window in _windows(view)):
            return False
        decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _windows(view: View) -> Iterator[bytes]:
    yield view.head
    at = len(view.head)
    while at < view.size:
        window = view.source.read(at, _WINDOW - at % _WINDOW)
        if not window:
            return
        yield window
        at += len(window)


# --- text that may still be a program ---

_NEAR = 4096
_NAME = rb"[A-Za-z_]\w*(?:\.\w+)*\n"
# The names of GLOBAL or INST, and an instruction behind them that no word begins with; or the end of
# the file, where the pure-Python unpickler wants any character in place of the line end
_NAMES = _NAME + _NAME[:-2] + rb"(?:\n(?=[().]|[pg]\d+\n|S['\"]|\Z)|[^\w\s]\Z)"
_SIGNS = tuple(
    re.compile(sign)
    for sign in (
        # GLOBAL or INST; and behind a string
        rb"(?<![\w.])[ci]" + _NAMES,
        rb"['\"]\n[ci]" + _NAMES,
        # STRING or UNICODE as an argument
        rb"""[\n(]S(?:'(?:[^'\n\\]|\\.)*+'|"(?:[^"\n\\]|\\.)*+")\n|\n\(V[^\n]+\n""",
        # TUPLE, REDUCE and an instruction behind them
        rb"[\n(]t(?:p\d{1,9}\n)?R(?:[.()0-2absu}\]]|[pgcSVI]\S|\n?\Z)",
        # PUT behind a new container or a string
        rb"(?:\([dl]|\nt|['\"]\n)p\d{1,9}\n",
    )
)
# The first instructions of a file, and STOP as its last
_ARGUMENT = rb"\((?:S['\"]|V[^\n]+\n|[ci]" + _NAME + rb")"
_START = re.compile(_ARGUMENT + rb"|c" + _NAME + _NAME + rb"(?:p0\n|" + _ARGUMENT + rb")")
_END = re.compile(rb"[\n)}\]boRsu]\.\Z")
# Where to look closer; one expression each, since a literal beginning makes the search fast
_SUSPECTS = tuple(
    re.compile(sign)
    for sign in (rb"\nt(?:p\d{1,9}\n)?R", rb"\(t(?:p\d{1,9}\n)?R", rb"\nS['\"]", rb"\(S['\"]", rb"\n\(V", rb"\ntp\d")
)


def looks_like_pickle_text(source: Source) -> int | None:
    """Where text holds what reads as instructions of a protocol-0 pickle, else None.

    For content that no unpickler accepts from its start: a damaged pickle must not pass as
    plain text. Two signs within a few KiB are asked for, since one inserted byte spoils one of
    them; prose, word lists, JSON and source code do not have two.
    """
    at = 0
    while True:
        data = source.read(at, _WINDOW + _NEAR)
        last = len(data) <= _WINDOW
        places = {hit.start() // _NEAR for suspect in _SUSPECTS for hit in suspect.finditer(data)}
        for place in sorted(places | {0, len(data) // _NEAR}):
            start, end = max(0, (place - 1) * _NEAR), (place + 2) * _NEAR
            near = data[start:end]
            signs = [found.start() for sign in _SIGNS if (found := sign.search(near))]
            if at + start == 0 and _START.match(near):
                signs.append(0)
            if last and end > len(data) and _END.search(near, max(0, len(near) - 2)):
                signs.append(len(near) - 1)
            if len(signs) >= 2:
                return at + start + min(signs)
        if last:
            return None
        at += _WINDOW


_TOKEN = re.compile(rb"\S{1,100}")
_NUMERIC = re.compile(rb"(?=.*[0-9])[0-9a-fA-Fv.+_-]+")
# What names of files and modules do not have, and requirements, addresses, patterns and mark-up do
_NO_NAME = re.compile(rb"[<>*?|\";^$]|[=~!]=\d|://|\A@")
_LENGTH = 4  # in binary can begin with any letter, and has a zero among its bytes
_VERSION = re.compile(rb"v?\d+(?:\.\d+)*(?:[.+_-]?(?:a|b|c|rc|alpha|beta|pre|post|dev)\.?\d*)*(?:\+[\w.]+)?")


def short_token(data: bytes) -> bool:
    """Whether a whole text is one word that may be the beginning of something: the name of the
    first member of a tar, or of a module in a pickle, both cut off. Versions and digests, the
    usual content of such files, are not; nor is what is no name."""
    exempt = _NUMERIC.fullmatch(data) or _VERSION.fullmatch(data) or (len(data) >= _LENGTH and _NO_NAME.search(data))
    return _TOKEN.fullmatch(data) is not None and not exempt
