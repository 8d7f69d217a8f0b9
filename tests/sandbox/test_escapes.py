"""Attempts to get out of the sandbox, judged from outside. Each succeeds without it."""

from __future__ import annotations

import errno
import json
import os
from functools import cache

import pytest
from tests.sandbox import attempts
from tests.sandbox.world import USER, bare, drive, world

ROOT = os.geteuid() == 0
USERS = {"root": 0, "user": USER} if ROOT else {"user": os.geteuid()}
NO_NAMESPACES = {"unshare": errno.EPERM}

# what only root may do even without a sandbox, and what depends on how the kernel was built or what the test runs in
RARE = {"controlling_terminal", "device_kmsg", "device_mem", "device_ptmx", "io_uring", "keyring", "userfaultfd",
        "message_queue", "write_shared_memory", "new_namespace", "new_namespace_by_clone", "change_attribute",
        "trace_other", "read_memory_of_other", "read_environment_of_other"}  # fmt: skip
PARTIAL_GAPS = {"ask_metadata", "host_name"}  # docs/sandbox.md names them

users = pytest.mark.parametrize("user", USERS)
attempted = pytest.mark.parametrize("name", attempts.ATTEMPTS)


@cache
def control(user: str) -> frozenset[str]:
    with world(USERS[user]) as here:
        return frozenset(here.reached(bare(here)))


@cache
def reached(user: str, tier: str, profile: str) -> frozenset[str]:
    with world(USERS[user]) as here:
        refused = {} if tier == "full" else NO_NAMESPACES
        outcome = drive(here, here.words(), require=tier.upper(), profile=profile, refused=refused)
        assert outcome.get("tier") == tier, outcome
        assert outcome["ended"] == ["Exited", 0], outcome
        return frozenset(here.reached(json.loads(outcome["stdout"])))


def succeeds_without(user: str, name: str) -> bool:
    if name in control(user):
        return True
    assert name in RARE or name.startswith("family_"), "the attempt fails without a sandbox too, so it shows nothing"
    return False


@users
@attempted
@pytest.mark.parametrize("profile", ["load", "run"])
def test_nothing_gets_out_of_the_full_sandbox(user: str, profile: str, name: str) -> None:
    if not succeeds_without(user, name):
        pytest.skip("not possible here without a sandbox either")
    assert name not in reached(user, "full", profile)


@users
@attempted
@pytest.mark.parametrize("profile", ["load", "run"])
def test_what_gets_out_of_the_partial_sandbox_is_documented(user: str, profile: str, name: str) -> None:
    if not succeeds_without(user, name):
        pytest.skip("not possible here without a sandbox either")
    assert (name in reached(user, "partial", profile)) == (name in PARTIAL_GAPS)
