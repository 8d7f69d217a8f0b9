"""The filters, by an interpreter of the few instructions that they consist of; the kernel runs them elsewhere here."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.sandbox import filters
from modelward.sandbox.bpf import ALLOW, KILL, Compare, Rule, program, refuse
from modelward.sandbox.calls import NEWEST, Machine, machine
from modelward.sandbox.model import Profile

MACHINES = [found for name in ("x86_64", "aarch64") if (found := machine(name))]
EPERM, ENOSYS = refuse(errno.EPERM), refuse(errno.ENOSYS)

machines = pytest.mark.parametrize("here", MACHINES, ids=lambda here: here.name)
number = st.integers(0, 2**64 - 1)


def judge(code: bytes, here: Machine, call: int, *arguments: int, audit: int | None = None) -> int:
    """What the kernel would answer (Documentation/userspace-api/seccomp_filter)."""
    six = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", call & 0xFFFFFFFF, here.audit if audit is None else audit, 0, *six)
    steps = list(struct.iter_unpack("=HBBI", code))
    at = accumulator = 0
    while True:
        operation, yes, no, value = steps[at]
        at += 1
        if operation == 0x20:
            accumulator = struct.unpack_from("=I", data, value)[0]
        elif operation == 0x54:
            accumulator &= value
        elif operation == 0x06:
            return int(value)
        else:
            holds = {0x15: accumulator == value, 0x25: accumulator > value, 0x35: accumulator >= value}[operation]
            at += yes if holds else no


def every_first_stage(here: Machine) -> list[bytes]:
    return [
        filters.first_stage(here, profile, contained=contained, alone=alone)
        for profile in Profile
        for contained in (False, True)
        for alone in (False, True)
    ]


@machines
def test_calls_of_another_abi_end_the_process(here: Machine) -> None:
    for code in (*every_first_stage(here), filters.second_stage(here)):
        assert judge(code, here, here.calls["read"], audit=0x40000003) == KILL  # i386
        assert judge(code, here, here.calls["read"]) == ALLOW
        if here.foreign is not None:
            assert judge(code, here, here.foreign | here.calls["socket"]) == KILL
            assert judge(code, here, 0xFFFFFFFF) == KILL


@machines
def test_calls_that_nobody_knew_are_refused(here: Machine) -> None:
    for code in every_first_stage(here):
        assert judge(code, here, NEWEST + 1) == ENOSYS
        assert judge(code, here, 0x3FFFFFFF) == ENOSYS


@machines
@pytest.mark.parametrize(
    "name", ["ptrace", "bpf", "keyctl", "mount", "unshare", "setns", "io_uring_setup", "kexec_load", "shmget",
             "execveat", "fsopen", "process_vm_readv", "userfaultfd", "setxattr", "memfd_create", "clone3"],
)  # fmt: skip
def test_what_no_tier_allows(here: Machine, name: str) -> None:
    for code in every_first_stage(here):
        assert judge(code, here, here.calls[name]) in (EPERM, ENOSYS)


@machines
@given(flags=number)
def test_clone_makes_no_namespace(here: Machine, flags: int) -> None:
    code = every_first_stage(here)[0]
    refused = flags & 0x7E020000 != 0
    assert judge(code, here, here.calls["clone"], flags) == (EPERM if refused else ALLOW)


@machines
@given(high=st.integers(0, 2**32 - 1))
def test_the_unused_half_of_an_argument_changes_nothing(here: Machine, high: int) -> None:
    """https://nvd.nist.gov/vuln/detail/CVE-2019-7303: a filter that compared all 64 bits let TIOCSTI pass."""
    for code in every_first_stage(here):
        for request in (0x5412, 0x541C):
            assert judge(code, here, here.calls["ioctl"], 0, high << 32 | request) == EPERM
        assert judge(code, here, here.calls["ioctl"], 0, high << 32 | 0x5401) == ALLOW


@machines
@given(family=number, kind=number)
def test_sockets_by_profile(here: Machine, family: int, kind: int) -> None:
    load = filters.first_stage(here, Profile.LOAD, contained=True, alone=True)
    full = filters.first_stage(here, Profile.RUN, contained=True, alone=True)
    partial = filters.first_stage(here, Profile.RUN, contained=False, alone=False)
    both = [here.calls["socket"], here.calls["socketpair"]]
    assert {judge(load, here, call, family, kind) for call in both} == {EPERM}
    known = family & 0xFFFFFFFF in (1, 2, 10)
    assert judge(full, here, both[0], family, kind) == (ALLOW if known else EPERM)
    assert judge(partial, here, both[0], family, kind) == EPERM
    paired = family & 0xFFFFFFFF == 1 and kind & 0xF in (1, 5)
    assert judge(partial, here, both[1], family, kind) == (ALLOW if paired else EPERM)


@machines
def test_others_of_the_same_user_are_left_alone(here: Machine) -> None:
    shared = filters.first_stage(here, Profile.RUN, contained=False, alone=False)
    alone = filters.first_stage(here, Profile.RUN, contained=False, alone=True)
    for name in ("fchmod", "fchmodat2", "utimensat", "removexattr"):
        assert judge(shared, here, here.calls[name]) == EPERM
        assert judge(alone, here, here.calls[name]) == ALLOW
    for code in (shared, alone):
        assert judge(code, here, here.calls["prlimit64"], 0, 7) == ALLOW
        assert judge(code, here, here.calls["prlimit64"], 4711, 7) == EPERM
    assert judge(shared, here, here.calls["setpriority"], 0, 0, 5) == ALLOW
    assert judge(shared, here, here.calls["setpriority"], 2, 0, 5) == EPERM
    assert judge(shared, here, here.calls["ioprio_set"], 1, 0, 5) == ALLOW
    assert judge(shared, here, here.calls["sched_setaffinity"], 4711) == EPERM


@machines
def test_the_second_stage_computes_and_nothing_else(here: Machine) -> None:
    code = filters.second_stage(here)
    allowed = {name for name, call in here.calls.items() if judge(code, here, call) == ALLOW}
    assert not allowed & {"openat", "execve", "clone", "clone3", "socket", "kill", "seccomp", "prlimit64", "ioctl"}
    assert {"read", "write", "futex", "munmap", "exit_group", "rt_sigreturn"} <= allowed
    assert len(allowed) < 60
    execute = 4
    assert judge(code, here, here.calls["mmap"], 0, 4096, 3) == ALLOW
    assert judge(code, here, here.calls["mprotect"], 0, 4096, 3 | execute) == EPERM
    assert judge(code, here, here.calls["newfstatat"], 1, 0, 0, 0x1000) == ALLOW
    assert judge(code, here, here.calls["newfstatat"], 1, 0, 0, 0x100) == EPERM
    assert judge(code, here, here.calls["fcntl"], 1, 8) == EPERM  # F_SETOWN


def test_the_first_rule_that_fits_counts() -> None:
    here = MACHINES[0]
    rules = {"read": [Rule(KILL, (Compare(0, 0xFF, 1), Compare(1, 0xF0, 0x10, holds=False))), Rule(EPERM)]}
    code = program(here, rules, otherwise=ALLOW, unknown=ENOSYS)
    assert judge(code, here, here.calls["read"], 0x101, 0x20) == KILL
    assert judge(code, here, here.calls["read"], 0x101, 0x10) == EPERM
    assert judge(code, here, here.calls["read"], 2, 0x20) == EPERM
    assert judge(code, here, here.calls["write"], 1, 0x20) == ALLOW


def test_machines_whose_calls_are_not_known() -> None:
    assert machine("riscv64") is None
