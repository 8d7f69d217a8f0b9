"""The laws that hold for every file, whichever rule is in question."""

from __future__ import annotations

import io
import json
import pickletools
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conformance import mutations
from tests.conformance.cases import digest, files, outcome, scan
from tests.corpus.hostile import samples
from tests.corpus.opcodes import Sample
from tests.corpus.test_hostile_runs import _RUNNER as RUNNER

from modelward import app
from modelward.checks.scan import CHECK
from modelward.checks.scan.model import Scan
from modelward.core import canonical
from modelward.core.limits import Limits

FILES = files()
SCANS = {name: scan(data) for name, data in FILES.items()}
SCRIPT = Path(__file__).parent / "quietly.py"
STATE = """
import sys
from modelward import app
app.check(sys.argv[1], statements=sys.argv[2])
"""


def in_a_process(*arguments: str, hash_seed: int = 0, day: str = "0") -> str:
    """What a fresh interpreter prints; its modules come from where ours do."""
    path = [entry or "." for entry in sys.path]
    environment = {"PYTHONPATH": ":".join(path), "PYTHONHASHSEED": str(hash_seed), "SOURCE_DATE_EPOCH": day}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # or the first run in a checkout writes what it compiles
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every file there is, numbered: some of their names are no names for files."""
    target = tmp_path / "folder"
    target.mkdir()
    for number, data in enumerate(FILES.values()):
        (target / f"{number:04}").write_bytes(data)
    return target


def test_two_runs_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    made = []
    for seed in (1, 2):
        statements = tmp_path / f"statements-{seed}"
        in_a_process("-c", STATE, str(folder), str(statements), hash_seed=seed)
        made.append({path.name: path.read_bytes() for path in statements.iterdir()})
    assert len(made[0]) == 2
    assert made[0] == made[1]


def test_nothing_is_run_imported_or_sent(folder: Path, tmp_path: Path) -> None:
    names = list(FILES)
    done = json.loads(in_a_process(str(SCRIPT), str(folder)))
    assert [f"{names[int(line[:4])]}{line[4:]}" if line[:4].isdigit() else line for line in done] == []


def test_codec_takes_back_what_it_gave() -> None:
    for name, data in FILES.items():
        predicate = Scan({digest(data): SCANS[name]}, (), "rules", Limits())
        body = canonical.decode(canonical.encode(CHECK.encode(predicate)))
        assert CHECK.decode(body) == predicate, name


def test_names_do_not_matter(tmp_path: Path) -> None:
    """The same bytes as model.safetensors, as a picture, and as a hidden file without an extension."""
    for name, data in FILES.items():
        found = []
        for label in ("model.safetensors", "picture.png", ".x"):
            path = tmp_path / label
            path.write_bytes(data)
            found.append(replace(app.scan(str(path)), label=""))
            path.unlink()
        assert found[0] == found[1] == found[2], name


# --- an edit never makes a hostile file clean ---


HOSTILE = {name: data for name, data in FILES.items() if outcome(SCANS[name]) == "flagged"}

# Without its end, the first is in order; and the first byte of the second is the digit 7
CUT_TO_HONEST = {"safetensors-trailing-bytes.fires", "unreadable-archive.fires", "gguf-trailing-bytes.fires"}
# A script or a configuration has no end mark: its first lines are another one, which may be harmless, and with
# something behind it that its language does not have it is one that nothing runs
IN_A_LANGUAGE = {name for name in HOSTILE if set(SCANS[name].formats) <= {"text", "shell-script"}}
BINARY = sorted(HOSTILE.keys() - IN_A_LANGUAGE)


def test_what_runs_code_is_flagged() -> None:
    assert [sample.name for sample in samples() if sample.runs and outcome(scan(sample.data)) != "flagged"] == []


@pytest.mark.parametrize("name", [name for name in BINARY if name not in CUT_TO_HONEST])
def test_no_cut_makes_it_clean(name: str) -> None:
    """Except between two pickles of which the first is mere data: nothing then tells that something was cut off."""
    for data in mutations.cuts(HOSTILE[name]):
        assert outcome(scan(data)) != "clean" or is_mere_data(data), (len(data), data[-60:])


@pytest.mark.parametrize("name", BINARY)
def test_no_suffix_makes_it_clean(name: str) -> None:
    for data in mutations.suffixed(HOSTILE[name]):
        assert outcome(scan(data)) != "clean", data[len(HOSTILE[name]) :][:60]


# One inserted byte can make the payload part of a text, or an argument of something that fails. So what is
# promised here is that a clean file does nothing, and that few are clean at all.
CHUNKS = 8
MOST_CLEAN = 0.005


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_inserted_byte_makes_it_clean(chunk: int, tmp_path: Path) -> None:
    clean: list[tuple[Sample, bytes]] = []
    tried = 0
    for sample in [sample for sample in samples() if sample.runs][chunk::CHUNKS]:
        for data in mutations.inserted(sample.data):
            tried += 1
            if outcome(scan(data)) == "clean" and not is_mere_data(data):
                clean.append((sample, data))
    assert what_loading_leaves(tmp_path, clean) == []
    assert len(clean) <= tried * MOST_CLEAN, [data for _, data in clean]


def what_loading_leaves(folder: Path, loaded: Sequence[tuple[Sample, bytes]]) -> list[str]:
    """The files that appear when each is loaded in a process of its own: the payloads leave marks."""
    names = [f"{sample.loader}.{number}" for number, (sample, _) in enumerate(loaded)]
    for name, (_, data) in zip(names, loaded, strict=True):
        (folder / name).write_bytes(data)
    subprocess.run(
        [sys.executable, "-I", "-c", RUNNER, *names],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
        check=True,
    )
    return sorted({path.name for path in folder.iterdir()} - set(names))


MERE_DATA = frozenset(
    "PROTO FRAME STOP MARK POP POP_MARK DUP MEMOIZE PUT BINPUT LONG_BINPUT GET BINGET LONG_BINGET"
    " NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT"
    " STRING BINSTRING SHORT_BINSTRING UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8"
    " SHORT_BINBYTES BINBYTES BINBYTES8 BYTEARRAY8 EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3"
    " EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT SETITEM SETITEMS EMPTY_SET FROZENSET ADDITEMS".split()
)


def is_mere_data(data: bytes) -> bool:
    """Another parser reads all of it as pickles, and none of their instructions names or calls anything."""
    file = io.BytesIO(data)
    try:
        while file.tell() < len(data):
            if any(opcode.name not in MERE_DATA for opcode, _, _ in pickletools.genops(file)):
                return False
    except (ValueError, struct.error):
        return False
    return True
