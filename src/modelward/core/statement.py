"""in-toto Statement v1: one kind of statement about one digest.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_FOREIGN_TYPES = (STATEMENT_TYPE, "https://in-toto.io/Statement/v0.1")


@dataclass(frozen=True, slots=True)
class Statement:
    subject: Digest
    predicate_type: str
    predicate: Mapping[str, Any]
    raw: bytes
    """The canonical JSON itself; its sha256 names the statement."""

    @classmethod
    def make(cls, subject: Digest, predicate_type: str, predicate: Mapping[str, Any]) -> Statement:
        body = {
            "_type": STATEMENT_TYPE,
            # sigstore refuses a subject without a name; the digest is the only name we trust
            "subject": [{"name": str(subject), "digest": {subject.algorithm: subject.value}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
        return cls(subject, predicate_type, predicate, canonical.encode(body))

    @classmethod
    def parse(cls, raw: bytes) -> Statement:
        """Raises Malformed unless *raw* is a statement about exactly one digest we understand."""
        body = canonical.decode(raw)
        if not isinstance(body, dict) or body.get("_type") != STATEMENT_TYPE:
            raise Malformed("not an in-toto Statement v1")
        match body:
            case {
                "subject": [{"digest": dict(digests)}],
                "predicateType": str(predicate_type),
                "predicate": dict(predicate),
            } if len(digests) == 1:
                ((algorithm, value),) = digests.items()
                return cls(Digest(algorithm, value), predicate_type, predicate, raw)
        raise Malformed("a statement needs one subject with one digest, a predicateType and a predicate")


def subjects(body: object) -> frozenset[tuple[str, str]]:
    """The digests, as (algorithm, value), that a statement made by anybody is about: each stands for itself,
    whatever its name. Raises Malformed for what is no statement."""
    match body:
        case {"_type": str(kind), "subject": list(named), "predicateType": str()} if kind in _FOREIGN_TYPES:
            digests = [each["digest"] for each in named if isinstance(each, dict) and "digest" in each]
            pairs = (pair for digest in digests if isinstance(digest, dict) for pair in digest.items())
            return frozenset(pair for pair in pairs if isinstance(pair[1], str))
    raise Malformed("it is no in-toto statement")
