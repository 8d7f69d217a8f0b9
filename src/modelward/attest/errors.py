"""What goes wrong with keys and signatures, by what the caller has to do about it."""

from __future__ import annotations

import re

from modelward.core.errors import ModelwardError, UsageError


class Untrusted(ModelwardError):
    """The signature does not verify, or whoever made it is not trusted. Bytes that were changed and
    bytes that the wrong person signed end here alike: neither may go further."""

    exit_code = 1


class NotSigned(ModelwardError):
    """Keyless signing came to nothing: a server refused or could not be reached. Nothing was written; the
    public log may have an entry."""


class BadKey(UsageError):
    """A key that was given is none, or none of a kind that we use."""


_INSIDES = re.compile(r"[:. ]*(?:\w+ ?\{|\(encountered|\[?<).*", re.DOTALL)


def plain(error: Exception) -> str:
    """What `cryptography` says, without the structures of its parsers, which tell nobody what to do."""
    return _INSIDES.sub("", str(error))[:300] or "it does not parse"


class PasswordNeeded(BadKey):
    """The private key is encrypted and no password was given."""


class PasswordWrong(BadKey):
    """The password does not open the private key."""


class PasswordUnneeded(BadKey):
    """A password was given for a private key that is not encrypted: perhaps it is not the key meant."""
