"""The pin that a finding proposes: from the lock where it has the name, else the command that puts it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from modelward.checks.pins.audit.loaders import Loader
from modelward.checks.pins.lock import HubSource, Lock, WebSource
from modelward.core.hub_name import Ref

_PLACE = "<the 40 digits of its commit>"


@dataclass(frozen=True, slots=True)
class Pins:
    """What a lock has, by name."""

    commits: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    """(kind, repository) to the commits by the revision that was asked for."""
    hashes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, lock: Lock) -> Pins:
        commits: dict[tuple[str, str], dict[str, str]] = {}
        hashes: dict[str, str] = {}
        for entry in lock.entries:
            match entry.source:
                case HubSource(ref=ref, commit=commit):
                    commits.setdefault((ref.kind, ref.repo), {})[ref.revision] = commit
                case WebSource(url=url):
                    hashes[url] = entry.files[""].sha256
        return cls(commits, hashes)

    def commit(self, ref: Ref) -> str:
        """Of the same revision, else of the only one there; "" if the lock has none."""
        known = self.commits.get((ref.kind, ref.repo), {})
        return known.get(ref.revision) or (next(iter(known.values())) if len(known) == 1 else "")

    def proposal(self, loader: Loader, repo: str, revision: str) -> str:
        argument = loader.pin.partition(",")[0]
        if loader.kind == "modelscope" or not repo:
            return f'{argument or "revision"}="{_PLACE}"'
        ref = Ref(loader.kind, repo, revision)
        commit = self.commit(ref)
        if not argument:
            made = "" if commit else f"modelward pin {_short(ref)}, "
            return f"{made}modelward fetch {ref.folder} --output DIR, and load the folder: this loader takes no commit"
        return f'{argument}="{commit}"' if commit else f"modelward pin {_short(ref)}"

    def in_address(self, ref: Ref) -> str:
        if ref.repo.startswith("buckets/"):
            return "none: a bucket has no commits; compare the hash of what comes"
        commit = self.commit(ref)
        return f"{commit} instead of {ref.revision}" if commit else f"modelward pin {_short(ref)}"

    def of_address(self, argument: str, url: str) -> str:
        known = self.hashes.get(url)
        if known:
            return f'{argument or "sha256"}="{known}"'
        return f"modelward pin {url}"


def _short(ref: Ref) -> str:
    """Without the revision, where it is the usual one."""
    name = f"hf://{ref.folder}"
    return name if ref.revision == "main" else f"{name}@{ref.revision}"
