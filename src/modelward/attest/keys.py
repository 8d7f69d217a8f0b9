"""Keys that sign and verify. A key alone decides its algorithm: nothing in an envelope, a bundle or a
certificate chooses one, so no signature can be made to verify under an algorithm of its own choice.

| type | signature |
|---|---|
| ecdsa-p256, ecdsa-p384, ecdsa-p521 | ECDSA with SHA-256, SHA-384, SHA-512, DER |
| ed25519 | Ed25519 |
| rsa-pss | RSASSA-PSS, SHA-256, MGF1 with SHA-256, salt of 32 bytes; RSA keys of 2048 to 8192 bits |

The salt has the one length that RFC 8017 and the sigstore algorithm registry name; a signature with
another is refused. RSA PKCS#1 v1.5 signatures are not read: a file with an RSA key does not say which of
the two its holder makes, and to try both would leave the choice to whoever made the signature.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Literal, Self, get_args

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from modelward.attest import spki
from modelward.attest.errors import BadKey, PasswordNeeded, PasswordUnneeded, PasswordWrong, plain

KeyType = Literal["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-pss"]
KEY_TYPES: tuple[KeyType, ...] = get_args(KeyType)

_Public = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
_Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

_CURVES: dict[str, tuple[KeyType, type[ec.EllipticCurve], type[hashes.HashAlgorithm]]] = {
    "secp256r1": ("ecdsa-p256", ec.SECP256R1, hashes.SHA256),
    "secp384r1": ("ecdsa-p384", ec.SECP384R1, hashes.SHA384),
    "secp521r1": ("ecdsa-p521", ec.SECP521R1, hashes.SHA512),
}
_RSA_BITS = range(2048, 8192 + 1)
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
_LONGEST = 64 * 1024
_ONE_BLOCK = re.compile(rb"\s*-----BEGIN ([A-Z0-9 ]+)-----(?:[^-]|-(?!----))+-----END \1-----\s*")
_CURVE_BEFORE = re.compile(  # the name of a curve fits in a line, its equation does not
    rb"\A\s*-----BEGIN EC PARAMETERS-----\s+[A-Za-z0-9+/=]{4,20}\s+-----END EC PARAMETERS-----\s+"
    rb"(?=-----BEGIN EC PRIVATE KEY-----)"
)
_PRIVATE = re.compile(rb"(?:ENCRYPTED |EC |RSA )?PRIVATE KEY")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that may be trusted. Equal to another when it is the same key, however it was written."""

    type: KeyType
    der: bytes  # SubjectPublicKeyInfo
    _key: _Public = field(repr=False, compare=False)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Exactly one PEM public key and nothing beside it, so that no two readers take different
        keys from one file. Raises BadKey."""
        label = _only_block(raw, "a public key")
        if label == b"CERTIFICATE":
            raise BadKey("expected a public key and got a certificate; certificates are trusted through their root")
        if _PRIVATE.fullmatch(label):
            raise BadKey("expected a public key and got a private one; give the .pub file, and keep this one secret")
        if label != b"PUBLIC KEY":
            raise BadKey(f"expected a PEM block PUBLIC KEY and got {label.decode()}")
        try:
            der = spki.from_pem(raw)
        except ValueError as error:
            raise BadKey(f"not a public key that can be read: {error}") from error
        return cls.parse_der(der)

    @classmethod
    def parse_der(cls, raw: bytes) -> Self:
        """The same from DER. Raises BadKey."""
        try:
            return cls.of(spki.load(raw))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise BadKey(f"not a public key that can be read: {plain(error)}") from error

    @classmethod
    def of(cls, key: object) -> Self:
        """A key of `cryptography`. Raises BadKey for every kind that is not in the table above."""
        match key:
            case ec.EllipticCurvePublicKey():
                if key.curve.name not in _CURVES:
                    raise BadKey(f"the curve {key.curve.name} is not used; use P-256, P-384 or P-521")
                kind = _CURVES[key.curve.name][0]
            case ed25519.Ed25519PublicKey():
                kind = "ed25519"
            case rsa.RSAPublicKey():
                if key.key_size not in _RSA_BITS:
                    raise BadKey(f"an RSA key of {key.key_size} bits is not used; use 2048 to 8192 bits")
                kind = "rsa-pss"
            case _:
                raise BadKey(f"keys of this kind are not used; use one of {', '.join(KEY_TYPES)}")
        return cls(kind, spki.dump(key), key)

    @property
    def is_ecdsa(self) -> bool:
        return isinstance(self._key, ec.EllipticCurvePublicKey)

    @property
    def pem(self) -> bytes:
        return spki.to_pem(self.der)

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the PEM text: the hint of OpenSSF Model Signing."""
        return hashlib.sha256(self.pem).hexdigest()

    @property
    def hints(self) -> frozenset[str]:
        """The names under which bundles speak of this key: `fingerprint`, and the SHA-256 of the DER in
        base64 (cosign, sigstore-go) or hex."""
        digest = hashlib.sha256(self.der).digest()
        return frozenset({self.fingerprint, digest.hex(), base64.b64encode(digest).decode()})

    def verify(self, signature: bytes, message: bytes) -> bool:
        try:
            match self._key:
                case ec.EllipticCurvePublicKey() as key:
                    key.verify(signature, message, _ecdsa(key.curve))
                case ed25519.Ed25519PublicKey() as key:
                    key.verify(signature, message)
                case rsa.RSAPublicKey() as key:
                    key.verify(signature, message, _PSS, hashes.SHA256())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    public: PublicKey
    _key: _Private = field(repr=False, compare=False)

    @classmethod
    def parse(cls, raw: bytes, password: bytes | None) -> Self:
        """Exactly one PEM private key (PKCS#8, SEC 1 or PKCS#1). Raises PasswordNeeded, PasswordWrong or
        PasswordUnneeded, and BadKey for the rest.

        `openssl ecparam -genkey` writes the name of the curve into a block before a SEC 1 key. It is not
        read, since the key says the same; a curve that is given by its equation is refused."""
        raw = _CURVE_BEFORE.sub(b"", raw, count=1)
        if b"-----BEGIN EC PARAMETERS-----" in raw:
            raise BadKey("the curve of the key is given by its equation, or beside no key; use a key of a named curve")
        label = _only_block(raw, "a private key")
        if not _PRIVATE.fullmatch(label):
            raise BadKey(f"expected a private key and got a PEM block {label.decode()}")
        encrypted = label.startswith(b"ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in raw
        if encrypted and not password:
            raise PasswordNeeded("the private key is encrypted; give its password")
        if password is not None and not encrypted:
            raise PasswordUnneeded("a password was given, but the private key is not encrypted")
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            return cls.of(load_pem_private_key(raw, password))
        except (ValueError, UnsupportedAlgorithm, InternalError) as error:  # the last for an Ed25519 key cut short
            if encrypted:
                raise PasswordWrong("the password is wrong, or the private key is damaged") from error
            raise BadKey(f"not a private key that can be read: {plain(error)}") from error

    @classmethod
    def of(cls, key: object) -> Self:
        if not isinstance(key, _Private):
            raise BadKey(f"keys of this kind are not used; use one of {', '.join(KEY_TYPES)}")
        return cls(PublicKey.of(key.public_key()), key)

    def sign(self, message: bytes) -> bytes:
        match self._key:
            case ec.EllipticCurvePrivateKey() as key:
                return key.sign(message, _ecdsa(key.curve))
            case ed25519.Ed25519PrivateKey() as key:
                return key.sign(message)
            case rsa.RSAPrivateKey() as key:
                return key.sign(message, _PSS, hashes.SHA256())

    def pem(self, password: bytes | None) -> bytes:
        """PKCS#8, encrypted when there is a password. Whoever has the file can try passwords fast:
        the file must stay secret in either case."""
        from cryptography.hazmat.primitives import serialization

        how: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password is not None:
            if not 0 < len(password) <= 1024:
                raise BadKey("a password has 1 to 1024 bytes")
            how = serialization.BestAvailableEncryption(password)
        return self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def generate(type: KeyType) -> PrivateKey:
    if type == "ed25519":
        return PrivateKey.of(ed25519.Ed25519PrivateKey.generate())
    if type == "rsa-pss":
        return PrivateKey.of(rsa.generate_private_key(65537, 3072))
    curves = {kind: curve for kind, curve, _ in _CURVES.values()}
    return PrivateKey.of(ec.generate_private_key(curves[type]()))


def _ecdsa(curve: ec.EllipticCurve) -> ec.ECDSA:
    return ec.ECDSA(_CURVES[curve.name][2]())


def _only_block(raw: bytes, wanted: str) -> bytes:
    """The label of the one PEM block that *raw* is. Raises BadKey where there is more or less."""
    if len(raw) > _LONGEST:
        raise BadKey(f"expected {wanted} and got {len(raw):,} bytes; no key is that long")
    if (blocks := raw.count(b"-----BEGIN ")) != 1:
        raise BadKey(f"expected {wanted}, one PEM block, and got {blocks} blocks")
    whole = _ONE_BLOCK.fullmatch(raw)
    if whole is None:
        raise BadKey(f"expected {wanted} and nothing else, and there is text before or after its PEM block")
    return bytes(whole[1])
