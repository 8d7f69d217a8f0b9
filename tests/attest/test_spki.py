"""Keys of the usual curves are read and written without a general parser, and with the same result."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from modelward.attest import spki
from modelward.attest.errors import BadKey
from modelward.attest.keys import PublicKey

SPKI = PublicFormat.SubjectPublicKeyInfo
CURVES = [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()]
KEYS = [
    *(ec.generate_private_key(curve).public_key() for curve in CURVES),
    *(ec.derive_private_key(1, curve).public_key() for curve in CURVES),
    ed25519.Ed25519PrivateKey.generate().public_key(),
    rsa.generate_private_key(65537, 2048).public_key(),
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: type(key).__name__)
def test_both_ways_are_those_of_the_general_parser(
    key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey,
) -> None:
    der = key.public_bytes(Encoding.DER, SPKI)
    assert spki.dump(key) == der
    assert spki.load(der) == key
    assert spki.to_pem(der) == key.public_bytes(Encoding.PEM, SPKI)
    assert spki.from_pem(spki.to_pem(der)) == der
    assert PublicKey.parse(spki.to_pem(der).replace(b"\n", b"\r\n")) == PublicKey.parse_der(der) == PublicKey.of(key)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_a_compressed_point_is_the_same_key(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve).public_key()
    der = spki.dump(key)
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    bits = b"\x03" + (bytes([len(point) + 1])) + b"\0" + point
    name = der[der.index(b"\x30", 2) :][: 2 + der[der.index(b"\x30", 2) + 1]]
    short = b"\x30" + bytes([len(name + bits)]) + name + bits
    assert load_der_public_key(short) == key
    assert PublicKey.parse_der(short) == PublicKey.of(key)


@pytest.mark.parametrize("index", [0, 26, 27, 40, -1])
def test_a_point_that_is_not_on_its_curve_is_no_key(index: int) -> None:
    der = bytearray(spki.dump(KEYS[0]))  # type: ignore[arg-type]
    der[index] ^= 0x10
    with pytest.raises(BadKey):
        PublicKey.parse_der(bytes(der))


@pytest.mark.parametrize("change", [lambda der: der[:-1], lambda der: der + b"\0", lambda der: b""])
def test_a_key_has_its_length(change) -> None:  # type: ignore[no-untyped-def]
    for key in KEYS[:4]:
        with pytest.raises(BadKey):
            PublicKey.parse_der(change(spki.dump(key)))  # type: ignore[arg-type]
