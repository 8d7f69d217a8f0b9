"""PyTorch archives: storages, TorchScript code, and the legacy stream."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
import torch
from tests.corpus.files import zipped

from modelward.checks.scan.model import FileScan
from modelward.checks.scan.torch import rules_torch
from modelward.checks.scan.walk import examine
from modelward.core.finding import Severity
from modelward.core.limits import Limits
from modelward.formats.source import BytesSource


def _scan(data: bytes) -> FileScan:
    return examine(BytesSource(data), Limits())


def _rules(data: bytes) -> set[str]:
    return {finding.rule.id for finding in _scan(data).findings}


def _saved(legacy: bool = False) -> bytes:
    out = io.BytesIO()
    torch.save({"w": torch.arange(8.0)}, out, _use_new_zipfile_serialization=not legacy)
    return out.getvalue()


def _rewritten(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The same archive with members changed, or left out where *change* gives None."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


# https://nvd.nist.gov/vuln/detail/CVE-2026-24747
def test_a_storage_smaller_than_the_pickle_says() -> None:
    short = _rewritten(_saved(), lambda name, data: data[:-4] if name.endswith("data/0") else data)
    assert "torch-storage-size" in _rules(short)
    assert "torch-storage-size" not in _rules(_rewritten(_saved(), lambda _, data: data))


def test_a_storage_that_is_not_there() -> None:
    assert "torch-storage-missing" in _rules(
        _rewritten(_saved(), lambda name, data: None if name.endswith("data/0") else data)
    )


@pytest.mark.parametrize("legacy", [False, True])
def test_storages_beyond_the_limit_are_not_passed_over_in_silence(
    monkeypatch: pytest.MonkeyPatch, legacy: bool
) -> None:
    out = io.BytesIO()
    torch.save([torch.ones(8) for _ in range(4)], out, _use_new_zipfile_serialization=not legacy)
    assert _scan(out.getvalue()).unexamined == ()
    monkeypatch.setattr(rules_torch, "_MOST_STORAGES", 2)
    assert [gap.why.partition(";")[0] for gap in _scan(out.getvalue()).unexamined][:1] == ["more than 2 storages"]


# https://github.com/advisories/GHSA-769v-p64c-89pr: a scanner that goes by names misses a hostile member
def test_a_pickle_in_the_place_of_a_storage_is_seen() -> None:
    hostile = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."
    data = _rewritten(_saved(), lambda name, data: hostile.ljust(32, b"\0") if name.endswith("data/0") else data)
    assert "pickle-dangerous-call" in _rules(data)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_that_writes_a_file() -> None:
    code = b"def forward(self, x: Tensor) -> Tensor:\n  torch.save(x, '/tmp/x')\n  return x\n"

    def plant(name: str, data: bytes) -> bytes:
        return code if name.endswith(".py") else data

    out = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), out)
    assert "torchscript-file-operator" not in _rules(out.getvalue())
    assert "torchscript-file-operator" in _rules(_rewritten(out.getvalue(), plant))


# Each of them compiles, and writes the file when forward is called
INDIRECT = (
    "t = torch\n  t.save(x, '/tmp/x')",
    "t = ops.aten\n  t.save(x, '/tmp/x')",
    "t = torch.save\n  t(x, '/tmp/x')",
    "getattr(torch, 'save')(x, '/tmp/x')",
    "getattr(ops, 'aten').save(x, '/tmp/x')",
    "(torch).save(x, '/tmp/x')",
)
DIRECT = ("torch.\\\n  save(x, '/tmp/x')", "(torch # a note\n  .save(x, '/tmp/x'))", "torch . save (x, '/tmp/x')")


def _scripted(line: str, folder: str = "a", script: str = "code/__torch__.py") -> bytes:
    code = f"def forward(self, x: Tensor) -> Tensor:\n  {line}\n  return x\n".encode()
    return zipped({f"{folder}/data.pkl": b"\x80\x02N.", f"{folder}/{script}": code, "b/data.pkl": b"\x80\x02N."})


@pytest.mark.parametrize("line", INDIRECT)
def test_torchscript_that_gets_hold_of_an_operator(line: str) -> None:
    assert "torchscript-indirect-operator" in _rules(_scripted(line))


@pytest.mark.parametrize("line", DIRECT)
def test_torchscript_between_whose_tokens_something_stands(line: str) -> None:
    assert "torchscript-file-operator" in _rules(_scripted(line))


def test_torchscript_in_whichever_folder_and_case() -> None:
    assert "torchscript-file-operator" in _rules(_scripted("torch.save(x, 'y')", folder="longer"))
    assert "torchscript-file-operator" in _rules(_scripted("torch.save(x, 'y')", script="CODE/__torch__.PY"))


def test_what_strings_and_comments_of_torchscript_say_is_no_code() -> None:
    quiet = _scripted("""s = "torch.save('x')"\n  # torch is named here\n  y = torch.add(x, x)""")
    assert not {rule for rule in _rules(quiet) if rule.startswith("torchscript")}


def test_a_legacy_file_is_read_to_its_last_storage() -> None:
    data = _saved(legacy=True)
    assert _scan(data).unexamined == ()
    assert all(finding.severity is Severity.INFO for finding in _scan(data).findings)
    assert _scan(data[:-1]).unexamined
    assert _scan(data + b"x").unexamined


def test_a_legacy_storage_of_another_size_than_the_pickle_says() -> None:
    data = _saved(legacy=True)
    count = data.rindex((8).to_bytes(8, "little"))
    assert "torch-storage-size" in _rules(data[:count] + (9).to_bytes(8, "little") + data[count + 8 :] + bytes(4))


def test_no_truncation_of_an_archive_is_clean() -> None:
    data = _saved()
    for end in range(0, len(data), 7):
        found = _scan(data[:end])
        assert found.unexamined or any(finding.severity >= Severity.MEDIUM for finding in found.findings), end
