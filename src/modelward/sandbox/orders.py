"""From a plan to the order that the helper carries out: every decision is made here, by pure code."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelward.sandbox import filters, landlock, layout
from modelward.sandbox.calls import Machine
from modelward.sandbox.landlock import Ruleset
from modelward.sandbox.layout import Given, Kind
from modelward.sandbox.model import Limits, Plan, Profile, Tier


@dataclass(frozen=True, slots=True)
class Place:
    """Where and as whom a plan is carried out."""

    given: Given
    machine: Machine
    program: str
    uid: int | None  # to drop to; None where the caller is no root
    scratch: str  # a private folder, for the tiers that cannot make one
    threads: int  # of the same user, which count against the limit where there is no namespace
    bwrap: str | None


def order(plan: Plan, tier: Tier, place: Place) -> dict[str, Any]:
    """For `inside.helper`, of types that marshal knows."""
    made: dict[str, Any] = {
        "root": None,
        "uid": place.uid,
        "rlimits": _rlimits(plan, tier, place),
        "folder": place.given.output,
        "program": place.program,
        "argv": list(plan.argv),
        "environment": environment(plan, tier, place),
        "landlock": None,
        "filter": None,
        "handed": None,
    }
    if tier is Tier.FULL:
        made["root"] = _root(plan.limits, place.given)
    elif tier is Tier.EXTERNAL:
        program = str(place.bwrap)
        made |= {
            "program": program,
            "argv": [program, *_bwrap(plan, place, made["environment"])],
            "environment": {},
            "folder": "/",
            "handed": _filter(plan, tier, place),
        }
        return made
    if tier is not Tier.NONE:
        made["landlock"] = (_contained(plan, place.given) if tier is Tier.FULL else _outside(plan, place)).wire()
        made["filter"] = (place.machine.calls["seccomp"], _filter(plan, tier, place))
    return made


def environment(plan: Plan, tier: Tier, place: Place) -> dict[str, str]:
    """What the command finds: made from nothing. What the plan names comes last."""
    scratch = place.scratch if tier in (Tier.PARTIAL, Tier.NONE) else layout.temporary(place.given)
    folders = [place.program.rpartition("/")[0], "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
    made = {
        "PATH": ":".join(dict.fromkeys(filter(None, folders))),
        "HOME": scratch,
        "TMPDIR": scratch,
        "USER": layout.USER,
        "LOGNAME": layout.USER,
        "LANG": "C.UTF-8",
    }
    return made | dict(plan.environment)


def _filter(plan: Plan, tier: Tier, place: Place) -> bytes:
    contained = tier is not Tier.PARTIAL
    return filters.first_stage(place.machine, plan.profile, contained=contained, alone=place.uid is not None)


def _rlimits(plan: Plan, tier: Tier, place: Place) -> list[tuple[int, int, int]]:
    """Of each process. RLIMIT_DATA bounds what a process may write to; RLIMIT_AS would also count what it merely
    reserves, of which some runtimes take terabytes."""
    limits = plan.limits
    shared = 0 if tier is Tier.FULL or place.uid is not None else place.threads
    made = [
        (resource.RLIMIT_CORE, 1),  # 1 is what also keeps a crash from a handler of the host: core(5), fs/coredump.c
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_FSIZE, limits.disk),
        (resource.RLIMIT_NOFILE, limits.descriptors),
        (resource.RLIMIT_NPROC, limits.processes + shared),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_RTPRIO, 0),
        (resource.RLIMIT_NICE, 0),
        (resource.RLIMIT_SIGPENDING, 1024 + limits.processes),
    ]
    if plan.profile is Profile.LOAD:
        made.append((resource.RLIMIT_AS, limits.memory))
    both = [(limit, most, most) for limit, most in made]
    return [*both, (resource.RLIMIT_CPU, limits.cpu, limits.cpu + 1)]  # a signal that says why, then one that kills


def _root(limits: Limits, given: Given) -> dict[str, Any]:
    return {
        "steps": [step.wire() for step in layout.steps(given)],
        "base": given.output,
        "masked": layout.MASKED,
        "size": min(limits.disk, limits.memory),
        "inodes": limits.inodes + 1000,  # the root's own folders count too
    }


def _contained(plan: Plan, given: Given) -> Ruleset:
    """In a root that holds nothing but what is given, the kinds of access that mounts cannot tell apart."""
    run = plan.profile is Profile.RUN
    scratch = landlock.SCRATCH if run else landlock.WRITE
    return Ruleset(
        (
            ("/", landlock.USE),
            (given.output, landlock.BUILD if run else landlock.WRITE),
            *((path, scratch) for path in (layout.temporary(given), layout.SHARED_MEMORY)),
            *((path, landlock.DEVICE) for path in layout.DEVICES),
        ),
        tcp=run,
    )


def _outside(plan: Plan, place: Place) -> Ruleset:
    """Where the host's files are in sight, all that may be opened."""
    given = place.given
    run = plan.profile is Profile.RUN
    shown = [seen.path for seen in given.system if seen.link is None]
    return Ruleset(
        (
            *((path, landlock.USE) for path in (*shown, *layout.outermost(given.read, shown))),
            (given.output, landlock.BUILD if run else landlock.WRITE),
            (place.scratch, landlock.SCRATCH if run else landlock.WRITE),
            *((path, landlock.DEVICE) for path in layout.DEVICES),
            *((path, landlock.READ) for path in (*layout.PROCESSES, "/proc/self")),
        ),
        tcp=False,
    )


def _bwrap(plan: Plan, place: Place, environment: Mapping[str, str]) -> list[str]:
    """The same root in the words of bwrap(1), which lacks texts without a descriptor for each."""
    size = str(min(plan.limits.disk, plan.limits.memory))
    words = [
        *"--unshare-all --unshare-user --disable-userns --die-with-parent --new-session --clearenv".split(),
        *"--cap-drop ALL --hostname sandbox --uid 65534 --gid 65534 --dev /dev --proc /proc".split(),
        *("--size", size, "--tmpfs", layout.temporary(place.given), "--size", size, "--tmpfs", layout.SHARED_MEMORY),
        *("--seccomp", "9", "--chdir", place.given.output),
    ]
    for name, value in environment.items():
        words += ["--setenv", name, value]
    options = {Kind.READ_ONLY: "--ro-bind", Kind.WRITABLE: "--bind"}
    for step in layout.steps(place.given):
        if step.kind in options:
            words += [options[step.kind], str(step.what), step.path]
        elif step.kind is Kind.LINK and not step.path.startswith("/dev/"):
            words += ["--symlink", str(step.what), step.path]
        elif step.kind is Kind.COVER:
            words += ["--ro-bind", "/dev/null", step.path]
    return [*words, "--", place.program, *plan.argv[1:]]
