"""Models of everyday libraries come out clean, and the same wherever they are scanned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.corpus.ordinary_models import MODELS

from modelward.checks.scan.walk import examine
from modelward.core.finding import Severity
from modelward.core.limits import Limits
from modelward.formats.source import BytesSource


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_an_ordinary_model_is_clean(name: str) -> None:
    found = examine(BytesSource(MODELS[name]()), Limits())
    assert [finding for finding in found.findings if finding.severity >= Severity.LOW] == []
    assert found.unexamined == ()


def test_what_is_installed_makes_no_difference(tmp_path: Path) -> None:
    """The same bytes in an interpreter that sees neither torch nor numpy nor scikit-learn."""
    model = tmp_path / "model.pkl"
    model.write_bytes(MODELS["forest"]() + b"junk")
    code = (
        "import sys; sys.path += sys.argv[2:]; from modelward import app;"
        " from modelward.report.machine import render; sys.stdout.buffer.write(render([app.scan(sys.argv[1])]))"
    )
    import rfc8785

    import modelward

    bare = [str(Path(modelward.__file__).parent.parent), str(tmp_path / "only")]
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "rfc8785").symlink_to(Path(rfc8785.__file__).parent)
    runs = [
        subprocess.run([sys.executable, *flags, "-c", code, str(model), *bare], capture_output=True, check=True).stdout
        for flags in ([], ["-S", "-I"])
    ]
    assert runs[0] == runs[1]
    assert runs[0]
