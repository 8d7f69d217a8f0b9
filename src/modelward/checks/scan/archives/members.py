"""Members of archives that mean something by their name, and what a kind of zip archive is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from modelward.checks.scan.here import Here, Nested, Said, as_far_as_fetched
from modelward.core.artifact import Source
from modelward.formats.zip import Member, ZipFacts, open_member


@dataclass(slots=True)
class ZipView:
    """What a kind of archive looks at, and what it says about the members."""

    source: Source
    facts: ZipFacts
    here: Here
    raw: set[str] = field(default_factory=set)
    """Members that are raw numbers."""
    judged: set[str] = field(default_factory=set)
    """Members that were examined as a whole, and need not be examined as a file of their own."""
    readers: list[Callable[[Nested], Iterator[Said]]] = field(default_factory=list)
    """Asked about every member, after it was examined as a file of its own."""

    def members(self, name: str) -> Iterator[tuple[Member, Source]]:
        """Every member of that name that can be opened; nested_members tells of the others."""
        for member in self.facts.members:
            if member.name == name:
                opened = open_member(self.source, member, self.here.limits, self.here.budget)
                if not isinstance(opened, str):
                    yield member, opened


ZipKind = Callable[[ZipView], Iterator[Said]]


def judge_member(member: Nested, here: Here) -> Iterator[Said]:
    """What a name alone makes of a member of a zip or a tar."""
    name = member.name.removeprefix("./")
    if name.startswith("blobs/sha256/"):
        from modelward.checks.scan.trees.rules_oci import judge_blob

        yield from as_far_as_fetched(judge_blob(member, here), here.into(member.name))
    elif name == "MAR-INF/MANIFEST.json":
        from modelward.checks.scan.archives.rules_mar import judge_manifest

        yield from as_far_as_fetched(judge_manifest(member, here), here.into(member.name))
