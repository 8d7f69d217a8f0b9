from __future__ import annotations

from typing import Any

import pytest

from modelward.core.digest import Digest
from modelward.core.errors import Malformed

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize("digest", [Digest("sha256", HEX), Digest("sha3_256", HEX)])
def test_a_digest_survives_text_and_json(digest: Digest) -> None:
    assert Digest.parse(str(digest)) == digest
    assert Digest.from_json(digest.to_json()) == digest


def test_a_file_and_a_tree_are_never_equal() -> None:
    assert Digest("sha256", HEX) != Digest("sha3_256", HEX)


@pytest.mark.parametrize(
    "value",
    [HEX.upper(), HEX[:-1], HEX + "0", HEX[:-1] + "g", HEX[:-1] + "\n", HEX + "\n", "", int("1" * 64), None, [HEX]],
)
def test_only_lower_hex_of_full_length_is_a_digest(value: Any) -> None:
    with pytest.raises(Malformed):
        Digest("sha256", value)
    with pytest.raises(Malformed):
        Digest.from_json({"algorithm": "sha256", "value": value})


@pytest.mark.parametrize("algorithm", ["sha512", "SHA256", "md5", "", None, 1, ["sha256"]])
def test_other_algorithms_are_refused(algorithm: Any) -> None:
    with pytest.raises(Malformed):
        Digest(algorithm, HEX)


@pytest.mark.parametrize("text", ["", ":", HEX, "sha256", f"sha256:{HEX}:", f" sha256:{HEX}"])
def test_text_that_is_no_digest(text: str) -> None:
    with pytest.raises(Malformed):
        Digest.parse(text)


@pytest.mark.parametrize("body", [{}, {"algorithm": "sha256"}, {"algorithm": "sha256", "value": HEX, "more": 1}])
def test_json_with_other_keys(body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Digest.from_json(body)
