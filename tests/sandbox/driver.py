"""Runs one plan and prints what came of it, as `python driver.py JSON`; so a test can do it as another user, and with
system calls taken away."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    asked: dict[str, Any] = json.loads(sys.argv[1])
    sys.path.append(asked["source"])
    from modelward.core.errors import ModelwardError
    from modelward.sandbox import running
    from modelward.sandbox.model import Limits, Plan, Profile, Tier

    _take_away(asked["refused"])
    plan = Plan(
        tuple(asked["argv"]),
        Path(asked["output"]),
        tuple(map(Path, asked["inputs"])),
        Profile(asked["profile"]),
        Limits(**asked["limits"]),
        require=Tier[asked["require"]],
    )
    try:
        outcome = running.run(plan)
    except ModelwardError as error:
        print(json.dumps({"error": str(error)}))
        return
    ended = outcome.ended
    print(
        json.dumps(
            {
                "ended": [type(ended).__name__, *(getattr(ended, name) for name in ended.__slots__)],
                "tier": str(outcome.tier),
                "missed": {str(tier): why for tier, why in outcome.missed},
                "landlock": outcome.abilities.landlock,
                "dropped": outcome.abilities.uid_dropped,
                "stdout": outcome.stdout.decode(errors="replace"),
                "stderr": outcome.stderr.decode(errors="replace"),
                "files": [[file.path, file.size] for file in outcome.files],
                "left_out": dict(outcome.left_out),
            }
        )
    )


def _take_away(refused: dict[str, int]) -> None:
    """System calls that fail from now on with an errno, as in a container that forbids them, or an older kernel."""
    if not refused:
        return
    from modelward.sandbox.bpf import ALLOW, Rule, program, refuse
    from modelward.sandbox.calls import Machine, machine
    from modelward.sandbox.inside import kernel

    here = machine(os.uname().machine)
    assert here is not None
    numbers = {**here.calls, "landlock_create_ruleset": 444, "landlock_restrict_self": 446}
    wider = Machine(here.name, here.audit, numbers, here.foreign)
    rules = {name: [Rule(refuse(number))] for name, number in refused.items()}
    kernel.no_new_privileges()
    kernel.seccomp(here.calls["seccomp"], program(wider, rules, otherwise=ALLOW, unknown=ALLOW))


if __name__ == "__main__":
    main()
