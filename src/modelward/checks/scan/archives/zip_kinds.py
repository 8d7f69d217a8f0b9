"""zip archives that mean more than their members: which kinds there are. The one list.

A kind is known by the names that its loader looks for. An archive can be of several kinds at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from modelward.checks.scan.archives.members import ZipKind, ZipView, judge_member
from modelward.checks.scan.archives.rules_zip import nested_members, zip_findings
from modelward.checks.scan.here import Here, Nested, Said, as_far_as_fetched
from modelward.core.artifact import Source
from modelward.formats.zip import Kind, ZipFacts, read_zip

# A kind is imported when its names turn up


def _torch(view: ZipView) -> Iterator[Said]:
    from modelward.checks.scan.torch.archive import examine_torch_archive

    return examine_torch_archive(view)


def _pt2(view: ZipView) -> Iterator[Said]:
    from modelward.checks.scan.torch.rules_pt2 import examine_pt2_archive

    return examine_pt2_archive(view)


def _skops(view: ZipView) -> Iterator[Said]:
    from modelward.checks.scan.rules_skops import examine_skops_archive

    return examine_skops_archive(view)


def _mar(view: ZipView) -> Iterator[Said]:
    from modelward.checks.scan.archives.rules_mar import examine_model_archive

    return examine_model_archive(view)


KINDS: tuple[tuple[tuple[str, ...], ZipKind], ...] = (
    (("data.pkl",), _torch),
    (("archive_version", "serialized_exported_program.json", "data/aotinductor/"), _pt2),
    (("schema.json",), _skops),
    (("MANIFEST.json",), _mar),
)
"""Parts of names, one of which a member has; and what then examines the archive."""


def examine_zip(source: Source, here: Here) -> Iterator[Said]:
    """Any zip: what is odd about the archive, what its kinds say, and every member as a file of its own."""
    facts = read_zip(source, here.limits)
    yield from zip_findings(_without_model(source, facts), here)
    view = ZipView(source, facts, here)
    for signs, examine in KINDS:
        if any(sign.casefold() in member.name.casefold() for member in facts.members for sign in signs):
            yield from as_far_as_fetched(examine(view), here)
    for said in nested_members(source, facts, here, lambda member: member.name in view.raw):
        if not isinstance(said, Nested):
            yield said
            continue
        if said.name not in view.judged:
            yield said
        yield from judge_member(said, here)
        for read in view.readers:
            yield from read(said)


def _without_model(source: Source, facts: ZipFacts) -> ZipFacts:
    """Metadata tools append an archive to a TensorFlow Lite model, which is a reading of its own.
    https://ai.google.dev/edge/litert/models/metadata"""
    if source.read(4, 4) != b"TFL3":
        return facts
    from modelward.checks.scan.tensorflow.rules_tflite import is_model_up_to

    before = Kind.PREPENDED_DATA
    kept = (one for one in facts.anomalies if one.kind is not before or not is_model_up_to(source, one.end))
    return replace(facts, anomalies=tuple(kept))
