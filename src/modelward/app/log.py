"""The transparency log of a store: read whole, verified, shown."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from modelward.attest.errors import BadKey, Untrusted
from modelward.attest.keys import PrivateKey, PublicKey
from modelward.attest.log_proof import Proof
from modelward.attest.note import Checkpoint, Note, Verifier
from modelward.attest.tiles import Inconsistent
from modelward.core.errors import Malformed, ReadError, UsageError
from modelward.core.log import Head, Kind, LogContents, LogVerification, Problem, Record
from modelward.stores.evidence_manifest import parse_record, record
from modelward.stores.evidence_store import EvidenceStore
from modelward.stores.files import Identity, identity_of, read_named
from modelward.stores.log import Log, verified
from modelward.stores.log_audit import Audit
from modelward.stores.log_files import CHECKPOINT, KEY, PUBLIC_KEY, LogFiles, Missing

_MOST = 1 << 20
_ATTEMPTS = 5
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line names: a log is compared with it."""

    public: PublicKey | None = None
    since: bytes | None = None
    witnesses: Sequence[Verifier] = ()

    @classmethod
    def read(cls, public: str | None, since: str | None, witnesses: Sequence[str]) -> Asked:
        """Raises UsageError for a file that is not what it is to be."""
        return cls(
            None if public is None else _public_key(public),
            None if since is None else _checkpoint(since),
            tuple(Verifier.parse(each) for each in witnesses),
        )


def _public_key(path: str) -> PublicKey:
    return Verifier("--pub", PublicKey.parse(read_named(path, "--pub", _MOST))).key


def _checkpoint(path: str) -> bytes:
    raw = read_named(path, "--since", _MOST)
    try:
        Checkpoint.parse(Note.parse(raw).text)
    except Malformed as error:
        raise UsageError(f"--since {path!r} is no checkpoint of a log: {error}") from error
    return raw


def verify_log(folder: Path, asked: Asked, statements: Mapping[bytes, str] | None = None) -> LogVerification:
    """The log in *folder*, all of it: the checkpoint's signature, every record and every hash under it, that it
    continues the checkpoint asked about, and that it has a record of each of *statements* and of nothing else.
    *statements* are the records that those of the store must have, with what is wrong with the statement or "".

    Nothing is written and nothing is locked. Raises ReadError where there is no log, or it cannot be read."""
    try:
        log = Log.load(folder, asked.public)
    except Inconsistent as error:
        kind: Kind = "missing" if isinstance(error, Missing) else "unsigned"
        return LogVerification(None, (Problem(kind, error.where, error.why),))
    files = LogFiles(folder)
    problems = [*_unwitnessed(log, asked.witnesses), *_keys(files, log.verifier.key)]
    compared = _Compared(statements)
    found, unused = Audit(files, log, compared.take).run()
    problems += found
    since = None
    if asked.since is not None:
        since, gone = _since(log, asked.since)
        problems += gone
    problems += compared.problems()
    count = None if statements is None else len(statements)
    return LogVerification(_head(log, asked), tuple(problems), count, since, tuple(unused))


def verify_store(store: str, asked: Asked) -> LogVerification:
    """The log of a store, beside its statements; every one of them is read. What is wrong is believed when nobody
    writes: a statement is in the store a moment before it is in the log, and where its writer was killed in between
    it is logged now. Raises UsageError where there is no store."""
    with EvidenceStore(store) as opened:
        if not os.path.lexists(opened.folder / "log"):
            return LogVerification(None, (Problem("missing", "log", "the store has no log: it was removed"),))
        opened.finish()
        for _ in range(_ATTEMPTS):
            before = _state(opened)
            result = verify_log(opened.folder / "log", asked, _statements(opened))
            if result.problems:
                time.sleep(_PAUSE)
            if not result.problems or _state(opened) == before:
                break
    return result


def _state(store: EvidenceStore) -> tuple[Identity | None, ...]:
    """What changes when somebody writes."""
    return store.layout.identity(), identity_of(os.fsencode(store.folder / "log" / CHECKPOINT))


def _statements(store: EvidenceStore) -> Mapping[bytes, str] | None:
    """None where the log is such that the store does not know either."""
    try:
        return store.records()
    except Malformed:  # of the log, which is told by itself; the index still knows what the statements were
        try:
            return {record(kept): "" for kept, _ in store.find()}
        except (Malformed, ReadError):
            return None


def show_log(store: str, asked: Asked, latest: int | None = None) -> LogContents:
    """The records, each proved: all, or the *latest*. Raises ReadError, and Inconsistent for a log that is not what
    it signs."""
    log = Log.load(Path(store, "log"), asked.public)
    start = 0 if latest is None else max(0, log.size - latest)
    records = (_readable(number, raw) for number, raw in enumerate(log.records(start), start))
    return LogContents(_head(log, asked), tuple(records))


def _readable(number: int, raw: bytes) -> Record:
    text = raw.decode(errors="backslashreplace")
    try:
        subject, digest, predicate_type = parse_record(raw)
    except Malformed:
        return Record(number, text, text)
    return Record(number, f"{digest} {predicate_type} about {subject}", text)


def prove(store: str, asked: Asked, digest: str) -> bytes:
    """That the log has a record of the statement *digest*. Raises UsageError where it has none, and as `show_log`."""
    log = Log.load(Path(store, "log"), asked.public)
    for number, raw in enumerate(log.records()):
        if _names(raw, digest):
            return Proof(raw, number, tuple(log.inclusion_proof(number)), log.checkpoint).raw
    raise UsageError(f"the log has no record of {digest!r}: modelward log show lists them")


def verify_proof(path: str, public: str) -> LogContents:
    """The one record that the proof in the file *path* shows, and the log that has it, which signs with the key in the
    file *public*. Raises UsageError, Malformed, and Untrusted."""
    key = _public_key(public)
    proof = Proof.parse(read_named(path, "PROOF", _MOST))
    signed = proof.verify(key)
    head = Head(signed.origin, signed.size, signed.root.hex(), str(Verifier(signed.origin, key)), True)
    return LogContents(head, (_readable(proof.index, proof.record),))


def _names(raw: bytes, digest: str) -> bool:
    try:
        return str(parse_record(raw)[1]) == digest
    except Malformed:
        return False


def _head(log: Log, asked: Asked) -> Head:
    signed = log.signed
    names = tuple(each.name for each in asked.witnesses)
    return Head(signed.origin, signed.size, signed.root.hex(), str(log.verifier), asked.public is not None, names)


def _keys(files: LogFiles, public: PublicKey) -> Iterator[Problem]:
    """What is there of the log's keys is as it was written: else nothing more can be logged, or the wrong key is
    given to others."""
    if _differs(files, PUBLIC_KEY, lambda raw: raw == public.pem):
        yield Problem("damaged", PUBLIC_KEY, "it is not the key that has signed the log")
    if _differs(files, KEY, lambda raw: _is_private(raw, public)):
        yield Problem("damaged", KEY, "it is not the key that signs the log: nothing more can be logged with it")


def _differs(files: LogFiles, name: str, is_right: Callable[[bytes], bool]) -> bool:
    """Not where it is absent, or others may not read it."""
    try:
        return not is_right(files.read(name))
    except Missing:
        return False
    except Inconsistent:
        return True
    except ReadError:
        return False


def _is_private(raw: bytes, public: PublicKey) -> bool:
    try:
        key = PrivateKey.parse(raw, None)
    except BadKey:
        return False
    return key.public == public and key.pem(None) == raw


def _unwitnessed(log: Log, witnesses: Sequence[Verifier]) -> Iterator[Problem]:
    note = Note.parse(log.checkpoint)
    for witness in witnesses:
        try:
            if not note.signers([witness]):
                yield Problem("unsigned", CHECKPOINT, f"the witness {witness.name} has not signed it")
        except Untrusted as error:
            yield Problem("unsigned", CHECKPOINT, str(error))


def _since(log: Log, raw: bytes) -> tuple[int | None, list[Problem]]:
    """The size of the earlier checkpoint, and why the log does not continue it."""
    try:
        earlier = verified(raw, log.verifier.key)
    except Inconsistent as error:
        return None, [
            Problem("inconsistent", "--since", f"{error.why}: it is of another log, or this one was replaced")
        ]
    if earlier.origin != log.signed.origin:
        return None, [Problem("inconsistent", "--since", f"it is of the log {earlier.origin}")]
    if earlier.size > log.size:
        gone = f"the records from {log.size} to {earlier.size - 1}, which were signed, are gone"
        return earlier.size, [Problem("removed", CHECKPOINT, gone)]
    try:
        if log.continues(earlier):
            return earlier.size, []
        why = f"the log does not begin with the {earlier.size:,} records that were signed: its history was rewritten"
    except Inconsistent as error:
        why = f"that the log continues it cannot be shown: {error}"
    return earlier.size, [Problem("inconsistent", "--since", why)]


@dataclass(slots=True)
class _Compared:
    """The log beside the statements of the store."""

    statements: Mapping[bytes, str] | None
    _logged: set[bytes] = field(default_factory=set)
    _problems: list[Problem] = field(default_factory=list)

    def take(self, number: int, raw: bytes) -> None:
        if self.statements is None:
            return
        self._logged.add(raw)
        why = self.statements.get(raw)
        if why is None:
            self._problems.append(_gone(number, raw))
        elif why:
            self._problems.append(Problem("rewritten", _statement(raw), f"{why} (record {number})"))

    def problems(self) -> Iterator[Problem]:
        yield from self._problems
        for raw in sorted((self.statements or {}).keys() - self._logged):
            why = "the store has it and the log does not: the next write to the store logs it, if it is rightly there"
            yield Problem("unlogged", _statement(raw), why)


def _gone(number: int, raw: bytes) -> Problem:
    try:
        subject, digest, predicate_type = parse_record(raw)
    except Malformed:
        return Problem("inconsistent", f"record {number}", "it is no record of a statement")
    why = f"the store has it no more: {predicate_type} about {subject} (record {number})"
    return Problem("removed", str(digest), why)


def _statement(raw: bytes) -> str:
    return str(parse_record(raw)[1])
