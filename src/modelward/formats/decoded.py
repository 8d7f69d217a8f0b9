"""Text as characters, that can still say at which byte each stands."""

from __future__ import annotations

import codecs


class Decoded:
    """*raw* is UTF-8 or UTF-16 with its mark, perhaps cut off; what does not decode is replaced. The mark of
    UTF-8 stays a character, as in the bytes."""

    def __init__(self, raw: bytes) -> None:
        wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        self._start = 2 if wide else 0
        self._codec = "utf-8"
        if wide:
            self._codec = "utf-16-le" if raw.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
        self.text = raw[self._start :].decode(self._codec, "replace")
        self._same = raw.isascii()
        self._char, self._byte = 0, self._start

    def byte(self, char: int) -> int:
        """Where the character stands; asked for in rising order this costs one pass."""
        if self._same:
            return char
        if char < self._char:
            self._char, self._byte = 0, self._start
        self._byte += len(self.text[self._char : char].encode(self._codec, "surrogatepass"))
        self._char = char
        return self._byte
