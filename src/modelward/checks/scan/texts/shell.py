"""What a shell command does that no honest script needs: a heuristic that only ever adds a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_RUNNERS = r"(?:sudo\s+)?(?:/(?:usr/)?bin/)?(?:(?:ba|z|k|da|c)?sh|python[\d.]*|perl|ruby|node|php|source)\b"
_DECODERS = r"\b(?:base64|openssl\s+(?:enc|base64)|xxd)\b"
_FETCHES = r"(?:downloadstring|webrequest|\biwr\b|\birm\b)"
_EVALUATES = r"\b(?:iex|invoke-expression)\b"
_STARTUP = r"etc/cron|\.bashrc|\.profile|\.zshrc|\.ssh/authorized_keys|etc/rc\.local"

_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "downloads a program and runs it": (
        rf"\b(?:curl|wget|fetch)\b[^\n]{{0,300}}?\|\s*{_RUNNERS}",
        rf"{_RUNNERS}\s+(?:-\w+\s+)?(?:<\(|[\"']?\$\(|`)\s*(?:curl|wget)\b",
        r"\b(?:curl|wget)\b[^\n]{0,300}?(?:;|&&)\s*(?:chmod\s+\S+\s+\S+|\.?/\S+)",
        rf"{_EVALUATES}[^\n]{{0,300}}{_FETCHES}|{_FETCHES}[^\n]{{0,300}}\|\s*{_EVALUATES}",
        r"\bmshta\s+[\"']?(?:http|javascript)|\bregsvr32\b[^\n]{0,99}/i:http|\bcertutil\b[^\n]{0,99}-urlcache",
    ),
    "runs a command that is encoded": (
        rf"{_DECODERS}[^\n]{{0,200}}?-(?:d|-decode|r)[^\n]{{0,200}}?\|\s*{_RUNNERS}",
        rf"\beval\s+[\"']?(?:\$\(|`)[^\n]{{0,300}}?{_DECODERS}[^\n]{{0,50}}?-(?:d|-decode|r)",
        r"\bpowershell(?:\.exe)?\b[^\n]{0,200}\s-e(?:nc|ncodedcommand|c)?\s+[A-Za-z0-9+/=]{16}",
    ),
    "opens a shell to another machine": (
        r"/dev/(?:tcp|udp)/",
        r"\b(?:nc|ncat|netcat)\b[^\n|;]{0,100}\s-\w*[ec]\w*\s+\S*(?:sh|cmd|bash)\b",
        r"\bmkfifo\b[^\n]{0,200}\b(?:nc|ncat|netcat|telnet)\b|\bsocat\b[^\n]{0,200}\bexec:",
    ),
    "deletes everything": (r"\brm\s+(?:-\w+\s+)*-\w*r\w*\s+(?:-\w+\s+)*(?:/|~|\$HOME)/?\*?(?:\s|$|[\"';&|])",),
    "makes itself run again later": (
        rf">>?\s*(?:~|\$HOME|/root|/home/\w+)?/?(?:{_STARTUP})",
        r"\|\s*crontab\b",
    ),
}
_PAYLOADS = tuple((does, re.compile(one, re.IGNORECASE)) for does, all_ in _PATTERNS.items() for one in all_)


def payloads(text: str) -> Iterator[tuple[str, int]]:
    """What *text* does as a shell command, and where it does so first."""
    told: set[str] = set()
    for does, pattern in _PAYLOADS:
        found = None if does in told else pattern.search(text)
        if found:
            told.add(does)
            yield does, found.start()


def payload(text: str) -> tuple[str, int] | None:
    """The first of them; None: nothing that is known to be harmful."""
    return next(payloads(text), None)
