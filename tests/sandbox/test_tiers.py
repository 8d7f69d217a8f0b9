"""Every facility of the kernel taken away in turn: the next tier where it will do, one line where it will not."""

from __future__ import annotations

import errno
import json
import os

import pytest
from tests.sandbox.world import PYTHON, USER, drive, world

UID = USER if os.geteuid() == 0 else os.geteuid()
NAMESPACES = [
    {"unshare": errno.EPERM},
    {"unshare": errno.ENOSYS},
    {"unshare": errno.ENOSPC},
    {"mount": errno.EPERM},
    {"open_tree": errno.ENOSYS},
    {"mount_setattr": errno.ENOSYS},
    {"move_mount": errno.EPERM},
    {"pivot_root": errno.EPERM},
    {"umount2": errno.EPERM},
    {"sethostname": errno.EPERM},
]
WALLS = [
    {"landlock_create_ruleset": errno.ENOSYS},
    {"landlock_create_ruleset": errno.EOPNOTSUPP},
    {"landlock_restrict_self": errno.EPERM},
    {"seccomp": errno.EPERM},
]
SAY = [PYTHON, "-I", "-S", "-c", "open('ran', 'w').close()"]


def named(refused: dict[str, int]) -> str:
    return ",".join(f"{name}-{errno.errorcode[number]}" for name, number in refused.items())


@pytest.mark.parametrize("refused", NAMESPACES, ids=named)
def test_without_namespaces_it_is_partial_or_refused(refused: dict[str, int]) -> None:
    with world(UID) as here:
        outcome = drive(here, SAY, require="FULL", refused=refused)
        (name,) = refused
        assert f"no sandbox of tier full or stronger can be made here: full: {name}" in outcome["error"]
        assert "\n" not in outcome["error"]
        assert not (here.folder / "output").exists()
        outcome = drive(here, SAY, require="PARTIAL", refused=refused)
        assert outcome["tier"] == "partial"
        assert name in outcome["missed"]["full"]
        assert outcome["files"] == [["ran", 0]]


@pytest.mark.parametrize("refused", WALLS, ids=named)
def test_without_landlock_or_seccomp_there_is_none(refused: dict[str, int]) -> None:
    with world(UID) as here:
        outcome = drive(here, SAY, require="PARTIAL", refused=refused)
        (name,) = refused
        assert outcome["error"].count(name) == 2  # for full, and for partial
        assert not (here.folder / "output").exists()
        outcome = drive(here, SAY, require="NONE", refused=refused)
        assert outcome["tier"] == "none"
        assert outcome["files"] == [["ran", 0]]


@pytest.mark.parametrize("refused", [{}, {"unshare": errno.EPERM}], ids=["full", "partial"])
def test_root_becomes_a_user_of_its_own_and_the_output_stays_its(refused: dict[str, int]) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be dropped")
    code = "import os\nprint(os.getresuid(), os.getgroups())\nopen('made', 'w').close()\nos.chmod('made', 0o6777)"
    with world(0) as here:
        outcome = drive(here, [PYTHON, "-I", "-S", "-c", code], require="PARTIAL", refused=refused)
        assert outcome["dropped"] is True
        assert "(0, 0, 0)" not in outcome["stdout"]
        made = (here.folder / "output" / "made").stat()
        assert (made.st_uid, made.st_gid, made.st_mode & 0o7777) == (0, 0, 0o755)
        folder = (here.folder / "output").stat()
        assert (folder.st_uid, folder.st_mode & 0o7777) == (0, 0o755)


@pytest.mark.peer("bwrap", "bubblewrap")
def test_bwrap_serves_where_it_may_and_this_may_not() -> None:
    """As on a system whose policy allows namespaces to bwrap alone: what is taken away is a call of ours."""
    with world(UID) as here:
        outcome = drive(
            here, here.words(), require="EXTERNAL", refused={"open_tree": errno.ENOSYS}, path=os.environ["PATH"]
        )
        assert outcome["tier"] == "external"
        assert outcome["ended"] == ["Exited", 0]
        assert here.reached(json.loads(outcome["stdout"])) <= {"device_ptmx", "write_pipe_in_input"}
