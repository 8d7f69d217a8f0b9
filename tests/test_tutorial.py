"""docs/tutorial.md and docs/dependencies.md, followed step by step: see pages.py."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.deps.places import metadata, record_of
from tests.deps.records import EXCERPT
from tests.hub import hub_at
from tests.pages import agrees, follow
from tests.stores.registries import docker_registry, needs_registry

DOCS = Path(__file__).parents[1] / "docs"
REGISTRY = "localhost:5000"


@pytest.mark.parametrize(
    ("shown", "said", "same"),
    [
        ("", "", True),
        ("", "a\n", False),
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a.c\n", "abc\n", False),
        ("a …, c\n", "a b, c\n", True),
        ("a …\n", "a \n", False),
        ("a …\n", "a b\nc\n", False),
        ("…\nc\n", "a\nb\nc\n", True),
        ("…\nc\n", "c\n", True),
        ("a\n…\nc\n", "a\nb\n", False),
    ],
)
def test_what_agrees(shown: str, said: str, same: bool) -> None:
    assert agrees(shown, said) == same


def weights() -> bytes:
    body = bytes(1 << 21)
    header = json.dumps({"weight": {"dtype": "F32", "shape": [512, 1024], "data_offsets": [0, len(body)]}}).encode()
    return struct.pack("<Q", len(header)) + header + body


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A hub with a model, and a registry with nothing: the host and port of the latter."""
    for name in [name for name in os.environ if name.startswith(("HF_", "MODELWARD_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with hub_at() as hub, docker_registry(tmp_path) as at:
        monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
        hub.add("config.json", b'{"architectures": ["BertModel"], "hidden_size": 1024}\n')
        hub.add("model.safetensors", weights(), large=True)
        yield f"localhost:{at.rpartition(':')[2]}"


@needs_registry
def test_the_tutorial(
    registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reader").mkdir()
    monkeypatch.chdir(tmp_path / "reader")
    follow((DOCS / "tutorial.md").read_text(), monkeypatch, capfd, (REGISTRY, registry))


def put_wheel(folder: str, name: str, version: str, more: Mapping[str, bytes] | None = None) -> None:
    """Nothing in it is compressed: its hash stands in the page."""
    info = f"{name}-{version}.dist-info"
    files = {f"{name}/__init__.py": b"", f"{info}/METADATA": metadata(name, version).encode(), **(more or {})}
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\n"
    files[f"{info}/RECORD"] = record_of(files, info).encode()
    Path(folder).mkdir()
    with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path), data)


def test_the_page_about_dependencies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1786060800")  # 2026-08-07
    shutil.copytree(EXCERPT, "osv")
    put_wheel("wheelhouse", "mlflow", "2.9.2")
    put_wheel("new", "mlflow", "2.9.3", {"mlflow.pth": b"import mlflow\n"})
    follow((DOCS / "dependencies.md").read_text(), monkeypatch, capfd)
