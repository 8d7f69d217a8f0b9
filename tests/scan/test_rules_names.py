from __future__ import annotations

import pytest

from modelward.checks.scan.model import FileScan
from modelward.checks.scan.trees.rules_names import (
    COLLIDING_NAMES,
    CONTENT_MISMATCH,
    DECEPTIVE_NAME,
    SHADOWING_MODULE,
    examine_names,
)
from modelward.checks.scan.trees.tree import Tree
from modelward.core.finding import Finding


def said(path: str, formats: str) -> set[str]:
    found = examine_names(Tree({path: FileScan(tuple(formats.split()), (), (), 1, 1)}, {}, {}))
    return {entry.said.rule.id for entry in found if isinstance(entry.said, Finding)}


def rules(*files: str | tuple[str, str]) -> dict[str, str]:
    """By path; a file is text where no format is given with it."""
    known = dict(file if isinstance(file, tuple) else (file, "text") for file in files)
    scans = {path: FileScan(tuple(formats.split()), (), (), 1, 1) for path, formats in known.items()}
    said = list(examine_names(Tree(scans, {}, {})))
    return {entry.path: entry.said.rule.id for entry in said if isinstance(entry.said, Finding)}


@pytest.mark.parametrize(
    ("path", "formats"),
    [
        ("model.safetensors", "pickle"),
        ("model.SAFETENSORS", "zip"),
        ("model.safetensors ", "pickle"),
        ("config.json", "pickle unknown"),
        ("a/vocab.txt", "elf"),
        ("x.gguf", "hdf5"),
        ("x.onnx", "zip"),
        ("x.png", "zip"),
    ],
)
def test_a_name_that_promises_no_code(path: str, formats: str) -> None:
    assert CONTENT_MISMATCH.id in said(path, formats)


@pytest.mark.parametrize(
    ("path", "formats"),
    [
        ("model.safetensors", "safetensors"),
        ("model.safetensors", "git-lfs-pointer text"),
        ("model.safetensors", "unknown"),
        ("model.bin", "pickle"),
        ("model.pt", "safetensors"),
        ("x.json", "text"),
        ("README.md", "json"),
        ("x.png", "image"),
        ("data.json.gz", "gzip"),
        ("x", "pickle"),
    ],
)
def test_names_that_tell_the_truth(path: str, formats: str) -> None:
    assert rules((path, formats)) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Config.json", "config.json"),
        ("A/x", "a/x"),
        ("stra\N{LATIN SMALL LETTER SHARP S}e", "strasse"),
        ("e\N{COMBINING ACUTE ACCENT}", "\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("a.", "a"),
        ("\N{KELVIN SIGN}", "k"),
    ],
)
def test_names_that_collide(one: str, other: str) -> None:
    assert COLLIDING_NAMES.id in rules(one, other).values()


@pytest.mark.parametrize(
    "path",
    [
        "c\N{CYRILLIC SMALL LETTER O}nfig.json",
        "folder/m\N{GREEK SMALL LETTER OMICRON}del.safetensors",
        "\N{FULLWIDTH LATIN SMALL LETTER M}odel.bin",
        "model\N{ZERO WIDTH SPACE}.bin",
        "model\N{RIGHT-TO-LEFT OVERRIDE}nosj.bin",
        "model\N{ONE DOT LEADER}json.txt",
        "model.bin ",
    ],
)
def test_names_that_deceive(path: str) -> None:
    assert rules(path) == {path: DECEPTIVE_NAME.id}


@pytest.mark.parametrize(
    "path",
    [
        "config.json",
        "Модель.json",
        "モデル.safetensors",
        "modèle.bin",
        "naïve model.txt",
        "模型-v1.pt",
        "my model (1).bin",
    ],
)
def test_names_of_people(path: str) -> None:
    assert rules(path) == {}


def test_libraries_in_the_folder_of_the_model() -> None:
    assert rules("torch.py", "src/torch.py", "my_torch.py", "Numpy.py") == {"torch.py": SHADOWING_MODULE.id}
