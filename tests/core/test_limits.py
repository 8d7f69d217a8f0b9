from __future__ import annotations

from typing import Any

import pytest

from modelward.core import canonical
from modelward.core.errors import Malformed
from modelward.core.limits import Limits


def test_limits_are_read_back_from_a_statement() -> None:
    limits = Limits(depth=3, entries=7)
    assert Limits(**canonical.decode(canonical.encode(limits.to_json()))) == limits


def test_every_limit_is_in_the_statement() -> None:
    assert set(Limits().to_json()) == set(Limits.__slots__)


@pytest.mark.parametrize("value", [-1, True, 1.0, "1", None, 2**53])
def test_a_limit_is_a_whole_number(value: Any) -> None:
    with pytest.raises(Malformed, match="entries"):
        Limits(entries=value)
