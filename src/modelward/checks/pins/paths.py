"""Names of files that can be written below a folder, on every system, without hitting anything else.

https://cwe.mitre.org/data/definitions/22.html
https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_LONGEST = 255  # bytes of a name, on the file systems of Linux
_LONGEST_PATH = 2048  # half of what Linux takes: the folder above needs some
_RESERVED = re.compile(r"(?:con(?:in\$|out\$)?|prn|aux|nul|(?:com|lpt)[0-9\xb9\xb2\xb3]) *(?:\..*)?", re.I)
_ODD = re.compile(r"[\\:]")
_GIT = (".git", "git~1")
"""What git itself refuses to check out: https://github.com/advisories/GHSA-vw2c-22j4-2fh2"""


def why_not(path: str) -> str:
    """Why no file is written under *path*; "" if one may be."""
    if path.startswith("/"):
        return "it is an absolute path"
    if not path.isprintable():
        return "it has characters that do not print"
    if len(path.encode()) > _LONGEST_PATH:
        return f"it has more than {_LONGEST_PATH:,} bytes"
    return next((why for part in path.split("/") if (why := _why_not(part))), "") or _left_out(path)


def _why_not(part: str) -> str:
    if part in ("", ".", ".."):
        return "it leads elsewhere"
    if odd := _ODD.search(part):
        return f"Windows takes {odd[0]!r} for something else"
    if part.endswith((".", " ")):
        return "Windows drops the dot or the space at the end of a name"
    if _RESERVED.fullmatch(part):
        return "Windows takes it for a device"
    if part.lower() in _GIT:
        return "git would take it for its own, and what it names is executed"
    return f"a name has more than {_LONGEST} bytes" if len(part.encode()) > _LONGEST else ""


def _left_out(path: str) -> str:
    return "a scan leaves that folder out" if path.lower().startswith(".cache/huggingface/") else ""


def refusals(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Those of *paths* that cannot all be written below one folder, in their order, and why."""
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        why = why_not(path)
        key = _key(path)
        parents = [key[:at] for at, char in enumerate(key) if char == "/"]
        if not why and key in seen:
            why = f"some systems take it for {seen[key]!r}"
        if not why and key in folders:
            why = f"it is also the folder of {folders[key]!r}"
        if not why:
            why = next((f"{seen[parent]!r} is a file" for parent in parents if parent in seen), "")
        if why:
            yield path, why
        seen[key] = path
        folders.update(dict.fromkeys(parents, path))


def _key(path: str) -> str:
    """Equal for names that macOS or Windows take for one."""
    return (
        path
        if path.isascii() and path.islower()
        else unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
    )
