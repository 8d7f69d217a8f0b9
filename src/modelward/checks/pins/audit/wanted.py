"""Texts that say what is loaded: names of repositories, addresses on a hub, paths on this machine."""

from __future__ import annotations

import re
from typing import Literal

from modelward.core.errors import UsageError
from modelward.core.hub_name import COMMIT, Ref, parse_short

Where = Literal["hub", "here", "either"]

BUILDERS = frozenset(
    "arrow audiofolder cache csv generator hdf5 imagefolder json lance niftifolder pandas parquet pdffolder spark sql "
    "text videofolder webdataset xml".split()
)
"""Ways to read files, which load_dataset takes for a name: https://huggingface.co/docs/datasets/loading"""

_NAME = re.compile(r"(?!.*(?:\.\.|--))[^\W_][\w.-]{0,95}(?:/[^\W_][\w.-]{0,95})?", re.DOTALL)
_PATH = re.compile(
    r"[./~\\]|[A-Za-z]:[\\/]|file:|/?(?:dev|tmp|home|mnt|content|workspace|kaggle|dbfs)/|(?:s3|gs|az)://"
)
_FILE = re.compile(r".*\.(?:py|json|jsonl|csv|tsv|txt|ya?ml|bin|pth?|ckpt|pkl|onnx|gguf|h5|keras|safetensors|tar|zip)")
# What people call the folders that their own programs write
_OWN = re.compile(
    r"(?:(?:my|your|the|local|path|saved?|trained|final|best|fine-?tuned|output|result|ckpt|checkpoint|run|log|exp|experiment|"
    r"artifact|weight|data|dataset|model|tmp|temp|out|cache)s?(?:[_-]?(?:model|to|dir|path|folder|output|data|here)s?)*"
    r"(?:/.*)?)|(?:.*/)?checkpoint-\d+",
    re.I,
)
_ON_HUB = re.compile(
    r"(?:https?://(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)/(?:(datasets|spaces)/)?"
    r"([\w.{}-]+(?:/[\w.{}-]+)?)/(?:resolve|raw)/((?:refs(?:%2F|/)[\w{}]+(?:%2F|/))?[^/\s\"'?#]+)/?([^\s\"'?#]*))"
)
_SHORT = re.compile(r"(?:^|(?<=[\"'`=(]))hf://[\w.{}-]+/[\w.{}-]+[^\s\"'`)\],;]*")
_SHORT_COMMIT = re.compile(r"[0-9a-fA-F]{7,40}")


def where(text: str, how_sure: bool = False) -> Where:
    """Whether *text* names a repository or a path. *how_sure*: no path is taken there."""
    if how_sure:
        return "hub"
    if _PATH.match(text) or text.endswith("/") or not _NAME.fullmatch(text) or _FILE.fullmatch(text.lower()):
        return "here"
    return "either" if _OWN.fullmatch(text) else "hub"


def on_hub(text: str) -> Ref | None:
    """The first address of a hub in *text*; None if it has none, or only pages for people. {} stands for what is not
    known."""
    found = _ON_HUB.search(text)
    if found:
        return Ref(found[1] or "models", found[2], found[3].replace("%2F", "/"), found[4])
    short = _SHORT.search(text)
    try:
        return parse_short(short[0].rstrip(".")) if short and "{}" not in short[0] else _unknown(short)
    except UsageError:
        return None


def _unknown(short: re.Match[str] | None) -> Ref | None:
    """An address with unknown parts: what stands behind the @ is all that matters."""
    if short is None:
        return None
    name, _, behind = short[0].removeprefix("hf://").partition("@")
    return Ref("models", name, behind.partition("/")[0] or "main", "{}")


def is_commit(revision: str) -> bool:
    return bool(COMMIT.fullmatch(revision))


def moving(revision: str) -> str:
    """Why *revision* fixes nothing."""
    if _SHORT_COMMIT.fullmatch(revision):
        return f"at {revision!r}, which is no full commit: a branch or a tag can bear that name"
    return f"at {revision!r}, a branch or a tag, which can be moved"
