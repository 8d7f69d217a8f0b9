"""Numbers of a model in another file: known beside the file that says so, unknown alone."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from tests.conformance.cases import write
from tests.corpus.formats.onnx import external, with_tensor
from tests.corpus.tensorflow import HEADER, entry, table

from modelward import app

NUMBERS = bytes(range(1, 25))
INDEX = table([HEADER, (b"a", entry(size=24))])


def outcome(folder: Path, files: dict[str, bytes]) -> str:
    write(files, folder)
    return app.scan(str(folder)).outcome()


def test_external_data_of_onnx(tmp_path: Path) -> None:
    model = with_tensor(external("weights/a"), external("b", name="v"))
    files = {"m/x.onnx": model, "m/weights/a": NUMBERS, "m/b": NUMBERS[::-1]}
    assert outcome(tmp_path, files) == "clean"


@pytest.mark.parametrize("path", ["m/c", "b", "m/sub/b"])
def test_what_nothing_names_stays_unknown(path: str, tmp_path: Path) -> None:
    files = {"m/x.onnx": with_tensor(external("b")), "m/b": NUMBERS, path: NUMBERS[::-1]}
    assert outcome(tmp_path, files) == "incomplete"


def test_one_content_under_two_names_is_known_under_both_or_not_at_all(tmp_path: Path) -> None:
    files = {"x.onnx": with_tensor(external("b")), "b": NUMBERS, "other": NUMBERS}
    assert outcome(tmp_path, files) == "incomplete"


def test_what_is_not_here_is_a_gap(tmp_path: Path) -> None:
    files = {"x.onnx": with_tensor(external("gone")), "y.txt": b"a text\n"}
    write(files, tmp_path)
    (gap,) = app.scan(str(tmp_path)).unexamined
    assert gap.file == "x.onnx"


def test_what_is_named_is_judged_all_the_same(tmp_path: Path) -> None:
    evil = pickle.PROTO + b"\x04cos\nsystem\n(S'x'\ntR."
    assert outcome(tmp_path, {"x.onnx": with_tensor(external("b")), "b": evil}) == "flagged"


def test_shards_of_a_checkpoint(tmp_path: Path) -> None:
    name = "v/variables.data-00000-of-00001"
    assert outcome(tmp_path / "1", {"v/variables.index": INDEX, name: NUMBERS}) == "clean"
    assert outcome(tmp_path / "2", {"v/other.index": INDEX, name: NUMBERS}) == "incomplete"
    assert outcome(tmp_path / "3", {"v/variables.index": b"a text\n", name: NUMBERS}) == "incomplete"
