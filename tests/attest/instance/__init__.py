"""A sigstore instance on loopback, whose servers the real library signs with: a certificate authority with
its transparency log, a log of signatures and a timestamp authority, each with the rules of the real one as
far as a client can see them. The keys are made anew, and nobody else trusts them."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.attest.instance.fulcio import Fulcio
from tests.attest.instance.rekor import Rekor
from tests.attest.instance.timestamps import Timestamps

IDENTITY = "ann@example.org"
ISSUER = "https://accounts.example.org"
_SINCE = {"start": "2026-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Instance:
    """Its servers answer as long as `serving` runs; *url* is where."""

    fulcio: Fulcio = field(default_factory=Fulcio)
    rekor: Rekor = field(default_factory=Rekor)
    timestamps: Timestamps = field(default_factory=Timestamps)
    url: str = ""

    def trusted_root(self) -> bytes:
        return json.dumps(self._trusted_root()).encode()

    def trust_config(self) -> bytes:
        """What `--trust-config` takes: the trusted root, and where the servers are."""
        service = {"url": self.url, "validFor": _SINCE, "operator": "example.org"}
        servers = {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service | {"majorApiVersion": 1}],
            "oidcUrls": [service | {"majorApiVersion": 1}],
            "rekorTlogUrls": [service | {"majorApiVersion": 2}],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": [service | {"url": f"{self.url}/timestamp", "majorApiVersion": 1}],
            "tsaConfig": {"selector": "ANY"},
        }
        body = {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self._trusted_root(),
            "signingConfig": servers,
        }
        return json.dumps(body).encode()

    def _trusted_root(self) -> dict[str, Any]:
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_log(self.rekor.public_key, "PKIX_ED25519", self.rekor.log_id)],
            "certificateAuthorities": [_authority(self.fulcio.chain)],
            "ctlogs": [_log(self.fulcio.log_key, "PKIX_ECDSA_P256_SHA_256", self.fulcio.log_id)],
            "timestampAuthorities": [_authority(self.timestamps.chain)],
        }

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        if path == "/api/v2/signingCert":
            claims = claims_of(headers["Authorization"].removeprefix("Bearer "))
            return self.fulcio.certify(json.loads(body), claims["sub"], claims["iss"])
        if path == "/api/v2/log/entries":
            return self.rekor.append(json.loads(body))
        assert path == "/timestamp", path
        return self.timestamps.stamp(body)


@contextmanager
def serving(instance: Instance) -> Iterator[Instance]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = instance.answer(self.path, body, dict(self.headers))
            self._send(answer)

        def do_GET(self) -> None:
            """Of the identity provider model_signing reads this, also when it has a token."""
            self._send(json.dumps({"authorization_endpoint": "unused:", "token_endpoint": "unused:"}).encode())

        def _send(self, answer: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield replace(instance, url=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def token(identity: str = IDENTITY, issuer: str = ISSUER, *, lives: int = 600, audience: str = "sigstore") -> str:
    """What an identity provider gives. Nobody but it and the authority reads the signature."""
    now = int(time.time())
    claims = {"iss": issuer, "sub": identity, "aud": audience, "iat": now, "exp": now + lives}
    parts = ({"alg": "ES256", "typ": "JWT"}, claims)
    return ".".join([*(_unpadded(json.dumps(part).encode()) for part in parts), _unpadded(b"not looked at")])


def claims_of(given: str) -> dict[str, str]:
    from base64 import urlsafe_b64decode

    found: dict[str, str] = json.loads(urlsafe_b64decode(given.split(".")[1] + "=="))
    return found


def _unpadded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _log(key: bytes, kind: str, log_id: bytes) -> dict[str, Any]:
    return {
        "baseUrl": "https://log.example.org",
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": b64encode(key).decode(), "keyDetails": kind, "validFor": _SINCE},
        "logId": {"keyId": b64encode(log_id).decode()},
    }


def _authority(chain: tuple[bytes, ...]) -> dict[str, Any]:
    return {
        "subject": {"organization": "example.org", "commonName": "test"},
        "uri": "https://example.org",
        "certChain": {"certificates": [{"rawBytes": b64encode(each).decode()} for each in chain]},
        "validFor": _SINCE,
    }
