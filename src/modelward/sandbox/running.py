"""The way in: a plan becomes an outcome, in the strongest tier that this system has."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace

from modelward.sandbox import calls
from modelward.sandbox.model import (
    Abilities,
    Ended,
    Exited,
    Limited,
    Limits,
    Outcome,
    Plan,
    SandboxError,
    Signalled,
    Tier,
    Unstarted,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modelward.sandbox.launch import Maps, Printed, Report
    from modelward.sandbox.orders import Place

_CONTAINER = 'docker run --rm --network none -v "$PWD:$PWD" -w "$PWD" python:3.13 ...'
_UNKNOWN_END = "the helper was killed while the command ran; what was left of it may still run"


def run(plan: Plan, printed: Printed | None = None) -> Outcome:
    """Runs the plan's command in the strongest tier that can be made, and in none weaker than the plan requires.

    What the command prints goes to *printed* as it comes, else into the outcome. When this returns, no process of the
    run is left, and the output holds nothing but folders and regular files that belong to its owner.

    Raises UsageError for paths that cannot be given, ProgramMissing for a command that is not there, and SandboxError
    when no tier that would do can be made; it names what was missing for each, and nothing was executed. Raises
    OSError when the output cannot be tidied.
    """
    if sys.platform != "linux":
        raise SandboxError(f"there is no sandbox on {sys.platform}: use a container of Linux, as in {_CONTAINER}")
    from modelward.sandbox import folders, programs

    program = programs.executable(plan.argv[0], os.environ.get("PATH", os.defpath))
    uid = folders.nobody()
    with folders.output(plan.output, uid, plan.limits) as taking, folders.scratch(uid) as scratch:
        place = _place(plan, program, uid, scratch)
        outcome = _strongest(plan, place, printed)
    return replace(outcome, files=tuple(taking.files), left_out=tuple(taking.removed))


def _place(plan: Plan, program: str, uid: int | None, scratch: str) -> Place:
    from modelward.sandbox import survey
    from modelward.sandbox.orders import Place

    machine = calls.machine(os.uname().machine)
    if machine is None:
        raise SandboxError(f"the system calls of {os.uname().machine} are not known here: x86_64 and aarch64 are")
    given = survey.given(program, plan.inputs, plan.output, dropped=uid is not None)
    threads = 0 if uid is not None else survey.threads(os.geteuid())
    return Place(given, machine, program, uid, scratch, threads, shutil.which("bwrap"))


def _strongest(plan: Plan, place: Place, printed: Printed | None) -> Outcome:
    """That of the first tier that can be made."""
    kept: dict[int, bytearray] = {1: bytearray(), 2: bytearray()}
    missed: list[tuple[Tier, str]] = []
    for tier in sorted(Tier, reverse=True):
        if tier < plan.require:
            break
        if tier is Tier.EXTERNAL:
            why = _bwrap_fails(plan, place)
            if why:
                missed.append((tier, why))
                continue
        report = _carried_out(plan, tier, place, printed or (lambda number, data: kept[number].extend(data)))
        ended = _end(report)
        if ended is not None:
            found = _abilities(report, place)
            gaps = tuple(_gaps(tier, found))
            return Outcome(ended, tier, found, tuple(missed), gaps, bytes(kept[1]), bytes(kept[2]), (), ())
        missed.append((tier, _why(report, place)))
    whys = "; ".join(f"{tier}: {why}" for tier, why in missed)
    raise SandboxError(f"no sandbox of tier {plan.require} or stronger can be made here: {whys}")


def _carried_out(plan: Plan, tier: Tier, place: Place, printed: Printed) -> Report:
    from modelward.sandbox import launch
    from modelward.sandbox.orders import order

    written = [place.given.output, place.scratch]
    return launch.carry_out(order(plan, tier, place), plan.limits, written, _maps(place), printed)


def _maps(place: Place) -> Maps:
    """Root stays mapped while the walls are raised, since it alone can reach what lies in its own folders."""
    from modelward.sandbox.layout import UID

    if place.uid is not None:
        both = [(0, 0), (UID, place.uid)]
        return {"uid_map": both, "gid_map": both}
    return {"uid_map": [(UID, os.geteuid())], "gid_map": [(UID, os.getegid())]}


def _end(report: Report) -> Ended | None:
    """None if the command was never started, and the tier is to blame."""
    if report.said("started") is None and report.limit is None:
        return None
    if report.limit is not None:
        return Limited(report.limit)
    unstarted = report.said("unstarted")
    if unstarted is not None:
        number, _, why = unstarted.partition(" ")
        return Unstarted(why, missing=number == "2")
    for word, made in (("exited", Exited), ("signalled", Signalled)):
        said = report.said(word)
        if said is not None:
            return _LIMIT_SIGNALS.get(int(said), made(int(said))) if made is Signalled else made(int(said))
    raise SandboxError(_UNKNOWN_END)


_LIMIT_SIGNALS = {24: Limited("cpu"), 25: Limited("disk")}  # SIGXCPU, SIGXFSZ


def _why(report: Report, place: Place) -> str:
    said = report.said("failed") or "the helper ended without a word"
    if place.uid is not None and said.startswith("/") and said.endswith("Permission denied"):
        return f"{said} to the user that root is dropped to: open the folders above it to others, or run as their owner"
    return said


def _bwrap_fails(plan: Plan, place: Place) -> str | None:
    """Found by running the very same with nothing for a command: bwrap does not tell its own failures from those of
    what it runs."""
    if place.bwrap is None:
        return "bwrap is not installed"
    nothing = shutil.which("true", path="/usr/bin:/bin")
    if nothing is None:
        return "there is no program `true` to try bwrap with"
    said = bytearray()
    trial = replace(plan, argv=(nothing,), limits=Limits(wall=10))
    report = _carried_out(trial, Tier.EXTERNAL, replace(place, program=nothing), lambda _, data: said.extend(data))
    if report.said("exited") == "0":
        return None
    return report.said("failed") or said.decode(errors="replace").strip().partition("\n")[0] or "bwrap fails"


def _abilities(report: Report, place: Place) -> Abilities:
    system = os.uname()
    return Abilities(system.release, system.machine, int(report.said("landlock") or 0), place.uid is not None)


def _gaps(tier: Tier, found: Abilities) -> Iterator[str]:
    """What docs/sandbox.md explains."""
    if tier is Tier.NONE:
        yield "everything: files, network and processes of the host are open to the command"
    if tier is Tier.EXTERNAL:
        yield "there is no second wall: what bwrap mounts is not narrowed by Landlock"
    if tier is Tier.PARTIAL:
        yield "it can ask for names, sizes and times of files outside, and for the name of the host"
        if not found.uid_dropped:
            yield "it keeps the groups of the user"
            if found.landlock < 6:
                yield "it can send signals to other processes of the user (Linux 6.12 can keep it from that)"
