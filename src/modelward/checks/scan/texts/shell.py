"""What a shell command does that no honest script needs: a heuristic that only ever adds a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_BEFORE = r"(?:(?:sudo|env|exec|nohup|command)\s+(?:-\S+\s+|\w+=\S*\s+)*){0,3}(?:/(?:usr/)?(?:local/)?bin/)?"
_SHELLS = r"(?:(?:ba|z|k|da|c)?sh\b|\$\{?(?:SHELL|0)\b)"
# not python -m json.tool and its kin, which only print
_RUNNERS = rf"{_BEFORE}(?:{_SHELLS}|(?:perl|ruby|node|php|source)\b|python[\d.]*\b(?!\s+-[mc]))"
_FETCHERS = r"\b(?:curl|wget|fetch|aria2c|lwp-request)\b|\bhttps?://\S"
_MAKERS = r"(?:\bprintf|\becho\s+-\w*e\w*|\brev|\btr|\bopenssl|\b(?:nc|ncat|socat)|\bdig|\bnslookup)\b"
_DECODERS = r"\b(?:base64|openssl\s+(?:enc|base64)|xxd)\b"
_POWERSHELL = r"(?:downloadstring|downloadfile|webrequest|restmethod|bitstransfer|\biwr\b|\birm\b)"
_EVALUATES = r"(?:\b(?:iex|invoke-expression|start-process|saps)\b|\[scriptblock\]::create)"
_STARTUP = r"etc/cron|\.bashrc|\.(?:bash_)?profile|\.zshrc|\.ssh/authorized_keys|etc/rc\.local|etc/profile"
_SECRETS = (
    r"(?:\.ssh/(?:id_|identity)|\.aws/credentials|\.aws\b|\.netrc|\.git-credentials|\.kube/config|/etc/shadow|\.gnupg)"
)
_SENDERS = r"\b(?:curl|wget|nc|ncat|netcat|scp|rsync|socat)\b"

_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "downloads a program and runs it": (
        rf"(?:{_FETCHERS})[^\n]{{0,1000}}?\|\s*(?:{_RUNNERS}|xargs\s[^\n|]{{0,99}}?\b{_SHELLS})",
        rf"(?:{_RUNNERS}|\beval|(?:^|[\s;&|])\.)\s+(?:-\w+\s+)?(?:<\(|[\"']?\$\(|[\"']?`)\s*(?:curl|wget)\b",
        r"\b(?:curl|wget)\b[^\n]{0,300}?(?:;|&&)\s*(?:chmod\s+\S+\s+\S+|\.?/\S+)",
        rf"{_EVALUATES}[^\n]{{0,300}}{_POWERSHELL}|{_POWERSHELL}[^\n]{{0,300}}(?:\||;|\n)\s*{_EVALUATES}",
        r"\bmshta\s+[\"']?(?:http|javascript)|\bregsvr32\b[^\n]{0,99}/i:http|\bcertutil\b[^\n]{0,99}-urlcache",
        r"\bpython[\d.]*\s+-c\s[^\n]{0,300}\b(?:exec|eval)\s*\([^\n]{0,300}(?:urlopen|requests|b64decode|socket)",
    ),
    "runs a command that is encoded": (
        rf"{_DECODERS}[^\n]{{0,200}}?-(?:d|-decode|r)[^\n]{{0,200}}?\|\s*{_RUNNERS}",
        rf"{_MAKERS}[^\n]{{0,500}}?\|\s*{_BEFORE}{_SHELLS}\s*(?:-\w*\s*)?(?:$|[;&)\n])",
        rf"\beval\s+[\"']?(?:\$\(|`)[^\n]{{0,300}}?{_DECODERS}[^\n]{{0,50}}?-(?:d|-decode|r)",
        r"\bpowershell(?:\.exe)?\b[^\n]{0,200}\s-e(?:nc|ncodedcommand|c)?\s+[A-Za-z0-9+/=]{16}",
    ),
    "opens a shell to another machine": (
        r"/dev/(?:tcp|udp)/",
        r"\b(?:nc|ncat|netcat)\b[^\n|;]{0,100}\s(?:-\w*[ec]\w*|--(?:sh-)?exec)\s+\S*(?:sh|cmd|bash)\b",
        r"\bmk(?:fifo|nod)\b[^\n]{0,200}\b(?:nc|ncat|netcat|telnet)\b|\bsocat\b[^\n]{0,200}\bexec:",
    ),
    "deletes everything": (
        r"\brm\s+(?:-[\w-]+\s+)*-\w*r\w*\s+(?:-[\w-]+\s+)*[\"']?(?:/|~|\$\{?HOME\}?)/?\*?(?:\s|$|[\"';&|])",
    ),
    "makes itself run again later": (
        rf"(?:>>?\s*|\btee\s+(?:-a\s+)?)[\"']?(?:~|\$\{{?HOME\}}?|/root|/home/\w+)?/?(?:{_STARTUP})",
        r"\|\s*crontab\b",
    ),
    "sends secrets away": (
        rf"{_SENDERS}[^\n]{{0,300}}{_SECRETS}|{_SECRETS}[^\n]{{0,200}}\|[^\n]{{0,100}}{_SENDERS}",
        rf"\b(?:printenv|env)\s*\|[^\n]{{0,100}}{_SENDERS}",
    ),
}
_PAYLOADS = tuple(
    (does, re.compile(one, re.IGNORECASE | re.MULTILINE)) for does, all_ in _PATTERNS.items() for one in all_
)
# A file that is fetched, and what runs it in a later line
_TO_FILE = re.compile(
    r"\b(?:curl|wget)\b[^\n]{0,300}?(?:\s-[oO]\s*|--output(?:-document)?[ =]|>\s*(?:[\w.~$-]*/)*|/)"
    r"([\w.-]{1,99})[\"']?[ \t]*$",
    re.M,
)
_TO_FILE_FIRST = re.compile(
    r"\b(?:curl|wget)\b[^\n]{0,99}?\s(?:-[oO]\s*|--output(?:-document)?[ =])[\"']?(?:[\w.~$-]*/)*([\w.-]{1,99})"
)
_RUN_FILE = re.compile(
    rf"^[ \t]*(?:chmod\s+\S+\s+|(?:{_BEFORE}{_SHELLS}|\.)\s+(?:-\w+\s+)?)?[\"']?"
    r"(?P<folders>(?:[\w.~$-]*/)*)(?P<file>[\w.-]{1,99})",
    re.M,
)
# What people are told to run, from where its makers publish it
_INSTALLER = re.compile(
    r"https://(?:sh\.rustup\.rs|get\.docker\.com|(?:www\.)?ollama\.(?:com|ai)/install\.sh|astral\.sh/uv/|pixi\.sh/install\.sh"
    r"|install\.python-poetry\.org|bootstrap\.pypa\.io/|deb\.nodesource\.com/|fly\.io/install\.sh"
    r"|packagecloud\.io/install/repositories/github/git-lfs/|repo\.(?:anaconda\.com|continuum\.io)/"
    r"|raw\.githubusercontent\.com/(?:Homebrew/install|nvm-sh/nvm)/|(?:micro\.)?mamba\.(?:pm|org)/)[\w./%-]*(?=[\s\"')|]|$)"
)
_URL = re.compile(r"\b(?:https?|ftp)://|\b(?:curl|wget)\s+(?:-\S+\s+)*[\"']?[\w.-]+\.\w+/")


def payloads(text: str) -> Iterator[tuple[str, int]]:
    """What *text* does as a shell command, and where it does so first."""
    told: set[str] = set()
    plain = _plain(text)
    for does, pattern in _PAYLOADS:
        found = None if does in told else next((one for one in pattern.finditer(plain) if not _is_installer(one)), None)
        if found:
            told.add(does)
            yield does, found.start()
    if "downloads a program and runs it" not in told and (at := _runs_fetched(plain)) is not None:
        yield "downloads a program and runs it", at


def _runs_fetched(text: str) -> int | None:
    """Where a line runs a file, or makes it a program, that a line above fetched."""
    fetched: dict[str, int] = {}
    for pattern in (_TO_FILE, _TO_FILE_FIRST):
        for found in pattern.finditer(text):
            if not _is_installer(found):
                fetched[found[1]] = min(found.end(), fetched.get(found[1], found.end()))
    for run in _RUN_FILE.finditer(text) if fetched else ():
        if run.start() > fetched.get(run["file"], len(text)) and (run["folders"] or len(run[0].split()) > 1):
            return run.start()
    return None


def payload(text: str) -> tuple[str, int] | None:
    """The first of them; None: nothing that is known to be harmful."""
    return next(payloads(text), None)


# Quotes and backslashes inside a word change nothing; a pipe, or a backslash at the end of a line, goes on in the next.
# What is taken out is replaced by as many blanks behind the word, so that places stay what they are.
_BROKEN = re.compile(r"\w*(?:(?:''|\"\"|\\(?=\w))\w+)+")
_CONTINUED = re.compile(r"\\\r?\n|(?<=\|)[ \t]*(?:#[^\n]*)?\r?\n")
_ESCAPED = re.compile(r"\\[nrtx0-7]")


def _plain(text: str) -> str:
    text = _CONTINUED.sub(lambda found: " " * len(found[0]), text)
    return _BROKEN.sub(_whole, text) if "''" in text or '""' in text or "\\" in text else text


def _whole(found: re.Match[str]) -> str:
    word = found[0]
    if _ESCAPED.search(word):  # of a text rather than of a word
        return word
    return re.sub(r"''|\"\"|\\", "", word).ljust(len(word))


def _is_installer(found: re.Match[str]) -> bool:
    """All that is fetched comes from a maker of tools."""
    line = found.string[found.start() :].partition("\n")[0]
    urls = len(_URL.findall(line))
    return urls > 0 and urls == len(_INSTALLER.findall(line)) and "$" not in line.partition("|")[0].replace("$(", "")
