"""The SubjectPublicKeyInfo of a public key: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7

On the curves that sign here it is a fixed prefix and a point (RFC 5480, RFC 8410). Such keys are read and
written without `cryptography.hazmat.primitives.serialization`, which takes longer to import than a small model
takes to verify; everything else is left to it.
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

_POINTS: tuple[tuple[type[ec.EllipticCurve], bytes, int], ...] = (
    (ec.SECP256R1, bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"), 65),
    (ec.SECP384R1, bytes.fromhex("3076301006072a8648ce3d020106052b81040022036200"), 97),
    (ec.SECP521R1, bytes.fromhex("30819b301006072a8648ce3d020106052b8104002303818600"), 133),
)
_ED25519 = bytes.fromhex("302a300506032b6570032100")


def load(der: bytes) -> object:
    """A key of `cryptography`. Raises ValueError and UnsupportedAlgorithm for what is none, such as a point that
    is not on its curve."""
    for curve, prefix, size in _POINTS:
        if der.startswith(prefix) and len(der) == len(prefix) + size:
            return ec.EllipticCurvePublicKey.from_encoded_point(curve(), der[len(prefix) :])
    if der.startswith(_ED25519):
        return ed25519.Ed25519PublicKey.from_public_bytes(der[len(_ED25519) :])
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    return load_der_public_key(der)


def dump(key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey) -> bytes:
    """The DER of *key*: one key, one text. Its curve is one of those above."""
    match key:
        case ec.EllipticCurvePublicKey():
            prefix, size = next((prefix, size // 2) for curve, prefix, size in _POINTS if isinstance(key.curve, curve))
            point = key.public_numbers()
            return prefix + b"\x04" + point.x.to_bytes(size) + point.y.to_bytes(size)
        case ed25519.Ed25519PublicKey():
            return _ED25519 + key.public_bytes_raw()
        case _:
            from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

            return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def from_pem(block: bytes) -> bytes:
    """The DER in one PEM block. Raises ValueError."""
    inside = block.strip().removeprefix(b"-----BEGIN PUBLIC KEY-----").removesuffix(b"-----END PUBLIC KEY-----")
    return base64.b64decode(b"".join(inside.split()), validate=True)


def to_pem(der: bytes) -> bytes:
    """As RFC 7468 has it, with a final line break."""
    text = base64.b64encode(der)
    lines = (text[at : at + 64] for at in range(0, len(text), 64))
    return b"-----BEGIN PUBLIC KEY-----\n" + b"\n".join(lines) + b"\n-----END PUBLIC KEY-----\n"
