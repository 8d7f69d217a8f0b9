"""Weights become safetensors without anything of them being run, and each byte of the result is proved.

1. The scan looks at the file; what it flags is not converted. Stops: a pickle that would have run something.
2. The tensors are resolved by parsing, and their bytes are written to a place that nobody else can reach.
3. The comparator resolves the input again, by code of its own, and compares. Stops: a mistake of the converter, or
   a trick that it fell for. It reads the blocks that the scan saw and the digest covers: FileSource makes sure.
4. The output appears under its name, whole. Stops: anything half-written being taken for a model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from modelward.app.contents import Progress
from modelward.app.weight_files import INDEX_NAME, WeightFile, Weights, find_weights, index_of, weight_map
from modelward.checks.build import CHECK, Made
from modelward.checks.build.compare import MakeHash, NoHash, compare
from modelward.checks.build.expected import Unequal
from modelward.checks.build.model import Part
from modelward.checks.scan.walk import examine
from modelward.core.artifact import Artifact, Blob, file_artifact, tree_artifact
from modelward.core.conversion import ConversionResult, LeftBehind
from modelward.core.digest import Digest
from modelward.core.errors import Defect
from modelward.core.finding import Finding, Severity
from modelward.core.limits import Limits
from modelward.core.statement import Statement
from modelward.formats.safetensors_header import Entry, header
from modelward.formats.tensors.gather import pieces
from modelward.formats.tensors.model import Checkpoint, Refusal, View
from modelward.formats.tensors.read import read_tensors
from modelward.stores.files import FileSource
from modelward.stores.new_place import check_free, new_place, settle, write_pieces
from modelward.stores.plain_file import PlainFile
from modelward.stores.tree import Entry as TreeEntry
from modelward.stores.write import create_file


def convert(
    target: str, output: str, statement: str | None = None, progress: Progress | None = None
) -> ConversionResult:
    """Writes *output*, and the *statement* about it, or neither. Raises UsageError for a target or an output that
    cannot be meant, ReadError for what cannot be read, Defect where the comparator does not agree."""
    limits = Limits()
    weights = find_weights(target)
    if statement is not None:
        check_free(statement, "--statement")
    try:
        with new_place(output) as place:
            done = _Run(weights, place, limits, NoHash if statement is None else hashlib.sha256).run(progress)
            if statement is not None:
                create_file(Path(statement), _statement(done).raw, 0o644)
    except Refusal as error:
        return ConversionResult(weights.label, output, refused=str(error))
    except Unequal as error:
        raise Defect(
            f"{target!r} was not converted: {error}; this is a defect of modelward, please report it"
        ) from error
    left = (LeftBehind(part.source, path, what) for part in done.made.parts for path, what in part.left_out)
    return ConversionResult(
        weights.label,
        output,
        "",
        {path: blob.digest for path, blob in done.made.inputs.items()},
        done.artifact.digest,
        sum(len(part.tensors) for part in done.made.parts),
        sum(blob.size for blob in done.artifact.files.values()),
        tuple(left),
        tuple(names for part in done.made.parts for names in part.shared),
    )


@dataclass(frozen=True, slots=True)
class _Done:
    artifact: Artifact
    made: Made


def _statement(done: _Done) -> Statement:
    predicate = CHECK.examine(done.artifact, done.made)
    return Statement.make(done.artifact.digest, CHECK.predicate_type, CHECK.encode(predicate))


class _Run:
    """One conversion. *place* is where the output is made, a file or a folder."""

    def __init__(self, weights: Weights, place: Path, limits: Limits, digest: MakeHash) -> None:
        self._digest = digest
        self._weights = weights
        self._place = place
        self._limits = limits

    def run(self, progress: Progress | None) -> _Done:
        weights, inputs, outputs = self._weights, dict[str, Blob](), dict[str, Blob]()
        parts: list[Part] = []
        if weights.is_tree:
            self._place.mkdir()
        with ThreadPoolExecutor(1) as behind:
            settled = []
            for number, file in enumerate(weights.files):
                if progress is not None:
                    progress(number, len(weights.files), file.entry.path or weights.label)
                with FileSource(file.entry.real) as source:
                    made = self._place / file.made if file.made else self._place
                    looking = behind.submit(_refuse_flagged, source, self._limits)
                    found = self._write(file, made, looking)
                    settled.append(behind.submit(settle, made))  # while the comparator reads it
                    part, outputs[file.made] = self._prove(file, source, made, found)
                    inputs[file.entry.path] = source.finish()
                parts.append(part)
            for each in settled:
                each.result()
        if weights.index is not None:
            inputs[weights.index.path], outputs[INDEX_NAME] = self._index(weights.index, parts)
        label = weights.label
        artifact = tree_artifact(outputs, label) if weights.is_tree else file_artifact(outputs[""], label)
        return _Done(artifact, Made(inputs, tuple(parts)))

    def _write(self, file: WeightFile, made: Path, looking: Future[None]) -> Checkpoint:
        """While another thread is *looking* whether the file is flagged, which is the first reason to refuse it."""
        with PlainFile(file.entry.real) as source:
            try:
                found = read_tensors(source, self._limits)
            except Refusal:
                looking.result()
                raise
            tensors = sorted(found.tensors.items(), key=_place_of)
            entries = [Entry(name, tensor.dtype, tensor.shape, tensor.size) for name, tensor in tensors]
            head = header(entries, {"format": "pt"} | dict(found.metadata))
            write_pieces(made, chain([head], *(pieces(tensor) for _, tensor in tensors)))
        looking.result()
        return found

    def _prove(self, file: WeightFile, source: FileSource, made: Path, found: Checkpoint) -> tuple[Part, Blob]:
        left_out = tuple(sorted({(each.path, each.what) for each in found.left_out}))
        with FileSource(bytes(made)) as written:
            proved = compare(source, written, (path for path, _ in left_out), self._limits, self._digest)
            blob = written.finish()
        return Part(file.entry.path, file.made, proved, left_out, found.shared), blob

    def _index(self, index: TreeEntry, parts: Sequence[Part]) -> tuple[Blob, Blob]:
        """The index of the input, which must name what was found where it was found, and the new one."""
        with FileSource(index.real) as source:
            expected = weight_map(source.read(0, source.size), index.path)
            blob = source.finish()
        places = {tensor.name: part for part in parts for tensor in part.tensors}
        if len(places) < sum(len(part.tensors) for part in parts):
            raise Refusal("two shards hold tensors of one name")
        for name, shard in expected.items():
            if name not in places or places[name].source != shard:
                raise Refusal(
                    f"the index places {name[:200]!r} in {shard!r}, where no such tensor was carried over from"
                )
        size = sum((self._place / part.made).stat().st_size for part in parts)
        raw = index_of({name: part.made for name, part in places.items()}, size)
        write_pieces(self._place / INDEX_NAME, [raw])
        return blob, Blob(Digest("sha256", hashlib.sha256(raw).hexdigest()), len(raw))


def _place_of(item: tuple[str, View]) -> tuple[int, int, int, str]:
    """Wide elements first, so that each begins at a multiple of its width; else in the order of the input, so that
    both are read from their beginnings to their ends."""
    name, tensor = item
    return -tensor.width, tensor.storage.at, tensor.offset, name


def _is_reason(finding: Finding) -> bool:
    """Layers of classes that nobody knows are refused, too: what their weights mean only the classes say."""
    return finding.severity >= Severity.MEDIUM or finding.rule.id == "keras-custom-object"


def _refuse_flagged(source: FileSource, limits: Limits) -> None:
    found = [each for each in examine(source, limits).findings if _is_reason(each)]
    if found:
        worst = max(found, key=lambda each: each.severity)
        more = f" (and {len(found) - 1:,} more: modelward scan tells)" if len(found) > 1 else ""
        raise Refusal(f"{worst.severity}[{worst.rule.id}]: {worst.message}{more}")
