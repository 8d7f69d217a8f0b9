from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelward.core.errors import Malformed, ModelwardError, ReadError, UsageError


@given(st.text())
@example("a\nallow: 0 findings")
@example("\x1b[2K\rallow")
@example("\u202egnp.exe\u2028\ud800")
def test_an_error_is_one_line_that_a_terminal_prints_as_it_is(text: str) -> None:
    shown = str(ModelwardError(text))
    assert shown.isprintable()
    shown.encode()
    assert shown == text or not text.isprintable()


@pytest.mark.parametrize(("kind", "code"), [(UsageError, 2), (Malformed, 4), (ReadError, 4), (ModelwardError, 4)])
def test_an_error_knows_its_exit_code(kind: type[ModelwardError], code: int) -> None:
    assert kind("why").exit_code == code
    assert isinstance(kind("why"), ModelwardError)
