"""Commands of a shell that load by name, and the Python in them. {} stands for what the shell, or Python, puts in.

What is read is the line, not the script: variables, functions and conditions of the shell are not followed.
"""

from __future__ import annotations

import bisect
import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from modelward.checks.pins.audit import wanted
from modelward.core.hub_name import Ref

# A quotation that goes on in the next line is none: an apostrophe of a remark would hide all up to the next one
_SIMPLE = re.compile(r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\\.|[^;&|\n])+""")
_ARRAY = re.compile(r'\[\s*"[^\[\]]*"\s*\]')
"""Words in JSON, as in a Dockerfile: https://docs.docker.com/reference/dockerfile/#shell-and-exec-form"""
_BARE = str.maketrans('[],"', "    ")
_ITEM = re.compile(r"\n[ \t]*-[ \t]+(?![^\n]*:(?:\s|$))")
"""Words of a command one a line, as YAML may have them."""
_SUBSTITUTED = re.compile(r"\$\([^()]*\)|`[^`\n]*`")
_VARIABLE = re.compile(r"\$\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$\w+|(?<!\{)\{[^{}\s]+\}")
_FILLING = "\x7f"
_CLONED = re.compile(
    r"(?:git\+)?(?:https?://(?:[^@/\s]*@)?|(?:ssh://)?git@)(?:huggingface\.co|hf\.co|hf-mirror\.com)[:/]"
    r"(?:(datasets|spaces)/)?([\w.{}-]+(?:/[\w.{}-]+?)?)(?:\.git)?/?(?:@([^#\s]+))?(?:#.*)?"
)
_CHECKED_OUT = re.compile(r"\b(?:checkout|switch|reset)\s+(?:-\S+\s+)*([0-9a-f]{40})\b")
_FLAGS = frozenset("--quiet --force-download --resume-download --dry-run -q --trust-remote-code --json".split())
_KINDS = {"dataset": "datasets", "space": "spaces"}
_TRUST = re.compile(r"(?:--trust[-_]remote[-_]code|[\"']?trust_remote_code[\"']?:)(?:=(.*))?")
"""As an option, or in YAML."""
_FALSE = frozenset({"false", "0", "no", "off", "null"})
_REMARK = re.compile(r"^[ \t]*#(?!!).*", re.MULTILINE)
_SHELL_CODE = re.compile(r"-[a-z]*c")

_SERVERS: Mapping[str, str] = {
    "vllm.entrypoints.openai.api_server": "--model",
    "vllm.entrypoints.api_server": "--model",
    "vllm-openai": "--model",
    "sglang.launch_server": "--model-path,--model",
    "text-generation-launcher": "--model-id",
    "text-generation-inference": "--model-id",
    "text-embeddings-router": "--model-id",
    "text-embeddings-inference": "--model-id",
    "mlx_lm.generate": "--model",
    "mlx_lm.server": "--model",
    "llama-server": "-hf,-hfr,--hf-repo",
    "llama-cli": "-hf,-hfr,--hf-repo",
}
"""Programs, modules and images that serve a model, with the options that name it."""
_PROGRAMS = frozenset({"hf", "huggingface-cli", "git", "vllm", "ollama", *_SERVERS})
_MOST_WORDS = 300
"""Of one command."""
_SERVED = "--model,--model-id,--model-path"
_SERVER = re.compile(r"vllm|sglang|text-generation-inference|text-embeddings-inference")
"""Where one is named, such options may stand apart from it: in the arguments of a container."""

_PYTHON = re.compile(r"\bpython[\d.]*\s+(?:-[\w=]+\s+)*?-\w*c\s+(?:\"((?:\\.|[^\"\\])*)\"|'([^']*)')", re.DOTALL)
_HERE = re.compile(r"\bpython[\d.]*\b[^\n<]{0,200}<<-?\s*(['\"]?)(\w+)\1[^\n]*\n")
"""https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_07_04"""
_LINE = re.compile(r"^[ \t]*(\w+)[ \t]*\r?$", re.MULTILINE)
_ESCAPED = re.compile(r"\\(\n|[\"$`\\])")


class Fetched(NamedTuple):
    program: str
    ref: Ref | None
    """None: it is not known what is loaded, but its code is trusted."""
    at: int
    """Where the simple command begins."""
    runs: bool = False
    """Code that comes with it is run."""


def python_in(text: str) -> Iterator[tuple[int, int, str]]:
    """The Python of python -c and of here-documents, with the place where each begins and ends."""
    for found in _PYTHON.finditer(text):
        source = found[2] if found[1] is None else _ESCAPED.sub(lambda one: one[1].strip("\n"), found[1])
        yield found.start(), found.end(), textwrap.dedent(source)
    ends: dict[str, list[int]] = {}
    for line in _LINE.finditer(text):
        ends.setdefault(line[1], []).append(line.start())
    for found in _HERE.finditer(text):
        places = ends.get(found[2], [])
        number = bisect.bisect_left(places, found.end())
        if number < len(places):
            yield found.start(), places[number], textwrap.dedent(text[found.end() : places[number]])


def fetched(text: str) -> Iterator[Fetched]:
    """What the commands in *text* load."""
    flat = _flat(text)
    for inner in _SUBSTITUTED.finditer(text):
        yield from (one._replace(at=inner.start() + one.at) for one in fetched(inner[0].strip("$()`")))
    checked_out = _CHECKED_OUT.search(flat)
    serves = bool(_SERVER.search(text))
    for simple in _SIMPLE.finditer(flat):
        at = simple.start() + len(simple[0]) - len(simple[0].lstrip())
        for one in _in_words(_words(simple[0]), checked_out[1] if checked_out else "", serves):
            yield one._replace(at=at)


def _flat(text: str) -> str:
    """Each command in a line of its own, without Python and remarks, every character where it was."""
    plain = text
    for start, end, _ in python_in(text):
        plain = plain[:start] + _blank(plain[start:end]) + plain[end:]
    plain = _REMARK.sub(lambda found: _blank(found[0]), plain).replace("\\\n", "  ")
    plain = _ARRAY.sub(lambda found: found[0].translate(_BARE), plain)
    plain = _ITEM.sub(lambda found: " " * len(found[0]), plain)
    return _VARIABLE.sub(lambda found: "{}".ljust(len(found[0]), _FILLING), plain)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _words(simple: str) -> list[str]:
    text = simple.replace(_FILLING, "")
    try:
        return shlex.split(text, comments=True)
    except ValueError:  # a quotation that does not end
        return text.split()


def _in_words(words: Sequence[str], checked_out: str, serves: bool) -> Iterator[Fetched]:
    trusts = any(map(_trusts, words, [*words[1:], ""]))
    for number, word in enumerate(words):
        if _SHELL_CODE.fullmatch(word):
            yield from fetched(words[number + 1] if number + 1 < len(words) else "")
        program = word.rpartition("/")[2].partition(":")[0]
        more = words[number + 1 : number + _MOST_WORDS] if program in _PROGRAMS else ()
        if more and (found := _loaded(program, more, checked_out)):
            yield Fetched(found[0], found[1], 0, trusts)
            return
    refs = [ref for ref in map(_in_address, words) if ref is not None]
    yield from (Fetched(words[0], ref, 0, trusts) for ref in refs)
    served = _served("a server", words, _SERVED) if serves else None
    if served or (trusts and not refs):
        yield Fetched("a server", served[1] if served else None, 0, trusts)


def _trusts(word: str, following: str) -> bool:
    found = _TRUST.fullmatch(word)
    return found is not None and (found[1] or following).lower() not in _FALSE


def _in_address(word: str) -> Ref | None:
    pip = _CLONED.fullmatch(word) if word.startswith("git+") else None
    return Ref(pip[1] or "models", pip[2], pip[3] or "main") if pip else wanted.on_hub(word)


def _loaded(program: str, words: Sequence[str], checked_out: str) -> tuple[str, Ref] | None:
    if program in ("hf", "huggingface-cli") and words[:1] == ["download"]:
        return _named(f"{program} download", words[1:])
    if program == "git" and ("clone" in words[:6] or words[:2] == ["submodule", "add"]):
        options, _ = _parsed(words)
        url = next((found for word in words if (found := _CLONED.fullmatch(word))), None)
        if url:
            revision = (
                checked_out or options.get("--revision") or options.get("--branch") or options.get("-b") or "main"
            )
            return "git clone", Ref(url[1] or "models", url[2], revision)
    if program == "vllm" and words[:1] == ["serve"]:
        return _served("vllm serve", words[1:], "--model,")
    if program == "ollama" and words[:1] in (["run"], ["pull"]):
        name = next((word for word in words if word.startswith(("hf.co/", "huggingface.co/"))), "")
        return ("ollama", Ref("models", name.partition("/")[2].partition(":")[0])) if name else None
    return _served(program, words, _SERVERS[program]) if program in _SERVERS else None


def _named(program: str, words: Sequence[str]) -> tuple[str, Ref] | None:
    options, places = _parsed(words)
    if not places:
        return None
    kind = _KINDS.get(options.get("--repo-type", ""), "models")
    return program, Ref(kind, places[0], options.get("--revision", "main"))


def _served(program: str, words: Sequence[str], names: str) -> tuple[str, Ref] | None:
    """A model that may be a folder as well."""
    options, places = _parsed(words)
    options[""] = next(iter(places), "")
    named = [options[name] for name in names.split(",") if name in options]
    name = named[0].partition(":")[0] if named else ""
    if not name or ("{}" not in name and wanted.where(name) != "hub"):
        return None
    return program, Ref("models", name, options.get("--revision", "{}" if "{}" in name else "main"))


def _parsed(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and what is none."""
    options: dict[str, str] = {}
    places: list[str] = []
    last = ""
    for word in words:
        name, equals, value = word.partition("=")
        if word.startswith("-"):
            options[name] = value
            last = "" if equals or word in _FLAGS else word
        elif last:
            options[last], last = word, ""
        else:
            places.append(word)
    return options, places
