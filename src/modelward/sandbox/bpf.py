"""Seccomp filters as values, and their translation to classic BPF (linux/filter.h, seccomp(2))."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelward.sandbox.calls import NEWEST, Machine

ALLOW = 0x7FFF0000
KILL = 0x80000000  # the whole process


def refuse(errno: int) -> int:
    """The call fails with *errno*."""
    return 0x00050000 | errno


@dataclass(frozen=True, slots=True)
class Compare:
    """Whether `argument & mask == value`, or is not.

    Only the low half of an argument is looked at: what is tested here (a domain, a request, flags) is 32 bits wide to
    the kernel, which ignores the rest, so a filter that looked at the rest could be led astray by it.
    """

    argument: int
    mask: int
    value: int
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to a call for which all tests hold. Of several for the same call the first counts."""

    action: int
    tests: tuple[Compare, ...] = ()


Rules = Mapping[str, Sequence[Rule]]  # by the name of the call
Instruction = tuple[int, int, int, int]

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06  # ld [k], and #k, ret #k
_EQUAL, _GREATER, _AT_LEAST = 0x15, 0x25, 0x35  # jeq, jgt, jge with #k
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data


def program(machine: Machine, rules: Rules, otherwise: int, unknown: int) -> bytes:
    """An array of `struct sock_filter`.

    A call of another ABI ends the process; a call newer than all that is known here gets *unknown*; one without a
    rule that fits, *otherwise*. Calls that this machine lacks are left out.
    """
    made: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine.foreign is not None:
        made += [(_AT_LEAST, 0, 1, machine.foreign), (_RETURN, 0, 0, KILL)]
    made += [(_GREATER, 0, 1, NEWEST), (_RETURN, 0, 0, unknown)]
    for name, those in rules.items():
        if name in machine.calls:
            body = [step for rule in those for step in _rule(rule)]
            if those[-1].tests:
                body.append((_RETURN, 0, 0, otherwise))
            made += [(_EQUAL, 0, len(body), machine.calls[name]), *body]
    made.append((_RETURN, 0, 0, otherwise))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in made)


def _rule(rule: Rule) -> Iterator[Instruction]:
    left = 3 * len(rule.tests) + 1  # to jump over when a test fails
    for test in rule.tests:
        left -= 3
        yield _LOAD, 0, 0, _ARGUMENTS + 8 * test.argument
        yield _AND, 0, 0, test.mask
        yield (_EQUAL, 0, left, test.value) if test.holds else (_EQUAL, left, 0, test.value)
    yield _RETURN, 0, 0, rule.action
