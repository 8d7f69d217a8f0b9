from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, padding, rsa, utils, x25519
from hypothesis import given
from hypothesis import strategies as st
from tests.attest import authority

from modelward.attest.errors import BadKey, PasswordNeeded, PasswordUnneeded, PasswordWrong
from modelward.attest.keys import KEY_TYPES, KeyType, PrivateKey, PublicKey, generate

KEYS = {kind: generate(kind) for kind in KEY_TYPES}
MESSAGE = b"weights"
SIGNATURES = {kind: key.sign(MESSAGE) for kind, key in KEYS.items()}
P256 = KEYS["ecdsa-p256"]

every_type = pytest.mark.parametrize("kind", KEY_TYPES)


def spki(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = key.public_bytes(serialization.Encoding.PEM, form)
    return pem


@every_type
def test_a_key_verifies_what_it_signed_and_nothing_else(kind: KeyType) -> None:
    key = KEYS[kind]
    signature = key.sign(MESSAGE)
    assert key.public.type == kind
    assert key.public.verify(signature, MESSAGE)
    assert not key.public.verify(signature, MESSAGE + b"\0")
    assert not any(other.public.verify(signature, MESSAGE) for name, other in KEYS.items() if name != kind)
    assert not generate("ed25519" if kind == "rsa-pss" else kind).public.verify(signature, MESSAGE)


@every_type
@given(at=st.floats(0, 1, exclude_max=True), other=st.integers(1, 255))
def test_no_byte_of_a_signature_can_change(kind: KeyType, at: float, other: int) -> None:
    changed = bytearray(SIGNATURES[kind])
    changed[int(at * len(changed))] ^= other
    assert not KEYS[kind].public.verify(bytes(changed), MESSAGE)


@every_type
@given(noise=st.binary(max_size=300))
def test_noise_is_no_signature_and_no_crash(kind: KeyType, noise: bytes) -> None:
    assert not KEYS[kind].public.verify(noise, MESSAGE)


@every_type
def test_keys_survive_writing(kind: KeyType) -> None:
    key = KEYS[kind]
    assert PublicKey.parse(key.public.pem) == key.public
    assert PrivateKey.parse(key.pem(None), None) == key
    assert PrivateKey.parse(key.pem(b"secret"), b"secret") == key
    assert b"secret" not in repr(key).encode()


def test_a_fingerprint_is_that_of_the_pem() -> None:
    """The hint of OpenSSF Model Signing: https://github.com/ossf/model-signing-spec, section 4.1."""
    pem = P256.public.pem
    assert pem.endswith(b"-----END PUBLIC KEY-----\n")
    assert P256.public.fingerprint == hashlib.sha256(pem).hexdigest()
    assert PublicKey.parse(pem.replace(b"\n", b"\r\n")).fingerprint == P256.public.fingerprint


# --- ECDSA, as the vectors of Wycheproof have it: https://github.com/C2SP/wycheproof/tree/main/testvectors_v1 ---

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def integer(number: int) -> bytes:
    raw = number.to_bytes(number.bit_length() // 8 + 1)
    return bytes([2, len(raw)]) + raw


def sequence(body: bytes) -> bytes:
    return bytes([0x30, len(body)]) + body


R, S = utils.decode_dss_signature(P256.sign(MESSAGE))
WHOLE = sequence(integer(R) + integer(S))


MALFORMED = {
    "nothing": b"",
    "an empty sequence": sequence(b""),
    "zeros": sequence(integer(0) + integer(0)),
    "r is zero": sequence(integer(0) + integer(S)),
    "s is zero": sequence(integer(R) + integer(0)),
    "r is one": sequence(integer(1) + integer(S)),
    "ones": sequence(integer(1) + integer(1)),
    "r is the order": sequence(integer(ORDER) + integer(S)),
    "s is the order": sequence(integer(R) + integer(ORDER)),
    "r exceeds the order": sequence(integer(R + ORDER) + integer(S)),
    "s exceeds the order": sequence(integer(R) + integer(S + ORDER)),
    "r is negative": sequence(b"\x02\x01\xff" + integer(S)),
    "s is negative": sequence(integer(R) + b"\x02\x01\xff"),
    "three integers": sequence(integer(R) + integer(S) + integer(0)),
    "one integer": sequence(integer(R)),
    "swapped": sequence(integer(S) + integer(R)),
    "something after it": WHOLE + b"\0",
    "something before it": b"\0" + WHOLE,
    "cut short": WHOLE[:-1],
    "a long length": b"\x30\x81" + WHOLE[1:],
    "an indefinite length": b"\x30\x80" + WHOLE[2:] + b"\0\0",
    "a padded integer": sequence(bytes([2, len(integer(R)) - 1, 0]) + integer(R)[2:] + integer(S)),
    "another tag": b"\x31" + WHOLE[1:],
    "r and s alone": R.to_bytes(32) + S.to_bytes(32),
    "huge numbers": sequence(b"\x02\x40" + b"\x7f" * 64 + b"\x02\x01\x01"),
}


@pytest.mark.parametrize("signature", MALFORMED.values(), ids=MALFORMED)
def test_malformed_ecdsa_signatures(signature: bytes) -> None:
    assert P256.public.verify(WHOLE, MESSAGE)
    assert not P256.public.verify(signature, MESSAGE)


def test_the_other_root_is_the_same_signer() -> None:
    """(r, -s) verifies wherever (r, s) does: signers are counted by key, never by signature."""
    assert P256.public.verify(sequence(integer(R) + integer(ORDER - S)), MESSAGE)


# --- the key alone decides the algorithm ---


@pytest.mark.parametrize(("kind", "digest"), [("ecdsa-p384", hashes.SHA256), ("ecdsa-p521", hashes.SHA384)])
def test_a_weaker_hash_does_not_verify(kind: KeyType, digest: type[hashes.HashAlgorithm]) -> None:
    """model-signing 0.2.0 signed P-384 keys with SHA-256:
    https://github.com/sigstore/model-transparency/blob/v1.1.1/src/model_signing/_signing/sign_certificate.py"""
    loaded = serialization.load_pem_private_key(KEYS[kind].pem(None), None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    assert not KEYS[kind].public.verify(loaded.sign(MESSAGE, ec.ECDSA(digest())), MESSAGE)


@pytest.mark.parametrize(
    "how",
    [
        padding.PKCS1v15(),
        padding.PSS(padding.MGF1(hashes.SHA256()), 0),
        padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH),
        padding.PSS(padding.MGF1(hashes.SHA512()), 32),
    ],
    ids=["PKCS#1 v1.5", "no salt", "the longest salt", "another mask"],
)
def test_other_paddings_do_not_verify(how: Any) -> None:
    loaded = serialization.load_pem_private_key(KEYS["rsa-pss"].pem(None), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    assert not KEYS["rsa-pss"].public.verify(loaded.sign(MESSAGE, how, hashes.SHA256()), MESSAGE)


# --- files that are no keys ---

CERTIFICATE = authority.root().public_bytes(serialization.Encoding.PEM)
SMALL_RSA = spki(rsa.generate_private_key(65537, 1024).public_key())


NO_PUBLIC_KEYS = {
    "nothing": (b"", "got 0 blocks"),
    "noise": (b"\x00\xff" * 9, "got 0 blocks"),
    "the private key": (P256.pem(None), "got a private one"),
    "the encrypted private key": (P256.pem(b"x"), "got a private one"),
    "a certificate": (CERTIFICATE, "got a certificate"),
    "two keys": (P256.public.pem * 2, "got 2 blocks"),
    "a key and its certificate": (P256.public.pem + CERTIFICATE, "got 2 blocks"),
    "text before": (b"mine:\n" + P256.public.pem, "text before or after"),
    "text after": (P256.public.pem + b"mine", "text before or after"),
    "another end": (P256.public.pem.replace(b"END PUBLIC", b"END PRIVATE"), "text before or after"),
    "cut short": (P256.public.pem[:-9], "text before or after"),
    "secp256k1": (spki(authority.key("k", "secp256k1").public_key()), "secp256k1 is not used"),
    "a small RSA key": (SMALL_RSA, "1024 bits is not used"),
    "Ed448": (spki(ed448.Ed448PrivateKey.generate().public_key()), "of this kind are not used"),
    "X25519": (spki(x25519.X25519PrivateKey.generate().public_key()), "of this kind are not used"),
    "DSA": (spki(dsa.generate_private_key(2048).public_key()), "of this kind are not used"),
    "PKCS#1": (P256.public.pem.replace(b"PUBLIC", b"RSA PUBLIC"), "got RSA PUBLIC KEY"),
    "no key in it": (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "can be read"),
    "a huge file": (P256.public.pem + b"\n" * 2**17, "no key is that long"),
}


@pytest.mark.parametrize(("raw", "why"), NO_PUBLIC_KEYS.values(), ids=NO_PUBLIC_KEYS)
def test_what_is_no_public_key(raw: bytes, why: str) -> None:
    with pytest.raises(BadKey, match=why) as caught:
        PublicKey.parse(raw)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@given(st.binary(max_size=40))
def test_noise_in_a_block_is_a_bad_key(noise: bytes) -> None:
    for raw in (noise, b"-----BEGIN PUBLIC KEY-----\n" + noise + b"\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(BadKey):
            PublicKey.parse(raw)
        with pytest.raises(BadKey):
            PublicKey.parse_der(raw)
        with pytest.raises(BadKey):
            PrivateKey.parse(raw.replace(b"PUBLIC", b"PRIVATE"), None)


def test_passwords() -> None:
    locked = P256.pem(b"secret")
    for nothing in (None, b""):
        with pytest.raises(PasswordNeeded):
            PrivateKey.parse(locked, nothing)
    with pytest.raises(PasswordWrong):
        PrivateKey.parse(locked, b"guess")
    with pytest.raises(PasswordUnneeded):
        PrivateKey.parse(P256.pem(None), b"secret")
    for useless in (b"", b"x" * 1025):
        with pytest.raises(BadKey, match="1 to 1024 bytes"):
            P256.pem(useless)


@pytest.mark.parametrize("form", [serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8])
@pytest.mark.parametrize("password", [None, b"secret"])
def test_private_keys_as_openssl_writes_them(form: serialization.PrivateFormat, password: bytes | None) -> None:
    loaded = authority.key("openssl")
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    raw = loaded.private_bytes(serialization.Encoding.PEM, form, how)
    assert PrivateKey.parse(raw, password).public == PublicKey.of(loaded.public_key())


CURVE = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"  # the name of P-256


@pytest.mark.parametrize("password", [None, b"secret"])
def test_a_private_key_after_the_name_of_its_curve(password: bytes | None) -> None:
    """`openssl ecparam -name prime256v1 -genkey`"""
    loaded = authority.key("openssl")
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    raw = loaded.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, how)
    assert PrivateKey.parse(CURVE + raw, password).public == PublicKey.of(loaded.public_key())
    for other in (
        CURVE + CURVE + raw,
        raw + CURVE,
        CURVE,
        CURVE + P256.pem(None),
        raw + CURVE + raw,
        b"x" + CURVE + raw,
    ):
        with pytest.raises(BadKey):
            PrivateKey.parse(other, password)


def test_a_curve_by_its_equation() -> None:
    """With a point of their own as the generator anyone has the private key to a public one (CVE-2020-0601)."""
    long = CURVE.replace(b"BggqhkjOPQMBBw==", b"MIH3AgEBMCwGByqGSM49AQECIQD/////AAAAAQAAAAAAAAAAAAAAAP//////////")
    with pytest.raises(BadKey, match="by its equation"):
        PrivateKey.parse(long + P256.pem(None), None)
    numbers, base = (authority.key(name).public_key().public_numbers() for name in ("curve", "base"))
    with pytest.raises(BadKey):
        PublicKey.parse_der(by_equation(numbers, base))
    generator = ec.EllipticCurvePublicNumbers(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        ec.SECP256R1(),
    )
    same = PublicKey.parse_der(by_equation(numbers, generator))
    assert same == PublicKey.of(numbers.public_key())


def by_equation(public: ec.EllipticCurvePublicNumbers, base: ec.EllipticCurvePublicNumbers) -> bytes:
    """A SubjectPublicKeyInfo with the equation of P-256 and the generator *base*: RFC 3279, section 2.3.5."""
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    curve = der(0x30, der(4, (p - 3).to_bytes(32)), der(4, b.to_bytes(32)))
    prime_field = der(0x30, bytes.fromhex("06072a8648ce3d0101"), der(2, p.to_bytes(33)))
    parameters = der(
        0x30, der(2, b"\1"), prime_field, curve, der(4, point(base)), der(2, order.to_bytes(33)), der(2, b"\1")
    )
    return der(0x30, der(0x30, bytes.fromhex("06072a8648ce3d0201"), parameters), der(3, b"\0" + point(public)))


def point(numbers: ec.EllipticCurvePublicNumbers) -> bytes:
    return b"\4" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    size = (
        bytes([length]) if length < 128 else b"\x81" + bytes([length]) if length < 256 else b"\x82" + length.to_bytes(2)
    )
    return bytes([tag]) + size + content


def test_what_is_no_private_key() -> None:
    with pytest.raises(BadKey, match="expected a private key and got a PEM block PUBLIC KEY"):
        PrivateKey.parse(P256.public.pem, None)
    with pytest.raises(BadKey, match="of this kind are not used"):
        PrivateKey.of(ed448.Ed448PrivateKey.generate())
    with pytest.raises(BadKey, match="secp256k1"):
        PrivateKey.of(authority.key("k", "secp256k1"))
