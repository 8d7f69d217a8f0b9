"""The timestamp authority: https://www.rfc-editor.org/rfc/rfc3161#section-2.4"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.attest.instance.fulcio import ISSUES, SIGNS, name, new_key, unsigned

_STAMPS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Timestamps:
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    late: timedelta = timedelta(0)
    """How far its clock is ahead."""

    @property
    def chain(self) -> tuple[bytes, ...]:
        return tuple(each.public_bytes(Encoding.DER) for each in self._certificates)

    def stamp(self, request: bytes) -> bytes:
        asked = tsp.TimeStampReq.load(request)
        leaf = asn1.Certificate.load(self.chain[0])
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.3.6.1.4.1.57264.2",
                "message_imprint": asked["message_imprint"],
                "serial_number": 1,
                "gen_time": datetime.now(UTC).replace(microsecond=0) + self.late,
                "nonce": asked["nonce"].native,
            }
        )
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [hashlib.sha256(info.dump()).digest()]},
                {
                    "type": "signing_certificate_v2",
                    "values": [{"certs": [{"cert_hash": hashlib.sha256(self.chain[0]).digest()}]}],
                },
            ]
        )
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number", {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
            ),
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signature": self.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
        signed = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": info},
            "certificates": [leaf],
            "signer_infos": [signer],
        }
        token = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})
        answer: bytes = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump()
        return answer

    @cached_property
    def _certificates(self) -> tuple[x509.Certificate, x509.Certificate]:
        """Its own, and its root, both of one key."""
        root = (
            unsigned(self.key.public_key(), name("test time root"), _START, _START + timedelta(days=3650))
            .subject_name(name("test time root"))
            .add_extension(x509.BasicConstraints(True, 0), True)
            .add_extension(ISSUES, True)
        )
        leaf = (
            unsigned(self.key.public_key(), name("test time root"), _START, _START + timedelta(days=3650))
            .subject_name(name("test time"))
            .add_extension(SIGNS, True)
            .add_extension(_STAMPS, True)
        )
        return leaf.sign(self.key, hashes.SHA256()), root.sign(self.key, hashes.SHA256())
