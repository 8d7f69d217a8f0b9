"""Text as characters, that can still say at which byte each stands."""

from __future__ import annotations

import codecs


class Decoded:
    """*raw* is UTF-8, UTF-16 with its mark, or in one of the encodings before them, perhaps cut off. What is not
    UTF-8 is read as *legacy*, by default so that each byte is one character. The mark of UTF-8 stays a character."""

    def __init__(self, raw: bytes, legacy: str = "latin-1") -> None:
        wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        self._start = 2 if wide else 0
        if wide:
            self._codec = "utf-16-le" if raw.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
        else:
            self._codec = "utf-8" if _is_utf8(raw) else legacy
        self.text = raw[self._start :].decode(self._codec, "replace")
        self._same = raw.isascii() or self._codec == "latin-1"
        self._char, self._byte = 0, self._start

    def byte(self, char: int) -> int:
        """Where the character stands; asked for in rising order this costs one pass."""
        if self._same:
            return char
        if char < self._char:
            self._char, self._byte = 0, self._start
        self._byte += len(self.text[self._char : char].encode(self._codec, "replace"))
        self._char = char
        return self._byte


def _is_utf8(raw: bytes) -> bool:
    """But for a last character that is cut off."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return False
    return True
