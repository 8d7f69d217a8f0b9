"""The one composition: a target is resolved, read, examined, stated and judged (judging.py); keys are made, models
and statements signed and verified (keys.py, signing.py, verifying.py).

Every way in (command line, CI, later the gateway and others) calls these functions; none has its
own idea of what is safe. What judging needs is imported when it is used: a signature is verified without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelward.app.judging import check, effort, is_far, read_baseline, rules, scan
    from modelward.app.manifesting import manifest

__all__ = ["check", "effort", "is_far", "manifest", "read_baseline", "rules", "scan"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "manifest":
        from modelward.app import manifesting

        return manifesting.manifest
    from modelward.app import judging

    return getattr(judging, name)
