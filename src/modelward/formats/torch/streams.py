"""What torch wrote before its zip archives: the legacy stream (0.1.10 to 1.5), and the tar before that.

https://github.com/pytorch/pytorch/blob/v2.13.0/torch/serialization.py _legacy_load
"""

from __future__ import annotations

from collections.abc import Iterator

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.pickle.events import End, Event, PersistentLoad
from modelward.formats.pickle.values import Global, List, Value
from modelward.formats.pickle.whole import WholeMachine
from modelward.formats.tar import TarMember, read_tar
from modelward.formats.torch.layout import ITEM_SIZES, MOST_OBJECTS, OddFile, Placed, Stored, TorchFile, escaped, part

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_MOST_DIMENSIONS = 64


class _Reader:
    """Pickles and numbers, one after the other."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.at = 0

    def events(self) -> Iterator[Event]:
        """Of one stream, which must end well."""
        machine = WholeMachine(self.source, self.at, objects=MOST_OBJECTS)
        for event in machine.run():
            if isinstance(event, End) and event.why:
                raise OddFile(f"a pickle breaks: {event.why}")
            yield event
        self.at = machine.here

    def value(self) -> Value:
        """A stream that makes nothing but plain values."""
        *others, end = self.events()
        for event in others:
            if isinstance(event, PersistentLoad):
                raise OddFile("a pickle asks for a storage where torch writes none")
        assert isinstance(end, End)
        return end.result

    def numbers(self, count: int) -> tuple[int, ...]:
        """Little-endian, of 64 bits."""
        raw = part(self.source, self.at, 8 * count, "a list of numbers").read(0, 8 * count)
        self.at += len(raw)
        return tuple(int.from_bytes(raw[n : n + 8], "little", signed=True) for n in range(0, len(raw), 8))

    def storage(self, kind: str) -> Stored:
        """A count of elements, and that many. They are little-endian whatever machine wrote them."""
        if kind not in ITEM_SIZES:
            raise OddFile(f"a storage of the class {kind[:100]!r}, which is not known here")
        (count,) = self.numbers(1)
        at, size = self.at, count * ITEM_SIZES[kind]
        self.at += size
        return Stored(kind, part(self.source, at, size, "a storage"), at)


def read_legacy(source: Source) -> TorchFile:
    """Five pickles: a magic number, a protocol, the system, the object and the keys of its storages, which follow."""
    reader = _Reader(source)
    if reader.value() != MAGIC:
        raise OddFile("a pickle that torch.save did not write: it holds no tensors that could be told from others")
    if reader.value() != PROTOCOL:
        raise OddFile("a protocol of torch that is not known here")
    reader.value()  # the byte order of the machine, which decides nothing
    at = reader.at
    kinds = dict(_kinds(reader.events()))
    keys = reader.value()
    if not isinstance(keys, List) or not all(isinstance(key, str) for key in keys) or len(set(keys)) < len(keys):
        raise OddFile("the keys of the storages are no list of different texts")
    if set(keys) != kinds.keys():
        raise OddFile("the keys of the storages are not those that the pickle names")
    storages = {escaped(key): reader.storage(kinds[key]) for key in keys}
    if reader.at != source.size:
        raise OddFile("bytes follow the last storage")
    return TorchFile(source, at, storages)


def _kinds(events: Iterator[Event]) -> Iterator[tuple[str, str]]:
    """The class of each storage; the first one counts, as for torch."""
    seen = set()
    for event in events:
        if isinstance(event, PersistentLoad):
            match event.value.pid:
                case ("storage", Global() as kind, str() as key, _, int(), _) if key not in seen:
                    seen.add(key)
                    yield key, kind.name


def read_torch_tar(source: Source, limits: Limits) -> TorchFile:
    """Three members matter: storages, tensors (where they lie in them), and the pickle, which names both by number."""
    members: dict[str, Source] = {}
    for each in read_tar(source, limits):
        if not isinstance(each, TarMember) or each.name in members:
            raise OddFile("the tar is ambiguous, or could not be read")
        if each.kind == "file":
            members[each.name] = part(source, each.at, each.size, each.name[:100])
    if not {"storages", "tensors", "pickle"} <= members.keys():
        raise OddFile("a tar without the storages, the tensors and the pickle that torch wrote")
    storages = _tar_storages(_Reader(members["storages"]))
    placed = dict(_tar_tensors(_Reader(members["tensors"])))
    if not placed.keys().isdisjoint(storages):
        raise OddFile("a tensor and a storage have one number")
    return TorchFile(members["pickle"], 0, storages, placed=placed, is_tar=True)


def _tar_storages(reader: _Reader) -> dict[str, Stored]:
    found: dict[str, Stored] = {}
    for _ in range(_count(reader.value())):
        match reader.value():
            case (int() as key, _, Global() as kind) if str(key) not in found:
                found[str(key)] = reader.storage(kind.name)
            case _:
                raise OddFile("a storage is not described as torch does it")
    views = reader.value()
    for view in views if isinstance(views, List) else ():
        match view:
            case (int() as key, int() as root, int() as offset, int() as count) if (
                str(root) in found and str(key) not in found and min(offset, count) >= 0
            ):
                whole = found[str(root)]
                width = ITEM_SIZES[whole.kind or ""]
                piece = part(whole.source, offset * width, count * width, "a view")
                found[str(key)] = Stored(whole.kind, piece, whole.at + offset * width)
            case _:
                raise OddFile("a view of a storage is not described as torch does it")
    return found


def _tar_tensors(reader: _Reader) -> Iterator[tuple[str, Placed]]:
    seen = set()
    for _ in range(_count(reader.value())):
        match reader.value():
            case (int() as key, int() as storage, _) if key not in seen:
                seen.add(key)
                (dimensions,) = reader.numbers(1)
                dimensions &= 0xFFFFFFFF  # what stands above is not looked at by torch
                if dimensions > _MOST_DIMENSIONS:
                    raise OddFile("a tensor of more dimensions than there are")
                shape, strides = reader.numbers(dimensions), reader.numbers(dimensions)
                (offset,) = reader.numbers(1)
                yield str(key), Placed(str(storage), offset, shape, strides)
            case _:
                raise OddFile("a tensor is not described as torch does it")


def _count(value: Value) -> int:
    if type(value) is not int or not 0 <= value <= 1_000_000:
        raise OddFile("a count of storages or tensors that is none")
    return value
