"""Keys and tokens that were left in a configuration, a notebook or any other text.

Only formats that their issuers publish, with as much chance in them as a real one has. Values of no
known format are not looked for: every digest would be one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from math import log2

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity

PRIVATE_KEY = Rule(
    "embedded-private-key",
    Severity.MEDIUM,
    "the file holds a private key",
    "Whoever can download the model can sign, decrypt or log in as the owner of the key.",
    "Revoke the key, and publish the file again without it.",
    ("CWE-321", "CWE-798", "AML.T0055", "https://www.rfc-editor.org/rfc/rfc7468"),
)
ACCESS_TOKEN = Rule(
    "embedded-access-token",
    Severity.MEDIUM,
    "the file holds an access token",
    "Whoever can download the model can use the service in the name of the token's owner, and change what is there.",
    "Revoke the token, and publish the file again without it.",
    ("CWE-798", "CWE-540", "AML.T0055", "https://huggingface.co/docs/hub/security-tokens"),
)

_B = rb"(?<![A-Za-z0-9_/+-]%b)"  # looked at behind the literal, which makes the search fast
_E = rb"(?![A-Za-z0-9_/+=-])"
_PEM = re.compile(
    rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY-----(?:\s|\\[rn]|\"|,|'|\+)*((?:[A-Za-z0-9+/]|\\/){40})"
)
_AWS = re.compile(b"A" + _B % b"A" + rb"(?:KIA|SIA)[A-Z2-7]{16}" + _E)
_AWS_SECRET = re.compile(_B % b"" + rb"[A-Za-z0-9/+]{40}" + _E)
# What stands at the beginning of a token, whose it is, and all of it
_TOKENS: Mapping[bytes, tuple[str, re.Pattern[bytes]]] = {
    start: (owner, re.compile(start + _B % start + rest + _E))
    for start, owner, rest in (
        # https://huggingface.co/docs/hub/security-tokens
        (b"hf_", "Hugging Face", rb"[A-Za-z]{34}"),
        (b"api_org_", "Hugging Face", rb"[A-Za-z]{34}"),
        # https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
        (b"ghp_", "GitHub", rb"[A-Za-z0-9]{36}"),
        (b"gho_", "GitHub", rb"[A-Za-z0-9]{36}"),
        (b"ghu_", "GitHub", rb"[A-Za-z0-9]{36}"),
        (b"ghs_", "GitHub", rb"[A-Za-z0-9]{36}"),
        (b"ghr_", "GitHub", rb"[A-Za-z0-9]{36}"),
        (b"github_pat_", "GitHub", rb"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
        # https://docs.gitlab.com/security/tokens/
        (b"glpat-", "GitLab", rb"[A-Za-z0-9_-]{20}(?:\.[a-z0-9]{2}\.[a-z0-9]{9})?"),
        # https://docs.slack.dev/authentication/tokens/
        (b"xoxb-", "Slack", rb"\d{10,13}-\d{10,13}-[A-Za-z0-9]{20,40}"),
        (b"xoxp-", "Slack", rb"\d{10,13}-\d{10,13}-\d{10,13}-[a-f0-9]{28,40}"),
        (b"sk-", "OpenAI", rb"(?:(?:proj|svcacct|admin)-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}"),
        (b"sk-ant-", "Anthropic", rb"(?:api|admin)\d\d-[A-Za-z0-9_-]{93}AA"),
        # https://cloud.google.com/docs/authentication/api-keys
        (b"AIza", "Google", rb"[A-Za-z0-9_-]{35}"),
        (b"npm_", "npm", rb"[A-Za-z0-9]{36}"),
        (b"pypi-AgEIcHlwaS5vcmc", "PyPI", rb"[A-Za-z0-9_-]{50,300}"),
    )
}
_PLACEHOLDER = re.compile(rb"example|placeholder|dummy|your|fake|abcdef|012345|123456|(.)\1{4}", re.IGNORECASE)
_HEX = re.compile(rb"[0-9a-f]+|[0-9A-F]+")
_LEAST_BITS = 3.5
"""Of chance in a letter: 34 random ones have about 4.5."""
_NEAR = 400
_WINDOW = 1 << 18
_OVERLAP = 1 << 10


def examine_secrets(source: Source, here: Here) -> Iterator[Said]:
    """Says every key and token, of which it shows the first four characters."""
    at = 0
    while window := source.read(at, _WINDOW + _OVERLAP):
        for rule, owner, start, end in _found_in(window):
            if start < _WINDOW:
                shown = window[start : start + 4].decode("latin-1") + "…"
                message = f"a private key ({owner})" if rule is PRIVATE_KEY else f"a token of {owner}"
                yield here.finding(rule, message, at + start, at + end, starts_with=shown)
        at += _WINDOW


# No token is a shorter run of these, and few windows have one as long: the search for it is cheap
_RUN = bytes(97 if chr(c).isalnum() or chr(c) in "_-" else 32 for c in range(128)) + b" " * 128
_SHORTEST = b"a" * 20


def _found_in(window: bytes) -> Iterator[tuple[Rule, str, int, int]]:
    if _SHORTEST not in window.translate(_RUN):
        return
    if b"-----BEGIN " in window:
        for key in _PEM.finditer(window):
            if _random(key[1]):
                yield PRIVATE_KEY, "PEM", key.start(), key.end()
    for start, (owner, pattern) in _TOKENS.items():
        if start in window:
            for token in pattern.finditer(window):
                if _random(token[0][len(start) :]):
                    yield ACCESS_TOKEN, owner, token.start(), token.end()
    if b"AKIA" in window or b"ASIA" in window:
        for token in _AWS.finditer(window):
            if not _PLACEHOLDER.search(token[0]) and _secret_near(window, token):
                yield ACCESS_TOKEN, "Amazon Web Services", token.start(), token.end()


def _secret_near(window: bytes, name: re.Match[bytes]) -> bool:
    """The key's id is no secret: what belongs to it must stand beside it."""
    near = window[max(0, name.start() - _NEAR) : name.end() + _NEAR]
    return any(_random(secret[0]) and not _HEX.fullmatch(secret[0]) for secret in _AWS_SECRET.finditer(near))


def _random(text: bytes) -> bool:
    counts = Counter(text).values()
    bits = sum(count / len(text) * log2(len(text) / count) for count in counts)
    return bits >= _LEAST_BITS and not _PLACEHOLDER.search(text)


RULES: tuple[Rule, ...] = (PRIVATE_KEY, ACCESS_TOKEN)
