"""Any file whose tensors can be had without running something: which reader it needs, by content."""

from __future__ import annotations

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.sniff import sniff
from modelward.formats.tensors.gather import runs
from modelward.formats.tensors.model import Checkpoint, Refusal
from modelward.formats.torch.layout import OddFile

_MOST_TIMES, _ROOM = 4, 256 << 20
"""By how much the output may be larger than the file: a tensor can repeat one number any number of times."""

_MOST_RUNS = 10_000_000
"""About 20 seconds of work."""


def read_tensors(source: Source, limits: Limits) -> Checkpoint:
    """Raises Refusal for what is not converted, with the reason."""
    try:
        found = _read(source, limits)
    except OddFile as error:
        raise Refusal(str(error)) from error
    most = _MOST_TIMES * source.size + _ROOM
    if found.size > most:
        raise Refusal(f"its tensors take {found.size:,} bytes written out, and no more than {most:,} are written")
    if sum(map(runs, found.tensors.values())) > _MOST_RUNS:
        raise Refusal(f"the elements of its tensors lie in more than {_MOST_RUNS:,} places")
    return found


def _read(source: Source, limits: Limits) -> Checkpoint:
    kinds = sniff(source)
    if "safetensors" in kinds:
        raise Refusal("it is safetensors already")
    if "npy" in kinds:
        from modelward.formats.tensors.numpy_arrays import read_array

        return read_array(source, limits)
    if "hdf5" in kinds:
        from modelward.formats.tensors.keras import read_weights

        return read_weights(source, limits)
    if "zip" in kinds:
        return _read_zip(source, limits)
    kind = next((kind for kind in ("pickle", "tar") if kind in kinds), None)
    if kind is None:
        raise Refusal(f"{' or '.join(kinds)} is no format whose weights are converted: torch, numpy or Keras")
    return _read_torch(source, kind, limits)


def _read_torch(source: Source, kind: str, limits: Limits) -> Checkpoint:
    from modelward.formats.tensors.torch_tensors import read_checkpoint
    from modelward.formats.torch.layout import read_torch

    return read_checkpoint(read_torch(source, kind, limits))


def _read_zip(source: Source, limits: Limits) -> Checkpoint:
    from modelward.formats.torch.layout import is_torch_zip
    from modelward.formats.zip import read_zip

    facts = read_zip(source, limits)
    if is_torch_zip(facts):
        return _read_torch(source, "zip", limits)
    names = {member.name for member in facts.members}
    if {"config.json", "model.weights.h5"} <= names:
        from modelward.formats.tensors.keras import read_keras

        return read_keras(source, facts, limits)
    if names and any(name.endswith(".npy") for name in names):
        from modelward.formats.tensors.numpy_arrays import read_arrays

        return read_arrays(source, facts, limits)
    raise Refusal("a zip archive of something else than torch, numpy or Keras writes")
