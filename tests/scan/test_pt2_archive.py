"""The archives of torch.export, and torch's own files."""

from __future__ import annotations

import io
import warnings

import pytest
import torch
from tests.conformance.cases import outcome, scan
from tests.corpus.formats.pt2 import ordinary, program, pt2, weight

from modelward.checks.scan.model import FileScan


def ids(data: bytes) -> set[str]:
    return {finding.rule.id for finding in scan(data).findings}


def exported(module: torch.nn.Module, *inputs: torch.Tensor) -> FileScan:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = {0: torch.export.Dim.DYNAMIC}
        exported = torch.export.export(module, inputs, dynamic_shapes=[batch for _ in inputs])
        torch.export.save(exported, out)
    return scan(out.getvalue())


class Sizes(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch._check(x.shape[0] % 2 == 0)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            y = x.reshape(x.shape[0] // 2, -1)
        found: torch.Tensor = self.linear(x).sum() + y.sum() * (x.shape[0] * 1.5)
        return found


def test_a_real_export_is_clean_and_whole() -> None:
    found = exported(Sizes().eval(), torch.randn(4, 4))
    assert found.unexamined == ()
    assert {finding.rule.id for finding in found.findings} == {"code-capable-format"}


@pytest.mark.parametrize(
    "target",
    ["torch.os.system", "torch.ops.aten.add.__class__", "torch.jit.load", "torch.hub.load",
     "torch.classes.load_library",
     "torch.ops.load_library", "torchvision.os.system", "math.__loader__", "mathx.a.b", "_operator.attrgetter",
     "_operator.methodcaller", "_operator.call", "_operator._operator.add", "torch.ops.aten.add.Tensor.__call__"],
)  # fmt: skip
def test_targets_are_operators(target: str) -> None:
    assert "pt2-foreign-target" in ids(pt2(program(target)))


@pytest.mark.parametrize(
    "expression",
    ["eval('1')", "Symbol.__class__", "Symbol('a').func", "Add('open(0)')", "S('exec')('os')", "[].append", "lambda: 0",
     "Integer(1) if 1 else 2", "'a'.join", "Symbol('__import__')", "x_1", "print", "Integer(1);2", "a\n.b", "1.real",
     "Symbol(\"a\").name", "f'{1}'", "`1`", "{1}", "exec", "\\x61"],
)  # fmt: skip
def test_expressions_are_arithmetic(expression: str) -> None:
    assert "pt2-odd-expression" in ids(pt2(program(expression=expression)))


@pytest.mark.parametrize(
    "expression",
    ["Symbol('s0', positive=True, integer=True)", "Integer(-1)", "Mul(Integer(-1), Symbol('u0', integer=True))",
     "Max(Integer(1), s0 + 2*s1)", "s0//2", "Float('0.5', precision=53)", "s0 <= 4", "PythonMod(s0, 8)", "oo",
     "-int_oo",
     "Float('1.0e-5', precision=53)", "Eq(Mod(s0, 2), 0)", "0.5*s0"],
)  # fmt: skip
def test_arithmetic_is_quiet(expression: str) -> None:
    assert ids(pt2(program(expression=expression))) == set()


@pytest.mark.parametrize(
    "guard",
    ["L['x'].size()[0] <= 1024", "L['args'][0]['a'].stride()[1] == 1", "torch.sym_max(L['x'].size()[0], 2) != 3"],
)
def test_guards_on_sizes_are_quiet(guard: str) -> None:
    assert ids(pt2(program(guards=(guard,)))) == set()


def test_weights_are_numbers_of_their_size() -> None:
    assert scan(ordinary()["program"]).unexamined == ()
    assert "torch-storage-size" in ids(pt2(weights={"w": weight(size=5)}))
    assert "torch-storage-size" in ids(pt2(weights={"w": weight(offset=1)}))
    assert "torch-storage-missing" in ids(pt2(weights={"w": weight("../weight_0")}))


def test_numbers_that_nothing_describes_are_a_gap() -> None:
    assert scan(pt2(weights={})).unexamined


def test_a_file_that_is_no_program_is_a_gap() -> None:
    assert scan(pt2(program()[:-2])).unexamined
    assert outcome(scan(pt2(b"\xff\xfe{\0}\0"))) == "incomplete"
