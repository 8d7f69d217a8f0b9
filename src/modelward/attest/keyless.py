"""Keyless signing: a key that is made for one signature, a certificate for whoever an identity token
names, and an entry in a public log. By the sigstore library (the extra `sigstore`).

The one module of this package that needs the network, and the one whose work cannot be taken back:
name and issuer of the signer stand in public logs for ever, beside the time and the digest of what was
signed. The statement itself, names of files included, is sent to the log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from modelward.attest import bundle
from modelward.attest.errors import NotSigned, Untrusted
from modelward.attest.sigstore import Sigstore, leaf_of, no_extra
from modelward.attest.verify import Signer
from modelward.core.errors import Malformed, UsageError

if TYPE_CHECKING:
    from sigstore.dsse import Statement
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken

_OTHER_SHAPE = (AttributeError, LookupError, TypeError, ValueError)
"""What the library raises where a server answers with JSON of another shape."""


def ambient_token() -> bytes | None:
    """The identity token that a CI service gives to its jobs. Raises NotSigned where it should and does not."""
    try:
        from sigstore.errors import Error
        from sigstore.oidc import detect_credential
        from urllib3.exceptions import HTTPError
    except ImportError as error:
        raise no_extra() from error
    try:
        token = detect_credential()
    except (Error, HTTPError, OSError, ValueError) as error:
        raise NotSigned(f"the CI service gave no identity token: {_why(error)}") from error
    return token.encode() if token else None


@dataclass(frozen=True, slots=True)
class KeylessSigner:
    """Signs in the name of whoever a token names, with the servers of one instance."""

    _token: IdentityToken = field(repr=False)
    _config: ClientTrustConfig = field(repr=False)

    @classmethod
    def open(cls, token: bytes, trust_config: bytes | None, *, staging: bool = False) -> Self:
        """*trust_config* names servers and their trusted root; without it both are fetched from the public
        instance, or its *staging* twin, which the library keeps in its folders in the user's home. Raises
        UsageError for what is no token, or one that has expired, and for what is no such file; NotSigned when
        nothing can be fetched."""
        try:
            from sigstore.errors import Error
            from sigstore.models import ClientTrustConfig
            from sigstore.oidc import IdentityToken
        except ImportError as error:
            raise no_extra() from error
        try:
            opened = IdentityToken(token.decode("ascii").strip())
        except (Error, ValueError) as error:
            raise UsageError(f"the identity token cannot be used: {_why(error)}") from error
        try:
            if trust_config is not None:
                return cls(opened, ClientTrustConfig.from_json(trust_config.decode()))
        except (Error, ValueError) as error:
            raise UsageError(f"not a sigstore client trust configuration: {_why(error)}") from error
        try:
            return cls(opened, ClientTrustConfig.staging() if staging else ClientTrustConfig.production())
        except (Error, OSError, ValueError) as error:
            raise NotSigned(f"the sigstore instance cannot be reached: {_why(error)}") from error

    def sign(self, statement: bytes) -> tuple[bytes, Signer]:
        """A bundle of *statement* as it is, and who signed it. Raises UsageError for a statement that the
        library does not sign, and NotSigned where a server refuses, cannot be reached, or answers with
        something that does not verify: no bundle is given that the trusted root of the instance refuses."""
        from sigstore.dsse import Statement
        from sigstore.errors import Error
        from sigstore.verify import Verifier

        try:
            given = Statement(statement)
        except Error as error:
            raise UsageError(f"sigstore does not sign this statement: {_why(error)}") from error
        raw = self._made(given)
        try:
            made = bundle.parse(raw)
            names = leaf_of(made)
            identity = next((name for _, name in names.identities), "")
            instance = Verifier(trusted_root=self._config.trusted_root)
            verified = Sigstore(identity, names.oidc_issuer or "", instance).verify(made)
        except (Error, Malformed, Untrusted, UsageError) as error:
            raise NotSigned(f"the servers of sigstore answered, and {error}") from error
        return raw, verified.signers[0]

    def _made(self, statement: Statement) -> bytes:
        from requests import RequestException
        from sigstore._internal.fulcio.client import ExpiredCertificate, FulcioClientError
        from sigstore._internal.rekor import RekorClientError
        from sigstore.errors import Error
        from sigstore.oidc import ExpiredIdentity
        from sigstore.sign import SigningContext

        failures = (Error, ExpiredCertificate, ExpiredIdentity, FulcioClientError, RekorClientError, RequestException)
        try:
            with SigningContext.from_trust_config(self._config).signer(self._token) as signer:
                return signer.sign_dsse(statement).to_json().encode()
        except (*failures, *_OTHER_SHAPE) as error:
            raise NotSigned(f"keyless signing failed: {_why(error)}") from error


def _why(error: BaseException) -> str:
    """What the library says, which is often nothing, and what it was told."""
    cause = error.__cause__
    own = " ".join(str(error).split()) or (type(error).__name__ if cause is None else "")
    return ": ".join(filter(None, (own, _why(cause) if cause else "")))[:300]
