"""Mutate small files of every format and examine them.

For each reader, whatever the bytes: no exception, no hang, a predicate that its codec takes back unchanged,
and, where one edit was made to a file that runs code when it is loaded, no result without a finding or a gap.

    python -m tools.fuzz [--seconds 60] [--seed 1]

An input that breaks a law is written to .fuzz/ and named.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import hashlib
import io
import lzma
import pickle
import random
import signal
import sys
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NoReturn

from bench import inputs
from tests.corpus import every_format
from tests.corpus.files import npy, zipped
from tests.corpus.hostile import samples

from modelward.checks.scan.examiners import EXAMINERS
from modelward.checks.scan.here import Here
from modelward.checks.scan.model import FileScan, Scan, decode, encode
from modelward.checks.scan.rules import RULES
from modelward.checks.scan.walk import examine
from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.finding import Severity
from modelward.core.limits import Limits
from modelward.formats.sniff import sniff
from modelward.formats.source import Budget, BytesSource

LIMITS = Limits(expanded_bytes=1 << 24, entries=1_000)
HANG = 20  # seconds for one input
ROUNDS = 500
KEEP = Path(".fuzz")


@dataclass(frozen=True, slots=True)
class Seed:
    data: bytes
    hostile: bool = False
    """It was shown to run code when it is loaded."""


def seeds() -> list[Seed]:
    made = [*every_format.ordinary().values(), *every_format.hostile().values()]
    return [*(Seed(sample.data, sample.runs) for sample in samples()), *map(Seed, _plain()), *map(Seed, made)]


def _plain() -> Iterator[bytes]:
    tiny = inputs.tiny_pickle(1)
    yield from (b'{"model_type": "bert", "layers": [1, 2.5, null]}', b"A text about a model.\n")
    array = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", bytes(16))
    yield from (tiny, array, zipped({"a.npy": array, "b.pkl": tiny}), _tar({"a.pkl": tiny, "b/c.npy": array}))
    yield from (gzip.compress(tiny, mtime=0), bz2.compress(tiny), lzma.compress(tiny), zlib.compress(tiny))
    yield lzma.compress(tiny, lzma.FORMAT_ALONE)
    yield from (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24), b"Rar!\x1a\x07\1\0" + bytes(24))
    yield from (b"\x04\x22\x4d\x18" + bytes(24), b"\x28\xb5\x2f\xfd" + bytes(24))
    yield f"ZF{hex(len(tiny)):<19}".encode() + zlib.compress(tiny)
    with TemporaryDirectory() as folder:
        target = Path(folder) / "model"
        for write in (inputs.write_safetensors, inputs.write_torch_zip):
            write(target, tensors=2, floats=8)
            yield target.read_bytes()


def _tar(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


# --- one edit ---


def _truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(1) + data[at:]


def _append(data: bytes, rng: random.Random) -> bytes:
    return data + rng.randbytes(rng.randrange(1, 100))


CUTS = (_truncate, _insert, _append)
"""None of these may make a hostile file clean."""


def _flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _delete(data: bytes, rng: random.Random) -> bytes:
    at, n = rng.randrange(len(data)), rng.randrange(1, 16)
    return data[:at] + data[at + n :]


def _repeat(data: bytes, rng: random.Random) -> bytes:
    at, n = rng.randrange(len(data)), rng.randrange(1, 64)
    return data[:at] + data[at : at + n] * rng.randrange(2, 50) + data[at:]


EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**53, 2**63 - 1, 2**64 - 1)


def _number(data: bytes, rng: random.Random) -> bytes:
    """An absurd length or count where one may stand."""
    at, width = rng.randrange(len(data)), rng.choice((1, 2, 4, 8))
    raw = (rng.choice(EDGES) % (1 << 8 * width)).to_bytes(width, rng.choice(("little", "big")))
    return data[:at] + raw + data[at + width :]


EDITS = (*CUTS, _flip, _delete, _repeat, _number)


def mutate(seed: Seed, rng: random.Random) -> Seed:
    """One edit of any kind, or several at once; only a single cut keeps a hostile file hostile, unless
    it takes away whole streams: what is left can then be an honest file."""
    first: Callable[[bytes, random.Random], bytes] = rng.choice(EDITS)
    data = first(seed.data, rng)
    hostile = seed.hostile and first in CUTS and not (first is _truncate and data.endswith(pickle.STOP))
    while data and rng.random() < 0.4:
        data, hostile = rng.choice(EDITS)(data, rng), False
    return Seed(data, hostile)


# --- the laws ---


class Hang(Exception):
    """One input took too long."""


def attempt(reader: str, seed: Seed) -> str | None:
    """The law that *seed* breaks, in a few words; None if all hold."""
    here = Here((), LIMITS, Budget(LIMITS.expanded_bytes))
    signal.alarm(HANG)
    try:
        for _ in EXAMINERS[reader](BytesSource(seed.data), here):
            pass
        found = examine(BytesSource(seed.data), LIMITS)
    except (Exception, Hang) as error:  # noqa: BLE001 - any exception is what is looked for
        return f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    if seed.hostile and not found.unexamined and not _flagged(found):
        return "a file that runs code, or was cut or grew by one edit, is clean"
    return None if _round_trips(seed.data, found) else "the codec does not take its own predicate back"


def _flagged(found: FileScan) -> bool:
    return any(finding.severity >= Severity.MEDIUM for finding in found.findings)


def _round_trips(data: bytes, found: FileScan) -> bool:
    scan = Scan({Digest("sha256", hashlib.sha256(data).hexdigest()): found}, (), "", LIMITS)
    return decode(canonical.decode(canonical.encode(encode(scan))), RULES) == scan


def targets() -> dict[str, list[Seed]]:
    """The seeds of each reader: those that sniffing gives to it."""
    found: dict[str, list[Seed]] = {reader: [] for reader in EXAMINERS}
    for seed in seeds():
        for reader in sniff(BytesSource(seed.data)):
            if reader in found:
                found[reader].append(seed)
    return found


def run(reader: str, chosen: list[Seed], rng: random.Random, *, rounds: int) -> list[str]:
    """Every seed as it is, then *rounds* mutations. Each broken law, with the file that breaks it."""
    tried = [*chosen, *(mutate(rng.choice(chosen), rng) for _ in range(rounds))]
    return [f"{reader}: {broken}: {_keep(seed.data)}" for seed in tried if (broken := attempt(reader, seed))]


def _keep(data: bytes) -> Path:
    KEEP.mkdir(exist_ok=True)
    path = KEEP / f"{hashlib.sha256(data).hexdigest()[:16]}.bin"
    path.write_bytes(data)
    return path


def on_alarm(number: int, frame: FrameType | None) -> NoReturn:
    raise Hang(f"more than {HANG} seconds")


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutate small files of every format and examine them.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, on_alarm)
    rng = random.Random(options.seed)
    print(f"seed {options.seed}")
    end, tried, broken = time.monotonic() + options.seconds, 0, set[str]()
    chosen = targets()
    while time.monotonic() < end:
        for reader, own in chosen.items():
            for line in set(run(reader, own, rng, rounds=ROUNDS)) - broken:
                print(line, flush=True)
                broken.add(line)
            tried += len(own) + ROUNDS
    print(f"{tried:,} inputs, {len(chosen)} readers, {len(broken)} broken laws")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
