"""An audit of dependencies: locks, environments and wheels are read, held against a database, and judged."""

# Names in reports are texts, which may be of files that are not there.
# ruff: noqa: PTH100, PTH119, PTH120

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from modelward.app.clock import now
from modelward.app.deps_hosts import audit as host_audit
from modelward.app.deps_inputs import gather
from modelward.checks.deps import PREDICATE_TYPE
from modelward.checks.deps.judge import audit as judge
from modelward.checks.deps.model import encode
from modelward.core.artifact import tree_digest
from modelward.core.dependency_audit import DependencyAudit, Flags
from modelward.core.dependency_policy import DependencyPolicy
from modelward.core.digest import Digest
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Severity

if TYPE_CHECKING:
    from modelward.app.reading import Progress
    from modelward.core.statement import Statement
    from modelward.stores.advisories import Database


@dataclass(frozen=True, slots=True)
class Question:
    policy: DependencyPolicy
    flags: Flags


def question(
    policy: str | None, mirrors: Sequence[str], max_age: int | None, cool_down: int | None, fail_on: str | None
) -> Question:
    """What a policy asks, and what the command line adds to it or asks instead. Raises UsageError for a policy that
    cannot be read."""
    wanted, flags = DependencyPolicy(), Flags(Severity.MEDIUM)
    if policy is not None:
        from modelward.app.judging import read_policy

        judged_by = read_policy(policy)
        wanted, flags = judged_by.dependencies, Flags(judged_by.deny_severity, judged_by.deny_rules)
    wanted = replace(
        wanted,
        mirrors=(*wanted.mirrors, *map(_mirror, mirrors)),
        max_age=wanted.max_age if max_age is None else max_age,
        cool_down=wanted.cool_down if cool_down is None else cool_down,
    )
    return Question(wanted, flags if fail_on is None else flags._replace(severity=Severity.parse(fail_on)))


def _mirror(url: str) -> str:
    """As a statement may name it: without a password."""
    from modelward.core.remote import named

    if not url.startswith(("https://", "http://")):
        raise UsageError(f"--mirror {url!r}: expected the address of an index, https://HOST/PATH")
    return named(url)


@dataclass(frozen=True, slots=True)
class Audited:
    audit: DependencyAudit
    subject: Digest
    """Of the one file that was read, or of the tree of all of them under the names that the statement has."""
    when: datetime
    policy: DependencyPolicy
    texts: frozenset[str] = frozenset()
    """Those of the inputs that are about a host, wherever they lie."""

    @property
    def statement(self) -> Statement:
        """Made anew each time: most runs need none."""
        from modelward.core.statement import Statement

        body = encode(self.audit, self.policy, self.when, _names(self.audit, self.texts))
        return Statement.make(self.subject, PREDICATE_TYPE, body)


def audit(
    targets: Sequence[str],
    database: str | None = None,
    policy: DependencyPolicy | None = None,
    progress: Progress | None = None,
    hosts: Sequence[str] = (),
    *,
    exclude: Sequence[str] = (),
    approved: str | None = None,
) -> Audited:
    """What *targets* name, and what the texts *hosts* say of NVIDIA's software, held against *database*, the file that
    `advisories sync` made. Without one that can be read all of it is unknown. *exclude* and *approved* as gather takes
    them. Raises UsageError and ReadError for targets and texts that cannot be read at all."""
    wanted, when = policy or DependencyPolicy(), now()
    read = gather(targets, progress, exclude=exclude, approved=approved)
    with ExitStack() as stack:
        opened, absent = _opened(database, stack)
        host = host_audit(hosts, read.graph.packages, opened)
        done = judge(read.graph, opened, wanted, when, more=(*read.found, *host.said), absent=absent)
    inputs = tuple((name, blob.digest) for name, blob in (*read.files, *host.files))
    done = replace(
        done,
        inputs=inputs,
        notes=tuple(dict.fromkeys((*done.notes, *read.notes, *host.notes))),
        bundled=read.bundled,
        excluded=read.excluded,
        approved=tuple((name, blob.digest) for name, blob in read.approved),
    )
    texts = frozenset(name for name, _ in host.files)
    name_of = _names(done, texts)
    files = {name_of(name): blob for name, blob in read.files or host.files}
    (only,) = files.values() if len(files) == 1 else (None,)
    return Audited(done, only.digest if only else tree_digest(files), when, wanted, texts)


def _opened(database: str | None, stack: ExitStack) -> tuple[Database | None, str]:
    """The database, or why there is none: one that is not there or damaged knows nothing, as does none."""
    if database is None:
        return None, "there is no database of advisories"
    from modelward.stores.advisories import Database

    try:
        return stack.enter_context(Database.open(database)), ""
    except (UsageError, ReadError) as error:
        return None, str(error)


def _names(audit: DependencyAudit, texts: frozenset[str]) -> Callable[[str], str]:
    """What the statement calls the files: the way to them from the innermost folder that holds them all, which says
    nothing of the machine and is the same however they were named; of *texts* the last part."""
    spotted = (*audit.findings, *audit.unexamined, *(one.spotted for one in audit.ignored))
    files = [name for name, _ in audit.inputs] + [one.package.at.file for one in audit.packages]
    files += [one.file for one in audit.bundled]
    places = {file: os.path.abspath(file) for file in (*files, *(one.at.file for one in spotted)) if file}
    places = {file: place for file, place in places.items() if file not in texts}
    folder = os.path.commonpath([os.path.dirname(place) for place in places.values()]) if places else ""
    return lambda file: os.path.relpath(places[file], folder) if file in places else os.path.basename(file)


def keep(done: Audited, store: str) -> None:
    """Keep the statement in an evidence store, which is made if it is not there. Raises as `store add` does."""
    from modelward.app.store import keep as kept
    from modelward.core.evidence import Evidence
    from modelward.stores.evidence_store import EvidenceStore

    with EvidenceStore(store, create=True) as opened:
        kept([Evidence(done.statement)], opened)
