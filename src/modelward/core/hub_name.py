"""Names of repositories on a Hugging Face hub, and of files in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from modelward.core.errors import UsageError
from modelward.core.remote import named

KINDS = ("models", "datasets", "spaces")
COMMIT = re.compile(r"[0-9a-f]{40}")
EXPECTED = "expected hf://org/name, hf://org/name/path@revision"

_NAME = re.compile(r"(?!.*\.\.)[\w.-]{1,96}")
_LONG = r"refs/(?:pr|convert)/[^/@]+"
_REVISION = rf"{_LONG}|[^/@]+"
_SHORT = re.compile(
    rf"(?:({'|'.join(KINDS)})/)?([^/@]+(?:/[^/@]+)?)(?:@({_REVISION}))?(?:/(.*?))?(?:@({_REVISION}))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Ref:
    """A repository at a revision, or with a *path* a file in it."""

    kind: str
    repo: str
    revision: str = "main"
    path: str = ""

    def url(self, endpoint: str) -> str:
        """Where the file is had."""
        return f"{endpoint}/{self.folder}/resolve/{quote(self.revision, safe='')}/{quote(self.path)}"

    @property
    def folder(self) -> str:
        """Of the repository: its kind, unless it is a model, and its name."""
        return self.repo if self.kind == "models" else f"{self.kind}/{self.repo}"

    @property
    def is_commit(self) -> bool:
        return bool(COMMIT.fullmatch(self.revision))

    def __str__(self) -> str:
        """As `parse_short` reads it."""
        revision = self.revision if re.fullmatch(_LONG, self.revision) else quote(self.revision, safe="")
        return f"hf://{self.folder}@{revision}{'/' if self.path else ''}{quote(self.path)}"


def parse_short(text: str) -> Ref:
    """hf://[datasets/]org/name[@revision][/path], or with the revision at the end. An @ in a path is %40.

    Raises UsageError."""
    found = _SHORT.fullmatch(text[5:].rstrip("/"))
    if not found or (found[3] and found[5]) or "@" in (found[4] or ""):
        raise UsageError(f"{text!r} names no repository: {EXPECTED}")
    revision = unquote(found[3] or found[5] or "main")
    return checked(Ref(found[1] or "models", found[2], revision, unquote(found[4] or "")), text)


def checked(ref: Ref, target: str) -> Ref:
    """*ref*, that *target* names. Raises UsageError where no hub can have it."""
    names = ref.repo.split("/")
    if len(names) > 2 or not all(_NAME.fullmatch(name) for name in names) or not ref.revision.isprintable():
        raise UsageError(f"{named(target)!r} names no repository: {EXPECTED}")
    if not is_path(ref.revision):  # "..", which others take for the folder above
        raise UsageError(f"{named(target)!r}: no branch or tag has that name")
    if ref.path and not is_path(ref.path):
        raise UsageError(f"{named(target)!r} names no file: {EXPECTED}")
    return ref


def is_path(path: str) -> bool:
    return "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))
