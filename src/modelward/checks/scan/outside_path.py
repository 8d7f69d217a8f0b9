"""Whether a path that a file names can lead out of the file's own folder, on any system.

Readers join it to a folder and open what comes out. Each does so with the rules of its system and of its
language, so a path is judged by all of them.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|\Z)", re.IGNORECASE)
_ESCAPED = re.compile(r"%[0-9a-fA-F]{2}")
_DECODED = 4  # times


def leads_outside(path: bytes) -> str:
    """Why *path* may lead out of the folder that it is relative to; "" if it cannot.

    Links are another matter: they are in the folder, not in the name.
    """
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return "it is not UTF-8"
    forms = [text]
    for _ in range(_DECODED):
        forms.append(unquote(forms[-1]) if _ESCAPED.search(forms[-1]) else forms[-1])
    for form in dict.fromkeys(forms):
        for same in (form, unicodedata.normalize("NFKC", form)):
            if why := _judge(same):
                return why if same == text else f"{why}, once it is decoded"
    return ""


def _judge(text: str) -> str:
    if not text.strip(" ./"):
        return "it names a folder, or nothing"
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in text):
        return "it has characters that are not shown"
    if "\\" in text:
        return "it has a backslash, which separates folders on Windows"
    if text.startswith("/"):
        return "it is absolute"
    if ":" in text:
        return "it names a drive, a stream or a URL"
    parts = text.split("/")
    if parts[0] == "~":
        return "it begins in the user's folder"
    for part in parts:
        # Windows drops blanks and dots at the end of a name
        if ".." in part and not part.strip(" ."):
            return "it has '..'"
        if _DEVICES.match(part.rstrip(" .")):
            return "it names a device of Windows"
    return ""
