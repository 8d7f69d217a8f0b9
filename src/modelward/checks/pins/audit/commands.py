"""Commands of a shell that load by name. {} stands for what the shell, or Python, puts in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from modelward.checks.pins.audit.wanted import on_hub
from modelward.core.hub_name import Ref

_SIMPLE = re.compile(r"[^;&|\n]+")
_VARIABLE = re.compile(r"\$\{[^}]*\}|\$\([^)]*\)|\$\w+|(?<!\{)\{[^{}\s]+\}")
_CLONED = re.compile(
    r"(?:https?://(?:[^@/\s]*@)?|git@)(?:huggingface\.co|hf\.co|hf-mirror\.com)[:/](?:(datasets|spaces)/)?"
    r"([\w.{}-]+(?:/[\w.{}-]+)?)/?"
)
_CHECKED_OUT = re.compile(r"\b(?:checkout|switch|reset)\s+(?:-\S+\s+)*([0-9a-f]{40})\b")
_FLAGS = frozenset("--quiet --force-download --resume-download --dry-run -q --trust-remote-code --json".split())
_KINDS = {"dataset": "datasets", "space": "spaces"}


class Fetched(NamedTuple):
    program: str
    ref: Ref
    at: int
    """Where the simple command begins."""


def fetched(text: str) -> Iterator[Fetched]:
    """What the commands in *text* load."""
    joined = _VARIABLE.sub(lambda found: "{}".ljust(len(found[0])) if " " in found[0] else "{}", text)
    checked_out = _CHECKED_OUT.search(joined)
    for simple in _SIMPLE.finditer(joined.replace("\\\n", "  ")):
        try:
            words = shlex.split(simple[0], comments=True)
        except ValueError:  # a quotation that goes on behind the ; that ended it here
            words = simple[0].split()
        at = simple.start() + len(simple[0]) - len(simple[0].lstrip())
        for number, word in enumerate(words):
            found = _loaded(word.rpartition("/")[2], words[number + 1 :], checked_out[1] if checked_out else "")
            if found:
                yield Fetched(found[0], found[1], at)
                break
        else:
            for word in words:
                if (ref := on_hub(word)) is not None:
                    yield Fetched(words[0], ref, at)


def _loaded(program: str, words: Sequence[str], checked_out: str) -> tuple[str, Ref] | None:
    if program in ("hf", "huggingface-cli") and words[:1] == ["download"]:
        return _named(f"{program} download", words[1:])
    if program == "vllm" and words[:1] == ["serve"]:
        return _named("vllm serve", words[1:])
    if program == "git" and "clone" in words[:6]:
        options, _ = _parsed(words[words.index("clone") + 1 :])
        url = next((found for word in words if (found := _CLONED.fullmatch(word.removesuffix(".git")))), None)
        if url:
            revision = (
                checked_out or options.get("--revision") or options.get("--branch") or options.get("-b") or "main"
            )
            return "git clone", Ref(url[1] or "models", url[2], revision)
    return None


def _named(program: str, words: Sequence[str]) -> tuple[str, Ref] | None:
    options, places = _parsed(words)
    if not places:
        return None
    kind = _KINDS.get(options.get("--repo-type", ""), "models")
    return program, Ref(kind, places[0], options.get("--revision", "main"))


def _parsed(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and what is none."""
    options: dict[str, str] = {}
    places: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            places.append(word)
        elif "=" in word:
            name, _, value = word.partition("=")
            options[name] = value
        elif word not in _FLAGS:
            options[word] = next(rest, "")
    return options, places
